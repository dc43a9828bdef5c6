/* SPDX-License-Identifier: MIT */
/*
 * xenstore-watch: prints the path of each event.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "commands.h"

#include "dom0/terminal.h"

#include "pvguest/clock.h"
#include "pvguest/xenbus.h"

/* How often Ctrl-C is looked for. */
#define LOOK_INTERVAL (50 * NSEC_PER_MSEC)

struct watch_options {
	unsigned long count;	/* 0: no limit */
	uint64_t end;		/* 0: no limit */
	int first;		/* index of the first path */
};

static bool number_after(int argc, char **argv, int i, unsigned long *n)
{
	char *end;

	if (i + 1 >= argc)
		return false;
	*n = strtoul(argv[i + 1], &end, 10);
	return *n && !*end;
}

static bool options_parse(struct watch_options *options, int argc, char **argv)
{
	unsigned long n;
	int i;

	memset(options, 0, sizeof(*options));
	for (i = 1; i < argc && argv[i][0] == '-'; i += 2) {
		if (!number_after(argc, argv, i, &n))
			return false;
		if (!strcmp(argv[i], "-n"))
			options->count = n;
		else if (!strcmp(argv[i], "-T"))
			options->end = deadline_in(n * NSEC_PER_SEC);
		else
			return false;
	}
	options->first = i;
	return i < argc;
}

static int events_print(struct xs_handle *handle, const struct watch_options *options)
{
	unsigned long seen = 0;

	while (!options->count || seen < options->count) {
		uint64_t now = clock_monotonic_ns(), until = now + LOOK_INTERVAL;

		if (options->end && now >= options->end)
			return 0;
		if (options->end && until > options->end)
			until = options->end;

		char **event = xs_read_watch_timeout(handle, until);

		if (event) {
			printf("%s\n", event[XS_WATCH_PATH]);
			fflush(stdout);
			seen++;
		} else if (errno != EAGAIN) {
			perror("xenstore-watch");
			return 1;
		}
		free(event);
		if (terminal_interrupted())
			return 130;
	}
	return 0;
}

int command_xenstore_watch(int argc, char **argv)
{
	struct watch_options options;
	struct xs_handle *handle;
	int status = 0;

	if (!options_parse(&options, argc, argv))
		return command_misused(argv[0]);
	/* A handle of its own: the events of a handle come in one queue. */
	handle = xs_open(0);
	if (!handle) {
		perror("xenstore-watch");
		return 1;
	}
	for (int i = options.first; i < argc && !status; i++) {
		if (!xs_watch(handle, argv[i], argv[i])) {
			fprintf(stderr, "%s: %s: %s\n", argv[0], argv[i], strerror(errno));
			status = 1;
		}
	}
	if (!status)
		status = events_print(handle, &options);
	xs_close(handle);
	return status;
}
