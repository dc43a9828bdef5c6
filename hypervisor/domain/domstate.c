// SPDX-License-Identifier: MIT
/*
 * A bit for each id, and above them a bit for each word that is not empty. Who marks sets the lower bit
 * first, who takes clears the upper first and looks then: so no mark is overlooked.
 */
#include <hv/domstate.h>

#include <hv/types.h>

#define WORDS	DIV_ROUND_UP(DOMID_FIRST_RESERVED, 64)
#define TOPS	DIV_ROUND_UP(WORDS, 64)

static uint64_t changed[WORDS], words[TOPS];

static void set(uint64_t *map, size_t bit)
{
	__atomic_fetch_or(&map[bit / 64], 1ULL << bit % 64, __ATOMIC_SEQ_CST);
}

/* Clears bit; what else was set in its word. */
static uint64_t clear(uint64_t *map, size_t bit)
{
	return __atomic_and_fetch(&map[bit / 64], ~(1ULL << bit % 64), __ATOMIC_SEQ_CST);
}

void domstate_changed(domid_t id)
{
	if (id >= DOMID_FIRST_RESERVED)
		return;
	set(changed, id);
	set(words, id / 64);
}

/* A bit of the word, if it has one. */
static domid_t take_from(size_t word)
{
	uint64_t bits;
	size_t id;

	clear(words, word);
	bits = __atomic_load_n(&changed[word], __ATOMIC_SEQ_CST);
	if (!bits)
		return DOMID_INVALID;
	id = word * 64 + (size_t)__builtin_ctzll(bits);
	if (clear(changed, id))
		set(words, word);
	return (domid_t)id;
}

domid_t domstate_take(void)
{
	domid_t id = DOMID_INVALID;

	for (size_t top = 0; top < TOPS && id == DOMID_INVALID; top++) {
		uint64_t bits = __atomic_load_n(&words[top], __ATOMIC_SEQ_CST);

		for (; bits && id == DOMID_INVALID; bits &= bits - 1)
			id = take_from(top * 64 + (size_t)__builtin_ctzll(bits));
	}
	return id;
}
