/* SPDX-License-Identifier: MIT */
/* CPUID policies as lists of leaves: reading, finding, limiting one by another. */
#include <hv/cpuid.h>

#include <hv/check.h>
#include <hv/mem.h>
#include <xen/arch-x86/cpufeatureset.h>

#define NONE XEN_CPUID_NO_SUBLEAF

/* Where the words of a featureset stand: leaf, subleaf, register (0 a .. 3 d). */
static const struct {
	uint32_t leaf, subleaf;
	uint8_t reg;
} feature_words[CPUID_FEATURE_WORDS] = {
	[0] = { 1, NONE, 3 },
	[1] = { 1, NONE, 2 },
	[2] = { 0x80000001, NONE, 3 },
	[3] = { 0x80000001, NONE, 2 },
	[4] = { 0xd, 1, 0 },
	[5] = { 7, 0, 1 },
	[6] = { 7, 0, 2 },
	[7] = { 0x80000007, NONE, 3 },
	[8] = { 0x80000008, NONE, 1 },
	[9] = { 7, 0, 3 },
	[10] = { 7, 1, 0 },
	[11] = { 0x80000021, NONE, 0 },
	[12] = { 7, 1, 1 },
	[13] = { 7, 2, 3 },
	[14] = { 7, 1, 2 },
	[15] = { 7, 1, 3 },
	/* 16 and 17 are MSR_ARCH_CAPABILITIES, which is hidden */
	[18] = { 0x80000021, NONE, 2 },
};

static uint32_t *leaf_reg(struct xen_cpuid_leaf *l, unsigned reg)
{
	return reg == 0 ? &l->a : reg == 1 ? &l->b : reg == 2 ? &l->c : &l->d;
}

/* How many subleaves a policy may have of a leaf; 0: it has none at all. */
static unsigned subleaves(uint32_t leaf)
{
	switch (leaf) {
	case 4:
		return 6;
	case 7:
		return 3;
	case 0xb:
		return 2;
	case 0xd:
		return 63;
	}
	return 0;
}

static bool leaf_known(uint32_t leaf, uint32_t subleaf)
{
	unsigned n = subleaves(leaf);

	if (leaf > CPUID_BASIC_MAX && (leaf < CPUID_EXTD_BASE || leaf > CPUID_EXTD_MAX))
		return false;
	return n ? subleaf < n : subleaf == NONE;
}

/* Leaves stand in the order of this. */
static uint64_t leaf_key(uint32_t leaf, uint32_t subleaf)
{
	return (uint64_t)leaf << 32 | subleaf;
}

static struct xen_cpuid_leaf *lower_bound(struct cpuid_policy *p, uint32_t leaf, uint32_t subleaf)
{
	struct xen_cpuid_leaf *l = p->leaf;
	uint64_t key = leaf_key(leaf, subleaf);

	for (unsigned n = p->n; n;) {
		unsigned half = n / 2;

		if (leaf_key(l[half].leaf, l[half].subleaf) < key) {
			l += half + 1;
			n -= half + 1;
		} else {
			n = half;
		}
	}
	return l;
}

struct xen_cpuid_leaf *cpuid_find(struct cpuid_policy *p, uint32_t leaf, uint32_t subleaf)
{
	struct xen_cpuid_leaf *l;

	/* The first leaves, which are asked for most, stand where their numbers say. */
	if (leaf < p->n) {
		l = &p->leaf[index_clamp(leaf, p->n)];
		if (l->leaf == leaf && l->subleaf == subleaf)
			return l;
	}
	l = lower_bound(p, leaf, subleaf);
	if (l < p->leaf + p->n && l->leaf == leaf && l->subleaf == subleaf)
		return l;
	return NULL;
}

int cpuid_policy_put(struct cpuid_policy *p, const struct xen_cpuid_leaf *leaf)
{
	struct xen_cpuid_leaf *l;

	/* A hypervisor's leaves may come with the others; ours are not for the toolstack to set. */
	if (leaf->leaf >= CPUID_HV_BASE && leaf->leaf < CPUID_HV_BASE + 0x200)
		return 0;
	if (!leaf_known(leaf->leaf, leaf->subleaf))
		return -XEN_ERANGE;
	l = lower_bound(p, leaf->leaf, leaf->subleaf);
	if (l < p->leaf + p->n && l->leaf == leaf->leaf && l->subleaf == leaf->subleaf) {
		*l = *leaf;
		return 0;
	}
	if (!(leaf->a | leaf->b | leaf->c | leaf->d))
		return 0;
	if (p->n == CPUID_MAX_LEAVES)
		return -XEN_ERANGE;
	memmove(l + 1, l, (size_t)(p->leaf + p->n - l) * sizeof(*l));
	*l = *leaf;
	p->n++;
	return 0;
}

static void read_leaf(struct cpuid_policy *p, cpuid_read_fn *read, uint32_t leaf, uint32_t subleaf)
{
	struct cpuid_result r;

	read(leaf, subleaf == NONE ? 0 : subleaf, &r);
	if (subleaf != NONE && subleaf > 1 && !(r.a | r.b | r.c | r.d))
		return;
	cpuid_policy_put(p, &(struct xen_cpuid_leaf){ leaf, subleaf, r.a, r.b, r.c, r.d });
}

static void read_range(struct cpuid_policy *p, cpuid_read_fn *read, uint32_t base, uint32_t limit)
{
	struct cpuid_result r;

	read(base, 0, &r);
	if (r.a < base)
		return;
	for (uint32_t leaf = base; leaf <= MIN(r.a, limit); leaf++) {
		unsigned n = subleaves(leaf);

		if (!n)
			read_leaf(p, read, leaf, NONE);
		for (unsigned i = 0; i < n; i++)
			read_leaf(p, read, leaf, i);
	}
}

void cpuid_policy_raw(struct cpuid_policy *p, cpuid_read_fn *read)
{
	memset(p, 0, sizeof(*p));
	read_range(p, read, 0, CPUID_BASIC_MAX);
	read_range(p, read, CPUID_EXTD_BASE, CPUID_EXTD_MAX);
}

/* The register that holds a word of the featureset; NULL when p has no such leaf, or the word
 * is not one of CPUID's (leaf 0 in the table). */
static uint32_t *feature_word(const struct cpuid_policy *p, unsigned word)
{
	struct xen_cpuid_leaf *l;

	if (word >= CPUID_FEATURE_WORDS || !feature_words[word].leaf)
		return NULL;
	l = cpuid_find((struct cpuid_policy *)p, feature_words[word].leaf,
		       feature_words[word].subleaf);
	return l ? leaf_reg(l, feature_words[word].reg) : NULL;
}

void cpuid_featureset(const struct cpuid_policy *p, uint32_t fs[CPUID_FEATURE_WORDS])
{
	for (unsigned i = 0; i < CPUID_FEATURE_WORDS; i++) {
		const uint32_t *word = feature_word(p, i);

		fs[i] = word ? *word : 0;
	}
}

void cpuid_set_featureset(struct cpuid_policy *p, const uint32_t fs[CPUID_FEATURE_WORDS])
{
	for (unsigned i = 0; i < CPUID_FEATURE_WORDS; i++) {
		uint32_t *word = feature_word(p, i);

		if (word)
			*word = fs[i];
	}
}

bool cpuid_has_feature(const struct cpuid_policy *p, unsigned feature)
{
	const uint32_t *word = feature_word(p, feature / 32);

	return word && (*word >> (feature % 32) & 1);
}

void cpuid_set_feature(struct cpuid_policy *p, unsigned feature)
{
	uint32_t *word = feature_word(p, feature / 32);

	if (word)
		*word |= 1u << (feature % 32);
}

void cpuid_clear_feature(struct cpuid_policy *p, unsigned feature)
{
	uint32_t *word = feature_word(p, feature / 32);

	if (word)
		*word &= ~(1u << (feature % 32));
}

static uint32_t max_of(const struct cpuid_policy *p, uint32_t base)
{
	const struct xen_cpuid_leaf *l = cpuid_find((struct cpuid_policy *)p, base, NONE);

	return l ? l->a : 0;
}

bool cpuid_policy_fits(const struct cpuid_policy *p, const struct cpuid_policy *max,
		       uint32_t *err_leaf, uint32_t *err_subleaf)
{
	static const uint32_t bases[2] = { 0, CPUID_EXTD_BASE };

	for (unsigned i = 0; i < 2; i++) {
		if (max_of(p, bases[i]) <= max_of(max, bases[i]))
			continue;
		*err_leaf = bases[i];
		*err_subleaf = NONE;
		return false;
	}
	return true;
}

/* Leaves beyond what leaf 0 and 0x80000000 announce do not exist. */
static void drop_beyond(struct cpuid_policy *p)
{
	uint32_t basic = max_of(p, 0), extd = max_of(p, CPUID_EXTD_BASE);
	unsigned to = 0;

	for (unsigned i = 0; i < p->n; i++)
		if (p->leaf[i].leaf <= (p->leaf[i].leaf < CPUID_EXTD_BASE ? basic : extd))
			p->leaf[to++] = p->leaf[i];
	p->n = to;
}

void cpuid_policy_clamp(struct cpuid_policy *p, const struct cpuid_policy *max)
{
	for (unsigned i = 0; i < CPUID_FEATURE_WORDS; i++) {
		uint32_t *word = feature_word(p, i);
		const uint32_t *limit = feature_word(max, i);

		if (word)
			*word &= limit ? *limit : 0;
	}
	drop_beyond(p);
}

/* ---- a policy as toolstacks read it ------------------------------------------------- */

struct leaf_list {
	const struct cpuid_policy *policy;
	struct xen_cpuid_leaf *out;
	unsigned n;
};

/* Appends a leaf, blank when the policy has none. */
static const struct xen_cpuid_leaf *append(struct leaf_list *l, uint32_t leaf, uint32_t subleaf)
{
	const struct xen_cpuid_leaf *has = cpuid_find((struct cpuid_policy *)l->policy, leaf, subleaf);
	struct xen_cpuid_leaf *at = &l->out[l->n++];

	CHECK(l->n <= CPUID_MAX_LEAVES);
	*at = has ? *has : (struct xen_cpuid_leaf){ .leaf = leaf, .subleaf = subleaf };
	return at;
}

/* Subleaves of caches and topology end with one of type 0, which is told too. */
static void append_typed(struct leaf_list *l, uint32_t leaf)
{
	for (unsigned i = 0; i < subleaves(leaf); i++) {
		const struct xen_cpuid_leaf *at = append(l, leaf, i);

		if (!(leaf == 4 ? at->a & 0x1f : at->c & 0xff00))
			break;
	}
}

static void append_features(struct leaf_list *l)
{
	uint32_t last = append(l, 7, 0)->a;

	for (unsigned i = 1; i <= last && i < subleaves(7); i++)
		append(l, 7, i);
}

static void append_states(struct leaf_list *l)
{
	const struct xen_cpuid_leaf *at = append(l, 0xd, 0);
	uint64_t states = at->a | (uint64_t)at->d << 32;

	at = append(l, 0xd, 1);
	states |= at->c | (uint64_t)at->d << 32;
	for (unsigned i = 2; i < subleaves(0xd); i++)
		if (states >> i & 1)
			append(l, 0xd, i);
}

static void append_basic(struct leaf_list *l, uint32_t leaf)
{
	switch (leaf) {
	case 4:
	case 0xb:
		append_typed(l, leaf);
		break;
	case 7:
		append_features(l);
		break;
	case 0xd:
		append_states(l);
		break;
	default:
		append(l, leaf, NONE);
	}
}

unsigned cpuid_policy_leaves(const struct cpuid_policy *p, struct xen_cpuid_leaf *out)
{
	struct leaf_list l = { .policy = p, .out = out };

	for (uint32_t i = 0; i <= MIN(max_of(p, 0), CPUID_BASIC_MAX); i++)
		append_basic(&l, i);
	append(&l, CPUID_HV_BASE, NONE);
	append(&l, CPUID_HV_BASE + 0x100, NONE);
	append(&l, CPUID_EXTD_BASE, NONE);
	for (uint32_t i = CPUID_EXTD_BASE + 1; i <= MIN(max_of(p, CPUID_EXTD_BASE), CPUID_EXTD_MAX); i++)
		append(&l, i, NONE);
	return l.n;
}

unsigned cpuid_policy_msrs(const struct cpuid_policy *p, struct xen_msr_entry *out)
{
	out[0] = (struct xen_msr_entry){ .idx = MSR_INDEX_PLATFORM_INFO, .val = p->platform_info };
	out[1] = (struct xen_msr_entry){ .idx = MSR_INDEX_ARCH_CAPS };
	return MSR_POLICY_ENTRIES;
}
