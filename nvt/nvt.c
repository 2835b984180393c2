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
	bool cut_short; /* comes before the body, which ends in the middle */
} forgivable_warnings[] = {
	{"unexpected byte after IAC inside SB", true},
	{"telopt ", false},
	{"incomplete TERMINAL-TYPE", false},
	{"TERMINAL-TYPE request", false},
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
	if (nvt->opened && nvt->awaited == 0 && option_all_answered(nvt))
		settle(nvt);
}

static void warning_received(struct nvt *nvt, const char *text)
{
	for (size_t i = 0; i < FORGIVABLE_WARNINGS; i++) {
		const char *known = forgivable_warnings[i].text;

		if (strncmp(text, known, strlen(known)) != 0)
			continue;
		if (forgivable_warnings[i].cut_short) {
			nvt->cut_short = true;
			nvt_count_malformed(nvt);
		}
		return;
	}
	if (strncmp(text, OVERFLOW_WARNING, strlen(OVERFLOW_WARNING)) == 0)
		nvt_fail(nvt, NVT_FAULT_SUBNEGOTIATION, "a subnegotiation without end");
	else
		nvt_fail(nvt, NVT_FAULT_PARSER, text);
}

static bool is_compression(unsigned char option)
{
	return option == TELOPT_COMPRESS || option == TELOPT_COMPRESS2 ||
	       option == TELOPT_COMPRESS3;
}

static bool is_environment(unsigned char option)
{
	return option == TELNET_TELOPT_ENVIRON || option == TELNET_TELOPT_NEW_ENVIRON;
}

static void subnegotiation_received(struct nvt *nvt, unsigned char option, const char *body,
				    size_t size)
{
	bool cut_short = nvt->cut_short;

	nvt->cut_short = false;
	if (is_compression(option))
		compress_begun(nvt, option, !cut_short && size == 0);
	else if (cut_short && is_environment(option))
		/* libtelnet loses the command that broke it off, and its place in the stream. */
		nvt_fail(nvt, NVT_FAULT_MALFORMED, "an environment that is broken off");
	else if (!cut_short && option == TELNET_TELOPT_STATUS)
		status_received(nvt, body, size);
	else if (!cut_short && option == TELNET_TELOPT_LINEMODE)
		linemode_received(nvt, body, size);
	else if (!cut_short && option == TELNET_TELOPT_LFLOW)
		flow_received(nvt, body, size);
	else if (!cut_short && option == TELOPT_CHARSET)
		charset_received(nvt, body, size);
	else if (!cut_short)
		peer_received(nvt, option, body, size);
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
		option_received(nvt, command_of(event->type), event->neg.telopt);
		break;
	case TELNET_EV_SUBNEGOTIATION:
		nvt->peer.answered = true;
		subnegotiation_received(nvt, nvt->subnegotiation, event->sub.buffer,
					event->sub.size);
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
		nvt_to_network(nvt, event->data.buffer, event->data.size, nvt->sending_urgent);
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
	nvt->self = setup->self;
	nvt->linemode.policy = setup->linemode;
	nvt->linemode.slc.is_client = setup->role == NVT_CLIENT;
	nvt->flow = nvt->restart = FLOW_UNKNOWN;
	nvt->compression = setup->compression;
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

/* Whether a byte after IAC is a command that takes an option's number behind it. */
static bool takes_option(unsigned char command)
{
	return command >= TELNET_SB && command <= TELNET_DONT;
}

/*
 * How much of the bytes libtelnet may have before its verdict is looked at: data up to and with an
 * IAC, or the one byte that a command takes behind it. So nothing behind a faulty command is
 * parsed, nor is a compressed byte taken for TELNET, and it is known which option a subnegotiation
 * is for before libtelnet reads its body.
 */
static size_t piece_of(struct nvt *nvt, const char *bytes, size_t size)
{
	unsigned char byte = (unsigned char)bytes[0];
	const char *iac;

	if (nvt->command == TELNET_IAC) {
		nvt->command = takes_option(byte) ? byte : 0;
		return 1;
	}
	if (nvt->command != 0) {
		/* libtelnet reads past the end of these bodies; who sends them was not asked to. */
		if (nvt->command == TELNET_SB &&
		    (byte == TELNET_TELOPT_MSSP || byte == TELNET_TELOPT_ZMP))
			nvt_fail(nvt, NVT_FAULT_MALFORMED, "a subnegotiation of MSSP or ZMP");
		if (nvt->command == TELNET_SB)
			nvt->subnegotiation = byte;
		nvt->command = 0;
		return 1;
	}
	iac = memchr(bytes, TELNET_IAC, size);
	if (!iac)
		return size;
	nvt->command = TELNET_IAC;
	return (size_t)(iac - bytes) + 1;
}

/*
 * What libtelnet is to read in the place of a subnegotiation's option. It would begin to inflate by
 * itself at COMPRESS2, without a bound: it gets one that it knows nothing of.
 */
static const char *shown_option(const char *option)
{
	static const char unknown = TELOPT_COMPRESS;

	return (unsigned char)*option == TELOPT_COMPRESS2 ? &unknown : option;
}

size_t nvt_take(struct nvt *nvt, const char *bytes, size_t size)
{
	bool inflating = nvt->inflating;
	size_t taken = 0;

	while (taken < size && !nvt->faulted && !nvt->paused && nvt->inflating == inflating) {
		bool is_option = nvt->command == TELNET_SB;
		const char *at = bytes + taken;
		size_t piece = piece_of(nvt, at, size - taken);

		if (nvt->faulted)
			break;
		nvt->received += piece;
		telnet_recv(nvt->telnet, is_option ? shown_option(at) : at, piece);
		taken += piece;
	}
	return taken;
}

int nvt_from_network(struct nvt *nvt, const char *bytes, size_t size)
{
	size_t taken = 0;

	nvt->paused = false;
	if (!nvt->inflating && !nvt_is_holding(nvt))
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
	return nvt->conversion && conversion_holds_key(nvt);
}

void nvt_release_key(struct nvt *nvt)
{
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
