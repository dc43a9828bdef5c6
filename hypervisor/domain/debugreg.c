/* SPDX-License-Identifier: MIT */
/* Debug registers as each vCPU has them; debugreg[5] holds what DR7 shows beside the real bits. */
#include <hv/debugreg.h>

#include <format/cr.h>
#include <format/trap.h>
#include <hv/cpu.h>
#include <hv/domain.h>
#include <hv/traps.h>
#include <hv/usercopy.h>

#define DR_IO 5

static bool breaks(const struct vcpu *v)
{
	return v->debugreg[7] & DR7_ENABLE;
}

/* Addresses and DR6: only loaded where some break point is enabled. */
static void load_others(const struct vcpu *v)
{
	for (unsigned i = 0; i < 4; i++)
		debugreg_write(i, v->debugreg[i]);
	debugreg_write(6, DR6_DEFAULT);
}

static int set_dr7(struct vcpu *v, uint64_t value)
{
	bool before = breaks(v), here = v == current_vcpu();
	uint64_t io;

	if (value >> 32)
		return -XEN_EINVAL;
	if (!dr7_check(&value, &io, v->ctrlreg[4] & CR4_DE))
		return -XEN_EPERM;
	v->debugreg[7] = value;
	v->debugreg[DR_IO] = io;
	if (here && !before && breaks(v))
		load_others(v);
	if (here && (before || breaks(v)))
		debugreg_write(7, value);
	return 0;
}

int vcpu_set_debugreg(struct vcpu *v, unsigned reg, uint64_t value)
{
	if ((reg == 4 || reg == 5) && (v->ctrlreg[4] & CR4_DE))
		return -XEN_ENODEV;
	switch (reg) {
	case 0 ... 3:
		if (!is_canonical(value) || !guest_range_ok(guest_va(value), sizeof(uint64_t)))
			return -XEN_EPERM;
		v->debugreg[reg] = value;
		if (v == current_vcpu() && breaks(v))
			debugreg_write(reg, value);
		return 0;
	case 4:
	case 6:
		if (value >> 32)
			return -XEN_EINVAL;
		v->debugreg[6] = (value & ~(1UL << 12)) | DR6_DEFAULT;
		return 0;
	case 5:
	case 7:
		return set_dr7(v, value);
	}
	return -XEN_ENODEV;
}

int vcpu_get_debugreg(struct vcpu *v, unsigned reg, uint64_t *value)
{
	if (reg > 7 || ((reg == 4 || reg == 5) && (v->ctrlreg[4] & CR4_DE)))
		return -XEN_ENODEV;
	if (reg < 4)
		*value = v->debugreg[reg];
	else if (reg == 4 || reg == 6)
		*value = v->debugreg[6] | DR6_DEFAULT;
	else
		*value = v->debugreg[7] | v->debugreg[DR_IO] | DR7_DEFAULT;
	return 0;
}

/* Nothing to read: DR6 is read at each #DB, and the others cannot change by themselves. */
void debugreg_save(struct vcpu *v)
{
	if (unlikely(breaks(v)))
		debugreg_write(7, DR7_DEFAULT);
}

void debugreg_load(struct vcpu *v)
{
	if (likely(!breaks(v)))
		return;
	load_others(v);
	debugreg_write(7, v->debugreg[7]);
}
