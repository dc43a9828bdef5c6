/* SPDX-License-Identifier: MIT */
/* Interrupts that nobody asked for, as a device may send that firmware left on, or a broken one. */
#include "../../arch/x86_64/hypervisor/apic.h"
#include "inject.h"

void inject_interrupt(unsigned n)
{
	if (n >= 32 && n < 256)	/* below that the APIC takes none */
		apic_send_self(n);
}
