/* SPDX-License-Identifier: MIT */
/*
 * What is common to the formats: which one it is, pieces of bounded size, the sum of them, and
 * words for what goes wrong.
 */
#include "build/unpack.h"

#include <stdlib.h>
#include <string.h>

#include <xen/xen.h>
#include <xen/errno.h>

#include "build/kept.h"
#include "build/runtime.h"
#include "build/unpackformat.h"

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

static const struct unpack_ops *const formats[] = {
	&unpack_xz, &unpack_gzip, &unpack_zstd, &unpack_lz4, &unpack_lzma,
};

static const struct unpack_ops *find_format(const void *packed, size_t bytes)
{
	for (unsigned i = 0; i < ARRAY_SIZE(formats); i++)
		if (bytes >= formats[i]->magic_bytes &&
		    !memcmp(packed, formats[i]->magic, formats[i]->magic_bytes))
			return formats[i];
	return NULL;
}

const char *unpack_format(const void *packed, size_t bytes)
{
	const struct unpack_ops *ops = find_format(packed, bytes);

	return ops ? ops->name : NULL;
}

static unsigned long long mib(size_t bytes)
{
	return (bytes >> 20) + !!(bytes & 0xfffff);
}

static int fail(const struct unpack *u, int code, struct build_error *err)
{
	const char *name = u->ops->name;

	if (code == -XEN_ENOMEM)
		return build_fail(err, code, "dom0 has not enough memory to unpack the kernel "
				  "(%s, %llu MiB unpacked)", name, mib(u->unpacked));
	if (code == -XEN_ENODATA)
		return build_fail(err, -XEN_EINVAL, "its %s data is truncated: it ends after %zu of "
				  "%zu bytes", name, u->made, u->unpacked);
	return build_fail(err, -XEN_EINVAL, "its %s data is corrupted, noticed after %zu of %zu bytes",
			  name, u->made, u->unpacked);
}

/* What was unpacked before, as one more format. */
static long next_kept(struct unpack *u, const uint8_t **piece)
{
	return kept_piece(u->made, piece);
}

static void close_kept(struct unpack *u)
{
	(void)u;
	kept_close();
}

static const struct unpack_ops unpack_kept = {
	.name = "kept", .next = next_kept, .close = close_kept,
};

struct unpack *unpack_open(const void *packed, size_t bytes, size_t unpacked,
			   struct build_error *err)
{
	const struct unpack_ops *ops = find_format(packed, bytes);
	struct unpack *u;

	if (!ops) {
		build_fail(err, -XEN_EOPNOTSUPP, "compressed in a format that is not known: xz, gzip, "
			   "zstd, lz4 and lzma are");
		return NULL;
	}
	u = calloc(1, sizeof(*u));
	if (!u) {
		build_fail(err, -XEN_ENOMEM, "dom0 has not enough memory to unpack the kernel");
		return NULL;
	}
	*u = (struct unpack){ .ops = ops, .in = packed, .in_left = bytes, .unpacked = unpacked };
	if (kept_open(packed, bytes, unpacked)) {
		u->ops = &unpack_kept;
		return u;
	}
	if (!runtime_prepare() || ops->open(u)) {
		fail(u, -XEN_ENOMEM, err);
		free(u);
		return NULL;
	}
	kept_begin(packed, bytes, unpacked);
	return u;
}

bool unpack_is_kept(const struct unpack *u)
{
	return u->ops == &unpack_kept;
}

/* Asks the format for more. Returns 0 when there is no more. */
static long refill(struct unpack *u, struct build_error *err)
{
	long n = u->ops->next(u, &u->ready);

	if (n < 0)
		return fail(u, n, err);
	if ((size_t)n > u->unpacked - u->made)
		return build_fail(err, -XEN_EINVAL, "it unpacks to more than the %zu bytes that it says",
				  u->unpacked);
	u->made += n;
	u->ready_bytes = n;
	if (!n && u->made != u->unpacked)
		return fail(u, -XEN_ENODATA, err);
	if (unpack_is_kept(u))
		return n;
	if (n)
		kept_add(u->ready, n);
	else
		kept_complete();
	return n;
}

long unpack_next(struct unpack *u, const uint8_t **piece, struct build_error *err)
{
	size_t n;

	if (!u->ready_bytes) {
		long result = refill(u, err);

		if (result <= 0)
			return result;
	}
	n = u->ready_bytes < UNPACK_PIECE ? u->ready_bytes : UNPACK_PIECE;
	*piece = u->ready;
	u->ready += n;
	u->ready_bytes -= n;
	return n;
}

void unpack_close(struct unpack *u)
{
	if (!u)
		return;
	u->ops->close(u);
	kept_end();
	free(u);
}
