/* SPDX-License-Identifier: ISC */
/* STATUS (RFC 859): which options are in effect, told when the peer asks. */
#include "nvt/endpoint.h"

/* Two bytes for each side of each option, and IS before them. */
#define STATUS_MAX (1 + 2 * 2 * 256)

static void send_status(struct nvt *nvt)
{
	char body[STATUS_MAX];
	size_t size = 0;

	body[size++] = IS;
	for (int option = 0; option < 256; option++) {
		if (nvt->local[option] == OPTION_YES) {
			body[size++] = (char)TELNET_WILL;
			body[size++] = (char)option;
		}
		if (nvt->remote[option] == OPTION_YES) {
			body[size++] = (char)TELNET_DO;
			body[size++] = (char)option;
		}
	}
	nvt_send_subnegotiation(nvt, TELNET_TELOPT_STATUS, body, size);
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
