/* SPDX-License-Identifier: MIT */
/*
 * The one place where Xen's error numbers and the C library's meet. They differ
 * (ENOSYS is 38 in Xen, 88 in newlib), so inside the library only XEN_E names
 * are used, and a function with a C library interface converts at its edge.
 */
#pragma once

/** The C library's errno value for -XEN_Exxx or XEN_Exxx (either sign); 0 for 0.
 * Numbers that have no counterpart become EIO. */
int errno_from_xen(long xen);

/** XEN_Exxx, positive, for an errno value; numbers that have no counterpart become XEN_EIO. */
int errno_to_xen(int err);

/** "ENOENT" for XEN_ENOENT (either sign); "E?" for a number that is not in <xen/errno.h>. */
const char *errno_xen_name(long xen);

/** The positive XEN_Exxx number for a name such as "ENOENT"; 0 when unknown. */
int errno_xen_number(const char *name);

/** A sentence fragment for -XEN_Exxx or XEN_Exxx, in lower case: "no such file or directory". */
const char *errno_xen_text(long xen);
