// SPDX-License-Identifier: MIT
/* See fake.h. */
#include "fake.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <hv/arch.h>
#include <hv/buildinfo.h>
#include <hv/console.h>
#include <hv/log.h>
#include <hv/time.h>
#include <hv/usercopy.h>

struct cpu host_cpu;
struct domain fake_domain[2];
struct vcpu fake_vcpu[2];
char fake_output[8192];
const char *fake_input;
bool fake_verbose;
uint64_t fake_now, fake_clock[3];

const struct build_info build_info = { ".0-test", "cc", "me", "here", "today", "abc" };

int fake_start(void **state)
{
	(void)state;
	memset(&host_cpu, 0, sizeof(host_cpu));
	memset(fake_domain, 0, sizeof(fake_domain));
	memset(fake_vcpu, 0, sizeof(fake_vcpu));
	fake_output[0] = '\0';
	fake_input = "";
	fake_verbose = false;
	fake_now += 1000000000000;
	for (unsigned i = 0; i < 2; i++) {
		fake_domain[i].id = (domid_t)i;
		fake_domain[i].control = i == 0;
		fake_vcpu[i].domain = &fake_domain[i];
	}
	fake_run(0);
	return 0;
}

void fake_run(unsigned dom)
{
	host_cpu.current = &fake_vcpu[dom];
	host_cpu.budget.left = HYPERCALL_BUDGET;
}

unsigned arch_nr_cpus(void)
{
	return 1;
}

void arch_cpu_place(unsigned cpu, struct arch_cpu_place *place)
{
	*place = (struct arch_cpu_place){ .apic_id = 2 * cpu, .acpi_id = cpu, .core = cpu };
}

uint64_t arch_now_ns(void)
{
	return fake_now;
}

void log_console(const char *text, size_t len)
{
	strncat(fake_output, text, len);
}

void log_printf(const char *fmt, ...)
{
	char line[512];
	va_list args;

	va_start(args, fmt);
	vsnprintf(line, sizeof(line), fmt, args);
	va_end(args);
	strcat(fake_output, line);
}

bool console_guest_verbose(void)
{
	return fake_verbose;
}

size_t console_read(char *to, size_t len)
{
	size_t n = MIN(len, strlen(fake_input));

	memcpy(to, fake_input, n);
	fake_input += n;
	return n;
}

int time_set_wallclock(uint64_t sec, uint32_t nsec, uint64_t system_time)
{
	fake_clock[0] = sec;
	fake_clock[1] = nsec;
	fake_clock[2] = system_time;
	return 0;
}

const void *build_id(size_t *len)
{
	*len = 4;
	return "\x01\x02\x03\x04";
}

const char *build_cmdline(void)
{
	return "console=com1";
}

bool guest_range_ok(guest_va_t va, uint64_t len)
{
	return (int64_t)va.a >= 0 && len < 1UL << 32;
}
