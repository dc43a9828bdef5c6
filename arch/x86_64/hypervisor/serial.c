/* SPDX-License-Identifier: MIT */
/* The console: a 16550 at 0x3f8 (com1), polled for output, interrupting for input. */
#include <hv/serial.h>

#include <cpu/insn.h>

#include "apic.h"

#define RBR 0
#define IER 1
#define FCR 2
#define LCR 3
#define MCR 4
#define LSR 5

static uint16_t base;
static unsigned irq;

bool serial_init(uint16_t io_base, unsigned line, uint32_t baud)
{
	unsigned divisor = baud ? 115200 / baud : 0;

	outb((uint16_t)(io_base + LCR), 0);
	outb((uint16_t)(io_base + IER), 0);
	if (inb((uint16_t)(io_base + LSR)) == 0xff)
		return false;
	if (divisor) {
		outb((uint16_t)(io_base + LCR), 0x80);
		outb((uint16_t)(io_base + RBR), (uint8_t)divisor);
		outb((uint16_t)(io_base + IER), (uint8_t)(divisor >> 8));
	}
	outb((uint16_t)(io_base + LCR), 3);
	outb((uint16_t)(io_base + FCR), 7);
	outb((uint16_t)(io_base + MCR), 0x0b);
	base = io_base;
	irq = line;
	return true;
}

void serial_enable_input(void)
{
	if (!base)
		return;
	outb((uint16_t)(base + IER), 1);
	pic_unmask(irq);
}

bool serial_is_irq(unsigned line)
{
	return base && line == irq;
}

void serial_putc(char c)
{
	if (!base)
		return;
	for (unsigned spins = 0; !(inb((uint16_t)(base + LSR)) & 0x20) && spins < 1000000; spins++)
		cpu_pause();
	outb(base, (uint8_t)c);
}

int serial_getc(void)
{
	if (!base || !(inb((uint16_t)(base + LSR)) & 1))
		return -1;
	return inb(base);
}
