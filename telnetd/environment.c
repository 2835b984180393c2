/* SPDX-License-Identifier: ISC */
/* The allow-list of environment variables that a client may set. */
#include "telnetd/environment.h"

#include <string.h>

#define LETTERS "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
#define DIGITS "0123456789"
#define TERMINAL_TYPE_MAX 40

static const struct {
	const char *name;
	bool prefix; /* any name that begins so, and goes on in capital letters */
	const char *values; /* the characters of its value */
} allowed[] = {
	{"LANG", false, LETTERS DIGITS "_.@:-"}, /* no slash: a locale's name, not its path */
	{"LC_", true, LETTERS DIGITS "_.@:-"},
	{"COLORTERM", false, LETTERS DIGITS "_.+-"},
	{"DISPLAY", false, LETTERS DIGITS "_.:/[]-"},
};

#define ALLOWED (sizeof(allowed) / sizeof(allowed[0]))

static bool consists_of(const char *text, size_t length, const char *characters)
{
	return length > 0 && strspn(text, characters) >= length;
}

static bool name_matches(const char *variable, size_t length, size_t i)
{
	size_t known = strlen(allowed[i].name);

	if (length < known || memcmp(variable, allowed[i].name, known) != 0)
		return false;
	if (!allowed[i].prefix)
		return length == known;
	return consists_of(variable + known, length - known, "ABCDEFGHIJKLMNOPQRSTUVWXYZ_");
}

bool environment_is_name(const char *name)
{
	return *name != '\0' && strchr(DIGITS, *name) == NULL &&
	       name[strspn(name, LETTERS DIGITS "_")] == '\0';
}

bool environment_is_reserved(const char *name)
{
	static const char *const reserved[] = {"PATH", "HOME", "SHELL",	   "USER", "LOGNAME",
					       "TERM", "IFS",  "BASH_ENV", "ENV"};

	if (strncmp(name, "LD_", 3) == 0)
		return true;
	for (size_t i = 0; i < sizeof(reserved) / sizeof(reserved[0]); i++)
		if (strcmp(name, reserved[i]) == 0)
			return true;
	return false;
}

static bool is_printable(const char *text)
{
	for (; *text != '\0'; text++)
		if (*text < ' ' || *text > '~')
			return false;
	return true;
}

bool environment_allows(const char *variable, char *const *also)
{
	const char *equals = strchr(variable, '=');
	size_t length = equals ? (size_t)(equals - variable) : 0;

	if (!equals)
		return false;
	for (size_t i = 0; i < ALLOWED; i++)
		if (name_matches(variable, length, i))
			return consists_of(equals + 1, strlen(equals + 1), allowed[i].values);
	for (; also && *also; also++)
		if (strlen(*also) == length && memcmp(*also, variable, length) == 0)
			return is_printable(equals + 1);
	return false;
}

bool environment_allows_terminal_type(const char *type)
{
	size_t length = strlen(type);

	return length <= TERMINAL_TYPE_MAX && strspn(type, "+._-") == 0 &&
	       consists_of(type, length, "abcdefghijklmnopqrstuvwxyz" DIGITS "+._-");
}
