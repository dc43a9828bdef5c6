/* SPDX-License-Identifier: MIT */
/* Names of the guest's own functions, for the crash dump. */
#pragma once

#include <stdint.h>

/** The function that addr lies in, and how far into it; NULL when it lies in none, or the image was
 * linked without the table that link.sh makes. */
const char *symbol_find(uint64_t addr, uint64_t *offset);
