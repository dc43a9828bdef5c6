/* SPDX-License-Identifier: MIT */
/* The other CPUs stand still, between their guests and the hypervisor, with nothing half done. */
#pragma once

#include <hv/types.h>

/** Waits until all others stand. No lock may be held. False: another CPU has them stand already. */
bool cpus_hold(void);
/** Lets them go. */
void cpus_release(void);
/** Where the others stand: on the way out to a guest, CPU_WORK_HOLD is set. */
void cpu_stand(void);
