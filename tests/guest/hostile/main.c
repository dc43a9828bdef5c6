/* SPDX-License-Identifier: MIT */
/*
 * The hostile guest: what a kernel could try that wants out of its domain, or the machine down.
 * Each attempt must be refused, or be harmless; after each area the hypervisor's books must agree.
 * It runs as control domain (with attacks through domctl) or as any other. Words of its command line:
 * plain=1, a control domain that uses its rights for nothing but the last look at the books; keys=K, it
 * types these debug keys and ends: what the test build does then is its business; die=HOW, it makes
 * domains and dies beside them.
 */
#define __XEN_TOOLS__ 1
#include "hostile.h"

#include <xen/sysctl.h>

const char test_name[] = "hostile";

bool is_control(void)
{
	return start_info->flags & SIF_INITDOMAIN;
}

/* As if these debug keys were typed on the console. */
static long press(const char *keys)
{
	struct xen_sysctl s = { .cmd = XEN_SYSCTL_debug_keys,
				.interface_version = XEN_SYSCTL_INTERFACE_VERSION };

	s.u.debug_keys.nr_keys = (uint32_t)__builtin_strlen(keys);
	s.u.debug_keys.keys.p = (char *)keys;
	return HC(sysctl, &s);
}

long ext(unsigned cmd, uint64_t mfn)
{
	struct mmuext_op op = { .cmd = cmd, .arg1.mfn = mfn };

	return HC(mmuext_op, &op, 1, 0, DOMID_SELF);
}

long update(uint64_t entry, uint64_t value)
{
	struct mmu_update u = { .ptr = entry, .val = value };

	return HC(mmu_update, &u, 1, 0, DOMID_SELF);
}

uint64_t hidden_page(void)
{
	void *page = page_alloc();

	pte_write((uint64_t)page, 0);
	return va_mfn(page);
}

void hidden_write(uint64_t mfn, unsigned index, uint64_t value)
{
	update(mfn << 12 | 8 * index, value);
}

uint64_t top_level(void)
{
	return va_mfn((void *)start_info->pt_base);
}

static void area(const char *name, void (*attack)(void))
{
	print("# %s", name);
	attack();
	check(books_agree(), "the books agree after the %s", name);
}

static void ignore(struct trap_frame *f)
{
	shared_info->vcpu_info[0].evtchn_upcall_pending = 0;
	f->rflags &= ~0x200UL;
}

void test_main(void)
{
	const char *line = (const char *)start_info->cmd_line;

	bool plain = !__builtin_strncmp(line, "plain=1", 7);

	event_handler = ignore;
	if (!__builtin_strncmp(line, "die=", 4))
		die_with_domains(line + 4);
	if (!__builtin_strncmp(line, "keys=", 5)) {
		check(!press(line + 5), "the keys %s", line + 5);
		return;
	}
	area("pointers", attack_pointers);
	area("page tables", attack_tables);
	area("frames", attack_frames);
	area("descriptors", attack_descriptors);
	area("processor", attack_processor);
	area("ways back", attack_returns);
	area("resources", attack_resources);
	area("races", attack_by_races);
	area("disguises", attack_in_disguise);
	if (is_control() && !plain)
		area("control operations", attack_as_control);
}
