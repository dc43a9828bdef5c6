// SPDX-License-Identifier: MIT
/*
 * A session with the file system: each step is a byte that says what, and a few that say where. At
 * the end all is removed, and no byte of the heap may be left in use.
 */
#include <fuzz.h>

#include <fcntl.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <pvguest/fs.h>
#include <pvguest/fsnode.h>

#define FDS 80

time_t fs_now(void)
{
	return 1;
}

struct input {
	const uint8_t *at, *end;
};

static unsigned int byte(struct input *in)
{
	return in->at < in->end ? *in->at++ : 0;
}

/* Few names, so that they meet; and now and then any bytes. */
static const char *path(struct input *in)
{
	static const char *const names[] = {
		"/a", "/b", "/a/b", "a", "b/a", "/a/../b", ".", "/", "/a/b/c", "/l", "/l/a", "..",
	};
	static char text[64];
	unsigned int pick = byte(in), n;

	if (pick < 200)
		return names[pick % (sizeof(names) / sizeof(names[0]))];
	n = byte(in) % (sizeof(text) - 1);
	for (unsigned int i = 0; i < n; i++)
		text[i] = byte(in);
	text[n] = '\0';
	return text;
}

static void list(const char *where)
{
	struct fs_dir *d = fs_opendir(where);
	const struct fs_dirent *e;
	char last[FS_NAME_MAX + 1] = "";

	while (d && (e = fs_readdir(d))) {
		FUZZ_CHECK(strcmp(last, e->name) < 0);
		strcpy(last, e->name);
	}
	if (d)
		fs_closedir(d);
}

static void file_step(struct input *in, unsigned int what, int fd)
{
	char buf[512];

	switch (what) {
	case 0:
		fs_open(path(in), byte(in) << 4 | byte(in) % 3, 0644);
		break;
	case 1:
		memset(buf, 'w', sizeof(buf));
		fs_write(fd, buf, byte(in) * 2);
		break;
	case 2:
		FUZZ_CHECK(fs_read(fd, buf, sizeof(buf)) <= (ssize_t)sizeof(buf));
		break;
	case 3:
		fs_lseek(fd, (int8_t)byte(in) * 64, byte(in) % 4);
		break;
	case 4:
		fs_ftruncate(fd, byte(in) * 16);
		break;
	default:
		fs_close(fd);
	}
}

static void tree_step(struct input *in, unsigned int what)
{
	char buf[64], first[64];

	switch (what) {
	case 0:
		fs_mkdir(path(in));
		break;
	case 1:
		fs_rmdir(path(in));
		break;
	case 2:
		fs_unlink(path(in));
		break;
	case 3:
		strcpy(first, path(in));
		fs_rename(first, path(in));
		break;
	case 4:
		strcpy(first, path(in));
		fs_symlink(first, path(in));
		break;
	case 5:
		fs_chdir(path(in));
		if (fs_getcwd(buf, sizeof(buf)))
			FUZZ_CHECK(buf[0] == '/');
		break;
	case 6:
		list(path(in));
		break;
	default:
		fs_readlink(path(in), buf, sizeof(buf));
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input in = { data, data + size };

	fs_init();
	while (in.at < in.end) {
		unsigned int what = byte(&in) % 16;

		if (what < 6)
			file_step(&in, what, FS_FD_FIRST + byte(&in) % FDS);
		else if (what < 15)
			tree_step(&in, what - 6);
		else
			fs_load_cpio(in.at, in.end - in.at);
	}
	for (int fd = 0; fd < FDS + FS_FD_FIRST; fd++)
		fs_close(fd);
	fs_init();
	FUZZ_CHECK(fs_heap_bytes() == 0);
	return 0;
}
