// SPDX-License-Identifier: MIT
/*
 * The allocator of whole frames: see hv/buddy.h. Taking and giving back cost one step for each
 * order that is split or joined.
 */
#include <hv/buddy.h>

#include <hv/frame.h>

static unsigned highest_bit(uint64_t n)
{
	return 63 - (unsigned)__builtin_clzll(n);
}

static void list_insert(struct buddy *b, uint64_t m, unsigned order)
{
	unsigned zone = highest_bit(m);
	struct frame *f = &frame_table[m];
	uint32_t *head = &b->head[zone][order];

	f->count_info = FC_FREE;
	f->order = (uint16_t)order;
	f->prev = 0;
	f->next = *head;
	if (*head)
		frame_table[*head].prev = (uint32_t)m;
	*head = (uint32_t)m;
	b->orders[zone] |= 1U << order;
	b->zones |= 1U << zone;
}

static void list_remove(struct buddy *b, uint64_t m, unsigned order)
{
	unsigned zone = highest_bit(m);
	struct frame *f = &frame_table[m];
	uint32_t *head = &b->head[zone][order];

	CHECK(f->count_info == FC_FREE && f->order == order);
	if (f->prev)
		frame_table[f->prev].next = f->next;
	else
		*head = f->next;
	if (f->next)
		frame_table[f->next].prev = f->prev;
	f->count_info = 0;
	f->next = f->prev = 0;
	if (*head)
		return;
	b->orders[zone] &= ~(1U << order);
	if (!b->orders[zone])
		b->zones &= ~(1U << zone);
}

void buddy_free(struct buddy *b, mfn_t first, unsigned order)
{
	uint64_t m = first.n;

	CHECK(order < BUDDY_ORDERS && m && !(m & ((1ULL << order) - 1)));
	CHECK(!frame_table[m].count_info);
	b->free += 1ULL << order;
	for (; order < BUDDY_ORDERS - 1; order++) {
		uint64_t other = m ^ (1ULL << order);

		if (!other || other >= arch_max_mfn || frame_table[other].count_info != FC_FREE ||
		    frame_table[other].order != order)
			break;
		list_remove(b, other, order);
		m &= ~(1ULL << order);
	}
	list_insert(b, m, order);
}

void buddy_free_run(struct buddy *b, mfn_t first, uint64_t n)
{
	uint64_t m = first.n, end = m + n;

	while (m < end) {
		unsigned order = (unsigned)__builtin_ctzll(m);
		unsigned room = highest_bit(end - m);

		order = MIN(order, MIN(room, BUDDY_ORDERS - 1U));
		buddy_free(b, mfn(m), order);
		m += 1ULL << order;
	}
}

void buddy_add(struct buddy *b, mfn_t start, mfn_t end)
{
	uint64_t m = start.n ? start.n : 1;

	CHECK(end.n <= arch_max_mfn && arch_max_mfn <= 1ULL << BUDDY_ZONES);
	if (m >= end.n)
		return;
	buddy_free_run(b, mfn(m), end.n - m);
	b->total += end.n - m;
}

/* Takes the first block of at least the order out of a zone and gives the rest of it back. */
static uint64_t zone_take(struct buddy *b, unsigned zone, unsigned order)
{
	unsigned have = (unsigned)__builtin_ctz(b->orders[zone] >> order) + order;
	uint64_t m = b->head[zone][have];

	list_remove(b, m, have);
	while (have > order) {
		have--;
		list_insert(b, m + (1ULL << have), have);
	}
	return m;
}

bool buddy_alloc(struct buddy *b, unsigned order, unsigned bits, mfn_t *first)
{
	if (order >= BUDDY_ORDERS)
		return false;

	uint32_t zones = bits < BUDDY_ZONES ? b->zones & ((1U << bits) - 1) : b->zones;

	while (zones) {
		unsigned zone = highest_bit(zones);

		if (b->orders[zone] >> order) {
			*first = mfn(zone_take(b, zone, order));
			b->free -= 1ULL << order;
			return true;
		}
		zones &= ~(1U << zone);
	}
	return false;
}

bool buddy_ahead(const struct buddy *b, unsigned order, unsigned n, mfn_t *first)
{
	for (uint32_t zones = b->zones; zones;) {
		unsigned zone = highest_bit(zones);

		for (unsigned have = order; have < BUDDY_ORDERS; have++) {
			unsigned pieces = 1U << (have - order);

			for (uint32_t m = b->head[zone][have]; m; m = frame_table[m].next) {
				if (n < pieces) {
					*first = mfn(m + ((uint64_t)n << order));
					return true;
				}
				n -= pieces;
			}
		}
		zones &= ~(1U << zone);
	}
	return false;
}

static const char *list_check(const struct buddy *b, unsigned zone, unsigned order, uint64_t *free)
{
	uint32_t prev = 0;

	for (uint32_t m = b->head[zone][order]; m; prev = m, m = frame_table[m].next) {
		const struct frame *f = &frame_table[m];
		uint64_t buddy = m ^ (1ULL << order);

		if (m >= arch_max_mfn || highest_bit(m) != zone || (m & ((1ULL << order) - 1)))
			return "a block is in the wrong list";
		if (f->count_info != FC_FREE || f->order != order || f->prev != prev)
			return "a free block's first frame says something else";
		if (order < BUDDY_ORDERS - 1 && buddy && buddy < arch_max_mfn &&
		    frame_table[buddy].count_info == FC_FREE && frame_table[buddy].order == order)
			return "two halves of a block were not joined";
		for (uint64_t i = 1; i < 1ULL << order; i++)
			if (frame_table[m + i].count_info)
				return "a frame inside a free block is in use";
		*free += 1ULL << order;
	}
	return NULL;
}

const char *buddy_check(const struct buddy *b)
{
	uint64_t free = 0;

	for (unsigned zone = 0; zone < BUDDY_ZONES; zone++) {
		if (!(b->zones >> zone & 1) != !b->orders[zone])
			return "the map of zones is wrong";
		for (unsigned order = 0; order < BUDDY_ORDERS; order++) {
			if (!(b->orders[zone] >> order & 1) != !b->head[zone][order])
				return "the map of orders is wrong";

			const char *wrong = list_check(b, zone, order, &free);

			if (wrong)
				return wrong;
		}
	}
	return free == b->free ? NULL : "the number of free frames is wrong";
}
