// SPDX-License-Identifier: MIT
/*
 * Reads ELF images for whoever loads one: the UEFI application (the hypervisor), the hypervisor
 * (dom0), dom0's domain builder (every guest). The image comes from a user or a disk, so each
 * offset is checked before it is followed, by subtraction, which cannot wrap.
 */
#include "hv/elf.h"

#include <xen/elfnote.h>

#include "hv/mem.h"
#include "hv/str.h"

/* The file's own structures (ELF-64 Object File Format, sections 3 to 7). */
struct file_header {
	uint8_t ident[16];
	uint16_t type, machine;
	uint32_t version;
	uint64_t entry, phoff, shoff;
	uint32_t flags;
	uint16_t ehsize, phentsize, phnum, shentsize, shnum, shstrndx;
};

struct program_header {
	uint32_t type, flags;
	uint64_t offset, vaddr, paddr, filesz, memsz, align;
};

struct section_header {
	uint32_t name, type;
	uint64_t flags, addr, offset, size;
	uint32_t link, info;
	uint64_t addralign, entsize;
};

struct note_header {
	uint32_t namesz, descsz, type;
};

_Static_assert(sizeof(struct file_header) == 64, "ELF");
_Static_assert(sizeof(struct program_header) == 56, "ELF");
_Static_assert(sizeof(struct section_header) == 64, "ELF");
_Static_assert(sizeof(struct note_header) == 12, "ELF");

#define IDENT_CLASS	4
#define IDENT_DATA	5
#define IDENT_VERSION	6
#define CLASS_64	2
#define DATA_LITTLE	1
#define MACHINE_X86_64	62
#define TYPE_EXEC	2
#define TYPE_DYN	3
#define PHNUM_ESCAPE	0xffff	/* "look in section 0" */

static const uint8_t magic[4] = { 0x7f, 'E', 'L', 'F' };

/* True when [offset, offset + length) lies inside size bytes. */
static bool is_inside(uint64_t offset, uint64_t length, uint64_t size)
{
	return offset <= size && length <= size - offset;
}

bool elf_has_magic(const void *image, size_t size)
{
	return size >= sizeof(magic) && memcmp(image, magic, sizeof(magic)) == 0;
}

static const char *check_header(const struct file_header *h)
{
	if (h->ident[IDENT_CLASS] != CLASS_64)
		return "not a 64-bit ELF image";
	if (h->ident[IDENT_DATA] != DATA_LITTLE || h->ident[IDENT_VERSION] != 1 || h->version != 1)
		return "ELF header has an unknown byte order or version";
	if (h->machine != MACHINE_X86_64)
		return "ELF image is not for x86-64";
	if (h->type != TYPE_EXEC && h->type != TYPE_DYN)
		return "ELF image is not an executable";
	if (h->phnum == 0 || h->phnum == PHNUM_ESCAPE)
		return "ELF image has no program headers";
	if (h->phentsize != sizeof(struct program_header))
		return "ELF program headers have a wrong size";
	return NULL;
}

static const char *check_segment(const struct elf *elf, const struct elf_segment *s)
{
	if (s->type == ELF_PT_NULL)
		return NULL;
	if (!is_inside(s->offset, s->filesz, elf->size))
		return "ELF segment reaches beyond the end of the file";
	if (s->type != ELF_PT_LOAD)
		return NULL;
	if (s->filesz > s->memsz)
		return "ELF segment is larger in the file than in memory";
	if (s->memsz > UINT64_MAX - s->vaddr || s->memsz > UINT64_MAX - s->paddr)
		return "ELF segment wraps around the end of the address space";
	return NULL;
}

/* A broken section table is no reason to refuse: nothing is loaded from it. */
static void open_sections(struct elf *elf, const struct file_header *h)
{
	uint64_t bytes = (uint64_t)h->shnum * sizeof(struct section_header);

	if (h->shnum == 0 || h->shentsize != sizeof(struct section_header))
		return;
	if (!is_inside(h->shoff, bytes, elf->size))
		return;
	elf->sections = h->shnum;
	elf->section_table = h->shoff;
	elf->section_names = h->shstrndx;
}

const char *elf_open(struct elf *elf, const void *image, size_t size)
{
	struct file_header h;
	const char *fault;

	memset(elf, 0, sizeof(*elf));
	if (!elf_has_magic(image, size))
		return "not an ELF image";
	if (size < sizeof(h))
		return "ELF header is cut off";
	memcpy(&h, image, sizeof(h));
	fault = check_header(&h);
	if (fault != NULL)
		return fault;
	if (!is_inside(h.phoff, (uint64_t)h.phnum * sizeof(struct program_header), size))
		return "ELF program headers reach beyond the end of the file";
	elf->image = image;
	elf->size = size;
	elf->entry = h.entry;
	elf->type = h.type;
	elf->segments = h.phnum;
	elf->segment_table = h.phoff;
	open_sections(elf, &h);

	bool loads = false;

	for (unsigned i = 0; i < elf->segments; i++) {
		struct elf_segment s;

		elf_segment_get(elf, i, &s);
		fault = check_segment(elf, &s);
		if (fault != NULL)
			return fault;
		loads |= s.type == ELF_PT_LOAD && s.memsz > 0;
	}
	return loads ? NULL : "ELF image has nothing to load";
}

void elf_segment_get(const struct elf *elf, unsigned index, struct elf_segment *segment)
{
	struct program_header p;

	memcpy(&p, elf->image + elf->segment_table + (size_t)index * sizeof(p), sizeof(p));
	*segment = (struct elf_segment){
		.type = p.type, .flags = p.flags, .offset = p.offset, .vaddr = p.vaddr,
		.paddr = p.paddr, .filesz = p.filesz, .memsz = p.memsz, .align = p.align,
	};
}

bool elf_load_next(const struct elf *elf, unsigned *index, struct elf_segment *segment)
{
	while (*index < elf->segments) {
		elf_segment_get(elf, (*index)++, segment);
		if (segment->type == ELF_PT_LOAD && segment->memsz > 0)
			return true;
	}
	return false;
}

const uint8_t *elf_segment_data(const struct elf *elf, const struct elf_segment *segment)
{
	return elf->image + segment->offset;
}

static void read_section(const struct elf *elf, unsigned index, struct section_header *s)
{
	memcpy(s, elf->image + elf->section_table + (size_t)index * sizeof(*s), sizeof(*s));
}

/* A name in the section of names; "" when it is not ended inside it, or too long. */
static const char *section_name(const struct elf *elf, uint32_t at)
{
	struct section_header names;

	if (elf->section_names == 0 || elf->section_names >= elf->sections)
		return "";
	read_section(elf, elf->section_names, &names);
	if (names.type != ELF_SHT_STRTAB || !is_inside(names.offset, names.size, elf->size) ||
	    at >= names.size)
		return "";

	const char *name = (const char *)elf->image + names.offset + at;
	size_t room = names.size - at;

	if (room > ELF_NAME_MAX + 1)
		room = ELF_NAME_MAX + 1;
	return str_nlen(name, room) < room ? name : "";
}

bool elf_section_get(const struct elf *elf, unsigned index, struct elf_section *section)
{
	struct section_header s;

	if (index >= elf->sections)
		return false;
	read_section(elf, index, &s);
	if (s.type != ELF_SHT_NOBITS && !is_inside(s.offset, s.size, elf->size))
		return false;
	*section = (struct elf_section){
		.name = section_name(elf, s.name), .type = s.type, .link = s.link,
		.flags = s.flags, .addr = s.addr, .offset = s.offset, .size = s.size,
		.entsize = s.entsize,
	};
	return true;
}

bool elf_section_find(const struct elf *elf, const char *name, struct elf_section *section)
{
	for (unsigned i = 1; i < elf->sections; i++) {
		if (elf_section_get(elf, i, section) && str_equal(section->name, name))
			return true;
	}
	return false;
}

/* The bytes of notes that a walk stands in. */
struct note_area {
	uint64_t offset, size;
};

static bool segment_area(const struct elf *elf, unsigned index, struct note_area *area)
{
	struct elf_segment s;

	elf_segment_get(elf, index, &s);
	*area = (struct note_area){ s.offset, s.filesz };
	return s.type == ELF_PT_NOTE;
}

static bool section_area(const struct elf *elf, unsigned index, struct note_area *area)
{
	struct elf_section s;

	if (!elf_section_get(elf, index, &s) || s.type != ELF_SHT_NOTE)
		return false;
	*area = (struct note_area){ s.offset, s.size };
	return true;
}

static bool has_note_segment(const struct elf *elf)
{
	struct note_area area;

	for (unsigned i = 0; i < elf->segments; i++) {
		if (segment_area(elf, i, &area))
			return true;
	}
	return false;
}

/*
 * Notes go by 4 bytes, whatever their segment's alignment says: Xen reads them so, and images exist
 * (GRUB's) that claim 8.
 */
static uint64_t note_align(uint64_t n)
{
	return (n + 3) & ~UINT64_C(3);
}

/* Reads the note at *at of the area and moves *at behind it. False ends the area. */
static bool read_note(const struct elf *elf, const struct note_area *area, uint64_t *at,
		      struct elf_note *note)
{
	const uint8_t *base = elf->image + area->offset;
	struct note_header h;

	if (!is_inside(*at, sizeof(h), area->size))
		return false;
	memcpy(&h, base + *at, sizeof(h));

	uint64_t name = *at + sizeof(h);
	uint64_t desc = note_align(name + h.namesz);

	if (!is_inside(name, h.namesz, area->size) || !is_inside(desc, h.descsz, area->size))
		return false;
	if (h.namesz > 0 && base[name + h.namesz - 1] != '\0')
		return false;
	note->owner = h.namesz > 0 ? (const char *)base + name : "";
	note->type = h.type;
	note->desc = base + desc;
	note->desc_size = h.descsz;
	*at = note_align(desc + h.descsz);
	return true;
}

bool elf_note_next(const struct elf *elf, struct elf_note_walk *walk, struct elf_note *note)
{
	struct note_area area;

	if (walk->seen++ >= ELF_NOTES_MAX)
		return false;
	for (; !walk->in_sections && walk->index < elf->segments; walk->index++, walk->at = 0) {
		if (segment_area(elf, walk->index, &area) &&
		    read_note(elf, &area, &walk->at, note))
			return true;
	}
	if (!walk->in_sections) {
		walk->in_sections = true;
		walk->at = 0;
		walk->index = has_note_segment(elf) ? elf->sections : 0;
	}
	for (; walk->index < elf->sections; walk->index++, walk->at = 0) {
		if (section_area(elf, walk->index, &area) &&
		    read_note(elf, &area, &walk->at, note))
			return true;
	}
	return false;
}

bool elf_note_find(const struct elf *elf, const char *owner, uint32_t type, struct elf_note *note)
{
	struct elf_note_walk walk = { 0 };

	while (elf_note_next(elf, &walk, note)) {
		if (note->type == type && str_equal(note->owner, owner))
			return true;
	}
	return false;
}

bool elf_note_u64(const struct elf_note *note, uint64_t *value)
{
	uint32_t half;

	if (note->desc_size == sizeof(*value)) {
		memcpy(value, note->desc, sizeof(*value));
		return true;
	}
	if (note->desc_size != sizeof(half))
		return false;
	memcpy(&half, note->desc, sizeof(half));
	*value = half;
	return true;
}

const char *elf_note_text(const struct elf_note *note)
{
	const char *text = (const char *)note->desc;

	return str_nlen(text, note->desc_size) < note->desc_size ? text : NULL;
}

/* PHYS32_ENTRY alone makes a PVH kernel, which is entered in quite another way. */
bool elf_is_xen_kernel(const struct elf *elf)
{
	struct elf_note_walk walk = { 0 };
	struct elf_section section;
	struct elf_note note;

	while (elf_note_next(elf, &walk, &note)) {
		if (str_equal(note.owner, "Xen") && note.type >= XEN_ELFNOTE_ENTRY &&
		    note.type < XEN_ELFNOTE_PHYS32_ENTRY)
			return true;
	}
	return elf_section_find(elf, "__xen_guest", &section);
}
