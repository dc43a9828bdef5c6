// SPDX-License-Identifier: MIT
/* Files through newlib's own functions. */
#include "selftest.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <pvguest/fs.h>
#include <pvguest/start.h>

/* With a cpio archive as the ramdisk its files are there before main(). */
static void test_ramdisk(void)
{
	unsigned long size;
	const char *ramdisk = pv_ramdisk(&size);
	struct fs_dir *d = fs_opendir("/");

	if (ramdisk && size > 6 && !memcmp(ramdisk, "070701", 6))
		check(fs_readdir(d), "the ramdisk's files are there");
	else
		check(!fs_readdir(d), "without a ramdisk there are no files");
	fs_closedir(d);
}

void test_files(void)
{
	char line[32] = "";
	struct stat st;
	FILE *f;

	check(!mkdir("/tmp", 0755) && fs_is_dir("/tmp"), "a directory can be made");
	f = fopen("/tmp/a", "w");
	check(f && fprintf(f, "%d %.2f\n", 42, 2.5) > 0 && !fclose(f), "a file can be written");
	f = fopen("/tmp/a", "r");
	check(f && fgets(line, sizeof(line), f) && !strcmp(line, "42 2.50\n"), "and read again");
	fclose(f);
	check(!stat("/tmp/a", &st) && st.st_size == 8, "stat knows its size");
	check(!rename("/tmp/a", "/tmp/b") && stat("/tmp/a", &st) && errno == ENOENT,
	      "it can be renamed");
	check(rmdir("/tmp") && errno == ENOTEMPTY, "a full directory stays");
	check(!unlink("/tmp/b") && !rmdir("/tmp"), "all can be removed");
	test_ramdisk();
}
