/* SPDX-License-Identifier: MIT */
/* NMI handlers, in the form that came before callback_op. */
#include <hv/hypercall.h>

#include <xen/nmi.h>

#include <hv/cpu.h>
#include <hv/traps.h>
#include <hv/usercopy.h>

long do_nmi_op(uint64_t cmd, uint64_t arg, uint64_t a3, uint64_t a4, uint64_t a5)
{
	struct xennmi_callback cb;

	(void)a3, (void)a4, (void)a5;
	switch ((uint32_t)cmd) {
	case XENNMI_register_callback:
		if (copy_from_guest(&cb, guest_va(arg), sizeof(cb)))
			return -XEN_EFAULT;
		return vcpu_set_nmi_callback(current_vcpu(), cb.handler_address);
	case XENNMI_unregister_callback:
		return vcpu_set_nmi_callback(current_vcpu(), 0);
	}
	return -XEN_ENOSYS;
}
