/* SPDX-License-Identifier: ISC */
/*
 * The NVT's newline rules (RFC 854, RFC 1123 3.3.1) both ways and in both roles, in and out of
 * BINARY (RFC 856), wherever a packet ends.
 */
#include "tests/unit/transcript.h"

/* A stream and what is to become of it. */
struct example {
	const char *in;
	size_t in_size;
	const char *out;
	size_t out_size;
};

#define EXAMPLE(in, out)                                                                           \
	{                                                                                          \
		in, sizeof(in) - 1, out, sizeof(out) - 1                                           \
	}

#define COUNT(examples) (sizeof(examples) / sizeof((examples)[0]))

static struct transcript *endpoint_in_mode(enum nvt_role role, const char *binary, size_t size)
{
	struct transcript *t = new_endpoint(role, NULL);

	receive_bytes(t, binary, size);
	forget(t);
	return t;
}

/* Whole, cut once in every place, and byte by byte. */
#define WAYS(size) ((size) + 1)

static size_t next_piece(size_t at, size_t size, size_t way)
{
	if (way == 0)
		return 1;
	return at < way ? way - at : size - at;
}

static void check_to_terminal(enum nvt_role role, const char *binary, size_t binary_size,
			      const struct example *example)
{
	for (size_t way = 0; way < WAYS(example->in_size); way++) {
		struct transcript *t = endpoint_in_mode(role, binary, binary_size);

		for (size_t at = 0, piece; at < example->in_size; at += piece) {
			piece = next_piece(at, example->in_size, way);
			receive_bytes(t, example->in + at, piece);
		}
		assert_int_equal(t->data.size, example->out_size);
		assert_memory_equal(t->data.at, example->out, example->out_size);
		end(t);
	}
}

typedef void sender(struct nvt *, const char *bytes, size_t size);

static void check_sent_as(sender *send, enum nvt_role role, const char *binary, size_t binary_size,
			  const struct example *example)
{
	for (size_t way = 0; way < WAYS(example->in_size); way++) {
		struct transcript *t = endpoint_in_mode(role, binary, binary_size);

		t->grammar.keys = send == nvt_from_keyboard;
		for (size_t at = 0, piece; at < example->in_size; at += piece) {
			piece = next_piece(at, example->in_size, way);
			send(t->nvt, example->in + at, piece);
		}
		check_sent(t, example->out, example->out_size, __FILE__, __LINE__);
		end(t);
	}
}

static void check_to_network(enum nvt_role role, const char *binary, size_t binary_size,
			     const struct example *example)
{
	check_sent_as(nvt_from_terminal, role, binary, binary_size, example);
}

#define check_all_to_terminal(role, binary, examples)                                              \
	do {                                                                                       \
		for (size_t i = 0; i < COUNT(examples); i++)                                       \
			check_to_terminal(role, binary, sizeof(binary) - 1, &(examples)[i]);       \
	} while (0)

#define check_all_to_network(role, binary, examples)                                               \
	do {                                                                                       \
		for (size_t i = 0; i < COUNT(examples); i++)                                       \
			check_to_network(role, binary, sizeof(binary) - 1, &(examples)[i]);        \
	} while (0)

static void a_server_hears_every_end_of_line_as_the_return_key(void **unused)
{
	static const struct example examples[] = {
		EXAMPLE("a\r\nb", "a\rb"),
		EXAMPLE("a\r\0b", "a\rb"),
		EXAMPLE("a\nb", "a\nb"),
		EXAMPLE("a\rb", "a\rb"),
		EXAMPLE("\r", "\r"),
		EXAMPLE("\r\n", "\r"),
		EXAMPLE("\r\0", "\r"),
		EXAMPLE("\r\r\n", "\r\r"),
		EXAMPLE("\r\n\r\n", "\r\r"),
		EXAMPLE("\r\n\n", "\r\n"),
		EXAMPLE("\r\0\n", "\r\n"),
		EXAMPLE("\r\0\0", "\r\0"),
		EXAMPLE("\n\r", "\n\r"),
		EXAMPLE("\0", "\0"),
		EXAMPLE("a\r" IAC IAC "b", "a\r\377b"),
		EXAMPLE(IAC IAC "\r\n" IAC IAC, "\377\r\377"),
		EXAMPLE("a\r" IAC NOP "\nb", "a\rb"),
	};

	(void)unused;
	check_all_to_terminal(NVT_SERVER, "", examples);
}

static void a_client_shows_an_end_of_line_as_it_came_and_drops_the_nul(void **unused)
{
	static const struct example examples[] = {
		EXAMPLE("a\r\nb", "a\r\nb"),
		EXAMPLE("a\r\0b", "a\rb"),
		EXAMPLE("a\nb", "a\nb"),
		EXAMPLE("a\rb", "a\rb"),
		EXAMPLE("\r\0\n", "\r\n"),
		EXAMPLE("\r\n\0", "\r\n\0"),
		EXAMPLE("\r\0\0", "\r\0"),
		EXAMPLE("50%\r\0"
			"60%\r\0",
			"50%\r60%\r"),
	};

	(void)unused;
	check_all_to_terminal(NVT_CLIENT, "", examples);
}

static void a_server_sends_a_bare_cr_with_nul_and_leaves_lf_alone(void **unused)
{
	static const struct example examples[] = {
		EXAMPLE("a\r\nb", "a\r\nb"),
		EXAMPLE("a\rb", "a\r\0b"),
		EXAMPLE("a\nb", "a\nb"),
		EXAMPLE("\r\r\n", "\r\0\r\n"),
		EXAMPLE("\r\r\r\nx", "\r\0\r\0\r\nx"),
		EXAMPLE("\r\0x", "\r\0\0x"),
		EXAMPLE("\r\n\r\n\n\n", "\r\n\r\n\n\n"),
		EXAMPLE("\r\377", "\r\0" IAC IAC),
		EXAMPLE("a\377b\377\377c", "a" IAC IAC "b" IAC IAC IAC IAC "c"),
		EXAMPLE("50%\r60%\r100%\r\n", "50%\r\0"
					      "60%\r\0"
					      "100%\r\n"),
	};

	(void)unused;
	check_all_to_network(NVT_SERVER, "", examples);
}

static void a_client_sends_a_bare_lf_as_an_end_of_line(void **unused)
{
	static const struct example examples[] = {
		EXAMPLE("a\nb", "a\r\nb"),
		EXAMPLE("a\r\nb", "a\r\nb"),
		EXAMPLE("a\rb", "a\r\0b"),
		EXAMPLE("\n\n", "\r\n\r\n"),
		EXAMPLE("\r\n\n", "\r\n\r\n"),
		EXAMPLE("\r\r\n", "\r\0\r\n"),
		EXAMPLE("\n\rx", "\r\n\r\0x"),
		EXAMPLE("HELO me\nQUIT\n", "HELO me\r\nQUIT\r\n"),
		EXAMPLE("\377\n", IAC IAC "\r\n"),
	};

	(void)unused;
	check_all_to_network(NVT_CLIENT, "", examples);
}

/* An LF that comes after a CR is another key, also where both come at once. */
static void a_client_sends_each_key_by_itself(void **unused)
{
	static const struct example examples[] = {
		EXAMPLE("a\nb", "a\nb"),
		EXAMPLE("a\rb", "a\r\0b"),
		EXAMPLE("a\r\nb", "a\r\0\nb"),
		EXAMPLE("\r\r", "\r\0\r\0"),
		EXAMPLE("\n\r", "\n\r\0"),
		EXAMPLE("\r\0x", "\r\0\0x"),
		EXAMPLE("\r\377\n", "\r\0" IAC IAC "\n"),
	};

	(void)unused;
	for (size_t i = 0; i < COUNT(examples); i++)
		check_sent_as(nvt_from_keyboard, NVT_CLIENT, "", 0, &examples[i]);
}

static void in_binary_a_key_is_sent_as_it_is(void **unused)
{
	static const struct example example =
		EXAMPLE("\r\n\r\0\r\377\n\r", "\r\n\r\0\r" IAC IAC "\n\r");

	(void)unused;
	check_sent_as(nvt_from_keyboard, NVT_CLIENT, IAC DO BINARY, 3, &example);
}

/* What was sent before as a text's CR is a key's then. */
static void a_key_completes_the_cr_before_it(void **unused)
{
	struct transcript *t = endpoint_in_mode(NVT_CLIENT, "", 0);

	(void)unused;
	t->grammar.keys = true;
	type(t, "\r");
	nvt_from_keyboard(t->nvt, "\n", 1);
	check_sent(t, "\r\0\n", 3, __FILE__, __LINE__);
	end(t);
}

static void a_cr_is_sent_at_once_and_what_it_was_when_that_is_known(void **unused)
{
	struct transcript *t = new_server();

	(void)unused;
	type(t, "50%\r");
	assert_sent(t, "50%\r");
	type(t, "60%");
	assert_sent(t, "\0"
		       "60%");
	type(t, "\r");
	assert_sent(t, "\r");
	type(t, "\n");
	assert_sent(t, "\n");
	end(t);
}

static void a_cr_is_completed_where_nothing_follows(void **unused)
{
	struct transcript *t = endpoint_in_mode(NVT_SERVER, "", 0);

	(void)unused;
	nvt_from_terminal(t->nvt, "a\r", 2);
	check_sent(t, "a\r", 2, __FILE__, __LINE__);
	nvt_finish(t->nvt);
	check_sent(t, "\0", 1, __FILE__, __LINE__);
	nvt_finish(t->nvt);
	check_sent(t, "", 0, __FILE__, __LINE__);
	end(t);
}

static void a_cr_is_completed_before_any_command(void **unused)
{
	struct transcript *t = plain_server();

	(void)unused;
	type(t, "\r");
	nvt_send_function(t->nvt, NVT_NO_OPERATION);
	assert_sent(t, "\r\0" IAC NOP);
	type(t, "\r");
	nvt_send_synch(t->nvt);
	assert_sent(t, "\r\0" SYNCH "\0");
	type(t, "\r");
	nvt_send_timing_mark(t->nvt);
	assert_sent(t, "\r\0" IAC WILL TIMING_MARK);
	type(t, "\r");
	receive(t, IAC DO "\062");
	assert_sent(t, "\r\0" IAC WONT "\062");
	type(t, "\r");
	receive(t, IAC WILL TTYPE);
	assert_sent(t, "\r\0" IAC DO TTYPE IAC_SB TTYPE SEND IAC_SE);
	type(t, "\r");
	receive(t, IAC AYT);
	assert_sent(t, "\r\0\r\n[Yes]\r\n");
	type(t, "\n");
	assert_sent(t, "\n");
	end(t);
}

#define EVERYTHING "\r\n\r\0\r\r\n\n\0\r"

static void binary_input_leaves_every_byte_alone(void **unused)
{
	static const struct example examples[] = {
		EXAMPLE(EVERYTHING, EVERYTHING),
		EXAMPLE("\r" IAC IAC "\n", "\r\377\n"),
	};
	static const struct example output[] = {
		EXAMPLE("a\rb\377", "a\r\0b" IAC IAC),
	};

	(void)unused;
	check_all_to_terminal(NVT_SERVER, IAC WILL BINARY, examples);
	check_all_to_terminal(NVT_CLIENT, IAC WILL BINARY, examples);
	check_all_to_network(NVT_SERVER, IAC WILL BINARY, output);
	check_all_to_network(NVT_CLIENT, IAC WILL BINARY, output);
}

static void binary_output_leaves_every_byte_but_iac_alone(void **unused)
{
	static const struct example examples[] = {
		EXAMPLE(EVERYTHING, EVERYTHING),
		EXAMPLE("\r\377\n", "\r" IAC IAC "\n"),
	};
	static const struct example input[] = {
		EXAMPLE("a\r\0b", "a\rb"),
	};

	(void)unused;
	check_all_to_network(NVT_SERVER, IAC DO BINARY, examples);
	check_all_to_network(NVT_CLIENT, IAC DO BINARY, examples);
	check_all_to_terminal(NVT_SERVER, IAC DO BINARY, input);
	check_all_to_terminal(NVT_CLIENT, IAC DO BINARY, input);
}

static void what_follows_a_cr_is_data_where_binary_begins_between_them(void **unused)
{
	static const struct example examples[] = {
		EXAMPLE("\r" IAC WILL BINARY "\n", "\r\n"),
		EXAMPLE("\r" IAC WILL BINARY "\0", "\r\0"),
		EXAMPLE("\r" IAC WILL BINARY "x" IAC WONT BINARY "\n", "\rx\n"),
		EXAMPLE("\r" IAC WILL BINARY IAC WONT BINARY "\n", "\r\n"),
		EXAMPLE(IAC WILL BINARY "\r" IAC WONT BINARY "\n", "\r\n"),
		EXAMPLE(IAC WILL BINARY "\r" IAC WONT BINARY "\0", "\r\0"),
		EXAMPLE(IAC WILL BINARY "\r\n" IAC WONT BINARY "\r\n", "\r\n\r"),
	};

	(void)unused;
	check_all_to_terminal(NVT_SERVER, "", examples);
}

static void a_cr_is_completed_before_binary_begins(void **unused)
{
	struct transcript *t = plain_server();

	(void)unused;
	type(t, "a\r");
	receive(t, IAC DO BINARY);
	type(t, "\nb\r");
	receive(t, IAC DONT BINARY);
	type(t, "\nc\rd");
	assert_sent(t, "a\r\0" IAC WILL BINARY "\nb\r" IAC WONT BINARY "\nc\r\0d");
	end(t);
}

static void a_cr_before_binary_is_agreed_to_gets_no_nul_in_it(void **unused)
{
	struct transcript *t = plain_server();

	(void)unused;
	nvt_ask_local(t->nvt, 0, true);
	type(t, "a\r");
	receive(t, IAC DO BINARY);
	type(t, "b");
	nvt_send_function(t->nvt, NVT_NO_OPERATION);
	assert_sent(t, IAC WILL BINARY "a\rb" IAC NOP);
	end(t);
}

static void a_command_in_binary_completes_no_cr_from_before_it(void **unused)
{
	struct transcript *t = plain_server();

	(void)unused;
	nvt_ask_local(t->nvt, 0, true);
	type(t, "a\r");
	receive(t, IAC DO BINARY);
	nvt_send_function(t->nvt, NVT_NO_OPERATION);
	nvt_finish(t->nvt);
	assert_sent(t, IAC WILL BINARY "a\r" IAC NOP);
	end(t);
}

static void nothing_is_sent_or_shown_of_nothing(void **unused)
{
	struct transcript *t = new_server();

	(void)unused;
	type(t, "\r");
	assert_sent(t, "\r");
	nvt_from_terminal(t->nvt, "", 0);
	receive(t, "");
	assert_sent(t, "");
	assert_events(t, "");
	end(t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_server_hears_every_end_of_line_as_the_return_key),
		cmocka_unit_test(a_client_shows_an_end_of_line_as_it_came_and_drops_the_nul),
		cmocka_unit_test(a_server_sends_a_bare_cr_with_nul_and_leaves_lf_alone),
		cmocka_unit_test(a_client_sends_a_bare_lf_as_an_end_of_line),
		cmocka_unit_test(a_client_sends_each_key_by_itself),
		cmocka_unit_test(in_binary_a_key_is_sent_as_it_is),
		cmocka_unit_test(a_key_completes_the_cr_before_it),
		cmocka_unit_test(a_cr_is_sent_at_once_and_what_it_was_when_that_is_known),
		cmocka_unit_test(a_cr_is_completed_where_nothing_follows),
		cmocka_unit_test(a_cr_is_completed_before_any_command),
		cmocka_unit_test(binary_input_leaves_every_byte_alone),
		cmocka_unit_test(binary_output_leaves_every_byte_but_iac_alone),
		cmocka_unit_test(what_follows_a_cr_is_data_where_binary_begins_between_them),
		cmocka_unit_test(a_cr_is_completed_before_binary_begins),
		cmocka_unit_test(a_cr_before_binary_is_agreed_to_gets_no_nul_in_it),
		cmocka_unit_test(a_command_in_binary_completes_no_cr_from_before_it),
		cmocka_unit_test(nothing_is_sent_or_shown_of_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
