// SPDX-License-Identifier: MIT
/*
 * Two domains, one image. Without arguments it is the server: it offers itself in xenstore and
 * answers. With peer=DOMID it is a client: it grants the server a page, sends rounds=N (100000)
 * numbers one at a time, and prints how long a round trip takes.
 */
#include "pingpong.h"

#include <stdio.h>
#include <stdlib.h>

#include <pvguest/control.h>
#include <pvguest/start.h>

int main(void)
{
	const char *peer = pv_cmdline_get("peer"), *rounds = pv_cmdline_get("rounds");

	control_start(NULL, NULL);
	if (!peer)
		return pong_main();
	return ping_main(strtoul(peer, NULL, 0), rounds ? strtoul(rounds, NULL, 0) : 100000);
}
