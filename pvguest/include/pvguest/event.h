/* SPDX-License-Identifier: MIT */
/*
 * Event channels. Ports are bound here and handlers attached to them.
 *
 * Handlers run between threads: when the running thread yields, waits or ends, or when the
 * idle processor is woken; never in the middle of a thread's code, so handlers and threads
 * need no locks between each other. A handler must not block (no wait, mutex or stdio); it
 * usually wakes a wait queue. A handler is called once for any number of notifications
 * since it last ran. Ports without a handler stay pending until somebody takes them.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include <xen/xen.h>
#include <xen/event_channel.h>

typedef void (*event_fn)(evtchn_port_t port, void *ctx);

/** Each returns a port (positive), or -XEN_Exxx; the new port is unmasked, without handler. On a CPU
 * other than the first -XEN_ENOMEM may mean that CPU 0 has opened no port near that one yet. */
int event_alloc_unbound(domid_t remote);
int event_bind_interdomain(domid_t dom, evtchn_port_t remote_port);
int event_bind_virq(uint32_t virq);
int event_bind_virq_on(uint32_t virq, uint32_t cpu);	/* VIRQ_TIMER, VIRQ_DEBUG: one a CPU */
int event_bind_ipi(uint32_t cpu);

/** Gives a port to another CPU, whose event_poll() then runs the handler (pvguest/cpu.h); ports are CPU 0's
 * unless bound to another. Not for per-CPU VIRQs and IPIs. Returns 0 or -XEN_Exxx. */
int event_bind_cpu(evtchn_port_t port, uint32_t cpu);

/** Attaches (fn) or detaches (NULL) the handler. Notifications that came before are not lost:
 * the handler runs for them. Returns 0, -XEN_EINVAL for a port out of range, or -XEN_ENOMEM. */
int event_set_handler(evtchn_port_t port, event_fn fn, void *ctx);

/** Tells the peer. Returns 0 or -XEN_Exxx. */
int event_notify(evtchn_port_t port);

/** While masked a port's notifications are kept back, not lost. */
void event_mask(evtchn_port_t port);
void event_unmask(evtchn_port_t port);

/** Whether a notification waits; clears it. For ports without handler. */
bool event_test_and_clear(evtchn_port_t port);

/**
 * Goes over from the bitmap of 4,095 ports to the FIFO ABI: 131,071 ports, in queues by priority. From
 * a thread of CPU 0, before other CPUs are started; ports that are open stay as they are. Returns 0;
 * -XEN_EBUSY (another CPU has been started), -XEN_ENOMEM, or what the hypervisor says, -XEN_ENOSYS if it
 * has no such thing: then nothing has changed. It costs a page for each 1,024 ports.
 */
int event_use_fifo(void);

/** FIFO ABI: 0 (first) to 15, 7 when not said. Returns 0 or -XEN_Exxx (-XEN_ENOSYS: bitmap). */
int event_set_priority(evtchn_port_t port, uint32_t priority);

/** Detaches the handler, closes the port. Returns 0 or -XEN_Exxx. */
int event_close(evtchn_port_t port);

/** Runs the handlers of all of this CPU's ports that are pending. The scheduler calls it; a thread that
 * computes for long may too (thread_yield() does both). Returns whether any handler ran. */
bool event_poll(void);

/** Sleeps in the hypervisor until an event is pending, or `deadline_ns` on clock_monotonic_ns()
 * has come (0: no limit). For the idle loop. */
void event_block(uint64_t deadline_ns);

/** Called once at start, and again by tests. */
void event_init(void);

struct pv_cpu;
/** Once for each CPU but the first, before it runs (cpu.c). 0 or -XEN_Exxx. */
int event_cpu_init(struct pv_cpu *c);
