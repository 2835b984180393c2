/* SPDX-License-Identifier: ISC */
/* Reads the command line; checks every value where it enters. */
#include "contrib/telnet/settings.h"

#include <getopt.h>
#include <pwd.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "contrib/telnet/connect.h"

#define EXIT_USAGE 2
#define GO_ON (-1)

#define DEFAULT_PORT "23"
#define DEFAULT_ESCAPE 0x1d /* ^] */
#define DEFAULT_TIMEOUT 30
#define TIMEOUT_MAX 3600

static const char usage[] =
	"usage: telnet [-468acEKLNqrx] [-b ADDRESS] [-e CHAR] [-l USER] [--env NAME]\n"
	"              [--trace FILE] [--crlf|--lf] [--linemode] [--raw] [--timeout SECONDS]\n"
	"              [HOST [PORT]]\n"
	"  -4, --ipv4            use only IPv4\n"
	"  -6, --ipv6            use only IPv6\n"
	"  -8, --binary          ask for 8-bit data both ways (BINARY)\n"
	"  -L, --binary-output   only for what is sent\n"
	"  -a, --login           tell the server your user name, if it asks\n"
	"  -l, --user USER       tell it this one\n"
	"  -K, --no-login        tell it none (the default)\n"
	"  -b, --bind ADDRESS    connect from this address of the machine\n"
	"  -e, --escape CHAR     the escape character: X, ^X or off; default ^]\n"
	"  -E, --no-escape       no escape character\n"
	"  -q, --quiet           print no notices, only what the server says and errors\n"
	"  -r, --rlogin          the escape character is ~ at the beginning of a line\n"
	"      --env NAME        tell the server this variable of yours, if it asks\n"
	"  -N                    accepted: addresses are never turned into names\n"
	"  -c, --no-rc           accepted: no file of commands is read\n"
	"  -x, --encrypt         refused: TELNET's own encryption is broken\n"
	"  -n, --trace FILE      write down what is negotiated; -: to standard output\n"
	"      --crlf            lines end in CR LF: to a text server the default,\n"
	"                        to a login server what the Enter key sends\n"
	"      --lf              to a text server lines end in LF\n"
	"      --raw             never speak TELNET: every byte is text\n"
	"      --linemode        offer to edit lines here (LINEMODE)\n"
	"      --timeout SECONDS how long to wait for an address, default 30\n"
	"  -V, --version         print the version\n"
	"  -h, --help            print this\n"
	"HOST may be HOST:PORT, [ADDRESS]:PORT or telnet://USER@HOST:PORT/, too.\n"
	"PORT is a number or a service's name, default 23. On other ports than 23 the client\n"
	"does not speak TELNET until the server does, unless there is -a, -l or a - before PORT.\n";

enum long_option {
	OPTION_CRLF = 256,
	OPTION_ENV,
	OPTION_LF,
	OPTION_RAW,
	OPTION_LINEMODE,
	OPTION_TIMEOUT,
};

static const struct option long_options[] = {
	{"ipv4", no_argument, NULL, '4'},
	{"ipv6", no_argument, NULL, '6'},
	{"binary", no_argument, NULL, '8'},
	{"binary-output", no_argument, NULL, 'L'},
	{"login", no_argument, NULL, 'a'},
	{"user", required_argument, NULL, 'l'},
	{"no-login", no_argument, NULL, 'K'},
	{"bind", required_argument, NULL, 'b'},
	{"env", required_argument, NULL, OPTION_ENV},
	{"escape", required_argument, NULL, 'e'},
	{"no-escape", no_argument, NULL, 'E'},
	{"quiet", no_argument, NULL, 'q'},
	{"rlogin", no_argument, NULL, 'r'},
	{"no-rc", no_argument, NULL, 'c'},
	{"encrypt", no_argument, NULL, 'x'},
	{"trace", required_argument, NULL, 'n'},
	{"crlf", no_argument, NULL, OPTION_CRLF},
	{"lf", no_argument, NULL, OPTION_LF},
	{"raw", no_argument, NULL, OPTION_RAW},
	{"linemode", no_argument, NULL, OPTION_LINEMODE},
	{"timeout", required_argument, NULL, OPTION_TIMEOUT},
	{"version", no_argument, NULL, 'V'},
	{"help", no_argument, NULL, 'h'},
	{NULL, 0, NULL, 0},
};

__attribute__((format(printf, 1, 2))) static int complain(const char *format, ...)
{
	va_list arguments;

	fputs("telnet: ", stderr);
	va_start(arguments, format);
	vfprintf(stderr, format, arguments);
	va_end(arguments);
	fputc('\n', stderr);
	return EXIT_USAGE;
}

bool settings_check_port(const char *port)
{
	unsigned short number;

	if (connect_knows_port(port, &number))
		return true;
	complain("bad port '%s': a number from 1 to 65535 or a service's name, such as smtp, "
		 "is wanted",
		 port);
	return false;
}

bool settings_read_character(const char *text, int *character)
{
	if (strcmp(text, "off") == 0 || text[0] == '\0') {
		*character = SETTINGS_NO_ESCAPE;
		return true;
	}
	if (text[1] == '\0') {
		*character = (unsigned char)text[0];
		return true;
	}
	if (text[0] != '^' || text[2] != '\0')
		return false;
	*character = text[1] == '?' ? 0x7f : text[1] & 0x1f;
	return text[1] == '?' || (text[1] >= '@' && text[1] <= '~');
}

const char *settings_show_character(int character, char text[8])
{
	if (character == SETTINGS_NO_ESCAPE)
		snprintf(text, 8, "off");
	else if (character == 0x7f)
		snprintf(text, 8, "^?");
	else if (character > 0x7f)
		snprintf(text, 8, "\\x%02x", (unsigned)character & 0xff);
	else if (character < ' ')
		snprintf(text, 8, "^%c", character + '@');
	else
		snprintf(text, 8, "%c", character);
	return text;
}

/* The name of whoever runs this. */
static const char *own_name(void)
{
	const struct passwd *entry = getpwuid(getuid());

	return entry ? strdup(entry->pw_name) : NULL;
}

static int set_escape(struct settings *settings, const char *text)
{
	if (settings_read_character(text, &settings->escape))
		return GO_ON;
	return complain("bad escape character '%s': X, ^X or off is wanted", text);
}

static int set_timeout(struct settings *settings, const char *text)
{
	char *end;
	unsigned long seconds = strtoul(text, &end, 10);

	if (text[0] < '0' || text[0] > '9' || *end != '\0' || seconds < 1 || seconds > TIMEOUT_MAX)
		return complain("bad timeout '%s': seconds from 1 to %d are wanted", text,
				TIMEOUT_MAX);
	settings->timeout = (unsigned)seconds;
	return GO_ON;
}

static void set_port(struct settings *settings, const char *text)
{
	if (text[0] == '-') {
		settings->negotiate = true;
		text++;
	}
	settings->port = text;
}

static int set_user(struct settings *settings, const char *user)
{
	settings->user = user;
	settings->negotiate = true;
	return GO_ON;
}

static int set_host(struct settings *settings, const char *text)
{
	struct destination *destination = &settings->destination;

	if (!destination_read(text, destination))
		return EXIT_USAGE;
	settings->host = destination->host;
	if (destination->port)
		set_port(settings, destination->port);
	if (destination->user && !settings->user)
		set_user(settings, destination->user);
	return GO_ON;
}

static int set_argument(struct settings *settings, const char *text)
{
	if (!settings->host)
		return set_host(settings, text);
	if (settings->port && settings->port == settings->destination.port)
		return complain("the port is given twice: '%s' and '%s'", settings->port, text);
	if (settings->port)
		return complain("'%s' is one argument too many: HOST and PORT are wanted", text);
	set_port(settings, text);
	return GO_ON;
}

static int set_export(struct settings *settings, const char *name)
{
	if (settings->export_count == SETTINGS_EXPORTS_MAX)
		return complain("'--env %s' is one too many: %d are the most", name,
				SETTINGS_EXPORTS_MAX);
	settings->exports[settings->export_count++] = name;
	return GO_ON;
}

static int print(const char *text)
{
	fputs(text, stdout);
	return EXIT_SUCCESS;
}

/* Options that are no more than a flag. */
static bool set_flag(struct settings *settings, int option)
{
	switch (option) {
	case '8':
		settings->binary_input = settings->binary_output = true;
		return true;
	case 'r':
		settings->rlogin = true;
		settings->escape = '~';
		return true;
	case 'L':
		settings->binary_output = true;
		return true;
	case '4':
	case '6':
		settings->family = option == '4' ? AF_INET : AF_INET6;
		return true;
	case 'E':
		settings->escape = SETTINGS_NO_ESCAPE;
		return true;
	case 'K':
		settings->user = NULL;
		return true;
	case 'q':
		settings->quiet = true;
		return true;
	case OPTION_CRLF:
		settings->crlf = true;
		settings->bare_lf = false;
		return true;
	case OPTION_LF:
		settings->bare_lf = true;
		settings->crlf = false;
		return true;
	case OPTION_RAW:
		settings->raw = true;
		return true;
	case OPTION_LINEMODE:
		settings->linemode = true;
		return true;
	default:
		return option == 'N' || option == 'c';
	}
}

static int set_option(struct settings *settings, int option)
{
	if (set_flag(settings, option))
		return GO_ON;
	switch (option) {
	case 1:
		return set_argument(settings, optarg);
	case 'a':
		return set_user(settings, own_name());
	case 'l':
		return set_user(settings, optarg);
	case 'b':
		return source_read(optarg, &settings->source) ? GO_ON : EXIT_USAGE;
	case OPTION_ENV:
		return set_export(settings, optarg);
	case 'e':
		return set_escape(settings, optarg);
	case 'n':
		settings->trace = optarg;
		return GO_ON;
	case OPTION_TIMEOUT:
		return set_timeout(settings, optarg);
	case 'x':
		return complain("-x: there is no encryption here: TELNET's own is broken; "
				"use ssh(1)");
	case 'V':
		return print("telnet " TELNETD_VERSION "\n");
	case 'h':
		return print(usage);
	default:
		return EXIT_USAGE;
	}
}

/* `text` is the argument in which getopt_long(3) has found it. */
static int take_option(struct settings *settings, int option, const char *text)
{
	if (option == '?')
		return complain("unknown option '%s': see telnet --help", text);
	if (option == ':')
		return complain("option '%s' wants a value: see telnet --help", text);
	return set_option(settings, option);
}

/* From an IPv4 address only IPv4 addresses can be reached, and likewise with IPv6. */
static int check_family(struct settings *settings)
{
	int family = settings->source.address.any.sa_family;

	if (!settings->source.text)
		return GO_ON;
	if (settings->family != AF_UNSPEC && settings->family != family)
		return complain("bad address '%s': with -%c an IPv%c address is wanted",
				settings->source.text, settings->family == AF_INET ? '4' : '6',
				settings->family == AF_INET ? '4' : '6');
	settings->family = family;
	return GO_ON;
}

/* A port with a minus before it looks like an option. */
static bool is_port_next(const struct settings *settings, int count, char *arguments[])
{
	const char *next = optind < count ? arguments[optind] : "";

	return settings->host && !settings->port && next[0] == '-' && next[1] >= '0' &&
	       next[1] <= '9' && next[2] != '\0';
}

int settings_read(struct settings *settings, int count, char *arguments[])
{
	int option, place, status = GO_ON;

	*settings = (struct settings){
		.family = AF_UNSPEC,
		.timeout = DEFAULT_TIMEOUT,
		.escape = DEFAULT_ESCAPE,
		.local_characters = true,
	};
	opterr = 0;
	while (status == GO_ON) {
		if (is_port_next(settings, count, arguments)) {
			status = set_argument(settings, arguments[optind++]);
			continue;
		}
		place = optind;
		option = getopt_long(count, arguments, "-:468LaKEqrNxcVhb:e:l:n:", long_options,
				     NULL);
		if (option < 0)
			break;
		status = take_option(settings, option, arguments[place]);
	}
	while (status == GO_ON && optind < count) /* behind "--" */
		status = set_argument(settings, arguments[optind++]);
	if (!settings->port)
		settings->port = DEFAULT_PORT;
	if (status == GO_ON && !settings_check_port(settings->port))
		return EXIT_USAGE;
	return status == GO_ON ? check_family(settings) : status;
}
