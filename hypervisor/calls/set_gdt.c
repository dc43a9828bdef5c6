/* SPDX-License-Identifier: MIT */
/* The guest's pages of the global descriptor table. */
#include <hv/hypercall.h>

#include <hv/cpu.h>
#include <hv/domain.h>
#include <hv/segments.h>
#include <hv/usercopy.h>

long do_set_gdt(uint64_t frame_list, uint64_t entries, uint64_t a3, uint64_t a4, uint64_t a5)
{
	unsigned ents = (uint32_t)entries;
	unsigned long frames[FIRST_GUEST_RESERVED_GDT_PAGE];

	(void)a3, (void)a4, (void)a5;
	if (ents > GDT_MAX_ENTRIES)
		return -XEN_EINVAL;
	if (copy_from_guest(frames, guest_va(frame_list),
			    DIV_ROUND_UP(ents, 512) * sizeof(frames[0])))
		return -XEN_EFAULT;
	return vcpu_set_gdt(current_vcpu(), frames, ents);
}
