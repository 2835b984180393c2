/* SPDX-License-Identifier: ISC */
/*
 * The settings: what each is called, its default, and what is right for it. Their values come as
 * text from the command line (config.c) and from the configuration file (settings_file.c).
 */
#ifndef TELNETD_SETTINGS_H
#define TELNETD_SETTINGS_H

#include <stdbool.h>
#include <stddef.h>

#include "telnetd/complain.h"
#include "telnetd/config.h"

/* In the order in which they are checked: some need what an earlier one has set. */
enum setting {
	SETTING_PORT,
	SETTING_BIND,
	SETTING_LOGIN,
	SETTING_ISSUE,
	SETTING_SESSIONS_PER_WORKER,
	SETTING_LINEMODE,
	SETTING_SAME_USER,
	SETTING_COMPRESS,
	SETTING_ACCEPT_ENV,
	SETTING_CHARSET,
	SETTING_CLIENT_CHARSET,
	SETTING_CHARSETS,
	SETTING_COUNT,
};

struct setting_value {
	char *text; /* freed by settings_free */
	struct origin origin;
};

struct setting_values {
	bool is_set; /* a list may be set to be empty */
	size_t count; /* one unless it is a list */
	struct setting_value *values;
};

struct settings {
	struct setting_values of[SETTING_COUNT];
};

/* The name in the configuration file; NULL after the last. */
const char *settings_name(size_t setting);
bool settings_is_list(enum setting);

/*
 * Adds a value to a list; of another setting it replaces the value. The text is copied, what the
 * origin points to is not. Returns 0 or -ENOMEM.
 */
int settings_add(struct settings *, enum setting, const char *text, const struct origin *);
void settings_free(struct settings *);

/*
 * Reads a configuration file with libconfuse. Returns -1, or the status to exit with after a
 * complaint that names the file and the line. The path must last as long as the settings.
 */
int settings_read_file(struct settings *, const char *path);

/*
 * Checks all values and fills the config with them: those of the command line, of the file, or the
 * defaults, in this order. Returns -1, or the status to exit with after a complaint.
 */
int settings_apply(struct config *, const struct settings *command_line,
		   const struct settings *file);

/* Complains of it, and returns the status to exit with. */
int settings_out_of_memory(void);

/* As access(2), but a directory is refused with EISDIR. */
bool settings_is_accessible(const char *path, int how);

#endif
