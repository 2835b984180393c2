/* SPDX-License-Identifier: ISC */
/* The framing of TELNET (RFC 854, 855), as libtelnet must see it. Decides on no command. */
#include "nvt/framing.h"

#include <string.h>

/*
 * libtelnet reads this in the place of every subnegotiation's option. It treats some options
 * specially, each version different ones: it inflates after COMPRESS2 without a bound, takes
 * COMPRESS and WILL for a whole command, and reads bodies of ENVIRON, MSSP, ZMP and TERMINAL-TYPE,
 * some past their end. BINARY has no subnegotiations, and no version treats it specially.
 */
static const char neutral_option = TELNET_TELOPT_BINARY;

/* Stands for what is left of a Synch: its data mark, and the IAC of the next command. */
static const char lost_mark[] = {(char)TELNET_DM, (char)TELNET_IAC};
static const char no_operation = (char)TELNET_NOP;
static const char doubled = (char)TELNET_IAC;

static bool is_command(unsigned char byte)
{
	return byte >= TELNET_EOF && byte != TELNET_SE && byte != TELNET_IAC;
}

/* Functions after which clients send a Synch. */
static bool precedes_synch(unsigned char command)
{
	static const char functions[] = {(char)TELNET_IP,  (char)TELNET_AO,    (char)TELNET_BREAK,
					 (char)TELNET_AYT, (char)TELNET_ABORT, (char)TELNET_SUSP};

	return memchr(functions, command, sizeof(functions)) != NULL;
}

static bool takes_option(unsigned char command)
{
	return command >= TELNET_SB && command <= TELNET_DONT;
}

static void show(struct framing *framing, const char *bytes, size_t size)
{
	framing->shown = bytes;
	framing->shown_size = size;
}

/* inetutils' client sends the IAC of a Synch as the urgent byte: the data mark alone is left. */
static bool is_left_of_synch(const struct framing *framing, char byte)
{
	return framing->expects_synch && !framing->in_body && (unsigned char)byte == TELNET_DM;
}

/* Data, or a body's bytes, up to an IAC and with it. */
static size_t take_plain(struct framing *framing, const char *bytes, size_t size)
{
	const char *iac = memchr(bytes, TELNET_IAC, size);
	size_t plain = iac ? (size_t)(iac - bytes) : size;

	if (is_left_of_synch(framing, *bytes)) {
		framing->expects_synch = false;
		framing->shown_size = 0;
		return 1;
	}
	if (framing->in_body)
		framing->body_size += plain;
	else if (plain > 0)
		framing->due = DUE_DATA;
	framing->expects_synch &= framing->due != DUE_DATA;
	if (iac)
		framing->command = TELNET_IAC;
	show(framing, bytes, plain + (iac != NULL));
	return framing->shown_size;
}

/*
 * No command follows IAC: a Synch's data mark was urgent, and a relay without urgent data has lost
 * it. The byte is data, except NUL: servers send that after a Synch, and ncat -t answers commands
 * that it does not know with IAC, NUL and a third byte.
 */
static size_t take_lost_mark(struct framing *framing, unsigned char byte)
{
	show(framing, &no_operation, 1);
	framing->due = DUE_COMMAND;
	framing->command = 0;
	if (byte != '\0')
		return 0;
	if (framing->of_client)
		framing->command = FRAMING_NO_COMMAND;
	return 1;
}

/* After IAC IAC: byte 255 and more data, or a lost data mark and another command. */
static size_t take_doubled(struct framing *framing, unsigned char byte)
{
	framing->expects_synch = false;
	if (!is_command(byte)) {
		framing_release(framing);
		return 0;
	}
	show(framing, lost_mark, sizeof(lost_mark));
	framing->due = DUE_COMMAND;
	framing->command = TELNET_IAC;
	return 0;
}

/* In a body any byte after IAC, except a second IAC, ends the body and is also a command. */
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
	if (precedes_synch(byte))
		framing->expects_synch = framing->of_client;
	else if (byte == TELNET_DM || byte == TELNET_IAC)
		framing->expects_synch = false;
}

/* The byte after IAC. Returns whether it is used up. */
static size_t take_after_iac(struct framing *framing, unsigned char byte)
{
	if (!framing->in_body && byte < TELNET_EOF)
		return take_lost_mark(framing, byte);
	if (byte == TELNET_IAC && !framing->in_body && framing->expects_synch) {
		framing->command = FRAMING_DOUBLED;
		framing->shown_size = 0;
		return 1;
	}
	take_command(framing, byte);
	return 1;
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
	switch (framing->command) {
	case TELNET_IAC:
		return take_after_iac(framing, (unsigned char)*bytes);
	case FRAMING_DOUBLED:
		return take_doubled(framing, (unsigned char)*bytes);
	case FRAMING_NO_COMMAND:
		framing->command = 0;
		framing->shown_size = 0;
		return 1;
	default:
		take_option(framing, (unsigned char)*bytes);
		return 1;
	}
}

bool framing_holds(const struct framing *framing)
{
	return framing->command == FRAMING_DOUBLED || framing->expects_synch;
}

bool framing_release(struct framing *framing)
{
	framing->expects_synch = false;
	if (framing->command != FRAMING_DOUBLED)
		return false;
	show(framing, &doubled, 1);
	framing->due = DUE_DATA;
	framing->command = 0;
	return true;
}

bool framing_is_at_rest(const struct framing *framing)
{
	return framing->command == 0 && !framing->in_body;
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
