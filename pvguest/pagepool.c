// SPDX-License-Identifier: MIT
/*
 * Buddies: a free block of 2^n pages is aligned to its size and joins with its
 * neighbour when that becomes free too.
 */
#include <pvguest/pagepool.h>

#define PAGE_BYTES 4096UL

/* What state[page] says. The number of pages in a block is 2^order. */
enum {
	STATE_UNKNOWN = 0xff,		/* not the pool's */
	STATE_INSIDE = 0xfe,		/* of a block, not its first page */
	STATE_USED = 0x80,		/* | order: first page of a block given out */
					/* order: first page of a free block */
};

struct pagepool_block {
	struct pagepool_block *next, *prev;
};

static struct pagepool_block *block_at(const struct pagepool *pool, unsigned long page)
{
	return (struct pagepool_block *)(pool->base + page * PAGE_BYTES);
}

static unsigned long block_page(const struct pagepool *pool, const struct pagepool_block *b)
{
	return ((const char *)b - pool->base) / PAGE_BYTES;
}

static void list_push(struct pagepool *pool, unsigned long page, unsigned int order)
{
	struct pagepool_block *b = block_at(pool, page);

	b->prev = NULL;
	b->next = pool->free[order];
	if (b->next)
		b->next->prev = b;
	pool->free[order] = b;
	pool->state[page] = order;
}

static void list_remove(struct pagepool *pool, unsigned long page, unsigned int order)
{
	struct pagepool_block *b = block_at(pool, page);

	if (b->prev)
		b->prev->next = b->next;
	else
		pool->free[order] = b->next;
	if (b->next)
		b->next->prev = b->prev;
	pool->state[page] = STATE_INSIDE;
}

void pagepool_init(struct pagepool *pool, void *base, uint8_t *state, unsigned long pages)
{
	*pool = (struct pagepool){ .base = base, .state = state, .pages = pages };
	for (unsigned long i = 0; i < pages; i++)
		state[i] = STATE_UNKNOWN;
}

/* Puts a block back, joined with its free neighbours. */
static void block_release(struct pagepool *pool, unsigned long page, unsigned int order)
{
	pool->state[page] = STATE_INSIDE;
	while (order < PAGEPOOL_MAX_ORDER) {
		unsigned long buddy = page ^ (1UL << order);

		if (buddy >= pool->pages || pool->state[buddy] != order)
			break;
		list_remove(pool, buddy, order);
		page &= ~(1UL << order);
		order++;
	}
	list_push(pool, page, order);
}

void pagepool_add(struct pagepool *pool, unsigned long first, unsigned long end)
{
	if (end > pool->pages)
		end = pool->pages;
	for (unsigned long p = first; p < end; p++) {
		if (pool->state[p] != STATE_UNKNOWN)
			continue;
		block_release(pool, p, 0);
		pool->free_pages++;
	}
}

unsigned long pagepool_alloc(struct pagepool *pool, unsigned int order)
{
	unsigned int have = order;
	unsigned long page;

	while (have <= PAGEPOOL_MAX_ORDER && !pool->free[have])
		have++;
	if (have > PAGEPOOL_MAX_ORDER)
		return ~0UL;
	page = block_page(pool, pool->free[have]);
	list_remove(pool, page, have);
	while (have > order) {
		have--;
		list_push(pool, page + (1UL << have), have);
	}
	pool->state[page] = STATE_USED | order;
	pool->free_pages -= 1UL << order;
	return page;
}

int pagepool_free(struct pagepool *pool, unsigned long page, unsigned int order)
{
	if (page >= pool->pages || order > PAGEPOOL_MAX_ORDER ||
	    pool->state[page] != (STATE_USED | order))
		return -1;
	block_release(pool, page, order);
	pool->free_pages += 1UL << order;
	return 0;
}

static const char *check_block(const struct pagepool *pool, const struct pagepool_block *b,
			       unsigned int order)
{
	unsigned long page = block_page(pool, b);

	if (page + (1UL << order) > pool->pages || page & ((1UL << order) - 1))
		return "a free block is misplaced";
	if (pool->state[page] != order)
		return "a free block's state is not its order";
	if (b->next && b->next->prev != b)
		return "a free list is torn";
	for (unsigned long i = 1; i < 1UL << order; i++)
		if (pool->state[page + i] != STATE_INSIDE)
			return "a free block has other blocks inside";
	return NULL;
}

const char *pagepool_check(const struct pagepool *pool)
{
	unsigned long count = 0;

	for (unsigned int order = 0; order <= PAGEPOOL_MAX_ORDER; order++) {
		for (const struct pagepool_block *b = pool->free[order]; b; b = b->next) {
			const char *wrong = check_block(pool, b, order);

			if (wrong)
				return wrong;
			count += 1UL << order;
			if (count > pool->pages)
				return "a free list is a ring";
		}
	}
	return count == pool->free_pages ? NULL : "the count of free pages is wrong";
}
