/* SPDX-License-Identifier: ISC */
/*
 * Option negotiation: the Q method (RFC 1143), and the table of the options that each role offers
 * and accepts. What an option then means is peer.c's and status.c's.
 */
#include "nvt/option.h"

#include "nvt/endpoint.h"

struct option_step option_step(enum option_state state, enum option_event event)
{
	static const struct option_step steps[OPTION_STATES][OPTION_EVENTS] = {
		[OPTION_NO] =
			{
				[OPTION_RECEIVED_ENABLE] = {OPTION_YES, OPTION_SEND_ENABLE},
				[OPTION_RECEIVED_REFUSED] = {OPTION_NO, OPTION_SEND_DISABLE},
				[OPTION_RECEIVED_DISABLE] = {OPTION_NO, OPTION_SEND_NOTHING},
				[OPTION_ASK_ENABLE] = {OPTION_WANT_YES, OPTION_SEND_ENABLE},
				[OPTION_ASK_DISABLE] = {OPTION_NO, OPTION_SEND_NOTHING},
			},
		[OPTION_YES] =
			{
				[OPTION_RECEIVED_ENABLE] = {OPTION_YES, OPTION_SEND_NOTHING},
				[OPTION_RECEIVED_REFUSED] = {OPTION_YES, OPTION_SEND_NOTHING},
				[OPTION_RECEIVED_DISABLE] = {OPTION_NO, OPTION_SEND_DISABLE},
				[OPTION_ASK_ENABLE] = {OPTION_YES, OPTION_SEND_NOTHING},
				[OPTION_ASK_DISABLE] = {OPTION_WANT_NO, OPTION_SEND_DISABLE},
			},
		[OPTION_WANT_NO] =
			{
				[OPTION_RECEIVED_ENABLE] = {OPTION_NO, OPTION_SEND_NOTHING},
				[OPTION_RECEIVED_REFUSED] = {OPTION_NO, OPTION_SEND_NOTHING},
				[OPTION_RECEIVED_DISABLE] = {OPTION_NO, OPTION_SEND_NOTHING},
				[OPTION_ASK_ENABLE] = {OPTION_WANT_NO_OPPOSITE,
						       OPTION_SEND_NOTHING},
				[OPTION_ASK_DISABLE] = {OPTION_WANT_NO, OPTION_SEND_NOTHING},
			},
		[OPTION_WANT_NO_OPPOSITE] =
			{
				[OPTION_RECEIVED_ENABLE] = {OPTION_YES, OPTION_SEND_NOTHING},
				[OPTION_RECEIVED_REFUSED] = {OPTION_YES, OPTION_SEND_NOTHING},
				[OPTION_RECEIVED_DISABLE] = {OPTION_WANT_YES, OPTION_SEND_ENABLE},
				[OPTION_ASK_ENABLE] = {OPTION_WANT_NO_OPPOSITE,
						       OPTION_SEND_NOTHING},
				[OPTION_ASK_DISABLE] = {OPTION_WANT_NO, OPTION_SEND_NOTHING},
			},
		[OPTION_WANT_YES] =
			{
				[OPTION_RECEIVED_ENABLE] = {OPTION_YES, OPTION_SEND_NOTHING},
				[OPTION_RECEIVED_REFUSED] = {OPTION_YES, OPTION_SEND_NOTHING},
				[OPTION_RECEIVED_DISABLE] = {OPTION_NO, OPTION_SEND_NOTHING},
				[OPTION_ASK_ENABLE] = {OPTION_WANT_YES, OPTION_SEND_NOTHING},
				[OPTION_ASK_DISABLE] = {OPTION_WANT_YES_OPPOSITE,
							OPTION_SEND_NOTHING},
			},
		[OPTION_WANT_YES_OPPOSITE] =
			{
				[OPTION_RECEIVED_ENABLE] = {OPTION_WANT_NO, OPTION_SEND_DISABLE},
				[OPTION_RECEIVED_REFUSED] = {OPTION_WANT_NO, OPTION_SEND_DISABLE},
				[OPTION_RECEIVED_DISABLE] = {OPTION_NO, OPTION_SEND_NOTHING},
				[OPTION_ASK_ENABLE] = {OPTION_WANT_YES, OPTION_SEND_NOTHING},
				[OPTION_ASK_DISABLE] = {OPTION_WANT_YES_OPPOSITE,
							OPTION_SEND_NOTHING},
			},
	};

	return steps[state][event];
}

/* What a role does with an option: it offers by itself, it accepts when asked. */
enum policy {
	OFFERS_LOCAL = 1 << 0,
	ACCEPTS_LOCAL = 1 << 1,
	OFFERS_REMOTE = 1 << 2,
	ACCEPTS_REMOTE = 1 << 3,
	LOCAL = OFFERS_LOCAL | ACCEPTS_LOCAL,
	REMOTE = OFFERS_REMOTE | ACCEPTS_REMOTE,
};

struct option_policy {
	unsigned char option;
	uint8_t server;
	uint8_t client;
};

/* In the order in which the offers are made. */
static const struct option_policy policies[] = {
	{TELNET_TELOPT_ECHO, LOCAL, ACCEPTS_REMOTE},
	{TELNET_TELOPT_SGA, LOCAL | REMOTE, ACCEPTS_LOCAL | ACCEPTS_REMOTE},
	{TELNET_TELOPT_STATUS, LOCAL, ACCEPTS_REMOTE},
	{TELOPT_COMPRESS2, LOCAL, REMOTE},
	{TELOPT_COMPRESS3, LOCAL, REMOTE},
	{TELNET_TELOPT_TTYPE, REMOTE, ACCEPTS_LOCAL},
	{TELNET_TELOPT_NAWS, REMOTE, ACCEPTS_LOCAL},
	{TELNET_TELOPT_TSPEED, REMOTE, ACCEPTS_LOCAL},
	{TELNET_TELOPT_XDISPLOC, REMOTE, ACCEPTS_LOCAL},
	{TELNET_TELOPT_NEW_ENVIRON, REMOTE, ACCEPTS_LOCAL},
	{TELNET_TELOPT_ENVIRON, ACCEPTS_REMOTE, ACCEPTS_LOCAL},
	{TELNET_TELOPT_LFLOW, REMOTE, ACCEPTS_LOCAL},
	{TELNET_TELOPT_LINEMODE, ACCEPTS_REMOTE, ACCEPTS_LOCAL},
	{TELOPT_CHARSET, LOCAL | ACCEPTS_REMOTE, ACCEPTS_LOCAL | ACCEPTS_REMOTE},
	{TELNET_TELOPT_BINARY, ACCEPTS_LOCAL | ACCEPTS_REMOTE, ACCEPTS_LOCAL | ACCEPTS_REMOTE},
};

#define POLICIES (sizeof(policies) / sizeof(policies[0]))

/* What the owner's wish leaves of the policy for compression. */
static const unsigned compression_policies[] = {
	[NVT_COMPRESS_WHEN_ASKED] = ACCEPTS_LOCAL | ACCEPTS_REMOTE,
	[NVT_COMPRESS_OFFERED] = LOCAL | REMOTE,
	[NVT_COMPRESS_REFUSED] = 0,
};

/*
 * Whether a client has nothing to say by an option, and so refuses it. The old ENVIRON beside
 * NEW-ENVIRON is such a one: inetutils' server asks by one of them and waits for ever for both.
 */
static bool client_is_mute(const struct nvt *nvt, unsigned char option)
{
	if (option == TELNET_TELOPT_XDISPLOC)
		return !nvt->self.display;
	return option == TELNET_TELOPT_ENVIRON &&
	       nvt->local[TELNET_TELOPT_NEW_ENVIRON] == OPTION_YES;
}

static unsigned policy_of(const struct nvt *nvt, unsigned char option)
{
	unsigned policy = 0;

	if (option == TELNET_TELOPT_LINEMODE && !linemode_accepts(nvt))
		return 0;
	if (option == TELNET_TELOPT_ECHO && linemode_echoes(nvt))
		return 0; /* the client does it by itself */
	if (nvt->role == NVT_CLIENT && client_is_mute(nvt, option))
		return 0;
	if (option == TELOPT_CHARSET && charset_is_refused(nvt))
		return 0;
	for (size_t i = 0; i < POLICIES; i++)
		if (policies[i].option == option)
			policy = nvt->role == NVT_SERVER ? policies[i].server : policies[i].client;
	if (option == TELOPT_COMPRESS2 || option == TELOPT_COMPRESS3)
		policy &= compression_policies[nvt->compression];
	return policy;
}

static void send_answer(struct nvt *nvt, enum option_answer answer, bool local,
			unsigned char option)
{
	unsigned char enable = local ? TELNET_WILL : TELNET_DO;
	unsigned char disable = local ? TELNET_WONT : TELNET_DONT;

	if (answer == OPTION_SEND_NOTHING)
		return;
	nvt_complete_data(nvt);
	telnet_negotiate(nvt->telnet, answer == OPTION_SEND_ENABLE ? enable : disable, option);
}

static bool is_same_mode(const struct nvt_mode *one, const struct nvt_mode *other)
{
	return one->echo == other->echo && one->binary_input == other->binary_input &&
	       one->binary_output == other->binary_output && one->go_ahead == other->go_ahead &&
	       one->charset == other->charset && one->line_mode == other->line_mode &&
	       one->edit == other->edit && one->trap_signals == other->trap_signals &&
	       one->soft_tab == other->soft_tab && one->literal_echo == other->literal_echo &&
	       one->flow_control == other->flow_control && one->restart_any == other->restart_any;
}

void option_update_mode(struct nvt *nvt)
{
	struct nvt_mode mode = {
		.echo = (nvt->role == NVT_SERVER ? nvt->local : nvt->remote)[TELNET_TELOPT_ECHO] ==
			OPTION_YES,
		.binary_input = nvt->remote[TELNET_TELOPT_BINARY] == OPTION_YES,
		.binary_output = nvt->local[TELNET_TELOPT_BINARY] == OPTION_YES,
		.go_ahead = nvt->local[TELNET_TELOPT_SGA] != OPTION_YES,
		.charset = charset_in_force(nvt),
	};
	struct nvt_mode old = nvt->mode;

	linemode_fill_mode(nvt, &mode);
	flow_fill_mode(nvt, &mode);
	if (old.binary_input != mode.binary_input)
		nvt->network_cr = false;
	if (old.binary_output != mode.binary_output)
		nvt->terminal_cr = false; /* in BINARY nothing completes it */
	nvt->mode = mode;
	if (is_same_mode(&old, &mode))
		return;
	if (nvt->events->mode)
		nvt->events->mode(nvt->owner, &nvt->mode);
}

static unsigned side_and_option(bool local, unsigned char option)
{
	return (unsigned)local << 8 | option;
}

/* What follows from an option's change beyond what the peer tells by it. */
static void tell_change(struct nvt *nvt, bool local, unsigned char option, enum option_state old,
			enum option_state new)
{
	bool enabled = new == OPTION_YES, changed = enabled || old == OPTION_YES;

	if (local && option == TELNET_TELOPT_SGA)
		nvt->go_ahead_refused =
			new == OPTION_NO && (old == OPTION_YES || old == OPTION_WANT_YES);
	if (nvt->go_ahead_refused && local && option == TELNET_TELOPT_SGA)
		linemode_suppress_go_ahead_refused(nvt);
	if (changed && local == (nvt->role == NVT_CLIENT) && option == TELNET_TELOPT_LINEMODE)
		linemode_changed(nvt, enabled);
	if (changed && local == (nvt->role == NVT_CLIENT) && option == TELNET_TELOPT_LFLOW)
		flow_changed(nvt, enabled);
}

/* Takes one step of one side of an option, sends its answer and tells those whom it concerns. */
static void take_step(struct nvt *nvt, bool local, unsigned char option, enum option_event event)
{
	uint8_t *states = local ? nvt->local : nvt->remote;
	enum option_state old = states[option];
	struct option_step step = option_step(old, event);
	bool peer_asked = event == OPTION_RECEIVED_ENABLE && !option_is_waiting(old);

	send_answer(nvt, step.answer, local, option);
	states[option] = (uint8_t)step.next;
	if (option_is_waiting(step.next) && !option_is_waiting(old))
		nvt->latest_offer = side_and_option(local, option);
	if (old == step.next)
		return;

	if (local && step.next == OPTION_YES)
		peer_local_enabled(nvt, option);
	if (!local && (old == OPTION_YES || step.next == OPTION_YES))
		peer_remote_changed(nvt, option, step.next == OPTION_YES);
	if (option == TELOPT_CHARSET)
		charset_changed(nvt, peer_asked);
	if (!local && old == OPTION_WANT_YES && step.next == OPTION_NO)
		peer_remote_refused(nvt, option);
	if ((old == OPTION_YES) != (step.next == OPTION_YES))
		compress_changed(nvt, local, option, step.next == OPTION_YES, peer_asked);
	tell_change(nvt, local, option, old, step.next);
	option_update_mode(nvt);
}

void option_agree(struct nvt *nvt, unsigned char option)
{
	take_step(nvt, false, option, OPTION_RECEIVED_ENABLE);
}

void option_offer_all(struct nvt *nvt)
{
	for (size_t i = 0; i < POLICIES; i++) {
		unsigned policy = policy_of(nvt, policies[i].option);

		if (policy & OFFERS_LOCAL)
			take_step(nvt, true, policies[i].option, OPTION_ASK_ENABLE);
	}
	for (size_t i = 0; i < POLICIES; i++) {
		unsigned policy = policy_of(nvt, policies[i].option);

		if (policy & OFFERS_REMOTE)
			take_step(nvt, false, policies[i].option, OPTION_ASK_ENABLE);
	}
}

/*
 * Peers answer in the order in which they were asked, so the answer to the latest offer says that
 * one unanswered before it will stay so: BusyBox's client never answers DO SGA. An option by which
 * the peer tells something is waited for nevertheless.
 */
bool option_all_answered(const struct nvt *nvt)
{
	for (size_t i = 0; i < POLICIES; i++) {
		unsigned char option = policies[i].option;

		if (option_is_waiting(nvt->remote[option]) &&
		    (peer_tells_by(option) || nvt->latest_offer == side_and_option(false, option)))
			return false;
		if (option_is_waiting(nvt->local[option]) &&
		    nvt->latest_offer == side_and_option(true, option))
			return false;
	}
	return true;
}

/* TIMING-MARK has no state: each DO is a question of its own (RFC 860). */
static void timing_mark_received(struct nvt *nvt, unsigned char command)
{
	if (command == TELNET_WILL)
		send_answer(nvt, OPTION_SEND_DISABLE, false, TELNET_TELOPT_TM);
	if (command != TELNET_DO)
		return;
	if (nvt->events->timing_mark)
		nvt->events->timing_mark(nvt->owner);
	else
		nvt_send_timing_mark(nvt);
}

void nvt_ask_logout(struct nvt *nvt)
{
	nvt->logout_asked = true;
	send_answer(nvt, OPTION_SEND_ENABLE, false, TELNET_TELOPT_LOGOUT);
}

/* LOGOUT: asked of a server, it is agreed to and the owner ends the session (RFC 727). */
static void logout_received(struct nvt *nvt, unsigned char command)
{
	bool agreed = nvt->role == NVT_SERVER && nvt->events->logout;
	bool answered = nvt->logout_asked && (command == TELNET_WILL || command == TELNET_WONT);

	if (answered) {
		nvt->logout_asked = false;
		return;
	}
	if (command != TELNET_DO && command != TELNET_WILL)
		return;
	send_answer(nvt, agreed ? OPTION_SEND_ENABLE : OPTION_SEND_DISABLE, command == TELNET_DO,
		    TELNET_TELOPT_LOGOUT);
	if (agreed)
		nvt->events->logout(nvt->owner);
}

void option_received(struct nvt *nvt, unsigned char command, unsigned char option)
{
	bool local = command == TELNET_DO || command == TELNET_DONT;
	enum option_event event = OPTION_RECEIVED_DISABLE;

	if (option == TELNET_TELOPT_TM) {
		timing_mark_received(nvt, command);
		return;
	}
	if (option == TELNET_TELOPT_LOGOUT) {
		logout_received(nvt, command);
		return;
	}
	if (linemode_defers(nvt, command, option))
		return;
	if (command == TELNET_DO || command == TELNET_WILL) {
		unsigned accepts = local ? ACCEPTS_LOCAL : ACCEPTS_REMOTE;

		event = policy_of(nvt, option) & accepts ? OPTION_RECEIVED_ENABLE
							 : OPTION_RECEIVED_REFUSED;
	}
	take_step(nvt, local, option, event);
}

void nvt_ask_local(struct nvt *nvt, unsigned char option, bool enable)
{
	take_step(nvt, true, option, enable ? OPTION_ASK_ENABLE : OPTION_ASK_DISABLE);
}

void nvt_ask_remote(struct nvt *nvt, unsigned char option, bool enable)
{
	take_step(nvt, false, option, enable ? OPTION_ASK_ENABLE : OPTION_ASK_DISABLE);
}

void nvt_send_timing_mark(struct nvt *nvt)
{
	send_answer(nvt, OPTION_SEND_ENABLE, true, TELNET_TELOPT_TM);
}

bool nvt_awaits_go_ahead(const struct nvt *nvt)
{
	return nvt->go_ahead_refused;
}

bool nvt_is_local_on(const struct nvt *nvt, unsigned char option)
{
	return nvt->local[option] == OPTION_YES;
}

bool nvt_is_remote_on(const struct nvt *nvt, unsigned char option)
{
	return nvt->remote[option] == OPTION_YES;
}
