/* SPDX-License-Identifier: MIT */
/*
 * A guest's console page. The guest is not trusted: impossible indices are an error
 * and the page is not looked at again by whoever gets it.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include <xen/xen.h>
#include <xen/io/console.h>

/** Takes up to n bytes that the guest has printed. Returns how many, or -XEN_EIO. */
long consring_take(struct xencons_interface *page, char *buf, size_t n);
/** Gives the guest up to n bytes of input. Returns how many it had room for, or -XEN_EIO. */
long consring_give(struct xencons_interface *page, const char *buf, size_t n);
