/* SPDX-License-Identifier: MIT */
/*
 * One harness, several engines. A harness calls choose() wherever the world may differ, acts, and
 * then compares the whole state with what must hold (by cmocka's assertions). Who
 * answers choose() is not its business:
 *
 *	every	all combinations of answers over a few steps (all_main.c)
 *	search	from every state that was ever reached, every step, for worlds whose state can
 *		be saved and put back (all_main.c)
 *	chance	long histories, the same ones each time (all_main.c)
 *	bytes	libFuzzer's input (tests/fuzz/history_fuzz.c)
 *
 * A source of a harness has no main(): all_main.c makes a test of it, history_fuzz.c a fuzz target.
 */
#pragma once

#include <stdarg.h>
#include <setjmp.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

struct harness {
	const char *name;	/* a sentence for the report */
	void (*start)(void);	/* a new world; may choose, too */
	void (*step)(void);	/* one operation, and all checks */
	void (*end)(void);	/* the world goes, nothing may be left */
	unsigned steps;		/* of which every order is tried; 0: not that engine */
	unsigned long at_least;	/* so many histories or states there must be */
	unsigned chances, chance_steps;	/* long histories, steps in each; 0: not that engine */
	/* For the search; state_size 0: not that engine. */
	size_t state_size;
	unsigned states_max;	/* it ends when so many were met */
	void (*save)(void *state);
	void (*restore)(const void *state);
};

/** Each harness's source has this one. */
extern const struct harness harness;

/** 0 to n - 1. */
unsigned choose(unsigned n);
/** Whether all combinations are being tried: then a harness asks about less. */
bool choosing_all(void);

/* ---- the engines ---------------------------------------------------------------------- */

/** Says which history was not played to its end, if one was not: a check has failed. */
void harness_report(void);
/** Plays every history of h->steps steps. Returns how many there were. */
unsigned long harness_try_all(const struct harness *h);
/** Searches. Returns how many states it met. */
unsigned long harness_search(const struct harness *h);
/** Plays history number seed of chance. */
void harness_play_chance(const struct harness *h, unsigned seed);
/** Plays the history that the bytes choose; it ends with them. */
void harness_play_bytes(const struct harness *h, const uint8_t *data, size_t size);
