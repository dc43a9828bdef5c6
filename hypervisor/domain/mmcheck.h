/* SPDX-License-Identifier: MIT */
/* What mm_check() wants of the allocator. */
#pragma once

/** NULL, or what is wrong with the free blocks. */
const char *mm_check_free(void);
