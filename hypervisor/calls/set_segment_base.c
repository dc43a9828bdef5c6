/* SPDX-License-Identifier: MIT */
/* Bases of FS and GS, and the user mode's GS selector; for guests without FSGSBASE. */
#include <hv/hypercall.h>

#include <hv/segments.h>
#include <hv/traps.h>

long do_set_segment_base(uint64_t which, uint64_t base, uint64_t a3, uint64_t a4, uint64_t a5)
{
	uint32_t what = (uint32_t)which;

	(void)a3, (void)a4, (void)a5;
	/* With each change of processes. */
	if (likely(what == SEGBASE_FS && is_canonical(base))) {
		segments_set_fs_base(base);
		return 0;
	}
	if (what == SEGBASE_GS_USER_SEL) {
		segments_set_gs_user_selector((uint16_t)base);
		return 0;
	}
	if (!is_canonical(base))
		return -XEN_EINVAL;
	switch (what) {
	case SEGBASE_GS_USER:
		segments_set_gs_base_user(base);
		return 0;
	case SEGBASE_GS_KERNEL:
		segments_set_gs_base_kernel(base);
		return 0;
	}
	return -XEN_EINVAL;
}
