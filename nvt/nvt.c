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
 * libtelnet tells its warnings apart by their text alone. This one comes before the body, which
 * ends in the middle; every other warning is a fault.
 */
#define CUT_SHORT_WARNING "unexpected byte after IAC inside SB"

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
	if (nvt->opened && nvt->awaited == 0 && option_all_answered(nvt))
		settle(nvt);
}

static bool begins_with(const char *text, const char *beginning)
{
	return strncmp(text, beginning, strlen(beginning)) == 0;
}

static void warning_received(struct nvt *nvt, const char *text)
{
	if (begins_with(text, CUT_SHORT_WARNING)) {
		nvt->cut_short = true;
		nvt_count_malformed(nvt);
	} else if (begins_with(text, OVERFLOW_WARNING)) {
		nvt_fail(nvt, NVT_FAULT_SUBNEGOTIATION, "a subnegotiation without end");
	} else {
		nvt_fail(nvt, NVT_FAULT_PARSER, text);
	}
}

static bool is_compression(unsigned char option)
{
	return option == TELOPT_COMPRESS || option == TELOPT_COMPRESS2 ||
	       option == TELOPT_COMPRESS3;
}

/* The peer knows what a subnegotiation is: what would have led others astray is done now. */
static void note_proper_subnegotiation(struct nvt *nvt, unsigned char option)
{
	if (nvt->subnegotiates || nvt->faulted ||
	    (nvt->local[option] != OPTION_YES && nvt->remote[option] != OPTION_YES))
		return;
	nvt->subnegotiates = true;
	charset_ask_when_ready(nvt);
	compress_begin_deferred(nvt);
}

static void subnegotiation_received(struct nvt *nvt, unsigned char option, const char *body,
				    size_t size)
{
	bool cut_short = nvt->cut_short;
	unsigned malformed = nvt->malformed;

	nvt->cut_short = false;
	if (is_compression(option))
		compress_begun(nvt, option, !cut_short && size == 0);
	if (is_compression(option) || cut_short)
		return;
	if (option == TELNET_TELOPT_STATUS)
		status_received(nvt, body, size);
	else if (option == TELNET_TELOPT_LINEMODE)
		linemode_received(nvt, body, size);
	else if (option == TELNET_TELOPT_LFLOW)
		flow_received(nvt, body, size);
	else if (option == TELOPT_CHARSET)
		charset_received(nvt, body, size);
	else
		peer_received(nvt, option, body, size);
	if (nvt->malformed == malformed)
		note_proper_subnegotiation(nvt, option);
}

static void route_received(struct nvt *nvt, const telnet_event_t *event)
{
	if (nvt->faulted)
		return;
	if (!framing_allows(&nvt->framing, event)) {
		nvt_fail(nvt, NVT_FAULT_PARSER, "libtelnet says what it was not given");
		return;
	}
	nvt->mark_was_last = false;
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
		option_received(nvt, nvt->framing.shown_command, event->neg.telopt);
		break;
	case TELNET_EV_SUBNEGOTIATION:
		nvt->peer.answered = true;
		subnegotiation_received(nvt, nvt->framing.option, event->sub.buffer,
					event->sub.size);
		break;
	case TELNET_EV_WARNING:
		warning_received(nvt, event->error.msg);
		break;
	case TELNET_EV_ERROR:
		nvt_fail(nvt, NVT_FAULT_PARSER, event->error.msg);
		break;
	default:
		return;
	}
	nvt_settle_when_ready(nvt);
}

static void on_telnet_event(telnet_t *telnet, telnet_event_t *event, void *context)
{
	struct nvt *nvt = context;

	(void)telnet;
	if (event->type == TELNET_EV_SEND)
		nvt_to_network(nvt, event->data.buffer, event->data.size, false);
	else
		route_received(nvt, event);
}

void nvt_send_subnegotiation(struct nvt *nvt, unsigned char option, const char *body, size_t size)
{
	nvt_complete_data(nvt);
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
	nvt->framing.of_client = setup->role == NVT_SERVER;
	nvt->self = setup->self;
	nvt->linemode.policy = setup->linemode;
	nvt->linemode.slc.is_client = setup->role == NVT_CLIENT;
	nvt->flow = nvt->restart = FLOW_UNKNOWN;
	nvt->compression = setup->compression;
	nvt->expands_freely = setup->expands_freely;
	nvt->mode.go_ahead = true;
	if (!charset_begin(nvt, setup)) {
		nvt_free(nvt);
		return NULL;
	}
	return nvt;
}

void nvt_free(struct nvt *nvt)
{
	if (!nvt)
		return;
	telnet_free(nvt->telnet);
	environment_free(nvt);
	conversion_free(nvt->conversion);
	compress_free(nvt);
	holding_free(nvt);
	free(nvt);
}

void nvt_open(struct nvt *nvt)
{
	option_offer_all(nvt);
	nvt->opened = true;
	nvt_settle_when_ready(nvt);
}

static void show_piece(struct nvt *nvt)
{
	const struct framing *framing = &nvt->framing;

	telnet_recv(nvt->telnet, framing->shown, framing->shown_size);
	if (framing->due != 0)
		nvt_fail(nvt, NVT_FAULT_PARSER, "libtelnet says nothing of what it was given");
}

/* Gives libtelnet one piece of the bytes. Returns how many of them it stands for. */
static size_t take_piece(struct nvt *nvt, const char *bytes, size_t size)
{
	struct framing *framing = &nvt->framing;
	size_t taken = framing_next(framing, bytes, size);

	nvt->received += taken;
	nvt_trace(nvt, false, bytes, taken);
	show_piece(nvt);
	return taken;
}

size_t nvt_take(struct nvt *nvt, const char *bytes, size_t size)
{
	bool inflated = compress_is_reading(nvt);
	size_t taken = 0;

	while (taken < size && !nvt->faulted && !nvt->paused &&
	       compress_takes(nvt, bytes[taken]) == inflated)
		taken += take_piece(nvt, bytes + taken, size - taken);
	return taken;
}

int nvt_from_network(struct nvt *nvt, const char *bytes, size_t size)
{
	size_t taken = 0;

	nvt->paused = false;
	if (!compress_is_reading(nvt) && !nvt_is_holding(nvt))
		taken = nvt_take(nvt, bytes, size);
	if (taken < size && !nvt->faulted)
		holding_received(nvt, bytes + taken, size - taken, taken);
	return nvt->faulted ? -EPROTO : 0;
}

void nvt_from_terminal(struct nvt *nvt, const char *bytes, size_t size)
{
	if (nvt->conversion)
		conversion_from_terminal(nvt, bytes, size);
	else
		newline_from_terminal(nvt, bytes, size);
}

void nvt_from_keyboard(struct nvt *nvt, const char *bytes, size_t size)
{
	if (nvt->conversion)
		conversion_from_keyboard(nvt, bytes, size);
	else
		newline_from_keyboard(nvt, bytes, size);
}

void nvt_complete_data(struct nvt *nvt)
{
	if (nvt->conversion)
		conversion_complete(nvt);
	newline_complete(nvt);
}

void nvt_finish(struct nvt *nvt)
{
	if (nvt->conversion)
		conversion_finish(nvt);
	newline_complete(nvt);
	compress_finish(nvt);
}

bool nvt_holds_key(const struct nvt *nvt)
{
	return framing_holds(&nvt->framing) || (nvt->conversion && conversion_holds_key(nvt));
}

void nvt_release_key(struct nvt *nvt)
{
	if (framing_release(&nvt->framing) && !nvt->faulted)
		show_piece(nvt);
	if (nvt->conversion && !nvt->faulted)
		conversion_release_input(nvt);
}

void nvt_restart_screen(struct nvt *nvt)
{
	if (nvt->conversion)
		conversion_restart_output(nvt);
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
