/* SPDX-License-Identifier: MIT */
/*
 * The shell's own handle to xenstore.
 */
#pragma once

#include "pvguest/xenbus.h"

/** The handle, opened on first use; NULL with a message on stderr when that fails. */
struct xs_handle *store_handle(void);
