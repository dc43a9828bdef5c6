// SPDX-License-Identifier: MIT
/*
 * Histories in a small scope: domain 1 offers two entries in every way, domains 0 and
 * 2 map, unmap, copy and take entries out by themselves, at two addresses. From each
 * state that was reached every operation is tried once; after each the counts of frames,
 * pins, handles and domains are compared with what page tables and handles say.
 */
#include "harness/harness.h"
#include "world.h"

#include <string.h>

#define REFS	2u
#define PLACES	2u
#define HANDLES 3u		/* each domain uses these, then "no space" */

/* What a step can change. */
struct snapshot {
	uint64_t pte[DOMAINS][PLACES];
	struct {
		uint64_t count, type;
	} frame[2];
	grant_entry_v1_t shared[REFS];
	struct grant_active active[REFS];
	struct grant_map map[DOMAINS][HANDLES];
	uint32_t map_free[DOMAINS], map_live[DOMAINS], pinned, references[DOMAINS];
};

static struct grant_active *active(unsigned ref)
{
	return grant_core_active(&world_domain[1].grants, ref);
}

#define BOTH_WAYS(field, place)                                       \
	do {                                                          \
		if (saving)                                           \
			memcpy(&(field), &(place), sizeof(field));    \
		else                                                  \
			memcpy(&(place), &(field), sizeof(field));    \
	} while (0)

static void transfer(struct snapshot *s, bool saving)
{
	for (unsigned d = 0; d < DOMAINS; d++) {
		struct grant_domain *g = &world_domain[d].grants;

		for (unsigned i = 0; i < PLACES; i++)
			BOTH_WAYS(s->pte[d][i], *slot_pte(d, i));
		BOTH_WAYS(s->references[d], world_domain[d].refs);
		if (d == 1)
			continue;
		for (unsigned h = 0; h < HANDLES; h++)
			BOTH_WAYS(s->map[d][h], g->map[0][h]);
		BOTH_WAYS(s->map_free[d], g->map_free);
		BOTH_WAYS(s->map_live[d], g->map_live);
	}
	for (unsigned i = 0; i < 2; i++) {
		BOTH_WAYS(s->frame[i].count, data_frame(1, i)->count_info);
		BOTH_WAYS(s->frame[i].type, data_frame(1, i)->type_info);
	}
	for (unsigned ref = 0; ref < REFS; ref++) {
		BOTH_WAYS(s->shared[ref], *entry(1, ref));
		BOTH_WAYS(s->active[ref], *active(ref));
	}
	BOTH_WAYS(s->pinned, world_domain[1].grants.pinned);
}

static void save(void *state)
{
	transfer(state, true);
}

static void restore(const void *state)
{
	struct snapshot s = *(const struct snapshot *)state;

	transfer(&s, false);
}

static void map(unsigned by, unsigned arg)
{
	static const uint32_t kinds[] = { GNTMAP_host_map, GNTMAP_host_map | GNTMAP_readonly,
					  GNTMAP_device_map, GNTMAP_host_map | GNTMAP_device_map };
	struct gnttab_map_grant_ref m = { .host_addr = slot_va(arg / 4 % PLACES), .dom = 1,
					  .flags = kinds[arg % 4], .ref = arg / 4 / PLACES };

	/* Keep to the first handles, of which snapshots know. */
	if (world_domain[by].grants.map_free < HANDLES)
		grant_op(GNTTABOP_map_grant_ref, &m, 1);
}

static void unmap(unsigned by, unsigned arg)
{
	unsigned h = arg % HANDLES;
	const struct grant_map *e = &world_domain[by].grants.map[0][h];
	struct gnttab_unmap_grant_ref u = { .handle = h };

	if (arg / HANDLES < PLACES)
		u.host_addr = slot_va(arg / HANDLES);
	else if (e->flags)
		u.dev_bus_addr = grant_pinned_mfn(e->granter, e->ref) << PAGE_SHIFT;
	grant_op(GNTTABOP_unmap_grant_ref, &u, 1);
}

static void copy(unsigned by, unsigned arg)
{
	struct gnttab_copy c = { .len = 1, .flags = GNTCOPY_source_gref };

	c.source = (struct gnttab_copy_ptr){ .u.ref = arg % REFS, .domid = 1 };
	c.dest = (struct gnttab_copy_ptr){ .u.gmfn = data_mfn(by, 0), .domid = DOMID_SELF };
	if (arg / REFS) {
		struct gnttab_copy_ptr source = c.source;

		c.source = c.dest;
		c.dest = source;
		c.flags = GNTCOPY_dest_gref;
	}
	grant_op(GNTTABOP_copy, &c, 1);
}

/* The granter writes an entry, as it may at any time; pins' flags it leaves alone here. */
static void write_entry(unsigned arg)
{
	static const uint16_t flags[] = { GTF_invalid, GTF_permit_access,
					  GTF_permit_access | GTF_readonly };
	grant_entry_v1_t *e = entry(1, arg % REFS);
	uint16_t pins = e->flags & (GTF_reading | GTF_writing);

	e->domid = arg / REFS / 3 ? 2 : 0;
	e->flags = flags[arg / REFS % 3] | pins;
	e->frame = (uint32_t)data_mfn(1, arg % 2);
}

static void step(void)
{
	struct gnttab_swap_grant_ref swap = { 0, 1, 0 };
	unsigned d = choose(DOMAINS);
	const char *wrong;

	world_run(d);
	switch (choose(d == 1 ? 2 : 4) + (d == 1 ? 4 : 0)) {
	case 0:
		map(d, choose(4 * PLACES * REFS));
		break;
	case 1:
		unmap(d, choose(HANDLES * (PLACES + 1)));
		break;
	case 2:
		copy(d, choose(REFS * 2));
		break;
	case 3:
		slot_clear(d, choose(PLACES));
		break;
	case 4:
		write_entry(choose(REFS * 3 * 2));
		break;
	default:
		grant_op(GNTTABOP_swap_grant_ref, &swap, 1);
	}
	wrong = world_check();
	if (wrong)
		fail_msg("%s", wrong);
}

/* Pages that are made on first use are made before, so that snapshots hold. */
static void warm_up(void)
{
	uint64_t mfn_n;

	for (unsigned d = 0; d < DOMAINS; d++) {
		struct grant_map *e;
		uint32_t handle = grant_handle_alloc(&world_domain[d], &e);

		grant_handle_free(&world_domain[d], handle, e);
	}
	offer(1, 0, 0, 0, 0);
	assert_int_equal(grant_pin(&world_domain[1], 0, 0, GNTMAP_host_map, true, &mfn_n), 0);
	grant_unpin(&world_domain[1].grants, 0, GNTMAP_host_map);
	memset(active(0), 0, sizeof(struct grant_active));
}

static void start(void)
{
	world_start(NULL);
	warm_up();
}

/* What is mapped still is given back there, and then all counts are as at first. */
static void end(void)
{
	world_end(NULL);
}

const struct harness harness = {
	.name = "grants and map tracking",
	.start = start,
	.step = step,
	.end = end,
	.state_size = sizeof(struct snapshot),
	.states_max = 2500,
	.at_least = 2500,
	.save = save,
	.restore = restore,
	.chances = 20,
	.chance_steps = 1000,
};
