/* SPDX-License-Identifier: MIT */
/*
 * The device below the console: the xencons ring in a domU (consolering.c), the hypervisor's
 * console in dom0 (consoleio.c). Neither function waits.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

struct console_dev {
	/** Takes up to n bytes; returns how many, or -XEN_Exxx when the device is broken. */
	long (*write)(const char *buf, size_t n);
	/** Gives up to n bytes; returns how many, or -XEN_Exxx. */
	long (*read)(char *buf, size_t n);
	/** Whether all output has been taken by the other side. */
	bool (*drained)(void);
	/** Whether '\n' has to be sent as "\r\n". */
	bool crlf;
};

/** Each opens its device and calls `activity` (as an event handler) when something may have
 * changed. NULL: there is none. */
const struct console_dev *console_ring_open(void (*activity)(void));
const struct console_dev *console_io_open(void (*activity)(void));
