/* SPDX-License-Identifier: MIT */
#pragma once

struct cpu;

/** Makes the CPU that calls it ready; c is its own, with id set, in its stack window. */
void cpu_init(struct cpu *c);
