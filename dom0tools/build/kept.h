/* SPDX-License-Identifier: MIT */
/*
 * The last kernel that was unpacked, kept as long as dom0 has room: who starts ten domains with the
 * same kernel waits once for its decompression, which is nearly all of the work. It is found again by
 * the packed bytes themselves, of which a copy is kept too. dom0 gets the memory back as soon as it
 * runs short.
 *
 *	kept_begin -> kept_add ... -> kept_complete		fills it, forgetting what was there
 *	kept_open -> kept_piece ... -> kept_close		reads it
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** From now on what kept_add() gets is kept, if half of dom0's memory stays free. */
void kept_begin(const void *packed, size_t bytes, size_t unpacked);
/** The next bytes that came out; without effect when there was no room, or it has been taken back. */
void kept_add(const void *data, size_t bytes);
/** All came out, and all checks have passed. */
void kept_complete(void);
/** Unless it is complete it is forgotten. */
void kept_end(void);

/** Whether this is what is kept; then it stays until kept_close(). */
bool kept_open(const void *packed, size_t bytes, size_t unpacked);
/** The bytes from `offset` on that lie together: their length, 0 at the end. */
size_t kept_piece(size_t offset, const uint8_t **piece);
void kept_close(void);
