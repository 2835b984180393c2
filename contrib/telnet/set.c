/* SPDX-License-Identifier: ISC */
/* The commands `set`, `unset` and `toggle`. */
#include "contrib/telnet/set.h"

#include <arpa/telnet.h>
#include <stdio.h>
#include <string.h>

#include "contrib/telnet/words.h"

#define LENGTH(array) (sizeof(array) / sizeof((array)[0]))

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
	size_t at; /* where in struct client its bool is */
	void (*changed)(struct client *); /* or NULL */
};

#define AT(setting) offsetof(struct client, settings.setting)
static const struct toggle toggles[] = {
	{"autoflush", "such a function drops what has come and is not shown yet", AT(flush), NULL},
	{"autosynch", "a function of the keyboard is followed by a Synch", AT(synch), NULL},
	{"binary", "8-bit data both ways (BINARY)", AT(binary_input), ask_for_binary},
	{"crlf", "the Enter key is sent as CR LF in character mode", AT(crlf), NULL},
	{"lf", "to a text server lines end in LF, not in CR LF", AT(bare_lf), NULL},
	{"localchars", "in line mode ^C and the like are sent as functions", AT(local_characters),
	 NULL},
};

static bool *value_of(struct client *client, const struct toggle *toggle)
{
	return (bool *)((char *)client + toggle->at);
}

static void show_toggles(struct client *client)
{
	char escape[8];

	for (size_t i = 0; i < LENGTH(toggles); i++)
		printf("  %-10s %-3s  %s\n", toggles[i].name,
		       *value_of(client, &toggles[i]) ? "on" : "off", toggles[i].help);
	printf("  %-10s %-3s  the escape character (set escape X, ^X or off)\n", "escape",
	       settings_show_character(client->settings.escape, escape));
	printf("  %-10s %-3s  a file that gets what is negotiated (set tracefile FILE, or -)\n",
	       "tracefile", client->trace.file ? "on" : "off");
}

/* The ways to write on and off. */
static const struct {
	const char *name;
	bool on;
} values[] = {
	{"on", true}, {"yes", true}, {"1", true}, {"off", false}, {"no", false}, {"0", false},
};

static const struct toggle *find_toggle(const char *name)
{
	return WORDS_FIND(name, toggles, "no such setting; `set` lists them");
}

static enum command_result set_toggle(struct client *client, const struct toggle *toggle, bool on)
{
	if (!toggle)
		return COMMAND_PROMPT;
	*value_of(client, toggle) = on;
	if (toggle->changed)
		toggle->changed(client);
	return client->session ? COMMAND_DONE : COMMAND_PROMPT;
}

static enum command_result set_toggle_to(struct client *client, const struct toggle *toggle,
					 const char *value)
{
	for (size_t i = 0; i < LENGTH(values); i++)
		if (words_match(value, values[i].name) == 2)
			return set_toggle(client, toggle, values[i].on);
	if (toggle)
		printf("%s: on or off, yes or no is wanted for %s\n", value, toggle->name);
	return COMMAND_PROMPT;
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

	if (path && error != 0) {
		printf("%s: %s\n", path, strerror(-error));
		return COMMAND_PROMPT;
	}
	return client->session ? COMMAND_DONE : COMMAND_PROMPT;
}

enum command_result set_command(struct client *client, size_t count, char *words[])
{
	if (words_ask_for_list(count, words)) {
		show_toggles(client);
		return COMMAND_PROMPT;
	}
	if (words_match(words[1], "escape"))
		return set_escape(client, count > 2 ? words[2] : "off");
	if (words_match(words[1], "tracefile"))
		return set_trace(client, count > 2 ? words[2] : "-");
	return set_toggle_to(client, find_toggle(words[1]), count > 2 ? words[2] : "on");
}

enum command_result set_unset_command(struct client *client, size_t count, char *words[])
{
	if (words_ask_for_list(count, words))
		return set_command(client, 1, words);
	if (words_match(words[1], "escape"))
		return set_escape(client, "off");
	if (words_match(words[1], "tracefile"))
		return set_trace(client, NULL);
	return set_toggle_to(client, find_toggle(words[1]), "off");
}

enum command_result set_toggle_command(struct client *client, size_t count, char *words[])
{
	const struct toggle *toggle;

	if (words_ask_for_list(count, words))
		return set_command(client, 1, words);
	if (words_match(words[1], "options"))
		return set_trace(client, client->trace.file ? NULL : "-");
	toggle = find_toggle(words[1]);
	return set_toggle(client, toggle, toggle && !*value_of(client, toggle));
}
