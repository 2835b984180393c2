/* SPDX-License-Identifier: ISC */
/*
 * The special characters of LINEMODE (RFC 1184 2.4 and 5.9). An answer is collected by function
 * while a list is read, so that a function that comes again and again is answered once, with what
 * has become of it in the end.
 */
#include "nvt/slc.h"

#include <string.h>

/* Of each function that a byte can name: the second and third byte of its triplet. */
struct answers {
	bool due[256];
	struct slc_setting setting[256];
};

static size_t put(uint8_t *list, size_t size, unsigned function, struct slc_setting setting)
{
	list[size++] = (uint8_t)function;
	list[size++] = setting.flags;
	list[size++] = setting.character;
	return size;
}

static size_t put_answers(const struct answers *answers, uint8_t list[SLC_ANSWER_MAX])
{
	size_t size = 0;

	for (unsigned function = 1; function < 256; function++)
		if (answers->due[function])
			size = put(list, size, function, answers->setting[function]);
	return size;
}

static void answer(struct answers *answers, unsigned function, unsigned flags, uint8_t character)
{
	answers->due[function] = true;
	answers->setting[function] = (struct slc_setting){(uint8_t)flags, character};
}

static enum slc_level level_of(struct slc_setting setting)
{
	return (enum slc_level)(setting.flags & SLC_LEVEL);
}

/* The disabled character of the terminals of System V is 0, that of BSD's 255. */
static bool is_none(uint8_t character)
{
	return character == 0 || character == UINT8_MAX;
}

/* The setting that this end would choose: its default, or none. */
static struct slc_setting default_of(const struct slc *slc, unsigned function)
{
	struct slc_setting setting = slc->own[function];

	if (level_of(setting) == SLC_DEFAULT || is_none(setting.character))
		return (struct slc_setting){SLC_NOSUPPORT, 0};
	return setting;
}

/*
 * Agrees on a setting, and puts its character into effect where the terminal has one for it. A
 * client's key for a function that the server has not is an ordinary character; a server's terminal
 * keeps its own, whatever the client lacks.
 */
static void agree(struct slc *slc, unsigned function, struct slc_setting setting, bool *changed)
{
	setting.flags &= (uint8_t)~SLC_ACK;
	slc->agreed[function] = setting;
	if (level_of(setting) == SLC_NOSUPPORT) {
		if (!slc->is_client)
			return;
		setting.character = 0;
	}
	if (level_of(slc->own[function]) != SLC_VALUE ||
	    slc->character[function] == setting.character)
		return;
	slc->character[function] = setting.character;
	*changed = true;
}

/* What the terminal has for a function now, or what the two ends have agreed on without it. */
static struct slc_setting current_of(const struct slc *slc, unsigned function)
{
	struct slc_setting setting = slc->own[function];

	if (level_of(setting) != SLC_VALUE)
		return slc->agreed[function];
	if (slc->character[function] == 0)
		return (struct slc_setting){SLC_NOSUPPORT, 0};
	setting.character = slc->character[function];
	return setting;
}

/*
 * 0 SLC_DEFAULT 0: back to the defaults; that and 0 SLC_VALUE 0: tell all, and of what was agreed
 * on and is no more that it is so. A server's to do.
 */
static void tell_all(struct slc *slc, enum slc_level level, struct answers *answers, bool *changed)
{
	if (slc->is_client || (level != SLC_DEFAULT && level != SLC_VALUE))
		return;
	for (unsigned function = 1; function <= SLC_FUNCTIONS; function++) {
		struct slc_setting now = level == SLC_DEFAULT ? default_of(slc, function)
							      : current_of(slc, function);
		enum slc_level before = level_of(slc->agreed[function]);

		agree(slc, function, now, changed);
		if (level_of(now) != SLC_NOSUPPORT || before != SLC_NOSUPPORT)
			answer(answers, function, now.flags, now.character);
	}
}

/* The other end wants a character of its choice. */
static void value_received(struct slc *slc, unsigned function, struct slc_setting wanted,
			   struct answers *answers, bool *changed)
{
	struct slc_setting own = slc->own[function];

	if (level_of(own) == SLC_VALUE || level_of(own) == SLC_DEFAULT) {
		agree(slc, function, wanted, changed);
		answer(answers, function, wanted.flags | SLC_ACK, wanted.character);
		return;
	}
	/* Two that cannot change have nothing in common. */
	if (level_of(own) == SLC_CANTCHANGE && level_of(wanted) == SLC_CANTCHANGE)
		own = (struct slc_setting){SLC_NOSUPPORT, 0};
	agree(slc, function, own, changed);
	answer(answers, function, own.flags, own.character);
}

/*
 * An answer to what this end has said: never answered. The server has the last word, also where
 * two changes have crossed of which one took a character away.
 */
static void acknowledgement_received(struct slc *slc, unsigned function, struct slc_setting said,
				     bool *changed)
{
	enum slc_level own = level_of(slc->own[function]);

	if (!slc->is_client || (own != SLC_VALUE && own != SLC_DEFAULT))
		return;
	if (level_of(said) == SLC_NOSUPPORT)
		agree(slc, function, (struct slc_setting){SLC_NOSUPPORT, 0}, changed);
	else if (level_of(said) != SLC_DEFAULT && !is_none(said.character))
		agree(slc, function, said, changed);
}

static void setting_received(struct slc *slc, unsigned function, struct slc_setting wanted,
			     struct answers *answers, bool *changed)
{
	enum slc_level level = level_of(wanted);
	struct slc_setting now = slc->agreed[function];

	if (level == level_of(now) && (level == SLC_NOSUPPORT || wanted.character == now.character))
		return;
	if (wanted.flags & SLC_ACK) {
		acknowledgement_received(slc, function, wanted, changed);
		return;
	}
	if (level == SLC_NOSUPPORT) {
		agree(slc, function, (struct slc_setting){SLC_NOSUPPORT, 0}, changed);
		answer(answers, function, wanted.flags | SLC_ACK, wanted.character);
	} else if (level == SLC_DEFAULT) {
		now = default_of(slc, function);
		agree(slc, function, now, changed);
		answer(answers, function, now.flags, now.character);
	} else if (is_none(wanted.character)) {
		agree(slc, function, (struct slc_setting){SLC_NOSUPPORT, 0}, changed);
		answer(answers, function, SLC_NOSUPPORT, 0);
	} else {
		value_received(slc, function, wanted, answers, changed);
	}
}

size_t slc_receive(struct slc *slc, const uint8_t *list, size_t size,
		   uint8_t answer_list[SLC_ANSWER_MAX], bool *changed)
{
	struct answers answers = {.due = {false}};

	for (; size >= SLC_TRIPLET_SIZE; list += SLC_TRIPLET_SIZE, size -= SLC_TRIPLET_SIZE) {
		unsigned function = list[0];
		struct slc_setting wanted = {list[1] & SLC_FLAGS, list[2]};

		if (function == 0)
			tell_all(slc, level_of(wanted), &answers, changed);
		else if (function <= SLC_FUNCTIONS)
			setting_received(slc, function, wanted, &answers, changed);
		else if (level_of(wanted) != SLC_NOSUPPORT && !(wanted.flags & SLC_ACK))
			answer(&answers, function, SLC_NOSUPPORT, 0);
	}
	return put_answers(&answers, answer_list);
}

size_t slc_change(struct slc *slc, const uint8_t characters[SLC_FUNCTIONS + 1],
		  uint8_t told[SLC_ANSWER_MAX])
{
	size_t size = 0;

	for (unsigned function = 1; function <= SLC_FUNCTIONS; function++) {
		uint8_t character = is_none(characters[function]) ? 0 : characters[function];
		struct slc_setting now = slc->own[function];

		if (level_of(now) != SLC_VALUE || character == slc->character[function])
			continue;
		slc->character[function] = character;
		now.character = character;
		if (character == 0)
			now.flags = SLC_NOSUPPORT;
		slc->agreed[function] = now;
		size = put(told, size, function, now);
	}
	return size;
}

size_t slc_list(const struct slc *slc, uint8_t list[SLC_ANSWER_MAX])
{
	size_t size = 0;

	for (unsigned function = 1; function <= SLC_FUNCTIONS; function++)
		if (level_of(slc->agreed[function]) != SLC_NOSUPPORT)
			size = put(list, size, function, slc->agreed[function]);
	return size;
}

size_t slc_export(struct slc *slc, uint8_t list[SLC_ANSWER_MAX])
{
	for (unsigned function = 1; function <= SLC_FUNCTIONS; function++) {
		slc->agreed[function] = slc->own[function];
		slc->agreed[function].character = slc->character[function];
		if (level_of(slc->own[function]) == SLC_VALUE && slc->character[function] == 0)
			slc->agreed[function].flags = SLC_NOSUPPORT;
	}
	return slc_list(slc, list);
}

void slc_reset(struct slc *slc)
{
	memset(slc->agreed, 0, sizeof(slc->agreed));
}
