/* SPDX-License-Identifier: MIT */
/* For the decoders' libraries: see runtime.c. */
#pragma once

#include <stdbool.h>

/** To be called before any of them. Returns false when the hypervisor refuses. */
bool runtime_prepare(void);
