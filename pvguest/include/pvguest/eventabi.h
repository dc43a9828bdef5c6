/* SPDX-License-Identifier: MIT */
/*
 * The two layouts in which the hypervisor tells of events (xen/event_channel.h), behind one face for
 * event.c: a bitmap of 4,096 ports in shared_info, and queues of 131,072 ports in pages of our own.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include <xen/xen.h>
#include <xen/event_channel.h>

struct pv_cpu;

struct event_abi {
	unsigned int ports;	/* valid ones are 1 to ports - 1 */
	/** Makes room for the state of a port; on CPU 0. 0 or -XEN_Exxx. */
	int (*prepare)(evtchn_port_t port);
	/** Before a CPU other than the first runs; c's page stays for ever. 0 or -XEN_Exxx. */
	int (*cpu_init)(struct pv_cpu *c);
	void (*mask)(evtchn_port_t port);
	bool (*is_masked)(evtchn_port_t port);
	/** Takes the mask off; an event that waits is told of again, to the port's CPU. */
	void (*unmask)(evtchn_port_t port, bool ours);
	bool (*is_pending)(evtchn_port_t port);
	void (*clear)(evtchn_port_t port);
	/** Calls event_run() for this CPU's ports that are pending; whether any handler ran. */
	bool (*poll)(void);
};

/* event2l.c */
extern const struct event_abi event_2l;

/* eventfifo.c */
extern const struct event_abi event_fifo;
/** Takes the domain over; no other CPU runs, and no port is above `highest`. On error nothing has changed. */
int event_fifo_start(evtchn_port_t highest);

/* event.c */

enum event_ran {
	EVENT_LEFT,	/* there is no handler: it stays pending */
	EVENT_RAN,
	EVENT_ELSEWHERE,	/* the port has a handler, but is another CPU's */
};

/** Runs the handler of a port that is pending and not masked. */
enum event_ran event_run(evtchn_port_t port);
