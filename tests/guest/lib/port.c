/* SPDX-License-Identifier: MIT */
#include "port.h"

#include <xen/event_channel.h>

int port_send(uint32_t port)
{
	struct evtchn_send op = { port };

	return (int)HC(event_channel_op, EVTCHNOP_send, &op);
}

uint32_t port_bind_ipi(unsigned vcpu)
{
	struct evtchn_bind_ipi op = { .vcpu = vcpu };
	long rc = HC(event_channel_op, EVTCHNOP_bind_ipi, &op);

	check_eq((uint64_t)rc, 0, "an IPI port for vCPU %u", vcpu);
	return op.port;
}

bool port_take(uint32_t port)
{
	uint64_t bit = 1UL << (port & 63);

	return __atomic_fetch_and(&shared_info->evtchn_pending[port / 64], ~bit, __ATOMIC_SEQ_CST) & bit;
}

void port_wait(uint32_t port)
{
	struct sched_poll op = { .nr_ports = 1 };
	evtchn_port_t p = port;

	set_xen_guest_handle(op.ports, &p);
	while (!port_take(port))
		HC(sched_op, SCHEDOP_poll, &op);
}
