// SPDX-License-Identifier: MIT
/* See harness.h. Each engine sets where choose() gets its answers from, and plays. */
#include "harness/harness.h"

#include <stdlib.h>
#include <string.h>

#define CHOICES_MAX	64
#define BYTES_STEPS_MAX 4096

static enum { FROM_LIST, FROM_DICE, FROM_BYTES } source;

/* The combination of now: the answer to each question so far, and of how many it is one. */
static unsigned answer[CHOICES_MAX], answer_of[CHOICES_MAX], asked, known;
static uint64_t dice;
static const uint8_t *bytes, *bytes_end;

/* The history that is being played; it stays so when a check fails. */
static bool playing;
static unsigned step_now, seed_now;

static void play(const struct harness *h, unsigned steps)
{
	playing = true;
	step_now = 0;
	h->start();
	while (step_now < steps && (source != FROM_BYTES || bytes < bytes_end)) {
		h->step();
		step_now++;
	}
	h->end();
	playing = false;
}

void harness_report(void)
{
	if (!playing)
		return;
	playing = false;
	print_message("# failed in step %u of", step_now);
	if (source == FROM_DICE)
		print_message(" seed %u", seed_now);
	for (unsigned i = 0; source == FROM_LIST && i < asked; i++)
		print_message(" %u", answer[i]);
	print_message("\n");
}

static unsigned choose_from_list(unsigned n)
{
	unsigned i = asked++;

	if (i >= CHOICES_MAX)
		__builtin_trap();
	if (i == known) {
		answer[i] = 0;
		known++;
	}
	answer_of[i] = n;
	return answer[i];
}

unsigned choose(unsigned n)
{
	unsigned value = 0;

	switch (source) {
	case FROM_LIST:
		return choose_from_list(n);
	case FROM_DICE:
		dice = dice * 6364136223846793005UL + 1442695040888963407UL;
		return (unsigned)(dice >> 33) % n;
	default:
		for (unsigned range = 1; range < n && bytes < bytes_end; range <<= 8)
			value = value << 8 | *bytes++;
		return value % n;
	}
}

bool choosing_all(void)
{
	return source == FROM_LIST;
}

/* Prepares the next combination; false when all were tried. */
static bool choose_again(void)
{
	known = asked;
	asked = 0;
	while (known) {
		if (++answer[known - 1] < answer_of[known - 1])
			return true;
		known--;
	}
	return false;
}

unsigned long harness_try_all(const struct harness *h)
{
	unsigned long histories = 0;

	source = FROM_LIST;
	asked = known = 0;
	do {
		play(h, h->steps);
		histories++;
	} while (choose_again());
	return histories;
}

/* ---- states that were met: an array, and a hash table of places in it ------------------- */

struct met {
	const struct harness *h;
	uint8_t *states;
	uint32_t *table, mask, n;
};

static uint8_t *state_at(const struct met *met, uint32_t i)
{
	return met->states + (size_t)i * met->h->state_size;
}

/* Keeps the state of now if it is new and there is room. */
static void meet(struct met *met)
{
	size_t size = met->h->state_size;
	uint64_t hash = 14695981039346656037UL;
	uint8_t *now;

	if (met->n == met->h->states_max)
		return;
	now = state_at(met, met->n);
	memset(now, 0, size);
	met->h->save(now);
	for (size_t i = 0; i < size; i++)
		hash = (hash ^ now[i]) * 1099511628211UL;
	uint32_t at = (uint32_t)(hash >> 20) & met->mask;

	for (; met->table[at]; at = (at + 1) & met->mask)
		if (!memcmp(state_at(met, met->table[at] - 1), now, size))
			return;
	met->table[at] = ++met->n;
}

unsigned long harness_search(const struct harness *h)
{
	struct met met = { .h = h, .mask = 1 };

	while (met.mask < 2 * h->states_max)
		met.mask = met.mask << 1 | 1;
	met.states = malloc(h->states_max * h->state_size);
	met.table = calloc(met.mask + 1, sizeof(*met.table));
	assert_true(met.states && met.table);
	source = FROM_LIST;
	asked = known = 0;
	playing = true;
	step_now = 0;
	h->start();
	meet(&met);
	for (uint32_t i = 0; i < met.n; i++) {
		asked = known = 0;
		do {
			h->restore(state_at(&met, i));
			h->step();
			meet(&met);
		} while (choose_again());
	}
	h->restore(state_at(&met, 0));
	h->end();
	playing = false;
	free(met.states);
	free(met.table);
	return met.n;
}

/* ---- one long history ------------------------------------------------------------------- */

void harness_play_chance(const struct harness *h, unsigned seed)
{
	source = FROM_DICE;
	dice = seed * 0x9e3779b97f4a7c15UL;
	seed_now = seed;
	play(h, h->chance_steps);
}

void harness_play_bytes(const struct harness *h, const uint8_t *data, size_t size)
{
	source = FROM_BYTES;
	bytes = data;
	bytes_end = data + size;
	play(h, BYTES_STEPS_MAX);
}
