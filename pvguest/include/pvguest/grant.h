/* SPDX-License-Identifier: MIT */
/*
 * Grant tables, version 1: giving other domains access to frames of ours, and
 * mapping or copying what they grant us. The table is set up on first use.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <xen/xen.h>
#include <xen/grant_table.h>

/** The first references are seeded by the tool stack (GNTTAB_RESERVED_CONSOLE, _XENSTORE). */
#define GRANT_FIRST_FREE GNTTAB_NR_RESERVED_ENTRIES

/** Lets `dom` map or copy our frame `mfn`. Returns the reference, or -XEN_ENOSPC. */
int grant_access(domid_t dom, unsigned long mfn, bool readonly);

/** Takes the grant back and frees the reference. -XEN_EBUSY while the other side has it mapped:
 * then nothing has changed. */
int grant_end(grant_ref_t ref);

/** Whether the other side has it mapped now. */
bool grant_is_mapped(grant_ref_t ref);

/** Maps n frames granted by `dom` side by side (prot: MAP_READ or MAP_RW). All or nothing:
 * NULL with errno set. End with grant_unmap(). */
void *grant_map(domid_t dom, const grant_ref_t *refs, size_t n, int prot);

/** Returns 0 or -XEN_Exxx of the first page that failed; the others are unmapped all the same. */
int grant_unmap(void *p, size_t n);

/** Lets the hypervisor copy; each op's status field has its result (GNTST_xxx). Returns 0 when
 * all succeeded, else -XEN_EIO (see the status fields) or the hypercall's error. */
int grant_copy(struct gnttab_copy *ops, size_t n);

/** "no grant at this reference" and so on for a GNTST_xxx value. */
const char *grant_status_text(int status);

/** References that grant_access() can still give out without growing the table. */
unsigned int grant_free_refs(void);
