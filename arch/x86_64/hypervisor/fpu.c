/* SPDX-License-Identifier: MIT */
/*
 * Floating-point and vector state (hv/fpu.h), by XSAVE where the CPU has it, else
 * by FXSAVE. Areas are in the standard format, a page each:
 *
 *     0 legacy (FXSAVE) | 512 header: xstate_bv, xcomp_bv = 0, reserved | 576 AVX, ...
 *
 * The registers of the vCPU that ran last stay in the CPU until another comes
 * that is not idle: if it is the same again, nothing needs to be loaded.
 */
#include <hv/fpu.h>

#include <cpu/insn.h>
#include <format/cr.h>
#include <format/layout.h>
#include <hv/arch.h>
#include <hv/cpu.h>
#include <hv/domain.h>
#include <hv/log.h>
#include <hv/mem.h>
#include <hv/mm.h>

#define LEGACY_SIZE	512
#define HEADER_AT	512
#define HEADER_SIZE	64
#define FCW_AT		0
#define MXCSR_AT	24
#define MXCSR_MASK_AT	28
#define FCW_INIT	0x37f
#define MXCSR_INIT	0x1f80

/* What guests may have. Not PKRU (guests' pages carry no keys), nothing that needs more than
 * a page, no supervisor states. */
#define XFEATURES_KNOWN (XCR0_X87 | XCR0_SSE | XCR0_AVX | XCR0_BNDREGS | XCR0_BNDCSR | \
			 XCR0_OPMASK | XCR0_ZMM_HI256 | XCR0_HI16_ZMM)

static uint64_t features;	/* 0: FXSAVE only */
static bool have_xsaveopt, leaks_pointers;
static uint32_t mxcsr_mask;
static void *init_area;		/* what a vCPU starts with */

static struct {
	struct vcpu *owner;	/* whose registers are in the CPU */
	uint64_t xcr0;		/* as loaded */
} cpus[MAX_CPUS];

/* ---- the CPU ----------------------------------------------------------------- */

static void set_hw_xcr0(uint64_t value)
{
	uint64_t *now = &cpus[this_cpu()->id].xcr0;

	if (!features || *now == value)
		return;
	xsetbv(0, value);
	*now = value;
}

static void set_hw_ts(bool set)
{
	uint64_t cr0 = read_cr0();

	if (!!(cr0 & CR0_TS) == set)
		return;
	if (set)
		write_cr0(cr0 | CR0_TS);
	else
		clts();
}

static void save_to(void *area)
{
	if (!features)
		fxsave(area);
	else if (have_xsaveopt)
		xsaveopt(area, features);
	else
		xsave(area, features);
}

static int restore_from(const void *area)
{
	if (leaks_pointers)
		fpu_forget_pointers();
	return features ? xrstor_safe(area, features) : fxrstor_safe(area);
}

static uint32_t *area_word(void *area, unsigned at)
{
	return (uint32_t *)((char *)area + at);
}

static uint64_t *area_header(void *area)
{
	return (uint64_t *)((char *)area + HEADER_AT);
}

static void area_reset(void *area)
{
	memset(area, 0, PAGE_SIZE);
	*area_word(area, FCW_AT) = FCW_INIT;
	*area_word(area, MXCSR_AT) = MXCSR_INIT;
}

static bool vendor_leaks(void)
{
	uint32_t r[4];

	cpuid(0, 0, r);
	if (r[1] != 0x68747541 && r[1] != 0x6f677948)	/* "Auth", "Hygo" */
		return false;
	cpuid(0x80000000, 0, r);
	if (r[0] < 0x80000008)
		return true;
	cpuid(0x80000008, 0, r);
	return !(r[1] & 4);				/* RstrFpErrPtrs */
}

void fpu_init_cpu(void)
{
	uint32_t r[4];

	cpuid(1, 0, r);
	if (r[2] & (1u << 26)) {
		write_cr4(read_cr4() | CR4_OSXSAVE);
		if (init_area) {	/* found out on the first CPU */
			set_hw_xcr0(features);
			return;
		}
		cpuid(0xd, 0, r);
		features = r[0] & XFEATURES_KNOWN;
		if (!(features & XCR0_AVX))
			features &= XCR0_X87 | XCR0_SSE;
		cpuid(0xd, 1, r);
		have_xsaveopt = r[0] & 1;
		set_hw_xcr0(features);
		CHECK(fpu_area_size(features) <= PAGE_SIZE);
	}
	if (init_area)
		return;
	leaks_pointers = vendor_leaks();
	init_area = hv_pages_alloc(0);
	CHECK(init_area);
	clts();
	fxsave(init_area);
	mxcsr_mask = *area_word(init_area, MXCSR_MASK_AT);
	if (!mxcsr_mask)
		mxcsr_mask = 0xffbf;
	area_reset(init_area);
	CHECK(restore_from(init_area) == 0);
}

uint64_t fpu_xfeatures(void)
{
	return features;
}

unsigned fpu_area_size(uint64_t xcr0)
{
	unsigned size = LEGACY_SIZE + HEADER_SIZE;
	uint32_t r[4];

	for (unsigned i = 2; i < 63 && xcr0 >> i; i++) {
		if (!(xcr0 >> i & 1))
			continue;
		cpuid(0xd, i, r);
		size = MAX(size, r[0] + r[1]);
	}
	return size;
}

/* Intel SDM volume 1, 13.4.3: states one after the other, some aligned to 64. */
unsigned fpu_compact_size(uint64_t xcr0)
{
	unsigned size = LEGACY_SIZE + HEADER_SIZE;
	uint32_t r[4];

	for (unsigned i = 2; i < 63 && xcr0 >> i; i++) {
		if (!(xcr0 >> i & 1))
			continue;
		cpuid(0xd, i, r);
		if (r[2] & 2)
			size = (size + 63) & ~63u;
		size += r[0];
	}
	return size;
}

/* ---- switching --------------------------------------------------------------- */

static uint64_t guest_xcr0(const struct vcpu *v)
{
	return v->xcr0 ? v->xcr0 : XCR0_X87;
}

void fpu_save(struct vcpu *v)
{
	if (!v->fpu_used)
		return;
	v->fpu_used = false;
	set_hw_ts(false);
	set_hw_xcr0(features);	/* also states that the guest has switched off again */
	save_to(v->fpu);
}

/* Puts v's state in the CPU, whichever was there; TS is clear. */
static void load_registers(struct vcpu *v)
{
	unsigned cpu = this_cpu()->id;

	if (cpus[cpu].owner == v && v->fpu_cpu == cpu)
		return;
	set_hw_xcr0(features);
	if (restore_from(v->fpu ? v->fpu : init_area)) {
		log_guest("%pv: malformed floating-point state, reset", v);
		area_reset(v->fpu);
		CHECK(restore_from(v->fpu) == 0);
	}
	cpus[cpu].owner = v;
	v->fpu_cpu = cpu;
}

void fpu_load(struct vcpu *v)
{
	bool lazy = !v->fpu || (v->ctrlreg[0] & CR0_TS);
	unsigned cpu = this_cpu()->id;

	if (cpus[cpu].owner != v || v->fpu_cpu != cpu) {
		set_hw_ts(false);
		load_registers(v);
	}
	v->fpu_used = !lazy;
	set_hw_ts(lazy);
	set_hw_xcr0(guest_xcr0(v));
}

/* The other CPU may be about to load another's: that one must not be forgotten. */
static void forget_owner(struct vcpu *v)
{
	for (unsigned i = 0; i < arch_nr_cpus(); i++) {
		struct vcpu *owner = v;

		__atomic_compare_exchange_n(&cpus[i].owner, &owner, NULL, false, __ATOMIC_RELAXED,
					    __ATOMIC_RELAXED);
	}
}

void fpu_destroy(struct vcpu *v)
{
	forget_owner(v);
	if (v->fpu)
		hv_pages_free(v->fpu, 0);
	v->fpu = NULL;
	v->fpu_used = false;
}

static bool area_get(struct vcpu *v)
{
	if (v->fpu)
		return true;
	v->fpu = hv_pages_alloc(0);
	if (!v->fpu)
		return false;
	area_reset(v->fpu);
	return true;
}

/* ---- the guest's view -------------------------------------------------------- */

bool fpu_not_available(struct vcpu *v)
{
	if (!area_get(v)) {
		domain_crash(v->domain, "%pv: no memory for its floating-point state", v);
		return true;
	}
	set_hw_ts(false);
	load_registers(v);
	set_hw_xcr0(guest_xcr0(v));
	v->fpu_used = true;
	if (!(v->ctrlreg[0] & CR0_TS))
		return true;
	v->ctrlreg[0] &= ~(uint64_t)CR0_TS;
	return false;
}

void fpu_set_ts(struct vcpu *v, bool set)
{
	if (set) {
		v->ctrlreg[0] |= CR0_TS;
		set_hw_ts(true);
		return;
	}
	v->ctrlreg[0] &= ~(uint64_t)CR0_TS;
	if (v->fpu_used)
		set_hw_ts(false);
}

/* Intel SDM volume 1, 13.3: what depends on what. */
static bool xcr0_valid(uint64_t value)
{
	const uint64_t avx512 = XCR0_OPMASK | XCR0_ZMM_HI256 | XCR0_HI16_ZMM;
	const uint64_t mpx = XCR0_BNDREGS | XCR0_BNDCSR;

	if ((value & ~features) || !(value & XCR0_X87))
		return false;
	if ((value & XCR0_AVX) && !(value & XCR0_SSE))
		return false;
	if ((value & avx512) && ((value & avx512) != avx512 || !(value & XCR0_AVX)))
		return false;
	return !(value & mpx) || (value & mpx) == mpx;
}

bool fpu_set_xcr0(struct vcpu *v, uint64_t value)
{
	if (!xcr0_valid(value))
		return false;
	v->xcr0 = value;
	if (v == current_vcpu())
		set_hw_xcr0(value);
	return true;
}

/* ---- for the control domain -------------------------------------------------- */

int fpu_set_legacy(struct vcpu *v, const void *legacy)
{
	if (!area_get(v))
		return -XEN_ENOMEM;
	area_reset(v->fpu);
	memcpy(v->fpu, legacy, LEGACY_SIZE);
	*area_word(v->fpu, MXCSR_AT) &= mxcsr_mask;
	if (features)
		*area_header(v->fpu) = XCR0_X87 | XCR0_SSE;
	forget_owner(v);
	return 0;
}

/* What is still in the registers of this CPU goes to the area first. */
static void *area_current(struct vcpu *v)
{
	if (v == current_vcpu() && v->fpu_used) {
		fpu_save(v);
		fpu_load(v);
	}
	return v->fpu ? v->fpu : init_area;
}

void fpu_get_legacy(struct vcpu *v, void *legacy)
{
	memcpy(legacy, area_current(v), LEGACY_SIZE);
}

int fpu_get_area(struct vcpu *v, void *area, unsigned size)
{
	if (!features || size > PAGE_SIZE)
		return -XEN_EINVAL;
	memcpy(area, area_current(v), size);
	return 0;
}

int fpu_set_area(struct vcpu *v, const void *area, unsigned size, uint64_t xcr0,
		 uint64_t xcr0_accum)
{
	uint64_t header[HEADER_SIZE / 8];

	if (!xcr0_valid(xcr0) || !xcr0_valid(xcr0_accum) || (xcr0 & ~xcr0_accum) ||
	    size < LEGACY_SIZE + HEADER_SIZE || size > fpu_area_size(xcr0_accum))
		return -XEN_EINVAL;
	memcpy(header, (const char *)area + HEADER_AT, sizeof(header));
	if (header[0] & ~xcr0_accum)
		return -XEN_EINVAL;
	for (unsigned i = 1; i < ARRAY_SIZE(header); i++)
		if (header[i])
			return -XEN_EINVAL;
	if (!area_get(v))
		return -XEN_ENOMEM;
	area_reset(v->fpu);
	memcpy(v->fpu, area, size);
	*area_word(v->fpu, MXCSR_AT) &= mxcsr_mask;
	v->xcr0 = xcr0;
	forget_owner(v);
	return 0;
}
