/* SPDX-License-Identifier: ISC */
/*
 * What an end tells of itself: terminal type, window size, speeds, X display and environment, as a
 * server hears it from good and bad clients, and as a client tells it.
 */
#include <locale.h>

#include "tests/unit/transcript.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* Bytes and how many they are, for streams in tables. */
struct text {
	const char *bytes;
	size_t size;
};

#define TEXT(literal)                                                                              \
	{                                                                                          \
		literal, sizeof(literal) - 1                                                       \
	}

#define ASK(option) IAC_SB option SEND IAC_SE
#define TELL(option, text) IAC_SB option IS text IAC_SE

/* Sends a subnegotiation, with its 255 doubled. */
static void receive_body(struct transcript *t, const char *option, const char *body, size_t size)
{
	struct bytes stream = {NULL, 0, 0};

	add(&stream, IAC_SB, 2);
	add(&stream, option, 1);
	for (size_t i = 0; i < size; i++)
		add(&stream, IAC IAC, body[i] == IAC[0] ? 2 : 1);
	for (size_t from = 0, to = 3; from < size; from++) {
		stream.at[to] = body[from];
		to += body[from] == IAC[0] ? 2 : 1;
	}
	add(&stream, IAC_SE, 2);
	receive_bytes(t, stream.at, stream.size);
	free(stream.at);
}

/* Whether that many more malformed bodies are forgiven: 16 in all are. */
static void assert_forgiven(struct transcript *t, int more)
{
	for (int i = 0; i < more; i++)
		receive(t, IAC_SB STATUS IAC_SE);
	assert_int_equal(t->fault_count, 0);
	receive(t, IAC_SB STATUS IAC_SE);
	assert_int_equal(t->fault_count, 1);
}

#define assert_malformed(t, count) assert_forgiven(t, 16 - (count))

static struct transcript *server_that_agreed(const char *option)
{
	struct transcript *t = opened_server();
	char will[] = {IAC[0], WILL[0], option[0]};

	receive_bytes(t, will, sizeof(will));
	forget(t);
	return t;
}

/* --- terminal type (RFC 1091) -------------------------------------------------------------- */

static const char *terminal_type(const struct transcript *t)
{
	return nvt_peer(t->nvt)->terminal_type;
}

static void terminal_types_are_asked_for_until_one_repeats(void **unused)
{
	struct transcript *t = opened_server();

	(void)unused;
	receive(t, IAC WILL TTYPE);
	assert_sent(t, ASK(TTYPE));
	receive(t, TELL(TTYPE, "XTERM-256COLOR"));
	assert_sent(t, ASK(TTYPE));
	receive(t, TELL(TTYPE, "VT100"));
	assert_sent(t, ASK(TTYPE));
	receive(t, TELL(TTYPE, "VT100"));
	assert_sent(t, "");
	assert_string_equal(terminal_type(t), "xterm-256color");
	receive(t, TELL(TTYPE, "ANSI"));
	assert_sent(t, "");
	assert_string_equal(terminal_type(t), "xterm-256color");
	end(t);
}

static void the_first_usable_name_is_kept(void **unused)
{
	struct transcript *t = server_that_agreed(TTYPE);

	(void)unused;
	receive(t, TELL(TTYPE, "../../tmp/evil") TELL(TTYPE, "UNKNOWN") TELL(TTYPE, "Screen.Linux")
			   TELL(TTYPE, "VT100") TELL(TTYPE, "VT100"));
	assert_string_equal(terminal_type(t), "screen.linux");
	end(t);
}

static void other_usable_names_are_kept_in_their_order(void **unused)
{
	static const char *const others[] = {"ansi-attr", "ansi", "vt220"};
	struct transcript *t = server_that_agreed(TTYPE);

	(void)unused;
	receive(t, TELL(TTYPE, "TINYFUGUE") TELL(TTYPE, "ANSI-ATTR") TELL(TTYPE, "/etc/passwd")
			   TELL(TTYPE, "ANSI") TELL(TTYPE, "UNKNOWN") TELL(TTYPE, "VT220")
				   TELL(TTYPE, "VT102") TELL(TTYPE, "VT102"));
	assert_string_equal(terminal_type(t), "tinyfugue");
	for (size_t i = 0; i < COUNT(others); i++)
		assert_string_equal(nvt_peer(t->nvt)->other_types[i], others[i]);
	end(t);
}

static void usable_names_are_kept_in_lower_case(void **unused)
{
	static const char *const names[][2] = {
		{"XTERM", "xterm"},
		{"xterm-256color", "xterm-256color"},
		{"3270", "3270"},
		{"A", "a"},
		{"Xterm+256_Color.2-x", "xterm+256_color.2-x"},
		{"a234567890123456789012345678901234567890",
		 "a234567890123456789012345678901234567890"},
	};

	(void)unused;
	for (size_t i = 0; i < COUNT(names); i++) {
		struct transcript *t = server_that_agreed(TTYPE);
		char body[64];
		int size = snprintf(body, sizeof(body), "%c%s", 0, names[i][0]);

		receive_body(t, TTYPE, body, (size_t)size);
		assert_string_equal(terminal_type(t), names[i][1]);
		end(t);
	}
}

static const struct text bad_names[] = {
	TEXT(IS ""),	      TEXT(IS "/etc/passwd"),
	TEXT(IS "../xterm"),  TEXT(IS ".."),
	TEXT(IS "x/../y"),    TEXT(IS "x..y"),
	TEXT(IS "xterm.."),   TEXT(IS ".xterm"),
	TEXT(IS "-xterm"),    TEXT(IS "+xterm"),
	TEXT(IS "_xterm"),    TEXT(IS "xterm vt100"),
	TEXT(IS "xterm\n"),   TEXT(IS "xterm\033[2J"),
	TEXT(IS "xterm\0"),   TEXT(IS "\0xterm"),
	TEXT(IS "xt\0erm"),   TEXT(IS "xterm%s"),
	TEXT(IS "$TERM"),     TEXT(IS "xterm\177"),
	TEXT(IS "\344xterm"), TEXT(IS "xterm\344"),
	TEXT(IS "xterm\377"), TEXT(IS "a2345678901234567890123456789012345678901"),
	TEXT(IS "unknown"),   TEXT(IS "UNKNOWN"),
};

static void unusable_names_are_never_kept(void **unused)
{
	(void)unused;
	for (size_t i = 0; i < COUNT(bad_names); i++) {
		struct transcript *t = server_that_agreed(TTYPE);

		receive_body(t, TTYPE, bad_names[i].bytes, bad_names[i].size);
		assert_string_equal(terminal_type(t), "");
		receive_body(t, TTYPE, bad_names[i].bytes, bad_names[i].size);
		assert_string_equal(terminal_type(t), "");
		receive(t, REFUSE_ALL IAC WONT OLD_ENVIRON);
		assert_int_equal(t->settled_count, 1);
		end(t);
	}
}

static void names_are_judged_alike_in_every_locale(void **unused)
{
	static const char *const locales[] = {"de_DE.ISO-8859-1", "en_US.ISO-8859-1",
					      "tr_TR.ISO-8859-9"};

	(void)unused;
	for (size_t i = 0; i < COUNT(locales); i++) {
		if (!setlocale(LC_CTYPE, locales[i]))
			continue;
		unusable_names_are_never_kept(NULL);
		usable_names_are_kept_in_lower_case(NULL);
	}
	setlocale(LC_CTYPE, "C");
}

static void an_mtts_terminal_tells_its_name_second_and_its_abilities_third(void **unused)
{
	struct transcript *t = server_that_agreed(TTYPE);

	(void)unused;
	receive(t, TELL(TTYPE, "MUDLET") TELL(TTYPE, "XTERM-256COLOR") TELL(TTYPE, "MTTS 2349")
			   TELL(TTYPE, "MTTS 2349"));
	assert_string_equal(terminal_type(t), "xterm-256color");
	assert_string_equal(nvt_peer(t->nvt)->other_types[0], "mudlet");
	assert_int_equal(nvt_peer(t->nvt)->mtts, 2349);
	assert_sent(t, ASK(TTYPE) ASK(TTYPE) ASK(TTYPE));
	end(t);
}

static void abilities_that_are_no_number_are_not_kept(void **unused)
{
	static const struct text bad[] = {
		TEXT(IS "MTTS "),
		TEXT(IS "MTTS"),
		TEXT(IS "MTTS -1"),
		TEXT(IS "MTTS 12x"),
		TEXT(IS "MTTS  12"),
		TEXT(IS "MTTS 0x12"),
		TEXT(IS "MTTS 99999999999999999999"),
		TEXT(IS "MTTS 9\0"),
	};

	(void)unused;
	for (size_t i = 0; i < COUNT(bad); i++) {
		struct transcript *t = server_that_agreed(TTYPE);

		receive_body(t, TTYPE, bad[i].bytes, bad[i].size);
		assert_int_equal(nvt_peer(t->nvt)->mtts, 0);
		end(t);
	}
}

static void a_peer_that_never_repeats_a_name_is_stopped(void **unused)
{
	struct transcript *t = opened_server();
	char body[16] = "";

	(void)unused;
	receive(t, REFUSE_LOCAL IAC WONT SGA IAC WILL TTYPE IAC WONT NAWS IAC WONT TSPEED IAC WONT
			   XDISPLOC IAC WONT NEW_ENVIRON IAC WONT LFLOW IAC WONT OLD_ENVIRON);
	forget(t);
	for (int i = 0; i < 1000; i++)
		receive_body(t, TTYPE, body,
			     (size_t)snprintf(body, sizeof(body), "%cterm%d", 0, i));
	assert_true(t->sent.size <= 16 * strlen(IAC_SB TTYPE SEND IAC_SE));
	assert_events(t, "settled\n");
	assert_string_equal(terminal_type(t), "term0");
	end(t);
}

static void a_terminal_type_that_was_not_asked_for_is_not_kept(void **unused)
{
	struct transcript *t = new_server();

	(void)unused;
	receive(t, TELL(TTYPE, "XTERM"));
	assert_string_equal(terminal_type(t), "");
	assert_sent(t, "");
	end(t);
	t = opened_server();
	receive(t, TELL(TTYPE, "XTERM") IAC WONT TTYPE TELL(TTYPE, "XTERM"));
	assert_string_equal(terminal_type(t), "");
	assert_sent(t, "");
	end(t);
}

/* --- window size (RFC 1073) ---------------------------------------------------------------- */

static void a_window_size_is_heard_at_any_time(void **unused)
{
	struct transcript *t = server_that_agreed(NAWS);

	(void)unused;
	receive(t, IAC_SB NAWS "\0\120\0\030" IAC_SE);
	assert_events(t, "window 80x24\n");
	assert_int_equal(nvt_peer(t->nvt)->columns, 80);
	assert_int_equal(nvt_peer(t->nvt)->rows, 24);
	nvt_tick(t->nvt);
	receive(t, "ls" IAC_SB NAWS "\001\002\003\004" IAC_SE "\r");
	assert_events(t, "settled\ndata ls\nwindow 258x772\ndata \\r\n");
	receive(t, IAC_SB NAWS "\0\0\0\0" IAC_SE);
	assert_events(t, "window 0x0\n");
	assert_sent(t, "");
	end(t);
}

static void a_window_size_of_255_comes_doubled(void **unused)
{
	struct transcript *t = server_that_agreed(NAWS);

	(void)unused;
	receive(t, IAC_SB NAWS IAC IAC IAC IAC "\0" IAC IAC IAC_SE);
	assert_events(t, "window 65535x255\n");
	end(t);
}

static void a_window_size_of_a_wrong_length_is_malformed(void **unused)
{
	struct transcript *t = server_that_agreed(NAWS);

	(void)unused;
	receive(t, IAC_SB NAWS IAC_SE IAC_SB NAWS "\0\120\0" IAC_SE IAC_SB NAWS
						  "\0\120\0\030\0" IAC_SE);
	assert_events(t, "");
	assert_int_equal(nvt_peer(t->nvt)->columns, 0);
	assert_malformed(t, 3);
	end(t);
}

static void a_window_size_that_was_not_agreed_to_is_passed_over(void **unused)
{
	struct transcript *t = plain_server();

	(void)unused;
	receive(t, IAC_SB NAWS "\0\120\0\030" IAC_SE);
	assert_events(t, "");
	assert_malformed(t, 0);
	end(t);
}

/* --- speeds (RFC 1079) and X display (RFC 1096) -------------------------------------------- */

static void speeds_are_kept(void **unused)
{
	struct transcript *t = opened_server();

	(void)unused;
	receive(t, IAC WILL TSPEED);
	assert_sent(t, ASK(TSPEED));
	receive(t, TELL(TSPEED, "38400,19200"));
	assert_int_equal(nvt_peer(t->nvt)->transmit_speed, 38400);
	assert_int_equal(nvt_peer(t->nvt)->receive_speed, 19200);
	receive(t, TELL(TSPEED, "4294967295,0"));
	assert_int_equal(nvt_peer(t->nvt)->transmit_speed, 4294967295);
	assert_int_equal(nvt_peer(t->nvt)->receive_speed, 0);
	assert_malformed(t, 0);
	end(t);
}

static void bad_speeds_are_malformed(void **unused)
{
	static const struct text bad[] = {
		TEXT(IS ""),
		TEXT(IS ","),
		TEXT(IS "9600"),
		TEXT(IS "9600,"),
		TEXT(IS ",9600"),
		TEXT(IS "9600,9600,"),
		TEXT(IS "9600,9600x"),
		TEXT(IS "-9600,9600"),
		TEXT(IS " 9600,9600"),
		TEXT(IS "9600 9600"),
		TEXT(IS "0x10,9600"),
		TEXT(IS "12345678901,9600"),
		TEXT(IS "9600,12345678901"),
		TEXT(IS "00000000000000000000009600,9600"),
		TEXT(IS "9600,9600\0"),
		TEXT(IS "9600,9600\0x"),
		TEXT(SEND "9600,9600"),
		TEXT(""),
	};

	(void)unused;
	for (size_t i = 0; i < COUNT(bad); i++) {
		struct transcript *t = server_that_agreed(TSPEED);

		receive_body(t, TSPEED, bad[i].bytes, bad[i].size);
		assert_int_equal(nvt_peer(t->nvt)->transmit_speed, 0);
		assert_int_equal(nvt_peer(t->nvt)->receive_speed, 0);
		assert_malformed(t, 1);
		end(t);
	}
}

static void an_x_display_is_kept(void **unused)
{
	struct transcript *t = opened_server();
	char longest[1 + NVT_DISPLAY_MAX];

	(void)unused;
	receive(t, IAC WILL XDISPLOC);
	assert_sent(t, ASK(XDISPLOC));
	receive(t, TELL(XDISPLOC, "host.example:10.0"));
	assert_string_equal(nvt_peer(t->nvt)->display, "host.example:10.0");
	memset(longest, 'x', sizeof(longest));
	longest[0] = IS[0];
	receive_body(t, XDISPLOC, longest, sizeof(longest));
	assert_int_equal(strlen(nvt_peer(t->nvt)->display), NVT_DISPLAY_MAX);
	assert_malformed(t, 0);
	end(t);
}

static void bad_x_displays_are_malformed(void **unused)
{
	static const struct text bad[] = {
		TEXT(IS "host :0"), TEXT(IS "host\n:0"), TEXT(IS "host:0\0"), TEXT(IS "\0host:0"),
		TEXT(IS "h\344:0"), TEXT(IS "\377:0"),	 TEXT(INFO "host:0"), TEXT(""),
	};
	struct transcript *t;
	char too_long[1 + NVT_DISPLAY_MAX + 1];

	(void)unused;
	for (size_t i = 0; i < COUNT(bad); i++) {
		t = server_that_agreed(XDISPLOC);
		receive_body(t, XDISPLOC, bad[i].bytes, bad[i].size);
		assert_string_equal(nvt_peer(t->nvt)->display, "");
		assert_malformed(t, 1);
		end(t);
	}
	t = server_that_agreed(XDISPLOC);
	memset(too_long, 'x', sizeof(too_long));
	too_long[0] = IS[0];
	receive_body(t, XDISPLOC, too_long, sizeof(too_long));
	assert_string_equal(nvt_peer(t->nvt)->display, "");
	assert_malformed(t, 1);
	end(t);
}

/* --- environment (RFC 1572) ---------------------------------------------------------------- */

static int by_name(const void *one, const void *other)
{
	const struct nvt_variable *a = one, *b = other;

	return strcmp(a->name, b->name);
}

/* All variables in the order of their names, as `NAME=value;`, a user's own with a `*` before it.
 */
static void check_environment(const struct transcript *t, const char *expected, const char *file,
			      int line)
{
	const struct nvt_peer *peer = nvt_peer(t->nvt);
	struct nvt_variable sorted[NVT_VARIABLES_MAX];
	struct bytes text = {NULL, 0, 0};

	clear(&text);
	memcpy(sorted, peer->variables, sizeof(sorted));
	qsort(sorted, peer->variable_count, sizeof(sorted[0]), by_name);
	for (size_t i = 0; i < peer->variable_count; i++) {
		add(&text, "*", sorted[i].user ? 1 : 0);
		add_readable(&text, sorted[i].name, strlen(sorted[i].name));
		add(&text, "=", 1);
		add_readable(&text, sorted[i].value, strlen(sorted[i].value));
		add(&text, ";", 1);
	}
	if (strcmp(text.at, expected) != 0) {
		print_error("environment %s\nshould be   %s\n", text.at, expected);
		_fail(file, line);
	}
	free(text.at);
}

#define assert_environment(t, expected) check_environment(t, expected, __FILE__, __LINE__)

static void variables_are_kept(void **unused)
{
	struct transcript *t = opened_server();

	(void)unused;
	receive(t, IAC WILL NEW_ENVIRON);
	assert_sent(t, ASK(NEW_ENVIRON));
	receive(t, TELL(NEW_ENVIRON, VAR "LANG" VALUE "de_DE.UTF-8" USERVAR "EDITOR" VALUE "vi" VAR
					 "EMPTY" VALUE));
	assert_environment(t, "*EDITOR=vi;EMPTY=;LANG=de_DE.UTF-8;");
	assert_malformed(t, 0);
	end(t);
}

static void info_changes_what_was_told(void **unused)
{
	struct transcript *t = server_that_agreed(NEW_ENVIRON);

	(void)unused;
	receive(t, TELL(NEW_ENVIRON, VAR "A" VALUE "1" VAR "B" VALUE "2" VAR "C" VALUE "3"));
	receive(t, IAC_SB NEW_ENVIRON INFO VAR "B" VALUE "two" VAR "C" VAR "D" VALUE "4" IAC_SE);
	assert_environment(t, "A=1;B=two;D=4;");
	assert_malformed(t, 0);
	end(t);
}

static void a_variable_without_a_value_is_undefined(void **unused)
{
	struct transcript *t = server_that_agreed(NEW_ENVIRON);

	(void)unused;
	receive(t, TELL(NEW_ENVIRON, VAR "A" VALUE "1" VAR "B" VAR "A" USERVAR "C"));
	assert_environment(t, "");
	assert_malformed(t, 0);
	end(t);
}

static void the_last_of_several_values_counts(void **unused)
{
	struct transcript *t = server_that_agreed(NEW_ENVIRON);

	(void)unused;
	receive(t, TELL(NEW_ENVIRON, VAR "A" VALUE "1" VAR "B" VALUE "2" VAR "A" VALUE "3" USERVAR
					 "A" VALUE "4"));
	assert_environment(t, "*A=4;B=2;");
	end(t);
}

static void escaped_bytes_are_text(void **unused)
{
	struct transcript *t = server_that_agreed(NEW_ENVIRON);

	(void)unused;
	receive(t, TELL(NEW_ENVIRON, VAR "A" ESC VALUE "B" VALUE "x" ESC ESC "y" ESC USERVAR "z" ESC
					 "w" IAC IAC));
	assert_environment(t, "A\\x01B=x\\x02y\\x03zw\\xff;");
	assert_malformed(t, 0);
	end(t);
}

static void names_and_values_with_nul_are_not_kept(void **unused)
{
	struct transcript *t = server_that_agreed(NEW_ENVIRON);

	(void)unused;
	receive(t, TELL(NEW_ENVIRON, VAR "A" ESC VAR "B" VALUE "1" VAR "C" VALUE "x" ESC VAR "y" VAR
					 "D" VALUE "4"));
	assert_environment(t, "D=4;");
	end(t);
}

static void a_variable_without_a_name_is_not_kept(void **unused)
{
	struct transcript *t = server_that_agreed(NEW_ENVIRON);

	(void)unused;
	receive(t, TELL(NEW_ENVIRON, VAR VALUE "1" USERVAR VALUE "2" VAR "A" VALUE "3"));
	assert_environment(t, "A=3;");
	end(t);
}

static void bad_environments_are_malformed_and_what_was_good_before_is_kept(void **unused)
{
	static const struct text bad[] = {
		TEXT(""),
		TEXT(SEND VAR "B" VALUE "2"),
		TEXT("\003" VAR "B" VALUE "2"),
		TEXT(IS "B" VALUE "2"),
		TEXT(IS VALUE "2"),
		TEXT(IS VAR "B" VALUE "2" ESC),
		TEXT(IS VAR "B" ESC),
	};
	struct transcript *t = server_that_agreed(NEW_ENVIRON);

	(void)unused;
	for (size_t i = 0; i < COUNT(bad); i++)
		receive_body(t, NEW_ENVIRON, bad[i].bytes, bad[i].size);
	assert_environment(t, "");
	receive(t, TELL(NEW_ENVIRON, VAR "A" VALUE "1" VALUE "2" VAR "B" VALUE "3"));
	assert_environment(t, "A=1;");
	assert_malformed(t, (int)COUNT(bad) + 1);
	end(t);
}

/* Tells variables V<from> to V<to - 1> with values of that many bytes, in one body. */
static void tell_variables(struct transcript *t, int from, int to, size_t value_size)
{
	struct bytes body = {NULL, 0, 0};
	char name[16];

	add(&body, IS, 1);
	for (int i = from; i < to; i++) {
		add(&body, VAR, 1);
		add(&body, name, (size_t)snprintf(name, sizeof(name), "V%d", i));
		add(&body, VALUE, 1);
		for (size_t k = 0; k < value_size; k++)
			add(&body, "x", 1);
	}
	receive_body(t, NEW_ENVIRON, body.at, body.size);
	free(body.at);
}

static size_t environment_size(const struct transcript *t)
{
	const struct nvt_peer *peer = nvt_peer(t->nvt);
	size_t size = 0;

	for (size_t i = 0; i < peer->variable_count; i++)
		size += strlen(peer->variables[i].name) + strlen(peer->variables[i].value);
	return size;
}

static void cve_2019_0053_an_environment_has_bounds(void **unused)
{
	struct transcript *t = server_that_agreed(NEW_ENVIRON);

	(void)unused;
	tell_variables(t, 0, 1000, 1);
	assert_int_equal(nvt_peer(t->nvt)->variable_count, NVT_VARIABLES_MAX);
	end(t);

	t = server_that_agreed(NEW_ENVIRON);
	for (int i = 0; i < 20; i++)
		tell_variables(t, i, i + 1, 1000);
	assert_int_equal(nvt_peer(t->nvt)->variable_count, 4);
	assert_true(environment_size(t) <= NVT_ENVIRONMENT_MAX);
	end(t);

	t = server_that_agreed(NEW_ENVIRON);
	tell_variables(t, 0, 1, 1024);
	tell_variables(t, 1, 2, 1025);
	tell_variables(t, 2, 3, 16000);
	assert_int_equal(nvt_peer(t->nvt)->variable_count, 1);
	assert_int_equal(environment_size(t), 2 + 1024);
	assert_malformed(t, 0);
	end(t);
}

static void a_variable_told_again_and_again_takes_no_more_room(void **unused)
{
	struct transcript *t = server_that_agreed(NEW_ENVIRON);

	(void)unused;
	for (int i = 0; i < 1000; i++) {
		tell_variables(t, 0, 4, 1000);
		assert_int_equal(nvt_peer(t->nvt)->variable_count, 4);
	}
	end(t);
}

static void a_name_has_a_bound(void **unused)
{
	struct transcript *t = server_that_agreed(NEW_ENVIRON);
	struct bytes body = {NULL, 0, 0};

	(void)unused;
	for (size_t length = 60; length < 70; length++) {
		clear(&body);
		add(&body, IS VAR, 2);
		for (size_t i = 0; i < length; i++)
			add(&body, "N", 1);
		add(&body, VALUE "x", 2);
		receive_body(t, NEW_ENVIRON, body.at, body.size);
	}
	assert_int_equal(nvt_peer(t->nvt)->variable_count, 5); /* of 60 to 64 characters */
	free(body.at);
	end(t);
}

static void cve_1999_0073_a_loader_variable_is_text_and_named_as_it_was_told(void **unused)
{
	struct transcript *t = server_that_agreed(NEW_ENVIRON);

	(void)unused;
	receive(t,
		TELL(NEW_ENVIRON, USERVAR "LD_LIBRARY_PATH" VALUE "/tmp" VAR "USER" VALUE
					  "-f root" USERVAR "CREDENTIALS_DIRECTORY" VALUE "/tmp"));
	assert_environment(t, "*CREDENTIALS_DIRECTORY=/tmp;*LD_LIBRARY_PATH=/tmp;USER=-f root;");
	assert_null(getenv("CREDENTIALS_DIRECTORY"));
	end(t);
}

static void variables_that_were_not_agreed_to_are_passed_over(void **unused)
{
	struct transcript *t = plain_server();

	(void)unused;
	receive(t, TELL(NEW_ENVIRON, VAR "A" VALUE "1") TELL(OLD_ENVIRON, VAR "B" VALUE "2"));
	assert_environment(t, "");
	assert_malformed(t, 0);
	end(t);
}

/* --- old ENVIRON (RFC 1408, RFC 1571) ------------------------------------------------------ */

static struct transcript *server_with_old_environ(void)
{
	struct transcript *t = opened_server();

	receive(t, IAC WONT NEW_ENVIRON);
	assert_sent(t, IAC DO OLD_ENVIRON);
	receive(t, IAC WILL OLD_ENVIRON);
	assert_sent(t, ASK(OLD_ENVIRON));
	return t;
}

static void old_environ_is_read_as_the_rfc_has_it(void **unused)
{
	struct transcript *t = server_with_old_environ();

	(void)unused;
	receive(t, TELL(OLD_ENVIRON, VAR "LANG" VALUE "C" USERVAR "A" VALUE "x" ESC VALUE "y"));
	assert_environment(t, "*A=x\\x01y;LANG=C;");
	assert_malformed(t, 0);
	end(t);
}

static void old_environ_is_read_as_bsd_has_it(void **unused)
{
	struct transcript *t = server_with_old_environ();

	(void)unused;
	receive(t, TELL(OLD_ENVIRON,
			VALUE "LANG" VAR "C" USERVAR "A" VAR "x" ESC VALUE "y" VALUE "E" VAR));
	assert_environment(t, "*A=x\\x01y;E=;LANG=C;");
	assert_malformed(t, 0);
	end(t);
}

static void new_environ_has_but_one_order(void **unused)
{
	struct transcript *t = server_that_agreed(NEW_ENVIRON);

	(void)unused;
	receive(t, TELL(NEW_ENVIRON, VALUE "LANG" VAR "C"));
	assert_environment(t, "");
	assert_malformed(t, 1);
	end(t);
}

static void an_empty_old_environ_is_malformed_or_empty(void **unused)
{
	struct transcript *t = server_with_old_environ();

	(void)unused;
	receive(t, TELL(OLD_ENVIRON, ""));
	receive(t, IAC_SB OLD_ENVIRON IAC_SE);
	receive(t, TELL(OLD_ENVIRON, VALUE));
	receive(t, TELL(OLD_ENVIRON, VALUE "A" VAR "1" ESC));
	assert_environment(t, "");
	assert_malformed(t, 2);
	end(t);
}

/* --- what a client tells
 * --------------------------------------------------------------------------- */

static const char *const own_types[] = {"XTERM-256COLOR", "XTERM", "VT100", NULL};
static char lang[] = "LANG", de[] = "de_DE.UTF-8", user[] = "USER", me[] = "me";
static char odd[] = "O\002D", odd_value[] = "a\001b\002c\003d\377e";
static const struct nvt_variable own_variables[] = {
	{lang, de, false},
	{user, me, false},
	{odd, odd_value, true},
};

static const struct nvt_self self = {
	.terminal_types = own_types,
	.display = "here:0",
	.variables = own_variables,
	.variable_count = COUNT(own_variables),
	.transmit_speed = 38400,
	.receive_speed = 19200,
	.columns = 255,
	.rows = 24,
};

static struct transcript *client_that_agreed(const struct nvt_self *own, const char *option)
{
	struct transcript *t = new_client(own);
	char ask[] = {IAC[0], DO[0], option[0]};

	receive_bytes(t, ask, sizeof(ask));
	forget(t);
	return t;
}

static void a_client_names_its_terminal_types_and_the_last_one_twice(void **unused)
{
	struct transcript *t = client_that_agreed(&self, TTYPE);

	(void)unused;
	receive(t, ASK(TTYPE) ASK(TTYPE) ASK(TTYPE) ASK(TTYPE) ASK(TTYPE));
	assert_sent(t, TELL(TTYPE, "XTERM-256COLOR") TELL(TTYPE, "XTERM") TELL(TTYPE, "VT100")
			       TELL(TTYPE, "VT100") TELL(TTYPE, "XTERM-256COLOR"));
	end(t);
}

static void a_client_tells_its_window_size_once_asked_and_at_each_change(void **unused)
{
	struct transcript *t = new_client(&self);

	(void)unused;
	nvt_send_window(t->nvt, 80, 24);
	assert_sent(t, "");
	receive(t, IAC DO NAWS);
	assert_sent(t, IAC WILL NAWS IAC_SB NAWS "\0\120\0\030" IAC_SE);
	nvt_send_window(t->nvt, 255, 0xffff);
	assert_sent(t, IAC_SB NAWS "\0" IAC IAC IAC IAC IAC IAC IAC_SE);
	receive(t, IAC DONT NAWS);
	assert_sent(t, IAC WONT NAWS);
	nvt_send_window(t->nvt, 100, 50);
	assert_sent(t, "");
	end(t);
}

static void a_client_tells_its_speeds_and_display(void **unused)
{
	struct transcript *t = new_client(&self);

	(void)unused;
	receive(t, IAC DO TSPEED ASK(TSPEED) IAC DO XDISPLOC ASK(XDISPLOC));
	assert_sent(t, IAC WILL TSPEED TELL(TSPEED, "38400,19200")
			       IAC WILL XDISPLOC TELL(XDISPLOC, "here:0"));
	end(t);
}

#define LANG_VARIABLE VAR "LANG" VALUE "de_DE.UTF-8"
#define USER_VARIABLE VAR "USER" VALUE "me"
#define ODD_VARIABLE                                                                               \
	USERVAR "O" ESC "\002D" VALUE "a" ESC "\001b" ESC "\002c" ESC "\003d" IAC IAC "e"

static void a_client_tells_the_variables_that_are_asked_for(void **unused)
{
	struct transcript *t = client_that_agreed(&self, NEW_ENVIRON);

	(void)unused;
	receive(t, ASK(NEW_ENVIRON));
	assert_sent(t, TELL(NEW_ENVIRON, LANG_VARIABLE USER_VARIABLE ODD_VARIABLE));
	receive(t, IAC_SB NEW_ENVIRON SEND VAR IAC_SE);
	assert_sent(t, TELL(NEW_ENVIRON, LANG_VARIABLE USER_VARIABLE));
	receive(t, IAC_SB NEW_ENVIRON SEND USERVAR IAC_SE);
	assert_sent(t, TELL(NEW_ENVIRON, ODD_VARIABLE));
	receive(t, IAC_SB NEW_ENVIRON SEND VAR USERVAR IAC_SE);
	assert_sent(t, TELL(NEW_ENVIRON, LANG_VARIABLE USER_VARIABLE ODD_VARIABLE));
	receive(t, IAC_SB NEW_ENVIRON SEND VAR "PATH" VAR "USER" USERVAR "LANG" IAC_SE);
	assert_sent(t, TELL(NEW_ENVIRON, USER_VARIABLE));
	end(t);
}

static void a_client_tells_nothing_that_it_was_not_given(void **unused)
{
	struct transcript *t = client_that_agreed(&self, NEW_ENVIRON);

	(void)unused;
	setenv("NVT_SECRET", "s3cret", 1);
	receive(t, IAC_SB NEW_ENVIRON SEND VAR "NVT_SECRET" USERVAR "NVT_SECRET" IAC_SE);
	assert_null(memmem(t->sent.at, t->sent.size, "s3cret", 6));
	receive(t, IAC_SB NEW_ENVIRON SEND VALUE VALUE VALUE "x" ESC IAC_SE ASK(NEW_ENVIRON));
	assert_null(memmem(t->sent.at, t->sent.size, "s3cret", 6));
	end(t);
	t = client_that_agreed(NULL, NEW_ENVIRON);
	receive(t, ASK(NEW_ENVIRON));
	assert_sent(t, TELL(NEW_ENVIRON, ""));
	end(t);
}

static void a_client_that_has_nothing_to_tell_says_so(void **unused)
{
	struct transcript *t = new_client(NULL);

	(void)unused;
	receive(t, IAC DO TTYPE IAC DO TSPEED);
	forget(t);
	receive(t, IAC DO XDISPLOC ASK(XDISPLOC));
	assert_sent(t, IAC WONT XDISPLOC);
	receive(t, ASK(TTYPE) ASK(TTYPE) ASK(TSPEED));
	assert_sent(t, TELL(TTYPE, "UNKNOWN") TELL(TTYPE, "UNKNOWN") TELL(TSPEED, "0,0"));
	end(t);
}

static void a_client_tells_its_environment_in_one_way_only(void **unused)
{
	struct transcript *t = client_that_agreed(&self, NEW_ENVIRON);

	(void)unused;
	receive(t, IAC DO OLD_ENVIRON ASK(OLD_ENVIRON));
	assert_sent(t, IAC WONT OLD_ENVIRON);
	end(t);
	t = new_client(&self);
	receive(t, IAC DO OLD_ENVIRON);
	assert_sent(t, IAC WILL OLD_ENVIRON);
	end(t);
}

static void a_client_tells_of_other_variables_where_it_has_been_agreed(void **unused)
{
	struct transcript *t = new_client(&self);

	(void)unused;
	nvt_set_variables(t->nvt, own_variables + 1, 1);
	assert_sent(t, "");
	receive(t, IAC DO NEW_ENVIRON);
	forget(t);
	nvt_set_variables(t->nvt, own_variables + 1, 1);
	assert_sent(t, IAC_SB NEW_ENVIRON INFO USER_VARIABLE IAC_SE);
	receive(t, ASK(NEW_ENVIRON));
	assert_sent(t, TELL(NEW_ENVIRON, USER_VARIABLE));
	end(t);
}

static void a_client_answers_no_question_to_which_it_did_not_agree(void **unused)
{
	struct transcript *t = new_client(&self);

	(void)unused;
	receive(t,
		ASK(TTYPE) ASK(TSPEED) ASK(XDISPLOC) ASK(NEW_ENVIRON) ASK(OLD_ENVIRON) ASK(NAWS));
	assert_sent(t, "");
	end(t);
}

static void a_client_cuts_short_what_is_too_long_to_tell(void **unused)
{
	static char value[9000];
	static const struct nvt_variable variables[] = {{lang, value, false}, {user, me, false}};
	const struct nvt_self big = {
		.display = value, .variables = variables, .variable_count = COUNT(variables)};
	struct transcript *t;

	(void)unused;
	memset(value, '\002', sizeof(value) - 1);
	t = client_that_agreed(&big, NEW_ENVIRON);
	receive(t, ASK(NEW_ENVIRON));
	assert_sent(t, TELL(NEW_ENVIRON, USER_VARIABLE));
	receive(t, IAC DO XDISPLOC);
	forget(t);
	receive(t, ASK(XDISPLOC));
	assert_int_equal(t->sent.size, 3 + 1 + NVT_DISPLAY_MAX + 2);
	end(t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(terminal_types_are_asked_for_until_one_repeats),
		cmocka_unit_test(the_first_usable_name_is_kept),
		cmocka_unit_test(other_usable_names_are_kept_in_their_order),
		cmocka_unit_test(usable_names_are_kept_in_lower_case),
		cmocka_unit_test(unusable_names_are_never_kept),
		cmocka_unit_test(names_are_judged_alike_in_every_locale),
		cmocka_unit_test(an_mtts_terminal_tells_its_name_second_and_its_abilities_third),
		cmocka_unit_test(abilities_that_are_no_number_are_not_kept),
		cmocka_unit_test(a_peer_that_never_repeats_a_name_is_stopped),
		cmocka_unit_test(a_terminal_type_that_was_not_asked_for_is_not_kept),
		cmocka_unit_test(a_window_size_is_heard_at_any_time),
		cmocka_unit_test(a_window_size_of_255_comes_doubled),
		cmocka_unit_test(a_window_size_of_a_wrong_length_is_malformed),
		cmocka_unit_test(a_window_size_that_was_not_agreed_to_is_passed_over),
		cmocka_unit_test(speeds_are_kept),
		cmocka_unit_test(bad_speeds_are_malformed),
		cmocka_unit_test(an_x_display_is_kept),
		cmocka_unit_test(bad_x_displays_are_malformed),
		cmocka_unit_test(variables_are_kept),
		cmocka_unit_test(info_changes_what_was_told),
		cmocka_unit_test(a_variable_without_a_value_is_undefined),
		cmocka_unit_test(the_last_of_several_values_counts),
		cmocka_unit_test(escaped_bytes_are_text),
		cmocka_unit_test(names_and_values_with_nul_are_not_kept),
		cmocka_unit_test(a_variable_without_a_name_is_not_kept),
		cmocka_unit_test(bad_environments_are_malformed_and_what_was_good_before_is_kept),
		cmocka_unit_test(cve_2019_0053_an_environment_has_bounds),
		cmocka_unit_test(a_variable_told_again_and_again_takes_no_more_room),
		cmocka_unit_test(a_name_has_a_bound),
		cmocka_unit_test(cve_1999_0073_a_loader_variable_is_text_and_named_as_it_was_told),
		cmocka_unit_test(variables_that_were_not_agreed_to_are_passed_over),
		cmocka_unit_test(old_environ_is_read_as_the_rfc_has_it),
		cmocka_unit_test(old_environ_is_read_as_bsd_has_it),
		cmocka_unit_test(new_environ_has_but_one_order),
		cmocka_unit_test(an_empty_old_environ_is_malformed_or_empty),
		cmocka_unit_test(a_client_names_its_terminal_types_and_the_last_one_twice),
		cmocka_unit_test(a_client_tells_its_window_size_once_asked_and_at_each_change),
		cmocka_unit_test(a_client_tells_its_speeds_and_display),
		cmocka_unit_test(a_client_tells_the_variables_that_are_asked_for),
		cmocka_unit_test(a_client_tells_nothing_that_it_was_not_given),
		cmocka_unit_test(a_client_that_has_nothing_to_tell_says_so),
		cmocka_unit_test(a_client_tells_its_environment_in_one_way_only),
		cmocka_unit_test(a_client_tells_of_other_variables_where_it_has_been_agreed),
		cmocka_unit_test(a_client_answers_no_question_to_which_it_did_not_agree),
		cmocka_unit_test(a_client_cuts_short_what_is_too_long_to_tell),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
