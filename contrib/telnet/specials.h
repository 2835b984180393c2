/* SPDX-License-Identifier: ISC */
/* The special characters of LINEMODE (RFC 1184) as characters of the user's terminal. */
#ifndef SPECIALS_H
#define SPECIALS_H

#include <stdio.h>
#include <termios.h>

#include "nvt/nvt.h"

/* What the user's terminal has, from its characters as termios(3) has them. */
void specials_from_terminal(unsigned char special[NVT_SPECIALS], const cc_t characters[NCCS]);

/* Sets those characters that are special ones; the others stay as they are. */
void specials_to_terminal(cc_t characters[NCCS], const unsigned char special[NVT_SPECIALS]);

/*
 * The functions that are sent for a key by the client itself, since no terminal knows them: the
 * number of one that this key is for, or -1.
 */
int specials_find_function(const unsigned char special[NVT_SPECIALS], int key);

/* Lists them for the user. */
void specials_list(const unsigned char special[NVT_SPECIALS], FILE *);

#endif
