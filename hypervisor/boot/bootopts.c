// SPDX-License-Identifier: MIT
/*
 * Xen's words on the command line, each with a small function in one table. A value is copied to a
 * buffer with a NUL before it is read; a function returns NULL, or in words what is wrong with
 * the value, and what is wrong goes to the list of problems with the option as it was written.
 */
#include "hv/bootopts.h"

#include "hv/mem.h"

#define VALUE_MAX 256

static const char not_a_boolean[] = "wants yes or no";
static const char not_a_number[] = "wants a number";
static const char not_supported[] = "names something that is not supported";

/* Returns false when the word is neither yes nor no. */
static bool read_boolean(const char *word, bool *value)
{
	static const char *const yes[] = { "", "yes", "on", "true", "enable", "1" };
	static const char *const no[] = { "no", "off", "false", "disable", "0" };

	for (size_t i = 0; i < sizeof(yes) / sizeof(yes[0]); i++) {
		if (str_equal(word, yes[i])) {
			*value = true;
			return true;
		}
	}
	for (size_t i = 0; i < sizeof(no) / sizeof(no[0]); i++) {
		if (str_equal(word, no[i])) {
			*value = false;
			return true;
		}
	}
	return false;
}

static bool read_unsigned(const char *word, unsigned *value)
{
	uint64_t number;

	if (!str_to_u64(word, NULL, 0, &number) || number > UINT32_MAX)
		return false;
	*value = (unsigned)number;
	return true;
}

/* Copies the next piece before a comma. Returns false at the end of the list. */
static bool next_word(struct str_span *list, char *word)
{
	struct str_span piece;

	if (!str_split(list, ',', &piece))
		return false;
	return str_copy_span(word, VALUE_MAX, piece);
}

static struct str_span span_of(const char *text)
{
	return (struct str_span){ text, str_len(text) };
}

/* ---- consoles ------------------------------------------------------------- */

static const char *set_console(struct boot_options *o, const char *value)
{
	struct str_span list = span_of(value);
	bool com1 = false, com2 = false, none = false, other = false;
	char word[VALUE_MAX];

	while (next_word(&list, word)) {
		if (str_equal(word, "com1"))
			com1 = true;
		else if (str_equal(word, "com2"))
			com2 = true;
		else if (str_equal(word, "none"))
			none = true;
		else
			other = true;
	}
	/* A line that names no console at all must not leave a machine without a voice. */
	if (com1 || com2 || none) {
		o->com[0].console = com1;
		o->com[1].console = com2;
		o->console_none = none && !com1 && !com2;
	}
	return other ? not_supported : NULL;
}

static const char *set_com1(struct boot_options *o, const char *value)
{
	return bootopts_read_serial(&o->com[0], value);
}

static const char *set_com2(struct boot_options *o, const char *value)
{
	return bootopts_read_serial(&o->com[1], value);
}

static const char *set_conswitch(struct boot_options *o, const char *value)
{
	char letter = value[0];

	if (letter == '\0' || (value[1] != '\0' && !str_equal(value + 1, "x")))
		return "wants a letter, and x or nothing behind it";
	o->conswitch = letter >= 'a' && letter <= 'z' ? letter : '\0';
	o->conswitch_stays = value[1] == 'x';
	return NULL;
}

/* ---- memory and CPUs ------------------------------------------------------ */

static const char *set_dom0_mem(struct boot_options *o, const char *value)
{
	struct str_span list = span_of(value);
	char word[VALUE_MAX];

	while (next_word(&list, word)) {
		const char *least = str_skip_prefix(word, "min:");
		const char *most = str_skip_prefix(word, "max:");
		bool ok;

		if (least != NULL)
			ok = bootopts_read_size(least, &o->dom0_min);
		else if (most != NULL)
			ok = bootopts_read_size(most, &o->dom0_max);
		else
			ok = bootopts_read_size(word, &o->dom0_mem);
		if (!ok)
			return "wants SIZE, min:SIZE or max:SIZE";
	}
	return NULL;
}

static const char *set_mem(struct boot_options *o, const char *value)
{
	uint64_t bytes;

	if (!str_to_size(value, NULL, 10, &bytes) || bytes == 0)
		return "wants a size";
	o->mem_limit = bytes;
	return NULL;
}

static const char *set_maxcpus(struct boot_options *o, const char *value)
{
	unsigned n;

	if (!read_unsigned(value, &n) || n == 0)
		return not_a_number;
	o->maxcpus = n;
	return NULL;
}

static const char *set_nosmp(struct boot_options *o, const char *value)
{
	bool on;

	if (!read_boolean(value, &on))
		return not_a_boolean;
	o->maxcpus = on ? 1 : 0;
	return NULL;
}

static const char *set_dom0_max_vcpus(struct boot_options *o, const char *value)
{
	const char *dash = str_find_char(value, '-');
	unsigned n;

	/* MIN-MAX: the machine decides in between, so the most is what counts. */
	if (!read_unsigned(dash != NULL ? dash + 1 : value, &n) || n == 0)
		return not_a_number;
	o->dom0_max_vcpus = n;
	return NULL;
}

/* ---- messages and reboot --------------------------------------------------- */

static bool read_level(const char *word, enum boot_log_level *level)
{
	static const char *const names[] = { "none", "error", "warning", "info", "debug", "all" };

	for (unsigned i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (str_equal(word, names[i])) {
			*level = i < BOOT_LOG_DEBUG ? (enum boot_log_level)i : BOOT_LOG_DEBUG;
			return true;
		}
	}
	return false;
}

static const char *set_log(struct boot_log *log, const char *value)
{
	static const char fault[] = "wants none, error, warning, info, debug or all";
	struct str_span rest = span_of(value);
	struct str_span piece;
	struct boot_log l;
	char word[VALUE_MAX];

	str_split(&rest, '/', &piece);
	str_copy_span(word, sizeof(word), piece);
	if (!read_level(word, &l.level))
		return fault;
	l.limited = l.level;
	if (rest.at != NULL && !read_level(rest.at, &l.limited))
		return fault;
	if (l.limited < l.level)
		l.limited = l.level;
	*log = l;
	return NULL;
}

static const char *set_loglvl(struct boot_options *o, const char *value)
{
	return set_log(&o->log, value);
}

static const char *set_guest_loglvl(struct boot_options *o, const char *value)
{
	return set_log(&o->guest_log, value);
}

static const char *set_noreboot(struct boot_options *o, const char *value)
{
	bool on;

	if (!read_boolean(value, &on))
		return not_a_boolean;
	o->noreboot = on;
	return NULL;
}

/* The first letter counts, as in Xen. The methods are tried in turn, none can be chosen. */
static const char *set_reboot(struct boot_options *o, const char *value)
{
	struct str_span list = span_of(value);
	const char *fault = NULL;
	char word[VALUE_MAX];

	while (next_word(&list, word)) {
		if (word[0] == 'n')
			o->noreboot = true;
		else if (word[0] != 'w' && word[0] != 'c')	/* warm, cold: no difference */
			fault = not_supported;
	}
	return fault;
}

static const char *ignore(struct boot_options *o, const char *value)
{
	(void)o;
	(void)value;
	return NULL;
}

/* ---- the table -------------------------------------------------------------- */

enum kind { KIND_VALUE, KIND_SPECIAL, KIND_BOOLEAN };

struct option {
	const char *name;
	enum kind kind;
	const char *(*set)(struct boot_options *o, const char *value);	/* not for KIND_BOOLEAN */
	size_t offset;		/* of the bool in struct boot_options, for KIND_BOOLEAN */
};

#define VALUE(n, f)	{ n, KIND_VALUE, f, 0 }
#define SPECIAL(n, f)	{ n, KIND_SPECIAL, f, 0 }	/* with a value or without */
#define BOOLEAN(n)	{ #n, KIND_BOOLEAN, NULL, offsetof(struct boot_options, n) }

static const struct option table[] = {
	VALUE("com1", set_com1),
	VALUE("com2", set_com2),
	VALUE("console", set_console),
	BOOLEAN(console_to_ring),
	VALUE("conswitch", set_conswitch),
	VALUE("dom0_max_vcpus", set_dom0_max_vcpus),
	VALUE("dom0_mem", set_dom0_mem),
	VALUE("guest_loglvl", set_guest_loglvl),
	VALUE("loglvl", set_loglvl),
	VALUE("maxcpus", set_maxcpus),
	VALUE("mem", set_mem),
	SPECIAL("noreboot", set_noreboot),
	SPECIAL("nosmp", set_nosmp),
	VALUE("reboot", set_reboot),
	BOOLEAN(sync_console),
	/* Distributions' boot menus pass these to any Xen; they have no meaning here. */
	SPECIAL("edd", ignore),
	SPECIAL("no-real-mode", ignore),
	SPECIAL("placeholder", ignore),
};

static const struct option *find_option(struct str_span name)
{
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		if (str_span_equal(name, table[i].name))
			return &table[i];
	}
	return NULL;
}

static const char *set_boolean(struct boot_options *o, const struct option *option,
			       const char *value, bool inverted)
{
	bool on;

	if (!read_boolean(value, &on))
		return not_a_boolean;
	*(bool *)((char *)o + option->offset) = on != inverted;
	return NULL;
}

/* One word of the command line. Returns NULL, or what is wrong with it. */
static const char *apply(struct boot_options *o, struct str_span word)
{
	struct str_span value_span = word;
	struct str_span name;
	const struct option *option;
	char value[VALUE_MAX] = "";
	bool inverted = false;

	str_split(&value_span, '=', &name);
	option = find_option(name);
	if (option == NULL && name.len > 3 && memcmp(name.at, "no-", 3) == 0) {
		name.at += 3;
		name.len -= 3;
		option = find_option(name);
		if (option != NULL && option->kind != KIND_BOOLEAN)
			option = NULL;
		inverted = true;
	}
	if (option == NULL)
		return "not known";
	if (value_span.at != NULL && !str_copy_span(value, sizeof(value), value_span))
		return "value is too long";
	if (option->kind == KIND_VALUE && value[0] == '\0')
		return "wants a value";
	if (option->kind == KIND_BOOLEAN)
		return set_boolean(o, option, value, inverted);
	return option->set(o, value);
}

static void set_defaults(struct boot_options *o)
{
	memset(o, 0, sizeof(*o));
	o->com[0] = (struct boot_serial){
		.console = true, .baud = 115200, .data_bits = 8, .parity = 'n', .stop_bits = 1,
		.io_base = 0x3f8, .irq = 4,
	};
	o->com[1] = o->com[0];
	o->com[1].console = false;
	o->com[1].io_base = 0x2f8;
	o->com[1].irq = 3;
	o->log = (struct boot_log){ BOOT_LOG_INFO, BOOT_LOG_INFO };
	o->guest_log = (struct boot_log){ BOOT_LOG_NONE, BOOT_LOG_WARNING };
	o->conswitch = 'a';
	o->dom0_cmdline = "";
}

static const char *skip_spaces(const char *s)
{
	while (str_is_space(*s))
		s++;
	return s;
}

void bootopts_parse(struct boot_options *options, const char *cmdline)
{
	set_defaults(options);
	for (const char *s = skip_spaces(cmdline); *s != '\0'; s = skip_spaces(s)) {
		struct str_span word = { s, 0 };
		const char *fault;

		while (*s != '\0' && !str_is_space(*s))
			s++;
		word.len = (size_t)(s - word.at);
		if (str_span_equal(word, "--")) {
			options->dom0_cmdline = skip_spaces(s);
			return;
		}
		fault = apply(options, word);
		if (fault == NULL)
			continue;
		if (options->problem_count < BOOT_PROBLEMS_MAX)
			options->problems[options->problem_count] =
				(struct boot_problem){ word, fault };
		options->problem_count++;
	}
}
