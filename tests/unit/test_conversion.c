/* SPDX-License-Identifier: ISC */
/*
 * Conversion between the character sets of a peer and of the terminal: both ways, wherever a packet
 * or a read of the terminal ends, and of what is no character or has none on the other side.
 */
#include "telnetd/charsets.h"
#include "tests/unit/transcript.h"

#define COUNT(list) (sizeof(list) / sizeof((list)[0]))

#define KOREAN "원격 로그인"
#define JAPANESE "日本語でログイン"

/* A text of the terminal, in UTF-8, and the same on the network. */
struct text {
	const char *charset;
	const char *plain;
	size_t plain_size;
	const char *wire;
	size_t wire_size;
};

#define TEXT(charset, plain, wire)                                                                 \
	{                                                                                          \
		charset, plain, sizeof(plain) - 1, wire, sizeof(wire) - 1                          \
	}

static const struct text texts[] = {
	TEXT("EUC-KR", KOREAN, "\xbf\xf8\xb0\xdd \xb7\xce\xb1\xd7\xc0\xce"),
	TEXT("CP949", KOREAN " 뷁", "\xbf\xf8\xb0\xdd \xb7\xce\xb1\xd7\xc0\xce \x94\xee"),
	TEXT("EUC-JP", JAPANESE,
	     "\xc6\xfc\xcb\xdc\xb8\xec\xa4\xc7\xa5\xed\xa5\xb0\xa5\xa4\xa5\xf3"),
	TEXT("Shift_JIS", JAPANESE "\\~",
	     "\x93\xfa\x96\x7b\x8c\xea\x82\xc5\x83\x8d\x83O\x83"
	     "C\x83\x93\\~"),
	TEXT("ISO-2022-JP", "a" JAPANESE "b", "a\033$BF|K\\8l$G%m%0%$%s\033(Bb"),
	TEXT("GB18030", "登录 ÿ 🙂", "\xb5\xc7\xc2\xbc \x81\x30\x8b\x37 \x95\x30\x85\x32"),
	TEXT("Big5", "登入", "\xb5n\xa4J"),
	TEXT("KOI8-R", "Вход Ъ", "\xf7\xc8\xcf\xc4 " IAC IAC),
	TEXT("windows-1251", "Вход ё я", "\xc2\xf5\xee\xe4 \xb8 " IAC IAC),
	TEXT("windows-1252", "„5 €“ ÿ",
	     "\x84"
	     "5 \x80\x93 " IAC IAC),
	TEXT("ISO-8859-1", "café ÿ", "caf\xe9 " IAC IAC),
	TEXT("ISO-8859-15", "5 €", "5 \xa4"),
	TEXT("CP437", "║é", "\xba\x82"),
	TEXT("CP850", "ä\xc2\xa0", "\x84" IAC IAC),
	TEXT("US-ASCII", "plain ~", "plain ~"),
	TEXT("IBM037", "Echo [1] ^", "\xc5\x83\x88\x96@\xba\xf1\xbb@\xb0"),
	TEXT("IBM1047", "Echo [1] ^", "\xc5\x83\x88\x96@\xad\xf1\xbd@\x5f"),
};

static struct transcript *endpoint_for(enum nvt_role role, const char *charset)
{
	const struct nvt_setup setup = {.role = role, .peer_charset = charset};

	return new_endpoint_of(&setup);
}

static struct transcript *server_for(const char *charset)
{
	return endpoint_for(NVT_SERVER, charset);
}

/* Feeds bytes from either side, cut twice. */
static void feed(struct transcript *t, bool from_network, const char *bytes, size_t size,
		 size_t first, size_t second)
{
	const size_t ends[] = {first, second, size};
	size_t at = 0;

	for (size_t i = 0; i < COUNT(ends); i++) {
		if (from_network)
			receive_bytes(t, bytes + at, ends[i] - at);
		else
			nvt_from_terminal(t->nvt, bytes + at, ends[i] - at);
		at = ends[i];
	}
}

static void check_data(struct transcript *t, const char *bytes, size_t size)
{
	if (t->data.size != size || memcmp(t->data.at, bytes, size) != 0)
		fail_msg("typed '%s' instead of '%.*s'", t->data.at, (int)size, bytes);
}

static void check_typed(enum nvt_role role, const struct text *text, size_t first, size_t second)
{
	struct transcript *t = endpoint_for(role, text->charset);

	feed(t, true, text->wire, text->wire_size, first, second);
	check_data(t, text->plain, text->plain_size);
	end(t);
}

static void check_shown(enum nvt_role role, const struct text *text, size_t first, size_t second)
{
	struct transcript *t = endpoint_for(role, text->charset);

	feed(t, false, text->plain, text->plain_size, first, second);
	nvt_finish(t->nvt);
	check_sent(t, text->wire, text->wire_size, __FILE__, __LINE__);
	end(t);
}

static void every_set_is_typed_byte_exact_wherever_packets_end(void **unused)
{
	(void)unused;
	for (size_t i = 0; i < COUNT(texts); i++)
		for (size_t first = 0; first <= texts[i].wire_size; first++)
			for (size_t second = first; second <= texts[i].wire_size; second++) {
				check_typed(NVT_SERVER, &texts[i], first, second);
				check_typed(NVT_CLIENT, &texts[i], first, second);
			}
}

static void every_set_is_shown_byte_exact_wherever_reads_end(void **unused)
{
	(void)unused;
	for (size_t i = 0; i < COUNT(texts); i++)
		for (size_t first = 0; first <= texts[i].plain_size; first++)
			for (size_t second = first; second <= texts[i].plain_size; second++) {
				check_shown(NVT_SERVER, &texts[i], first, second);
				check_shown(NVT_CLIENT, &texts[i], first, second);
			}
}

/* 0x9c begins no character of Big5, 0xac does, but not with a blank. */
static void what_is_no_character_is_replaced_alike_wherever_packets_end(void **unused)
{
	static const char bad[] = "\x9c\xac ", replaced[] = "\ufffd\ufffd ";

	(void)unused;
	for (size_t first = 0; first < sizeof(bad); first++) {
		struct transcript *t = server_for("Big5");

		feed(t, true, bad, sizeof(bad) - 1, first, first);
		check_data(t, replaced, sizeof(replaced) - 1);
		end(t);
	}
}

/* The C library leaves them out without a word. */
static void tags_leave_a_trace_on_a_terminal_that_lacks_them(void **unused)
{
	const struct nvt_setup setup = {
		.role = NVT_SERVER, .charset = "EUC-JP", .peer_charset = "UTF-8"};
	struct transcript *t = new_endpoint_of(&setup);
	struct transcript *unicode = server_for("GB18030");

	(void)unused;
	receive(t, "\xf3\xa0\x80\xa1");
	check_data(t, "?", 1);
	end(t);
	receive(unicode, "\xd3\x36\x99\x31");
	check_data(unicode, "\U000e0021", 4);
	end(unicode);
}

static void long_texts_go_through_in_one_piece(void **unused)
{
	char plain[6000], wire[4000];

	(void)unused;
	for (size_t i = 0; i < 2000; i++) {
		memcpy(plain + 3 * i, "원", 3);
		memcpy(wire + 2 * i, "\xbf\xf8", 2);
	}
	for (size_t odd = 0; odd < 2; odd++) {
		struct transcript *t = server_for("EUC-KR");

		feed(t, true, wire, sizeof(wire), odd, odd);
		check_data(t, plain, sizeof(plain));
		feed(t, false, plain, sizeof(plain), odd, odd);
		check_sent(t, wire, sizeof(wire), __FILE__, __LINE__);
		end(t);
	}
}

static void the_control_keys_are_those_of_the_terminal_in_every_set(void **unused)
{
	static const char keys[] = "\001\003\004\010\021\023\025\032\034\177";

	(void)unused;
	for (size_t i = 0; i < COUNT(texts); i++) {
		struct transcript *t = server_for(texts[i].charset);

		if (strncmp(texts[i].charset, "IBM", 3) != 0) {
			receive(t, keys);
			check_data(t, keys, sizeof(keys) - 1);
		}
		end(t);
	}
}

/* ^C, ^D, ^Z, the backspace, Escape and Delete, at their places in EBCDIC. */
static void the_control_keys_of_ebcdic_are_those_of_the_terminal(void **unused)
{
	struct transcript *t = server_for("IBM037");

	(void)unused;
	receive(t, "\003\067\077\026\047\007");
	check_data(t, "\003\004\032\b\033\177", 6);
	end(t);
}

/* --- EBCDIC's newline --------------------------------------------------------------------- */

struct line {
	const char *from;
	size_t from_size;
	const char *to;
	size_t to_size;
};

#define LINE(from, to)                                                                             \
	{                                                                                          \
		from, sizeof(from) - 1, to, sizeof(to) - 1                                         \
	}

static void check_lines(enum nvt_role role, bool typed, const struct line *lines, size_t count)
{
	for (size_t i = 0; i < count; i++)
		for (size_t cut = 0; cut <= lines[i].from_size; cut++) {
			struct transcript *t = endpoint_for(role, "IBM1047");

			feed(t, typed, lines[i].from, lines[i].from_size, cut, cut);
			if (typed) {
				check_data(t, lines[i].to, lines[i].to_size);
			} else {
				nvt_finish(t->nvt);
				check_sent(t, lines[i].to, lines[i].to_size, __FILE__, __LINE__);
			}
			end(t);
		}
}

static void nl_is_the_return_key_of_an_ebcdic_client(void **unused)
{
	static const struct line lines[] = {
		LINE("\x81\x15\x82", "a\rb"),	LINE("\x81\r\x25\x82", "a\rb"),
		LINE("\x81\r\0\x82", "a\rb"),	LINE("\x81\r\n\x82", "a\rb"),
		LINE("\x15\x15", "\r\r"),	LINE("\r\x15", "\r\r"),
		LINE("\r\r\x25\x25", "\r\r\n"), LINE("\x81\x25\x82", "a\nb"),
	};

	(void)unused;
	check_lines(NVT_SERVER, true, lines, COUNT(lines));
}

static void an_end_of_line_is_shown_to_an_ebcdic_client_as_nl(void **unused)
{
	static const struct line lines[] = {
		LINE("a\r\nb", "\x81\x15\x82"), LINE("a\rb", "\x81\r\0\x82"),
		LINE("a\nb", "\x81\x25\x82"),	LINE("\r\r\n\n", "\r\0\x15\x25"),
		LINE("a\r", "\x81\r\0"),
	};

	(void)unused;
	check_lines(NVT_SERVER, false, lines, COUNT(lines));
}

static void a_client_of_an_ebcdic_server_has_its_own_newline_on_the_screen(void **unused)
{
	static const struct line shown[] = {LINE("\x81\x15\x82", "a\r\nb"),
					    LINE("\x81\r\x25\x82", "a\r\nb"),
					    LINE("\x81\r\0\x82", "a\rb")};
	static const struct line typed[] = {LINE("a\nb", "\x81\x15\x82"),
					    LINE("a\r\nb", "\x81\x15\x82"),
					    LINE("a\rb", "\x81\r\0\x82")};

	(void)unused;
	check_lines(NVT_CLIENT, true, shown, COUNT(shown));
	check_lines(NVT_CLIENT, false, typed, COUNT(typed));
}

static void a_cr_of_ebcdic_goes_before_a_command_that_follows(void **unused)
{
	struct transcript *t = server_for("IBM037");

	(void)unused;
	type(t, "a\r");
	assert_sent(t, "\x81");
	nvt_send_function(t->nvt, NVT_GO_AHEAD);
	assert_sent(t, "\r\0" IAC GA);
	type(t, "\n");
	assert_sent(t, "\x25");
	end(t);
}

static void in_binary_ebcdic_keeps_its_newline_and_a_bare_cr_gets_no_nul(void **unused)
{
	struct transcript *t = server_for("IBM037");

	(void)unused;
	receive(t, IAC DO BINARY IAC WILL BINARY);
	forget(t);
	type(t, "a\r\nb\rc");
	assert_sent(t, "\x81\x15\x82\r\x83");
	receive(t, "\x81\x15\x82\r\0");
	check_data(t, "a\rb\r\0", 5);
	end(t);
}

static void are_you_there_of_an_ebcdic_client_is_answered_in_ebcdic(void **unused)
{
	struct transcript *t = server_for("IBM037");

	(void)unused;
	receive(t, IAC AYT);
	assert_sent(t, "\x15\xba\xe8\x85\xa2\xbb\x15");
	end(t);
}

/* --- what cannot be converted ------------------------------------------------------------- */

static void what_a_set_lacks_is_transliterated(void **unused)
{
	static const struct {
		const char *charset, *plain, *wire;
	} examples[] = {
		{"US-ASCII", "café “x” – ½ € ™ ┌─┐ … → ß Œ",
		 "cafe \"x\" - 1/2 EUR TM +-+ ... -> ss OE"},
		{"US-ASCII", KOREAN, "?? ???"},
		{"ISO-8859-1", "é ł 한 ·", "\xe9 l ? \xb7"},
		{"EUC-KR", "é원", "e\xbf\xf8"},
		{"ISO-2022-JP", "日é日", "\033$BF|\033(Be\033$BF|\033(B"},
		{"IBM037", "│ 한", "\x4f@o"},
		{"KOI8-R", "a\xf3\xa0\x80\xa1z", "a?z"},
	};

	(void)unused;
	for (size_t i = 0; i < COUNT(examples); i++) {
		struct transcript *t = server_for(examples[i].charset);

		nvt_from_terminal(t->nvt, examples[i].plain, strlen(examples[i].plain));
		nvt_finish(t->nvt);
		check_sent(t, examples[i].wire, strlen(examples[i].wire), __FILE__, __LINE__);
		end(t);
	}
}

static void every_transliteration_is_one_to_three_characters_of_ascii(void **unused)
{
	(void)unused;
	for (uint32_t c = 0x80; c < 0x10000; c++) {
		struct transcript *t;
		char plain[4];
		size_t size = 2;

		if (c >= 0xd800 && c < 0xe000)
			continue;
		if (c >= 0x800) {
			size = 3;
			plain[0] = (char)(0xe0 | c >> 12);
			plain[1] = (char)(0x80 | (c >> 6 & 0x3f));
			plain[2] = (char)(0x80 | (c & 0x3f));
		} else {
			plain[0] = (char)(0xc0 | c >> 6);
			plain[1] = (char)(0x80 | (c & 0x3f));
		}
		if (c > 0x3100 && c % 97 != 0)
			continue; /* one of many will do */
		t = server_for("US-ASCII");
		nvt_from_terminal(t->nvt, plain, size);
		assert_in_range(t->sent.size, 1, 3);
		for (size_t i = 0; i < t->sent.size; i++)
			assert_in_range((unsigned char)t->sent.at[i], ' ', '~');
		end(t);
	}
}

static void what_is_no_character_is_replaced_and_loses_nothing_behind_it(void **unused)
{
	static const struct {
		const char *charset, *wire, *plain;
	} examples[] = {
		{"US-ASCII", "a\x80\xfe z", "a\ufffd\ufffd z"},
		{"EUC-KR", "\xbf\r\xc9\xa1\xbf\xf8", "\ufffd\r\ufffd원"},
		{"EUC-KR",
		 "\xbf"
		 "a\xbf\xf8",
		 "\ufffda원"},
		{"EUC-JP", "\x8f\xa2 \xc6\xfc", "\ufffd 日"},
		{"Shift_JIS", "\x85\x40 \x93\xfa", "\ufffd@ 日"},
		{"ISO-2022-JP", "a\x80z", "a\ufffdz"},
		{"ISO-2022-JP", "\033[A\033(X\033a", "\033[A\033(X\033a"},
		{"Big5", "\xa1\x03", "\ufffd\003"},
		{"GB18030", "\x81\x30\x81!", "\ufffd0\ufffd!"},
	};

	(void)unused;
	for (size_t i = 0; i < COUNT(examples); i++) {
		size_t size = strlen(examples[i].wire);

		for (size_t cut = 0; cut <= size; cut++) {
			struct transcript *t = server_for(examples[i].charset);

			feed(t, true, examples[i].wire, size, cut, cut);
			check_data(t, examples[i].plain, strlen(examples[i].plain));
			end(t);
		}
	}
}

static void what_a_program_prints_that_is_no_utf_8_is_shown_as_question_marks(void **unused)
{
	struct transcript *t = server_for("EUC-KR");

	(void)unused;
	type(t, "a\xff\xc3z\xed\xa0\x80\xe2\x94");
	assert_sent(t, "a??z???");
	nvt_finish(t->nvt);
	assert_sent(t, "?");
	end(t);
}

static void what_the_terminals_set_lacks_is_typed_as_its_likeness(void **unused)
{
	const struct nvt_setup setup = {
		.role = NVT_SERVER, .charset = "ISO-8859-1", .peer_charset = "UTF-8"};
	struct transcript *t = new_endpoint_of(&setup);

	(void)unused;
	receive(t, "é€한\xff\xff");
	check_data(t,
		   "\xe9"
		   "EUR??",
		   6);
	type(t, "\xe9");
	assert_sent(t, "é");
	end(t);
}

/* --- what is kept ------------------------------------------------------------------------- */

static void the_escape_key_waits_for_what_could_make_it_a_sequence_until_released(void **unused)
{
	struct transcript *t = server_for("ISO-2022-JP");

	(void)unused;
	receive(t, "a\033");
	assert_true(nvt_holds_key(t->nvt));
	check_data(t, "a", 1);
	nvt_release_key(t->nvt);
	assert_false(nvt_holds_key(t->nvt));
	check_data(t, "a\033", 2);
	receive(t, "\033$");
	assert_true(nvt_holds_key(t->nvt));
	receive(t, "BF|");
	assert_false(nvt_holds_key(t->nvt));
	check_data(t, "a\033日", 5);
	end(t);
}

static void the_escape_key_of_other_sets_does_not_wait(void **unused)
{
	(void)unused;
	for (size_t i = 0; i < COUNT(texts); i++) {
		struct transcript *t = server_for(texts[i].charset);
		bool ebcdic = strncmp(texts[i].charset, "IBM", 3) == 0;

		if (strcmp(texts[i].charset, "ISO-2022-JP") != 0) {
			receive_bytes(t, ebcdic ? "\047" : "\033", 1);
			assert_false(nvt_holds_key(t->nvt));
			check_data(t, "\033", 1);
		}
		end(t);
	}
}

static void half_a_character_at_the_end_of_input_is_replaced_when_released(void **unused)
{
	struct transcript *t = server_for("EUC-KR");

	(void)unused;
	receive(t, "a\xbf");
	assert_false(nvt_holds_key(t->nvt));
	nvt_release_key(t->nvt);
	check_data(t, "a\ufffd", 4);
	nvt_release_key(t->nvt);
	check_data(t, "a\ufffd", 4);
	end(t);
}

static void a_synch_forgets_half_a_character(void **unused)
{
	struct transcript *t = server_for("EUC-KR");

	(void)unused;
	receive(t, "\xbf");
	nvt_urgent(t->nvt);
	receive(t, "dropped" IAC DM "\xf8\xbf\xf8");
	/* 0xF8 begins a character now, and does not complete one. */
	check_data(t, "貶", 3);
	end(t);
}

static void a_data_mark_out_of_a_synch_changes_nothing(void **unused)
{
	struct transcript *t = server_for("EUC-KR");

	(void)unused;
	receive(t, "\xbf" IAC DM "\xf8");
	check_data(t, "원", 3);
	end(t);
}

static void a_screen_that_was_dropped_begins_anew_in_ascii(void **unused)
{
	struct transcript *t = server_for("ISO-2022-JP");

	(void)unused;
	type(t, "日\xe6");
	assert_sent(t, "\033$BF|");
	nvt_restart_screen(t->nvt);
	assert_sent(t, "\033(B");
	type(t, "a日");
	assert_sent(t, "a\033$BF|");
	nvt_finish(t->nvt);
	assert_sent(t, "\033(B");
	end(t);
}

static void without_escapes_a_dropped_screen_sends_nothing(void **unused)
{
	struct transcript *t = server_for("EUC-KR");

	(void)unused;
	nvt_restart_screen(t->nvt);
	assert_sent(t, "");
	end(t);
	t = server_for(NULL);
	nvt_restart_screen(t->nvt);
	nvt_release_key(t->nvt);
	assert_false(nvt_holds_key(t->nvt));
	assert_sent(t, "");
	end(t);
}

/* --- bounds ------------------------------------------------------------------------------- */

static const char *const all_sets[] = {
	"UTF-8",	"US-ASCII",	"ISO-8859-1",  "ISO-8859-15", "EUC-KR", "CP949",
	"EUC-JP",	"Shift_JIS",	"ISO-2022-JP", "GB18030",     "Big5",	"KOI8-R",
	"windows-1251", "windows-1252", "CP437",       "CP850",	      "IBM037", "IBM1047",
};

/* The same bytes in every run. */
static unsigned random_byte(unsigned *state)
{
	*state = *state * 1103515245 + 12345;
	return *state >> 16 & 0xff;
}

static void fill(char *bytes, size_t size, unsigned seed)
{
	static const char *const likely[] = {"\033$B", "\033(B", "\033(J",   "원", "日",
					     "─",      "é",	 "ÿ",	     "€",  "a",
					     "\r",     "\n",	 "\xff\xff", "¥"};
	size_t at = 0;

	while (at < size) {
		const char *piece = likely[random_byte(&seed) % COUNT(likely)];
		size_t length = strlen(piece);

		if (random_byte(&seed) < 100 || at + length > size) {
			bytes[at++] = (char)random_byte(&seed);
			continue;
		}
		memcpy(bytes + at, piece, length);
		at += length;
	}
}

static bool is_for_terminals(const char *charset)
{
	return strncmp(charset, "IBM", 3) != 0 && strncmp(charset, "ISO-2022", 8) != 0;
}

static void check_growth(const char *terminal, const char *peer, unsigned seed)
{
	const struct nvt_setup setup = {
		.role = NVT_SERVER, .charset = terminal, .peer_charset = peer};
	struct transcript *t = new_endpoint_of(&setup);
	char bytes[700];

	fill(bytes, sizeof(bytes), seed);
	for (size_t i = 0; i < sizeof(bytes); i++) {
		size_t typed = t->data.size;

		if ((unsigned char)bytes[i] == 0xff)
			bytes[i] = 'x';
		receive_bytes(t, bytes + i, 1);
		assert_in_range(t->data.size - typed, 0, NVT_TYPED_FACTOR * (NVT_KEPT_MAX + 1));
	}
	assert_in_range(t->data.size, sizeof(bytes) / 4 - NVT_KEPT_MAX,
			sizeof(bytes) * NVT_TYPED_FACTOR);
	fill(bytes, sizeof(bytes), ~seed);
	forget(t);
	nvt_from_terminal(t->nvt, bytes, sizeof(bytes));
	nvt_finish(t->nvt);
	assert_in_range(t->sent.size, sizeof(bytes) / 4, sizeof(bytes) * NVT_SHOWN_FACTOR);
	end(t);
}

static void whatever_comes_grows_no_more_than_the_bounds_say(void **unused)
{
	(void)unused;
	for (size_t i = 0; i < COUNT(all_sets); i++)
		for (size_t j = 0; j < COUNT(all_sets); j++)
			for (unsigned seed = 1; seed < 6; seed++)
				if (is_for_terminals(all_sets[i]))
					check_growth(all_sets[i], all_sets[j], seed);
}

/* ASCII and kanji by turns, each with its escape sequence. */
static void the_worst_case_of_escape_sequences_is_within_the_bound(void **unused)
{
	const struct nvt_setup setup = {
		.role = NVT_SERVER, .charset = "KOI8-R", .peer_charset = "ISO-2022-JP"};
	struct transcript *t = new_endpoint_of(&setup);

	(void)unused;
	for (size_t i = 0; i < 100; i++)
		type(t, "\xc1\xbf");
	assert_int_equal(t->sent.size, 100 * strlen("\033$B'Q\033(B(C)"));
	assert_in_range(t->sent.size, 200, 200 * NVT_SHOWN_FACTOR);
	end(t);
}

static void a_byte_of_the_network_becomes_four_where_the_terminals_set_has_such(void **unused)
{
	const struct nvt_setup setup = {
		.role = NVT_SERVER, .charset = "GB18030", .peer_charset = "ISO-8859-1"};
	struct transcript *t = new_endpoint_of(&setup);

	(void)unused;
	receive(t, IAC IAC "\xea");
	assert_int_equal(t->data.size, 4 + 2);
	end(t);
}

/* --- setup -------------------------------------------------------------------------------- */

static void sets_that_are_not_known_or_not_for_a_terminal_are_refused(void **unused)
{
	static const struct nvt_setup bad[] = {
		{.charset = "EBCDIC-XYZ"},	   {.charset = "IBM037"},
		{.charset = "ISO-2022-JP"},	   {.peer_charset = "UTF-16"},
		{.peer_charset = "UTF-8//IGNORE"}, {.peer_charset = ""},
	};
	const struct nvt_events events = {NULL};

	(void)unused;
	for (size_t i = 0; i < COUNT(bad); i++)
		assert_null(nvt_new(&bad[i], &events, NULL));
}

static void a_set_goes_by_several_names(void **unused)
{
	(void)unused;
	assert_string_equal(nvt_charset_name("utf8"), "UTF-8");
	assert_string_equal(nvt_charset_name("LATIN1"), "ISO-8859-1");
	assert_string_equal(nvt_charset_name("sjis"), "Shift_JIS");
	assert_null(nvt_charset_name("UTF-8 "));
	assert_null(nvt_charset_name("UTF-"));
	assert_null(nvt_charset_name(""));
	for (size_t i = 0; i < COUNT(all_sets); i++)
		assert_string_equal(nvt_charset_name(all_sets[i]), all_sets[i]);
}

/* The two tables know nothing of each other, and are to know the same. */
static void every_set_of_the_daemon_is_one_of_the_library_and_the_other_way_round(void **unused)
{
	const struct nvt_events events = {NULL};

	(void)unused;
	assert_int_equal(COUNT(all_sets), CHARSETS_MAX);
	for (size_t i = 0; i < COUNT(all_sets); i++) {
		const struct nvt_setup terminal = {.charset = charsets_at(i)};
		struct nvt *nvt = nvt_new(&terminal, &events, NULL);

		assert_string_equal(charsets_at(i), all_sets[i]);
		assert_string_equal(nvt_charset_name(charsets_at(i)), all_sets[i]);
		assert_int_equal(nvt != NULL, charsets_suits_terminal(all_sets[i]));
		nvt_free(nvt);
	}
}

static void the_same_set_on_both_sides_is_not_touched(void **unused)
{
	struct transcript *t = server_for("UTF-8");

	(void)unused;
	receive(t, "\xfe원\x80");
	check_data(t, "\xfe원\x80", 5);
	type(t, "\xc3");
	assert_sent(t, "\xc3");
	end(t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_set_is_typed_byte_exact_wherever_packets_end),
		cmocka_unit_test(every_set_is_shown_byte_exact_wherever_reads_end),
		cmocka_unit_test(what_is_no_character_is_replaced_alike_wherever_packets_end),
		cmocka_unit_test(tags_leave_a_trace_on_a_terminal_that_lacks_them),
		cmocka_unit_test(long_texts_go_through_in_one_piece),
		cmocka_unit_test(the_control_keys_are_those_of_the_terminal_in_every_set),
		cmocka_unit_test(the_control_keys_of_ebcdic_are_those_of_the_terminal),
		cmocka_unit_test(nl_is_the_return_key_of_an_ebcdic_client),
		cmocka_unit_test(an_end_of_line_is_shown_to_an_ebcdic_client_as_nl),
		cmocka_unit_test(a_client_of_an_ebcdic_server_has_its_own_newline_on_the_screen),
		cmocka_unit_test(a_cr_of_ebcdic_goes_before_a_command_that_follows),
		cmocka_unit_test(in_binary_ebcdic_keeps_its_newline_and_a_bare_cr_gets_no_nul),
		cmocka_unit_test(are_you_there_of_an_ebcdic_client_is_answered_in_ebcdic),
		cmocka_unit_test(what_a_set_lacks_is_transliterated),
		cmocka_unit_test(every_transliteration_is_one_to_three_characters_of_ascii),
		cmocka_unit_test(what_is_no_character_is_replaced_and_loses_nothing_behind_it),
		cmocka_unit_test(what_a_program_prints_that_is_no_utf_8_is_shown_as_question_marks),
		cmocka_unit_test(what_the_terminals_set_lacks_is_typed_as_its_likeness),
		cmocka_unit_test(
			the_escape_key_waits_for_what_could_make_it_a_sequence_until_released),
		cmocka_unit_test(the_escape_key_of_other_sets_does_not_wait),
		cmocka_unit_test(half_a_character_at_the_end_of_input_is_replaced_when_released),
		cmocka_unit_test(a_synch_forgets_half_a_character),
		cmocka_unit_test(a_data_mark_out_of_a_synch_changes_nothing),
		cmocka_unit_test(a_screen_that_was_dropped_begins_anew_in_ascii),
		cmocka_unit_test(without_escapes_a_dropped_screen_sends_nothing),
		cmocka_unit_test(whatever_comes_grows_no_more_than_the_bounds_say),
		cmocka_unit_test(the_worst_case_of_escape_sequences_is_within_the_bound),
		cmocka_unit_test(
			a_byte_of_the_network_becomes_four_where_the_terminals_set_has_such),
		cmocka_unit_test(sets_that_are_not_known_or_not_for_a_terminal_are_refused),
		cmocka_unit_test(a_set_goes_by_several_names),
		cmocka_unit_test(
			every_set_of_the_daemon_is_one_of_the_library_and_the_other_way_round),
		cmocka_unit_test(the_same_set_on_both_sides_is_not_touched),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
