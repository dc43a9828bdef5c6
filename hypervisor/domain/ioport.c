/* SPDX-License-Identifier: MIT */
/* dom0 has the ports of the machine, but for those that the hypervisor drives itself. */
#include <hv/ioport.h>

#include <hv/check.h>
#include <hv/domain.h>

static struct {
	uint16_t first, last;
} reserved[8] = {
	{ 0x20, 0x21 },		/* interrupt controllers */
	{ 0xa0, 0xa1 },
	{ 0x4d0, 0x4d1 },	/* their edge and level control */
};
static unsigned reserved_n = 3;

void ioport_reserve(unsigned port, unsigned count)
{
	CHECK(reserved_n < ARRAY_SIZE(reserved) && count && port + count <= 0x10000);
	reserved[reserved_n].first = (uint16_t)port;
	reserved[reserved_n++].last = (uint16_t)(port + count - 1);
}

bool ioport_granted(const struct domain *d, unsigned port, unsigned bytes)
{
	if (!d->io_all_ports || port + bytes > 0x10000)
		return false;
	for (unsigned i = 0; i < reserved_n; i++)
		if (port <= reserved[i].last && port + bytes > reserved[i].first)
			return false;
	return true;
}
