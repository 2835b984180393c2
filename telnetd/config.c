/* SPDX-License-Identifier: ISC */
/* Reads the command line, and has the configuration file read and every value checked. */
#include "telnetd/config.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "telnetd/complain.h"
#include "telnetd/settings.h"

#define DEFAULT_FILE "/etc/telnetd.conf"

static const char usage[] =
	"usage: telnetd [-FhiKSV] [-b ADDR[:PORT]]... [-p PORT] [-l PROGRAM] [-f FILE] [-c FILE]\n"
	"               [--linemode yes|no|ask] [--sessions-per-worker N] [--same-user]\n"
	"  -F, --foreground      stay in the foreground, log to standard error\n"
	"  -b, --bind ADDR       listen here ([v6]:port or v4:port; may be given again)\n"
	"  -p, --port PORT       default 23\n"
	"  -l, --login PROGRAM   default /bin/login -p -h %h; arguments after spaces,\n"
	"                        %h is the client's address\n"
	"  -f, --issue FILE      shown before login, default /etc/issue.net\n"
	"  -i, --inetd           serve the connection on descriptor 0\n"
	"  -h                    with -i: show no issue; else the same as --help\n"
	"  -K                    accepted: a session always ends with its login program\n"
	"  -S, --syslog          log to syslog also in the foreground\n"
	"  -c, --config FILE     configuration file, default /etc/telnetd.conf\n"
	"      --linemode WHEN   clients edit lines: yes (default: where they ask for it, or\n"
	"                        cannot do without), no, or ask (all are asked to)\n"
	"      --sessions-per-worker N\n"
	"                        1: a process for each session (default); 0: one per core\n"
	"      --same-user       only connections from this machine by the same user\n"
	"  -V, --version         print the version\n"
	"      --help            print this\n";

enum long_option {
	OPTION_SESSIONS_PER_WORKER = 256,
	OPTION_SAME_USER,
	OPTION_LINEMODE,
	OPTION_HELP,
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
	{"help", no_argument, NULL, OPTION_HELP},
	{NULL, 0, NULL, 0},
};

/* What the options say: the settings that the file can have, too, and what only options say. */
struct command_line {
	struct settings settings;
	const char *file;
	bool has_h; /* with -i it is about the issue, without that it asks for help */
};

/* Settings by their options. The value of one without an argument is "true". */
static const struct {
	int option;
	enum setting setting;
} setting_options[] = {
	{'b', SETTING_BIND},
	{'p', SETTING_PORT},
	{'l', SETTING_LOGIN},
	{'f', SETTING_ISSUE},
	{OPTION_SESSIONS_PER_WORKER, SETTING_SESSIONS_PER_WORKER},
	{OPTION_LINEMODE, SETTING_LINEMODE},
	{OPTION_SAME_USER, SETTING_SAME_USER},
};

static int take_setting(struct settings *settings, int option, int long_index)
{
	const bool is_long = long_index >= 0;
	const struct origin origin = {.long_option = is_long ? long_options[long_index].name : NULL,
				      .option = is_long ? '\0' : (char)option};

	for (size_t i = 0; i < sizeof(setting_options) / sizeof(setting_options[0]); i++) {
		if (setting_options[i].option != option)
			continue;
		if (settings_add(settings, setting_options[i].setting, optarg ? optarg : "true",
				 &origin) == 0)
			return -1;
		return settings_out_of_memory();
	}
	return CONFIG_EXIT_USAGE;
}

/* Prints what the user has asked for; not to a client, who has asked for nothing. */
static int print(const char *text)
{
	if (complain_is_for_inetd())
		return complain("descriptor 0 is a connection, as inetd(8) has it: -i is wanted, "
				"and neither --help nor --version");
	fputs(text, stdout);
	return 0;
}

static int take_option(struct config *config, struct command_line *line, int option, int long_index)
{
	switch (option) {
	case 'F':
		config->foreground = true;
		return -1;
	case 'c':
		line->file = optarg;
		return -1;
	case 'i':
		config->inetd = true;
		return -1;
	case 'K':
		return -1;
	case 'S':
		config->to_syslog = true;
		return -1;
	case 'V':
		return print("telnetd " TELNETD_VERSION "\n");
	case 'h':
		line->has_h = true;
		return -1;
	case OPTION_HELP:
		return print(usage);
	default:
		return take_setting(&line->settings, option, long_index);
	}
}

/* Returns -1, or the status to exit with. */
static int read_command_line(struct config *config, struct command_line *line, int argc,
			     char **argv)
{
	int status = -1;

	opterr = 0;
	optind = 0; /* getopt_long begins anew, however often this is called */
	while (status < 0) {
		int place = optind > 0 ? optind : 1, long_index = -1;
		int option =
			getopt_long(argc, argv, "+:Fb:p:l:f:iKSVc:h", long_options, &long_index);

		if (option < 0)
			break;
		if (option == '?')
			return complain("unknown option '%s': see telnetd --help", argv[place]);
		if (option == ':')
			return complain("option '%s' wants a value: see telnetd --help",
					argv[place]);
		status = take_option(config, line, option, long_index);
	}
	if (status < 0 && optind < argc)
		return complain("unknown argument '%s': see telnetd --help", argv[optind]);
	if (status < 0 && line->has_h && !config->inetd)
		return print(usage);
	return status;
}

/* The usual file need not be there. */
static int read_file(struct settings *settings, const char *path)
{
	if (settings_is_accessible(path ? path : DEFAULT_FILE, R_OK))
		return settings_read_file(settings, path ? path : DEFAULT_FILE);
	if (!path && errno == ENOENT)
		return -1;
	return complain("cannot read configuration file '%s': %s", path ? path : DEFAULT_FILE,
			strerror(errno));
}

int config_read(struct config *config, int argc, char **argv)
{
	struct command_line line = {0};
	struct settings file = {0};
	int status;

	*config = (struct config){0};
	status = read_command_line(config, &line, argc, argv);
	if (status < 0)
		status = read_file(&file, line.file);
	if (status < 0)
		status = settings_apply(config, &line.settings, &file);
	if (status < 0 && line.has_h) {
		free(config->issue);
		config->issue = NULL;
	}
	settings_free(&line.settings);
	settings_free(&file);
	return status;
}

void config_free_words(char **words)
{
	for (size_t i = 0; words && words[i]; i++)
		free(words[i]);
	free(words);
}

void config_free(struct config *config)
{
	for (size_t i = 0; i < config->bind_count; i++) {
		free(config->binds[i].host);
		free(config->binds[i].port);
	}
	config_free_words(config->login);
	config_free_words(config->accept_environment);
	free(config->issue);
}
