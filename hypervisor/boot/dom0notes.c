// SPDX-License-Identifier: MIT
/* What dom0's kernel says of itself: in ELF notes, or as kernels of long ago did in a section. */
#include "dom0notes.h"

#include <xen/elfnote.h>

#include <hv/check.h>
#include <hv/str.h>
#include <hv/types.h>

static bool note_u64(const struct elf *elf, uint32_t type, uint64_t *value)
{
	struct elf_note note;

	return elf_note_find(elf, "Xen", type, &note) && elf_note_u64(&note, value);
}

static bool read_notes(struct dom0_notes *n, const struct elf *elf)
{
	struct elf_note note;
	uint64_t v;

	if (!elf_note_find(elf, "Xen", XEN_ELFNOTE_XEN_VERSION, &note) &&
	    !elf_note_find(elf, "Xen", XEN_ELFNOTE_ENTRY, &note) &&
	    !elf_note_find(elf, "Xen", XEN_ELFNOTE_GUEST_OS, &note))
		return false;
	note_u64(elf, XEN_ELFNOTE_VIRT_BASE, &n->virt_base);
	note_u64(elf, XEN_ELFNOTE_PADDR_OFFSET, &n->elf_paddr_offset);
	note_u64(elf, XEN_ELFNOTE_ENTRY, &n->entry);
	n->has_hypercall_page = note_u64(elf, XEN_ELFNOTE_HYPERCALL_PAGE, &n->hypercall_page);
	n->has_init_p2m = note_u64(elf, XEN_ELFNOTE_INIT_P2M, &n->init_p2m);
	n->mod_start_pfn = note_u64(elf, XEN_ELFNOTE_MOD_START_PFN, &v) && v;
	return true;
}

/* NAME=number of the old section's text; false when it is not there. */
static bool old_u64(const char *text, const char *name, uint64_t *value)
{
	struct str_span rest = { text, str_len(text) }, pair;

	while (str_split(&rest, ',', &pair)) {
		const char *is = str_skip_prefix(pair.at, name), *end;

		if (is && *is == '=')
			return str_to_u64(is + 1, &end, 0, value);
	}
	return false;
}

/* What notes say now, kernels of long ago said in a section: NAME=VALUE,NAME=VALUE */
static void read_old_section(struct dom0_notes *n, const struct elf *elf)
{
	struct elf_section section;
	char text[512];
	uint64_t page;

	if (!elf_section_find(elf, "__xen_guest", &section) || section.type == ELF_SHT_NOBITS ||
	    !str_copy_span(text, sizeof(text), (struct str_span){
			   (const char *)elf->image + section.offset, section.size }))
		panic("dom0 kernel: no Xen notes, not a PV kernel");
	old_u64(text, "VIRT_BASE", &n->virt_base);
	n->elf_paddr_offset = n->virt_base;
	old_u64(text, "ELF_PADDR_OFFSET", &n->elf_paddr_offset);
	old_u64(text, "VIRT_ENTRY", &n->entry);
	n->has_hypercall_page = old_u64(text, "HYPERCALL_PAGE", &page) && page < 1UL << 52;
	n->hypercall_page = n->has_hypercall_page ? n->virt_base + (page << PAGE_SHIFT) : 0;
}

void dom0_notes_read(struct dom0_notes *n, const struct elf *elf)
{
	*n = (struct dom0_notes){ .entry = elf->entry };
	if (!read_notes(n, elf))
		read_old_section(n, elf);
}
