/* SPDX-License-Identifier: ISC */
/*
 * Edits lines by libedit, which draws what is typed. The server's unfinished line in front of that
 * is on the screen already, so libedit draws it with its output turned off. libedit gets only
 * characters, and codes of the commands that are bound here: it never sees a byte that was typed.
 */
#include "contrib/telnet/editor.h"

#ifdef HAVE_LIBEDIT

#include <histedit.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <wchar.h>

#include "contrib/telnet/linekeys.h"
#include "contrib/telnet/prompt.h"

#define LENGTH(array) (sizeof(array) / sizeof((array)[0]))

#define HISTORY_LINES 500

/* libedit looks up characters below this in its map of commands. */
#define MAP_SIZE 256

/* The codes of commands in that map, one for each of enum linekey, and one for `act`. */
#define CODE_OF_KEYS 0x80
#define CODE_OF_ACT (CODE_OF_KEYS + LINEKEYS)

/* From here on the characters in the map are text: Latin-1's letters and signs. */
#define FIRST_LATIN 0xa0
_Static_assert(CODE_OF_ACT < FIRST_LATIN, "no code is a character that is printed");

enum action {
	ACT_COME_BACK,
	ACT_GIVE_WAY,
	ACT_GO_TO_END,
};

struct editor {
	lines_next_byte *next_byte;
	void *owner;
	struct line *line;
	const char *own_prompt; /* that the editor itself shows, or NULL */
	EditLine *library;
	HistoryW *history;
	FILE *nowhere; /* where libedit draws what is on the screen already */
	cc_t characters[NCCS]; /* of the terminal, as keep_characters has told libedit */
	bool has_characters;
	struct prompt shown; /* the server's unfinished line */
	wchar_t *prompt; /* what libedit takes to be in front of the line */
	struct linekeys typed;
	bool moved; /* the last key was not a character: the cursor may have moved */
	bool reading;
	bool away; /* something was shown since, and libedit has not been told */
	bool ending; /* no more of the line is wanted */
	bool broken_off;
	enum action action; /* what `act` is to do */
	wchar_t text[2]; /* what `act` then inserts: a character that libedit takes for a command */
	wchar_t next; /* a character or code that libedit gets after `act`, or 0 */
	wchar_t *hidden; /* what was typed, while it is away */
	size_t hidden_cursor;
	int depth; /* how many lines the user has gone back in the history */
};

/* --- what is on the screen ---------------------------------------------------------------- */

static size_t columns_of_terminal(void)
{
	unsigned short columns, rows;

	terminal_size(&columns, &rows);
	return columns;
}

static wchar_t *prompt_of(EditLine *library)
{
	static wchar_t none[] = L"";
	struct editor *editor;

	el_wget(library, EL_CLIENTDATA, &editor);
	return editor->prompt ? editor->prompt : none;
}

static void draw_nowhere(struct editor *editor)
{
	el_wset(editor->library, EL_SETFP, 1, editor->nowhere);
}

static void draw_on_screen(struct editor *editor)
{
	el_wset(editor->library, EL_SETFP, 1, stdout);
}

/* Lets libedit draw what is on the screen already. */
static void draw_again_nowhere(struct editor *editor)
{
	draw_nowhere(editor);
	el_wset(editor->library, EL_REFRESH);
	draw_on_screen(editor);
}

static void take_prompt(struct editor *editor)
{
	free(editor->prompt);
	editor->prompt = prompt_write(&editor->shown);
	/* libedit then takes the cursor to be in the next row. */
	if (prompt_fills_row(&editor->shown, columns_of_terminal()))
		fputs(" \r", stdout);
	fflush(stdout);
}

static size_t line_length(const struct editor *editor)
{
	const LineInfoW *line = el_wline(editor->library);

	return (size_t)(line->lastchar - line->buffer);
}

static void move_cursor(struct editor *editor, size_t place)
{
	const LineInfoW *line = el_wline(editor->library);

	el_cursor(editor->library, (int)((ptrdiff_t)place - (line->cursor - line->buffer)));
}

/*
 * libedit cannot empty a line without losing the text that LINEKEY_YANK inserts: a blank stays
 * after the cursor.
 */
static void give_way(struct editor *editor)
{
	const LineInfoW *line = el_wline(editor->library);
	size_t length = line_length(editor);

	editor->away = true;
	editor->hidden = calloc(length + 1, sizeof(wchar_t));
	if (!editor->hidden)
		return;
	wmemcpy(editor->hidden, line->buffer, length);
	editor->hidden_cursor = (size_t)(line->cursor - line->buffer);
	el_wreplacestr(editor->library, L" ");
	move_cursor(editor, 0);
}

static void come_back(struct editor *editor)
{
	editor->away = false;
	take_prompt(editor);
	draw_again_nowhere(editor);
	if (!editor->hidden)
		return;
	el_wreplacestr(editor->library, editor->hidden);
	move_cursor(editor, editor->hidden_cursor);
	free(editor->hidden);
	editor->hidden = NULL;
}

/* A command of libedit's map. */
static unsigned char act(EditLine *library, wint_t code)
{
	struct editor *editor;
	bool has_text;

	(void)code;
	el_wget(library, EL_CLIENTDATA, &editor);
	has_text = editor->text[0] != L'\0';
	if (editor->action == ACT_GIVE_WAY)
		give_way(editor);
	else if (editor->action == ACT_GO_TO_END)
		move_cursor(editor, line_length(editor));
	else if (editor->away)
		come_back(editor);
	if (has_text)
		el_winsertstr(library, editor->text);
	editor->text[0] = L'\0';
	return line_length(editor) > 0 || has_text ? CC_REFRESH : CC_NORM;
}

/* --- keys --------------------------------------------------------------------------------- */

static bool add_character(struct editor *editor, wchar_t character)
{
	char bytes[MB_LEN_MAX];
	mbstate_t state = {0};
	size_t size = 1;

	if (character >= LINEKEYS_NO_CHARACTER && character <= LINEKEYS_NO_CHARACTER + 0xff)
		bytes[0] = (char)(character - LINEKEYS_NO_CHARACTER);
	else
		size = wcrtomb(bytes, character, &state);
	return size == (size_t)-1 || line_add(editor->line, bytes, size);
}

/*
 * The next key, or LINEKEY_NONE and a character. If the owner says something else, puts that into
 * `key` and returns false; the bytes of a key that is not complete wait.
 */
static bool next_key(struct editor *editor, int *key, wchar_t *character)
{
	while ((*key = linekeys_take(&editor->typed, terminal_characters(), character)) ==
	       LINEKEY_PART) {
		int byte = editor->next_byte(editor->owner);

		if (byte < 0) {
			*key = byte;
			return false;
		}
		linekeys_add(&editor->typed, (unsigned char)byte);
	}
	return true;
}

/* What has been typed of the line is kept. */
static void break_off(struct editor *editor)
{
	const LineInfoW *line = el_wline(editor->library);
	const wchar_t *at = editor->hidden ? editor->hidden : line->buffer;
	const wchar_t *end = editor->hidden ? at + wcslen(at) : line->lastchar;

	editor->broken_off = true;
	while (at < end)
		if (!add_character(editor, *at++))
			return;
	line_add(editor->line, editor->typed.bytes, editor->typed.size);
	editor->typed.size = 0;
}

static int do_action(struct editor *editor, enum action action, wchar_t *code)
{
	editor->action = action;
	*code = CODE_OF_ACT;
	return 1;
}

static int end_line(struct editor *editor, wchar_t *code)
{
	const LineInfoW *line = el_wline(editor->library);

	if (!editor->ending && line->cursor < line->lastchar && !editor->away) {
		editor->ending = true;
		return do_action(editor, ACT_GO_TO_END, code);
	}
	break_off(editor);
	return -1;
}

/* If there is nothing newer, libedit would drop the line. */
static bool can_go_in_history(struct editor *editor, int key)
{
	HistEventW event = {0};

	history_w(editor->history, &event, H_GETSIZE);
	if (key == LINEKEY_OLDER)
		return editor->depth < event.num && ++editor->depth;
	return editor->depth > 0 && editor->depth--;
}

static int key_came(struct editor *editor, int key, wchar_t *code)
{
	bool is_empty = line_length(editor) == 0;

	editor->moved = true;
	if ((key == LINEKEY_OLDER || key == LINEKEY_NEWER) && !can_go_in_history(editor, key))
		return do_action(editor, ACT_COME_BACK, code);
	if (key == LINEKEY_END_OF_FILE && is_empty)
		return -1;
	if (key == LINEKEY_END_OF_FILE)
		key = LINEKEY_DELETE;
	*code = CODE_OF_KEYS + key;
	if (!editor->away)
		return 1;
	editor->next = *code;
	return do_action(editor, ACT_COME_BACK, code);
}

/*
 * A character that libedit would take for a command is inserted by `act`. So is the first one after
 * a key: in a line that is longer than the screen libedit loses its place, and without a refresh
 * would draw outside its picture.
 */
static int character_came(struct editor *editor, wchar_t *character)
{
	bool is_plain = *character >= FIRST_LATIN || (*character >= L' ' && *character <= L'~');

	if (is_plain && !editor->away && !editor->moved)
		return 1;
	editor->moved = false;
	if (is_plain && editor->away)
		editor->next = *character;
	else
		editor->text[0] = *character;
	return do_action(editor, ACT_COME_BACK, character);
}

/* libedit calls this for a character or a code. Returns 1, or -1 to break the line off. */
static int next_character(EditLine *library, wchar_t *character)
{
	struct editor *editor;
	int key;

	el_wget(library, EL_CLIENTDATA, &editor);
	draw_on_screen(editor);
	if (editor->ending)
		return end_line(editor, character);
	if (editor->next != L'\0') {
		*character = editor->next;
		editor->next = L'\0';
		return 1;
	}
	if (next_key(editor, &key, character))
		return key == LINEKEY_NONE ? character_came(editor, character)
					   : key_came(editor, key, character);
	if (key == LINES_GIVE_WAY)
		return do_action(editor, ACT_GIVE_WAY, character);
	if (key == LINES_COME_BACK)
		return do_action(editor, ACT_COME_BACK, character);
	return end_line(editor, character);
}

/* --- beginning ---------------------------------------------------------------------------- */

static const wchar_t *const commands[LINEKEYS] = {
	[LINEKEY_BEGINNING] = L"ed-move-to-beg",
	[LINEKEY_END] = L"ed-move-to-end",
	[LINEKEY_LEFT] = L"ed-prev-char",
	[LINEKEY_RIGHT] = L"ed-next-char",
	[LINEKEY_WORD_LEFT] = L"ed-prev-word",
	[LINEKEY_WORD_RIGHT] = L"em-next-word",
	[LINEKEY_OLDER] = L"ed-prev-history",
	[LINEKEY_NEWER] = L"ed-next-history",
	[LINEKEY_ERASE] = L"em-delete-prev-char",
	[LINEKEY_ERASE_WORD] = L"ed-delete-prev-word",
	[LINEKEY_DELETE] = L"ed-delete-next-char",
	[LINEKEY_DELETE_WORD] = L"em-delete-next-word",
	[LINEKEY_KILL] = L"em-kill-line",
	[LINEKEY_KILL_REST] = L"ed-kill-line",
	[LINEKEY_YANK] = L"em-yank",
	[LINEKEY_TRANSPOSE] = L"ed-transpose-chars",
	[LINEKEY_REDISPLAY] = L"ed-redisplay",
	[LINEKEY_ENTER] = L"ed-newline",
};

static void bind(struct editor *editor, wchar_t code, const wchar_t *command)
{
	const wchar_t key[] = {code, L'\0'};

	el_wset(editor->library, EL_BIND, key, command, NULL);
}

static void bind_commands(struct editor *editor)
{
	el_wset(editor->library, EL_ADDFN, L"telnet-act", L"Changes what is shown", act);
	bind(editor, CODE_OF_ACT, L"telnet-act");
	for (int i = 0; i < LINEKEYS; i++)
		if (commands[i])
			bind(editor, CODE_OF_KEYS + i, commands[i]);
	for (wchar_t character = FIRST_LATIN; character < MAP_SIZE; character++)
		bind(editor, character, L"ed-insert");
}

/* libedit would set its own characters for signals and flow control: keep the terminal's. */
static void keep_characters(struct editor *editor, const struct termios *modes)
{
	static const struct {
		const wchar_t *name;
		int place;
	} kept[] = {{L"intr", VINTR},
		    {L"quit", VQUIT},
		    {L"susp", VSUSP},
		    {L"start", VSTART},
		    {L"stop", VSTOP}};
	wchar_t setting[16];

	for (size_t i = 0; i < LENGTH(kept); i++) {
		cc_t character = modes->c_cc[kept[i].place];

		if (editor->has_characters && editor->characters[i] == character)
			continue;
		editor->characters[i] = character;
		swprintf(setting, LENGTH(setting),
			 character == _POSIX_VDISABLE ? L"%ls=" : L"%ls=\\%03o", kept[i].name,
			 (unsigned)character);
		el_wset(editor->library, EL_SETTY, L"-d", setting, NULL);
		el_wset(editor->library, EL_SETTY, L"-x", setting, NULL);
	}
	editor->has_characters = true;
}

static bool begin(struct editor *editor)
{
	HistEventW event;
	struct termios modes;

	tcgetattr(STDIN_FILENO, &modes); /* before libedit sets others */
	editor->nowhere = fopen("/dev/null", "we");
	editor->history = history_winit();
	editor->library = el_init("telnet", stdin, stdout, stderr);
	if (!editor->nowhere || !editor->history || !editor->library)
		return false;
	history_w(editor->history, &event, H_SETSIZE, HISTORY_LINES);
	el_wset(editor->library, EL_CLIENTDATA, editor);
	el_wset(editor->library, EL_EDITOR, L"emacs");
	el_wset(editor->library, EL_SIGNAL, 0);
	el_wset(editor->library, EL_PROMPT_ESC, prompt_of, PROMPT_MARK);
	el_wset(editor->library, EL_HIST, history_w, editor->history);
	/* Without this libedit makes the terminal edit and echo between two lines: see lines_mode.
	 */
	el_wset(editor->library, EL_SETTY, L"-x", L"-icanon", L"-echo", NULL);
	/* Without this it takes CR for LF and LF for CR. */
	el_wset(editor->library, EL_SETTY, L"-d", L"-icrnl", L"-inlcr", NULL);
	keep_characters(editor, &modes);
	/* Move the cursor by steps: not every terminal with TERM=xterm can go to a column. */
	el_wset(editor->library, EL_SETTC, L"ch", L"", NULL);
	el_wset(editor->library, EL_GETCFN, next_character);
	bind_commands(editor);
	return true;
}

struct editor *editor_new(const char *prompt, lines_next_byte *next_byte, void *owner,
			  struct line *line)
{
	struct editor *editor = calloc(1, sizeof(*editor));

	if (!editor)
		return NULL;
	editor->own_prompt = prompt;
	editor->next_byte = next_byte;
	editor->owner = owner;
	editor->line = line;
	if (begin(editor))
		return editor;
	editor_free(editor);
	return NULL;
}

void editor_free(struct editor *editor)
{
	if (editor->library)
		el_end(editor->library);
	if (editor->history)
		history_wend(editor->history);
	if (editor->nowhere)
		fclose(editor->nowhere);
	free(editor->prompt);
	free(editor->hidden);
	free(editor);
}

/* --- lines -------------------------------------------------------------------------------- */

static void begin_line(struct editor *editor)
{
	struct termios modes;

	editor->broken_off = editor->ending = editor->away = false;
	editor->typed.quoting = editor->moved = false;
	editor->next = editor->text[0] = L'\0';
	editor->reading = true;
	editor->depth = 0;
	if (tcgetattr(STDIN_FILENO, &modes) == 0)
		keep_characters(editor, &modes);
	el_resize(editor->library);
	if (editor->own_prompt) {
		prompt_clear(&editor->shown);
		prompt_show(&editor->shown, editor->own_prompt, strlen(editor->own_prompt), 0);
		take_prompt(editor);
	} else {
		take_prompt(editor);
		draw_nowhere(editor);
	}
}

static void finish_line(struct editor *editor)
{
	draw_on_screen(editor);
	editor->reading = false;
	free(editor->hidden);
	editor->hidden = NULL;
	prompt_clear(&editor->shown);
}

enum lines_result editor_read(struct editor *editor)
{
	const wchar_t *wide;
	HistEventW event;
	int count = 0;

	begin_line(editor);
	wide = el_wgets(editor->library, &count);
	finish_line(editor);
	if (!wide || count <= 0)
		return editor->broken_off ? LINES_BROKEN_OFF : LINES_END;
	if (count > 1)
		history_w(editor->history, &event, H_ENTER, wide);
	for (int i = 0; i < count - 1; i++)
		if (!add_character(editor, wide[i]))
			return LINES_BROKEN_OFF;
	return LINES_READ;
}

bool editor_is_in_the_way(const struct editor *editor)
{
	return editor->reading && !editor->away && !editor->ending && line_length(editor) > 0;
}

void editor_shown(struct editor *editor, const char *bytes, size_t size)
{
	prompt_show(&editor->shown, bytes, size, columns_of_terminal());
	editor->away = editor->reading;
}

bool editor_is_away(const struct editor *editor)
{
	return editor->reading && editor->away;
}

/*
 * el_resize makes libedit forget its picture of the screen, but not the cursor's place, which may
 * be outside the new picture. So draw again: most terminals have wrapped the line anew by
 * themselves.
 */
void editor_resize(struct editor *editor)
{
	el_resize(editor->library);
	if (editor->reading)
		draw_again_nowhere(editor);
}

#endif
