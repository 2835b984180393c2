/* SPDX-License-Identifier: ISC */
/* The configuration file, read with libconfuse into values that know their line. */
#include <confuse.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>

#include "telnetd/settings.h"

/* An option of libconfuse leads here. It takes the address for that of `value`, which is unused. */
struct destination {
	void *value;
	struct settings *settings;
	enum setting setting;
	const char *path;
};

/* --- comments ----------------------------------------------------------------------------- */

/* What ends a word that is not quoted, so that a comment with slashes can begin. */
static const char delimiters[] = " \t\r\n\"'={}()+,*";

/* Returns what follows the comment, or NULL when that has no end. */
static char *blank_comment(char *at)
{
	bool spans_lines = at[0] == '/' && at[1] == '*';
	char *end = spans_lines ? strstr(at + 2, "*/") : at + strcspn(at, "\n");

	if (!end)
		return NULL;
	end += spans_lines ? 2 : 0;
	for (; at < end; at++)
		if (*at != '\n')
			*at = ' ';
	return end;
}

/* Returns what follows the quoted text, or NULL when that has no end. */
static char *skip_quoted(char *at)
{
	char quote = *at++;

	for (; *at != '\0' && *at != quote; at++)
		if (*at == '\\' && at[1] != '\0')
			at++;
	return *at == quote ? at + 1 : NULL;
}

/*
 * Makes spaces of comments, since libconfuse counts the end of each as two lines. Returns NULL, or
 * the place where a comment or quotation begins that has no end: libconfuse would look for its end
 * in the next file that is read.
 */
static const char *blank_comments(char *text)
{
	char *begin = text;
	bool in_word = false;

	for (char *at = text; *at != '\0';) {
		begin = at;
		if (*at == '#' || (!in_word && *at == '/' && (at[1] == '/' || at[1] == '*')))
			at = blank_comment(at);
		else if (*at == '"' || *at == '\'')
			at = skip_quoted(at);
		else
			at++;
		if (!at)
			return begin;
		in_word = !strchr(delimiters, at[-1]);
	}
	return NULL;
}

/* --- libconfuse --------------------------------------------------------------------------- */

static void report_file_error(cfg_t *file, const char *format, va_list arguments)
{
	const struct destination *any = (const void *)file->opts[0].simple_value.ptr;
	const struct origin origin = {.file = any->path, .line = file->line};
	char text[512];

	vsnprintf(text, sizeof(text), format, arguments);
	complain_of(&origin, "%s", text);
}

/*
 * libconfuse calls this for each value. It sets CFGF_RESET at an equals sign, to forget earlier
 * values, and expects the flag to be cleared at the first value.
 */
static int take_value(cfg_t *file, cfg_opt_t *option, const char *text, void *result)
{
	const struct destination *to = (const void *)option->simple_value.ptr;
	const struct setting_values *before = &to->settings->of[to->setting];
	const struct origin origin = {.file = to->path, .line = file->line};

	if ((option->flags & CFGF_RESET) != 0 && before->count > 0) {
		cfg_error(file, "%s is set already in line %d", option->name,
			  before->values[0].origin.line);
		return -1;
	}
	option->flags &= ~CFGF_RESET;
	*(void **)result = NULL;
	if (settings_add(to->settings, to->setting, text, &origin) == 0)
		return 0;
	cfg_error(file, "out of memory");
	return -1;
}

static void note_empty_lists(struct settings *settings, cfg_t *file)
{
	for (size_t i = 0; i < SETTING_COUNT; i++)
		if ((cfg_getopt(file, settings_name(i))->flags & CFGF_MODIFIED) != 0)
			settings->of[i].is_set = true;
}

/* Returns -1, or the status to exit with. */
static int parse(struct settings *settings, const char *path, const char *text)
{
	struct destination destinations[SETTING_COUNT];
	cfg_opt_t options[SETTING_COUNT + 1] = {0}; /* a name that is NULL ends them */
	cfg_t *file;
	int result;

	for (size_t i = 0; i < SETTING_COUNT; i++) {
		destinations[i] = (struct destination){NULL, settings, (enum setting)i, path};
		options[i] = (cfg_opt_t){
			.name = settings_name(i),
			.type = CFGT_PTR,
			.flags = settings_is_list((enum setting)i) ? CFGF_LIST : CFGF_NONE,
			.simple_value = {.ptr = &destinations[i].value},
			.parsecb = take_value,
		};
	}
	file = cfg_init(options, CFGF_NONE);
	if (!file)
		return settings_out_of_memory();
	cfg_set_error_function(file, report_file_error);
	result = cfg_parse_buf(file, text);
	if (result == CFG_SUCCESS)
		note_empty_lists(settings, file);
	cfg_free(file);
	return result == CFG_SUCCESS ? -1 : CONFIG_EXIT_USAGE;
}

/* --- the file ----------------------------------------------------------------------------- */

static int complain_at(const char *path, const char *text, const char *at, const char *what)
{
	struct origin origin = {.file = path, .line = 1};

	for (; text < at; text++)
		origin.line += *text == '\n';
	return complain_of(&origin, "%s", what);
}

/* Reads up to the first NUL, or all of it. Returns the size, with the NUL, or -errno. */
static ssize_t read_text(const char *path, char **text)
{
	FILE *file = fopen(path, "re");
	size_t room = 0;
	ssize_t size;

	if (!file)
		return -errno;
	errno = 0;
	size = getdelim(text, &room, '\0', file);
	if (size < 0)
		size = -errno; /* 0: the file is empty */
	fclose(file);
	return size;
}

int settings_read_file(struct settings *settings, const char *path)
{
	char *text = NULL;
	ssize_t size = read_text(path, &text);
	int status = -1;

	if (size < 0) {
		status = complain("cannot read configuration file '%s': %s", path,
				  strerror((int)-size));
	} else if (text && size > 0 && text[size - 1] == '\0') {
		status = complain_at(path, text, text + size - 1, "a NUL byte: text is wanted");
	} else if (text && size > 0) {
		const char *unended = blank_comments(text);

		if (unended)
			status = complain_at(path, text, unended,
					     *unended == '/' ? "a comment without an end"
							     : "a quotation without an end");
		else
			status = parse(settings, path, text);
	}
	free(text);
	return status;
}
