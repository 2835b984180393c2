/* SPDX-License-Identifier: ISC */
/* CHARSET (RFC 2066): who asks, what is agreed on, and that no answer is answered. */
#include "tests/unit/transcript.h"

#define COUNT(list) (sizeof(list) / sizeof((list)[0]))

#define REQUEST "\001"
#define ACCEPTED "\002"
#define REJECTED "\003"
#define TTABLE_IS "\004"
#define TTABLE_REJECTED "\005"
#define TTABLE_ACK "\006"
#define TTABLE_NAK "\007"

#define SAY(body) IAC_SB CHARSET body IAC_SE

static const char *const names[] = {"EUC-KR", "IBM037", "US-ASCII", NULL};

#define SERVER_REQUEST SAY(REQUEST ";UTF-8;EUC-KR;IBM037;US-ASCII")

#define WINDOW IAC_SB NAWS "\0\120\0\030" IAC_SE

/* An endpoint that does the sets of `names`; the second has agreed that both ends may ask. */
static struct transcript *new_one(enum nvt_role role)
{
	const struct nvt_setup setup = {.role = role, .charsets = names};

	return new_endpoint_of(&setup);
}

static struct transcript *asked_one(enum nvt_role role)
{
	struct transcript *t = new_one(role);

	receive(t, IAC WILL CHARSET);
	forget(t);
	return t;
}

/* --- the option --------------------------------------------------------------------------- */

static void a_server_that_may_asks_once_for_the_terminals_set_and_then_for_the_others(void **unused)
{
	struct transcript *t = new_one(NVT_SERVER);

	(void)unused;
	receive(t, IAC DO CHARSET);
	assert_sent(t, IAC WILL CHARSET SERVER_REQUEST);
	receive(t, IAC DONT CHARSET);
	assert_sent(t, IAC WONT CHARSET);
	receive(t, IAC DO CHARSET);
	assert_sent(t, IAC WILL CHARSET);
	end(t);
}

static void a_server_settles_once_its_request_has_been_answered(void **unused)
{
	static const char *const answers[] = {SAY(ACCEPTED "EUC-KR"), SAY(REJECTED),
					      SAY(ACCEPTED "nonsense"), SAY(TTABLE_IS "\001"),
					      IAC DONT CHARSET};

	(void)unused;
	for (size_t i = 0; i < COUNT(answers); i++) {
		struct transcript *t = opened_server();

		receive(t, IAC DONT ECHO IAC DONT SGA IAC DONT STATUS IAC DO CHARSET);
		receive(t,
			IAC WONT SGA IAC WONT TTYPE IAC WILL NAWS WINDOW IAC WONT TSPEED IAC WONT
				XDISPLOC IAC WONT NEW_ENVIRON IAC WONT LFLOW IAC WONT OLD_ENVIRON);
		assert_int_equal(t->settled_count, 0);
		receive_bytes(t, answers[i], i == 3 ? 7 : strlen(answers[i]));
		assert_int_equal(t->settled_count, 1);
		end(t);
	}
}

/* A server of `names` whose client has agreed to all that it offers of these. */
static struct transcript *agreed_server(void)
{
	struct transcript *t = new_one(NVT_SERVER);

	nvt_open(t->nvt);
	receive(t, IAC DO CHARSET IAC WILL TTYPE IAC WILL NAWS IAC WILL TSPEED IAC WILL XDISPLOC IAC
			   WILL NEW_ENVIRON IAC DO STATUS);
	forget(t);
	return t;
}

struct text {
	const char *bytes;
	size_t size;
};

#define TEXT(text)                                                                                 \
	{                                                                                          \
		text, sizeof(text) - 1                                                             \
	}

/* What clients send that know nothing of subnegotiations, or not enough. */
static void a_client_that_only_agrees_is_not_asked(void **unused)
{
	static const struct text poor[] = {
		TEXT("user\r\n"),
		TEXT(IAC DO ECHO IAC DO SGA),
		TEXT(IAC_SB TTYPE IAC_SE),
		TEXT(IAC_SB TTYPE SEND IAC_SE),
		TEXT(IAC_SB NAWS "\0\120" IAC_SE),
		TEXT(IAC_SB NAWS "\0\120\0\030" IAC NOP),
		TEXT(IAC_SB TSPEED IS "fast" IAC_SE),
		TEXT(IAC_SB NEW_ENVIRON "x" IAC_SE),
		TEXT(IAC_SB LFLOW "\1" IAC_SE), /* not agreed on */
		TEXT(SAY("")),
		TEXT(IAC_SB "\310x" IAC_SE),
		TEXT(IAC DONT CHARSET IAC WONT CHARSET),
	};

	(void)unused;
	for (size_t i = 0; i < COUNT(poor); i++) {
		struct transcript *t = agreed_server();

		receive_bytes(t, poor[i].bytes, poor[i].size);
		if (i + 1 < COUNT(poor))
			assert_sent(t, "");
		else
			assert_sent(t, IAC WONT CHARSET);
		end(t);
	}
}

/* It must be whole, well formed, and of an option that is on. */
static void a_client_is_asked_after_its_first_proper_subnegotiation(void **unused)
{
	static const struct text proper[] = {
		TEXT(WINDOW),
		TEXT(IAC_SB TSPEED IS "9600,9600" IAC_SE),
		TEXT(IAC_SB XDISPLOC IS "h:0" IAC_SE),
		TEXT(IAC_SB NEW_ENVIRON IS IAC_SE),
	};

	(void)unused;
	for (size_t i = 0; i < COUNT(proper); i++) {
		struct transcript *t = agreed_server();

		receive_bytes(t, proper[i].bytes, proper[i].size);
		assert_sent(t, SERVER_REQUEST);
		receive_bytes(t, proper[i].bytes, proper[i].size);
		assert_sent(t, "");
		end(t);
	}
}

static void a_client_that_agrees_after_a_proper_subnegotiation_is_asked_at_once(void **unused)
{
	struct transcript *t = new_one(NVT_SERVER);

	(void)unused;
	nvt_open(t->nvt);
	receive(t, IAC WILL NAWS WINDOW);
	forget(t);
	receive(t, IAC DO CHARSET);
	assert_sent(t, SERVER_REQUEST);
	end(t);
}

static void a_client_that_asks_for_the_option_itself_is_asked_at_once(void **unused)
{
	struct transcript *t = new_one(NVT_SERVER);

	(void)unused;
	nvt_open(t->nvt);
	forget(t);
	receive(t, IAC DO CHARSET);
	assert_sent(t, "");
	receive(t, IAC WILL CHARSET);
	assert_sent(t, IAC DO CHARSET SERVER_REQUEST);
	end(t);
}

/* Answers as it is told to, byte by byte: DO for WILL, WONT for DO. */
static void mirror(struct transcript *t)
{
	struct bytes answer = {NULL, 0, 0};

	for (size_t i = 0; i + 2 < t->sent.size; i += 3) {
		char bytes[] = {t->sent.at[i], t->sent.at[i + 1], t->sent.at[i + 2]};

		assert_int_equal(bytes[0], IAC[0]);
		if (bytes[1] == WILL[0] || bytes[1] == DO[0])
			bytes[1] = bytes[1] == WILL[0] ? DO[0] : WONT[0];
		add(&answer, bytes, sizeof(bytes));
	}
	clear(&t->sent);
	receive_bytes(t, answer.at, answer.size);
	free(answer.at);
}

static void a_client_that_mirrors_commands_gets_no_subnegotiation(void **unused)
{
	for (int i = 0; i < 2; i++) {
		const struct nvt_setup setup = {.role = NVT_SERVER,
						.charsets = names,
						.linemode = i ? NVT_LINEMODE_ASK : NVT_LINEMODE_NO,
						.compression = i ? NVT_COMPRESS_OFFERED
								 : NVT_COMPRESS_WHEN_ASKED};
		const struct nvt_terminal terminal = {.edit = true, .echo = true};
		struct transcript *t = new_endpoint_of(&setup);

		(void)unused;
		nvt_open(t->nvt);
		for (int turn = 0; t->sent.size > 0; turn++) {
			assert_in_range(turn, 0, 3);
			assert_null(memmem(t->sent.at, t->sent.size, IAC_SB, 2));
			mirror(t);
		}
		nvt_set_terminal(t->nvt, &terminal);
		mirror(t);
		nvt_send_function(t->nvt, NVT_NO_OPERATION);
		receive(t, "user\r");
		assert_sent(t, IAC NOP);
		assert_non_null(strstr(t->events.at, "data user\\r"));
		assert_int_equal(t->settled_count, 1);
		end(t);
	}
}

static void an_empty_list_of_sets_turns_the_option_off(void **unused)
{
	static const char *const none[] = {NULL};

	(void)unused;
	for (int role = NVT_SERVER; role <= NVT_CLIENT; role++) {
		const struct nvt_setup setup = {.role = (enum nvt_role)role, .charsets = none};
		struct transcript *t = new_endpoint_of(&setup);

		nvt_open(t->nvt);
		assert_null(memmem(t->sent.at, t->sent.size, CHARSET, 1));
		forget(t);
		receive(t, IAC WILL CHARSET IAC DO CHARSET SAY(REQUEST ";UTF-8"));
		assert_sent(t, IAC DONT CHARSET IAC WONT CHARSET);
		end(t);
	}
}

static void a_client_without_sets_refuses_the_option(void **unused)
{
	struct transcript *t = new_client(NULL);

	(void)unused;
	receive(t, IAC WILL CHARSET IAC DO CHARSET);
	assert_sent(t, IAC DONT CHARSET IAC WONT CHARSET);
	receive(t, SAY(REQUEST ";UTF-8"));
	assert_sent(t, "");
	end(t);
}

static void a_client_that_may_asks(void **unused)
{
	struct transcript *t = new_one(NVT_CLIENT);

	(void)unused;
	receive(t, IAC DO CHARSET);
	assert_sent(t, IAC WILL CHARSET SERVER_REQUEST);
	receive(t, SAY(ACCEPTED "IBM037"));
	assert_string_equal(nvt_mode(t->nvt)->charset, "IBM037");
	type(t, "a\n");
	assert_sent(t, "\x81\x15");
	end(t);
}

static void where_nothing_is_agreed_on_bytes_pass_untouched(void **unused)
{
	struct transcript *t = asked_one(NVT_SERVER);

	(void)unused;
	assert_null(nvt_mode(t->nvt)->charset);
	receive(t, "\xbf\xf8");
	type(t, "\xbf\xf8");
	assert_sent(t, "\xbf\xf8");
	assert_events(t, "data \\xbf\\xf8\n");
	end(t);
}

static void without_the_option_a_request_is_not_answered(void **unused)
{
	struct transcript *t = plain_server();

	(void)unused;
	receive(t, SAY(REQUEST ";UTF-8") SAY(ACCEPTED "UTF-8"));
	assert_sent(t, "");
	assert_events(t, "");
	end(t);
}

/* --- what is answered to what ------------------------------------------------------------- */

struct exchange {
	const char *comes;
	size_t comes_size;
	const char *answer;
	size_t answer_size;
	const char *charset; /* in force then */
};

#define EXCHANGE(comes, answer, charset)                                                           \
	{                                                                                          \
		comes, sizeof(comes) - 1, answer, sizeof(answer) - 1, charset                      \
	}

#define REJECT SAY(REJECTED)

/* To an end that has not asked. */
static const struct exchange requests[] = {
	EXCHANGE(SAY(REQUEST ";UTF-8"), SAY(ACCEPTED "UTF-8"), "UTF-8"),
	EXCHANGE(SAY(REQUEST " EUC-KR UTF-8"), SAY(ACCEPTED "EUC-KR"), "EUC-KR"),
	EXCHANGE(SAY(REQUEST ";X-OTHER;euckr;UTF-8"), SAY(ACCEPTED "euckr"), "EUC-KR"),
	EXCHANGE(SAY(REQUEST ";;utf8;"), SAY(ACCEPTED "utf8"), "UTF-8"),
	EXCHANGE(SAY(REQUEST "[TTABLE]\001;US-ASCII"), SAY(ACCEPTED "US-ASCII"), "US-ASCII"),
	EXCHANGE(SAY(REQUEST "[TTABLE ]\001;ibm037"), SAY(ACCEPTED "ibm037"), "IBM037"),
	EXCHANGE(SAY(REQUEST IAC IAC "UTF-8" IAC IAC "EUC-KR"), SAY(ACCEPTED "UTF-8"), "UTF-8"),
	/* None that is known, or that the owner allows. */
	EXCHANGE(SAY(REQUEST ";KOI8-R;ISO-8859-1"), REJECT, NULL),
	EXCHANGE(SAY(REQUEST ";UTF-8//IGNORE;/etc/passwd;../UTF-8"), REJECT, NULL),
	EXCHANGE(SAY(REQUEST "UTF-8"), REJECT, NULL),
	EXCHANGE(SAY(REQUEST ";UTF-8\0"), REJECT, NULL),
	EXCHANGE(SAY(REQUEST ";"), REJECT, NULL),
	EXCHANGE(SAY(REQUEST), REJECT, NULL),
	EXCHANGE(SAY(REQUEST "[TTABLE]\001"), REJECT, NULL),
	EXCHANGE(SAY(REQUEST "[TTABLE]"), REJECT, NULL),
	EXCHANGE(SAY(REQUEST ";AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"), REJECT,
		 NULL),
	/* Answers to nothing, and what is no command. */
	EXCHANGE(SAY(ACCEPTED "EUC-KR"), "", NULL),
	EXCHANGE(SAY(REJECTED), "", NULL),
	EXCHANGE(SAY(TTABLE_IS "\001;EUC-KR"), "", NULL),
	EXCHANGE(SAY(TTABLE_REJECTED), "", NULL),
	EXCHANGE(SAY(TTABLE_ACK), "", NULL),
	EXCHANGE(SAY(TTABLE_NAK), "", NULL),
	EXCHANGE(SAY("\010"), "", NULL),
	EXCHANGE(SAY("\0"), "", NULL),
	EXCHANGE(SAY(""), "", NULL),
};

/* To an end that has asked, by the server and the client alike. */
static const struct exchange answers[] = {
	EXCHANGE(SAY(ACCEPTED "EUC-KR"), "", "EUC-KR"),
	EXCHANGE(SAY(ACCEPTED "utf-8"), "", "UTF-8"),
	EXCHANGE(SAY(ACCEPTED "KOI8-R"), "", NULL),
	EXCHANGE(SAY(ACCEPTED), "", NULL),
	EXCHANGE(SAY(ACCEPTED ";UTF-8"), "", NULL),
	EXCHANGE(SAY(REJECTED), "", NULL),
	EXCHANGE(SAY(REJECTED) SAY(ACCEPTED "EUC-KR"), "", NULL),
	EXCHANGE(SAY(ACCEPTED "IBM037") SAY(ACCEPTED "EUC-KR"), "", "IBM037"),
	EXCHANGE(SAY(TTABLE_IS "\001;EUC-KR"), SAY(TTABLE_REJECTED), NULL),
	EXCHANGE(SAY(TTABLE_IS) SAY(TTABLE_IS), SAY(TTABLE_REJECTED), NULL),
	EXCHANGE(SAY(TTABLE_ACK) SAY(TTABLE_NAK), "", NULL),
};

static void check_exchange(struct transcript *t, const struct exchange *exchange)
{
	const char *charset;

	forget(t);
	receive_bytes(t, exchange->comes, exchange->comes_size);
	check_sent(t, exchange->answer, exchange->answer_size, __FILE__, __LINE__);
	charset = nvt_mode(t->nvt)->charset;
	if (exchange->charset && charset)
		assert_string_equal(charset, exchange->charset);
	else
		assert_true(!exchange->charset && !charset);
	end(t);
}

static void either_end_accepts_the_first_set_that_it_does_or_rejects_all(void **unused)
{
	(void)unused;
	for (size_t i = 0; i < COUNT(requests); i++) {
		check_exchange(asked_one(NVT_SERVER), &requests[i]);
		check_exchange(asked_one(NVT_CLIENT), &requests[i]);
	}
}

static void either_end_takes_one_answer_to_its_request_and_answers_none(void **unused)
{
	(void)unused;
	for (size_t i = 0; i < COUNT(answers); i++)
		for (size_t role = 0; role < 2; role++) {
			struct transcript *t = new_one(role == 0 ? NVT_SERVER : NVT_CLIENT);

			receive(t, IAC DO CHARSET);
			check_exchange(t, &answers[i]);
		}
}

static void where_both_have_asked_at_once_the_servers_request_stands(void **unused)
{
	struct transcript *server = asked_one(NVT_SERVER), *client = asked_one(NVT_CLIENT);

	(void)unused;
	receive(server, IAC DO CHARSET);
	receive(client, IAC DO CHARSET);
	forget(server);
	forget(client);
	receive(server, SAY(REQUEST ";US-ASCII"));
	assert_sent(server, REJECT);
	receive(client, SERVER_REQUEST);
	assert_sent(client, SAY(ACCEPTED "UTF-8"));
	receive(client, REJECT);
	receive(server, SAY(ACCEPTED "UTF-8"));
	assert_sent(server, "");
	assert_sent(client, "");
	assert_string_equal(nvt_mode(server->nvt)->charset, "UTF-8");
	assert_string_equal(nvt_mode(client->nvt)->charset, "UTF-8");
	/* Now that there is an answer, the client may ask again. */
	receive(server, SAY(REQUEST ";US-ASCII"));
	assert_sent(server, SAY(ACCEPTED "US-ASCII"));
	end(server);
	end(client);
}

static void a_server_whose_client_has_asked_does_not_ask(void **unused)
{
	struct transcript *t = asked_one(NVT_SERVER);

	(void)unused;
	receive(t, SAY(REQUEST ";EUC-KR"));
	forget(t);
	receive(t, IAC DO CHARSET);
	assert_sent(t, IAC WILL CHARSET);
	end(t);
}

/* Each endpoint's output is the other's input, until both are silent. */
static void two_endpoints_agree_whoever_begins(void **unused)
{
	(void)unused;
	for (size_t role = 0; role < 2; role++) {
		const struct nvt_setup korean = {
			.role = NVT_CLIENT, .charset = "EUC-KR", .charsets = names};
		struct transcript *server = new_one(NVT_SERVER);
		struct transcript *client = new_endpoint_of(&korean);

		nvt_ask_local(role == 0 ? server->nvt : client->nvt, (unsigned char)CHARSET[0],
			      true);
		nvt_ask_remote(server->nvt, (unsigned char)NAWS[0], true);
		for (size_t turn = 0; server->sent.size + client->sent.size > 0; turn++) {
			struct bytes to_client = server->sent, to_server = client->sent;

			assert_in_range(turn, 0, 5);
			server->sent = client->sent = (struct bytes){NULL, 0, 0};
			clear(&server->sent);
			clear(&client->sent);
			receive_bytes(server, to_server.at, to_server.size);
			receive_bytes(client, to_client.at, to_client.size);
			free(to_client.at);
			free(to_server.at);
		}
		/* The asking end's own set comes first, and the other does it, too. */
		if (role == 0)
			assert_string_equal(nvt_mode(server->nvt)->charset, "EUC-KR");
		assert_string_equal(nvt_mode(server->nvt)->charset, nvt_mode(client->nvt)->charset);
		end(server);
		end(client);
	}
}

/* --- what changes when -------------------------------------------------------------------- */

static void what_follows_the_answer_is_in_the_new_set_both_ways(void **unused)
{
	struct transcript *t = asked_one(NVT_SERVER);

	(void)unused;
	type(t, "원");
	receive(t, "\xbf" SAY(REQUEST ";EUC-KR") "\xbf\xf8");
	type(t, "원");
	assert_sent(t, "원" SAY(ACCEPTED "EUC-KR") "\xbf\xf8");
	assert_events(t, "data \\xbf\nmode go-ahead charset=EUC-KR\ndata \\xec\\x9b\\x90\n");
	end(t);
}

static void half_a_character_of_the_old_set_is_replaced_at_the_change(void **unused)
{
	struct transcript *t = asked_one(NVT_SERVER);

	(void)unused;
	receive(t, SAY(REQUEST ";EUC-KR") "\xbf");
	type(t, "\xec\x9b");
	forget(t);
	receive(t, SAY(REQUEST ";IBM037") "\x81");
	type(t, "a");
	assert_sent(t, "?" SAY(ACCEPTED "IBM037") "\x81");
	assert_events(t, "data \\xef\\xbf\\xbd\nmode go-ahead charset=IBM037\ndata a\n");
	end(t);
}

static void a_set_with_escapes_ends_in_ascii_before_another_begins(void **unused)
{
	static const char *const japanese[] = {"ISO-2022-JP", NULL};
	const struct nvt_setup setup = {.role = NVT_SERVER, .charsets = japanese};
	struct transcript *t = new_endpoint_of(&setup);

	(void)unused;
	receive(t, IAC WILL CHARSET SAY(REQUEST ";ISO-2022-JP"));
	forget(t);
	type(t, "日");
	receive(t, SAY(REQUEST ";UTF-8"));
	assert_sent(t, "\033$BF|\033(B" SAY(ACCEPTED "UTF-8"));
	type(t, "日");
	assert_sent(t, "日");
	end(t);
}

static void a_request_for_the_set_in_force_disturbs_nothing(void **unused)
{
	struct transcript *t = asked_one(NVT_SERVER);

	(void)unused;
	receive(t, SAY(REQUEST ";EUC-KR"));
	forget(t);
	receive(t, "\xbf" SAY(REQUEST ";EUC-KR") "\xf8");
	assert_sent(t, SAY(ACCEPTED "EUC-KR"));
	assert_events(t, "data \\xec\\x9b\\x90\n");
	end(t);
}

static void a_peer_that_turns_the_option_off_has_its_default_again(void **unused)
{
	const struct nvt_setup setup = {
		.role = NVT_SERVER, .peer_charset = "IBM037", .charsets = names};
	struct transcript *t = new_endpoint_of(&setup);

	(void)unused;
	assert_string_equal(nvt_mode(t->nvt)->charset, "IBM037");
	receive(t, IAC WILL CHARSET SAY(REQUEST ";UTF-8"));
	assert_string_equal(nvt_mode(t->nvt)->charset, "UTF-8");
	receive(t, IAC WONT CHARSET);
	forget(t);
	type(t, "a");
	assert_sent(t, "\x81");
	end(t);
}

/* --- bounds ------------------------------------------------------------------------------- */

/* The smallest that there are, a great many times, with what makes the most of them. */
static void no_exchange_sends_more_than_the_factor_and_one_request(void **unused)
{
	static const struct {
		const char *bytes;
		size_t size;
	} floods[] = {
#define FLOOD(text) {text, sizeof(text) - 1}
		FLOOD(SAY(REQUEST)),
		FLOOD(SAY(REQUEST ";437") SAY(REQUEST ";utf8")),
		FLOOD(SAY(REQUEST ";ISO-2022-JP") IAC AYT SAY(REQUEST ";IBM037") IAC AYT),
		FLOOD(IAC DO CHARSET IAC DONT CHARSET),
		FLOOD(IAC WILL CHARSET IAC WONT CHARSET),
		FLOOD(SAY(TTABLE_IS)),
		FLOOD(IAC AYT),
	};
	static const char *const all[] = {"CP437", "ISO-2022-JP", "IBM037", "EUC-KR", NULL};

	(void)unused;
	for (size_t i = 0; i < COUNT(floods); i++) {
		const struct nvt_setup setup = {.role = NVT_SERVER, .charsets = all};
		struct transcript *t = new_endpoint_of(&setup);

		receive(t, IAC WILL CHARSET);
		for (size_t times = 0; times < 1000; times++) {
			if (receive_bytes(t, floods[i].bytes, floods[i].size) != 0)
				break;
			assert_in_range(t->sent_ever, 0,
					t->received_ever * NVT_ANSWER_FACTOR + NVT_REQUEST_MAX);
		}
		end(t);
	}
}

static void a_request_names_no_more_sets_than_fit(void **unused)
{
	static const char *many[101];
	const struct nvt_setup setup = {.role = NVT_SERVER, .charsets = many};
	struct transcript *t;

	(void)unused;
	for (size_t i = 0; i < 100; i++)
		many[i] = "ISO-8859-15";
	t = new_endpoint_of(&setup);
	receive(t, IAC DO CHARSET);
	assert_in_range(t->sent.size, 100, 3 + NVT_REQUEST_MAX);
	end(t);
}

static void malformed_answers_are_forgiven_for_a_while_only(void **unused)
{
	struct transcript *t = asked_one(NVT_SERVER);
	size_t forgiven = 0;

	(void)unused;
	while (receive(t, SAY("\010")) == 0)
		assert_in_range(++forgiven, 1, 100);
	assert_events(t, "fault malformed\n");
	end(t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			a_server_that_may_asks_once_for_the_terminals_set_and_then_for_the_others),
		cmocka_unit_test(a_server_settles_once_its_request_has_been_answered),
		cmocka_unit_test(a_client_that_only_agrees_is_not_asked),
		cmocka_unit_test(a_client_is_asked_after_its_first_proper_subnegotiation),
		cmocka_unit_test(
			a_client_that_agrees_after_a_proper_subnegotiation_is_asked_at_once),
		cmocka_unit_test(a_client_that_asks_for_the_option_itself_is_asked_at_once),
		cmocka_unit_test(a_client_that_mirrors_commands_gets_no_subnegotiation),
		cmocka_unit_test(an_empty_list_of_sets_turns_the_option_off),
		cmocka_unit_test(a_client_without_sets_refuses_the_option),
		cmocka_unit_test(a_client_that_may_asks),
		cmocka_unit_test(where_nothing_is_agreed_on_bytes_pass_untouched),
		cmocka_unit_test(without_the_option_a_request_is_not_answered),
		cmocka_unit_test(either_end_accepts_the_first_set_that_it_does_or_rejects_all),
		cmocka_unit_test(either_end_takes_one_answer_to_its_request_and_answers_none),
		cmocka_unit_test(where_both_have_asked_at_once_the_servers_request_stands),
		cmocka_unit_test(a_server_whose_client_has_asked_does_not_ask),
		cmocka_unit_test(two_endpoints_agree_whoever_begins),
		cmocka_unit_test(what_follows_the_answer_is_in_the_new_set_both_ways),
		cmocka_unit_test(half_a_character_of_the_old_set_is_replaced_at_the_change),
		cmocka_unit_test(a_set_with_escapes_ends_in_ascii_before_another_begins),
		cmocka_unit_test(a_request_for_the_set_in_force_disturbs_nothing),
		cmocka_unit_test(a_peer_that_turns_the_option_off_has_its_default_again),
		cmocka_unit_test(no_exchange_sends_more_than_the_factor_and_one_request),
		cmocka_unit_test(a_request_names_no_more_sets_than_fit),
		cmocka_unit_test(malformed_answers_are_forgiven_for_a_while_only),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
