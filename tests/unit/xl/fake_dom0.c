/* SPDX-License-Identifier: MIT */
#include "xl/fake_dom0.h"

#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dom0/console.h"
#include "dom0/terminal.h"
#include "dom0/xenstored.h"
#include "pvguest/fs.h"
#include "xl/fake_threads.h"
#include "xl/log.h"

char fake_log[8192];
const char *fake_last_words;
unsigned fake_attached;
const char *fake_typed;

static struct {
	const char *path;
	const void *data;
	size_t size;
} files[8];
static unsigned file_count;

void fake_dom0_reset(void)
{
	fake_log[0] = '\0';
	fake_last_words = "";
	fake_attached = 0;
	fake_typed = "";
	file_count = 0;
}

void fake_file(const char *path, const void *data, size_t size)
{
	files[file_count].path = path;
	files[file_count].data = data;
	files[file_count++].size = size;
}

const void *fs_contents(const char *path, size_t *len)
{
	for (unsigned i = 0; i < file_count; i++) {
		if (!strcmp(files[i].path, path)) {
			*len = files[i].size;
			return files[i].data;
		}
	}
	errno = ENOENT;
	return NULL;
}

/* Nobody changes files here. */
struct fs_held *fs_hold(const char *path, const void **data, size_t *len)
{
	*data = fs_contents(path, len);
	return *data ? malloc(1) : NULL;
}

void fs_release(struct fs_held *h)
{
	free(h);
}

char *fs_read_all(const char *path, size_t *len)
{
	const void *data = fs_contents(path, len);
	char *copy = data ? malloc(*len + 1) : NULL;

	if (copy) {
		memcpy(copy, data, *len);
		copy[*len] = '\0';
	}
	return copy;
}

void log_write(const char *domain, const char *format, ...)
{
	size_t used = strlen(fake_log);
	va_list args;

	used += snprintf(fake_log + used, sizeof(fake_log) - used, "%s: ", domain);
	va_start(args, format);
	used += vsnprintf(fake_log + used, sizeof(fake_log) - used, format, args);
	va_end(args);
	snprintf(fake_log + used, sizeof(fake_log) - used, "\n");
}

int console_attach(domid_t domid)
{
	(void)domid;
	fake_attached++;
	return 0;
}

int console_attach_then(domid_t domid, int (*attached)(void *ctx), void *ctx)
{
	(void)domid;
	fake_attached++;
	return attached(ctx);
}

size_t console_last_lines(domid_t domid, unsigned n, char *buf, size_t size)
{
	(void)domid;
	(void)n;
	snprintf(buf, size, "%s", fake_last_words);
	return strlen(buf);
}

void console_domain_gone(domid_t domid)
{
	(void)domid;
}

void xenstored_check_domains(void)
{
}

bool terminal_interrupted(void)
{
	return false;
}

bool terminal_sleep(uint64_t ns)
{
	fake_now += ns;
	return true;
}

/* What the test has typed comes at once; nobody types more. */
size_t terminal_read(char *buf, size_t n, uint64_t deadline_ns)
{
	size_t length = strnlen(fake_typed, n);

	memcpy(buf, fake_typed, length);
	fake_typed += length;
	if (!length)
		fake_now = deadline_ns;
	return length;
}

size_t terminal_read_to(char last, char *buf, size_t n, uint64_t deadline_ns)
{
	const char *end = strchr(fake_typed, last);

	return terminal_read(buf, end && end - fake_typed + 1 < (long)n ?
			     (size_t)(end - fake_typed) + 1 : n, deadline_ns);
}
