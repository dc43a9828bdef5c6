/* SPDX-License-Identifier: MIT */
/* dom0's files are in its memory, so logs are short. */
#include "xl/log.h"

#include <stdarg.h>
#include <stdio.h>
#include <sys/stat.h>

#include "domconf/domconf.h"
#include "pvguest/fs.h"

#define LOG_DIR		"/var/log/xen"
#define LOG_LIMIT	(32 << 10)	/* bytes */

void log_write(const char *domain, const char *format, ...)
{
	char path[sizeof(LOG_DIR) + DOMCONF_MAX_NAME + 32];
	struct stat s;
	va_list args;
	FILE *log;

	fs_mkdir("/var");
	fs_mkdir("/var/log");
	fs_mkdir(LOG_DIR);
	snprintf(path, sizeof(path), LOG_DIR "/xl-%s.log", domain);
	log = fopen(path, !stat(path, &s) && s.st_size < LOG_LIMIT ? "a" : "w");
	if (!log)
		return;
	va_start(args, format);
	vfprintf(log, format, args);
	va_end(args);
	fputc('\n', log);
	fclose(log);
}
