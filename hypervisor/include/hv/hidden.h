/* SPDX-License-Identifier: MIT */
/*
 * Included before everything else in the hypervisor: all of it is one image, so no
 * name, declared or defined, needs the detour of a global offset table
 * (-fvisibility=hidden says that of definitions only).
 */
#pragma GCC visibility push(hidden)
