// SPDX-License-Identifier: MIT
/* Words of a test kernel's command line, and the hypervisor's books. */
#define __XEN_TOOLS__ 1
#include "option.h"

#include <xen/sysctl.h>

static bool begins(const char *text, const char *with)
{
	while (*with && *text == *with)
		text++, with++;
	return !*with;
}

const char *option_text(const char *name)
{
	const char *line = (const char *)start_info->cmd_line;

	for (const char *at = line; *at; at++)
		if ((at == line || at[-1] == ' ') && begins(at, name))
			return at + __builtin_strlen(name);
	return NULL;
}

uint64_t option(const char *name, uint64_t otherwise)
{
	const char *at = option_text(name);
	uint64_t value = 0;

	if (!at)
		return otherwise;
	for (; *at >= '0' && *at <= '9'; at++)
		value = value * 10 + (uint64_t)(*at - '0');
	return value;
}

static bool has(const char *text, unsigned len, const char *what)
{
	unsigned n = (unsigned)__builtin_strlen(what);

	for (unsigned i = 0; i + n <= len; i++)
		if (!__builtin_memcmp(text + i, what, n))
			return true;
	return false;
}

bool books_agree(void)
{
	static char text[16384], key[] = "m";
	struct xen_sysctl s = { .cmd = XEN_SYSCTL_debug_keys,
				.interface_version = XEN_SYSCTL_INTERFACE_VERSION };

	if (!(start_info->flags & SIF_INITDOMAIN))
		return true;
	s.u.debug_keys.nr_keys = 1;
	set_xen_guest_handle(s.u.debug_keys.keys, key);
	if (HC(sysctl, &s))
		return false;
	s.cmd = XEN_SYSCTL_readconsole;
	s.u.readconsole = (struct xen_sysctl_readconsole){ .clear = 1, .count = sizeof(text) };
	set_xen_guest_handle(s.u.readconsole.buffer, text);
	if (HC(sysctl, &s))
		return false;
	return has(text, s.u.readconsole.count, "whole-state check: 0 problems");
}
