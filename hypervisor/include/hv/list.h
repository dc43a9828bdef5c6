/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * A doubly linked ring whose links lie inside the objects. A head is a struct list that belongs to
 * no object. A link that is in no list points at itself, so that list_del() twice does no harm
 * and list_is_empty(&object->link) asks whether the object is in a list.
 */
#include <stdbool.h>
#include <stddef.h>

struct list {
	struct list *next;
	struct list *prev;
};

#define LIST_INIT(name) { &(name), &(name) }

static inline void list_init(struct list *l)
{
	l->next = l;
	l->prev = l;
}

static inline bool list_is_empty(const struct list *head)
{
	return head->next == head;
}

/** Puts entry right behind where; where is a head (entry becomes the first) or a member. */
static inline void list_add(struct list *where, struct list *entry)
{
	entry->next = where->next;
	entry->prev = where;
	where->next->prev = entry;
	where->next = entry;
}

/** Puts entry right before where; where is a head (entry becomes the last) or a member. */
static inline void list_add_tail(struct list *where, struct list *entry)
{
	list_add(where->prev, entry);
}

static inline void list_del(struct list *entry)
{
	entry->next->prev = entry->prev;
	entry->prev->next = entry->next;
	list_init(entry);
}

/** Moves all members of from to the end of to; from is empty afterwards. */
static inline void list_splice_tail(struct list *to, struct list *from)
{
	if (list_is_empty(from))
		return;
	from->next->prev = to->prev;
	to->prev->next = from->next;
	from->prev->next = to;
	to->prev = from->prev;
	list_init(from);
}

#define list_entry(link, type, member) \
	((type *)((char *)(link) - offsetof(type, member)))

/** The first object of the list, or NULL. */
#define list_first(head, type, member) \
	(list_is_empty(head) ? NULL : list_entry((head)->next, type, member))

/** pos walks over the objects; the list must not change meanwhile. */
#define list_for_each(pos, head, member) \
	for (pos = list_entry((head)->next, __typeof__(*pos), member); \
	     &pos->member != (head); \
	     pos = list_entry(pos->member.next, __typeof__(*pos), member))

/** As list_for_each(), but pos itself may be taken out. */
#define list_for_each_safe(pos, tmp, head, member) \
	for (pos = list_entry((head)->next, __typeof__(*pos), member), \
	     tmp = list_entry(pos->member.next, __typeof__(*pos), member); \
	     &pos->member != (head); \
	     pos = tmp, tmp = list_entry(tmp->member.next, __typeof__(*pos), member))
