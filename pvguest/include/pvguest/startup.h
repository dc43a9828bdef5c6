/* SPDX-License-Identifier: MIT */
/* Start-up functions that only start.c calls, in this order. */
#pragma once

struct start_info;

void memory_init(const struct start_info *si);
