/* SPDX-License-Identifier: MIT */
/* The library's self-test guest: each test prints one TAP line on the console. */
#pragma once

#include <stdbool.h>

/** Prints "ok N - name" or "not ok N - name". */
void check(bool good, const char *name);

void test_memory(void);
void test_traps(void);
void test_threads(void);
void test_events(void);
void test_grants(void);
void test_files(void);
void test_cpus(void);
