/* SPDX-License-Identifier: MIT */
/*
 * Guest memory for worlds where a guest's address is a pointer of the test. What is copied out must
 * be initialised to the last byte: under MemorySanitizer a hole that the hypervisor
 * left in a structure ends the test.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

/** The first 4 GiB, where a test has nothing, fault; and so does this address. */
extern uint64_t guestmem_bad;

/** Ends the test when a byte of it was never set. Without MemorySanitizer it does nothing. */
void guestmem_check_initialised(const void *bytes, size_t len);
