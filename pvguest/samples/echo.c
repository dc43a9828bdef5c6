// SPDX-License-Identifier: MIT
/* Says back what is typed on its console; obeys `xl shutdown`. */
#include <stdio.h>
#include <string.h>

#include <pvguest/control.h>
#include <pvguest/start.h>

static bool on_control(const char *reason, char sysrq, void *ctx)
{
	(void)ctx;
	if (sysrq)
		printf("\nsysrq %c\n", sysrq);
	else
		printf("\n%s: asked to %s\n", pv_program_name, reason);
	return false;
}

int main(void)
{
	char line[256];

	control_start(on_control, NULL);
	printf("Type a line and it comes back; \"quit\" ends this domain.\n");
	for (;;) {
		printf("> ");
		fflush(stdout);
		if (!fgets(line, sizeof(line), stdin) || !strcmp(line, "quit\n"))
			break;
		printf("%s", line);
	}
	printf("Good bye.\n");
	return 0;
}
