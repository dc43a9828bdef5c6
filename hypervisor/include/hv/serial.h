/* SPDX-License-Identifier: MIT */
/* The serial port, the hypervisor's console. */
#pragma once

#include <hv/types.h>

struct boot_serial;

/** Sets the port up as com1= asks (hv/bootopts.h). False: no such port. */
bool serial_init(const struct boot_serial *port);
void serial_enable_input(void);
bool serial_is_irq(unsigned irq);
void serial_putc(char c);
/** The next byte received, or -1. */
int serial_getc(void);
