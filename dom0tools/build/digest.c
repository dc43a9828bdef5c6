/* SPDX-License-Identifier: MIT */
/*
 * Layout of the stand-in, with the structures of the ELF-64 format:
 *
 *	file header | program headers | contents of the first PT_NOTE | of the second | ...
 *
 * Segments to be loaded keep their addresses and sizes in memory and have no contents.
 */
#include "build/digest.h"

#include <elf.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include <xen/xen.h>
#include <xen/errno.h>

enum { MAX_NOTES = 1 << 20 };	/* bytes; Linux has 500 */

static int refuse(const char *why, struct build_error *err)
{
	return build_fail(err, -XEN_EINVAL, "%s", why);
}

/* Copies the headers in such a way that they hold for the stand-in. */
static void write_headers(struct digest *d)
{
	Elf64_Ehdr h;
	size_t at = sizeof(h) + d->elf.segments * sizeof(Elf64_Phdr);

	memcpy(&h, d->elf.image, sizeof(h));
	h.e_phoff = sizeof(h);
	h.e_shoff = h.e_shnum = h.e_shstrndx = 0;
	memcpy(d->bytes, &h, sizeof(h));
	for (unsigned i = 0; i < d->elf.segments; i++) {
		Elf64_Phdr p;

		memcpy(&p, d->elf.image + d->elf.segment_table + i * sizeof(p), sizeof(p));
		p.p_offset = 0;
		if (p.p_type == PT_NOTE) {
			p.p_offset = at;
			at += p.p_filesz;
		} else {
			p.p_filesz = 0;
		}
		memcpy(d->bytes + sizeof(h) + i * sizeof(p), &p, sizeof(p));
	}
}

/* Where the notes end in the file, and how many bytes they are. */
static bool measure_notes(struct digest *d, size_t *bytes)
{
	*bytes = 0;
	for (unsigned i = 0; i < d->elf.segments; i++) {
		struct elf_segment s;

		elf_segment_get(&d->elf, i, &s);
		if (s.type != ELF_PT_NOTE)
			continue;
		if (s.filesz > MAX_NOTES - *bytes)
			return false;
		*bytes += s.filesz;
		if (s.offset + s.filesz > d->notes_end)
			d->notes_end = s.offset + s.filesz;
	}
	return true;
}

int digest_open(struct digest *d, const void *head, size_t head_bytes, size_t file_size,
		struct build_error *err)
{
	const char *wrong;
	size_t notes;
	Elf64_Ehdr h;

	*d = (struct digest){ 0 };
	if (!elf_has_magic(head, head_bytes))
		return refuse("what is packed in it is not an ELF image", err);
	if (head_bytes < sizeof(h))
		return refuse("ELF header is cut off", err);
	memcpy(&h, head, sizeof(h));
	if (h.e_phoff > head_bytes ||
	    h.e_phnum * sizeof(Elf64_Phdr) > head_bytes - h.e_phoff)
		return refuse("ELF program headers are not at the beginning of the file", err);
	wrong = elf_open(&d->elf, head, file_size);
	if (wrong)
		return refuse(wrong, err);
	if (!measure_notes(d, &notes))
		return refuse("its notes are longer than 1 MiB", err);
	d->size = sizeof(h) + d->elf.segments * sizeof(Elf64_Phdr) + notes;
	d->bytes = calloc(1, d->size);
	if (!d->bytes)
		return build_fail(err, -XEN_ENOMEM, "dom0 has not enough memory for the kernel's notes");
	write_headers(d);
	return 0;
}

void digest_add(struct digest *d, size_t offset, const void *data, size_t bytes)
{
	const uint8_t *from = data;
	size_t at = sizeof(Elf64_Ehdr) + d->elf.segments * sizeof(Elf64_Phdr);

	for (unsigned i = 0; i < d->elf.segments; i++) {
		struct elf_segment s;
		size_t start, end;

		elf_segment_get(&d->elf, i, &s);
		if (s.type != ELF_PT_NOTE)
			continue;
		start = s.offset > offset ? s.offset : offset;
		end = s.offset + s.filesz < offset + bytes ? s.offset + s.filesz : offset + bytes;
		if (start < end)
			memcpy(d->bytes + at + (start - s.offset), from + (start - offset),
			       end - start);
		at += s.filesz;
	}
}

void digest_close(struct digest *d)
{
	free(d->bytes);
	*d = (struct digest){ 0 };
}
