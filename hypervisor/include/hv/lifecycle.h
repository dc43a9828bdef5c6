/* SPDX-License-Identifier: MIT */
/*
 * The life of a domain and of a vCPU, as plain data: which moves there are, and
 * what a refused one answers. Whoever owns the domain does the rest (stops its
 * vCPUs, gives back its frames, tells dom0).
 *
 *                 shutdown(code)              all vCPUs have stopped
 *     LIFE_ALIVE ---------------> LIFE_SHUTTING -------------------> LIFE_SHUT
 *       |   ^                       |       |                         |    |
 *       |   +------- resume --------+-------|-------------------------+    |
 *       |                                   |                              |
 *       +----------- kill ----> LIFE_DYING <+------------ kill ------------+
 *                                   |
 *                                   | all is given back
 *                                   v
 *                               LIFE_DEAD
 *
 * Beside that the control domain holds a domain as often as it likes (pause and
 * unpause count); a new one is held once and starts with its first unpause.
 */
#pragma once

#include <hv/types.h>

enum life_state {
	LIFE_ALIVE,	/* may run, unless held */
	LIFE_SHUTTING,	/* said that it stops; some vCPU is still on a CPU */
	LIFE_SHUT,	/* no vCPU runs any more; its memory stays for the toolstack */
	LIFE_DYING,	/* being destroyed, in steps; no way back */
	LIFE_DEAD,	/* owns nothing any more; waits for the last reference */
	LIFE_STATES
};

/* The shutdown code while there is none (an 8-bit SHUTDOWN_* otherwise). */
#define LIFE_NO_CODE (~0U)

/* As often may the control domain hold a domain. */
#define LIFE_HOLDS_MAX 255

struct life {
	enum life_state state;
	uint32_t code;		/* SHUTDOWN_*, or LIFE_NO_CODE; may be latched while alive */
	uint32_t holds;		/* by the control domain */
	bool started;		/* was once held by nobody */
};

/** A new domain: alive, held once by the control domain. */
void life_init(struct life *l);

/** Holds it. 0, or -XEN_EOVERFLOW when it is held LIFE_HOLDS_MAX times already. */
int life_hold(struct life *l);
/** Releases it. 0, or -XEN_EINVAL when it is not held. */
int life_release(struct life *l);

/** Remembers a code for a later shutdown; the first one counts. */
void life_latch_code(struct life *l, unsigned code);
/**
 * Begins a shutdown with the code, unless one was latched before.
 * True when it has begun now: the caller stops the vCPUs.
 */
bool life_shutdown(struct life *l, unsigned code);
/** Every vCPU has stopped. True when that completes a shutdown: the caller tells dom0. */
bool life_stopped(struct life *l);
/** Undoes a shutdown (a cancelled suspend). True when there was one to undo. */
bool life_resume(struct life *l);
/** Begins the end. True the first time; from then on it never runs. */
bool life_kill(struct life *l);
/** All is given back. */
void life_gone(struct life *l);

/** True while it may not run whatever its vCPUs say. */
bool life_is_stopped(const struct life *l);

/*
 * A vCPU's run state follows from what keeps it from running:
 *
 *              picked                    waits for an event
 *    runnable <======> running        any ------------------> blocked
 *                                     any ---- down, held --> offline
 *
 * "Blocked" wins over "offline", as the ABI says. DOWN is left by VCPUOP_up, and
 * only by a vCPU that has been given a context.
 */

/** RUNSTATE_* of a vCPU; flags are VPF_*, holds what pauses it or its domain. */
int life_runstate(uint32_t pause_flags, uint32_t holds, bool on_cpu);
