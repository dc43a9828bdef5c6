// SPDX-License-Identifier: MIT
/*
 * A domain's way to the FIFO ABI and back: the pages that it gives for event words and
 * control blocks are held as writable data, so that they stay its own and stay data.
 */
#include <hv/evtchn_fifo.h>

#include <hv/alloc.h>
#include <hv/arch.h>
#include <hv/domain.h>

/* The guest's page, held; NULL when it is not its own or no data. */
static void *hold_page(struct domain *d, uint64_t gfn)
{
	struct frame *f = frame_get_writable(mfn(gfn), d);

	return f ? frame_ptr(frame_mfn(f)) : NULL;
}

static void release_page(void *at)
{
	if (at)
		frame_put_typed(frame_of(ptr_mfn(at)));
}

void evtchn_fifo_free(struct evtchn_fifo *f)
{
	for (unsigned i = 0; i < f->pages; i++)
		release_page(f->page[i]);
	for (unsigned i = 0; i < f->vcpus; i++)
		release_page(f->queues[i].control);
	xfree(f);
}

static struct evtchn_fifo *new_fifo(const struct domain *d)
{
	struct evtchn_fifo *f = xmalloc(sizeof(*f) + d->max_vcpus * sizeof(f->queues[0]));

	if (f) {
		spin_init(&f->lock, "evtchn fifo");
		f->vcpus = d->max_vcpus;
	}
	return f;
}

/*
 * What is pending in the old bitmap waits for its event word. The domain's lock is held, which
 * those who send from other domains do not hold: they look for f again after they set a bit
 * (domain/upcall.c), and here the bits are looked at after f can be seen.
 */
static void take_over(struct domain *d, struct evtchn_fifo *f)
{
	struct evtchn_domain *e = &d->evtchn;
	unsigned port;

	__atomic_store_n(&e->fifo, f, __ATOMIC_SEQ_CST);
	spin_lock(&f->lock);
	for (port = evtchn_core_next_used(e, 1); port < EVTCHN_PORTS_2L;
	     port = evtchn_core_next_used(e, port + 1))
		if (evtchn_2l_pending(d, port))
			evtchn_core_channel(e, port)->waiting = true;
	spin_unlock(&f->lock);
}

/* Makes the domain one with the FIFO ABI if it is not: 0, -XEN_ENOMEM. The lock is held. */
static int need_fifo(struct domain *d)
{
	struct evtchn_fifo *f;

	if (d->evtchn.fifo)
		return 0;
	f = new_fifo(d);
	if (!f)
		return -XEN_ENOMEM;
	take_over(d, f);
	return 0;
}

static int set_control(struct domain *d, unsigned vcpu, void *control)
{
	struct evtchn_fifo *f;
	int err;

	if (d->evtchn.closed)
		return -XEN_EINVAL;
	err = need_fifo(d);
	if (err)
		return err;
	f = d->evtchn.fifo;
	if (f->queues[vcpu].control)
		return -XEN_EINVAL;
	spin_lock(&f->lock);
	f->queues[vcpu].control = control;
	spin_unlock(&f->lock);
	return 0;
}

int evtchn_fifo_init_control(struct domain *d, uint32_t vcpu, uint64_t gfn, uint32_t offset)
{
	char *page;
	int err;

	if (vcpu >= d->max_vcpus || !d->vcpu[index_clamp(vcpu, d->max_vcpus)])
		return -XEN_ENOENT;
	vcpu = (uint32_t)index_clamp(vcpu, d->max_vcpus);
	if (offset > PAGE_SIZE - sizeof(struct evtchn_fifo_control_block) || offset % 8)
		return -XEN_EINVAL;
	page = hold_page(d, gfn);
	if (!page)
		return -XEN_EINVAL;
	spin_lock(&d->evtchn.lock);
	err = set_control(d, vcpu, page + offset);
	spin_unlock(&d->evtchn.lock);
	if (err)
		release_page(page);
	return err;
}

/* Raises what was raised before the ports of the newest page had words. */
static void raise_waiting(struct domain *d, unsigned first)
{
	struct evtchn_domain *e = &d->evtchn;
	unsigned port = evtchn_core_next_used(e, first);

	for (; port < first + FIFO_WORDS_PER_PAGE; port = evtchn_core_next_used(e, port + 1)) {
		struct evtchn *c = evtchn_core_channel(e, port);

		if (!c->waiting)
			continue;
		c->waiting = false;
		evtchn_fifo_set_pending(d, port, c);
	}
}

int evtchn_fifo_expand(struct domain *d, uint64_t gfn)
{
	struct evtchn_domain *e = &d->evtchn;
	struct evtchn_fifo *f;
	void *page;
	int err = 0;

	if (!e->fifo)
		return -XEN_EOPNOTSUPP;
	page = hold_page(d, gfn);
	spin_lock(&e->lock);
	f = e->fifo;
	if (!f)
		err = -XEN_EOPNOTSUPP;
	else if (f->pages == FIFO_PAGES)
		err = -XEN_ENOSPC;
	else if (!page || e->closed)
		err = -XEN_EINVAL;
	if (!err) {
		spin_lock(&f->lock);
		evtchn_fifo_add_page(f, page);
		spin_unlock(&f->lock);
		raise_waiting(d, (f->pages - 1) * FIFO_WORDS_PER_PAGE);
	}
	spin_unlock(&e->lock);
	if (err)
		release_page(page);
	return err;
}

int evtchn_set_priority(struct domain *d, uint32_t port, uint32_t priority)
{
	struct evtchn_domain *e = &d->evtchn;
	struct evtchn *c;
	int err = 0;

	spin_lock(&e->lock);
	c = evtchn_core_channel(e, port);
	if (!c)
		err = -XEN_EINVAL;
	else if (!e->fifo)
		err = -XEN_ENOSYS;
	else if (c->state == EVTCHN_FREE)
		err = -XEN_EACCES;
	else if (priority > EVTCHN_FIFO_PRIORITY_MIN)
		err = -XEN_EINVAL;
	else
		WRITE_ONCE(c->priority, (uint8_t)priority);
	spin_unlock(&e->lock);
	return err;
}

/* Tells others what came of a change of the port's word; no lock of words is held. */
static void tell(struct domain *d, unsigned port, unsigned vcpu, unsigned came)
{
	if (came & FIFO_TELL && likely(vcpu < d->max_vcpus && d->vcpu[vcpu]))
		vcpu_mark_events_pending(d->vcpu[vcpu]);
	if (came & FIFO_NEW && unlikely(d->evtchn.pollers))
		evtchn_wake_pollers(d, port);
}

/* Changes the port's word by the core's `how`, and tells of it. */
static inline void change_word(struct domain *d, unsigned port, struct evtchn *c,
			       unsigned (*how)(struct evtchn_fifo *f, unsigned port,
					       struct evtchn *c, unsigned vcpu))
{
	struct evtchn_fifo *f = d->evtchn.fifo;
	unsigned vcpu = READ_ONCE(c->vcpu), came;

	spin_lock(&f->lock);
	came = how(f, port, c, vcpu);
	spin_unlock(&f->lock);
	tell(d, port, vcpu, came);
}

void evtchn_fifo_set_pending(struct domain *d, unsigned port, struct evtchn *c)
{
	change_word(d, port, c, evtchn_fifo_raise);
}

void evtchn_fifo_clear_mask(struct domain *d, unsigned port, struct evtchn *c)
{
	change_word(d, port, c, evtchn_fifo_unmask);
}
