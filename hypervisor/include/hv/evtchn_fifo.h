/* SPDX-License-Identifier: MIT */
/*
 * Event channels, FIFO ABI (xen/event_channel.h): each port has an event word in pages
 * that the guest gives, each vCPU a control block with the heads of 16 queues, one a
 * priority, and a bit for each that is ready. A queue is a list through the words:
 *
 *     control block: head[p] -> word of port 5 -> word of port 9 (tail, known to us)
 *
 * The hypervisor adds at the tail, the guest takes from the head. Both change words by
 * compare-and-exchange, and a word is the guest's memory: nothing read from one is used
 * as more than bits, and no loop waits for the guest.
 *
 * core/evtchn_fifo.c decides and changes words, under fifo.lock; domain/evtchn_fifo.c
 * takes the pages from the guest and gives them back.
 */
#pragma once

#include <hv/evtchn.h>
#include <hv/lock.h>

#define FIFO_WORDS_PER_PAGE (PAGE_SIZE / sizeof(event_word_t))
#define FIFO_PAGES	    (EVTCHN_PORTS / FIFO_WORDS_PER_PAGE)

struct evtchn_queues {		/* of a vCPU */
	struct evtchn_fifo_control_block *control;	/* NULL: not there yet */
	uint32_t tail[EVTCHN_FIFO_MAX_QUEUES];		/* 0: empty for sure */
};

struct evtchn_fifo {
	spinlock_t lock;	/* words' links, queues, and last_* and waiting of channels */
	uint32_t pages;		/* event words there: FIFO_WORDS_PER_PAGE each */
	event_word_t *page[FIFO_PAGES];
	uint32_t vcpus;
	struct evtchn_queues queues[];
};

/* What a change of a word means for others. */
#define FIFO_TELL 1u		/* a queue of the channel's vCPU became ready */
#define FIFO_NEW  2u		/* the event was not pending before */

/* ---- words (core/evtchn_fifo.c) --------------------------------------------------- */

/** The word of a port, or NULL when its page is not there yet. */
static inline event_word_t *evtchn_fifo_word(const struct evtchn_fifo *f, unsigned port)
{
	unsigned page = port / FIFO_WORDS_PER_PAGE;

	if (page >= __atomic_load_n(&f->pages, __ATOMIC_ACQUIRE))
		return NULL;
	page = (unsigned)index_clamp(page, FIFO_PAGES);
	return &f->page[page][port % FIFO_WORDS_PER_PAGE];
}

/** True when the guest has not taken the port's last event out of its queue. */
bool evtchn_fifo_is_linked(const struct evtchn_fifo *f, unsigned port);
bool evtchn_fifo_is_pending(const struct evtchn_fifo *f, unsigned port);
bool evtchn_fifo_is_masked(const struct evtchn_fifo *f, unsigned port);
/** Raises an event at vCPU `vcpu`: FIFO_* of what came of it. The lock is held. */
unsigned evtchn_fifo_raise(struct evtchn_fifo *f, unsigned port, struct evtchn *c, unsigned vcpu);
/** Takes the mask away; the event is raised again when it is pending. The lock is held. */
unsigned evtchn_fifo_unmask(struct evtchn_fifo *f, unsigned port, struct evtchn *c, unsigned vcpu);
/** The event is over, or of no interest any more. The lock is held. */
void evtchn_fifo_clear(struct evtchn_fifo *f, unsigned port, struct evtchn *c);
/** Adds a page of words, of which the guest's may be any value. The lock is held. */
void evtchn_fifo_add_page(struct evtchn_fifo *f, event_word_t *page);

/* ---- operations (domain/evtchn_fifo.c) ---------------------------------------------- */

/**
 * EVTCHNOP_init_control: vcpu's control block is at offset bytes in frame gfn of d; the
 * first one takes the domain over to the FIFO ABI. 0, -XEN_ENOENT, -XEN_EINVAL, -XEN_ENOMEM.
 */
int evtchn_fifo_init_control(struct domain *d, uint32_t vcpu, uint64_t gfn, uint32_t offset);
/** EVTCHNOP_expand_array: 0, -XEN_EOPNOTSUPP (2-level), -XEN_ENOSPC (enough), -XEN_EINVAL. */
int evtchn_fifo_expand(struct domain *d, uint64_t gfn);
/** EVTCHNOP_set_priority: 0, -XEN_EINVAL (port, priority), -XEN_EACCES (free), -XEN_ENOSYS (2-level). */
int evtchn_set_priority(struct domain *d, uint32_t port, uint32_t priority);
/** The same as evtchn_set_pending(), for a domain that has the FIFO ABI. */
void evtchn_fifo_set_pending(struct domain *d, unsigned port, struct evtchn *c);
/** EVTCHNOP_unmask of such a domain. Its lock is held. */
void evtchn_fifo_clear_mask(struct domain *d, unsigned port, struct evtchn *c);
/** Gives the guest its pages back. No port is in use, and nobody else knows f any more. */
void evtchn_fifo_free(struct evtchn_fifo *f);
