/* SPDX-License-Identifier: ISC */
/* The modes of the user's terminal, and the kind of typing, that a connection wants. */
#ifndef MODES_H
#define MODES_H

#include "contrib/telnet/session.h"

/* Whether lines are read by lines.c and sent as a whole. */
bool modes_use_lines(const struct session *);

/*
 * Gives the terminal the modes that the connection wants now. Returns false where that has to
 * wait, for what is still to be shown or for a line that is being edited.
 */
bool modes_set(struct session *);

/* What kind of typing there is now, in words. */
const char *modes_typing_name(const struct session *);

#endif
