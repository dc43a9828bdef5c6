/* SPDX-License-Identifier: MIT */
/* What a panic and the debug keys print of the machine. */
#pragma once

#include <stdarg.h>

#include <hv/types.h>

struct domain;

/** Registers, as of a trap. */
void diag_registers(const struct cpu_user_regs *regs);
/** Return addresses with names, from a stack pointer on. There are no frame pointers: what earlier
 *  calls have left on the stack may stand between them. */
void diag_backtrace(uint64_t rip, uint64_t rsp);
/** A trap in the hypervisor itself that nothing fixes up: prints it all and stops. */
void panic_trap(const struct cpu_user_regs *regs, const char *what) __noreturn;
/** The log's lines about a domain that crashed. */
void log_domain_crash(struct domain *d, const char *fmt, va_list args);
