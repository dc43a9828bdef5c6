/* SPDX-License-Identifier: MIT */
#include "xl/elf_maker.h"

#include <elf.h>
#include <stdlib.h>
#include <string.h>

#include <xen/elfnote.h>

enum { MAX_SEGMENTS = 66, HEADERS = sizeof(Elf64_Ehdr) + MAX_SEGMENTS * sizeof(Elf64_Phdr) };

static size_t append(struct elf_maker *m, const void *data, size_t size)
{
	size_t at = (m->size + 15) & ~15UL;

	m->image = realloc(m->image, at + size);
	memset(m->image + m->size, 0, at - m->size);
	if (data)
		memcpy(m->image + at, data, size);
	m->size = at + size;
	return at;
}

static void add_segment(struct elf_maker *m, const Elf64_Phdr *p)
{
	memcpy(m->image + sizeof(Elf64_Ehdr) + m->segments * sizeof(*p), p, sizeof(*p));
	m->segments++;
	((Elf64_Ehdr *)m->image)->e_phnum = m->segments;
}

void elf_make_begin(struct elf_maker *m, uint64_t entry)
{
	Elf64_Ehdr h = {
		.e_ident = { ELFMAG0, ELFMAG1, ELFMAG2, ELFMAG3, ELFCLASS64, ELFDATA2LSB, EV_CURRENT },
		.e_type = ET_EXEC,
		.e_machine = EM_X86_64,
		.e_version = EV_CURRENT,
		.e_entry = entry,
		.e_phoff = sizeof(h),
		.e_ehsize = sizeof(h),
		.e_phentsize = sizeof(Elf64_Phdr),
		.e_shentsize = sizeof(Elf64_Shdr),
	};

	*m = (struct elf_maker){ .size = HEADERS };
	m->image = calloc(1, HEADERS);
	memcpy(m->image, &h, sizeof(h));
}

void elf_make_load(struct elf_maker *m, uint64_t paddr, size_t filesz, uint64_t memsz, uint8_t fill)
{
	size_t at = append(m, NULL, filesz);
	Elf64_Phdr p = {
		.p_type = PT_LOAD,
		.p_flags = PF_R | PF_W | PF_X,
		.p_offset = at,
		.p_vaddr = paddr,
		.p_paddr = paddr,
		.p_filesz = filesz,
		.p_memsz = memsz,
		.p_align = 1,
	};

	memset(m->image + at, fill, filesz);
	add_segment(m, &p);
}

static void add_note(struct elf_maker *m, uint32_t type, const void *desc, uint32_t size)
{
	Elf64_Nhdr n = { .n_namesz = 4, .n_descsz = size, .n_type = type };
	uint8_t *to = m->notes + m->notes_size;

	memcpy(to, &n, sizeof(n));
	memcpy(to + sizeof(n), "Xen", 4);
	memcpy(to + sizeof(n) + 4, desc, size);
	m->notes_size += sizeof(n) + 4 + ((size + 3) & ~3U);
}

void elf_make_note_number(struct elf_maker *m, uint32_t type, uint64_t value)
{
	add_note(m, type, &value, sizeof(value));
}

void elf_make_note_text(struct elf_maker *m, uint32_t type, const char *text)
{
	add_note(m, type, text, strlen(text) + 1);
}

void elf_make_common_notes(struct elf_maker *m)
{
	elf_make_note_text(m, XEN_ELFNOTE_GUEST_OS, "test");
	elf_make_note_text(m, XEN_ELFNOTE_XEN_VERSION, "xen-3.0");
	elf_make_note_text(m, XEN_ELFNOTE_LOADER, "generic");
}

void elf_make_end(struct elf_maker *m)
{
	size_t at = append(m, m->notes, m->notes_size);
	Elf64_Phdr p = {
		.p_type = PT_NOTE,
		.p_offset = at,
		.p_filesz = m->notes_size,
		.p_memsz = m->notes_size,
		.p_align = 4,
	};

	if (m->notes_size)
		add_segment(m, &p);
}

void elf_make_end_old(struct elf_maker *m, const char *pairs)
{
	static const char names[] = "\0__xen_guest\0.shstrtab";
	size_t text = append(m, pairs, strlen(pairs) + 1);
	size_t strings = append(m, names, sizeof(names));
	Elf64_Shdr s[3] = {
		{ .sh_type = SHT_NULL },
		{ .sh_name = 1, .sh_type = SHT_PROGBITS, .sh_offset = text,
		  .sh_size = strlen(pairs) + 1 },
		{ .sh_name = 13, .sh_type = SHT_STRTAB, .sh_offset = strings,
		  .sh_size = sizeof(names) },
	};
	size_t table = append(m, s, sizeof(s));
	Elf64_Ehdr *h = (Elf64_Ehdr *)m->image;

	h->e_shoff = table;
	h->e_shnum = 3;
	h->e_shstrndx = 2;
}

void elf_make_free(struct elf_maker *m)
{
	free(m->image);
	m->image = NULL;
}
