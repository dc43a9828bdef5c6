/* SPDX-License-Identifier: MIT */
/*
 * Notes first; the section `__xen_guest`, a string of NAME=value pairs, is how
 * kernels said the same before there were notes. What neither says has the
 * defaults that Xen's builder has had always, since kernels rely on them.
 */
#include "build/kernel.h"

#include <stdlib.h>
#include <string.h>

#include <xen/xen.h>
#include <xen/elfnote.h>
#include <xen/errno.h>

#define PAGE_BYTES	4096ULL
#define HOLE_END	0xffff880000000000ULL	/* behind the hypervisor's own addresses */
#define MAX_SEGMENTS	64			/* kernels have fewer than ten */

/* What the notes said, before defaults. */
struct wishes {
	bool any;
	bool has_offset, has_base, has_entry;
	char xen_version[16];
	char loader[16];
	bool pvh_entry;
};

/* It is shown to the user and written to xenstore, and the file is anybody's: no control characters. */
static void copy_text(char *to, size_t size, const char *from)
{
	strncpy(to, from ? from : "", size - 1);
	to[size - 1] = '\0';
	for (; *to; to++)
		if (*to < ' ' || *to > '~')
			*to = '?';
}

static bool note_number(const struct kernel *k, uint32_t type, uint64_t *value)
{
	struct elf_note note;

	return elf_note_find(&k->elf, "Xen", type, &note) && elf_note_u64(&note, value);
}

static bool note_string(const struct kernel *k, uint32_t type, char *to, size_t size)
{
	struct elf_note note;

	if (!elf_note_find(&k->elf, "Xen", type, &note) || !elf_note_text(&note))
		return false;
	copy_text(to, size, elf_note_text(&note));
	return true;
}

static void read_notes(struct kernel *k, struct wishes *w)
{
	uint64_t n = 0;

	w->any = note_string(k, XEN_ELFNOTE_XEN_VERSION, w->xen_version, sizeof(w->xen_version));
	note_string(k, XEN_ELFNOTE_LOADER, w->loader, sizeof(w->loader));
	note_string(k, XEN_ELFNOTE_GUEST_OS, k->guest_os, sizeof(k->guest_os));
	w->has_base = note_number(k, XEN_ELFNOTE_VIRT_BASE, &k->virt_base);
	w->has_offset = note_number(k, XEN_ELFNOTE_PADDR_OFFSET, &k->paddr_offset);
	w->has_entry = note_number(k, XEN_ELFNOTE_ENTRY, &k->entry);
	w->pvh_entry = note_number(k, XEN_ELFNOTE_PHYS32_ENTRY, &n);
	note_number(k, XEN_ELFNOTE_HYPERCALL_PAGE, &k->hypercall_page);
	note_number(k, XEN_ELFNOTE_INIT_P2M, &k->init_p2m);
	n = 0;
	note_number(k, XEN_ELFNOTE_MOD_START_PFN, &n);
	k->ramdisk_unmapped = n == 1;
}

/* One NAME=value of the old section; the hypercall page is given as a page number. */
static void read_pair(struct kernel *k, struct wishes *w, const char *name, const char *value,
		      uint64_t *hypercall_pfn)
{
	uint64_t n = strtoull(value, NULL, 0);

	if (!strcmp(name, "XEN_VER")) {
		copy_text(w->xen_version, sizeof(w->xen_version), value);
		w->any = true;
	} else if (!strcmp(name, "LOADER")) {
		copy_text(w->loader, sizeof(w->loader), value);
	} else if (!strcmp(name, "GUEST_OS")) {
		copy_text(k->guest_os, sizeof(k->guest_os), value);
	} else if (!strcmp(name, "VIRT_BASE")) {
		k->virt_base = n;
		w->has_base = true;
	} else if (!strcmp(name, "ELF_PADDR_OFFSET")) {
		k->paddr_offset = n;
		w->has_offset = true;
	} else if (!strcmp(name, "VIRT_ENTRY")) {
		k->entry = n;
		w->has_entry = true;
	} else if (!strcmp(name, "HYPERCALL_PAGE")) {
		*hypercall_pfn = n;
	}
}

/* Returns whether the section is there. */
static bool read_old_section(struct kernel *k, struct wishes *w)
{
	struct elf_section s;
	uint64_t hypercall_pfn = KERNEL_NONE;
	char text[512], *rest = text, *pair;

	if (!elf_section_find(&k->elf, "__xen_guest", &s) || s.type == ELF_SHT_NOBITS ||
	    s.size >= sizeof(text))
		return false;
	memcpy(text, k->elf.image + s.offset, s.size);
	text[s.size] = '\0';
	while ((pair = strsep(&rest, ","))) {
		char *sign = strchr(pair, '=');

		if (!sign)
			continue;
		*sign = '\0';
		read_pair(k, w, pair, sign + 1, &hypercall_pfn);
	}
	if (!w->has_offset)
		k->paddr_offset = k->virt_base;
	if (hypercall_pfn < KERNEL_NONE / PAGE_BYTES)
		k->hypercall_page = k->virt_base + hypercall_pfn * PAGE_BYTES;
	return w->any;
}

uint64_t kernel_virt(const struct kernel *k, uint64_t paddr)
{
	return paddr - k->paddr_offset + k->virt_base;
}

bool kernel_range_usable(uint64_t start, uint64_t last)
{
	const uint64_t low_end = 1ULL << 47;

	return start <= last && (last < low_end || start >= HOLE_END);
}

static bool find_extent(struct kernel *k)
{
	struct elf_segment s;
	unsigned i = 0;
	bool any = false;

	k->virt_start = ~0ULL;
	while (elf_load_next(&k->elf, &i, &s)) {
		uint64_t start = kernel_virt(k, s.paddr), end = start + s.memsz;

		if (!s.memsz || !kernel_range_usable(start, end - 1))
			return false;
		if (start < k->virt_start)
			k->virt_start = start;
		if (end > k->virt_end)
			k->virt_end = end;
		any = true;
	}
	return any && kernel_range_usable(k->virt_start, k->virt_end - 1) &&
	       k->virt_base <= k->virt_start;
}

/* Whether a later segment has bytes of the one that begins here; `i` is behind that one. */
static bool overlaps_later(const struct kernel *k, const struct elf_segment *one, unsigned i)
{
	struct elf_segment s;

	while (elf_load_next(&k->elf, &i, &s)) {
		uint64_t distance = kernel_virt(k, s.paddr) - kernel_virt(k, one->paddr);

		if (distance < one->memsz || -distance < s.memsz)
			return true;
	}
	return false;
}

/* Which of two would win depends on who loads it. */
static int check_overlaps(const struct kernel *k, struct build_error *err)
{
	struct elf_segment s;
	unsigned i = 0, count = 0;

	while (elf_load_next(&k->elf, &i, &s))
		if (++count > MAX_SEGMENTS)
			return build_fail(err, -XEN_EINVAL, "it has more than %u segments",
					  MAX_SEGMENTS);
	for (i = 0; elf_load_next(&k->elf, &i, &s);)
		if (overlaps_later(k, &s, i))
			return build_fail(err, -XEN_EINVAL, "its segments overlap at %#llx-%#llx", (unsigned long long)s.paddr,
					  (unsigned long long)(s.paddr + s.memsz));
	return 0;
}

static int check_addresses(struct kernel *k, const struct wishes *w, struct build_error *err)
{
	unsigned long long start, end;

	if (k->virt_base & (PAGE_BYTES - 1) || !find_extent(k))
		return build_fail(err, -XEN_EINVAL, "its load addresses are impossible (virtual "
				  "base %#llx)", (unsigned long long)k->virt_base);
	start = k->virt_start;
	end = k->virt_end;
	/* Linux has most notes without CONFIG_XEN_PV, too; the ELF header's entry is physical. */
	if (!w->has_entry && (k->elf.entry < start || k->elf.entry >= end))
		return build_fail(err, -XEN_EINVAL, "a kernel without a PV entry (Linux: built "
				  "without CONFIG_XEN_PV)");
	if (k->entry < start || k->entry >= end)
		return build_fail(err, -XEN_EINVAL, "its entry %#llx is outside the image "
				  "(%#llx-%#llx)", (unsigned long long)k->entry, start, end);
	if (k->hypercall_page != KERNEL_NONE &&
	    (k->hypercall_page & (PAGE_BYTES - 1) || k->hypercall_page < (start & -PAGE_BYTES) ||
	     k->hypercall_page >= end))
		return build_fail(err, -XEN_EINVAL, "its hypercall page %#llx is outside the image "
				  "(%#llx-%#llx)", (unsigned long long)k->hypercall_page, start, end);
	if (k->init_p2m != KERNEL_NONE &&
	    (k->init_p2m & (PAGE_BYTES - 1) ||
	     !kernel_range_usable(k->init_p2m, k->init_p2m + PAGE_BYTES - 1)))
		return build_fail(err, -XEN_EINVAL, "its INIT_P2M address %#llx is impossible",
				  (unsigned long long)k->init_p2m);
	return 0;
}

static int check_wishes(const struct wishes *w, struct build_error *err)
{
	if (!w->any && w->pvh_entry)
		return build_fail(err, -XEN_EINVAL, "a kernel for PVH only, without a PV entry "
				  "(Linux: built without CONFIG_XEN_PV)");
	if (!w->any)
		return build_fail(err, -XEN_EINVAL, "no PV kernel: it has no Xen ELF notes "
				  "(Linux: built without CONFIG_XEN_PV)");
	if (!strstr(w->xen_version, "xen-3.0"))
		return build_fail(err, -XEN_EINVAL, "made for '%s', not for xen-3.0",
				  w->xen_version);
	if (w->loader[0] && strcmp(w->loader, "generic"))
		return build_fail(err, -XEN_EINVAL, "it asks for the loader '%s', only 'generic' "
				  "is there", w->loader);
	if (w->pvh_entry && !w->has_entry && !w->has_base)
		return build_fail(err, -XEN_EINVAL, "a kernel for PVH only, without a PV entry "
				  "(Linux: built without CONFIG_XEN_PV)");
	if (w->has_offset && !w->has_base)
		return build_fail(err, -XEN_EINVAL, "its notes have PADDR_OFFSET without VIRT_BASE");
	return 0;
}

int kernel_open(struct kernel *k, const void *image, size_t size, struct build_error *err)
{
	struct wishes w = { 0 };
	const char *wrong;
	int result;

	*k = (struct kernel){ .hypercall_page = KERNEL_NONE, .init_p2m = KERNEL_NONE };
	if (!elf_has_magic(image, size))
		return build_fail(err, -XEN_EINVAL, "not an ELF image");
	wrong = elf_open(&k->elf, image, size);
	if (wrong)
		return build_fail(err, -XEN_EINVAL, "%s", wrong);
	read_notes(k, &w);
	if (!w.any)
		read_old_section(k, &w);
	result = check_wishes(&w, err);
	if (result)
		return result;
	if (!w.has_entry)
		k->entry = k->elf.entry;
	result = check_addresses(k, &w, err);
	return result ? result : check_overlaps(k, err);
}
