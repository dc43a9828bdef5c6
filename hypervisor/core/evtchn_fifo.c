// SPDX-License-Identifier: MIT
/*
 * The event words and queues of the FIFO ABI. Plain data and atomic changes of memory
 * that the guest changes at the same time.
 */
#include <hv/evtchn_fifo.h>

#define PENDING (1u << EVTCHN_FIFO_PENDING)
#define MASKED	(1u << EVTCHN_FIFO_MASKED)
#define LINKED	(1u << EVTCHN_FIFO_LINKED)
#define BUSY	(1u << EVTCHN_FIFO_BUSY)

#define LINK_TRIES 4

static bool word_has(const struct evtchn_fifo *f, unsigned port, uint32_t bits)
{
	const event_word_t *w = evtchn_fifo_word(f, port);

	return w && (READ_ONCE(*w) & bits);
}

bool evtchn_fifo_is_linked(const struct evtchn_fifo *f, unsigned port)
{
	return word_has(f, port, LINKED);
}

bool evtchn_fifo_is_pending(const struct evtchn_fifo *f, unsigned port)
{
	return word_has(f, port, PENDING);
}

bool evtchn_fifo_is_masked(const struct evtchn_fifo *f, unsigned port)
{
	return !evtchn_fifo_word(f, port) || word_has(f, port, MASKED);
}

/* Makes a word of a queue point at port. *linked: it still is in the queue. Returns
 * false when the guest changed the word meanwhile. */
static bool try_link(event_word_t *tail, unsigned port, bool *linked)
{
	event_word_t old = READ_ONCE(*tail);

	*linked = old & LINKED;
	if (!*linked)
		return true;
	return __atomic_compare_exchange_n(tail, &old,
					   (old & ~(BUSY | EVTCHN_FIFO_LINK_MASK)) | port, false,
					   __ATOMIC_SEQ_CST, __ATOMIC_RELAXED);
}

/*
 * Appends port after the word `tail`; false when the guest has taken that one out, so that
 * the queue is empty. A guest that keeps changing the word is asked to stop by BUSY; one
 * that goes on all the same loses the event, and nobody else does.
 */
static bool append(event_word_t *tail, unsigned port)
{
	bool linked;

	if (try_link(tail, port, &linked))
		return linked;
	__atomic_fetch_or(tail, BUSY, __ATOMIC_SEQ_CST);
	for (unsigned i = 0; i < LINK_TRIES; i++)
		if (try_link(tail, port, &linked)) {
			if (!linked)
				break;
			return true;
		}
	__atomic_fetch_and(tail, ~BUSY, __ATOMIC_SEQ_CST);
	return linked;
}

/* The queue where the channel's event goes now. It was the last of another: that is empty. */
static uint32_t *tail_for(struct evtchn_fifo *f, unsigned port, struct evtchn *c, unsigned vcpu)
{
	uint32_t *was = &f->queues[index_clamp(c->last_vcpu, f->vcpus)].tail[c->last_priority];
	uint32_t *tail = &f->queues[vcpu].tail[c->priority];

	if (*was == port)
		*was = 0;
	c->last_vcpu = (uint16_t)vcpu;
	c->last_priority = c->priority;
	return tail;
}

/* Puts an event that is not linked into its queue. True when the queue was empty. */
static bool enqueue(struct evtchn_fifo *f, unsigned port, struct evtchn *c, unsigned vcpu)
{
	struct evtchn_fifo_control_block *control = f->queues[vcpu].control;
	uint32_t *tail = tail_for(f, port, c, vcpu);
	bool linked = *tail && append(evtchn_fifo_word(f, *tail), port);

	if (!linked)
		__atomic_store_n(&control->head[c->last_priority], port, __ATOMIC_RELEASE);
	*tail = port;
	return !linked;
}

/* An event that is pending: into a queue, unless it is masked or stands in one. */
static unsigned link(struct evtchn_fifo *f, unsigned port, struct evtchn *c, unsigned vcpu)
{
	event_word_t *w = evtchn_fifo_word(f, port);
	struct evtchn_fifo_control_block *control;
	uint32_t ready;

	if (READ_ONCE(*w) & (MASKED | LINKED))
		return 0;
	vcpu = (unsigned)index_clamp(vcpu, f->vcpus);
	control = f->queues[vcpu].control;
	/* The vCPU has no queues yet; its guest unmasks the port when it has. */
	if (!control)
		return 0;
	if (__atomic_fetch_or(w, LINKED, __ATOMIC_SEQ_CST) & LINKED)
		return 0;
	if (!enqueue(f, port, c, vcpu))
		return 0;
	ready = 1u << c->last_priority;
	return __atomic_fetch_or(&control->ready, ready, __ATOMIC_SEQ_CST) & ready ? 0 : FIFO_TELL;
}

unsigned evtchn_fifo_raise(struct evtchn_fifo *f, unsigned port, struct evtchn *c, unsigned vcpu)
{
	event_word_t *w = evtchn_fifo_word(f, port);

	if (!w) {
		c->waiting = true;
		return 0;
	}
	if (__atomic_fetch_or(w, PENDING, __ATOMIC_SEQ_CST) & PENDING)
		return link(f, port, c, vcpu);
	return link(f, port, c, vcpu) | FIFO_NEW;
}

unsigned evtchn_fifo_unmask(struct evtchn_fifo *f, unsigned port, struct evtchn *c, unsigned vcpu)
{
	event_word_t *w = evtchn_fifo_word(f, port);

	if (!w || !(__atomic_and_fetch(w, ~MASKED, __ATOMIC_SEQ_CST) & PENDING))
		return 0;
	return link(f, port, c, vcpu);
}

void evtchn_fifo_clear(struct evtchn_fifo *f, unsigned port, struct evtchn *c)
{
	event_word_t *w = evtchn_fifo_word(f, port);

	c->waiting = false;
	/* It may stay linked: who takes it out of the queue finds nothing to do. */
	if (w)
		__atomic_fetch_and(w, ~PENDING, __ATOMIC_SEQ_CST);
}

void evtchn_fifo_add_page(struct evtchn_fifo *f, event_word_t *page)
{
	f->page[f->pages] = page;
	__atomic_store_n(&f->pages, f->pages + 1, __ATOMIC_RELEASE);
}
