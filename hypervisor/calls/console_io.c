// SPDX-License-Identifier: MIT
/*
 * HYPERVISOR_console_io: the machine's console. dom0 writes and reads as it likes.
 * A domU may write only when guest_loglvl admits it, whole lines, with its domain
 * in front, so many a second and no control characters.
 */
#include <hv/hypercall.h>

#include <hv/arch.h>
#include <hv/console.h>
#include <hv/domain.h>
#include <hv/log.h>
#include <hv/mem.h>
#include <hv/usercopy.h>

#define CHUNK 128u

/* ---- lines of domUs ----------------------------------------------------------- */

#define LINE_MAX    120u
#define LINE_BUFFERS 8
#define LINES_BURST 500u
#define LINES_PER_S 100u

/* A few domains write at a time; who comes anew takes the place of the oldest. */
struct guest_line {
	domid_t owner;
	uint16_t len;
	uint32_t age;
	char text[LINE_MAX];
};

/* line_lock must be held for these */
static spinlock_t line_lock = SPINLOCK("guest console");
static struct guest_line lines[LINE_BUFFERS];
static uint32_t line_age;
static struct {
	uint64_t since_ns;
	uint32_t left, dropped;
} rate = { 0, LINES_BURST, 0 };

static bool rate_exceeded(void)
{
	uint64_t now = arch_now_ns();
	uint64_t earned = (now - rate.since_ns) / (1000000000 / LINES_PER_S);

	if (earned) {
		rate.left = (uint32_t)MIN(LINES_BURST, rate.left + earned);
		rate.since_ns = now;
	}
	if (!rate.left) {
		rate.dropped++;
		return true;
	}
	rate.left--;
	if (rate.dropped)
		log_printf("(XEN) %u lines of guests suppressed\n", rate.dropped);
	rate.dropped = 0;
	return false;
}

static void flush_line(struct guest_line *l)
{
	if (l->len && !rate_exceeded())
		log_printf("(d%u) %.*s\n", l->owner, (int)l->len, l->text);
	l->len = 0;
}

static struct guest_line *line_of(domid_t id)
{
	struct guest_line *oldest = &lines[0];

	for (unsigned i = 0; i < LINE_BUFFERS; i++) {
		if (lines[i].owner == id && lines[i].age)
			return &lines[i];
		if (lines[i].age < oldest->age)
			oldest = &lines[i];
	}
	flush_line(oldest);
	oldest->owner = id;
	return oldest;
}

/* Those with the upper bit, too: 0x9b alone begins an escape sequence. */
static bool is_control(unsigned char c)
{
	return c < ' ' || (c >= 0x7f && c < 0xa0);
}

static void guest_write(const struct domain *d, const char *text, size_t len)
{
	spin_lock(&line_lock);
	struct guest_line *l = line_of(d->id);

	l->age = ++line_age;
	for (size_t i = 0; i < len; i++) {
		if (text[i] == '\n' || l->len == LINE_MAX)
			flush_line(l);
		if (!is_control((unsigned char)text[i]))
			l->text[l->len++] = text[i];
		else if (text[i] == '\t')
			l->text[l->len++] = ' ';
	}
	spin_unlock(&line_lock);
}

/* ---- the hypercall -------------------------------------------------------------- */

static long op_write(struct domain *d, guest_va_t from, uint32_t count)
{
	char text[CHUNK];

	if (!domain_is_control(d) && !console_guest_verbose())
		return -XEN_EPERM;
	while (count) {
		uint32_t n = MIN(count, CHUNK);

		if (!budget_take_n(current_budget(), CHUNK)) {
			hypercall_set_arg(1, count);
			hypercall_set_arg(2, from.a);
			return -XEN_ERESTART;
		}
		if (copy_from_guest(text, from, n))
			return -XEN_EFAULT;
		if (domain_is_control(d))
			log_console(text, n);
		else
			guest_write(d, text, n);
		from.a += n;
		count -= n;
	}
	return 0;
}

/* Returns the number of bytes, which no error may look like; or -XEN_EFAULT (what was typed is then lost). */
static long op_read(struct domain *d, guest_va_t to, uint32_t count)
{
	char text[CHUNK];
	uint32_t done = 0;

	if (!domain_is_control(d))
		return -XEN_EPERM;
	if (count > INT32_MAX)
		return -XEN_E2BIG;
	while (done < count) {
		size_t n = console_read(text, MIN(count - done, CHUNK));

		if (n == 0)
			break;
		if (copy_to_guest(guest_va(to.a + done), text, n))
			return -XEN_EFAULT;
		done += (uint32_t)n;
	}
	return done;
}

long do_console_io(uint64_t cmd, uint64_t count, uint64_t buffer, uint64_t a4, uint64_t a5)
{
	struct domain *d = current_vcpu()->domain;

	(void)a4;
	(void)a5;
	switch ((uint32_t)cmd) {
	case CONSOLEIO_write:
		return op_write(d, guest_va(buffer), (uint32_t)count);
	case CONSOLEIO_read:
		return op_read(d, guest_va(buffer), (uint32_t)count);
	default:
		return domain_is_control(d) ? -XEN_ENOSYS : -XEN_EPERM;
	}
}
