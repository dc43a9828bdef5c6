/* SPDX-License-Identifier: MIT */
/*
 * Joining dom0's terminal with a console: a thread shows what the domain prints,
 * the caller's passes on what is typed.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dom0/terminal.h"

#include "internal.h"

#include "pvguest/clock.h"
#include "pvguest/console.h"

#define ESCAPE 0x1d	/* Ctrl-] */
/* How often the typing side looks whether the domain still lives. */
#define TICK (100 * NSEC_PER_MSEC)

struct session {
	struct console *console;
	bool leaving;		/* Ctrl-] was typed */
	bool ended;		/* the domain is gone and all is shown */
	size_t lost;		/* typed, but the domain did not read */
};

/*
 * Sends output to the terminal. The hypervisor puts a CR before each LF, so one that the
 * domain sent there is left out; *cr says that one ended the last chunk.
 */
static void output_show(const char *bytes, size_t n, bool *cr)
{
	char out[1024];
	size_t len = 0;

	for (size_t i = 0; i < n; i++) {
		if (*cr && bytes[i] != '\n')
			out[len++] = '\r';
		*cr = bytes[i] == '\r';
		if (!*cr)
			out[len++] = bytes[i];
	}
	console_write_raw(out, len);
}

/* Shows output until the session is left or the domain has ended. */
static void show_thread(void *arg)
{
	struct session *session = arg;
	struct console *c = session->console;
	char chunk[512];
	bool cr = false;

	while (!session->leaving) {
		size_t n = scrollback_read(&c->output, &c->view_at, chunk, sizeof(chunk));

		if (n) {
			output_show(chunk, n, &cr);
			/* The guest may have been held back. */
			if (c->page)
				console_kick(c);
			continue;
		}
		if (!c->alive)
			break;
		wait_event(&c->changed, session->leaving || !c->alive ||
			   c->view_at != c->output.total);
	}
	session->ended = true;
}

/* Passes on what was typed. Returns false when Ctrl-] was among it. */
static bool input_pass(struct session *session, const char *typed, size_t n)
{
	struct console *c = session->console;
	const char *escape = memchr(typed, ESCAPE, n);
	size_t room = INPUT_MAX - c->input_len;

	if (escape)
		n = (size_t)(escape - typed);
	if (n > room) {
		session->lost += n - room;
		n = room;
	}
	memcpy(c->input + c->input_len, typed, n);
	c->input_len += n;
	console_pump(c);
	return !escape;
}

static void type_loop(struct session *session)
{
	char typed[256];

	while (!session->ended) {
		/* What is typed behind Ctrl-] is the shell's. */
		size_t n = terminal_read_to(ESCAPE, typed, sizeof(typed), deadline_in(TICK));

		if (n && !input_pass(session, typed, n))
			break;
	}
}

static int session_run(struct session *session, int (*attached)(void *ctx), void *ctx)
{
	struct console *c = session->console;
	struct thread *shower = thread_create("console", show_thread, session);
	int result = 0;

	if (!shower)
		return -ENOMEM;
	if (attached)
		result = attached(ctx);
	if (!result)
		type_loop(session);
	session->leaving = true;
	waitq_wake(&c->changed);
	thread_join(shower);
	return result;
}

int console_attach_then(domid_t domid, int (*attached)(void *ctx), void *ctx)
{
	struct session session = { .console = console_of(domid) };
	struct console *c = session.console;
	enum console_mode mode = console_get_mode();
	int result;

	if (!c)
		return -ENXIO;
	if (c->viewed)
		return -EBUSY;
	c->input = malloc(INPUT_MAX);
	if (!c->input)
		return -ENOMEM;
	c->input_len = 0;
	c->view_at = scrollback_oldest(&c->output);
	c->viewed = true;
	fflush(stdout);
	console_set_mode(CONSOLE_RAW);
	result = session_run(&session, attached, ctx);
	console_set_mode(mode);
	c->viewed = false;
	free(c->input);
	c->input = NULL;
	c->input_len = 0;
	console_kick(c);
	console_write("\n", 1);
	if (session.lost)
		printf("%zu typed bytes were lost: the domain does not read its console\n",
		       session.lost);
	return result;
}

int console_attach(domid_t domid)
{
	return console_attach_then(domid, NULL, NULL);
}
