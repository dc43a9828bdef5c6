/* SPDX-License-Identifier: MIT */
/* Event channels by hand, with the 2-level ABI: no handlers, bits of shared_info. */
#pragma once

#include "test.h"

/** EVTCHNOP_send: its result. */
int port_send(uint32_t port);
/** A port for IPIs to vCPU vcpu; a failed check when there is none. */
uint32_t port_bind_ipi(unsigned vcpu);
/** Takes the port's event: true when it was pending. */
bool port_take(uint32_t port);
/** Sleeps by SCHEDOP_poll until the port's event comes, and takes it. */
void port_wait(uint32_t port);
