/* SPDX-License-Identifier: ISC */
/* A window of a terminal emulator, tmux, in which a program runs: what it shows can be compared. */
#ifndef E2E_WINDOW_H
#define E2E_WINDOW_H

#include <stddef.h>

#define WINDOW_SCREEN_SIZE 4096

/* Runs a command of the shell in a new window of this size, in UTF-8. It stays when that ends. */
void window_open(unsigned columns, unsigned rows, const char *command);

/* Types text as it is, and a key by tmux's name: "Enter", "Left", "BSpace", "C-u". */
void window_type(const char *text);
void window_key(const char *name);

/* Waits until the whole screen is this, lines with LF between them, without blanks at the ends. */
void window_expect(const char *screen);

/* Copies the screen, with the colours as escape sequences. */
void window_capture(char screen[WINDOW_SCREEN_SIZE]);

/* Makes the window another size. */
void window_resize(unsigned columns, unsigned rows);

/* Closes it, and ends what runs in it. */
void window_close(void);

#endif
