/* SPDX-License-Identifier: MIT */
/* xl console. */
#include "xl/command.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "dom0/console.h"
#include "xl/names.h"

int cmd_console(struct args *a)
{
	const char *number = "0", *type = "pv";
	domid_t domid;
	int letter, code;

	while ((letter = args_option(a, "n:t:h", NULL)) != ARGS_END) {
		switch (letter) {
		case 'n': number = a->value; break;
		case 't': type = a->value; break;
		default: return xl_option_default(a, letter);
		}
	}
	if (!xl_check_operands(a, 1, 1, &code))
		return code;
	if (strcmp(number, "0") || strcmp(type, "pv")) {
		fprintf(stderr, "xl console: a domain has one console here, number 0 of type pv\n");
		return XL_FAILURE;
	}
	if (!xl_find_domain(a->operand[0], &domid, NULL))
		return XL_FAILURE;
	code = console_attach(domid);
	if (!code)
		return XL_OK;
	fprintf(stderr, "xl console: domain %u has no console: %s\n", domid, strerror(-code));
	return XL_FAILURE;
}
