// SPDX-License-Identifier: MIT
/* The FIFO event channel ABI: control blocks, event words, queues and priorities, and the way back. */
#include "../lib/test.h"
#include "../lib/port.h"

const char test_name[] = "fifo";

#define N(a) (sizeof(a) / sizeof((a)[0]))
#define OP(cmd, arg) ((int)HC(event_channel_op, EVTCHNOP_##cmd, arg))
#define WORDS (PAGE / sizeof(event_word_t))
#define PENDING (1u << EVTCHN_FIFO_PENDING)
#define MASKED	(1u << EVTCHN_FIFO_MASKED)
#define LINKED	(1u << EVTCHN_FIFO_LINKED)

static volatile struct evtchn_fifo_control_block *control;
static volatile event_word_t *words;
static volatile vcpu_info_t *me;

static int unmask(evtchn_port_t port)
{
	struct evtchn_unmask op = { port };

	return OP(unmask, &op);
}

static int close(evtchn_port_t port)
{
	struct evtchn_close op = { port };

	return OP(close, &op);
}

static int priority(evtchn_port_t port, uint32_t priority)
{
	struct evtchn_set_priority op = { port, priority };

	return OP(set_priority, &op);
}

static evtchn_port_t ipi(void)
{
	struct evtchn_bind_ipi op = { .vcpu = 0 };
	int rc = OP(bind_ipi, &op);

	if (rc)
		note("bind_ipi: %d", rc);
	return op.port;
}

static int init(uint64_t gfn, uint32_t offset, uint32_t vcpu)
{
	struct evtchn_init_control op = { .control_gfn = gfn, .offset = offset, .vcpu = vcpu };
	int rc = OP(init_control, &op);

	if (!rc)
		note("link bits %u", op.link_bits);
	return rc;
}

static int expand(uint64_t gfn)
{
	struct evtchn_expand_array op = { gfn };

	return OP(expand_array, &op);
}

/* Everything that shows of a port and the queues. */
static void show(const char *when, evtchn_port_t port)
{
	note("%s: word %x, ready %x, heads %u %u %u, upcall %u", when, words[port], control->ready,
	     control->head[0], control->head[7], control->head[15], me->evtchn_upcall_pending);
}

/* As a guest does it: takes the first event out of a queue and returns its port; 0: none. */
static evtchn_port_t take(unsigned queue)
{
	evtchn_port_t port = control->head[queue];
	event_word_t w;

	if (!port)
		return 0;
	w = words[port];
	words[port] = w & ~(LINKED | EVTCHN_FIFO_LINK_MASK);
	control->head[queue] = w & EVTCHN_FIFO_LINK_MASK;
	if (!control->head[queue])
		control->ready &= ~(1u << queue);
	if (w & PENDING && !(w & MASKED))
		words[port] &= ~PENDING;
	return port;
}

/* What comes out of a queue, as distances from port a. */
static void order(unsigned queue, evtchn_port_t a)
{
	evtchn_port_t port;

	while ((port = take(queue)))
		note("queue %u: %d", queue, (int)(port - a));
}

static void drain(void)
{
	for (unsigned q = 0; q < EVTCHN_FIFO_MAX_QUEUES; q++)
		while (take(q))
			;
	control->ready = 0;
	me->evtchn_upcall_pending = 0;
}

static void before(void)
{
	uint64_t own = va_mfn((void *)control);

	note("expand in a 2-level domain: %d", expand(own));
	note("priority in a 2-level domain: %d, of no port %d", priority(1, 7), priority(~0U, 7));
	note("vCPUs that are not there: %d %d", init(own, 0, 1), init(own, 0, ~0U));
	note("offsets: %d %d %d %d", init(own, 4, 0), init(own, 4096, 0), init(own, 4096 - 64, 0),
	     init(own, ~7U, 0));
	note("frames: %d %d %d", init(~0UL, 0, 0), init(1UL << 40, 0, 0), init(1UL << 52, 0, 0));
	note("the top-level table: %d", init(va_mfn((void *)start_info->pt_base), 0, 0));
	note("still 2-level: %d", expand(own));
}

static void begin(evtchn_port_t old)
{
	port_send(old);
	note("at the end of a page: %d", init(va_mfn((void *)control), 4096 - 72, 0));
	control = (void *)((char *)control + 4096 - 72);
	note("twice: %d", init(va_mfn((void *)control), 0, 0));
	note("send without words: %d", port_send(old));
	check(!(words[old] & PENDING), "nothing is pending where there are no words");
	note("unmask without words: %d", unmask(old));
	note("no own page: %d %d", expand(~0UL), expand(va_mfn((void *)start_info->pt_base)));
	note("expand: %d", expand(va_mfn((void *)words)));
	show("what came before", old);
	note("taken: %u", take(7) == old);
	drain();
}

static void delivery(void)
{
	evtchn_port_t a = ipi(), b = ipi(), c = ipi();

	port_send(a);
	show("first", a);
	port_send(a);
	show("again", a);
	port_send(b);
	show("a second", b);
	check_eq(words[a] & EVTCHN_FIFO_LINK_MASK, b, "the first leads to the second");
	words[c] |= MASKED;
	port_send(c);
	show("masked", c);
	note("unmask: %d", unmask(c));
	show("unmasked", c);
	note("unmask again: %d", unmask(c));
	order(7, a);
	drain();
	/* The tail left the queue: the next event begins a new one. */
	port_send(b);
	me->evtchn_upcall_pending = 0;
	take(7);
	port_send(c);
	show("after it was empty", c);
	drain();
	/* Pending, but not linked: another send links it. */
	words[a] = PENDING;
	port_send(a);
	show("pending all along", a);
	drain();
	words[a] = 0;
	close(c);
	close(b);
	close(a);
}

static void priorities(void)
{
	static const uint32_t bad[] = { 16, 255, ~0U };
	evtchn_port_t a = ipi(), b = ipi();

	for (unsigned i = 0; i < N(bad); i++)
		note("priority %u: %d", bad[i], priority(a, bad[i]));
	note("of port 0, a free one, none: %d %d %d", priority(0, 1), priority(40, 1),
	     priority(200000, 1));
	note("highest and lowest: %d %d", priority(a, 0), priority(b, 15));
	port_send(a);
	port_send(b);
	show("two queues", a);
	/* It moves when it is raised next, not while it is linked. */
	note("moved: %d", priority(a, 15));
	port_send(a);
	show("still where it was", a);
	note("taken %u", take(0) == a);
	port_send(a);
	show("behind the other", a);
	order(15, a);
	drain();
	/* The last one of a queue goes to another and back. */
	port_send(a);
	take(15);
	priority(a, 7);
	port_send(a);
	take(7);
	priority(a, 15);
	port_send(b);
	port_send(a);
	order(15, a);
	drain();
	close(a);
	a = ipi();
	port_send(a);
	show("a new port has the default", a);
	drain();
	close(a);
	close(b);
}

static void closing(void)
{
	evtchn_port_t a = ipi(), next;

	port_send(a);
	note("close a linked one: %d", close(a));
	note("its word: %x", words[a]);
	next = ipi();
	note("the port is passed over while it is linked: %d", (int)(next - a));
	note("what is taken: %u", take(7) == a);
	drain();
	words[a] = 0;
	close(next);
	next = ipi();
	note("then it comes again: %d", (int)(next - a));
	words[next] = MASKED | PENDING;
	close(next);
	note("unmask of a closed one: %d", unmask(next));
	note("its word: %x", words[next]);
	words[next] = 0;
}

static void polls(void)
{
	evtchn_port_t port = ipi();
	struct sched_poll poll = { .nr_ports = 1 };

	set_xen_guest_handle(poll.ports, &port);
	words[port] = MASKED;
	port_send(port);
	note("poll with the port pending: %ld", HC(sched_op, SCHEDOP_poll, &poll));
	words[port] = 0;
	poll.timeout = 1;
	note("poll with nothing: %ld", HC(sched_op, SCHEDOP_poll, &poll));
	drain();
	close(port);
}

/* Words and heads that no well-meaning guest writes. */
static void wild(void)
{
	evtchn_port_t a = ipi(), b = ipi();

	words[a] = ~PENDING & ~MASKED & ~LINKED;
	port_send(a);
	words[a] |= EVTCHN_FIFO_LINK_MASK;
	port_send(b);
	control->head[7] = EVTCHN_FIFO_LINK_MASK;
	control->ready = ~0U;
	port_send(a);
	port_send(b);
	for (unsigned i = 0; i < WORDS; i++)
		words[i] = ~0U;
	note("every word is linked: %d", ipi() ? 0 : 1);
	for (unsigned i = 0; i < WORDS; i++)
		words[i] = 0;
	for (unsigned i = 0; i < EVTCHN_FIFO_MAX_QUEUES; i++)
		control->head[i] = 0;
	control->ready = 0;
	check_eq(port_send(a), 0, "a send works all the same");
	drain();
	close(a);
	close(b);
}

/* More ports than the 2-level ABI has. */
static void many(void)
{
	struct evtchn_reset reset = { DOMID_SELF };
	volatile event_word_t *high = page_alloc();
	unsigned n = 0, last = 0;

	for (unsigned i = 1; i < 4; i++)
		note("page %u: %d", i, expand(va_mfn(page_alloc())));
	note("page 4: %d", expand(va_mfn((void *)high)));
	while (n < 4500) {
		evtchn_port_t port = ipi();

		if (!port)
			break;
		last = port;
		n++;
	}
	check(last > 4096, "there are ports above those of the 2-level ABI");
	note("send to one: %d", port_send(4100));
	note("its word %x", high[4100 - 4096]);
	note("linked from nowhere: head %u", control->head[7]);
	drain();
	note("reset: %d", OP(reset, &reset));
	note("2-level again: expand %d", expand(va_mfn((void *)words)));
}

static void after(void)
{
	evtchn_port_t port = ipi();

	note("the first port again: %u", port);
	check_eq(port_send(port), 0, "send");
	check(shared_info->evtchn_pending[0] >> port & 1, "pending in the bitmap again");
	close(port);
	for (unsigned i = 0; i < PAGE / 8; i++)
		((volatile uint64_t *)words)[i] = 0;
	control->ready = 0;
	note("and the FIFO ABI once more: %d", init(va_mfn((void *)control), 0, 0));
	note("expand: %d", expand(va_mfn((void *)words)));
}

void test_main(void)
{
	evtchn_port_t old;

	traps_init();
	me = &shared_info->vcpu_info[0];
	me->evtchn_upcall_mask = 1;
	control = page_alloc();
	words = page_alloc();
	before();
	old = ipi();
	begin(old);
	close(old);
	delivery();
	priorities();
	closing();
	polls();
	wild();
	many();
	after();
}
