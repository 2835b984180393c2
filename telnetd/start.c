/* SPDX-License-Identifier: ISC */
/* What a session asks the monitor to start, from what its client has told. */
#include "telnetd/start.h"

#include <stdio.h>
#include <string.h>

#include "telnetd/environment.h"

#define DEFAULT_TERMINAL_TYPE "dumb"

/* The bit of MTTS that says so. */
#define MTTS_TRUECOLOR 256

static void add_variable(struct message_start *start, const char *name, const char *value,
			 char *const *accepted)
{
	char variable[MESSAGE_VARIABLE_SIZE];
	int size = snprintf(variable, sizeof(variable), "%s=%s", name, value);

	if (size >= MESSAGE_VARIABLE_SIZE || start->variable_count == MESSAGE_VARIABLES ||
	    !environment_allows(variable, accepted))
		return;
	snprintf(start->variables[start->variable_count++], sizeof(variable), "%s", variable);
}

static bool has_variable(const struct message_start *start, const char *name)
{
	for (uint32_t i = 0; i < start->variable_count; i++)
		if (strncmp(start->variables[i], name, strlen(name)) == 0)
			return true;
	return false;
}

static void add_environment(struct message_start *start, const struct nvt_peer *peer,
			    char *const *accepted)
{
	for (size_t i = 0; i < peer->variable_count; i++)
		if (strcmp(peer->variables[i].name, "DISPLAY") != 0)
			add_variable(start, peer->variables[i].name, peer->variables[i].value,
				     accepted);
	if (peer->display[0] != '\0')
		add_variable(start, "DISPLAY", peer->display, accepted);
	if ((peer->mtts & MTTS_TRUECOLOR) != 0 && !has_variable(start, "COLORTERM="))
		add_variable(start, "COLORTERM", "truecolor", accepted);
}

/* The other names of the client's terminal, as many as there is room for. */
static void add_other_types(struct message_start *start, const struct nvt_peer *peer)
{
	size_t count = 0;

	for (size_t i = 0; i < NVT_OTHER_TYPES_MAX && count < MESSAGE_OTHER_TYPES; i++)
		if (environment_allows_terminal_type(peer->other_types[i]))
			snprintf(start->other_types[count++], MESSAGE_TERMINAL_TYPE_SIZE, "%s",
				 peer->other_types[i]);
}

void start_fill(struct message_start *start, const struct nvt_peer *peer, bool echo,
		char *const *accepted)
{
	bool usable = environment_allows_terminal_type(peer->terminal_type);

	memset(start, 0, sizeof(*start)); /* with what is between its fields */
	start->echo = echo;
	start->columns = peer->columns;
	start->rows = peer->rows;
	start->transmit_speed = (uint32_t)peer->transmit_speed;
	start->receive_speed = (uint32_t)peer->receive_speed;
	snprintf(start->terminal_type, sizeof(start->terminal_type), "%s",
		 usable ? peer->terminal_type : DEFAULT_TERMINAL_TYPE);
	add_other_types(start, peer);
	add_environment(start, peer, accepted);
}
