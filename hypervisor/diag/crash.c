/* SPDX-License-Identifier: MIT */
/* What the log says of a guest that died: why, and where it was. */
#include <hv/domain.h>

#include <stdarg.h>

#include <hv/console.h>
#include <hv/cpu.h>
#include <hv/diag.h>
#include <hv/fmt.h>
#include <hv/log.h>

void log_domain_crash(struct domain *d, const char *fmt, va_list args)
{
	char why[200];

	fmt_vsnprintf_hook(why, sizeof(why), log_pointer, fmt, args);
	log_warn("%pd: crashed: %s", d, why);
	if (current_vcpu()->domain == d)
		diag_registers(guest_regs());
}
