/* SPDX-License-Identifier: MIT */
#pragma once
/* What every fuzz target has: the entry that libFuzzer calls, and a check that stops it. */
#include <stddef.h>
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define FUZZ_CHECK(condition) do { if (!(condition)) __builtin_trap(); } while (0)

/* Keeps the compiler from leaving out reads whose sum nobody needs. */
#define FUZZ_USE(value) __asm__ volatile("" : : "r"((uint64_t)(value)))
