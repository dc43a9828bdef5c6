/* SPDX-License-Identifier: MIT */
/*
 * Guest memory for worlds where a guest's address is a pointer of the test. What is copied out must
 * be initialised (initialised.h).
 */
#pragma once

#include <stdint.h>

/** The first 4 GiB, where a test has nothing, fault; and so does this address. */
extern uint64_t guestmem_bad;
