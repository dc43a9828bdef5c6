/* SPDX-License-Identifier: MIT */
/*
 * More than one virtual processor. CPU 0 runs main(), all threads, and the handlers of ports that
 * are not bound to another CPU. Any other CPU, once started, runs one function to its end on a
 * stack of its own.
 *
 *	          pv_cpu_start()                    fn returns, or pv_cpu_stop()
 *	 STOPPED ----------------> STARTING --> RUNNING ----------------------> STOPPED
 *
 * What such a function may use: spin locks, event channels, its own timers and clocks, calls to
 * other CPUs, hypercalls, malloc() and its kin, pages and mappings (memory.h), grants, an errno of its
 * own, trap_probe_*(), pv_panic(). Not: threads, mutexes, stdio, files, xenstore, and what else of the
 * C library has a state. Those are CPU 0's, and pv_cpu_call(0, ...) asks it.
 * Its handlers and timer functions run when it calls event_poll() and timer_poll(), or sleeps
 * in pv_cpu_idle().
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include <xen/xen.h>
#include <xen/event_channel.h>

/** CPUs that the library can run; a domain may have more. */
#define PV_CPUS_MAX	128

struct pv_cpu_call;

enum pv_cpu_state {
	PV_CPU_STOPPED,		/* never started, or its function has ended */
	PV_CPU_STARTING,	/* told to run, has not begun */
	PV_CPU_RUNNING,
};

/* The CPU's queues of the FIFO ABI of event channels (eventfifo.c). Must not cross a page. */
struct event_queues {
	struct evtchn_fifo_control_block control;	/* shared with the hypervisor */
	uint32_t head[EVTCHN_FIFO_MAX_QUEUES];		/* the next port; 0: ask control */
	uint32_t ready;					/* queues that are not used up */
} __attribute__((aligned(256)));

struct pv_cpu {
	struct pv_cpu *self;		/* offset 0, where GS points: arch/x86_64/pvguest/cpu.S */
	unsigned int id;
	enum pv_cpu_state state;	/* atomic */
	struct vcpu_info *info;		/* shared with the hypervisor */
	void *stack_top;
	void (*fn)(void *arg);
	void *arg;
	evtchn_port_t kick_port;	/* polled by who waits for a spin lock; never a handler */
	evtchn_port_t call_port;
	struct pv_cpu_call *calls;	/* asked for by others, last first; atomic */
	struct event_queues queues;
	int libc_errno;			/* of all CPUs but the first, whose threads have theirs */
};

#ifdef CLOISON_HOST_TEST
/** The seam for host tests: the CPU that the test's thread plays. */
struct pv_cpu *pv_this_cpu(void);
#else
static inline struct pv_cpu *pv_this_cpu(void)
{
	struct pv_cpu *c;

	__asm__("movq %%gs:0, %0" : "=r" (c));
	return c;
}
#endif

/** The number of the CPU that asks, 0 for the one that runs main(). */
static inline unsigned int pv_cpu_id(void)
{
	return pv_this_cpu()->id;
}

/** CPUs that the domain has (maxvcpus), running or not; at most PV_CPUS_MAX. */
unsigned int pv_cpu_count(void);

/** CPUs that are not stopped. CPU 0 is one. */
unsigned int pv_cpu_running(void);

/**
 * Makes a CPU run fn(arg). From a thread of CPU 0. 0, -XEN_ENOENT (the domain has no such CPU),
 * -XEN_EEXIST (it runs already), -XEN_ENOMEM, or what the hypervisor says of its context; on error
 * nothing runs. A CPU that was stopped can be started again.
 */
int pv_cpu_start(unsigned int cpu, void (*fn)(void *arg), void *arg);

/** Ends the function that this CPU runs, and takes the CPU down. CPU 0 must not. */
void pv_cpu_stop(void) __attribute__((noreturn));

/** Whether a CPU has been started and has not stopped. */
bool pv_cpu_is_running(unsigned int cpu);

/** Waits, as a thread of CPU 0, until a CPU has stopped. False: not until `deadline_ns` (0: no limit). */
bool pv_cpu_wait(unsigned int cpu, uint64_t deadline_ns);

/** Runs this CPU's handlers and due timers, or sleeps until there are some or `deadline_ns` (0: no
 * limit) has come. Not on CPU 0, whose threads do so. */
void pv_cpu_idle(uint64_t deadline_ns);

/**
 * Runs fn(arg) on another CPU, or here when it is this one, and returns when it has. The other runs it
 * where it runs handlers (see above), so it must come there. Who waits runs what others want of it
 * meanwhile, so two may call each other. 0, or -XEN_ENOENT when that CPU does not run.
 */
int pv_cpu_call(unsigned int cpu, void (*fn)(void *arg), void *arg);

/* Data of which each CPU has its own: PV_PER_CPU(static, struct counter, hits); this_cpu(hits)->n++. */
#define PV_CACHE_LINE	64
#define PV_PER_CPU(storage, type, name)							\
	storage struct {								\
		type value __attribute__((aligned(PV_CACHE_LINE)));			\
	} name[PV_CPUS_MAX]
#define per_cpu(name, cpu)	(&(name)[cpu].value)
#define this_cpu(name)		per_cpu(name, pv_cpu_id())

/** Once at start, before anything asks for the CPU's number; CPU 0's information will be at `shared`. */
void pv_cpu_init(struct vcpu_info *shared);

/* Between the library's own files. */

/** Whether any CPU but the first has ever been started: what they have cached must be thought of. */
bool pv_cpus_started(void);

/** The structure of a CPU that has been started at least once, else NULL. */
struct pv_cpu *pv_cpu_of(unsigned int cpu);
/** Opens the ports that a CPU is called and kicked by; 0 or -XEN_Exxx. */
int pv_cpu_ports(struct pv_cpu *c);
/** Closes them again, of a CPU that will not run. */
void pv_cpu_close_ports(const struct pv_cpu *c);
/** Runs what others have asked of this CPU. */
void pv_cpu_run_calls(void);
/** Where a started CPU begins, and where it begins again after pv_cpu_stop(). */
void pv_cpu_main(struct pv_cpu *c) __attribute__((noreturn));
