/* SPDX-License-Identifier: ISC */
/* The framing of TELNET (RFC 854, 855), as libtelnet must see it. Decides on no command. */
#include "nvt/framing.h"

#include <string.h>

/*
 * libtelnet reads this in the place of every subnegotiation's option. It treats some options in a
 * way of its own, each version others: it inflates after COMPRESS2 without a bound, takes COMPRESS
 * and WILL for a whole command, and reads bodies of ENVIRON, MSSP, ZMP and TERMINAL-TYPE, some past
 * their end. BINARY has no subnegotiations, and no version knows of any.
 */
static const char neutral_option = TELNET_TELOPT_BINARY;

static bool takes_option(unsigned char command)
{
	return command >= TELNET_SB && command <= TELNET_DONT;
}

static void show(struct framing *framing, const char *bytes, size_t size)
{
	framing->shown = bytes;
	framing->shown_size = size;
}

/* Data, or a body's bytes, up to an IAC and with it. */
static size_t take_plain(struct framing *framing, const char *bytes, size_t size)
{
	const char *iac = memchr(bytes, TELNET_IAC, size);
	size_t plain = iac ? (size_t)(iac - bytes) : size;

	if (framing->in_body)
		framing->body_size += plain;
	else if (plain > 0)
		framing->due = DUE_DATA;
	if (iac)
		framing->command = TELNET_IAC;
	show(framing, bytes, plain + (iac != NULL));
	return framing->shown_size;
}

/* The byte after IAC. In a body each but a second IAC ends it, and is a command all the same. */
static void take_command(struct framing *framing, unsigned char byte)
{
	framing->command = takes_option(byte) ? byte : 0;
	if (byte == TELNET_IAC && framing->in_body) {
		framing->body_size++;
		return;
	}
	if (byte == TELNET_IAC)
		framing->due = DUE_DATA;
	else if (!takes_option(byte) && !(framing->in_body && byte == TELNET_SE))
		framing->due = DUE_COMMAND;
	if (framing->in_body)
		framing->due |= DUE_BODY;
	framing->in_body = false;
}

/* The byte after SB, WILL, WONT, DO or DONT. */
static void take_option(struct framing *framing, unsigned char option)
{
	framing->shown_command = framing->command;
	framing->command = 0;
	if (framing->shown_command != TELNET_SB) {
		framing->due = DUE_NEGOTIATION;
		return;
	}
	framing->in_body = true;
	framing->option = option;
	framing->body_size = 0;
	framing->shown = &neutral_option;
}

size_t framing_next(struct framing *framing, const char *bytes, size_t size)
{
	framing->due = 0;
	if (framing->command == 0)
		return take_plain(framing, bytes, size);
	show(framing, bytes, 1);
	if (framing->command == TELNET_IAC)
		take_command(framing, (unsigned char)*bytes);
	else
		take_option(framing, (unsigned char)*bytes);
	return 1;
}

/* --- what libtelnet says ------------------------------------------------------------------ */

static unsigned char first_shown(const struct framing *framing)
{
	return (unsigned char)framing->shown[0];
}

/* An IAC that ends the piece is no data; one that was doubled is handed over as a copy. */
static bool is_data_given(const struct framing *framing, const char *bytes, size_t size)
{
	if (size == 1 && framing->shown_size == 1)
		return *bytes == *framing->shown;
	return bytes == framing->shown &&
	       size == framing->shown_size - (framing->command == TELNET_IAC);
}

static unsigned char command_of(telnet_event_type_t type)
{
	switch ((int)type) {
	case TELNET_EV_WILL:
		return TELNET_WILL;
	case TELNET_EV_WONT:
		return TELNET_WONT;
	case TELNET_EV_DO:
		return TELNET_DO;
	default:
		return TELNET_DONT;
	}
}

bool framing_allows(struct framing *framing, const telnet_event_t *event)
{
	unsigned what = 0;

	switch ((int)event->type) {
	case TELNET_EV_WARNING:
	case TELNET_EV_ERROR:
		return true;
	case TELNET_EV_DATA:
		if (is_data_given(framing, event->data.buffer, event->data.size))
			what = DUE_DATA;
		break;
	case TELNET_EV_IAC:
		if (event->iac.cmd == first_shown(framing))
			what = DUE_COMMAND;
		break;
	case TELNET_EV_WILL:
	case TELNET_EV_WONT:
	case TELNET_EV_DO:
	case TELNET_EV_DONT:
		if (event->neg.telopt == first_shown(framing) &&
		    command_of(event->type) == framing->shown_command)
			what = DUE_NEGOTIATION;
		break;
	case TELNET_EV_SUBNEGOTIATION:
		if (event->sub.size == framing->body_size)
			what = DUE_BODY;
		break;
	default:
		break;
	}
	what &= framing->due;
	framing->due &= ~what;
	return what != 0;
}
