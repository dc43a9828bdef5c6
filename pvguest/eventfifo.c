// SPDX-License-Identifier: MIT
/*
 * Events in queues: each port has a word in pages that we give to the hypervisor, each CPU a control
 * block with the heads of 16 queues, one a priority, and a bit for each that has something.
 *
 *	control block: head[7] -> word of port 5 -> word of port 9 (the hypervisor knows the tail)
 *
 * The hypervisor appends, we take from the head: by clearing LINKED, in one step with reading which
 * port comes next. What comes after we have taken the last one is a new head and a new ready bit. So
 * the heads are read only when ours is used up. While BUSY is set in a word, it is not to be changed.
 */
#include <pvguest/eventabi.h>

#include <pvguest/cpu.h>
#include <pvguest/hypercall.h>
#include <pvguest/memory.h>
#include <pvguest/start.h>

#include <xen/errno.h>

#define PENDING	(1u << EVTCHN_FIFO_PENDING)
#define MASKED	(1u << EVTCHN_FIFO_MASKED)
#define LINKED	(1u << EVTCHN_FIFO_LINKED)
#define BUSY	(1u << EVTCHN_FIFO_BUSY)

#define WORDS		(PAGE_SIZE / sizeof(event_word_t))
#define PAGES		(EVTCHN_FIFO_NR_CHANNELS / WORDS)

/* Events of one poll: who sends without pause shall not keep threads from running. */
#define POLL_MAX	256

static event_word_t *pages[PAGES];
static unsigned int page_count;		/* atomic */

static event_word_t *word_of(evtchn_port_t port)
{
	unsigned int page = port / WORDS;

	return page < __atomic_load_n(&page_count, __ATOMIC_ACQUIRE) ?
	       &pages[page][port % WORDS] : NULL;
}

static bool word_has(evtchn_port_t port, event_word_t bits)
{
	const event_word_t *w = word_of(port);

	return w && __atomic_load_n(w, __ATOMIC_SEQ_CST) & bits;
}

/* Gives the hypervisor the next page of words; it looks at what is in there. */
static int page_add(event_word_t *page)
{
	struct evtchn_expand_array op = { .array_gfn = virt_to_mfn(page) };
	int rc;

	pages[page_count] = page;
	rc = hypercall_event_channel_op(EVTCHNOP_expand_array, &op);
	if (!rc)
		__atomic_store_n(&page_count, page_count + 1, __ATOMIC_RELEASE);
	return rc;
}

static int prepare(evtchn_port_t port)
{
	while (!word_of(port)) {
		event_word_t *page = pv_cpu_id() ? NULL : page_alloc_zero(0);
		int rc = page ? page_add(page) : -XEN_ENOMEM;

		if (rc) {
			if (page)
				page_free(page, 0);
			return rc;
		}
	}
	return 0;
}

static int cpu_init(struct pv_cpu *c)
{
	const void *block = &c->queues.control;
	struct evtchn_init_control op = {
		.control_gfn = virt_to_mfn(block),
		.offset = (uintptr_t)block % PAGE_SIZE,
		.vcpu = c->id,
	};

	return hypercall_event_channel_op(EVTCHNOP_init_control, &op);
}

static void mask(evtchn_port_t port)
{
	event_word_t *w = word_of(port);

	if (w)
		__atomic_fetch_or(w, MASKED, __ATOMIC_SEQ_CST);
}

static bool is_masked(evtchn_port_t port)
{
	return word_has(port, MASKED);
}

/* Clears the mask of a word without an event; false when there is one. */
static bool unmask_quiet(event_word_t *w)
{
	event_word_t old = __atomic_load_n(w, __ATOMIC_SEQ_CST);

	do {
		if (old & PENDING)
			return false;
		old &= ~BUSY;
	} while (!__atomic_compare_exchange_n(w, &old, old & ~MASKED, false, __ATOMIC_SEQ_CST,
					      __ATOMIC_SEQ_CST));
	return true;
}

/* What is pending has to be put into a queue again, and that is the hypervisor's. */
static void unmask(evtchn_port_t port, bool ours)
{
	struct evtchn_unmask op = { .port = port };
	event_word_t *w = word_of(port);

	(void)ours;
	if (w && !unmask_quiet(w))
		hypercall_event_channel_op(EVTCHNOP_unmask, &op);
}

static bool is_pending(evtchn_port_t port)
{
	return word_has(port, PENDING);
}

static void clear(evtchn_port_t port)
{
	event_word_t *w = word_of(port);

	if (w)
		__atomic_fetch_and(w, ~PENDING, __ATOMIC_SEQ_CST);
}

/* Takes a word out of its queue: what it was before. */
static event_word_t unlink(event_word_t *w)
{
	event_word_t old = __atomic_load_n(w, __ATOMIC_RELAXED);

	while (!__atomic_compare_exchange_n(w, &old, old & ~(LINKED | EVTCHN_FIFO_LINK_MASK), false,
					    __ATOMIC_SEQ_CST, __ATOMIC_RELAXED))
		;
	return old;
}

/* The first port of a queue, which is taken out; 0: it is empty, and so its bit in q->ready is clear. */
static evtchn_port_t take(struct event_queues *q, unsigned int priority)
{
	evtchn_port_t port = q->head[priority];
	event_word_t *w;

	if (!port)
		port = __atomic_load_n(&q->control.head[priority], __ATOMIC_ACQUIRE);
	w = port ? word_of(port) : NULL;
	q->head[priority] = w ? unlink(w) & EVTCHN_FIFO_LINK_MASK : 0;
	if (!q->head[priority])
		q->ready &= ~(1u << priority);
	return w ? port : 0;
}

static bool run(evtchn_port_t port)
{
	struct evtchn_unmask op = { .port = port };

	if (!word_has(port, PENDING) || is_masked(port))
		return false;
	switch (event_run(port)) {
	case EVENT_RAN:
		return true;
	case EVENT_ELSEWHERE:
		/* It was in our queue when the port moved. */
		hypercall_event_channel_op(EVTCHNOP_unmask, &op);
		return false;
	default:
		return false;
	}
}

static void look_for_more(struct event_queues *q)
{
	if (__atomic_load_n(&q->control.ready, __ATOMIC_RELAXED))
		q->ready |= __atomic_exchange_n(&q->control.ready, 0, __ATOMIC_SEQ_CST);
}

static bool poll(void)
{
	struct event_queues *q = &pv_this_cpu()->queues;
	bool any = false;

	look_for_more(q);
	for (unsigned int n = 0; q->ready; n++) {
		evtchn_port_t port;

		if (n == POLL_MAX) {
			/* The rest is for the next poll. */
			__atomic_store_n(&pv_vcpu_info()->evtchn_upcall_pending, 1, __ATOMIC_SEQ_CST);
			break;
		}
		port = take(q, __builtin_ctz(q->ready));
		if (port)
			any |= run(port);
		look_for_more(q);
	}
	return any;
}

static void pages_free(event_word_t **list, unsigned int n)
{
	while (n--)
		if (list[n])
			page_free(list[n], 0);
}

/* The masks that ports have now go along; what is pending the hypervisor carries over. */
static event_word_t *page_taken_over(unsigned int i)
{
	event_word_t *page = page_alloc_zero(0);

	for (unsigned int j = 0; page && j < WORDS; j++)
		if (event_2l.is_masked(i * WORDS + j))
			page[j] = MASKED;
	return page;
}

int event_fifo_start(evtchn_port_t highest)
{
	event_word_t *first[EVTCHN_2L_NR_CHANNELS / WORDS] = { NULL };
	unsigned int n = highest / WORDS + 1;
	int rc = 0;

	page_count = 0;
	for (unsigned int i = 0; i < n && !rc; i++) {
		first[i] = page_taken_over(i);
		rc = first[i] ? 0 : -XEN_ENOMEM;
	}
	if (!rc)
		rc = cpu_init(pv_this_cpu());
	if (rc) {
		pages_free(first, n);
		return rc;
	}
	/* There is no way back. */
	for (unsigned int i = 0; i < n; i++) {
		rc = page_add(first[i]);
		if (rc)
			pv_panic("the hypervisor does not take event words (%d)", rc);
	}
	return 0;
}

const struct event_abi event_fifo = {
	.ports = EVTCHN_FIFO_NR_CHANNELS,
	.prepare = prepare,
	.cpu_init = cpu_init,
	.mask = mask,
	.is_masked = is_masked,
	.unmask = unmask,
	.is_pending = is_pending,
	.clear = clear,
	.poll = poll,
};
