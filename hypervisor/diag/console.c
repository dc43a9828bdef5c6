/* SPDX-License-Identifier: MIT */
/* See hv/console.h; the output half is hv/log.h. */
#include <hv/console.h>

#include <stdarg.h>

#include <hv/conring.h>
#include <hv/domain.h>
#include <hv/fmt.h>
#include <hv/keys.h>
#include <hv/log.h>
#include <hv/mem.h>
#include <hv/serial.h>
#include <hv/str.h>
#include <hv/arch.h>

#define INPUT_SIZE   16384u
#define SWITCH_COUNT 3

/* log lock must be held for this */
static spinlock_t log_lock = SPINLOCK("log");
static struct conring ring;

/* Filled by the CPU that gets the port's interrupt, emptied by who holds the lock. */
static spinlock_t input_lock = SPINLOCK("console input");
static struct {
	char text[INPUT_SIZE];
	uint32_t produced, consumed;
} input;

static bool no_reboot, console_to_ring;
static char switch_key = 'a' & 0x1f;
static unsigned switch_seen;
static bool input_to_keys;
static struct boot_log log_levels = { BOOT_LOG_INFO, BOOT_LOG_INFO };
static struct boot_log guest_levels = { BOOT_LOG_NONE, BOOT_LOG_WARNING };

/* For the levels behind the slash of loglvl= and guest_loglvl=: a burst, then a few a second. */
#define RATE_BURST  20
#define RATE_PER_S  10
static struct {
	uint64_t since_ns;
	uint32_t left, dropped;
} rate = { 0, RATE_BURST, 0 };

size_t log_pointer(char *buf, size_t size, const char *spec, const void *ptr)
{
	if (*spec == 'd') {
		const struct domain *d = ptr;

		if (!d)
			fmt_snprintf(buf, size, "d?");
		else if (d->id < DOMID_FIRST_RESERVED)
			fmt_snprintf(buf, size, "d%u", d->id);
		else
			str_copy(buf, size, d->id == DOMID_XEN ? "d[XEN]" : d->id == DOMID_IO ?
				 "d[IO]" : "d[IDLE]");
		return 1;
	}
	if (*spec == 'v') {
		const struct vcpu *v = ptr;

		if (!v)
			fmt_snprintf(buf, size, "d?v?");
		else if (v->domain->id < DOMID_FIRST_RESERVED)
			fmt_snprintf(buf, size, "d%uv%u", v->domain->id, v->id);
		else
			fmt_snprintf(buf, size, "d[IDLE]v%u", v->id);
		return 1;
	}
	return 0;
}

static void emit_serial(const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		if (text[i] == '\n')
			serial_putc('\r');
		serial_putc(text[i]);
	}
}

static void emit(const char *text, size_t len)
{
	conring_put(&ring, text, len);
	emit_serial(text, len);
}

void log_console(const char *text, size_t len)
{
	spin_lock(&log_lock);
	if (console_to_ring)
		conring_put(&ring, text, len);
	emit_serial(text, len);
	spin_unlock(&log_lock);
}

void log_break_lock(void)
{
	spin_init(&log_lock, "log");
}

void log_printf(const char *fmt, ...)
{
	char line[512];
	va_list args;

	va_start(args, fmt);
	fmt_vsnprintf_hook(line, sizeof(line), log_pointer, fmt, args);
	va_end(args);
	spin_lock(&log_lock);
	emit(line, str_len(line));
	spin_unlock(&log_lock);
}

/* True when this message is one too many; the next one that passes tells how many were. */
static bool rate_exceeded(void)
{
	uint64_t now = arch_now_ns(), earned = (now - rate.since_ns) / (1000000000 / RATE_PER_S);

	if (earned) {
		rate.left = MIN(RATE_BURST, rate.left + earned);
		rate.since_ns = now;
	}
	if (!rate.left) {
		rate.dropped++;
		return true;
	}
	rate.left--;
	return false;
}

void log_print(enum log_level level, const char *fmt, ...)
{
	char line[512];
	const struct boot_log *wanted = level & LOG_GUEST_ERR ? &guest_levels : &log_levels;
	unsigned rank = (level & 7) + 1u;
	bool limited = rank > wanted->level;
	va_list args;

	if (rank > wanted->limited)
		return;
	va_start(args, fmt);
	fmt_vsnprintf_hook(line, sizeof(line), log_pointer, fmt, args);
	va_end(args);

	spin_lock(&log_lock);
	if (!limited || !rate_exceeded()) {
		if (limited && rate.dropped) {
			char note[64];

			fmt_snprintf(note, sizeof(note), "(XEN) %u messages suppressed\n",
				     rate.dropped);
			rate.dropped = 0;
			emit(note, str_len(note));
		}
		emit("(XEN) ", 6);
		emit(line, str_len(line));
		emit("\n", 1);
	}
	spin_unlock(&log_lock);
}

void console_init(const struct boot_options *o)
{
	const struct boot_serial *com = o->com[1].console ? &o->com[1] : &o->com[0];

	if (!o->console_none)
		serial_init(com);
	log_levels = o->log;
	guest_levels = o->guest_log;
	console_to_ring = o->console_to_ring;
	no_reboot = o->noreboot;
	switch_key = (char)(o->conswitch & 0x1f);
	input_to_keys = o->conswitch_stays;
}

bool console_reboot_wanted(void)
{
	return !no_reboot;
}

bool console_guest_verbose(void)
{
	return guest_levels.limited >= BOOT_LOG_INFO;
}

void console_start_input(void)
{
	serial_enable_input();
}

static void switch_input(void)
{
	input_to_keys = !input_to_keys;
	log_printf("(XEN) *** Serial input to %s (type 'CTRL-%c' three times to switch input)\n",
		   input_to_keys ? "Xen" : "DOM0", switch_key + 'a' - 1);
}

void console_input(void)
{
	bool fed = false;
	int c;

	/* What does not fit waits in the port, and its sender with it where it heeds RTS. */
	while (input.produced - input.consumed < INPUT_SIZE && (c = serial_getc()) >= 0) {
		if (switch_key && c == switch_key) {
			if (++switch_seen == SWITCH_COUNT) {
				switch_seen = 0;
				switch_input();
			}
			if (input_to_keys)
				continue;
		} else {
			switch_seen = 0;
		}
		if (input_to_keys) {
			debug_key((char)c);
			continue;
		}
		input.text[input.produced % INPUT_SIZE] = (char)c;
		__atomic_store_n(&input.produced, input.produced + 1, __ATOMIC_RELEASE);
		fed = true;
	}
	if (fed)
		evtchn_send_global_virq(VIRQ_CONSOLE);
}

size_t console_read(char *to, size_t len)
{
	size_t n = 0;

	spin_lock(&input_lock);
	while (n < len && input.consumed != load_acquire32(&input.produced)) {
		to[n++] = input.text[input.consumed % INPUT_SIZE];
		__atomic_store_n(&input.consumed, input.consumed + 1, __ATOMIC_RELEASE);
	}
	spin_unlock(&input_lock);
	return n;
}

size_t console_ring_get(uint32_t *at, bool oldest, char *to, size_t len)
{
	size_t n;

	spin_lock(&log_lock);
	if (oldest)
		*at = conring_oldest(&ring);
	n = conring_get(&ring, at, to, len);
	spin_unlock(&log_lock);
	return n;
}

void console_ring_clear(void)
{
	spin_lock(&log_lock);
	conring_clear(&ring);
	spin_unlock(&log_lock);
}
