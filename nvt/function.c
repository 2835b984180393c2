/* SPDX-License-Identifier: ISC */
/*
 * Control functions (RFC 854, RFC 1184 2.5, RFC 885) and the Synch. Which key or signal a function
 * is on a terminal is for the owner to know.
 */
#include <string.h>

#include "nvt/endpoint.h"

/* What a server says to AYT: something that a user sees and no program expects. */
#define ARE_YOU_THERE_ANSWER "\r\n[Yes]\r\n"

static const unsigned char commands[] = {
	[NVT_INTERRUPT_PROCESS] = TELNET_IP, [NVT_ABORT_OUTPUT] = TELNET_AO,
	[NVT_ARE_YOU_THERE] = TELNET_AYT,    [NVT_ERASE_CHARACTER] = TELNET_EC,
	[NVT_ERASE_LINE] = TELNET_EL,	     [NVT_BREAK] = TELNET_BREAK,
	[NVT_END_OF_FILE] = TELNET_EOF,	     [NVT_SUSPEND] = TELNET_SUSP,
	[NVT_ABORT] = TELNET_ABORT,	     [NVT_GO_AHEAD] = TELNET_GA,
	[NVT_END_OF_RECORD] = TELNET_EOR,    [NVT_NO_OPERATION] = TELNET_NOP,
};

#define COMMANDS (sizeof(commands) / sizeof(commands[0]))

static void answer_are_you_there(struct nvt *nvt)
{
	if (nvt->conversion)
		conversion_say(nvt, ARE_YOU_THERE_ANSWER);
	else
		newline_from_terminal(nvt, ARE_YOU_THERE_ANSWER, strlen(ARE_YOU_THERE_ANSWER));
}

static void deliver(struct nvt *nvt, enum nvt_function function)
{
	if (function == NVT_ARE_YOU_THERE && nvt->role == NVT_SERVER) {
		answer_are_you_there(nvt);
		return;
	}
	if (function != NVT_NO_OPERATION && nvt->events->function)
		nvt->events->function(nvt->owner, function);
}

void function_received(struct nvt *nvt, unsigned char command)
{
	if (command == TELNET_DM) {
		if (nvt->conversion && nvt->discarding)
			conversion_restart_input(nvt);
		nvt->mark_was_last = compress_is_reading(nvt);
		nvt->discarding = false;
		nvt->network_cr = false;
		return;
	}
	for (size_t i = 0; i < COMMANDS; i++)
		if (commands[i] == command)
			deliver(nvt, (enum nvt_function)i);
}

/*
 * TCP's mark stands behind the compressed bytes that bring the data mark: that may have come before
 * the announcement, or before it is repeated, as TCP does until its mark is read.
 */
void nvt_urgent(struct nvt *nvt)
{
	nvt->discarding = !nvt->mark_was_last;
	nvt->framing.expects_synch = false; /* nothing has taken its data mark away */
}

bool nvt_is_discarding(const struct nvt *nvt)
{
	return nvt->discarding;
}

void nvt_send_function(struct nvt *nvt, enum nvt_function function)
{
	nvt_complete_data(nvt);
	telnet_iac(nvt->telnet, commands[function]);
}

/*
 * A relay, or a peer that does not take urgent data in line (BusyBox's client), loses the urgent
 * byte. So send DONT with the number of NOP, an option that nobody has: without its urgent byte,
 * DONT, it is the command NOP. The data mark follows in the stream, as RFC 854 allows.
 */
static void send_announcement(struct nvt *nvt)
{
	static const char announcement[] = {(char)TELNET_IAC, (char)TELNET_DONT, (char)TELNET_NOP};

	nvt_to_network(nvt, announcement, 2, true);
	nvt_to_network(nvt, announcement + 2, 1, false);
}

void nvt_send_synch(struct nvt *nvt)
{
	nvt_complete_data(nvt);
	if (!nvt->compressing)
		send_announcement(nvt);
	telnet_iac(nvt->telnet, TELNET_DM);
	/* Some clients read three bytes for each command: let the third show nothing. */
	if (nvt->role == NVT_SERVER && !nvt->mode.binary_output)
		telnet_send(nvt->telnet, "", 1);
}
