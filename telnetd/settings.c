/* SPDX-License-Identifier: ISC */
/* A table with one row for each setting, and the checks that every value must pass. */
#include "telnetd/settings.h"

#include <confuse.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "telnetd/environment.h"

#define LOGIN_PROGRAM "/bin/login"
#define DEFAULT_LOGIN LOGIN_PROGRAM " -p -h %h"
#define DEFAULT_ISSUE "/etc/issue.net"
#define SESSIONS_MAX 1000000
#define ALL_CHARSETS "all"
#define NO_CHARSET "none"

int settings_out_of_memory(void)
{
	complain("out of memory");
	return CONFIG_EXIT_FAILURE;
}

/* --- one value ---------------------------------------------------------------------------- */

/* Reads a whole decimal number of at most `most`. */
static bool read_number(const char *text, unsigned long most, unsigned long *number)
{
	char *end;

	if (text[0] < '0' || text[0] > '9')
		return false;
	errno = 0;
	*number = strtoul(text, &end, 10);
	return *end == '\0' && errno == 0 && *number <= most;
}

/* Of a port by itself, or of one that follows an address. */
static int check_port(const struct origin *origin, const char *text, unsigned long *port)
{
	if (read_number(text, 65535, port))
		return -1;
	return complain_of(
		origin, "bad port '%s': a number from 0 (any free port) to 65535 is wanted", text);
}

static int set_port(struct config *config, const struct setting_value *value)
{
	unsigned long port = 0;
	int status = check_port(&value->origin, value->text, &port);

	config->port = (unsigned short)port;
	return status;
}

bool settings_is_accessible(const char *path, int how)
{
	struct stat status;

	if (access(path, how) != 0 || stat(path, &status) != 0)
		return false;
	if (!S_ISDIR(status.st_mode))
		return true;
	errno = EISDIR;
	return false;
}

/* Splits ADDR, ADDR:PORT or [ADDR]:PORT. An address with more than one colon is IPv6. */
static int set_bind(struct config_bind *bind, const struct setting_value *value)
{
	const char *host = value->text, *end = host + strlen(host);
	const char *colon = strrchr(host, ':');
	unsigned long port;

	if (host[0] == '[') {
		host++;
		end = strchr(host, ']');
		if (!end || (end[1] != '\0' && end[1] != ':'))
			return complain_of(&value->origin,
					   "bad address '%s': [ADDR]:PORT is wanted", value->text);
		colon = end[1] == ':' ? end + 1 : NULL;
	} else if (colon && strchr(host, ':') == colon) {
		end = colon;
	} else {
		colon = NULL;
	}
	if (colon && check_port(&value->origin, colon + 1, &port) >= 0)
		return CONFIG_EXIT_USAGE;
	bind->host = strndup(host, (size_t)(end - host));
	bind->port = colon ? strdup(colon + 1) : NULL;
	bind->origin = value->origin;
	if (!bind->host || (colon && !bind->port))
		return settings_out_of_memory();
	return -1;
}

/* Splits at spaces into a list that ends with NULL; NULL when memory is out. */
static char **split_words(const char *text)
{
	char **words = calloc(strlen(text) / 2 + 2, sizeof(*words));

	for (size_t count = 0; words; count++) {
		size_t length;

		text += strspn(text, " \t");
		length = strcspn(text, " \t");
		if (length == 0)
			return words;
		words[count] = strndup(text, length);
		if (!words[count])
			break;
		text += length;
	}
	config_free_words(words);
	return NULL;
}

/*
 * Whether it is login(1) by one of its usual names, and not set-user-ID. Names decide, since the
 * file cannot: it may be busybox, as /bin/sh may be.
 */
static bool wants_root(const char *program)
{
	struct stat status;

	if (strcmp(program, LOGIN_PROGRAM) != 0 && strcmp(program, "/usr" LOGIN_PROGRAM) != 0)
		return false;
	return stat(program, &status) != 0 || (status.st_mode & S_ISUID) == 0;
}

static int set_login(struct config *config, const struct setting_value *value)
{
	const char *program;

	config->login = split_words(value->text);
	if (!config->login)
		return settings_out_of_memory();
	program = config->login[0];
	if (!program || program[0] != '/')
		return complain_of(&value->origin,
				   "bad login program '%s': an absolute path is wanted",
				   value->text);
	if (!settings_is_accessible(program, X_OK))
		return complain_of(&value->origin, "cannot run login program '%s': %s", program,
				   strerror(errno));
	if (geteuid() != 0 && wants_root(program))
		return complain_of(&value->origin,
				   "login program '%s' works for root only: start as root, or for "
				   "yourself with --same-user -l /bin/sh",
				   program);
	return -1;
}

/* The default need not be there, by whomever it is named. */
static int set_issue(struct config *config, const struct setting_value *value)
{
	bool readable = settings_is_accessible(value->text, R_OK);

	if (!readable && errno == ENOENT && strcmp(value->text, DEFAULT_ISSUE) == 0)
		return -1;
	if (!readable)
		return complain_of(&value->origin, "cannot read issue file '%s': %s", value->text,
				   strerror(errno));
	config->issue = strdup(value->text);
	return config->issue ? -1 : settings_out_of_memory();
}

static int set_sessions_per_worker(struct config *config, const struct setting_value *value)
{
	unsigned long sessions;

	if (!read_number(value->text, SESSIONS_MAX, &sessions))
		return complain_of(&value->origin,
				   "bad number of sessions per worker '%s': a number from 0 (all "
				   "shared, one worker per core) to %d is wanted",
				   value->text, SESSIONS_MAX);
	config->sessions_per_worker = (unsigned)sessions;
	return -1;
}

static int set_choice(enum config_choice *choice, const char *name,
		      const struct setting_value *value)
{
	static const char *const choices[] = {
		[CONFIG_NO] = "no",
		[CONFIG_YES] = "yes",
		[CONFIG_ASK] = "ask",
	};

	for (size_t i = 0; i < sizeof(choices) / sizeof(choices[0]); i++) {
		if (strcmp(value->text, choices[i]) != 0)
			continue;
		*choice = (enum config_choice)i;
		return -1;
	}
	return complain_of(&value->origin, "bad value '%s' of %s: yes, no or ask is wanted",
			   value->text, name);
}

static int set_linemode(struct config *config, const struct setting_value *value)
{
	return set_choice(&config->linemode, "linemode", value);
}

static int set_compress(struct config *config, const struct setting_value *value)
{
	return set_choice(&config->compress, "compress", value);
}

/* Text, and not libconfuse's own boolean, whose complaint does not name the value. */
static int set_same_user(struct config *config, const struct setting_value *value)
{
	int truth = cfg_parse_boolean(value->text);

	if (truth < 0)
		return complain_of(&value->origin,
				   "bad value '%s' of same-user: true or false is wanted",
				   value->text);
	config->same_user = truth == cfg_true;
	return -1;
}

static int complain_of_charset(const struct setting_value *value)
{
	char known[256] = "";
	size_t size = 0;

	for (size_t i = 0; charsets_at(i) && size < sizeof(known); i++)
		size += (size_t)snprintf(known + size, sizeof(known) - size, "%s%s",
					 i > 0 ? ", " : "", charsets_at(i));
	if (strcmp(value->text, ALL_CHARSETS) == 0)
		return complain_of(&value->origin,
				   "bad character set '%s': only charsets = { %s } can have it",
				   value->text, value->text);
	return complain_of(&value->origin, "unknown character set '%s': one of %s is wanted",
			   value->text, known);
}

static int find_charset(const char **set, const struct setting_value *value)
{
	*set = charsets_find(value->text);
	if (!*set)
		return complain_of_charset(value);
	if (charsets_can_convert(*set))
		return -1;
	return complain_of(&value->origin,
			   "character set '%s': iconv(3) of this machine does not know it",
			   value->text);
}

static int set_charset(struct config *config, const struct setting_value *value)
{
	int status = find_charset(&config->charsets.terminal, value);

	if (status >= 0 || charsets_suits_terminal(value->text))
		return status;
	return complain_of(&value->origin,
			   "bad charset '%s': terminals cannot have it, client-charset can",
			   value->text);
}

static int set_client_charset(struct config *config, const struct setting_value *value)
{
	if (strcmp(value->text, NO_CHARSET) == 0)
		return -1;
	return find_charset(&config->charsets.client, value);
}

/* --- lists -------------------------------------------------------------------------------- */

static int set_binds(struct config *config, const struct setting_values *list)
{
	int status = -1;

	for (size_t i = 0; i < list->count && status < 0; i++) {
		if (i == CONFIG_BINDS_MAX)
			return complain_of(&list->values[i].origin,
					   "too many addresses at '%s': at most %d are listened on",
					   list->values[i].text, CONFIG_BINDS_MAX);
		status = set_bind(&config->binds[config->bind_count++], &list->values[i]);
	}
	return status;
}

static int check_accepted_variable(const struct setting_value *value)
{
	if (!environment_is_name(value->text))
		return complain_of(
			&value->origin,
			"bad variable '%s' of accept-env: letters, digits and _ are wanted",
			value->text);
	if (environment_is_reserved(value->text))
		return complain_of(&value->origin,
				   "bad variable '%s' of accept-env: no client may set it",
				   value->text);
	return -1;
}

static int set_accepted_environment(struct config *config, const struct setting_values *list)
{
	config->accept_environment = calloc(list->count + 1, sizeof(char *));
	if (!config->accept_environment)
		return settings_out_of_memory();
	for (size_t i = 0; i < list->count; i++) {
		int status = check_accepted_variable(&list->values[i]);

		if (status >= 0)
			return status;
		config->accept_environment[i] = strdup(list->values[i].text);
		if (!config->accept_environment[i])
			return settings_out_of_memory();
	}
	return -1;
}

/* An empty list stays empty: nothing is offered. */
static int set_charsets(struct config *config, const struct setting_values *list)
{
	struct charsets *charsets = &config->charsets;
	int status = -1;

	if (list->count > CHARSETS_MAX)
		return complain_of(&list->values[CHARSETS_MAX].origin,
				   "too many character sets at '%s': there are %d",
				   list->values[CHARSETS_MAX].text, CHARSETS_MAX);
	if (list->count == 0 && list->is_set)
		return -1;
	if (list->count == 0 ||
	    (list->count == 1 && strcmp(list->values[0].text, ALL_CHARSETS) == 0)) {
		charsets_agree_to_all(charsets);
		return -1;
	}
	for (size_t i = 0; i < list->count && status < 0; i++)
		status = find_charset(&charsets->agreeable[i], &list->values[i]);
	return status;
}

/* --- all of them -------------------------------------------------------------------------- */

/* A list is set by `set_list`, and has no default here; the others by `set`. */
static const struct {
	const char *name;
	const char *usual; /* NULL: not set, unless somebody does */
	int (*set)(struct config *, const struct setting_value *);
	int (*set_list)(struct config *, const struct setting_values *);
} rows[SETTING_COUNT] = {
	[SETTING_PORT] = {"port", "23", set_port, NULL},
	[SETTING_BIND] = {"bind", NULL, NULL, set_binds},
	[SETTING_LOGIN] = {"login", DEFAULT_LOGIN, set_login, NULL},
	[SETTING_ISSUE] = {"issue", DEFAULT_ISSUE, set_issue, NULL},
	[SETTING_SESSIONS_PER_WORKER] = {"sessions-per-worker", "1", set_sessions_per_worker, NULL},
	[SETTING_LINEMODE] = {"linemode", "yes", set_linemode, NULL},
	[SETTING_SAME_USER] = {"same-user", "false", set_same_user, NULL},
	[SETTING_COMPRESS] = {"compress", "ask", set_compress, NULL},
	[SETTING_ACCEPT_ENV] = {"accept-env", NULL, NULL, set_accepted_environment},
	[SETTING_CHARSET] = {"charset", NULL, set_charset, NULL},
	[SETTING_CLIENT_CHARSET] = {"client-charset", NULL, set_client_charset, NULL},
	[SETTING_CHARSETS] = {"charsets", NULL, NULL, set_charsets},
};

const char *settings_name(size_t setting)
{
	return setting < SETTING_COUNT ? rows[setting].name : NULL;
}

bool settings_is_list(enum setting setting)
{
	return rows[setting].set_list != NULL;
}

int settings_add(struct settings *settings, enum setting setting, const char *text,
		 const struct origin *origin)
{
	struct setting_values *values = &settings->of[setting];
	struct setting_value *more;

	if (!settings_is_list(setting) && values->count > 0)
		free(values->values[--values->count].text);
	more = realloc(values->values, (values->count + 1) * sizeof(*more));
	if (!more)
		return -ENOMEM;
	values->values = more;
	more += values->count;
	more->text = strdup(text);
	more->origin = *origin;
	if (!more->text)
		return -ENOMEM;
	values->count++;
	values->is_set = true;
	return 0;
}

void settings_free(struct settings *settings)
{
	for (size_t i = 0; i < SETTING_COUNT; i++) {
		for (size_t j = 0; j < settings->of[i].count; j++)
			free(settings->of[i].values[j].text);
		free(settings->of[i].values);
	}
}

static int apply(struct config *config, enum setting setting, const struct setting_values *values)
{
	struct setting_value usual = {.text = NULL};
	int status;

	if (rows[setting].set_list)
		return rows[setting].set_list(config, values);
	if (values->is_set)
		return rows[setting].set(config, &values->values[0]);
	if (!rows[setting].usual)
		return -1;
	usual.text = strdup(rows[setting].usual);
	if (!usual.text)
		return settings_out_of_memory();
	status = rows[setting].set(config, &usual);
	free(usual.text);
	return status;
}

int settings_apply(struct config *config, const struct settings *command_line,
		   const struct settings *file)
{
	int status = -1;

	for (size_t i = 0; i < SETTING_COUNT && status < 0; i++)
		status = apply(config, (enum setting)i,
			       command_line->of[i].is_set ? &command_line->of[i] : &file->of[i]);
	return status;
}
