/* SPDX-License-Identifier: MIT */
/*
 * The pieces go by in the file's order. Up to the last note they are shown to the digest and
 * kept; then the domain is made, and they and all later ones are cut along the segments and handed
 * on. A file without Xen notes in its segments is unpacked as a whole, as its sections may make it
 * a PV kernel.
 */
#include "build/image.h"

#include <stdlib.h>
#include <string.h>

#include <xen/xen.h>
#include <xen/errno.h>

#include "pvguest/thread.h"

struct image_piece {
	struct image_piece *next;
	struct pages pages;
	size_t bytes;
};

static void drop_pieces(struct image *im)
{
	while (im->first) {
		struct image_piece *p = im->first;

		im->first = p->next;
		pages_free(&p->pages);
		free(p);
	}
	im->last = NULL;
}

/* Room is a convenience: without it all is dropped, and unpacked again later. */
static void keep_piece(struct image *im, const uint8_t *data, size_t bytes)
{
	struct image_piece *p = im->keep ? calloc(1, sizeof(*p)) : NULL;

	if (!p || !pages_alloc(&p->pages, bytes)) {
		free(p);
		im->keep = false;
		drop_pieces(im);
		return;
	}
	memcpy(p->pages.at, data, bytes);
	p->bytes = bytes;
	if (im->last)
		im->last->next = p;
	else
		im->first = p;
	im->last = p;
}

static int out_of_memory(struct build_error *err)
{
	return build_fail(err, -XEN_ENOMEM, "dom0 has not enough memory to unpack the kernel");
}

static int copy_head(struct image *im, const uint8_t *data, size_t bytes, struct build_error *err)
{
	if (!pages_alloc(&im->head, bytes))
		return out_of_memory(err);
	memcpy(im->head.at, data, bytes);
	return digest_open(&im->digest, im->head.at, bytes, im->payload.unpacked, err);
}

static int read_to_notes(struct image *im, struct build_error *err)
{
	const uint8_t *data;
	int result = 0;

	do {
		long n = unpack_next(im->unpack, &data, err);

		if (n <= 0)
			return n ? n : build_fail(err, -XEN_EINVAL, "its notes are missing");
		if (!im->seen)
			result = copy_head(im, data, n, err);
		if (result)
			return result;
		keep_piece(im, data, n);
		digest_add(&im->digest, im->seen, data, n);
		im->seen += n;
		thread_yield();
	} while (im->seen < im->digest.notes_end);
	return 0;
}

static int start_again(struct image *im, struct build_error *err)
{
	const struct payload *p = &im->payload;

	unpack_close(im->unpack);
	im->unpack = unpack_open(p->packed, p->bytes, p->unpacked, err);
	im->seen = 0;
	return im->unpack ? 0 : -XEN_ENOMEM;
}

/* Into dom0's memory, to the last byte. */
static int unpack_whole(struct image *im, struct build_error *err)
{
	int result = start_again(im, err);
	const uint8_t *data;
	long n;

	if (result)
		return result;
	while ((n = unpack_next(im->unpack, &data, err)) > 0) {
		memcpy(im->whole.at + im->seen, data, n);
		im->seen += n;
		thread_yield();
	}
	unpack_close(im->unpack);
	im->unpack = NULL;
	return n;
}

/*
 * No Xen notes are in the segments. What else makes a PV kernel is a section, and where those
 * are stands at the end of the file; so it is a file like a plain one from here on. The refusal
 * stands when dom0 has no room.
 */
static int open_whole(struct image *im, int refusal, struct build_error *err)
{
	int result;

	drop_pieces(im);
	if (!pages_alloc(&im->whole, im->payload.unpacked))
		return refusal;
	result = unpack_whole(im, err);
	return result ? result : kernel_open(&im->kernel, im->whole.at, im->seen, err);
}

static int open_packed(struct image *im, uint64_t memory_bytes, struct build_error *err)
{
	struct payload *p = &im->payload;
	int result;

	if (p->unpacked > memory_bytes)
		return build_fail(err, -XEN_ENOMEM, "it unpacks to %llu MiB, the domain has %llu MiB",
				  (unsigned long long)(p->unpacked >> 20) + 1,
				  (unsigned long long)memory_bytes >> 20);
	im->unpack = unpack_open(p->packed, p->bytes, p->unpacked, err);
	if (!im->unpack)
		return -XEN_EINVAL;
	im->keep = !unpack_is_kept(im->unpack);
	result = read_to_notes(im, err);
	if (result)
		return result;
	result = kernel_open(&im->kernel, im->digest.bytes, im->digest.size, err);
	if (result && im->digest.elf.sections && !elf_is_xen_kernel(&im->kernel.elf))
		result = open_whole(im, result, err);
	return result;
}

int image_open(struct image *im, const void *file, size_t size, uint64_t memory_bytes,
	       struct build_error *err)
{
	const char *format = unpack_format(file, size);
	int result;

	*im = (struct image){ 0 };
	if (bzimage_has_magic(file, size))
		result = bzimage_payload(&im->payload, file, size, err);
	else if (format && !strcmp(format, "gzip"))
		result = gzip_payload(&im->payload, file, size, err);
	else
		return kernel_open(&im->kernel, file, size, err);
	return result ? result : open_packed(im, memory_bytes, err);
}

/* The bytes from `offset` on, to wherever segments want them. */
static int put_piece(const struct image *im, size_t offset, const uint8_t *data, size_t bytes,
		     image_put put, void *ctx)
{
	struct elf_segment s;
	unsigned i = 0;
	int result = 0;

	while (!result && elf_load_next(&im->digest.elf, &i, &s)) {
		size_t start = s.offset > offset ? s.offset : offset;
		size_t end = s.offset + s.filesz < offset + bytes ? s.offset + s.filesz :
								    offset + bytes;

		if (start < end)
			result = put(ctx, kernel_virt(&im->kernel, s.paddr) + (start - s.offset),
				     data + (start - offset), end - start);
	}
	return result;
}

static int put_kept(struct image *im, image_put put, void *ctx)
{
	struct image_piece *p;
	size_t offset = 0;
	int result = 0;

	for (p = im->first; p && !result; p = p->next) {
		result = put_piece(im, offset, p->pages.at, p->bytes, put, ctx);
		offset += p->bytes;
		thread_yield();
	}
	drop_pieces(im);
	return result;
}

static int write_packed(struct image *im, image_put put, void *ctx, struct build_error *err)
{
	const uint8_t *data;
	int result = im->keep ? put_kept(im, put, ctx) : start_again(im, err);

	while (!result) {
		long n = unpack_next(im->unpack, &data, err);

		if (n <= 0)
			return n;
		result = put_piece(im, im->seen, data, n, put, ctx);
		im->seen += n;
		thread_yield();
	}
	return result;
}

static int write_plain(const struct image *im, image_put put, void *ctx)
{
	const struct elf *elf = &im->kernel.elf;
	struct elf_segment s;
	unsigned i = 0;
	int result = 0;

	while (!result && elf_load_next(elf, &i, &s)) {
		result = put(ctx, kernel_virt(&im->kernel, s.paddr), elf_segment_data(elf, &s),
			     s.filesz);
		thread_yield();
	}
	return result;
}

int image_write(struct image *im, image_put put, void *ctx, struct build_error *err)
{
	return im->unpack ? write_packed(im, put, ctx, err) : write_plain(im, put, ctx);
}

void image_close(struct image *im)
{
	unpack_close(im->unpack);
	im->unpack = NULL;
	drop_pieces(im);
	digest_close(&im->digest);
	pages_free(&im->head);
	pages_free(&im->whole);
}
