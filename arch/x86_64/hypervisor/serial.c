/* SPDX-License-Identifier: MIT */
/* The console: a 16550 (com1 or com2), polled for output, interrupting for input. */
#include <hv/serial.h>

#include <cpu/insn.h>
#include <hv/bootopts.h>
#include <hv/ioport.h>

#include "apic.h"

#define RBR 0
#define IER 1
#define FCR 2
#define LCR 3
#define MCR 4
#define LSR 5

static uint16_t base;
static unsigned irq;

/* The line control register for data bits, parity and stop bits. */
static uint8_t line_control(const struct boot_serial *port)
{
	unsigned lcr = (port->data_bits - 5) | (port->stop_bits == 2 ? 4 : 0);

	switch (port->parity) {
	case 'o': return (uint8_t)(lcr | 0x08);
	case 'e': return (uint8_t)(lcr | 0x18);
	case 'm': return (uint8_t)(lcr | 0x28);
	case 's': return (uint8_t)(lcr | 0x38);
	default: return (uint8_t)lcr;
	}
}

bool serial_init(const struct boot_serial *port)
{
	uint16_t io = port->io_base;
	unsigned highest = port->clock_hz ? port->clock_hz / 16 : 115200;
	unsigned divisor = port->baud ? highest / port->baud : 0;

	outb((uint16_t)(io + LCR), 0);
	outb((uint16_t)(io + IER), 0);
	if (inb((uint16_t)(io + LSR)) == 0xff)
		return false;
	if (divisor) {
		outb((uint16_t)(io + LCR), 0x80);
		outb((uint16_t)(io + RBR), (uint8_t)divisor);
		outb((uint16_t)(io + IER), (uint8_t)(divisor >> 8));
	}
	outb((uint16_t)(io + LCR), line_control(port));
	outb((uint16_t)(io + FCR), 7);
	outb((uint16_t)(io + MCR), 0x0b);
	base = io;
	irq = port->irq;
	ioport_reserve(io, 8);
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
