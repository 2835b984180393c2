/* SPDX-License-Identifier: ISC */
/* The command line and the configuration file, in one struct. */
#ifndef TELNETD_CONFIG_H
#define TELNETD_CONFIG_H

#include <stdbool.h>
#include <stddef.h>

#include "telnetd/charsets.h"
#include "telnetd/complain.h"

#define CONFIG_BINDS_MAX 16

/* Exit statuses: what the caller can mend, and what the machine refuses. */
#define CONFIG_EXIT_USAGE 2
#define CONFIG_EXIT_FAILURE 1

/* An address to listen on. */
struct config_bind {
	char *host; /* numeric; NULL for all addresses */
	char *port; /* decimal; NULL for config.port */
	struct origin origin; /* where the configuration has it */
};

/* Whether the server does an option of TELNET; the settings say below who asks for it. */
enum config_choice {
	CONFIG_NO, /* refused */
	CONFIG_YES,
	CONFIG_ASK,
};

struct config {
	bool foreground;
	bool inetd;
	bool to_syslog;
	bool same_user;
	struct config_bind binds[CONFIG_BINDS_MAX];
	size_t bind_count;
	unsigned short port; /* 0: any free one */
	char **login; /* the login program's arguments, its path first, NULL last */
	char *issue; /* file shown before login, NULL for none */
	char **accept_environment; /* variables allowed beside the usual ones, NULL last */
	/* LINEMODE: YES when a client asks, and of one without SGA; ASK of every client. */
	enum config_choice linemode;
	/* COMPRESS2 and COMPRESS3: YES where the client agrees; ASK when it asks. */
	enum config_choice compress;
	unsigned sessions_per_worker; /* 0: all shared, one worker per core */
	struct charsets charsets; /* not loaded yet */
};

/*
 * Fills a config from the command line and the configuration file that it names (or the usual one
 * where there is one); the command line wins. Complains of an error in one line that says where the
 * value stands and what would be right (complain.h).
 *
 * Returns -1 where the program is to go on, else the status to exit with (0 after --help). What the
 * config points to is freed by config_free in either case.
 */
int config_read(struct config *, int argc, char **argv);
void config_free(struct config *);

/* Frees a list of words that ends with NULL, and the words. */
void config_free_words(char **);

#endif
