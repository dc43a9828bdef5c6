/* SPDX-License-Identifier: MIT */
/*
 * Commands about files.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "commands.h"

#include "pvguest/fs.h"

static int failed(const char *command, const char *path)
{
	fprintf(stderr, "%s: %s: %s\n", command, path, strerror(errno));
	return 1;
}

static void entry_print(const char *name, bool is_dir, size_t size, uint64_t mtime, bool details)
{
	time_t seconds = (time_t)mtime;
	struct tm tm;
	char when[32];

	if (details) {
		strftime(when, sizeof(when), "%Y-%m-%d %H:%M", gmtime_r(&seconds, &tm));
		printf("%c %10zu %s ", is_dir ? 'd' : '-', size, when);
	}
	printf("%s%s\n", name, is_dir ? "/" : "");
}

static int list(const char *path, bool details)
{
	struct fs_dir *dir;
	const struct fs_dirent *entry;

	if (!fs_is_dir(path)) {
		size_t size;

		if (!fs_contents(path, &size))
			return failed("ls", path);
		entry_print(path, false, size, 0, details);
		return 0;
	}
	dir = fs_opendir(path);
	if (!dir)
		return failed("ls", path);
	while ((entry = fs_readdir(dir)))
		entry_print(entry->name, entry->is_dir, entry->size, entry->mtime, details);
	fs_closedir(dir);
	return 0;
}

int command_ls(int argc, char **argv)
{
	bool details = argc > 1 && !strcmp(argv[1], "-l");
	int first = 1 + details, status = 0;

	if (argc > first && argv[first][0] == '-')
		return command_misused(argv[0]);
	if (argc == first)
		return list(".", details);
	for (int i = first; i < argc; i++) {
		if (argc - first > 1)
			printf("%s%s:\n", i > first ? "\n" : "", argv[i]);
		status |= list(argv[i], details);
	}
	return status;
}

int command_cat(int argc, char **argv)
{
	int status = 0;

	if (argc < 2)
		return command_misused(argv[0]);
	for (int i = 1; i < argc; i++) {
		size_t len;
		char *text = fs_read_all(argv[i], &len);

		if (!text) {
			status = failed(argv[0], argv[i]);
			continue;
		}
		fwrite(text, 1, len, stdout);
		free(text);
	}
	return status;
}

int command_echo(int argc, char **argv)
{
	bool newline = argc < 2 || strcmp(argv[1], "-n");

	for (int i = newline ? 1 : 2; i < argc; i++)
		printf("%s%s", argv[i], i + 1 < argc ? " " : "");
	if (newline)
		putchar('\n');
	return 0;
}

int command_mkdir(int argc, char **argv)
{
	int status = 0;

	if (argc < 2)
		return command_misused(argv[0]);
	for (int i = 1; i < argc; i++)
		if (fs_mkdir(argv[i]))
			status = failed(argv[0], argv[i]);
	return status;
}

static int remove_path(const char *path, bool deep);

static int remove_contents(const char *path)
{
	struct fs_dir *dir = fs_opendir(path);
	const struct fs_dirent *entry;
	int status = 0;

	if (!dir)
		return failed("rm", path);
	while (!status && (entry = fs_readdir(dir))) {
		size_t size = strlen(path) + strlen(entry->name) + 2;
		char *below = malloc(size);

		if (!below) {
			status = failed("rm", path);
			break;
		}
		snprintf(below, size, "%s/%s", path, entry->name);
		status = remove_path(below, true);
		free(below);
	}
	fs_closedir(dir);
	return status;
}

static int remove_path(const char *path, bool deep)
{
	if (!fs_is_dir(path))
		return unlink(path) ? failed("rm", path) : 0;
	if (!deep) {
		errno = EISDIR;
		return failed("rm", path);
	}
	if (remove_contents(path))
		return 1;
	return fs_rmdir(path) ? failed("rm", path) : 0;
}

int command_rm(int argc, char **argv)
{
	bool deep = argc > 1 && !strcmp(argv[1], "-r");
	int status = 0;

	if (argc < 2 + deep)
		return command_misused(argv[0]);
	for (int i = 1 + deep; i < argc; i++)
		status |= remove_path(argv[i], deep);
	return status;
}

/* The file to make when `to` may be a folder to make it in; to be freed. */
static char *target_of(const char *from, const char *to)
{
	const char *slash = strrchr(from, '/');
	const char *name = slash ? slash + 1 : from;
	size_t size = strlen(to) + strlen(name) + 2;
	char *path = malloc(size);

	if (!path)
		return NULL;
	if (fs_is_dir(to))
		snprintf(path, size, "%s/%s", to, name);
	else
		snprintf(path, size, "%s", to);
	return path;
}

int command_cp(int argc, char **argv)
{
	if (argc != 3)
		return command_misused(argv[0]);

	size_t len;
	char *text = fs_read_all(argv[1], &len);
	char *to = target_of(argv[1], argv[2]);
	int status = 0;

	if (!text)
		status = failed(argv[0], argv[1]);
	else if (!to || fs_write_all(to, text, len))
		status = failed(argv[0], argv[2]);
	free(to);
	free(text);
	return status;
}

int command_mv(int argc, char **argv)
{
	if (argc != 3)
		return command_misused(argv[0]);

	char *to = target_of(argv[1], argv[2]);
	int status = !to || rename(argv[1], to) ? failed(argv[0], argv[1]) : 0;

	free(to);
	return status;
}
