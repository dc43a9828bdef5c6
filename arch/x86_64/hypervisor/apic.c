/* SPDX-License-Identifier: MIT */
/*
 * The local APIC (Intel SDM vol. 3, chapter 10), by its page or, where firmware
 * left it in x2APIC mode, by registers. Interrupts of legacy devices (the serial
 * port's) come from the 8259 pair through LINT0 in ExtINT mode.
 */
#include "apic.h"

#include <cpu/insn.h>
#include <format/msr.h>
#include <format/pte.h>
#include <hv/arch.h>
#include <hv/paging.h>

#define PIC1 0x20
#define PIC2 0xa0

static volatile uint32_t *apic_page;
static bool x2apic;
static uint16_t pic_mask = 0xffff;

uint32_t apic_read(uint32_t reg)
{
	if (x2apic)
		return (uint32_t)rdmsr(MSR_X2APIC_FIRST + (reg >> 4));
	return apic_page[reg / 4];
}

void apic_write(uint32_t reg, uint32_t value)
{
	if (x2apic)
		wrmsr(MSR_X2APIC_FIRST + (reg >> 4), value);
	else
		apic_page[reg / 4] = value;
}

void apic_eoi(void)
{
	apic_write(APIC_EOI, 0);
}

static void pic_write_mask(void)
{
	outb(PIC1 + 1, (uint8_t)pic_mask);
	outb(PIC2 + 1, (uint8_t)(pic_mask >> 8));
}

/* 8259A data sheet: ICW1 edge, cascade; ICW2 vector; ICW3 wiring; ICW4 8086 mode. */
static void pic_init(void)
{
	outb(PIC1, 0x11);
	outb(PIC2, 0x11);
	outb(PIC1 + 1, VECTOR_LEGACY);
	outb(PIC2 + 1, VECTOR_LEGACY + 8);
	outb(PIC1 + 1, 4);
	outb(PIC2 + 1, 2);
	outb(PIC1 + 1, 1);
	outb(PIC2 + 1, 1);
	pic_write_mask();
}

void pic_unmask(unsigned irq)
{
	pic_mask &= (uint16_t)~(1u << irq);
	if (irq >= 8)
		pic_mask &= (uint16_t)~(1u << 2);
	pic_write_mask();
}

void pic_eoi(unsigned irq)
{
	if (irq >= 8)
		outb(PIC2, 0x20);
	outb(PIC1, 0x20);
}

/* What is the same on every CPU. */
static void enable(void)
{
	apic_write(APIC_TPR, 0);
	apic_write(APIC_LVT_TIMER, APIC_LVT_MASKED);
	apic_write(APIC_LVT_ERROR, APIC_LVT_MASKED);
	apic_write(APIC_SVR, 0x100 | VECTOR_SPURIOUS);
}

/* From xAPIC to x2APIC mode there is a way, back only by way of off (SDM, 10.12.5). */
static void set_mode(void)
{
	uint64_t base = rdmsr(MSR_APIC_BASE), on = base | APIC_BASE_ENABLE;

	if ((base & APIC_BASE_X2APIC) && !x2apic) {
		wrmsr(MSR_APIC_BASE, base & ~(uint64_t)(APIC_BASE_ENABLE | APIC_BASE_X2APIC));
		on &= ~(uint64_t)APIC_BASE_X2APIC;
	}
	if (on != base)
		wrmsr(MSR_APIC_BASE, on);
	if (x2apic && !(on & APIC_BASE_X2APIC))
		wrmsr(MSR_APIC_BASE, on | APIC_BASE_X2APIC);
}

void apic_init(void)
{
	uint64_t base = rdmsr(MSR_APIC_BASE);

	x2apic = base & APIC_BASE_X2APIC;
	set_mode();
	if (!x2apic && !apic_page)
		apic_page = hv_map_device(base & PTE_ADDR);
	pic_init();
	enable();
	apic_write(APIC_LVT_LINT0, APIC_LVT_EXTINT);
	apic_write(APIC_LVT_LINT1, APIC_LVT_NMI);
}

void apic_init_cpu(void)
{
	set_mode();
	enable();
	apic_write(APIC_LVT_LINT0, APIC_LVT_MASKED);
	apic_write(APIC_LVT_LINT1, APIC_LVT_MASKED);
}

bool apic_use_x2apic(void)
{
	uint32_t r[4];

	cpuid(1, 0, r);
	if (!x2apic && (r[2] & (1u << 21))) {
		x2apic = true;
		set_mode();
	}
	return x2apic;
}

bool apic_is_x2apic(void)
{
	return x2apic;
}

uint32_t apic_id(void)
{
	return x2apic ? apic_read(APIC_ID) : apic_read(APIC_ID) >> 24;
}

static void wait_sent(void)
{
	for (unsigned spins = 0; apic_read(APIC_ICR_LOW) & APIC_ICR_BUSY && spins < 1000000; spins++)
		cpu_pause();
}

void apic_send(uint32_t id, uint32_t command)
{
	if (x2apic) {
		mfence();	/* the register's write would overtake what the other is to see */
		wrmsr(MSR_X2APIC_FIRST + (APIC_ICR_LOW >> 4), (uint64_t)id << 32 | command);
		return;
	}
	wait_sent();
	apic_write(APIC_ICR_HIGH, id << 24);
	apic_write(APIC_ICR_LOW, command);
}

/* The destination's half of the register, which may just have been written, has no part in it. */
void apic_send_self(uint32_t vector)
{
	if (!x2apic)
		wait_sent();
	apic_write(APIC_ICR_LOW, APIC_ICR_SELF | vector);
}

bool apic_in_service(unsigned vector)
{
	return apic_read(APIC_ISR + vector / 32 * 0x10) >> vector % 32 & 1;
}
