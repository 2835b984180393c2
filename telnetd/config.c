/* SPDX-License-Identifier: ISC */
/* Reads the command line and the configuration file; checks every value where it enters. */
#include "telnetd/config.h"

#include <confuse.h>
#include <errno.h>
#include <getopt.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "telnetd/environment.h"

#define DEFAULT_PORT 23
#define DEFAULT_LOGIN "/bin/login -p -h %h"
#define DEFAULT_ISSUE "/etc/issue.net"
#define DEFAULT_FILE "/etc/telnetd.conf"
#define SESSIONS_MAX 1000000
#define ALL_CHARSETS "all"

static const char usage[] =
	"usage: telnetd [-FhiKSV] [-b ADDR[:PORT]]... [-p PORT] [-l PROGRAM] [-f FILE] [-c FILE]\n"
	"               [--linemode yes|no|ask] [--sessions-per-worker N] [--same-user]\n"
	"  -F, --foreground      stay in the foreground, log to standard error\n"
	"  -b, --bind ADDR       listen here ([v6]:port or v4:port; may be given again)\n"
	"  -p, --port PORT       default 23\n"
	"  -l, --login PROGRAM   default " DEFAULT_LOGIN "; arguments after spaces,\n"
	"                        %h is the client's address\n"
	"  -f, --issue FILE      shown before login, default /etc/issue.net\n"
	"  -i, --inetd           serve the connection on descriptor 0\n"
	"  -K                    accepted: a session always ends with its login program\n"
	"  -S, --syslog          log to syslog also in the foreground\n"
	"  -c, --config FILE     configuration file, default /etc/telnetd.conf\n"
	"      --linemode WHEN   clients edit lines: yes (default: where they ask for it, or\n"
	"                        cannot do without), no, or ask (all are asked to)\n"
	"      --sessions-per-worker N\n"
	"                        1: a process for each session (default); 0: one per core\n"
	"      --same-user       only connections from this machine by the same user\n"
	"  -V, --version         print the version\n"
	"  -h, --help            print this\n";

enum long_option {
	OPTION_SESSIONS_PER_WORKER = 256,
	OPTION_SAME_USER,
	OPTION_LINEMODE,
};

static const struct option long_options[] = {
	{"foreground", no_argument, NULL, 'F'},
	{"bind", required_argument, NULL, 'b'},
	{"port", required_argument, NULL, 'p'},
	{"login", required_argument, NULL, 'l'},
	{"issue", required_argument, NULL, 'f'},
	{"inetd", no_argument, NULL, 'i'},
	{"syslog", no_argument, NULL, 'S'},
	{"config", required_argument, NULL, 'c'},
	{"sessions-per-worker", required_argument, NULL, OPTION_SESSIONS_PER_WORKER},
	{"same-user", no_argument, NULL, OPTION_SAME_USER},
	{"linemode", required_argument, NULL, OPTION_LINEMODE},
	{"version", no_argument, NULL, 'V'},
	{"help", no_argument, NULL, 'h'},
	{NULL, 0, NULL, 0},
};

/* What has been set, as text, before it is checked: by the file, then by the command line. */
struct settings {
	const char *file;
	const char *port;
	const char *login;
	const char *issue;
	const char *sessions_per_worker;
	const char *linemode;
	const char *compress;
	const char *charset;
	const char *client_charset;
	const char *charsets[CHARSETS_MAX + 1]; /* NULL last */
	const char *binds[CONFIG_BINDS_MAX];
	size_t bind_count;
};

__attribute__((format(printf, 1, 2))) static int complain(const char *format, ...)
{
	va_list arguments;

	fputs("telnetd: ", stderr);
	va_start(arguments, format);
	vfprintf(stderr, format, arguments);
	va_end(arguments);
	fputc('\n', stderr);
	return CONFIG_EXIT_USAGE;
}

static int out_of_memory(void)
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

static int check_port(const char *text)
{
	unsigned long port;

	if (read_number(text, 65535, &port))
		return -1;
	return complain("bad port '%s': a number from 0 (any free port) to 65535 is wanted", text);
}

/* As access(2), for files only: a directory can be neither run nor read as one. */
static bool is_accessible(const char *path, int how)
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
static int set_bind(struct config_bind *bind, const char *text)
{
	const char *host = text, *end = text + strlen(text);
	const char *colon = strrchr(text, ':');

	if (text[0] == '[') {
		host = text + 1;
		end = strchr(host, ']');
		if (!end || (end[1] != '\0' && end[1] != ':'))
			return complain("bad address '%s': [ADDR]:PORT is wanted", text);
		colon = end[1] == ':' ? end + 1 : NULL;
	} else if (colon && strchr(text, ':') == colon) {
		end = colon;
	} else {
		colon = NULL;
	}
	if (colon && check_port(colon + 1) >= 0)
		return CONFIG_EXIT_USAGE;
	bind->host = strndup(host, (size_t)(end - host));
	bind->port = colon ? strdup(colon + 1) : NULL;
	if (!bind->host || (colon && !bind->port))
		return out_of_memory();
	return -1;
}

static void free_words(char **words)
{
	for (size_t i = 0; words && words[i]; i++)
		free(words[i]);
	free(words);
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
	free_words(words);
	return NULL;
}

static int set_login(struct config *config, const char *text)
{
	config->login = split_words(text);
	if (!config->login)
		return out_of_memory();
	if (!config->login[0] || config->login[0][0] != '/')
		return complain("bad login program '%s': an absolute path is wanted", text);
	if (!is_accessible(config->login[0], X_OK))
		return complain("cannot run login program '%s': %s", config->login[0],
				strerror(errno));
	return -1;
}

static int set_issue(struct config *config, const char *file)
{
	if (!file && !is_accessible(DEFAULT_ISSUE, R_OK))
		return -1;
	if (file && !is_accessible(file, R_OK))
		return complain("cannot read issue file '%s': %s", file, strerror(errno));
	config->issue = strdup(file ? file : DEFAULT_ISSUE);
	return config->issue ? -1 : out_of_memory();
}

static int set_sessions_per_worker(struct config *config, const char *text)
{
	unsigned long sessions;

	if (!read_number(text, SESSIONS_MAX, &sessions))
		return complain("bad number of sessions per worker '%s': a number from 0 (all "
				"shared, one worker per core) to %d is wanted",
				text, SESSIONS_MAX);
	config->sessions_per_worker = (unsigned)sessions;
	return -1;
}

static int set_choice(enum config_choice *choice, const char *name, const char *text)
{
	static const char *const choices[] = {
		[CONFIG_NO] = "no",
		[CONFIG_YES] = "yes",
		[CONFIG_ASK] = "ask",
	};

	for (size_t i = 0; i < sizeof(choices) / sizeof(choices[0]); i++) {
		if (strcmp(text, choices[i]) != 0)
			continue;
		*choice = (enum config_choice)i;
		return -1;
	}
	return complain("bad value '%s' of %s: yes, no or ask is wanted", text, name);
}

static int complain_of_charset(const char *name)
{
	char known[256] = "";
	size_t size = 0;

	for (size_t i = 0; charsets_at(i) && size < sizeof(known); i++)
		size += (size_t)snprintf(known + size, sizeof(known) - size, "%s%s",
					 i > 0 ? ", " : "", charsets_at(i));
	if (strcmp(name, ALL_CHARSETS) == 0)
		return complain("bad character set '%s': only charsets = { %s } can have it", name,
				name);
	return complain("unknown character set '%s': one of %s is wanted", name, known);
}

/* Looks a character set up; `set` stays as it is where there is no name. */
static int set_charset(const char **set, const char *name)
{
	const char *found = name ? charsets_find(name) : NULL;

	if (!name)
		return -1;
	if (!found)
		return complain_of_charset(name);
	*set = found;
	if (charsets_can_convert(found))
		return -1;
	return complain("character set '%s': iconv(3) of this machine does not know it", name);
}

static int set_terminal_charset(struct config *config, const char *name)
{
	int status = set_charset(&config->charsets.terminal, name);

	if (status >= 0 || !name || charsets_suits_terminal(name))
		return status;
	return complain("bad charset '%s': terminals cannot have it, client-charset can", name);
}

/*
 * Where each session has a worker of its own, each converter that is loaded makes its fork dearer:
 * only those that are named, and ASCII, which the C library has built in.
 */
static int set_charsets(struct config *config, const char *const *names)
{
	struct charsets *charsets = &config->charsets;
	int status = -1;

	if (!names[0])
		charsets->agreeable[0] = charsets_find("US-ASCII");
	if ((!names[0] && config->sessions_per_worker != 1) ||
	    (names[0] && !names[1] && strcmp(names[0], ALL_CHARSETS) == 0)) {
		charsets_agree_to_all(charsets);
		return -1;
	}
	for (size_t i = 0; names[i] && status < 0; i++)
		status = set_charset(&charsets->agreeable[i], names[i]);
	return status;
}

/* --- the file ----------------------------------------------------------------------------- */

static int add_bind(struct settings *settings, const char *text)
{
	if (settings->bind_count == CONFIG_BINDS_MAX)
		return complain("too many addresses at '%s': at most %d are listened on", text,
				CONFIG_BINDS_MAX);
	settings->binds[settings->bind_count++] = text;
	return -1;
}

/* Text, and not libconfuse's own boolean, whose complaint does not name the value. */
static int take_same_user(struct config *config, const char *text)
{
	int value = text ? cfg_parse_boolean(text) : cfg_false;

	if (value < 0)
		return complain("bad value '%s' of same-user: true or false is wanted", text);
	if (value == cfg_true)
		config->same_user = true;
	return -1;
}

static int check_accepted_variable(const char *name)
{
	if (!environment_is_name(name))
		return complain("bad variable '%s' of accept-env: letters, digits and _ are wanted",
				name);
	if (environment_is_reserved(name))
		return complain("bad variable '%s' of accept-env: no client may set it", name);
	return -1;
}

static int take_accept_environment(struct config *config, cfg_t *file)
{
	unsigned count = cfg_size(file, "accept-env");

	config->accept_environment = calloc(count + 1, sizeof(char *));
	if (!config->accept_environment)
		return out_of_memory();
	for (unsigned i = 0; i < count; i++) {
		int status = check_accepted_variable(cfg_getnstr(file, "accept-env", i));

		if (status >= 0)
			return status;
		config->accept_environment[i] = strdup(cfg_getnstr(file, "accept-env", i));
		if (!config->accept_environment[i])
			return out_of_memory();
	}
	return -1;
}

static int take_charsets(struct settings *settings, cfg_t *file)
{
	unsigned count = cfg_size(file, "charsets");

	if (count > CHARSETS_MAX)
		return complain("too many character sets at '%s': there are %d",
				cfg_getnstr(file, "charsets", CHARSETS_MAX), CHARSETS_MAX);
	for (unsigned i = 0; i < count; i++)
		settings->charsets[i] = cfg_getnstr(file, "charsets", i);
	return -1;
}

static void report_file_error(cfg_t *file, const char *format, va_list arguments)
{
	fprintf(stderr, "telnetd: %s:%d: ", file && file->filename ? file->filename : "?",
		file ? file->line : 0);
	vfprintf(stderr, format, arguments);
	fputc('\n', stderr);
}

/* Takes over what the file sets and the command line does not. */
static int merge_file(struct config *config, struct settings *settings, cfg_t *file)
{
	const struct {
		const char *name;
		const char **value;
	} texts[] = {
		{"port", &settings->port},
		{"login", &settings->login},
		{"issue", &settings->issue},
		{"sessions-per-worker", &settings->sessions_per_worker},
		{"linemode", &settings->linemode},
		{"compress", &settings->compress},
		{"charset", &settings->charset},
		{"client-charset", &settings->client_charset},
	};
	int status;

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		if (!*texts[i].value)
			*texts[i].value = cfg_getstr(file, texts[i].name);
	if (settings->bind_count == 0)
		for (unsigned i = 0; i < cfg_size(file, "bind"); i++)
			if (add_bind(settings, cfg_getnstr(file, "bind", i)) >= 0)
				return CONFIG_EXIT_USAGE;
	status = take_same_user(config, cfg_getstr(file, "same-user"));
	if (status < 0)
		status = take_charsets(settings, file);
	return status < 0 ? take_accept_environment(config, file) : status;
}

/* --- all of it ---------------------------------------------------------------------------- */

static int check_settings(struct config *config, const struct settings *settings)
{
	int status = settings->port ? check_port(settings->port) : -1;

	if (status >= 0)
		return status;
	config->port = settings->port ? (unsigned short)atoi(settings->port) : DEFAULT_PORT;
	for (size_t i = 0; i < settings->bind_count && status < 0; i++)
		status = set_bind(&config->binds[config->bind_count++], settings->binds[i]);
	if (status < 0)
		status = set_login(config, settings->login ? settings->login : DEFAULT_LOGIN);
	if (status < 0)
		status = set_issue(config, settings->issue);
	if (status < 0 && settings->sessions_per_worker)
		status = set_sessions_per_worker(config, settings->sessions_per_worker);
	if (status < 0 && settings->linemode)
		status = set_choice(&config->linemode, "linemode", settings->linemode);
	if (status < 0 && settings->compress)
		status = set_choice(&config->compress, "compress", settings->compress);
	if (status < 0)
		status = set_terminal_charset(config, settings->charset);
	if (status < 0)
		status = set_charset(&config->charsets.client, settings->client_charset);
	if (status < 0)
		status = set_charsets(config, settings->charsets);
	return status;
}

static int read_file(struct config *config, struct settings *settings)
{
	cfg_opt_t options[] = {
		CFG_STR("port", NULL, CFGF_NONE),
		CFG_STR("login", NULL, CFGF_NONE),
		CFG_STR("issue", NULL, CFGF_NONE),
		CFG_STR("sessions-per-worker", NULL, CFGF_NONE),
		CFG_STR("linemode", NULL, CFGF_NONE),
		CFG_STR("charset", NULL, CFGF_NONE),
		CFG_STR("client-charset", NULL, CFGF_NONE),
		CFG_STR_LIST("charsets", NULL, CFGF_NONE),
		CFG_STR_LIST("bind", NULL, CFGF_NONE),
		CFG_STR_LIST("accept-env", NULL, CFGF_NONE),
		CFG_STR("same-user", NULL, CFGF_NONE),
		CFG_STR("compress", NULL, CFGF_NONE),
		CFG_END(),
	};
	const char *path = settings->file ? settings->file : DEFAULT_FILE;
	cfg_t *file;
	int status;

	if (!is_accessible(path, R_OK)) {
		if (!settings->file && errno == ENOENT)
			return check_settings(config, settings);
		return complain("cannot read configuration file '%s': %s", path, strerror(errno));
	}
	file = cfg_init(options, CFGF_NONE);
	if (!file)
		return out_of_memory();
	cfg_set_error_function(file, report_file_error);
	status = cfg_parse(file, path) == CFG_SUCCESS ? -1 : CONFIG_EXIT_USAGE;
	if (status < 0)
		status = merge_file(config, settings, file);
	if (status < 0)
		status = check_settings(config, settings);
	cfg_free(file);
	return status;
}

static int take_option(struct config *config, struct settings *settings, int option)
{
	switch (option) {
	case 'F':
		config->foreground = true;
		return -1;
	case 'b':
		return add_bind(settings, optarg);
	case 'p':
		settings->port = optarg;
		return -1;
	case 'l':
		settings->login = optarg;
		return -1;
	case 'f':
		settings->issue = optarg;
		return -1;
	case 'c':
		settings->file = optarg;
		return -1;
	case 'i':
		config->inetd = true;
		return -1;
	case 'K':
		return -1;
	case 'S':
		config->to_syslog = true;
		return -1;
	case OPTION_SESSIONS_PER_WORKER:
		settings->sessions_per_worker = optarg;
		return -1;
	case OPTION_LINEMODE:
		settings->linemode = optarg;
		return -1;
	case OPTION_SAME_USER:
		config->same_user = true;
		return -1;
	case 'V':
		puts("telnetd " TELNETD_VERSION);
		return 0;
	case 'h':
		fputs(usage, stdout);
		return 0;
	default:
		return CONFIG_EXIT_USAGE;
	}
}

int config_read(struct config *config, int argc, char **argv)
{
	struct settings settings = {0};
	int option, status;

	*config = (struct config){
		.linemode = CONFIG_YES, .compress = CONFIG_ASK, .sessions_per_worker = 1};
	opterr = 0;
	optind = 0; /* getopt_long begins anew, however often this is called */
	while (true) {
		int place = optind > 0 ? optind : 1;

		option = getopt_long(argc, argv, "+:Fb:p:l:f:iKSVc:h", long_options, NULL);
		if (option < 0)
			break;
		if (option == '?')
			return complain("unknown option '%s': see telnetd --help", argv[place]);
		if (option == ':')
			return complain("option '%s' wants a value: see telnetd --help",
					argv[place]);
		status = take_option(config, &settings, option);
		if (status >= 0)
			return status;
	}
	if (optind < argc)
		return complain("unknown argument '%s': see telnetd --help", argv[optind]);
	return read_file(config, &settings);
}

void config_free(struct config *config)
{
	for (size_t i = 0; i < config->bind_count; i++) {
		free(config->binds[i].host);
		free(config->binds[i].port);
	}
	free_words(config->login);
	free_words(config->accept_environment);
	free(config->issue);
}
