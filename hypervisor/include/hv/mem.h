/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * The four memory functions that a compiler may call by itself. Where there is a C library they
 * are the library's; the hypervisor and the UEFI application bring lib/mem.c.
 */
#include <stddef.h>

void *memcpy(void *restrict to, const void *restrict from, size_t n);
void *memmove(void *to, const void *from, size_t n);
void *memset(void *to, int byte, size_t n);
int memcmp(const void *a, const void *b, size_t n);
