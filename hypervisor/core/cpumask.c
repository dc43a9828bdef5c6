// SPDX-License-Identifier: MIT
/* How much of a set of CPUs is in use: see hv/cpumask.h. */
#include <hv/cpumask.h>

unsigned cpumask_words = 1;
