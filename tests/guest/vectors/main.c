/* SPDX-License-Identifier: MIT */
/*
 * Floating-point and vector registers beside others: each vCPU fills all of them with what is its own, gives the
 * CPU away in all the ways there are, with TS set and clear, states switched off, exceptions pending, and then all
 * must be there again and nothing of anybody else's. A new vCPU must find nothing at all.
 * Words of the command line: who=N (which of several domains), rounds=N. Two of them beside each other run in
 * tests/system/vectors_test.py.
 */
#include "../lib/cpu.h"

const char test_name[] = "vectors";

#define CR4_OSXSAVE (1UL << 18)
#define STATES	    7	/* x87, SSE, AVX */
#define LEGACY_END  464	/* what follows is the program's own */
#define AVX_AT	    576
#define AREA	    832
#define POINTERS    6	/* FOP, FIP, FDP: the CPU may forget them where no exception is pending */
#define POINTERS_END 24
#define WAYS	    7

static unsigned who, rounds;
static bool have_avx;

struct self {
	uint8_t before[AREA], after[AREA];
	uint8_t fill[512];
	unsigned wrong, first_round, first_at;
} __attribute__((aligned(64)));

static struct self selves[2];

static uint64_t word_of(const char *line, const char *name, uint64_t otherwise)
{
	unsigned n = (unsigned)__builtin_strlen(name);

	for (; *line; line++) {
		uint64_t v = 0;

		if (__builtin_strncmp(line, name, n))
			continue;
		for (line += n; *line >= '0' && *line <= '9'; line++)
			v = v * 10 + (uint64_t)(*line - '0');
		return v;
	}
	return otherwise;
}

/* ---- registers --------------------------------------------------------------------------- */

static void set_xcr0(uint32_t value)
{
	__asm__ volatile("xsetbv" : : "a"(value), "d"(0), "c"(0));
}

/* Of this vCPU; where there is XSAVE it switches AVX on. */
static void open_states(void)
{
	uint64_t cr4;

	if (!have_avx)
		return;
	__asm__ volatile("mov %%cr4, %0" : "=r"(cr4));
	__asm__ volatile("mov %0, %%cr4" : : "r"(cr4 | CR4_OSXSAVE));
	set_xcr0(STATES);
}

static bool find_avx(void)
{
	uint32_t a = 1, b, c = 0, d;

	__asm__ volatile("ud2; .ascii \"xen\"; cpuid" : "+a"(a), "=b"(b), "+c"(c), "=d"(d));
	if (!(c >> 26 & 1) || !(c >> 28 & 1))
		return false;
	a = 0xd, c = 0;
	__asm__ volatile("ud2; .ascii \"xen\"; cpuid" : "+a"(a), "=b"(b), "+c"(c), "=d"(d));
	return (a & STATES) == STATES;
}

static void look(uint8_t *area)
{
	for (unsigned i = 0; i < AREA; i++)
		area[i] = 0;
	if (have_avx)
		__asm__ volatile("xsave64 (%0)" : : "r"(area), "a"(STATES), "d"(0) : "memory");
	else
		__asm__ volatile("fxsave64 (%0)" : : "r"(area) : "memory");
}

#define LOAD_X(n) "movups " #n "*32(%0), %%xmm" #n "\n\t"
#define LOAD_Y(n) "vmovups " #n "*32(%0), %%ymm" #n "\n\t"
#define LOAD_M(n) "movq " #n "*32(%0), %%mm" #n "\n\t"
#define LOAD_D(n) "fldl " #n "*8(%0)\n\t"
#define EIGHT(x)  x(0) x(1) x(2) x(3) x(4) x(5) x(6) x(7)
#define SIXTEEN(x) EIGHT(x) x(8) x(9) x(10) x(11) x(12) x(13) x(14) x(15)

/* All registers as they are of this vCPU in this round and of no other. */
static void fill(struct self *s, unsigned vcpu, unsigned round)
{
	uint32_t mxcsr = 0x1f80 | (round & 3) << 13 | ((who * 2 + vcpu + round) & 0x3f);
	uint16_t fcw = (uint16_t)(0x37f & ~(((who + round) & 1) << 9));
	static const uint64_t zero;

	for (unsigned i = 0; i < sizeof(s->fill); i++)
		s->fill[i] = (uint8_t)(who << 6 ^ vcpu << 5 ^ i * 7 ^ round * 13);
	for (unsigned i = 0; i < 8; i++)
		s->fill[i * 32 + 7] = (uint8_t)(who << 4 | i);
	__asm__ volatile("fninit; fldcw %0; ldmxcsr %1" : : "m"(fcw), "m"(mxcsr));
	if (round & 1)
		__asm__ volatile(EIGHT(LOAD_M) : : "r"(s->fill) : "memory");
	else
		__asm__ volatile(EIGHT(LOAD_D) : : "r"(s->fill) : "memory");
	if (round % 5 == 0)	/* a masked exception, with its pointers */
		__asm__ volatile("fninit; fld1; fdivl %0" : : "m"(zero));
	if (have_avx)
		__asm__ volatile(SIXTEEN(LOAD_Y) : : "r"(s->fill) : "memory");
	else
		__asm__ volatile(SIXTEEN(LOAD_X) : : "r"(s->fill) : "memory");
}

/* Where the two differ; AREA: nowhere. */
static unsigned differ(const struct self *s)
{
	for (unsigned i = 0; i < AREA; i++) {
		if (i >= LEGACY_END && i < AVX_AT)
			continue;
		if (i >= POINTERS && i < POINTERS_END && !s->after[i])
			continue;
		if (s->before[i] != s->after[i])
			return i;
	}
	return AREA;
}

/* ---- giving the CPU away ------------------------------------------------------------------- */

static void yield(unsigned times)
{
	while (times--)
		HC(sched_op, SCHEDOP_yield, 0);
}

static uint64_t tsc(void)
{
	uint32_t lo, hi;

	__asm__ volatile("rdtsc" : "=a"(lo), "=d"(hi));
	return (uint64_t)hi << 32 | lo;
}

static uint64_t now(unsigned vcpu)
{
	const volatile vcpu_time_info_t *t = &shared_info->vcpu_info[vcpu].time;
	uint64_t ticks = tsc() - t->tsc_timestamp;

	ticks = t->tsc_shift < 0 ? ticks >> -t->tsc_shift : ticks << t->tsc_shift;
	return t->system_time + (uint64_t)((unsigned __int128)ticks * t->tsc_to_system_mul >> 32);
}

/* Nobody of this domain wants the CPU for a while. */
static void block(unsigned vcpu)
{
	struct sched_poll poll = { .timeout = now(vcpu) + 200000 };

	HC(sched_op, SCHEDOP_poll, &poll);
}

/* The first use after TS was set comes as our own exception, and clears it. */
static void use_after_ts(unsigned vcpu, unsigned *wrong)
{
	if (vcpu) {	/* one vCPU alone may expect a trap */
		__asm__ volatile("clts");
		return;
	}
	TRY("fnop", : : : "rax");
	*wrong += trap.vector != 7;
}

static void give_away(unsigned vcpu, unsigned way, unsigned *wrong)
{
	if (way == 1 || way == 2 || way == 3)
		HC(fpu_taskswitch, 1);
	if (way == 3)
		HC(fpu_taskswitch, 0);
	if (way == 4 && have_avx)
		set_xcr0(3);
	if (way == 5)
		block(vcpu);
	else
		yield(way == 2 ? 3 : 1);
	if (way == 6)	/* TS comes and goes while nothing is loaded */
		for (unsigned i = 0; i < 3; i++) {
			HC(fpu_taskswitch, 1);
			yield(1);
			HC(fpu_taskswitch, 0);
			yield(1);
		}
	if (way == 4 && have_avx)
		set_xcr0(STATES);
	if (way == 1)
		HC(fpu_taskswitch, 0);
	if (way == 2)
		use_after_ts(vcpu, wrong);
}

static uint64_t play(uint64_t vcpu)
{
	struct self *s = &selves[vcpu];

	for (unsigned round = 0; round < rounds; round++) {
		unsigned at;

		fill(s, (unsigned)vcpu, round);
		look(s->before);
		give_away((unsigned)vcpu, round % WAYS, &s->wrong);
		look(s->after);
		at = differ(s);
		if (at == AREA)
			continue;
		if (!s->wrong++) {
			s->first_round = round;
			s->first_at = at;
		}
	}
	return s->wrong;
}

/* ---- what is there at first ---------------------------------------------------------------- */

/* Behind the control word; the lower halves of the first vCPU's vectors have served C code before us. */
static bool is_clean(const uint8_t *area, bool first)
{
	unsigned set = 0;

	for (unsigned i = 2; i < AREA; i++) {
		bool mxcsr = i >= 24 && i < 32, low_half = i >= 160 && i < 416;

		if (!mxcsr && !(first && low_half) && (i < LEGACY_END || i >= AVX_AT))
			set += area[i];
	}
	return !set && *(const uint32_t *)(area + 24) == 0x1f80;
}

static uint64_t find(uint64_t vcpu)
{
	open_states();
	look(selves[vcpu].before);
	return is_clean(selves[vcpu].before, !vcpu);
}

static void told(unsigned vcpu)
{
	const struct self *s = &selves[vcpu];

	check_eq(s->wrong, 0, "vCPU %u finds its registers as they were, %u times", vcpu, rounds);
	if (s->wrong)
		print("# first in round %u, way %u, at byte %u: %#x, was %#x", s->first_round,
		      s->first_round % WAYS, s->first_at, s->after[s->first_at], s->before[s->first_at]);
}

void test_main(void)
{
	const char *line = (const char *)start_info->cmd_line;

	who = (unsigned)word_of(line, "who=", 1);
	rounds = (unsigned)word_of(line, "rounds=", 70);
	have_avx = find_avx();
	check(find(0), "the first vCPU finds empty registers");
	play(0);
	if (cpu_count() > 1) {
		check_eq((uint64_t)cpu_start(1), 0, "another vCPU starts");
		check(cpu_run(1, find, 1), "it finds empty registers");
		cpu_go(1, play, 1);
		play(0);
		cpu_wait(1);
		told(1);
	}
	told(0);
}
