/* SPDX-License-Identifier: MIT */
/*
 * Messages to the serial console and to the ring that `xl dmesg` reads.
 * Each is one line: subject, fact, number. %pd prints a struct domain *,
 * %pv a struct vcpu *.
 */
#pragma once

#include <hv/types.h>

enum log_level {
	LOG_ERR,	/* the hypervisor's own trouble */
	LOG_WARNING,	/* what an administrator should know */
	LOG_INFO,	/* the steps of boot, domains that come and go */
	LOG_DEBUG,
	LOG_GUEST_ERR = 8,	/* a guest's trouble: rate limited, guest_loglvl= */
	LOG_GUEST_WARNING,
	LOG_GUEST_INFO,
	LOG_GUEST_DEBUG,
};

void log_print(enum log_level level, const char *fmt, ...) __printf(2, 3);

#define log_err(...)   log_print(LOG_ERR, __VA_ARGS__)
#define log_warn(...)  log_print(LOG_WARNING, __VA_ARGS__)
#define log_info(...)  log_print(LOG_INFO, __VA_ARGS__)
/** For refusals that a guest can cause at will; limited to a few a second. */
#define log_guest(...) log_print(LOG_GUEST_WARNING, __VA_ARGS__)

/** What dom0 writes: to the console, and to the log's ring with console_to_ring only. */
void log_console(const char *text, size_t len);
/** Prints without a level or prefix, as debug keys do. */
void log_printf(const char *fmt, ...) __printf(1, 2);
/** Takes the log away from whoever is writing: all others have stopped for good. */
void log_break_lock(void);

/** How %pd and %pv are printed: a hook for fmt_vsnprintf_hook(). */
size_t log_pointer(char *buf, size_t size, const char *spec, const void *ptr);
