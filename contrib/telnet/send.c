/* SPDX-License-Identifier: ISC */
/* The command `send`. */
#include "contrib/telnet/send.h"

#include <errno.h>
#include <stdio.h>

#include "contrib/telnet/words.h"

struct sendable {
	const char *name;
	const char *help;
	void (*send)(struct session *, enum nvt_function);
	enum nvt_function function;
};

static void send_function(struct session *session, enum nvt_function function)
{
	session_begin_telnet(session, false);
	nvt_send_function(session->nvt, function);
}

static void send_synch(struct session *session, enum nvt_function function)
{
	(void)function;
	session_begin_telnet(session, false);
	nvt_send_synch(session->nvt);
}

static void send_escape(struct session *session, enum nvt_function function)
{
	char escape = (char)session->settings->escape;

	(void)function;
	if (session->settings->escape == SETTINGS_NO_ESCAPE)
		fputs("There is no escape character.\n", stdout);
	else
		session_type(session, &escape, 1);
}

/* A trace shows the answer. */
static void send_status(struct session *session, enum nvt_function function)
{
	(void)function;
	if (!nvt_ask_status(session->nvt))
		fputs("The server has not agreed to STATUS.\n", stdout);
}

static const struct sendable sendables[] = {
	{"abort", "Abort Process", send_function, NVT_ABORT},
	{"ao", "Abort Output", send_function, NVT_ABORT_OUTPUT},
	{"ayt", "Are You There", send_function, NVT_ARE_YOU_THERE},
	{"break", "Break", send_function, NVT_BREAK},
	{"brk", "the same", send_function, NVT_BREAK},
	{"ec", "Erase Character", send_function, NVT_ERASE_CHARACTER},
	{"el", "Erase Line", send_function, NVT_ERASE_LINE},
	{"eof", "End of File", send_function, NVT_END_OF_FILE},
	{"eor", "End of Record", send_function, NVT_END_OF_RECORD},
	{"escape", "the escape character itself", send_escape, 0},
	{"ga", "Go Ahead", send_function, NVT_GO_AHEAD},
	{"getstatus", "ask for the options in effect; a trace shows the answer", send_status, 0},
	{"intp", "Interrupt Process", send_function, NVT_INTERRUPT_PROCESS},
	{"ip", "the same", send_function, NVT_INTERRUPT_PROCESS},
	{"nop", "No Operation", send_function, NVT_NO_OPERATION},
	{"susp", "Suspend Process", send_function, NVT_SUSPEND},
	{"synch", "Synch: drop what was typed and has not been read", send_synch, 0},
};

/* The words behind which the name of an option comes. */
static const struct {
	const char *name;
	bool local;
	bool enable;
} options[] = {
	{"do", false, true},
	{"dont", false, false},
	{"will", true, true},
	{"wont", true, false},
};

#define LENGTH(array) (sizeof(array) / sizeof((array)[0]))

static enum command_result show_help(void)
{
	for (size_t i = 0; i < LENGTH(sendables); i++)
		printf("  %-9s %s\n", sendables[i].name, sendables[i].help);
	puts("  do, dont, will, wont OPTION: ask for an option, by name or number");
	return COMMAND_PROMPT;
}

static bool do_the_same(const struct sendable *one, const struct sendable *other)
{
	return one->send == other->send && one->function == other->function;
}

static const struct sendable *find(const char *name)
{
	const struct sendable *found = NULL;

	for (size_t i = 0; i < LENGTH(sendables); i++) {
		int match = words_match(name, sendables[i].name);

		if (match == 2)
			return &sendables[i];
		if (match == 1 && found && !do_the_same(found, &sendables[i])) {
			printf("%s: could be %s or %s\n", name, found->name, sendables[i].name);
			return NULL;
		}
		if (match == 1)
			found = &sendables[i];
	}
	if (!found)
		printf("%s: cannot be sent; `send ?` lists what can\n", name);
	return found;
}

/* Returns how many words were used, 0 after a complaint. */
static size_t send_option(struct client *client, size_t kind, const char *name)
{
	struct session *session = client->session;
	int option = name ? words_find_option(name) : -ENOENT;

	if (option < 0) {
		printf("%s %s: %s\n", options[kind].name, name ? name : "",
		       option == -EINVAL ? "could be more than one option"
					 : "the name or number of an option is wanted");
		return 0;
	}
	session_begin_telnet(session, false);
	if (options[kind].local)
		nvt_ask_local(session->nvt, (unsigned char)option, options[kind].enable);
	else
		nvt_ask_remote(session->nvt, (unsigned char)option, options[kind].enable);
	return 2;
}

static size_t send_word(struct client *client, const char *word, const char *next)
{
	const struct sendable *sendable;

	for (size_t i = 0; i < LENGTH(options); i++)
		if (words_match(word, options[i].name) == 2)
			return send_option(client, i, next);
	sendable = find(word);
	if (!sendable)
		return 0;
	sendable->send(client->session, sendable->function);
	return 1;
}

enum command_result send_command(struct client *client, size_t count, char *words[])
{
	size_t at = 1;

	if (count < 2 || words_match(words[1], "?") == 2)
		return show_help();
	if (!client->session) {
		puts("There is no connection.");
		return COMMAND_PROMPT;
	}
	while (at < count) {
		size_t used = send_word(client, words[at], at + 1 < count ? words[at + 1] : NULL);

		if (used == 0)
			return COMMAND_PROMPT;
		at += used;
	}
	session_flush(client->session);
	return COMMAND_DONE;
}
