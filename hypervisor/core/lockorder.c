// SPDX-License-Identifier: MIT
/* See hv/lockorder.h. A lock's kind is found by its name once and then kept in the lock. */
#include <hv/lockorder.h>

#include <hv/str.h>

static const struct lock_class {
	const char *name;
	unsigned order;
	bool numbered;
} classes[] = {
#define LOCK_CLASS(o, n)          { .name = (n), .order = (o) },
#define LOCK_CLASS_NUMBERED(o, n) { .name = (n), .order = (o), .numbered = true },
#include <hv/lockorder.def>
#undef LOCK_CLASS
#undef LOCK_CLASS_NUMBERED
};

/* Several CPUs may look a lock up at once: they find the same. NULL: not in the table. */
static const struct lock_class *class_of(spinlock_t *l)
{
	uint16_t known = __atomic_load_n(&l->class, __ATOMIC_RELAXED);

	for (uint16_t i = 0; !known && i < ARRAY_SIZE(classes); i++)
		if (l->name && !str_cmp(classes[i].name, l->name))
			known = i + 1;
	if (!known)
		return NULL;
	__atomic_store_n(&l->class, known, __ATOMIC_RELAXED);
	return &classes[known - 1];
}

const struct lock_record *lockorder_find(const struct locks_held *h, const spinlock_t *l)
{
	for (unsigned i = 0; i < h->n; i++)
		if (h->at[i].lock == l)
			return &h->at[i];
	return NULL;
}

/* What is held is known: it was checked when it was taken. */
static bool may_nest(const spinlock_t *held, const spinlock_t *l, const struct lock_class *c)
{
	const struct lock_class *outer = &classes[held->class - 1];

	if (outer == c)
		return c->numbered && held->number < l->number;
	return outer->order < c->order;
}

enum lock_fault lockorder_check(const struct locks_held *h, spinlock_t *l,
				const struct lock_record **against)
{
	const struct lock_class *c = class_of(l);

	if (!c)
		return LOCK_UNKNOWN;
	*against = lockorder_find(h, l);
	if (*against)
		return LOCK_TWICE;
	for (unsigned i = 0; i < h->n; i++) {
		if (may_nest(h->at[i].lock, l, c))
			continue;
		*against = &h->at[i];
		return LOCK_ORDER;
	}
	return LOCK_FINE;
}

enum lock_fault lockorder_got(struct locks_held *h, const spinlock_t *l, uint64_t place)
{
	if (h->n == LOCKS_HELD_MAX)
		return LOCK_TOO_MANY;
	h->at[h->n++] = (struct lock_record){ .lock = l, .place = place };
	return LOCK_FINE;
}

enum lock_fault lockorder_put(struct locks_held *h, const spinlock_t *l)
{
	for (unsigned i = h->n; i-- > 0; ) {
		if (h->at[i].lock != l)
			continue;
		for (h->n--; i < h->n; i++)
			h->at[i] = h->at[i + 1];
		return LOCK_FINE;
	}
	return LOCK_NOT_HELD;
}
