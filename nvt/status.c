/* SPDX-License-Identifier: ISC */
/*
 * STATUS (RFC 859): which options are in effect, and what this end has ordered by subnegotiation,
 * told when the peer asks. What the peer has told of itself it need not be told.
 */
#include "nvt/endpoint.h"

/* Two bytes for each side of each option, and IS before them. */
#define OPTIONS_MAX (1 + 4 * 256UL)

/* SB, an option, its command and SE stand around a body, in which each SE is doubled. */
#define AROUND_BODY 4UL

/* MODE and its bits, SLC and its triplets, LFLOW's two states. */
#define ORDERS_MAX (4 * AROUND_BODY + 2 * (3 + SLC_ANSWER_MAX))

/*
 * What was ordered is told again only when so much has come since it was told last, so that no
 * question is answered with more than NVT_ANSWER_FACTOR allows: each is six bytes.
 */
#define ORDERS_AGAIN 64

struct text {
	char bytes[OPTIONS_MAX + ORDERS_MAX];
	size_t size;
};

static void add(struct text *text, unsigned byte)
{
	text->bytes[text->size++] = (char)byte;
}

/* A body of an option, with its command before it unless that is negative. */
static void add_body(struct text *text, unsigned option, int command, const uint8_t *body,
		     size_t size)
{
	add(text, TELNET_SB);
	add(text, option);
	if (command >= 0)
		add(text, (unsigned)command);
	for (size_t i = 0; i < size; i++) {
		add(text, body[i]);
		if (body[i] == TELNET_SE)
			add(text, TELNET_SE);
	}
	add(text, TELNET_SE);
}

static void add_options(struct text *text, const struct nvt *nvt)
{
	for (unsigned option = 0; option < 256; option++) {
		if (nvt->local[option] == OPTION_YES) {
			add(text, TELNET_WILL);
			add(text, option);
		}
		if (nvt->remote[option] == OPTION_YES) {
			add(text, TELNET_DO);
			add(text, option);
		}
	}
}

static void add_flow(struct text *text, int8_t state)
{
	const uint8_t body = (uint8_t)state;

	if (state != FLOW_UNKNOWN)
		add_body(text, TELNET_TELOPT_LFLOW, -1, &body, 1);
}

static void add_orders(struct text *text, const struct nvt *nvt)
{
	const struct linemode *linemode = &nvt->linemode;
	uint8_t list[SLC_ANSWER_MAX];
	size_t size = slc_list(&linemode->slc, list);

	if (linemode_is_on(nvt))
		add_body(text, TELNET_TELOPT_LINEMODE, LINEMODE_MODE, &linemode->mode, 1);
	if (linemode_is_on(nvt) && size > 0)
		add_body(text, TELNET_TELOPT_LINEMODE, LINEMODE_SLC, list, size);
	if (nvt->role == NVT_SERVER) {
		add_flow(text, nvt->restart);
		add_flow(text, nvt->flow);
	}
}

static void send_status(struct nvt *nvt)
{
	struct text text;

	text.size = 0;
	add(&text, IS);
	add_options(&text, nvt);
	if (nvt->received - nvt->told_orders_at >= ORDERS_AGAIN) {
		nvt->told_orders_at = nvt->received;
		add_orders(&text, nvt);
	}
	nvt_send_subnegotiation(nvt, TELNET_TELOPT_STATUS, text.bytes, text.size);
}

void status_received(struct nvt *nvt, const char *body, size_t size)
{
	if (size == 1 && body[0] == SEND) {
		if (nvt->local[TELNET_TELOPT_STATUS] == OPTION_YES)
			send_status(nvt);
		return;
	}
	if (size == 0 || body[0] != IS)
		nvt_count_malformed(nvt);
}

bool nvt_ask_status(struct nvt *nvt)
{
	const char question[] = {SEND};

	if (nvt->remote[TELNET_TELOPT_STATUS] != OPTION_YES)
		return false;
	nvt_send_subnegotiation(nvt, TELNET_TELOPT_STATUS, question, sizeof(question));
	return true;
}
