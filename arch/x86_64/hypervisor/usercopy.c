/* SPDX-License-Identifier: MIT */
/* The checks of hv/usercopy.h in front of the copying loops of copyloop.S. */
#include <hv/usercopy.h>

#include <cpu/insn.h>
#include <format/layout.h>
#include <hv/arch.h>
#include <hv/cpu.h>
#include <hv/domain.h>
#include <hv/ptable.h>

#define LOWER_HALF_END (1UL << 47)

long usercopy_raw(void *dst, const void *src, size_t len);
long usercopy_clear_raw(void *dst, size_t len);

bool guest_range_ok(guest_va_t va, uint64_t len)
{
	if (va.a < LOWER_HALF_END)
		return len <= LOWER_HALF_END - va.a;
	return va.a >= HV_VIRT_END && (len == 0 || va.a + (len - 1) >= va.a);
}

/*
 * A walk that comes to a top level for the second time meets the hypervisor's slots there, whose
 * pages ring 0 may read.
 */
static bool leads_to_ours(uint64_t va)
{
	const uint64_t *table = frame_ptr(mfn((read_cr3() & PTE_ADDR) >> PAGE_SHIFT));

	for (unsigned shift = 39; shift > PAGE_SHIFT; shift -= 9) {
		uint64_t e = READ_ONCE(table[va >> shift & (PTE_ENTRIES - 1)]);
		unsigned next = va >> (shift - 9) & (PTE_ENTRIES - 1);

		if (!(e & PTE_P) || frame_type(frame_of(pte_mfn(e))) != FRAME_L4)
			return false;
		if (next >= HV_SLOT_FIRST && next <= HV_SLOT_LAST)
			return true;
		table = frame_ptr(pte_mfn(e));
	}
	return false;
}

static bool range_leads_to_ours(guest_va_t va, size_t len)
{
	uint64_t page = va.a & PAGE_MASK, pages = DIV_ROUND_UP(va.a - page + len, PAGE_SIZE);

	for (; pages; pages--, page += PAGE_SIZE)
		if (leads_to_ours(page))
			return true;
	return false;
}

#define GUARDED_TRIES 16

/* Such an entry may come while we copy: then what was copied is void. A guest that brings one after
 * the other is not served. */
static int guarded_from(void *dst, guest_va_t src, size_t len)
{
	const uint64_t *changes = &current_vcpu()->domain->mm.recursive;
	int rc = -XEN_EFAULT;

	for (unsigned tries = 0; tries < GUARDED_TRIES; tries++) {
		uint64_t before = __atomic_load_n(changes, __ATOMIC_SEQ_CST);

		if (range_leads_to_ours(src, len))
			return -XEN_EFAULT;
		rc = (int)usercopy_raw(dst, (const void *)src.a, len);
		if (likely(__atomic_load_n(changes, __ATOMIC_SEQ_CST) == before))
			return rc;
	}
	return -XEN_EFAULT;
}

int usercopy_from(void *dst, guest_va_t src, size_t len)
{
	if (unlikely(!guest_range_ok(src, len)))
		return -XEN_EFAULT;
	if (unlikely(recursive_tops))
		return guarded_from(dst, src, len);
	return usercopy_raw(dst, (const void *)src.a, len);
}

const void *usercopy_guarded(guest_va_t src, size_t len)
{
	uint64_t *words = this_cpu()->guarded;

	CHECK(len <= USERCOPY_RUN_MAX);
	return usercopy_from(words, src, len) ? NULL : words;
}

int usercopy_to(guest_va_t dst, const void *src, size_t len)
{
	if (unlikely(!guest_range_ok(dst, len)))
		return -XEN_EFAULT;
	return usercopy_raw((void *)dst.a, src, len);
}

int clear_guest(guest_va_t dst, size_t len)
{
	if (unlikely(!guest_range_ok(dst, len)))
		return -XEN_EFAULT;
	return usercopy_clear_raw((void *)dst.a, len);
}
