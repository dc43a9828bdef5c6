/* SPDX-License-Identifier: MIT */
/*
 * Start and end of a guest. The user writes
 *
 *	int main(int argc, char **argv)
 *
 * argv[0] is pv_program_name, the rest are the words of the kernel command line.
 * Returning from main, or exit(), shuts the domain down: code 0 is a power-off,
 * any other code a crash unless pv_exit_reason() chose otherwise.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include <xen/xen.h>
#include <xen/sched.h>

/** The page that the domain builder wrote; its addresses are the builder's. */
extern struct start_info *pv_start_info;

/** Shared with the hypervisor: every field may change at any time. */
extern struct shared_info *pv_shared_info;

/** argv[0]; weak, a guest may define its own. */
extern const char *const pv_program_name;

bool pv_is_dom0(void);

/** The kernel command line, as the builder gave it, NUL-terminated. */
const char *pv_cmdline(void);

/** The value of the word `name=value` on the command line, or NULL. A word `name` alone gives
 * "". The string lives as long as the domain. */
const char *pv_cmdline_get(const char *name);

/** This domain's id, or DOMID_INVALID when it cannot be found out. */
domid_t pv_domid(void);

/** The information of the virtual processor that asks (in pv_shared_info). */
struct vcpu_info *pv_vcpu_info(void);

/** Ends the domain with a SHUTDOWN_xxx reason, after flushing stdio and the console. */
void pv_shutdown(unsigned int reason) __attribute__((noreturn));

/** The same at once: no flush, usable from trap and event handlers. */
void pv_shutdown_now(unsigned int reason) __attribute__((noreturn));

/** Which reason a non-zero exit code gives; SHUTDOWN_crash unless set. */
void pv_exit_reason(unsigned int reason);

/** Prints a line (subject, fact, number) and a backtrace, then crashes the domain. */
void pv_panic(const char *fmt, ...) __attribute__((noreturn, format(printf, 1, 2)));

/** The ramdisk that the builder loaded, in memory that stays mapped.
 * Returns NULL and 0 bytes when there is none. */
const void *pv_ramdisk(unsigned long *len);
