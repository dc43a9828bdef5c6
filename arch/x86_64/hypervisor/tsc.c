/* SPDX-License-Identifier: MIT */
/*
 * Time: the TSC, measured against the PIT at boot, counts nanoseconds since boot in
 * the scale that guests use too (vcpu_time_info), so both read the same clock. The
 * local APIC's timer, measured in the same window, wakes its CPU; by TSC deadline
 * where that is offered. Other CPUs' TSCs are compared with the first one's in tscsync.c.
 */
#include "tsc.h"

#include <cpu/insn.h>
#include <format/msr.h>
#include <hv/arch.h>
#include <hv/cpu.h>
#include <hv/log.h>

#include "apic.h"

#define PIT_HZ    1193182u
#define PIT_CH2   0x42
#define PIT_MODE  0x43
#define PIT_GATE  0x61
#define WINDOW_MS 10u
#define WINDOWS   4u
#define WINDOWS_MOST 60u

static uint64_t tsc_khz, apic_khz;
static uint32_t scale_mul;
static int8_t scale_shift;
static bool tsc_deadline;
static uint64_t boot_wallclock;

/* The ABI's scale: ns = ((ticks << shift) * mul) >> 32, mul with its top bit set. */
static void set_scale(uint64_t hz)
{
	uint64_t ticks = hz, ns = 1000000000;

	scale_shift = 0;
	while (ticks > ns * 2) {
		ticks >>= 1;
		scale_shift--;
	}
	while (ticks <= ns) {
		ticks <<= 1;
		scale_shift++;
	}
	/* now ns < ticks <= 2 ns: mul = 2^32 * ns / ticks fits in 32 bits */
	scale_mul = (uint32_t)((ns << 32) / ticks);
}

static uint64_t scale(uint64_t ticks)
{
	ticks = scale_shift >= 0 ? ticks << scale_shift : ticks >> -scale_shift;
	return (uint64_t)(((unsigned __int128)ticks * scale_mul) >> 32);
}

/* Counts TSC and APIC ticks while channel 2 of the PIT counts down a known time. */
static void measure(uint64_t *tsc, uint64_t *apic)
{
	unsigned count = PIT_HZ * WINDOW_MS / 1000;
	uint64_t start, end;
	uint32_t apic_end;

	apic_write(APIC_TIMER_DIVIDE, 0xb);
	outb(PIT_GATE, (uint8_t)((inb(PIT_GATE) & ~2u) | 1));
	outb(PIT_MODE, 0xb0);
	outb(PIT_CH2, (uint8_t)count);
	apic_write(APIC_TIMER_INIT, ~0u);
	outb(PIT_CH2, (uint8_t)(count >> 8));
	start = rdtsc_ordered();
	while (!(inb(PIT_GATE) & 0x20))
		;
	end = rdtsc_ordered();
	apic_end = apic_read(APIC_TIMER_CURRENT);
	apic_write(APIC_TIMER_INIT, 0);

	*tsc = (end - start) / WINDOW_MS;
	*apic = (~0u - apic_end) / WINDOW_MS;
}

/*
 * An interruption from below (SMM, a host that has other work) only makes a reading larger. On a busy host
 * all of a few may be interrupted: the smallest is believed when another is as small.
 */
static void calibrate(void)
{
	uint64_t tsc, apic, second = ~0UL;

	tsc_khz = apic_khz = ~0UL;
	for (unsigned i = 0; i < WINDOWS_MOST; i++) {
		if (i >= WINDOWS && second - tsc_khz <= tsc_khz / 1024)
			break;
		measure(&tsc, &apic);
		second = MIN(second, MAX(tsc, tsc_khz));
		tsc_khz = MIN(tsc_khz, tsc);
		apic_khz = MIN(apic_khz, apic);
	}
}

static uint8_t cmos(unsigned reg)
{
	outb(0x70, (uint8_t)reg);
	return inb(0x71);
}

static unsigned from_bcd(unsigned v)
{
	return (v >> 4) * 10 + (v & 15);
}

/* Days since 1970-01-01 of a date in the Gregorian calendar. */
static uint64_t days(unsigned year, unsigned month, unsigned day)
{
	static const uint16_t before[12] = { 0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334 };
	unsigned y = year - 1970, leap = (year - 1969) / 4;
	bool is_leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);

	return (uint64_t)y * 365 + leap + before[(month - 1) % 12] + (is_leap && month > 2) + day - 1;
}

/* The CMOS clock (MC146818): read until two readings agree and no update is under way. */
static uint64_t read_rtc(void)
{
	static const uint8_t regs[6] = { 0, 2, 4, 7, 8, 9 };
	unsigned now[6], last[6] = { ~0u }, mode;

	for (unsigned tries = 0; tries < 100000; tries++) {
		bool same = true;

		if (cmos(0x0a) & 0x80)
			continue;
		for (unsigned i = 0; i < 6; i++) {
			now[i] = cmos(regs[i]);
			same &= now[i] == last[i];
			last[i] = now[i];
		}
		if (same)
			break;
	}
	mode = cmos(0x0b);
	bool pm = now[2] & 0x80;

	now[2] &= 0x7f;
	if (!(mode & 4))
		for (unsigned i = 0; i < 6; i++)
			now[i] = from_bcd(now[i]);
	if (!(mode & 2))
		now[2] = now[2] % 12 + (pm ? 12 : 0);
	return days(2000 + now[5], now[4], now[3]) * 86400 + now[2] * 3600 + now[1] * 60 + now[0];
}

void tsc_init_cpu(void)
{
	apic_write(APIC_TIMER_DIVIDE, 0xb);
	apic_write(APIC_LVT_TIMER, VECTOR_TIMER | (tsc_deadline ? APIC_TIMER_DEADLINE : 0));
}

void tsc_init(void)
{
	uint32_t r[4];

	calibrate();
	set_scale(tsc_khz * 1000);
	boot_wallclock = read_rtc();
	this_cpu()->tsc_base = rdtsc_ordered();
	cpuid(1, 0, r);
	tsc_deadline = r[2] & (1u << 24);
	tsc_init_cpu();
	log_info("time: TSC %lu.%03lu MHz, timer by %s", (unsigned long)tsc_khz / 1000,
		 (unsigned long)tsc_khz % 1000, tsc_deadline ? "TSC deadline" : "APIC count");
}

uint64_t arch_tsc(void)
{
	return rdtsc();
}

uint64_t arch_now_ns(void)
{
	return scale(rdtsc() - this_cpu()->tsc_base);
}

void arch_tsc_scale(uint32_t *mul, int8_t *shift)
{
	*mul = scale_mul;
	*shift = scale_shift;
}

uint64_t arch_tsc_base(unsigned cpu)
{
	return cpu_by_id(cpu)->tsc_base;
}

uint64_t arch_tsc_khz(void)
{
	return tsc_khz;
}

uint64_t arch_boot_wallclock(void)
{
	return boot_wallclock;
}

void arch_timer_set(uint64_t deadline_ns)
{
	uint64_t now, ns, ticks;

	if (!deadline_ns) {
		if (tsc_deadline)
			wrmsr(MSR_TSC_DEADLINE, 0);
		else
			apic_write(APIC_TIMER_INIT, 0);
		return;
	}
	now = arch_now_ns();
	ns = deadline_ns > now ? MIN(deadline_ns - now, 1000000000UL) : 0;
	if (tsc_deadline) {
		wrmsr(MSR_TSC_DEADLINE, rdtsc() + ns * tsc_khz / 1000000 + 1);
		return;
	}
	ticks = ns * apic_khz / 1000000 + 1;
	apic_write(APIC_TIMER_INIT, (uint32_t)MIN(ticks, 0xffffffffUL));
}
