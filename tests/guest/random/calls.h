/* SPDX-License-Identifier: MIT */
/* The families of random calls; each returns what the hypervisor answered. */
#pragma once

#include "random.h"

uint64_t any_flush(void);
uint64_t any_extra(void);
/** Every frame that is not of the start goes back. */
void give_back(void);
long random_mmu_update(void);
long random_va_mapping(void);
long random_mmuext(void);
long random_reservation(void);
long random_exchange(void);
long random_memory_op(void);
long random_descriptor(void);
long random_set_gdt(void);
long random_grant(void);
