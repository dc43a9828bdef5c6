/* SPDX-License-Identifier: MIT */
/* The serial port, the hypervisor's console. */
#pragma once

#include <hv/types.h>

/** baud 0 leaves the speed as it is. False: no such port. */
bool serial_init(uint16_t io_base, unsigned irq, uint32_t baud);
void serial_enable_input(void);
bool serial_is_irq(unsigned irq);
void serial_putc(char c);
/** The next byte received, or -1. */
int serial_getc(void);
