/* SPDX-License-Identifier: ISC */
/* The prompt and its commands. A table names them; each may be shortened to what is its own. */
#include "contrib/telnet/command.h"

#include <arpa/telnet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "contrib/telnet/send.h"
#include "contrib/telnet/specials.h"
#include "contrib/telnet/words.h"

#define WORDS_MAX 16
#define LINE_MAX_SIZE 1024

#define LENGTH(array) (sizeof(array) / sizeof((array)[0]))

struct command {
	const char *name;
	const char *arguments;
	const char *help;
	enum command_result (*run)(struct client *, size_t count, char *words[]);
	bool connected; /* needs a connection */
};

static enum command_result run_help(struct client *client, size_t count, char *words[]);

/* --- connections -------------------------------------------------------------------------- */

static enum command_result run_open(struct client *client, size_t count, char *words[])
{
	const char *port = count > 2 ? words[2] : "23";
	bool negotiate = port[0] == '-';

	if (client->session) {
		puts("There is a connection already; `close` it first.");
		return COMMAND_PROMPT;
	}
	if (count < 2 || count > 3) {
		puts("usage: open HOST [PORT]");
		return COMMAND_PROMPT;
	}
	port += negotiate;
	if (!settings_check_port(port))
		return COMMAND_PROMPT;
	free(client->opened);
	free(client->opened_port);
	client->settings.host = client->opened = strdup(words[1]);
	client->settings.port = client->opened_port = strdup(port);
	client->settings.negotiate = negotiate || client->settings.user;
	return client->opened && client->opened_port ? COMMAND_DONE : COMMAND_PROMPT;
}

static enum command_result run_close(struct client *client, size_t count, char *words[])
{
	(void)count;
	(void)words;
	client->session->closed = true;
	puts("Connection closed.");
	return COMMAND_DONE;
}

static enum command_result run_quit(struct client *client, size_t count, char *words[])
{
	client->quit = true;
	return client->session ? run_close(client, count, words) : COMMAND_DONE;
}

static void show_options(const struct nvt *nvt, const char *whose,
			 bool (*is_on)(const struct nvt *, unsigned char))
{
	const char *separator = "";
	char text[WORDS_SIZE];

	printf("Options of %s: ", whose);
	for (int option = 0; option < 256; option++) {
		if (!is_on(nvt, (unsigned char)option))
			continue;
		printf("%s%s", separator, words_option((unsigned char)option, text));
		separator = ", ";
	}
	puts(separator[0] == '\0' ? "none." : ".");
}

static enum command_result run_status(struct client *client, size_t count, char *words[])
{
	struct session *session = client->session;
	char escape[8];

	(void)count;
	(void)words;
	if (!session) {
		puts("No connection.");
	} else {
		printf("Connected to %s.\nOperating in %s mode.\n", session->host,
		       session_typing_name(session));
		if (!session->telnet) {
			puts("The server has not spoken TELNET.");
		} else {
			show_options(session->nvt, "the server", nvt_is_remote_on);
			show_options(session->nvt, "the client", nvt_is_local_on);
		}
	}
	printf("Escape character is '%s'.\n",
	       settings_show_character(client->settings.escape, escape));
	return session ? COMMAND_DONE : COMMAND_PROMPT;
}

/* --- modes -------------------------------------------------------------------------------- */

static void mode_character(struct session *session)
{
	session->typing = SESSION_CHARACTERS;
	if (!session->telnet)
		return;
	nvt_ask_local(session->nvt, TELOPT_LINEMODE, false);
	nvt_ask_remote(session->nvt, TELOPT_SGA, true);
	nvt_ask_remote(session->nvt, TELOPT_ECHO, true);
}

static void mode_line(struct session *session)
{
	session->typing = SESSION_LINES;
	if (session->telnet)
		nvt_ask_local(session->nvt, TELOPT_LINEMODE, true);
}

static void mode_old_line(struct session *session)
{
	session->typing = SESSION_LINES;
	if (!session->telnet)
		return;
	nvt_ask_local(session->nvt, TELOPT_LINEMODE, false);
	nvt_ask_remote(session->nvt, TELOPT_SGA, false);
	nvt_ask_remote(session->nvt, TELOPT_ECHO, false);
}

static void mode_telnet(struct session *session)
{
	session_begin_telnet(session, true);
}

static const struct {
	const char *name;
	const char *help;
	void (*enter)(struct session *);
} modes[] = {
	{"character", "each key is sent as it is typed, and the server echoes", mode_character},
	{"line", "lines are edited here where the server's terminal would (LINEMODE)", mode_line},
	{"oldline", "whole lines are sent, edited and shown here, without LINEMODE", mode_old_line},
	{"telnet", "speak TELNET now, with offers, to a server that has not begun", mode_telnet},
};

static enum command_result run_mode(struct client *client, size_t count, char *words[])
{
	for (size_t i = 0; count == 2 && i < LENGTH(modes); i++)
		if (words_match(words[1], modes[i].name)) {
			modes[i].enter(client->session);
			session_flush(client->session);
			return COMMAND_DONE;
		}
	for (size_t i = 0; i < LENGTH(modes); i++)
		printf("  mode %-10s %s\n", modes[i].name, modes[i].help);
	return COMMAND_PROMPT;
}

/* --- set, unset, toggle ------------------------------------------------------------------- */

static bool *crlf(struct client *client)
{
	return &client->settings.crlf;
}

static bool *lf(struct client *client)
{
	return &client->settings.bare_lf;
}

static bool *local_characters(struct client *client)
{
	return &client->settings.local_characters;
}

static bool *synch(struct client *client)
{
	return &client->settings.synch;
}

static bool *flush(struct client *client)
{
	return &client->settings.flush;
}

static bool *binary(struct client *client)
{
	return &client->settings.binary_input;
}

/* Both ways, as the option -8. */
static void ask_for_binary(struct client *client)
{
	bool on = client->settings.binary_input;

	client->settings.binary_output = on;
	if (!client->session || !client->session->telnet)
		return;
	nvt_ask_local(client->session->nvt, TELOPT_BINARY, on);
	nvt_ask_remote(client->session->nvt, TELOPT_BINARY, on);
	session_flush(client->session);
}

struct toggle {
	const char *name;
	const char *help;
	bool *(*where)(struct client *);
	void (*changed)(struct client *); /* or NULL */
};

static const struct toggle toggles[] = {
	{"autoflush", "such a function drops what has come and is not shown yet", flush, NULL},
	{"autosynch", "a function of the keyboard is followed by a Synch", synch, NULL},
	{"binary", "8-bit data both ways (BINARY)", binary, ask_for_binary},
	{"crlf", "the Enter key is sent as CR LF in character mode", crlf, NULL},
	{"lf", "to a text server lines end in LF, not in CR LF", lf, NULL},
	{"localchars", "in line mode ^C and the like are sent as functions", local_characters,
	 NULL},
};

static void show_toggles(struct client *client)
{
	char escape[8];

	for (size_t i = 0; i < LENGTH(toggles); i++)
		printf("  %-10s %-3s  %s\n", toggles[i].name,
		       *toggles[i].where(client) ? "on" : "off", toggles[i].help);
	printf("  %-10s %-3s  the escape character (set escape X, ^X or off)\n", "escape",
	       settings_show_character(client->settings.escape, escape));
	printf("  %-10s %-3s  a file to write down what is negotiated (set trace FILE, or -)\n",
	       "trace", client->trace.file ? "on" : "off");
}

static const struct toggle *find_toggle(const char *name)
{
	const struct toggle *found = NULL;

	for (size_t i = 0; i < LENGTH(toggles); i++) {
		int match = words_match(name, toggles[i].name);

		if (match == 2)
			return &toggles[i];
		if (match == 1 && found) {
			printf("%s: could be %s or %s\n", name, found->name, toggles[i].name);
			return NULL;
		}
		if (match == 1)
			found = &toggles[i];
	}
	if (!found)
		printf("%s: no such setting; `set` lists them\n", name);
	return found;
}

static enum command_result set_toggle(struct client *client, const char *name, int value)
{
	const struct toggle *toggle = find_toggle(name);
	bool *where;

	if (!toggle)
		return COMMAND_PROMPT;
	where = toggle->where(client);
	*where = value < 0 ? !*where : value != 0;
	if (toggle->changed)
		toggle->changed(client);
	return client->session ? COMMAND_DONE : COMMAND_PROMPT;
}

static enum command_result set_escape(struct client *client, const char *text)
{
	if (!settings_read_character(text, &client->settings.escape)) {
		printf("%s: X, ^X or off is wanted\n", text);
		return COMMAND_PROMPT;
	}
	return client->session ? COMMAND_DONE : COMMAND_PROMPT;
}

static enum command_result set_trace(struct client *client, const char *path)
{
	int error = trace_open(&client->trace, path);

	if (error != 0) {
		printf("%s: %s\n", path, strerror(-error));
		return COMMAND_PROMPT;
	}
	return client->session ? COMMAND_DONE : COMMAND_PROMPT;
}

static enum command_result run_set(struct client *client, size_t count, char *words[])
{
	if (count < 2 || words_match(words[1], "?")) {
		show_toggles(client);
		return COMMAND_PROMPT;
	}
	if (words_match(words[1], "escape"))
		return set_escape(client, count > 2 ? words[2] : "off");
	if (words_match(words[1], "tracefile"))
		return set_trace(client, count > 2 ? words[2] : "-");
	return set_toggle(client, words[1], count < 3 || words_match(words[2], "on") != 0);
}

static enum command_result run_unset(struct client *client, size_t count, char *words[])
{
	if (count < 2)
		return run_set(client, count, words);
	if (words_match(words[1], "escape"))
		return set_escape(client, "off");
	if (words_match(words[1], "tracefile"))
		return set_trace(client, NULL);
	return set_toggle(client, words[1], 0);
}

static enum command_result run_toggle(struct client *client, size_t count, char *words[])
{
	if (count < 2 || words_match(words[1], "?"))
		return run_set(client, 1, words);
	if (words_match(words[1], "options"))
		return set_trace(client, client->trace.file ? NULL : "-");
	return set_toggle(client, words[1], -1);
}

/* --- environ ------------------------------------------------------------------------------ */

static int environ_define(struct client *client, const char *name, const char *value)
{
	int error = variables_define(&client->variables, name, value);

	return error != 0 ? error : variables_export(&client->variables, name, true);
}

static int environ_undefine(struct client *client, const char *name, const char *value)
{
	(void)value;
	return variables_undefine(&client->variables, name);
}

/* A variable of the user's own environment becomes one that can be told, if it is not yet. */
static int environ_export(struct client *client, const char *name, const char *value)
{
	const char *own = getenv(name);

	(void)value;
	if (variables_export(&client->variables, name, true) == 0)
		return 0;
	return own ? environ_define(client, name, own) : -ENOENT;
}

static int environ_unexport(struct client *client, const char *name, const char *value)
{
	(void)value;
	return variables_export(&client->variables, name, false);
}

static const struct {
	const char *name;
	size_t words; /* behind the name */
	const char *help;
	int (*run)(struct client *, const char *name, const char *value);
} environs[] = {
	{"define", 2, "NAME VALUE: set a variable and export it", environ_define},
	{"undefine", 1, "NAME: forget it", environ_undefine},
	{"export", 1, "NAME: the server may be told it, from your environment too", environ_export},
	{"unexport", 1, "NAME: the server is not to be told it", environ_unexport},
};

static enum command_result help_environ(struct client *client)
{
	variables_list(&client->variables, stdout);
	for (size_t i = 0; i < LENGTH(environs); i++)
		printf("  environ %-9s %s\n", environs[i].name, environs[i].help);
	return COMMAND_PROMPT;
}

static enum command_result run_environ(struct client *client, size_t count, char *words[])
{
	for (size_t i = 0; count > 2 && i < LENGTH(environs); i++) {
		int error;

		if (!words_match(words[1], environs[i].name) || count != environs[i].words + 2)
			continue;
		error = environs[i].run(client, words[2], count > 3 ? words[3] : NULL);
		if (error != 0) {
			printf("%s: %s\n", words[2],
			       error == -ENOENT ? "no such variable" : strerror(-error));
			return COMMAND_PROMPT;
		}
		if (!client->session)
			return COMMAND_PROMPT;
		session_tell_variables(client->session);
		return COMMAND_DONE;
	}
	return help_environ(client);
}

/* --- slc ---------------------------------------------------------------------------------- */

static void slc_check(struct session *session)
{
	nvt_ask_specials(session->nvt);
}

static void slc_import(struct session *session)
{
	nvt_ask_default_specials(session->nvt);
}

static const struct {
	const char *name;
	const char *help;
	void (*run)(struct session *);
} slcs[] = {
	{"check", "ask the server for the characters that it has", slc_check},
	{"export", "tell it those of this terminal", session_tell_specials},
	{"import", "ask it for those that it had at first", slc_import},
};

static enum command_result run_slc(struct client *client, size_t count, char *words[])
{
	struct session *session = client->session;

	if (!nvt_mode(session->nvt)->line_mode) {
		puts("There is no LINEMODE in effect.");
		return COMMAND_PROMPT;
	}
	for (size_t i = 0; count == 2 && i < LENGTH(slcs); i++)
		if (words_match(words[1], slcs[i].name)) {
			slcs[i].run(session);
			session_flush(session);
			return COMMAND_DONE;
		}
	specials_list(session->special, stdout);
	for (size_t i = 0; i < LENGTH(slcs); i++)
		printf("  slc %-7s %s\n", slcs[i].name, slcs[i].help);
	return COMMAND_PROMPT;
}

/* --- leaving for a while ------------------------------------------------------------------ */

static enum command_result run_z(struct client *client, size_t count, char *words[])
{
	(void)count;
	(void)words;
	terminal_stop_client();
	return client->session ? COMMAND_DONE : COMMAND_PROMPT;
}

/* --- the table ---------------------------------------------------------------------------- */

static const struct command commands[] = {
	{"close", "", "close the connection", run_close, true},
	{"environ", "[define|undefine|export|unexport NAME [VALUE]]",
	 "variables that the server may be told", run_environ, false},
	{"help", "[COMMAND]", "this", run_help, false},
	{"mode", "character|line|oldline|telnet", "how what you type is sent", run_mode, true},
	{"open", "HOST [PORT]", "connect", run_open, false},
	{"quit", "", "close the connection and exit", run_quit, false},
	{"send", "FUNCTION...", "send a function of TELNET (send ? lists them)", send_command,
	 false},
	{"set", "NAME [VALUE]", "change a setting (set alone lists them)", run_set, false},
	{"slc", "[check|export|import]", "the special characters of LINEMODE", run_slc, true},
	{"status", "", "what is connected and negotiated", run_status, false},
	{"toggle", "NAME", "turn a setting on or off (options: the trace)", run_toggle, false},
	{"unset", "NAME", "turn a setting off", run_unset, false},
	{"z", "", "stop this client as ^Z does; `fg` goes on", run_z, false},
	{"?", "", "this", run_help, false},
};

static enum command_result run_help(struct client *client, size_t count, char *words[])
{
	(void)client;
	for (size_t i = 0; i < LENGTH(commands); i++) {
		const struct command *command = &commands[i];

		if (count < 2 || words_match(words[1], command->name))
			printf("%-8s %s%s%s\n", command->name, command->arguments,
			       command->arguments[0] == '\0' ? "" : ": ", command->help);
	}
	puts("!        [COMMAND]: run a shell's command, or a shell");
	return COMMAND_PROMPT;
}

static const struct command *find_command(const char *name)
{
	const struct command *found = NULL;

	for (size_t i = 0; i < LENGTH(commands); i++) {
		int match = words_match(name, commands[i].name);

		if (match == 2)
			return &commands[i];
		if (match == 1 && found) {
			printf("%s: could be %s or %s\n", name, found->name, commands[i].name);
			return NULL;
		}
		if (match == 1)
			found = &commands[i];
	}
	if (!found)
		printf("%s: no such command; ? lists them\n", name);
	return found;
}

static size_t split(char *line, char *words[WORDS_MAX])
{
	size_t count = 0;
	char *rest, *word = strtok_r(line, " \t\r\n", &rest);

	while (word && count < WORDS_MAX) {
		words[count++] = word;
		word = strtok_r(NULL, " \t\r\n", &rest);
	}
	return count;
}

enum command_result command_do(struct client *client, const char *line)
{
	char copy[LINE_MAX_SIZE], *words[WORDS_MAX];
	const struct command *command;
	size_t count;

	line += strspn(line, " \t");
	if (line[0] == '!') {
		line += 1 + strspn(line + 1, " \t");
		terminal_run(line[0] == '\0' ? NULL : line);
		return client->session ? COMMAND_DONE : COMMAND_PROMPT;
	}
	snprintf(copy, sizeof(copy), "%s", line);
	count = split(copy, words);
	if (count == 0)
		return client->session ? COMMAND_DONE : COMMAND_PROMPT;
	command = find_command(words[0]);
	if (!command)
		return COMMAND_PROMPT;
	if (command->connected && !client->session) {
		puts("There is no connection.");
		return COMMAND_PROMPT;
	}
	return command->run(client, count, words);
}

/* --- the prompt --------------------------------------------------------------------------- */

/* A key that was typed ahead in the session, else the next one of standard input. */
static int next_key(void *owner)
{
	struct client *client = owner;
	struct pollfd keys = {.fd = STDIN_FILENO, .events = POLLIN};
	int key = client->session ? session_take_key(client->session) : -1;
	unsigned char byte;

	while (key < 0) {
		if (terminal_takes(TERMINAL_INTERRUPT))
			return -1;
		if (terminal_takes(TERMINAL_SUSPEND) || terminal_takes(TERMINAL_STOP)) {
			terminal_stop_client();
			return -1;
		}
		if (terminal_wait(&keys, 1, -1) <= 0)
			continue;
		if (read(STDIN_FILENO, &byte, 1) != 1) {
			client->quit = true;
			return -1;
		}
		key = byte;
	}
	return key;
}

/* Reads a line and does it. */
static enum command_result prompt_once(struct client *client)
{
	char text[LINE_MAX_SIZE];
	const char *line;
	size_t size;
	enum lines_result result = lines_read(client->prompt, &line, &size);

	if (result == LINES_READ && (size >= sizeof(text) || memchr(line, '\0', size))) {
		puts("The line is too long, or has a NUL in it.");
		return COMMAND_PROMPT;
	}
	if (result == LINES_READ) {
		memcpy(text, line, size);
		text[size] = '\0';
		return command_do(client, text);
	}
	putchar('\n');
	if (result == LINES_END && !client->session)
		client->quit = true;
	return client->session ? COMMAND_DONE : COMMAND_PROMPT;
}

void command_prompt(struct client *client)
{
	if (client->session)
		putchar('\n');
	fflush(stdout);
	for (;;) {
		enum command_result result;
		struct terminal_mode mode;

		mode = lines_mode(client->settings.escape);
		terminal_set(&mode);
		if (!client->prompt)
			client->prompt = lines_new("telnet> ", next_key, client);
		if (!client->prompt)
			client->quit = true;
		if (client->quit)
			break;
		result = prompt_once(client);
		fflush(stdout);
		if (result == COMMAND_DONE || client->quit)
			break;
	}
	if (client->quit && client->session)
		client->session->closed = true;
}

void command_free(struct client *client)
{
	lines_free(client->prompt);
	variables_free(&client->variables);
	trace_open(&client->trace, NULL);
	free(client->opened);
	free(client->opened_port);
}
