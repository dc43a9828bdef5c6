// SPDX-License-Identifier: MIT
/*
 * What interleaved.c tries: sources of the hypervisor, with a point at each access that other
 * CPUs see.
 */
#include "interleaved.h"

#include "../../../hypervisor/domain/pause.c"
#include "../../../hypervisor/domain/schedule.c"
#include "../../../hypervisor/domain/schedctl.c"
#include "../../../hypervisor/domain/schedmove.c"
#include "../../../hypervisor/domain/schedshare.c"
#include "../../../hypervisor/domain/schedwake.c"
#include "../../../hypervisor/domain/softtimer.c"
#include "../../../hypervisor/domain/timekeep.c"
#include "../../../hypervisor/domain/upcall.c"
#include "../../../hypervisor/domain/watchdog.c"
#include "../../../hypervisor/calls/sched_op.c"
