/* SPDX-License-Identifier: MIT */
#pragma once

#include <hv/types.h>

/** Finds the widths out; on the first CPU. */
void topology_init(void);
/** The socket, and the core of that socket, that an APIC id stands for. */
void topology_place(uint32_t apic_id, uint32_t *socket, uint32_t *core);
