// SPDX-License-Identifier: MIT
/*
 * Shares in long runs on the pretend machine: what weights and caps say, on one CPU and on
 * several, within two points of a CPU.
 */
#include "machine.h"

#define SECOND (1000 * MS)

static uint64_t before[DOMAINS][VCPUS], began;

static struct vcpu *vcpu(unsigned d, unsigned i)
{
	return &machine_vcpu[d][i];
}

/* A domain of n busy vCPUs. */
static void hog(unsigned d, unsigned n, unsigned weight)
{
	sched_set_weight(&machine_domain[d], weight);
	if (n == 1)
		machine_domain[d].max_vcpus = 1;
	for (unsigned i = 0; i < n; i++)
		machine_up(vcpu(d, i));
}

static void begin(void)
{
	began = machine_now;
	for (unsigned d = 0; d < DOMAINS; d++)
		for (unsigned i = 0; i < VCPUS; i++)
			before[d][i] = vcpu_cpu_time(vcpu(d, i));
}

/* Thousandths of a CPU since begin(). */
static unsigned share(unsigned d, unsigned i)
{
	return (unsigned)((vcpu_cpu_time(vcpu(d, i)) - before[d][i]) * 1000 /
			  (machine_now - began));
}

static void assert_share(unsigned d, unsigned i, unsigned due)
{
	unsigned got = share(d, i);

	if (got + 20 < due || got > due + 20)
		fail_msg("vCPU %u of domain %u has %u per mille, not %u", i, d, got, due);
}

static void run(uint64_t ns)
{
	begin();
	machine_run(ns);
}

/* ---- one CPU -------------------------------------------------------------------------- */

static void four_hogs_get_a_quarter_each(void **state)
{
	(void)state;
	for (unsigned d = 0; d < 4; d++)
		hog(d, 1, 256);
	run(10 * SECOND);
	for (unsigned d = 0; d < 4; d++)
		assert_share(d, 0, 250);
}

static void a_weight_is_the_domains_and_not_each_vcpus(void **state)
{
	(void)state;
	hog(0, 1, 512);
	hog(1, 3, 256);
	run(10 * SECOND);
	assert_share(0, 0, 667);
	for (unsigned i = 0; i < 3; i++)
		assert_share(1, i, 111);
}

static void a_weight_is_divided_among_those_that_are_busy(void **state)
{
	(void)state;
	hog(0, 1, 256);
	hog(1, 3, 256);
	machine_run(SECOND);
	for (unsigned i = 1; i < 3; i++) {
		vcpu(1, i)->pause_count = 1;
		vcpu_sleep(vcpu(1, i));
	}
	run(10 * SECOND);
	assert_share(0, 0, 500);
	assert_share(1, 0, 500);
	vcpu(1, 1)->pause_count = 0;
	vcpu_recheck(vcpu(1, 1));
	run(10 * SECOND);
	assert_share(0, 0, 500);
	assert_share(1, 0, 250);
	assert_share(1, 1, 250);
}

static void the_extreme_weights_keep_their_proportion(void **state)
{
	(void)state;
	hog(0, 1, 65535);
	hog(1, 1, 6553);
	hog(2, 1, 1);
	run(20 * SECOND);
	assert_share(0, 0, 909);
	assert_share(1, 0, 91);
}

static void one_that_was_idle_neither_starves_nor_hoards(void **state)
{
	(void)state;
	for (unsigned d = 0; d < 3; d++)
		hog(d, 1, 256);
	machine_run(10 * SECOND);
	hog(3, 1, 256);
	run(200 * MS);
	/* At most its head start more than a quarter. */
	assert_in_range(share(3, 0), 250, 320);
	run(10 * SECOND);
	for (unsigned d = 0; d < 4; d++)
		assert_share(d, 0, 250);
}

/* Each of the vCPUs of domain 1 runs for its head start, wakes the next and sleeps. */
static void vcpus_that_take_turns_gain_nothing(void **state)
{
	unsigned turn = 0;

	(void)state;
	hog(0, 1, 256);
	machine_run(100 * MS);
	machine_up(vcpu(1, 0));
	for (unsigned i = 1; i < VCPUS; i++) {
		machine_up(vcpu(1, i));
		vcpu(1, i)->pause_flags |= VPF_BLOCKED;
		vcpu_sleep(vcpu(1, i));
	}
	begin();
	for (unsigned ms = 0; ms < 10000; ms++) {
		machine_run(MS);
		if (machine_current() == vcpu(1, turn) &&
		    vcpu_cpu_time(vcpu(1, turn)) - before[1][turn] >= 5 * MS) {
			before[1][turn] = vcpu_cpu_time(vcpu(1, turn));
			turn = (turn + 1) % VCPUS;
			vcpu_wake(vcpu(1, turn));
			machine_block();
		}
	}
	assert_share(0, 0, 500);
}

/* ---- several CPUs --------------------------------------------------------------------- */

static void weights_1_1_2_on_two_cpus(void **state)
{
	(void)state;
	machine_start_cpus(2);
	hog(0, 1, 256);
	hog(1, 1, 256);
	hog(2, 1, 512);
	machine_run(100 * MS);
	run(10 * SECOND);
	assert_share(0, 0, 500);
	assert_share(1, 0, 500);
	assert_share(2, 0, 1000);
}

static void three_equal_hogs_on_two_cpus(void **state)
{
	(void)state;
	machine_start_cpus(2);
	for (unsigned d = 0; d < 3; d++)
		hog(d, 1, 256);
	run(10 * SECOND);
	for (unsigned d = 0; d < 3; d++)
		assert_share(d, 0, 667);
}

static void seven_weights_on_three_cpus(void **state)
{
	(void)state;
	machine_start_cpus(3);
	for (unsigned d = 0; d < 7; d++)
		hog(d, 1, 100 * (d + 1));
	run(20 * SECOND);
	for (unsigned d = 0; d < 7; d++)
		assert_share(d, 0, 3000 * (d + 1) / 28);
}

static void a_domain_of_three_and_one_of_one_on_two_cpus(void **state)
{
	(void)state;
	machine_start_cpus(2);
	hog(0, 1, 256);
	hog(1, 3, 256);
	run(10 * SECOND);
	assert_share(0, 0, 1000);
	for (unsigned i = 0; i < 3; i++)
		assert_share(1, i, 333);
}

static void what_one_cannot_use_goes_to_the_others(void **state)
{
	(void)state;
	machine_start_cpus(4);
	hog(0, 1, 10000);
	hog(1, 2, 5000);
	hog(2, 1, 100);
	hog(3, 2, 300);
	run(20 * SECOND);
	assert_share(0, 0, 1000);
	assert_share(1, 0, 1000);
	assert_share(1, 1, 1000);
	assert_share(2, 0, 250);
	assert_share(3, 0, 375);
	assert_share(3, 1, 375);
}

/* For long it had more weight than one CPU could give: that is no claim on those who come. */
static void who_was_alone_on_a_cpu_has_no_claim_later(void **state)
{
	(void)state;
	machine_start_cpus(2);
	hog(0, 1, 1024);
	hog(1, 1, 256);
	hog(2, 1, 256);
	run(100 * SECOND);
	assert_share(0, 0, 1000);
	for (unsigned d = 3; d < 6; d++)
		hog(d, 1, 256);
	run(10 * SECOND);
	assert_share(0, 0, 889);
	for (unsigned d = 1; d < 6; d++)
		assert_share(d, 0, 222);
}

static void pinned_hogs_share_their_cpu_and_unpinned_ones_all(void **state)
{
	(void)state;
	machine_start_cpus(2);
	for (unsigned d = 0; d < 6; d++) {
		hog(d, 1, 256);
		machine_pin(vcpu(d, 0), d < 2 ? 1 : 2);
	}
	machine_run(SECOND);
	run(10 * SECOND);
	for (unsigned d = 0; d < 6; d++)
		assert_share(d, 0, d < 2 ? 500 : 250);
	for (unsigned d = 0; d < 6; d++)
		machine_pin(vcpu(d, 0), 3);
	run(10 * SECOND);
	for (unsigned d = 0; d < 6; d++)
		assert_share(d, 0, 333);
}

static void one_free_hog_among_pinned_ones_goes_where_there_is_most(void **state)
{
	(void)state;
	machine_start_cpus(2);
	for (unsigned d = 0; d < 6; d++) {
		hog(d, 1, 256);
		if (d < 5)
			machine_pin(vcpu(d, 0), d < 1 ? 1 : 2);
	}
	machine_run(SECOND);
	run(10 * SECOND);
	assert_share(0, 0, 500);
	assert_share(5, 0, 500);
	for (unsigned d = 1; d < 5; d++)
		assert_share(d, 0, 250);
}

static void a_light_hog_does_not_disturb_the_others(void **state)
{
	(void)state;
	machine_start_cpus(2);
	hog(0, 1, 256);
	hog(1, 1, 256);
	hog(2, 1, 256);
	hog(3, 1, 1);
	run(20 * SECOND);
	for (unsigned d = 0; d < 3; d++)
		assert_share(d, 0, 666);
}

/* ---- caps ----------------------------------------------------------------------------- */

static void a_capped_hog_gets_its_cap_alone(void **state)
{
	static const unsigned caps[] = { 1, 7, 50, 99, 100 };

	(void)state;
	hog(0, 1, 256);
	for (unsigned i = 0; i < ARRAY_SIZE(caps); i++) {
		sched_set_cap(&machine_domain[0], caps[i]);
		run(10 * SECOND);
		assert_in_range(share(0, 0), caps[i] * 10 - 2, caps[i] * 10 + 2);
	}
	sched_set_cap(&machine_domain[0], 0);
	run(SECOND);
	assert_share(0, 0, 1000);
}

static void a_cap_holds_over_each_short_time(void **state)
{
	(void)state;
	hog(0, 1, 256);
	sched_set_cap(&machine_domain[0], 30);
	machine_run(5 * MS);
	for (unsigned i = 0; i < 100; i++) {
		run(20 * MS);
		assert_in_range(share(0, 0), 290, 310);
	}
}

static void what_a_capped_hog_may_not_use_goes_to_others(void **state)
{
	(void)state;
	hog(0, 1, 512);
	hog(1, 1, 256);
	sched_set_cap(&machine_domain[0], 20);
	run(10 * SECOND);
	assert_share(0, 0, 200);
	assert_share(1, 0, 800);
}

static void a_cap_above_its_share_changes_nothing(void **state)
{
	(void)state;
	for (unsigned d = 0; d < 4; d++)
		hog(d, 1, 256);
	sched_set_cap(&machine_domain[2], 40);
	run(10 * SECOND);
	for (unsigned d = 0; d < 4; d++)
		assert_share(d, 0, 250);
}

static void a_cap_is_the_sum_over_all_vcpus(void **state)
{
	(void)state;
	machine_start_cpus(3);
	hog(0, 3, 256);
	sched_set_cap(&machine_domain[0], 150);
	run(10 * SECOND);
	assert_in_range(share(0, 0) + share(0, 1) + share(0, 2), 1490, 1510);
	for (unsigned i = 0; i < 3; i++)
		assert_in_range(share(0, i), 400, 600);
}

static void a_capped_domain_leaves_a_whole_cpu_to_another(void **state)
{
	(void)state;
	machine_start_cpus(2);
	hog(0, 2, 256);
	sched_set_cap(&machine_domain[0], 50);
	hog(1, 1, 256);
	run(10 * SECOND);
	assert_share(0, 0, 250);
	assert_share(0, 1, 250);
	assert_share(1, 0, 1000);
}

static void a_capped_hog_gets_its_cap_among_others_on_two_cpus(void **state)
{
	(void)state;
	machine_start_cpus(2);
	hog(0, 1, 256);
	sched_set_cap(&machine_domain[0], 30);
	hog(1, 2, 256);
	hog(2, 1, 300);
	run(10 * SECOND);
	assert_share(0, 0, 300);
	assert_share(1, 0, 391);
	assert_share(1, 1, 391);
	assert_share(2, 0, 917);
}

/* One of the two has the claim, the other waits as anybody; whose turn it is to have it changes. */
static void vcpus_under_a_cap_get_alike_among_others(void **state)
{
	(void)state;
	machine_start_cpus(1);
	hog(0, 2, 512);
	sched_set_cap(&machine_domain[0], 30);
	for (unsigned d = 1; d < 4; d++)
		hog(d, 1, 256);
	run(10 * SECOND);
	assert_share(0, 0, 150);
	assert_share(0, 1, 150);
}

static void who_joins_under_a_cap_has_no_more_than_its_siblings(void **state)
{
	(void)state;
	machine_start_cpus(1);
	hog(0, 2, 512);
	sched_set_cap(&machine_domain[0], 30);
	hog(1, 1, 256);
	machine_run(10 * SECOND);
	machine_up(vcpu(0, 2));
	run(SECOND);
	for (unsigned i = 0; i < 3; i++)
		assert_share(0, i, 100);
}

/* A hundred and ten are one CPU and a tenth of another, though three could run at once. */
static void a_cap_takes_no_more_cpus_at_once_than_it_must(void **state)
{
	(void)state;
	machine_start_cpus(4);
	hog(0, 3, 512);
	sched_set_cap(&machine_domain[0], 110);
	hog(1, 2, 512);
	hog(2, 1, 512);
	run(10 * SECOND);
	assert_in_range(share(0, 0) + share(0, 1) + share(0, 2), 1080, 1100);
	assert_in_range(share(1, 0) + share(1, 1), 1830, 1920);
	assert_in_range(share(2, 0), 980, 1000);
}

/* Of what is left of both caps none needs to run before the other has ended. */
static void caps_whose_periods_begin_together_take_turns(void **state)
{
	(void)state;
	machine_start_cpus(2);
	hog(0, 1, 512);
	sched_set_cap(&machine_domain[0], 40);
	hog(1, 1, 512);
	sched_set_cap(&machine_domain[1], 50);
	hog(2, 1, 64);
	run(10 * SECOND);
	assert_share(0, 0, 400);
	assert_share(1, 0, 500);
	assert_share(2, 0, 1000);
}

static void who_runs_one_whole_cpu_of_a_cap_changes(void **state)
{
	(void)state;
	machine_start_cpus(2);
	hog(0, 2, 1024);
	sched_set_cap(&machine_domain[0], 140);
	hog(1, 3, 64);
	run(10 * SECOND);
	assert_share(0, 0, 700);
	assert_share(0, 1, 700);
	for (unsigned i = 0; i < 3; i++)
		assert_share(1, i, 200);
}

/* It has no virtual time to displace them by, for it waits for a CPU that would idle. */
static void a_cap_that_ends_leaves_nobody_behind(void **state)
{
	(void)state;
	machine_start_cpus(1);
	hog(0, 2, 256);
	hog(1, 2, 256);
	sched_set_cap(&machine_domain[0], 10);
	machine_run(SECOND);
	for (unsigned ms = 0; ms < 30; ms++) {
		sched_set_cap(&machine_domain[0], 0);
		run(SECOND);
		/* And what it was due under its cap, at most sixteen slices. */
		for (unsigned i = 0; i < 2; i++)
			assert_in_range(share(0, i), 200, 400);
		sched_set_cap(&machine_domain[0], 10);
		machine_run(100 * MS + ms * MS);
	}
}

static void a_capped_domain_does_not_hoard_while_it_sleeps(void **state)
{
	(void)state;
	hog(0, 1, 256);
	sched_set_cap(&machine_domain[0], 10);
	machine_run(SECOND);
	vcpu(0, 0)->pause_count = 1;
	vcpu_sleep(vcpu(0, 0));
	machine_run(10 * SECOND);
	vcpu(0, 0)->pause_count = 0;
	vcpu_recheck(vcpu(0, 0));
	run(100 * MS);
	assert_in_range(share(0, 0), 90, 111);
}

/* As under QEMU on a busy host. What a vCPU ran too long is taken off later, and what it could not take is kept. */
static void caps_and_weights_hold_where_timers_are_late(void **state)
{
	static const unsigned due[] = { 1540, 1000, 300, 770, 385 };

	(void)state;
	srand(1);
	machine_start_cpus(4);
	hog(0, 4, 256);
	hog(1, 4, 512);
	hog(2, 1, 256);
	hog(3, 2, 128);
	hog(4, 1, 64);
	sched_set_cap(&machine_domain[1], 100);
	sched_set_cap(&machine_domain[2], 30);
	machine_late = 50 * MS;
	machine_run(SECOND);
	run(30 * SECOND);
	for (unsigned d = 0; d < ARRAY_SIZE(due); d++) {
		unsigned sum = share(d, 0) + share(d, 1) + share(d, 2) + share(d, 3);

		assert_in_range(sum, due[d] - 20, due[d] + 20);
	}
}

static void a_sleeping_capped_domain_costs_no_timer(void **state)
{
	(void)state;
	hog(0, 1, 256);
	sched_set_cap(&machine_domain[0], 10);
	machine_run(SECOND);
	vcpu(0, 0)->pause_count = 1;
	vcpu_sleep(vcpu(0, 0));
	machine_run(SECOND);
	machine_arms = 0;
	machine_run(SECOND);
	assert_int_equal(machine_arms, 0);
}

static void a_parked_vcpu_is_runnable_and_a_paused_one_offline(void **state)
{
	struct vcpu_runstate_info r;

	(void)state;
	hog(0, 1, 256);
	sched_set_cap(&machine_domain[0], 50);
	machine_run(8 * MS);
	assert_true(vcpu(0, 0)->sched.parked);
	vcpu_runstate_get(vcpu(0, 0), &r);
	assert_int_equal(r.state, RUNSTATE_runnable);
	vcpu(0, 0)->pause_count = 1;
	vcpu_sleep(vcpu(0, 0));
	machine_run(SECOND);
	vcpu_runstate_get(vcpu(0, 0), &r);
	assert_int_equal(r.state, RUNSTATE_offline);
}

/* ---- mixes ---------------------------------------------------------------------------- */

struct mix {
	unsigned cpus, domains;
	unsigned vcpus[DOMAINS], weight[DOMAINS], cap[DOMAINS];
};

/* What a vCPU of domain d has when a unit of weight is worth so many millionths of a CPU. */
static uint64_t ideal_at(const struct mix *m, unsigned d, uint64_t level)
{
	uint64_t due = m->weight[d] * level / m->vcpus[d];

	if (m->cap[d])
		due = MIN(due, (uint64_t)m->cap[d] * 10000 / m->vcpus[d]);
	return MIN(due, 1000000U);
}

/* The greatest worth at which all CPUs suffice. */
static uint64_t ideal_level(const struct mix *m)
{
	uint64_t low = 0, high = 10000000;

	while (high - low > 1) {
		uint64_t level = (low + high) / 2, sum = 0;

		for (unsigned d = 0; d < m->domains; d++)
			sum += m->vcpus[d] * ideal_at(m, d, level);
		if (sum <= m->cpus * 1000000)
			low = level;
		else
			high = level;
	}
	return low;
}

static unsigned some_cap(unsigned vcpus)
{
	return rand() % 3 ? 0 : 10 * (1 + (unsigned)rand() % (10 * vcpus));
}

static void start_mix(struct mix *m, bool caps)
{
	machine_start(NULL);
	*m = (struct mix){ .cpus = 1 + (unsigned)rand() % CPUS };
	m->domains = 1 + (unsigned)rand() % DOMAINS;
	machine_start_cpus(m->cpus);
	for (unsigned d = 0; d < m->domains; d++) {
		m->vcpus[d] = 1 + (unsigned)rand() % VCPUS;
		m->weight[d] = 64U << rand() % 5;
		m->cap[d] = caps ? some_cap(m->vcpus[d]) : 0;
		sched_set_cap(&machine_domain[d], m->cap[d]);
		hog(d, m->vcpus[d], m->weight[d]);
	}
}

/* How far a domain is from what it is due, and its vCPUs from one another; per mille of a CPU. */
static unsigned wrong_by(const struct mix *m, unsigned d, unsigned *apart)
{
	unsigned due = m->vcpus[d] * (unsigned)(ideal_at(m, d, ideal_level(m)) / 1000);
	unsigned sum = 0, least = UINT32_MAX, most = 0;

	for (unsigned v = 0; v < m->vcpus[d]; v++) {
		unsigned got = share(d, v);

		sum += got;
		least = MIN(least, got);
		most = MAX(most, got);
	}
	*apart = most - least;
	return sum > due ? sum - due : due - sum;
}

static void domains_of_any_mix_get_what_their_weights_say(void **state)
{
	(void)state;
	srand(7);
	for (unsigned i = 0; i < 100; i++) {
		struct mix m;

		start_mix(&m, false);
		machine_run(500 * MS);
		run(10 * SECOND);
		for (unsigned d = 0; d < m.domains; d++) {
			unsigned apart, wrong = wrong_by(&m, d, &apart);

			if (wrong > 20 || apart > 20)
				fail_msg("mix %u: domain %u is wrong by %u, its vCPUs by %u", i, d,
					 wrong, apart);
		}
	}
}

/* Where many are capped below what their weights would give them, a CPU is at times given up
 * for them, and cannot be given back. */
static void domains_of_any_mix_with_caps_get_nearly_that(void **state)
{
	unsigned off = 0, domains = 0;

	(void)state;
	srand(7);
	for (unsigned i = 0; i < 200; i++) {
		struct mix m;

		start_mix(&m, true);
		machine_run(500 * MS);
		run(5 * SECOND);
		for (unsigned d = 0; d < m.domains; d++) {
			unsigned apart, wrong = wrong_by(&m, d, &apart);

			if (wrong > 100 || apart > 60)
				fail_msg("mix %u: domain %u is wrong by %u, its vCPUs by %u", i, d,
					 wrong, apart);
			off += wrong > 20;
			domains++;
		}
	}
	print_message("# %u of %u domains are wrong by more than two points\n", off, domains);
	assert_in_range(off, 0, domains / 100);
}

#define T(f) cmocka_unit_test_setup(f, machine_start)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(four_hogs_get_a_quarter_each),
		T(a_weight_is_the_domains_and_not_each_vcpus),
		T(a_weight_is_divided_among_those_that_are_busy),
		T(the_extreme_weights_keep_their_proportion),
		T(one_that_was_idle_neither_starves_nor_hoards),
		T(vcpus_that_take_turns_gain_nothing),
		T(weights_1_1_2_on_two_cpus),
		T(three_equal_hogs_on_two_cpus),
		T(seven_weights_on_three_cpus),
		T(a_domain_of_three_and_one_of_one_on_two_cpus),
		T(what_one_cannot_use_goes_to_the_others),
		T(who_was_alone_on_a_cpu_has_no_claim_later),
		T(pinned_hogs_share_their_cpu_and_unpinned_ones_all),
		T(one_free_hog_among_pinned_ones_goes_where_there_is_most),
		T(a_light_hog_does_not_disturb_the_others),
		T(a_capped_hog_gets_its_cap_alone),
		T(a_cap_holds_over_each_short_time),
		T(what_a_capped_hog_may_not_use_goes_to_others),
		T(a_cap_above_its_share_changes_nothing),
		T(a_cap_is_the_sum_over_all_vcpus),
		T(a_capped_domain_leaves_a_whole_cpu_to_another),
		T(a_capped_hog_gets_its_cap_among_others_on_two_cpus),
		T(vcpus_under_a_cap_get_alike_among_others),
		T(who_joins_under_a_cap_has_no_more_than_its_siblings),
		T(a_cap_takes_no_more_cpus_at_once_than_it_must),
		T(caps_whose_periods_begin_together_take_turns),
		T(who_runs_one_whole_cpu_of_a_cap_changes),
		T(a_cap_that_ends_leaves_nobody_behind),
		T(a_capped_domain_does_not_hoard_while_it_sleeps),
		T(caps_and_weights_hold_where_timers_are_late),
		T(a_sleeping_capped_domain_costs_no_timer),
		T(a_parked_vcpu_is_runnable_and_a_paused_one_offline),
		T(domains_of_any_mix_get_what_their_weights_say),
		T(domains_of_any_mix_with_caps_get_nearly_that),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
