/* SPDX-License-Identifier: MIT */
/*
 * A stand-in for an ELF image that is not in memory as a whole: its header, its program headers with
 * no contents, and its notes. What reads addresses and notes can work on it. Pure.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "build/error.h"

#include <hv/elf.h>

struct digest {
	struct elf elf;		/* of the head, with the file's own offsets */
	uint8_t *bytes;		/* the ELF image to use instead */
	size_t size;
	size_t notes_end;	/* bytes of the file that are needed until all notes are there */
};

/**
 * Begins with the first bytes of a file of file_size bytes; head must stay in place. Returns 0, or
 * -XEN_EINVAL or -XEN_ENOMEM with err filled.
 */
int digest_open(struct digest *d, const void *head, size_t head_bytes, size_t file_size,
		struct build_error *err);

/** Shows it the file's bytes from `offset` on; it takes the notes that are among them. */
void digest_add(struct digest *d, size_t offset, const void *data, size_t bytes);

/** May be called for one whose opening failed, or twice. */
void digest_close(struct digest *d);
