/* SPDX-License-Identifier: ISC */
/*
 * The environment of an end: NEW-ENVIRON (RFC 1572) and ENVIRON (RFC 1408, 1571). A server keeps
 * what it is told, within bounds; a client tells what it was given to tell.
 */
#include <stdlib.h>
#include <string.h>

#include "nvt/endpoint.h"

/* In an environment's body, RFC 1572. */
#define VAR 0
#define VALUE 1
#define ESC 2
#define USERVAR 3

#define VARIABLE_NAME_MAX 64
#define VARIABLE_VALUE_MAX 1024

/* A body's bytes, and where reading it has come to. */
struct body {
	const char *at;
	const char *end;
	bool broken; /* ends in the middle of something */
};

static bool at_type(const struct body *body)
{
	return *body->at == VAR || *body->at == VALUE || *body->at == USERVAR;
}

/* Reads a name or a value up to the next type byte. Returns whether it is text and fits. */
static bool read_text(struct body *body, char *text, size_t size)
{
	size_t length = 0;
	bool good = true;

	while (body->at < body->end && !at_type(body)) {
		if (*body->at == ESC && ++body->at == body->end) {
			body->broken = true;
			return false;
		}
		if (*body->at == '\0' || length + 1 == size)
			good = false;
		else
			text[length++] = *body->at;
		body->at++;
	}
	text[length] = '\0';
	return good;
}

static void forget_variable(struct nvt *nvt, size_t i)
{
	struct nvt_peer *peer = &nvt->peer;

	nvt->environment_size -=
		strlen(peer->variables[i].name) + strlen(peer->variables[i].value) + 2;
	free(peer->variables[i].name);
	free(peer->variables[i].value);
	peer->variables[i] = peer->variables[--peer->variable_count];
}

static void keep_variable(struct nvt *nvt, const char *name, const char *value, bool user)
{
	struct nvt_peer *peer = &nvt->peer;
	size_t size = strlen(name) + 2 + (value ? strlen(value) : 0);
	struct nvt_variable *variable;

	for (size_t i = 0; i < peer->variable_count; i++)
		if (strcmp(peer->variables[i].name, name) == 0)
			forget_variable(nvt, i--);
	if (!value || peer->variable_count == NVT_VARIABLES_MAX ||
	    nvt->environment_size + size > NVT_ENVIRONMENT_MAX)
		return;
	variable = &peer->variables[peer->variable_count];
	variable->name = strdup(name);
	variable->value = strdup(value);
	variable->user = user;
	if (!variable->name || !variable->value) {
		free(variable->name);
		free(variable->value);
		nvt_fail(nvt, NVT_FAULT_MEMORY, "out of memory");
		return;
	}
	peer->variable_count++;
	nvt->environment_size += size;
}

/*
 * Old ENVIRON had VAR and VALUE the other way round in the BSD code; RFC 1571 says how to tell. A
 * list begins with VAR, so one that begins with VALUE means VAR by it.
 */
static void unswap_types(char *body, size_t size)
{
	if (size < 2 || body[1] != VALUE)
		return;
	for (size_t i = 1; i < size; i++) {
		if (body[i] == ESC)
			i++;
		else if (body[i] == VAR || body[i] == VALUE)
			body[i] = body[i] == VAR ? VALUE : VAR;
	}
}

/* Reads one variable of a body and keeps it, unless it is too long or no text. */
static void read_variable(struct nvt *nvt, struct body *body)
{
	char name[VARIABLE_NAME_MAX + 1], value[VARIABLE_VALUE_MAX + 1];
	bool user = *body->at++ == USERVAR;
	bool good = read_text(body, name, sizeof(name));
	bool defined = body->at < body->end && *body->at == VALUE;

	if (defined) {
		body->at++;
		good = read_text(body, value, sizeof(value)) && good;
	}
	if (good && !body->broken && name[0] != '\0')
		keep_variable(nvt, name, defined ? value : NULL, user);
}

void environment_received(struct nvt *nvt, const char *bytes, size_t size)
{
	struct body body = {bytes + 1, bytes + size, false};

	nvt->awaited &= ~(unsigned)AWAITED_ENVIRONMENT;
	if (bytes[0] != IS && bytes[0] != INFO)
		body.broken = true;
	while (body.at < body.end && !body.broken && !nvt->faulted) {
		if (*body.at == VAR || *body.at == USERVAR)
			read_variable(nvt, &body);
		else
			body.broken = true;
	}
	if (body.broken)
		nvt_count_malformed(nvt);
}

/* libtelnet's own buffer is not to be written to, so a swapped body is put right in a copy. */
void environment_received_old(struct nvt *nvt, const char *bytes, size_t size)
{
	char *copy = malloc(size);

	if (!copy) {
		nvt_fail(nvt, NVT_FAULT_MEMORY, "out of memory");
		return;
	}
	memcpy(copy, bytes, size);
	unswap_types(copy, size);
	environment_received(nvt, copy, size);
	free(copy);
}

void environment_free(struct nvt *nvt)
{
	while (nvt->peer.variable_count > 0)
		forget_variable(nvt, 0);
}

/* Whether a SEND's body asks for this variable: by name, by kind, or by naming nothing. */
static bool is_asked_for(const struct nvt_variable *variable, const char *bytes, size_t size)
{
	struct body body = {bytes, bytes + size, false};
	char name[VARIABLE_NAME_MAX + 1];

	while (body.at < body.end && !body.broken) {
		bool user = *body.at++ == USERVAR;
		bool good = read_text(&body, name, sizeof(name));

		if (user == variable->user && good &&
		    (name[0] == '\0' || strcmp(name, variable->name) == 0))
			return true;
	}
	return size == 0;
}

static size_t put_text(char *to, const char *text)
{
	size_t length = 0;

	for (; *text != '\0'; text++) {
		if (*text == VALUE || *text == ESC || *text == USERVAR)
			to[length++] = ESC;
		to[length++] = *text;
	}
	return length;
}

/* Tells the variables that are asked for, as an answer (IS) or unasked (INFO). */
static void tell(struct nvt *nvt, unsigned char option, char kind, const char *asked, size_t size)
{
	char body[1 + 2 * NVT_ENVIRONMENT_MAX] = {kind};
	size_t length = 1;

	for (size_t i = 0; i < nvt->self.variable_count; i++) {
		const struct nvt_variable *variable = &nvt->self.variables[i];
		size_t most = 2 * (strlen(variable->name) + strlen(variable->value) + 1);

		if (most > sizeof(body) - length || !is_asked_for(variable, asked, size))
			continue;
		body[length++] = variable->user ? USERVAR : VAR;
		length += put_text(body + length, variable->name);
		body[length++] = VALUE;
		length += put_text(body + length, variable->value);
	}
	nvt_send_subnegotiation(nvt, option, body, length);
}

void environment_answer(struct nvt *nvt, unsigned char option, const char *asked, size_t size)
{
	tell(nvt, option, IS, asked, size);
}

void nvt_set_variables(struct nvt *nvt, const struct nvt_variable *variables, size_t count)
{
	nvt->self.variables = variables;
	nvt->self.variable_count = count;
	if (nvt->local[TELNET_TELOPT_NEW_ENVIRON] == OPTION_YES)
		tell(nvt, TELNET_TELOPT_NEW_ENVIRON, INFO, NULL, 0);
}
