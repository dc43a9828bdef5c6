/* SPDX-License-Identifier: MIT */
/* Interrupt vectors, the local APIC, the 8259 pair behind it. */
#pragma once

#include <hv/types.h>

#define VECTOR_LEGACY   0xe0	/* IRQ 0 of the 8259s */
#define NR_LEGACY_IRQS  16
#define VECTOR_KICK     0xf0
#define VECTOR_TIMER    0xf1
#define VECTOR_SPURIOUS 0xff
#define VECTOR_DEVICES  0xe0	/* from here on no `int n` of a guest arrives */

/** Maps and enables the first CPU's local APIC; the 8259s answer through LINT0. */
void apic_init(void);
/** Enables another CPU's, in the mode of the first. */
void apic_init_cpu(void);
/** Goes over to x2APIC mode, which reaches ids above 254; false where the CPU has none. */
bool apic_use_x2apic(void);
bool apic_is_x2apic(void);
/** This CPU's id. */
uint32_t apic_id(void);
/** Sends an interrupt: a vector, or one of APIC_NMI, APIC_INIT, APIC_STARTUP. */
void apic_send(uint32_t id, uint32_t command);
/** Sends this CPU an interrupt; also from an NMI that has interrupted apic_send(). */
void apic_send_self(uint32_t vector);
/** Whether this CPU is handling an interrupt of this vector, which apic_eoi() has not ended yet. */
bool apic_in_service(unsigned vector);
uint32_t apic_read(uint32_t reg);
void apic_write(uint32_t reg, uint32_t value);
void apic_eoi(void);
/** Lets IRQ n of the 8259s through. */
void pic_unmask(unsigned irq);
void pic_eoi(unsigned irq);

#define APIC_ID        0x020
#define APIC_VERSION   0x030
#define APIC_TPR       0x080
#define APIC_EOI       0x0b0
#define APIC_SVR       0x0f0
#define APIC_ISR       0x100	/* eight registers, 32 vectors each */
#define APIC_ESR       0x280
#define APIC_ICR_LOW   0x300
#define APIC_ICR_HIGH  0x310
#define APIC_LVT_TIMER 0x320
#define APIC_LVT_LINT0 0x350
#define APIC_LVT_LINT1 0x360
#define APIC_LVT_ERROR 0x370
#define APIC_TIMER_INIT    0x380
#define APIC_TIMER_CURRENT 0x390
#define APIC_TIMER_DIVIDE  0x3e0

#define APIC_ICR_BUSY (1u << 12)
#define APIC_ICR_SELF (1u << 18)
#define APIC_NMI     0x0400u
#define APIC_INIT    0x4500u
#define APIC_STARTUP 0x4600u	/* and the page's number */

#define APIC_LVT_MASKED    (1u << 16)
#define APIC_LVT_EXTINT    (7u << 8)
#define APIC_LVT_NMI       (4u << 8)
#define APIC_TIMER_DEADLINE (2u << 17)
