// SPDX-License-Identifier: MIT
/* Events as bits of shared_info. Ports of several CPUs share words, so all changes are atomic. */
#include <pvguest/eventabi.h>

#include <pvguest/hypercall.h>
#include <pvguest/start.h>

#define WORD	(8 * sizeof(xen_ulong_t))

static void bit_set(xen_ulong_t *words, evtchn_port_t port)
{
	__atomic_fetch_or(&words[port / WORD], 1UL << port % WORD, __ATOMIC_SEQ_CST);
}

static void bit_clear(xen_ulong_t *words, evtchn_port_t port)
{
	__atomic_fetch_and(&words[port / WORD], ~(1UL << port % WORD), __ATOMIC_SEQ_CST);
}

static bool bit_test(const xen_ulong_t *words, evtchn_port_t port)
{
	return __atomic_load_n(&words[port / WORD], __ATOMIC_SEQ_CST) >> port % WORD & 1;
}

/* The bits are always there. */
static int prepare(evtchn_port_t port)
{
	(void)port;
	return 0;
}

static int cpu_init(struct pv_cpu *c)
{
	(void)c;
	return 0;
}

static void mask(evtchn_port_t port)
{
	bit_set(pv_shared_info->evtchn_mask, port);
}

static bool is_masked(evtchn_port_t port)
{
	return bit_test(pv_shared_info->evtchn_mask, port);
}

/* Makes poll() look at the port again, as the hypervisor does for a new event. */
static void raise(evtchn_port_t port)
{
	struct vcpu_info *v = pv_vcpu_info();

	__atomic_fetch_or(&v->evtchn_pending_sel, 1UL << port / WORD, __ATOMIC_SEQ_CST);
	__atomic_store_n(&v->evtchn_upcall_pending, 1, __ATOMIC_SEQ_CST);
}

static void unmask(evtchn_port_t port, bool ours)
{
	struct evtchn_unmask op = { .port = port };

	if (!ours) {
		hypercall_event_channel_op(EVTCHNOP_unmask, &op);
		return;
	}
	bit_clear(pv_shared_info->evtchn_mask, port);
	if (bit_test(pv_shared_info->evtchn_pending, port))
		raise(port);
}

static bool is_pending(evtchn_port_t port)
{
	return bit_test(pv_shared_info->evtchn_pending, port);
}

static void clear(evtchn_port_t port)
{
	bit_clear(pv_shared_info->evtchn_pending, port);
}

static bool poll_word(unsigned int word)
{
	const struct shared_info *s = pv_shared_info;
	xen_ulong_t bits = __atomic_load_n(&s->evtchn_pending[word], __ATOMIC_SEQ_CST) &
			   ~__atomic_load_n(&s->evtchn_mask[word], __ATOMIC_SEQ_CST);
	bool any = false;

	for (; bits; bits &= bits - 1)
		any |= event_run(word * WORD + __builtin_ctzl(bits)) == EVENT_RAN;
	return any;
}

static bool poll(void)
{
	struct vcpu_info *v = pv_vcpu_info();
	xen_ulong_t words = __atomic_exchange_n(&v->evtchn_pending_sel, 0, __ATOMIC_SEQ_CST);
	bool any = false;

	for (; words; words &= words - 1)
		any |= poll_word(__builtin_ctzl(words));
	return any;
}

const struct event_abi event_2l = {
	.ports = EVTCHN_2L_NR_CHANNELS,
	.prepare = prepare,
	.cpu_init = cpu_init,
	.mask = mask,
	.is_masked = is_masked,
	.unmask = unmask,
	.is_pending = is_pending,
	.clear = clear,
	.poll = poll,
};
