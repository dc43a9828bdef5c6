/* SPDX-License-Identifier: MIT */
/* Switching the machine off and resetting it: ACPI where firmware describes it, else the old ways. */
#include "machine.h"

#include <cpu/insn.h>
#include <hv/arch.h>
#include <hv/log.h>

#include "acpi.h"
#include "smp.h"

static uint16_t pm1a_control, pm1b_control;
static uint16_t sleep_type_a, sleep_type_b;
static uint32_t smi_command;
static uint8_t acpi_enable;
static bool have_s5;

/* AML of the DSDT: Name (\_S5_, Package {a, b, ...}) is 08 "_S5_" 12 len n a b. */
static bool find_s5(uint64_t dsdt)
{
	struct acpi_sdt head;
	static uint8_t window[PAGE_SIZE + 64];
	uint32_t at;

	if (!acpi_copy(&head, dsdt, sizeof(head)) || head.length > (4u << 20))
		return false;
	for (at = sizeof(head); at < head.length; at += PAGE_SIZE) {
		size_t n = MIN(sizeof(window), head.length - at);

		if (!acpi_copy(window, dsdt + at, n))
			return false;
		for (size_t i = 0; i + 20 < n; i++) {
			const uint8_t *p = window + i;
			unsigned v[2];

			if (p[0] != '_' || p[1] != 'S' || p[2] != '5' || p[3] != '_' || p[4] != 0x12)
				continue;
			p += 5;
			p += (*p >> 6) + 2;	/* package length, element count */
			for (unsigned k = 0; k < 2; k++) {
				if (*p == 0x0a)
					p++;
				v[k] = *p++;
			}
			sleep_type_a = (uint16_t)((v[0] & 7) << 10);
			sleep_type_b = (uint16_t)((v[1] & 7) << 10);
			return true;
		}
	}
	return false;
}

void machine_init(void)
{
	uint64_t fadt = acpi_find("FACP");
	uint32_t dsdt, port;

	if (!fadt || !acpi_copy(&dsdt, fadt + 40, 4)) {
		log_warn("acpi: no FADT; poweroff will halt the machine");
		return;
	}
	acpi_copy(&smi_command, fadt + 48, 4);
	acpi_copy(&acpi_enable, fadt + 52, 1);
	acpi_copy(&port, fadt + 64, 4);
	pm1a_control = (uint16_t)port;
	acpi_copy(&port, fadt + 68, 4);
	pm1b_control = (uint16_t)port;
	have_s5 = find_s5(dsdt);
}

/* SCI_EN of PM1 control says who handles power: firmware (SMM) until it is told otherwise. */
static void enter_acpi_mode(void)
{
	if (inw(pm1a_control) & 1 || !smi_command || !acpi_enable)
		return;
	outb((uint16_t)smi_command, acpi_enable);
	for (unsigned i = 0; i < 1000000 && !(inw(pm1a_control) & 1); i++)
		cpu_pause();
}

void arch_machine_poweroff(void)
{
	smp_stop_others();
	if (have_s5 && pm1a_control) {
		enter_acpi_mode();
		outw(pm1a_control, (uint16_t)(sleep_type_a | 1u << 13));
		if (pm1b_control)
			outw(pm1b_control, (uint16_t)(sleep_type_b | 1u << 13));
	}
	for (;;)
		hlt();
}

void arch_machine_reboot(void)
{
	static const struct {
		uint16_t limit;
		uint64_t base;
	} __attribute__((packed)) no_idt = { 0, 0 };

	smp_stop_others();
	outb(0xcf9, 0x02);
	outb(0xcf9, 0x06);
	for (unsigned i = 0; i < 100000 && (inb(0x64) & 2); i++)
		;
	outb(0x64, 0xfe);
	for (unsigned i = 0; i < 1000000; i++)
		cpu_pause();
	lidt(&no_idt);
	__asm__ volatile("int3");
	for (;;)
		hlt();
}
