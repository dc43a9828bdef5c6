/* SPDX-License-Identifier: MIT */
/* The library's own stack switch under another name: fiber.c wraps it. */
#define thread_switch_stack thread_switch_raw
#include "../../../arch/x86_64/pvguest/switch.S"
