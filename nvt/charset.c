/* SPDX-License-Identifier: ISC */
/*
 * CHARSET (RFC 2066): which character set the peer uses, as the two ends agree by subnegotiation or
 * as the owner says. Names of the network are looked up in a table, and never reach iconv(3).
 */
#include <string.h>

#include "nvt/endpoint.h"

/* The commands of its subnegotiations. */
#define REQUEST 1
#define ACCEPTED 2
#define REJECTED 3
#define TTABLE_IS 4
#define TTABLE_REJECTED 5
#define TTABLE_ACK 6
#define TTABLE_NAK 7

/* What stands before the list where its sender takes translation tables, with a version behind. */
static const char *const table_offers[] = {"[TTABLE]", "[TTABLE ]"};

#define SEPARATOR ";"

static const struct charset_set sets[] = {
	{"UTF-8", {.converter = "UTF-8"}, {"UTF8"}, 0},
	{"US-ASCII", {.converter = "ASCII"}, {"ASCII", "ANSI_X3.4-1968", "ISO646-US"}, 0},
	{"ISO-8859-1", {.upper = table_iso_8859_1}, {"ISO8859-1", "ISO_8859-1", "latin1"}, 0},
	{"ISO-8859-15", {.upper = table_iso_8859_15}, {"ISO8859-15", "ISO_8859-15", "Latin-9"}, 0},
	{"EUC-KR", {.converter = "EUC-KR"}, {"EUCKR", "csEUCKR"}, CHARSET_PAIRS},
	{"CP949", {.converter = "CP949"}, {"UHC", "MS949", "windows-949"}, CHARSET_PAIRS},
	{"EUC-JP", {.converter = "EUC-JP"}, {"EUCJP", "csEUCPkdFmtJapanese"}, CHARSET_PAIRS},
	/* With the backslash and the tilde of ASCII, as terminals have it. */
	{"Shift_JIS",
	 {.converter = "CP932"},
	 {"Shift-JIS", "SJIS", "Windows-31J", "CP932"},
	 CHARSET_PAIRS},
	{"ISO-2022-JP", {.converter = "ISO-2022-JP"}, {"csISO2022JP"}, CHARSET_ESCAPES},
	{"GB18030", {.converter = "GB18030"}, {NULL}, CHARSET_PAIRS},
	{"Big5", {.converter = "BIG5"}, {"Big-5", "csBig5", "cn-big5"}, CHARSET_PAIRS},
	{"KOI8-R", {.upper = table_koi8_r}, {"KOI8R", "csKOI8R"}, 0},
	{"windows-1251", {.upper = table_windows_1251}, {"CP1251", "cswindows1251"}, 0},
	{"windows-1252", {.upper = table_windows_1252}, {"CP1252", "cswindows1252"}, 0},
	{"CP437", {.upper = table_cp437}, {"IBM437", "437"}, 0},
	{"CP850", {.upper = table_cp850}, {"IBM850", "850"}, 0},
	{"IBM037", {.all = table_ibm037}, {"CP037", "ebcdic-cp-us"}, CHARSET_NEXT_LINE},
	{"IBM1047", {.all = table_ibm1047}, {"CP1047", "IBM-1047"}, CHARSET_NEXT_LINE},
};

#define SETS (sizeof(sets) / sizeof(sets[0]))

/* --- names -------------------------------------------------------------------------------- */

/* Not strncasecmp(3): a name is ASCII in whatever locale the owner works. */
static bool same_name(const char *name, const char *text, size_t size)
{
	for (size_t i = 0; i < size; i++) {
		char one = name[i], other = text[i];

		if (one >= 'A' && one <= 'Z')
			one = (char)(one - 'A' + 'a');
		if (other >= 'A' && other <= 'Z')
			other = (char)(other - 'A' + 'a');
		if (one != other || one == '\0')
			return false;
	}
	return name[size] == '\0';
}

static const struct charset_set *find_set(const char *text, size_t size)
{
	for (size_t i = 0; i < SETS; i++) {
		if (same_name(sets[i].name, text, size))
			return &sets[i];
		for (size_t j = 0; j < CHARSET_ALIASES && sets[i].aliases[j]; j++)
			if (same_name(sets[i].aliases[j], text, size))
				return &sets[i];
	}
	return NULL;
}

static const struct charset_set *find_name(const char *name)
{
	return find_set(name, strlen(name));
}

/* Whether a set may be agreed on: the terminal's own, or one that the owner named. */
static bool is_allowed(const struct charset *charset, const struct charset_set *set)
{
	if (set == charset->terminal)
		return true;
	for (size_t i = 0; charset->names && charset->names[i]; i++)
		if (find_name(charset->names[i]) == set)
			return true;
	return false;
}

const char *nvt_charset_name(const char *name)
{
	const struct charset_set *set = find_name(name);

	return set ? set->name : NULL;
}

const char *nvt_charset_at(size_t place)
{
	return place < SETS ? sets[place].name : NULL;
}

/* --- the set in force --------------------------------------------------------------------- */

/*
 * Opens what converts between a set and the terminal's, NULL for none that is needed. Returns
 * whether that could be done; nothing has changed yet.
 */
static bool prepare(struct nvt *nvt, const struct charset_set *set, struct conversion **conversion)
{
	*conversion = NULL;
	if (!set || set == nvt->charset.terminal)
		return true;
	*conversion = conversion_new(set, nvt->charset.terminal);
	return *conversion != NULL;
}

/* What was shown and typed in the old set ends. */
static void end_old(struct nvt *nvt)
{
	if (!nvt->conversion)
		return;
	conversion_release_input(nvt);
	conversion_finish(nvt);
}

static void change_to(struct nvt *nvt, const struct charset_set *set, struct conversion *conversion)
{
	conversion_free(nvt->conversion);
	nvt->conversion = conversion;
	nvt->charset.current = set;
	option_update_mode(nvt);
}

/* Back to what holds for a peer that has agreed to nothing. */
static void change_to_default(struct nvt *nvt)
{
	struct conversion *conversion;

	nvt->charset.agreed = false;
	if (nvt->charset.current == nvt->charset.otherwise ||
	    !prepare(nvt, nvt->charset.otherwise, &conversion))
		return;
	end_old(nvt);
	change_to(nvt, nvt->charset.otherwise, conversion);
}

bool charset_begin(struct nvt *nvt, const struct nvt_setup *setup)
{
	struct charset *charset = &nvt->charset;

	charset->terminal = setup->charset ? find_name(setup->charset) : &sets[0];
	charset->otherwise = setup->peer_charset ? find_name(setup->peer_charset) : NULL;
	charset->names = setup->charsets;
	charset->current = charset->otherwise;
	if (!charset->terminal || charset->terminal->traits & ~(unsigned)CHARSET_PAIRS ||
	    (setup->peer_charset && !charset->otherwise) ||
	    !prepare(nvt, charset->current, &nvt->conversion))
		return false;
	nvt->mode.charset = charset_in_force(nvt);
	return true;
}

const char *charset_in_force(const struct nvt *nvt)
{
	return nvt->charset.current ? nvt->charset.current->name : NULL;
}

/* --- asking ------------------------------------------------------------------------------- */

static bool is_on(const struct nvt *nvt)
{
	return nvt->local[TELOPT_CHARSET] == OPTION_YES ||
	       nvt->remote[TELOPT_CHARSET] == OPTION_YES;
}

static void add_name(char *body, size_t *size, const char *name)
{
	size_t length = strlen(name);

	if (*size + 1 + length > NVT_REQUEST_MAX)
		return;
	body[(*size)++] = SEPARATOR[0];
	memcpy(body + *size, name, length);
	*size += length;
}

/* The terminal's own set is the best, and the others come in the owner's order. */
static void send_request(struct nvt *nvt)
{
	struct charset *charset = &nvt->charset;
	char body[NVT_REQUEST_MAX];
	size_t size = 0;

	body[size++] = REQUEST;
	add_name(body, &size, charset->terminal->name);
	for (size_t i = 0; charset->names && charset->names[i]; i++)
		if (find_name(charset->names[i]) != charset->terminal)
			add_name(body, &size, charset->names[i]);
	charset->waiting = true;
	charset->asked = true;
	nvt->awaited |= AWAITED_CHARSET;
	nvt_send_subnegotiation(nvt, TELOPT_CHARSET, body, size);
}

static void stop_waiting(struct nvt *nvt)
{
	nvt->charset.waiting = false;
	nvt->awaited &= ~(unsigned)AWAITED_CHARSET;
}

bool charset_is_refused(const struct nvt *nvt)
{
	const struct charset *charset = &nvt->charset;

	return charset->names ? !charset->names[0] : nvt->role == NVT_CLIENT;
}

/*
 * Some clients say DO to every WILL but do not know subnegotiations: they answer a request with the
 * beginning of one, and what is typed goes into that. So a server asks only clients that have sent
 * a proper subnegotiation, or have asked for the option by themselves.
 */
static bool may_ask(const struct nvt *nvt)
{
	return nvt->local[TELOPT_CHARSET] == OPTION_YES &&
	       (nvt->role == NVT_CLIENT || nvt->subnegotiates || nvt->charset.peer_asked);
}

void charset_ask_when_ready(struct nvt *nvt)
{
	if (may_ask(nvt) && !nvt->charset.asked && !nvt->charset.agreed)
		send_request(nvt);
}

void charset_changed(struct nvt *nvt, bool peer_asked)
{
	nvt->charset.peer_asked |= peer_asked;
	charset_ask_when_ready(nvt);
	if (nvt->local[TELOPT_CHARSET] != OPTION_YES)
		stop_waiting(nvt);
	if (!is_on(nvt))
		change_to_default(nvt);
}

/* --- answering ---------------------------------------------------------------------------- */

static void reject(struct nvt *nvt, char command)
{
	nvt_send_subnegotiation(nvt, TELOPT_CHARSET, &command, 1);
}

/* The name goes back as it came. What follows the answer, both ways, is in the new set. */
static bool accept(struct nvt *nvt, const struct charset_set *set, const char *name, size_t size)
{
	struct conversion *conversion = NULL;
	char body[1 + CHARSET_NAME_MAX] = {ACCEPTED};
	bool changes = set != nvt->charset.current;

	if (changes && !prepare(nvt, set, &conversion))
		return false;
	memcpy(body + 1, name, size);
	if (changes)
		end_old(nvt);
	nvt_send_subnegotiation(nvt, TELOPT_CHARSET, body, 1 + size);
	nvt->charset.agreed = true;
	if (changes)
		change_to(nvt, set, conversion);
	return true;
}

/* Behind the offer of a translation table and its version. */
static const char *skip_table_offer(const char *list, const char *end)
{
	for (size_t i = 0; i < sizeof(table_offers) / sizeof(table_offers[0]); i++) {
		size_t size = strlen(table_offers[i]);

		if ((size_t)(end - list) > size && memcmp(list, table_offers[i], size) == 0)
			return list + size + 1;
	}
	return list;
}

/* Accepts the first name of a list that can be. The list's first byte separates its names. */
static bool accept_one(struct nvt *nvt, const char *list, const char *end)
{
	char separator;

	list = skip_table_offer(list, end);
	if (list == end)
		return false;
	separator = *list;
	while (list < end) {
		const char *name = list + 1;
		const char *next = memchr(name, separator, (size_t)(end - name));
		size_t size = (size_t)((next ? next : end) - name);
		const struct charset_set *set =
			size > 0 && size <= CHARSET_NAME_MAX ? find_set(name, size) : NULL;

		if (set && is_allowed(&nvt->charset, set) && accept(nvt, set, name, size))
			return true;
		list = name + size;
	}
	return false;
}

/*
 * Where both ends have asked at once a server's request stands and a client's is rejected (RFC
 * 2066), so a client whose server asks no longer waits for its own answer.
 */
static void request_received(struct nvt *nvt, const char *list, size_t size)
{
	if (nvt->charset.waiting && nvt->role == NVT_SERVER) {
		reject(nvt, REJECTED);
		return;
	}
	if (nvt->charset.waiting)
		stop_waiting(nvt);
	if (!accept_one(nvt, list, list + size))
		reject(nvt, REJECTED);
}

/* A name that was not asked for is as good as a refusal. */
static void accepted_received(struct nvt *nvt, const char *name, size_t size)
{
	const struct charset_set *set =
		size > 0 && size <= CHARSET_NAME_MAX ? find_set(name, size) : NULL;
	struct conversion *conversion;

	if (!set || !is_allowed(&nvt->charset, set)) {
		nvt_count_malformed(nvt);
		return;
	}
	nvt->charset.agreed = true;
	if (set == nvt->charset.current || !prepare(nvt, set, &conversion))
		return;
	end_old(nvt);
	change_to(nvt, set, conversion);
}

void charset_received(struct nvt *nvt, const char *body, size_t size)
{
	bool waiting = nvt->charset.waiting;

	if (!is_on(nvt))
		return;
	if (size == 0 || body[0] < REQUEST || body[0] > TTABLE_NAK) {
		nvt_count_malformed(nvt);
		return;
	}
	if (body[0] == REQUEST)
		request_received(nvt, body + 1, size - 1);
	if (!waiting)
		return; /* an answer to nothing is not answered */
	if (body[0] == ACCEPTED || body[0] == REJECTED || body[0] == TTABLE_IS)
		stop_waiting(nvt);
	if (body[0] == ACCEPTED)
		accepted_received(nvt, body + 1, size - 1);
	/* Nobody asked for a translation table. */
	if (body[0] == TTABLE_IS)
		reject(nvt, TTABLE_REJECTED);
}
