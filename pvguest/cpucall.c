// SPDX-License-Identifier: MIT
/*
 * Calls of functions on other CPUs: a list for each CPU, pushed by anybody and taken as a whole by its
 * owner; an IPI port tells of it. The call lies on the stack of who waits.
 */
#include <pvguest/cpu.h>

#include <pvguest/event.h>
#include <pvguest/hypercall.h>
#include <pvguest/start.h>

#include <xen/sched.h>

struct pv_cpu_call {
	struct pv_cpu_call *next;
	void (*fn)(void *arg);
	void *arg;
	int result;		/* atomic; PENDING, and when it is not, the call is gone */
};

#define PENDING 1

static struct pv_cpu_call *reversed(struct pv_cpu_call *last)
{
	struct pv_cpu_call *first = NULL;

	while (last) {
		struct pv_cpu_call *next = last->next;

		last->next = first;
		first = last;
		last = next;
	}
	return first;
}

/* Takes all that is asked of c, and runs or refuses it. */
static void take_calls(struct pv_cpu *c, bool run)
{
	struct pv_cpu_call *call;

	call = reversed(__atomic_exchange_n(&c->calls, NULL, __ATOMIC_SEQ_CST));
	while (call) {
		struct pv_cpu_call *next = call->next;

		if (run)
			call->fn(call->arg);
		__atomic_store_n(&call->result, run ? 0 : -XEN_ENOENT, __ATOMIC_RELEASE);
		call = next;
	}
}

void pv_cpu_run_calls(void)
{
	take_calls(pv_this_cpu(), true);
}

static void called(evtchn_port_t port, void *ctx)
{
	(void)port;
	(void)ctx;
	pv_cpu_run_calls();
}

int pv_cpu_ports(struct pv_cpu *c)
{
	int kick = event_bind_ipi(c->id), call;

	if (kick < 0)
		return kick;
	call = event_bind_ipi(c->id);
	if (call < 0) {
		event_close(kick);
		return call;
	}
	event_mask(kick);
	c->kick_port = kick;
	c->call_port = call;
	return event_set_handler(call, called, NULL);
}

void pv_cpu_close_ports(const struct pv_cpu *c)
{
	event_close(c->kick_port);
	event_close(c->call_port);
}

int pv_cpu_call(unsigned int cpu, void (*fn)(void *arg), void *arg)
{
	struct pv_cpu_call call = { .fn = fn, .arg = arg, .result = PENDING };
	struct pv_cpu *c = pv_cpu_of(cpu);
	int result;

	if (!c || !pv_cpu_is_running(cpu))
		return -XEN_ENOENT;
	if (c == pv_this_cpu()) {
		fn(arg);
		return 0;
	}
	call.next = __atomic_load_n(&c->calls, __ATOMIC_RELAXED);
	while (!__atomic_compare_exchange_n(&c->calls, &call.next, &call, false, __ATOMIC_SEQ_CST,
					    __ATOMIC_RELAXED))
		;
	event_notify(c->call_port);
	while ((result = __atomic_load_n(&call.result, __ATOMIC_ACQUIRE)) == PENDING) {
		/* A CPU that stops looks once more after it has said so: what came later is nobody's. */
		if (!pv_cpu_is_running(cpu))
			take_calls(c, false);
		pv_cpu_run_calls();
		hypercall_sched_op(SCHEDOP_yield, NULL);
	}
	return result;
}
