/* SPDX-License-Identifier: ISC */
/* The prompt and its commands. A table names them; each may be shortened to what is its own. */
#include "contrib/telnet/command.h"

#include <arpa/telnet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "contrib/telnet/modes.h"
#include "contrib/telnet/send.h"
#include "contrib/telnet/set.h"
#include "contrib/telnet/specials.h"
#include "contrib/telnet/words.h"

#define WORDS_MAX 16
#define LINE_MAX_SIZE 1024

#define BLANKS " \t\r\n"

#define LENGTH(array) (sizeof(array) / sizeof((array)[0]))

struct command {
	const char *name;
	const char *arguments;
	const char *help;
	enum command_result (*run)(struct client *, size_t count, char *words[]);
	size_t most; /* words behind the name */
	bool rest; /* the last of them is all that follows, with its blanks */
	bool connected; /* needs a connection */
};

static enum command_result run_help(struct client *client, size_t count, char *words[]);

/* --- connections -------------------------------------------------------------------------- */

/* Reads HOST and PORT into client->opened; returns the port, or NULL after a complaint. */
static const char *read_destination(struct client *client, const char *host, const char *port)
{
	struct destination *opened = &client->opened;

	if (!destination_read(host, opened))
		return NULL;
	if (opened->user) {
		printf("open: leave out the user here: `environ define USER %s` names it\n",
		       opened->user);
		return NULL;
	}
	if (port && opened->port) {
		printf("open: the port is given twice: '%s' and '%s'\n", opened->port, port);
		return NULL;
	}
	if (!port)
		port = opened->port ? opened->port : "23";
	return settings_check_port(port + (port[0] == '-')) ? port : NULL;
}

static enum command_result run_open(struct client *client, size_t count, char *words[])
{
	const char *port;
	bool negotiate;

	if (client->session) {
		puts("There is a connection already; `close` it first.");
		return COMMAND_PROMPT;
	}
	if (count < 2) {
		puts("open: HOST [PORT] is wanted");
		return COMMAND_PROMPT;
	}
	port = read_destination(client, words[1], count > 2 ? words[2] : NULL);
	if (!port)
		return COMMAND_PROMPT;
	negotiate = port[0] == '-';
	free(client->opened_port);
	client->settings.host = client->opened.host;
	client->settings.port = client->opened_port = strdup(port + negotiate);
	client->settings.negotiate = negotiate || client->settings.user;
	return client->opened_port ? COMMAND_DONE : COMMAND_PROMPT;
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
	const char *charset = session ? nvt_mode(session->nvt)->charset : NULL;
	char escape[8];

	(void)count;
	(void)words;
	if (!session) {
		puts("No connection.");
	} else {
		printf("Connected to %s.\nOperating in %s mode.\n", session->host,
		       modes_typing_name(session));
		if (!session->telnet) {
			puts(session->raw ? "Every byte is text: TELNET is not spoken."
					  : "The server has not spoken TELNET.");
		} else {
			show_options(session->nvt, "the server", nvt_is_remote_on);
			show_options(session->nvt, "the client", nvt_is_local_on);
			if (charset)
				printf("The server's character set is %s.\n", charset);
		}
	}
	printf("Escape character is '%s'.\n",
	       settings_show_character(client->settings.escape, escape));
	return session ? COMMAND_DONE : COMMAND_PROMPT;
}

/* --- modes -------------------------------------------------------------------------------- */

/* The server may ask for it again, since it goes on without SUPPRESS-GO-AHEAD, say. */
static void refuse_linemode(struct session *session)
{
	nvt_set_linemode(session->nvt, NVT_LINEMODE_NO);
	nvt_ask_local(session->nvt, TELOPT_LINEMODE, false);
}

static void mode_character(struct session *session)
{
	session->typing = SESSION_CHARACTERS;
	if (!session->telnet)
		return;
	refuse_linemode(session);
	nvt_ask_remote(session->nvt, TELOPT_SGA, true);
	nvt_ask_remote(session->nvt, TELOPT_ECHO, true);
}

static void mode_line(struct session *session)
{
	session->typing = SESSION_LINES;
	if (!session->telnet)
		return;
	nvt_set_linemode(session->nvt, NVT_LINEMODE_WHEN_ASKED);
	nvt_ask_local(session->nvt, TELOPT_LINEMODE, true);
}

static void mode_old_line(struct session *session)
{
	session->typing = SESSION_LINES;
	if (!session->telnet)
		return;
	refuse_linemode(session);
	nvt_ask_remote(session->nvt, TELOPT_SGA, false);
	nvt_ask_remote(session->nvt, TELOPT_ECHO, false);
}

static void mode_telnet(struct session *session)
{
	session_begin_telnet(session, true);
}

static void mode_text(struct session *session)
{
	if (session_begin_text(session))
		session->typing = SESSION_LINES;
	else
		puts("The server's data is compressed by TELNET.");
}

struct mode {
	const char *name;
	const char *help;
	void (*enter)(struct session *);
};

static const struct mode modes[] = {
	{"character", "each key is sent as it is typed, and the server echoes", mode_character},
	{"line", "lines are edited here when the server's terminal would", mode_line},
	{"oldline", "whole lines are sent, edited and shown here, without LINEMODE", mode_old_line},
	{"text", "every byte is text from now on, and lines are edited here", mode_text},
	{"telnet", "speak TELNET now, with offers, to a server that has not begun", mode_telnet},
};

static enum command_result run_mode(struct client *client, size_t count, char *words[])
{
	const struct mode *mode;

	if (words_ask_for_list(count, words)) {
		for (size_t i = 0; i < LENGTH(modes); i++)
			printf("  mode %-10s %s\n", modes[i].name, modes[i].help);
		return COMMAND_PROMPT;
	}
	mode = WORDS_FIND(words[1], modes, "no such mode; `mode` lists them");
	if (!mode)
		return COMMAND_PROMPT;
	mode->enter(client->session);
	session_flush(client->session);
	return COMMAND_DONE;
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

struct environ {
	const char *name;
	const char *arguments;
	size_t words; /* behind the name */
	const char *help;
	int (*run)(struct client *, const char *name, const char *value);
};

static const struct environ environs[] = {
	{"define", "NAME VALUE", 2, "set a variable, to the rest of the line, and export it",
	 environ_define},
	{"undefine", "NAME", 1, "forget it", environ_undefine},
	{"export", "NAME", 1, "the server may be told it, from your environment too",
	 environ_export},
	{"unexport", "NAME", 1, "the server is not to be told it", environ_unexport},
};

static enum command_result help_environ(struct client *client)
{
	variables_list(&client->variables, stdout);
	for (size_t i = 0; i < LENGTH(environs); i++)
		printf("  environ %-8s %s: %s\n", environs[i].name, environs[i].arguments,
		       environs[i].help);
	return COMMAND_PROMPT;
}

/* `words` begins with what is to be done. */
static bool do_environ(struct client *client, size_t count, char *words[])
{
	const struct environ *change =
		WORDS_FIND(words[0], environs, "define, undefine, export or unexport is wanted");
	int error;

	if (!change)
		return false;
	if (count <= change->words) {
		printf("environ %s: %s is wanted\n", change->name, change->arguments);
		return false;
	}
	if (count > change->words + 1) {
		printf("environ %s: '%s' is one word too many\n", change->name,
		       words[change->words + 1]);
		return false;
	}
	error = change->run(client, words[1], count > 2 ? words[2] : NULL);
	if (error != 0)
		printf("%s: %s\n", words[1], variables_explain(error));
	return error == 0;
}

static enum command_result run_environ(struct client *client, size_t count, char *words[])
{
	if (words_ask_for_list(count, words))
		return help_environ(client);
	if (!do_environ(client, count - 1, words + 1) || !client->session)
		return COMMAND_PROMPT;
	session_tell_variables(client->session);
	return COMMAND_DONE;
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

struct slc {
	const char *name;
	const char *help;
	void (*run)(struct session *);
};

static const struct slc slcs[] = {
	{"check", "ask the server for the characters that it has", slc_check},
	{"export", "tell it those of this terminal", session_tell_specials},
	{"import", "ask it for those that it had at first", slc_import},
};

static enum command_result run_slc(struct client *client, size_t count, char *words[])
{
	struct session *session = client->session;
	const struct slc *slc;

	if (!nvt_mode(session->nvt)->line_mode) {
		puts("There is no LINEMODE in effect.");
		return COMMAND_PROMPT;
	}
	if (words_ask_for_list(count, words)) {
		specials_list(session->special, stdout);
		for (size_t i = 0; i < LENGTH(slcs); i++)
			printf("  slc %-7s %s\n", slcs[i].name, slcs[i].help);
		return COMMAND_PROMPT;
	}
	slc = WORDS_FIND(words[1], slcs, "check, export or import is wanted");
	if (!slc)
		return COMMAND_PROMPT;
	slc->run(session);
	session_flush(session);
	return COMMAND_DONE;
}

/* --- leaving for a while ------------------------------------------------------------------ */

static enum command_result run_z(struct client *client, size_t count, char *words[])
{
	(void)count;
	(void)words;
	if (!terminal_is_there()) {
		puts("z: there is no terminal");
		return COMMAND_PROMPT;
	}
	terminal_stop_client();
	return client->session ? COMMAND_DONE : COMMAND_PROMPT;
}

static enum command_result run_shell(struct client *client, size_t count, char *words[])
{
	terminal_run(count > 1 ? words[1] : NULL);
	return client->session ? COMMAND_DONE : COMMAND_PROMPT;
}

/* --- the table ---------------------------------------------------------------------------- */

static const struct command commands[] = {
	{"close", "", "close the connection", run_close, 0, false, true},
	{"environ", "[define NAME VALUE | undefine|export|unexport NAME]", "variables to tell",
	 run_environ, 3, true, false},
	{"help", "[COMMAND]", "this", run_help, 1, false, false},
	{"mode", "character|line|oldline|text|telnet", "how what you type is sent", run_mode, 1,
	 false, true},
	{"open", "HOST [PORT]", "connect", run_open, 2, false, false},
	{"quit", "", "close the connection and exit", run_quit, 0, false, false},
	{"send", "FUNCTION...", "send a function of TELNET (send ? lists them)", send_command,
	 WORDS_MAX, false, false},
	{"set", "NAME [VALUE]", "change a setting (set alone lists them)", set_command, 2, false,
	 false},
	{"slc", "[check|export|import]", "the special characters of LINEMODE", run_slc, 1, false,
	 true},
	{"status", "", "what is connected and negotiated", run_status, 0, false, false},
	{"toggle", "NAME", "turn a setting on or off (options: the trace)", set_toggle_command, 1,
	 false, false},
	{"unset", "NAME", "turn a setting off", set_unset_command, 1, false, false},
	{"z", "", "stop this client as ^Z does; `fg` goes on", run_z, 0, false, false},
	{"!", "[COMMAND]", "run a shell's command, or a shell", run_shell, 1, true, false},
	{"?", "[COMMAND]", "the same as help", run_help, 1, false, false},
};

#define NO_COMMAND "no such command; ? lists them"

static enum command_result run_help(struct client *client, size_t count, char *words[])
{
	size_t shown = 0;

	(void)client;
	for (size_t i = 0; i < LENGTH(commands); i++) {
		const struct command *command = &commands[i];

		if (count > 1 && !words_match(words[1], command->name))
			continue;
		printf("%-8s %s%s%s\n", command->name, command->arguments,
		       command->arguments[0] == '\0' ? "" : ": ", command->help);
		shown++;
	}
	if (shown == 0)
		printf("%s: " NO_COMMAND "\n", words[1]);
	return COMMAND_PROMPT;
}

/* All that is left of a line as one word, but for the blanks at its end. */
static void end_line(char *line)
{
	size_t size = strlen(line);

	while (size > 0 && strchr(BLANKS, line[size - 1]))
		size--;
	line[size] = '\0';
}

/* Takes the words of a line: as many as a command has at most, and one more. */
static size_t split(char *line, const struct command *command, char *words[WORDS_MAX + 1])
{
	size_t count = 0;

	line += strspn(line, BLANKS);
	while (line[0] != '\0' && count <= command->most) {
		words[count++] = line;
		if (command->rest && count == command->most) {
			end_line(line);
			break;
		}
		line += strcspn(line, BLANKS);
		if (line[0] != '\0')
			*line++ = '\0';
		line += strspn(line, BLANKS);
	}
	return count;
}

/* The length of a line's first word: an exclamation mark needs no blank behind it. */
static size_t name_size(const char *line)
{
	return line[0] == '!' ? 1 : strcspn(line, BLANKS);
}

enum command_result command_do(struct client *client, const char *line)
{
	char name[LINE_MAX_SIZE], copy[LINE_MAX_SIZE], *words[1 + WORDS_MAX + 1] = {name};
	const struct command *command;
	size_t count;

	line += strspn(line, BLANKS);
	if (line[0] == '\0')
		return client->session ? COMMAND_DONE : COMMAND_PROMPT;
	snprintf(name, sizeof(name), "%.*s", (int)name_size(line), line);
	snprintf(copy, sizeof(copy), "%s", line + name_size(line));
	command = WORDS_FIND(name, commands, NO_COMMAND);
	if (!command)
		return COMMAND_PROMPT;
	if (command->connected && !client->session) {
		puts("There is no connection.");
		return COMMAND_PROMPT;
	}
	count = split(copy, command, words + 1);
	if (count > command->most) {
		printf("%s: '%s' is one word too many\n", command->name, words[1 + command->most]);
		return COMMAND_PROMPT;
	}
	return command->run(client, 1 + count, words);
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
	return key & SESSION_KEY_BYTE;
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
		fputs("\r\n", stdout); /* the terminal may be raw */
	fflush(stdout);
	for (;;) {
		enum command_result result;
		struct terminal_mode mode;

		mode = lines_mode(client->settings.escape);
		terminal_apply(&mode);
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
	free(client->opened_port);
}
