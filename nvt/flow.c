/* SPDX-License-Identifier: ISC */
/*
 * TOGGLE-FLOW-CONTROL (RFC 1372): a server orders a client to mind START and STOP, or not to, as
 * its terminal does; a client keeps what it was ordered in its mode.
 */
#include "nvt/endpoint.h"

/* The bodies of its subnegotiations. */
#define OFF 0
#define ON 1
#define RESTART_ANY 2
#define RESTART_XON 3

static void order(struct nvt *nvt, int8_t *told, int8_t what)
{
	const char body = (char)what;

	if (*told == what)
		return;
	*told = what;
	nvt_send_subnegotiation(nvt, TELNET_TELOPT_LFLOW, &body, 1);
}

void flow_follow_terminal(struct nvt *nvt)
{
	if (nvt->remote[TELNET_TELOPT_LFLOW] != OPTION_YES || !nvt->linemode.has_terminal)
		return;
	order(nvt, &nvt->restart, nvt->terminal_restart_any ? RESTART_ANY : RESTART_XON);
	order(nvt, &nvt->flow, nvt->terminal_flow ? ON : OFF);
}

/* A client minds START and STOP until it is told otherwise. */
void flow_changed(struct nvt *nvt, bool enabled)
{
	nvt->flow = nvt->restart = FLOW_UNKNOWN;
	if (nvt->role == NVT_CLIENT && enabled)
		nvt->flow = ON;
	if (nvt->role == NVT_SERVER && enabled)
		flow_follow_terminal(nvt);
}

void flow_fill_mode(const struct nvt *nvt, struct nvt_mode *mode)
{
	mode->flow_control = nvt->flow == ON;
	mode->restart_any = nvt->restart == RESTART_ANY;
}

void flow_received(struct nvt *nvt, const char *body, size_t size)
{
	int8_t what = size == 1 ? (int8_t)body[0] : -1;

	if (nvt->role != NVT_CLIENT || nvt->local[TELNET_TELOPT_LFLOW] != OPTION_YES)
		return;
	if (what < OFF || what > RESTART_XON)
		nvt_count_malformed(nvt);
	else if (what == OFF || what == ON)
		nvt->flow = what;
	else
		nvt->restart = what;
	option_update_mode(nvt);
}
