// SPDX-License-Identifier: MIT
/*
 * Registered areas: the walk from a guest's virtual address to the frames below it,
 * and writing there through the direct map.
 */
#include <hv/guestarea.h>

#include <format/pte.h>
#include <hv/arch.h>
#include <hv/cpu.h>
#include <hv/domain.h>
#include <hv/mem.h>
#include <hv/usercopy.h>

/* The frame that the current vCPU's kernel sees writable at va; false when none. The
 * entries are read once: they are validated, but the guest's CPUs set bits in them. */
static bool walk(const struct vcpu *v, uint64_t va, mfn_t *m)
{
	*m = v->guest_table;
	for (int level = 4; level > 0; level--) {
		const uint64_t *table = frame_ptr(*m);
		uint64_t e = READ_ONCE(table[va >> (3 + 9 * level) & 511]);

		if (!(e & PTE_P) || !(e & PTE_W))
			return false;
		*m = mfn((e & PTE_ADDR) >> PAGE_SHIFT);
		if (m->n >= arch_max_mfn)
			return false;
	}
	return true;
}

static struct frame *hold(guest_va_t va)
{
	struct vcpu *v = current_vcpu();
	mfn_t m;

	if (!walk(v, va.a, &m))
		return NULL;
	return frame_get_writable(m, v->domain);
}

static void replace(struct guest_area *a, const struct guest_area *new)
{
	struct guest_area old;

	spin_lock(&a->lock);
	old = *a;
	memcpy(a->frame, new->frame, sizeof(a->frame));
	memcpy(a->at, new->at, sizeof(a->at));
	a->head = new->head;
	spin_unlock(&a->lock);
	for (unsigned i = 0; i < ARRAY_SIZE(old.frame); i++)
		if (old.frame[i])
			frame_put_typed(old.frame[i]);
}

int guest_area_register(struct guest_area *a, guest_va_t va, uint32_t len)
{
	struct guest_area new = { 0 };
	uint32_t offset = va.a & ~PAGE_MASK;

	if (!va.a) {
		guest_area_release(a);
		return 0;
	}
	if (len > PAGE_SIZE || !guest_range_ok(va, len))
		return -XEN_EFAULT;
	new.frame[0] = hold(va);
	if (!new.frame[0])
		return -XEN_EFAULT;
	new.at[0] = (uint8_t *)frame_ptr(frame_mfn(new.frame[0])) + offset;
	new.head = MIN(len, (uint32_t)PAGE_SIZE - offset);
	if (new.head < len) {
		new.frame[1] = hold(guest_va(va.a + new.head));
		if (!new.frame[1]) {
			frame_put_typed(new.frame[0]);
			return -XEN_EFAULT;
		}
		new.at[1] = frame_ptr(frame_mfn(new.frame[1]));
	}
	/* Nothing below can fail. */
	replace(a, &new);
	return 0;
}

void guest_area_release(struct guest_area *a)
{
	replace(a, &(struct guest_area){ 0 });
}

void guest_area_write(struct guest_area *a, uint32_t offset, const void *src, uint32_t len)
{
	const uint8_t *from = src;
	uint32_t n;

	spin_lock(&a->lock);
	n = offset < a->head ? MIN(len, a->head - offset) : 0;
	if (n)
		memcpy(a->at[0] + offset, from, n);
	if (len > n && guest_area_is_set(a))
		memcpy(a->at[1] + (offset + n - a->head), from + n, len - n);
	spin_unlock(&a->lock);
}
