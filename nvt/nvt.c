/* SPDX-License-Identifier: ISC */
/*
 * An endpoint: owns the libtelnet handle, routes its events to the files that know what they mean,
 * and stops at the first fault. libtelnet parses and frames; it decides nothing
 * (TELNET_FLAG_PROXY).
 */
#include "nvt/nvt.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "nvt/endpoint.h"

/*
 * libtelnet tells its warnings apart by their text alone. Those about bodies come after the event
 * that handed the body to peer.c, which has judged it; a warning not named here is a fault.
 */
static const struct {
	const char *text;
	bool malformed;
} forgivable_warnings[] = {
	{"unexpected byte after IAC inside SB", true}, /* the end of its body was lost */
	{"telopt ", false},
	{"incomplete TERMINAL-TYPE", false},
	{"TERMINAL-TYPE request", false},
	{"incomplete ZMP", false},
	{"MSSP ", false},
	{"invalid MSSP", false},
};

#define FORGIVABLE_WARNINGS (sizeof(forgivable_warnings) / sizeof(forgivable_warnings[0]))

/* The overflow of libtelnet's own buffer, behind which a body's rest would arrive as data. */
#define OVERFLOW_WARNING "subnegotiation buffer size limit reached"

void nvt_fail(struct nvt *nvt, enum nvt_fault fault, const char *text)
{
	if (nvt->faulted)
		return;
	nvt->faulted = true;
	if (nvt->events->fault)
		nvt->events->fault(nvt->owner, fault, text);
}

void nvt_count_malformed(struct nvt *nvt)
{
	if (++nvt->malformed > MALFORMED_MAX)
		nvt_fail(nvt, NVT_FAULT_MALFORMED, "too many malformed subnegotiations");
}

static void settle(struct nvt *nvt)
{
	if (nvt->settled || nvt->faulted)
		return;
	nvt->settled = true;
	if (nvt->events->settled)
		nvt->events->settled(nvt->owner);
}

void nvt_settle_when_ready(struct nvt *nvt)
{
	if (nvt->opened && nvt->unanswered == 0 && nvt->awaited == 0)
		settle(nvt);
}

static void warning_received(struct nvt *nvt, const char *text)
{
	for (size_t i = 0; i < FORGIVABLE_WARNINGS; i++) {
		const char *known = forgivable_warnings[i].text;

		if (strncmp(text, known, strlen(known)) != 0)
			continue;
		if (forgivable_warnings[i].malformed)
			nvt_count_malformed(nvt);
		return;
	}
	if (strncmp(text, OVERFLOW_WARNING, strlen(OVERFLOW_WARNING)) == 0)
		nvt_fail(nvt, NVT_FAULT_SUBNEGOTIATION, "a subnegotiation without end");
	else
		nvt_fail(nvt, NVT_FAULT_PARSER, text);
}

static void subnegotiation_received(struct nvt *nvt, unsigned char option, const char *body,
				    size_t size)
{
	switch (option) {
	case TELOPT_COMPRESS:
	case TELOPT_COMPRESS2:
	case TELOPT_COMPRESS3:
		nvt_fail(nvt, NVT_FAULT_COMPRESSION, "compression that was not asked for");
		break;
	case TELNET_TELOPT_STATUS:
		status_received(nvt, body, size);
		break;
	default:
		peer_received(nvt, option, body, size);
		break;
	}
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

static void route_received(struct nvt *nvt, const telnet_event_t *event)
{
	if (nvt->faulted)
		return;
	switch ((int)event->type) {
	case TELNET_EV_DATA:
		newline_from_network(nvt, event->data.buffer, event->data.size);
		return;
	case TELNET_EV_IAC:
		nvt->peer.answered = true;
		function_received(nvt, event->iac.cmd);
		return;
	case TELNET_EV_WILL:
	case TELNET_EV_WONT:
	case TELNET_EV_DO:
	case TELNET_EV_DONT:
		nvt->peer.answered = true;
		option_received(nvt, command_of(event->type), event->neg.telopt);
		break;
	case TELNET_EV_SUBNEGOTIATION:
		nvt->peer.answered = true;
		subnegotiation_received(nvt, event->sub.telopt, event->sub.buffer, event->sub.size);
		break;
	case TELNET_EV_WARNING:
		warning_received(nvt, event->error.msg);
		break;
	case TELNET_EV_ERROR:
		nvt_fail(nvt, NVT_FAULT_PARSER, event->error.msg);
		break;
	default: /* libtelnet's own reading of a subnegotiation that peer.c has had */
		return;
	}
	nvt_settle_when_ready(nvt);
}

static void on_telnet_event(telnet_t *telnet, telnet_event_t *event, void *context)
{
	struct nvt *nvt = context;

	(void)telnet;
	if (event->type == TELNET_EV_SEND)
		nvt->events->to_network(nvt->owner, event->data.buffer, event->data.size,
					nvt->sending_urgent);
	else
		route_received(nvt, event);
}

void nvt_send_subnegotiation(struct nvt *nvt, unsigned char option, const char *body, size_t size)
{
	newline_complete(nvt);
	telnet_subnegotiation(nvt->telnet, option, body, size);
}

struct nvt *nvt_new(const struct nvt_setup *setup, const struct nvt_events *events, void *owner)
{
	struct nvt *nvt = calloc(1, sizeof(*nvt));

	if (!nvt)
		return NULL;
	nvt->telnet = telnet_init(NULL, on_telnet_event, TELNET_FLAG_PROXY, nvt);
	if (!nvt->telnet) {
		free(nvt);
		return NULL;
	}
	nvt->events = events;
	nvt->owner = owner;
	nvt->role = setup->role;
	nvt->self = setup->self;
	nvt->mode.go_ahead = true;
	return nvt;
}

void nvt_free(struct nvt *nvt)
{
	if (!nvt)
		return;
	telnet_free(nvt->telnet);
	peer_free(nvt);
	free(nvt);
}

void nvt_open(struct nvt *nvt)
{
	option_offer_all(nvt);
	nvt->opened = true;
	nvt_settle_when_ready(nvt);
}

/*
 * How much of the bytes libtelnet may have before its verdict is looked at: up to and with the byte
 * after the first IAC. Nothing behind a faulty command is parsed then, nor is any byte inflated.
 */
static size_t piece_of(struct nvt *nvt, const char *bytes, size_t size)
{
	const char *iac;

	if (nvt->ends_in_iac) {
		nvt->ends_in_iac = false;
		return 1;
	}
	iac = memchr(bytes, TELNET_IAC, size);
	if (!iac)
		return size;
	nvt->ends_in_iac = iac + 1 == bytes + size;
	return (size_t)(iac - bytes) + (nvt->ends_in_iac ? 1 : 2);
}

int nvt_from_network(struct nvt *nvt, const char *bytes, size_t size)
{
	while (size > 0 && !nvt->faulted) {
		size_t piece = piece_of(nvt, bytes, size);

		telnet_recv(nvt->telnet, bytes, piece);
		bytes += piece;
		size -= piece;
	}
	return nvt->faulted ? -EPROTO : 0;
}

void nvt_from_terminal(struct nvt *nvt, const char *bytes, size_t size)
{
	newline_from_terminal(nvt, bytes, size);
}

void nvt_tick(struct nvt *nvt)
{
	nvt->awaited = 0;
	settle(nvt);
}

const struct nvt_peer *nvt_peer(const struct nvt *nvt)
{
	return &nvt->peer;
}

const struct nvt_mode *nvt_mode(const struct nvt *nvt)
{
	return &nvt->mode;
}
