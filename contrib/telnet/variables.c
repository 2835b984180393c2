/* SPDX-License-Identifier: ISC */
/* The variables that a server may be told. */
#include "contrib/telnet/variables.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Those that RFC 1572 knows by name; others are the user's. */
static const char *const well_known[] = {"USER", "JOB", "ACCT", "PRINTER", "SYSTEMTYPE", "DISPLAY"};

static bool is_well_known(const char *name)
{
	for (size_t i = 0; i < sizeof(well_known) / sizeof(well_known[0]); i++)
		if (strcmp(well_known[i], name) == 0)
			return true;
	return false;
}

/* The place of a variable, or `count`. */
static size_t find(const struct variables *variables, const char *name)
{
	size_t i = 0;

	while (i < variables->count && strcmp(variables->all[i].name, name) != 0)
		i++;
	return i;
}

static int replace_value(struct nvt_variable *variable, const char *value)
{
	char *copy = strdup(value);

	if (!copy)
		return -ENOMEM;
	free(variable->value);
	variable->value = copy;
	return 0;
}

int variables_define(struct variables *variables, const char *name, const char *value)
{
	size_t i = find(variables, name);
	struct nvt_variable new = {.user = !is_well_known(name)};

	if (name[0] == '\0' || strchr(name, '='))
		return -EINVAL;
	if (strlen(name) > VARIABLE_NAME_MAX || strlen(value) > VARIABLE_VALUE_MAX)
		return -E2BIG;
	if (i < variables->count)
		return replace_value(&variables->all[i], value);
	if (i == VARIABLES_MAX)
		return -E2BIG;
	new.name = strdup(name);
	new.value = strdup(value);
	if (!new.name || !new.value) {
		free(new.name);
		free(new.value);
		return -ENOMEM;
	}
	variables->all[i] = new;
	variables->exported[i] = false;
	variables->count++;
	return 0;
}

const char *variables_explain(int error)
{
	switch (error) {
	case -ENOENT:
		return "no such variable";
	case -EINVAL:
		return "no name of a variable";
	case -E2BIG:
		return "too long, or one variable too many";
	default:
		return strerror(-error);
	}
}

int variables_undefine(struct variables *variables, const char *name)
{
	size_t i = find(variables, name);

	if (i == variables->count)
		return -ENOENT;
	free(variables->all[i].name);
	free(variables->all[i].value);
	variables->count--;
	variables->all[i] = variables->all[variables->count];
	variables->exported[i] = variables->exported[variables->count];
	return 0;
}

int variables_export(struct variables *variables, const char *name, bool exported)
{
	size_t i = find(variables, name);

	if (i == variables->count)
		return -ENOENT;
	variables->exported[i] = exported;
	return 0;
}

void variables_list(const struct variables *variables, FILE *file)
{
	for (size_t i = 0; i < variables->count; i++)
		fprintf(file, "%c %s=%s\n", variables->exported[i] ? '*' : ' ',
			variables->all[i].name, variables->all[i].value);
	fprintf(file, "%zu variable%s; the server may be told those with a *\n", variables->count,
		variables->count == 1 ? "" : "s");
}

size_t variables_exported(const struct variables *variables,
			  struct nvt_variable exported[VARIABLES_MAX])
{
	size_t count = 0;

	for (size_t i = 0; i < variables->count; i++)
		if (variables->exported[i])
			exported[count++] = variables->all[i];
	return count;
}

const char *variables_value(const struct variables *variables, const char *name)
{
	size_t i = find(variables, name);

	return i < variables->count && variables->exported[i] ? variables->all[i].value : NULL;
}

void variables_free(struct variables *variables)
{
	while (variables->count > 0)
		variables_undefine(variables, variables->all[0].name);
}
