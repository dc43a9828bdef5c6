// SPDX-License-Identifier: MIT
/* The file system in memory, and its filling from archives, sound and unsound. */
#include "kit.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <pvguest/fs.h>
#include <pvguest/fsnode.h>

static char archive[8192];
static size_t archive_len;

time_t fs_now(void)
{
	return 1700000000;
}

static int setup(void **state)
{
	(void)state;
	archive_len = 0;
	fs_init();
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	fs_init();
	return 0;
}

static void pad(void)
{
	while (archive_len % 4)
		archive[archive_len++] = 0;
}

static void entry(const char *name, unsigned int mode, const char *data)
{
	archive_len += sprintf(archive + archive_len,
			       "070701%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x", 1,
			       mode, 0, 0, 1, 1234567, (unsigned int)strlen(data), 0, 0, 0, 0,
			       (unsigned int)strlen(name) + 1, 0);
	archive_len += sprintf(archive + archive_len, "%s", name) + 1;
	pad();
	memcpy(archive + archive_len, data, strlen(data));
	archive_len += strlen(data);
	pad();
}

static void a_file_keeps_what_is_written(void **state)
{
	char buf[16];
	int fd = fs_open("/a", O_RDWR | O_CREAT, 0600);

	(void)state;
	assert_int_equal(fd, FS_FD_FIRST);
	assert_int_equal(fs_write(fd, "hello", 5), 5);
	assert_int_equal(fs_lseek(fd, 1, SEEK_SET), 1);
	assert_int_equal(fs_read(fd, buf, sizeof(buf)), 4);
	assert_memory_equal(buf, "ello", 4);
	assert_int_equal(fs_read(fd, buf, sizeof(buf)), 0);
	assert_int_equal(fs_close(fd), 0);
	assert_int_equal(fs_close(fd), -1);
	assert_int_equal(errno, EBADF);
}

static void a_hole_reads_as_zeros(void **state)
{
	size_t len;
	const char *data;
	int fd = fs_open("/a", O_WRONLY | O_CREAT, 0600);

	(void)state;
	fs_write(fd, "xx", 2);
	assert_int_equal(fs_lseek(fd, 1000, SEEK_END), 1002);
	fs_write(fd, "y", 1);
	fs_close(fd);
	data = fs_contents("/a", &len);
	assert_int_equal(len, 1003);
	for (int i = 2; i < 1002; i++)
		assert_int_equal(data[i], 0);
}

static void seeking_before_the_start_is_refused(void **state)
{
	int fd = fs_open("/a", O_RDWR | O_CREAT, 0600);

	(void)state;
	assert_int_equal(fs_lseek(fd, -1, SEEK_SET), -1);
	assert_int_equal(errno, EINVAL);
	assert_int_equal(fs_lseek(fd, INT64_MIN, SEEK_CUR), -1);
	assert_int_equal(fs_lseek(fd, INT64_MAX, SEEK_END), -1);
	assert_int_equal(fs_lseek(fd, 0, 17), -1);
	fs_close(fd);
}

static void flags_are_obeyed(void **state)
{
	char c, *text;
	int fd;

	(void)state;
	assert_int_equal(fs_open("/no", O_RDONLY, 0), -1);
	assert_int_equal(errno, ENOENT);
	assert_int_equal(fs_write_all("/a", "12345", 5), 0);
	assert_int_equal(fs_open("/a", O_WRONLY | O_CREAT | O_EXCL, 0), -1);
	assert_int_equal(errno, EEXIST);
	fd = fs_open("/a", O_RDONLY, 0);
	assert_int_equal(fs_write(fd, "x", 1), -1);
	fs_close(fd);
	fd = fs_open("/a", O_WRONLY | O_APPEND, 0);
	assert_int_equal(fs_read(fd, &c, 1), -1);
	fs_write(fd, "6", 1);
	fs_close(fd);
	text = fs_read_all("/a", NULL);
	assert_string_equal(text, "123456");
	free(text);
	fd = fs_open("/a", O_RDWR | O_TRUNC, 0);
	assert_int_equal(fs_read(fd, &c, 1), 0);
	fs_close(fd);
	assert_int_equal(fs_open("/", O_RDWR, 0), -1);
	assert_int_equal(errno, EISDIR);
}

static void descriptors_run_out(void **state)
{
	int fds[100], n = 0;

	(void)state;
	fs_write_all("/a", "", 0);
	while ((fds[n] = fs_open("/a", O_RDONLY, 0)) >= 0)
		n++;
	assert_int_equal(errno, EMFILE);
	while (n)
		fs_close(fds[--n]);
}

static void a_removed_file_lives_while_open(void **state)
{
	int fd;
	char c = 0;

	(void)state;
	fs_write_all("/a", "q", 1);
	fd = fs_open("/a", O_RDONLY, 0);
	assert_int_equal(fs_unlink("/a"), 0);
	assert_null(fs_find("/a", true));
	assert_int_equal(fs_read(fd, &c, 1), 1);
	assert_int_equal(c, 'q');
	fs_close(fd);
	assert_int_equal(fs_heap_bytes(), 0);
}

static void what_is_held_stays_whatever_becomes_of_the_file(void **state)
{
	struct fs_held *first, *second, *third;
	const void *data, *again, *later;
	size_t len;
	int fd;

	(void)state;
	assert_null(fs_hold("/none", &data, &len));
	assert_int_equal(errno, ENOENT);
	assert_int_equal(fs_write_all("/a", "kernel", 6), 0);
	first = fs_hold("/a", &data, &len);
	assert_non_null(first);
	assert_int_equal(len, 6);
	/* A byte in the middle, something at the end. */
	fd = fs_open("/a", O_RDWR, 0);
	assert_int_equal(fs_write(fd, "K", 1), 1);
	assert_memory_equal(data, "kernel", 6);
	second = fs_hold("/a", &again, &len);
	assert_memory_equal(again, "Kernel", 6);
	assert_int_equal(fs_ftruncate(fd, 0), 0);
	assert_int_equal(fs_write(fd, "other", 5), 5);
	assert_memory_equal(again, "Kernel", 6);
	assert_int_equal(fs_close(fd), 0);
	/* Replaced and removed. */
	assert_int_equal(fs_write_all("/a", "third", 5), 0);
	third = fs_hold("/a", &later, &len);
	assert_ptr_equal(fs_hold("/a", &later, &len), third);
	assert_int_equal(fs_unlink("/a"), 0);
	assert_memory_equal(data, "kernel", 6);
	assert_memory_equal(later, "third", 5);
	fs_release(third);
	assert_memory_equal(later, "third", 5);
	fs_release(third);
	fs_release(first);
	fs_release(second);
	fs_release(NULL);
	assert_int_equal(fs_heap_bytes(), 0);
}

static void a_file_that_was_held_is_written_in_place_again(void **state)
{
	const void *data;
	size_t len;
	int fd;

	(void)state;
	assert_int_equal(fs_write_all("/a", "kernel", 6), 0);
	fs_release(fs_hold("/a", &data, &len));
	fd = fs_open("/a", O_RDWR, 0);
	assert_int_equal(fs_write(fd, "K", 1), 1);
	assert_int_equal(fs_close(fd), 0);
	assert_memory_equal(data, "Kernel", 6);
	assert_ptr_equal(fs_contents("/a", &len), data);
}

static void directories_list_by_name(void **state)
{
	struct fs_dir *d;

	(void)state;
	assert_int_equal(fs_mkdir("/d/"), 0);
	assert_int_equal(fs_mkdir("/d"), -1);
	assert_int_equal(errno, EEXIST);
	fs_write_all("/d/b", "22", 2);
	fs_write_all("/d/a", "1", 1);
	fs_mkdir("/d/c");
	d = fs_opendir("/d");
	assert_string_equal(fs_readdir(d)->name, "a");
	fs_unlink("/d/a");
	assert_int_equal(fs_readdir(d)->size, 2);
	assert_true(fs_readdir(d)->is_dir);
	assert_null(fs_readdir(d));
	fs_closedir(d);
	assert_int_equal(fs_rmdir("/d"), -1);
	assert_int_equal(errno, ENOTEMPTY);
	assert_null(fs_opendir("/d/b"));
	assert_int_equal(errno, ENOTDIR);
}

static void renaming_replaces_and_refuses_loops(void **state)
{
	size_t len;

	(void)state;
	fs_mkdir("/d");
	fs_mkdir("/d/e");
	fs_write_all("/a", "new", 3);
	fs_write_all("/d/a", "old", 3);
	assert_int_equal(fs_rename("/a", "/d/a"), 0);
	assert_memory_equal(fs_contents("/d/a", &len), "new", 3);
	assert_null(fs_contents("/a", &len));
	assert_int_equal(fs_rename("/d", "/d/e/f"), -1);
	assert_int_equal(errno, EINVAL);
	assert_int_equal(fs_rename("/d/a", "/d/e"), -1);
	assert_int_equal(errno, EISDIR);
	assert_int_equal(fs_rename("/d/a", "/d/a"), 0);
	assert_int_equal(fs_rename("/d", "/x"), 0);
	assert_non_null(fs_contents("/x/a", &len));
}

static void paths_are_walked(void **state)
{
	char cwd[16], tiny[2], longest[FS_PATH_MAX + 10];
	size_t len;

	(void)state;
	fs_mkdir("/d");
	fs_write_all("/d/a", "1", 1);
	assert_non_null(fs_contents("//d/.././d//a", &len));
	assert_null(fs_find("/d/a/", true));
	assert_int_equal(errno, ENOTDIR);
	assert_null(fs_find("", true));
	assert_int_equal(fs_chdir("/d"), 0);
	assert_non_null(fs_contents("a", &len));
	assert_string_equal(fs_getcwd(cwd, sizeof(cwd)), "/d");
	assert_null(fs_getcwd(tiny, sizeof(tiny)));
	assert_int_equal(fs_rmdir("/d"), -1);
	fs_mkdir("/e");
	fs_unlink("/d/a");
	assert_int_equal(fs_rename("/e", "/d"), -1);
	assert_int_equal(errno, EBUSY);
	assert_int_equal(fs_chdir(".."), 0);
	assert_string_equal(fs_getcwd(cwd, sizeof(cwd)), "/");
	memset(longest, 'x', sizeof(longest) - 1);
	longest[sizeof(longest) - 1] = '\0';
	assert_null(fs_find(longest, true));
	assert_int_equal(errno, ENAMETOOLONG);
	longest[300] = '\0';
	assert_int_equal(fs_mkdir(longest), -1);
	assert_int_equal(errno, ENAMETOOLONG);
}

static void links_are_followed_and_loops_found(void **state)
{
	char buf[8];
	size_t len;

	(void)state;
	fs_mkdir("/d");
	fs_write_all("/d/a", "1", 1);
	assert_int_equal(fs_symlink("/d", "/l"), 0);
	assert_int_equal(fs_symlink("a", "/d/m"), 0);
	assert_int_equal(fs_symlink("loop", "/loop"), 0);
	assert_non_null(fs_contents("/l/m", &len));
	assert_int_equal(fs_readlink("/l", buf, sizeof(buf)), 2);
	assert_int_equal(fs_readlink("/d/a", buf, sizeof(buf)), -1);
	assert_null(fs_find("/loop", true));
	assert_int_equal(errno, ELOOP);
	assert_non_null(fs_find("/loop", false));
	assert_int_equal(fs_unlink("/l"), 0);
	assert_true(fs_is_dir("/d"));
	assert_int_equal(fs_symlink("", "/nowhere"), -1);
	assert_int_equal(errno, ENOENT);
}

static void an_archive_fills_the_tree(void **state)
{
	struct stat st;
	size_t len;

	(void)state;
	entry(".", 040755, "");
	entry("etc/xen/hello.cfg", 0100644, "name");
	entry("etc", 040700, "");
	entry("link", 0120777, "etc/xen");
	entry("null", 020666, "");
	entry("TRAILER!!!", 0, "");
	assert_int_equal(fs_load_cpio(archive, archive_len), 5);
	assert_memory_equal(fs_contents("/link/hello.cfg", &len), "name", 4);
	assert_int_equal(len, 4);
	assert_int_equal(fs_stat("/etc", &st, true), 0);
	assert_int_equal(st.st_mode, S_IFDIR | 0700);
	assert_int_equal(st.st_mtime, 1234567);
	assert_null(fs_find("/null", true));
	assert_int_equal(fs_heap_bytes(), 0);
}

static void writing_leaves_the_archive_alone(void **state)
{
	char *text;
	int fd;

	(void)state;
	entry("a", 0100644, "abc");
	entry("TRAILER!!!", 0, "");
	fs_load_cpio(archive, archive_len);
	fd = fs_open("/a", O_WRONLY, 0);
	fs_write(fd, "X", 1);
	fs_close(fd);
	text = fs_read_all("/a", NULL);
	assert_string_equal(text, "Xbc");
	free(text);
	assert_int_equal(fs_load_cpio(archive, archive_len), 1);
	text = fs_read_all("/a", NULL);
	assert_string_equal(text, "abc");
	free(text);
}

static void damaged_archives_are_refused(void **state)
{
	(void)state;
	entry("a", 0100644, "abc");
	entry("TRAILER!!!", 0, "");
	for (size_t len = 0; len < archive_len - 4; len++) {
		char *copy = malloc(len + 1);

		memcpy(copy, archive, len);
		assert_int_equal(fs_load_cpio(copy, len), -1);
		fs_init();
		free(copy);
	}
	archive[3] = 'x';
	assert_int_equal(fs_load_cpio(archive, archive_len), -1);
	assert_int_equal(errno, EINVAL);
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_file_keeps_what_is_written),
		TEST(a_hole_reads_as_zeros),
		TEST(seeking_before_the_start_is_refused),
		TEST(flags_are_obeyed),
		TEST(descriptors_run_out),
		TEST(a_removed_file_lives_while_open),
		TEST(what_is_held_stays_whatever_becomes_of_the_file),
		TEST(a_file_that_was_held_is_written_in_place_again),
		TEST(directories_list_by_name),
		TEST(renaming_replaces_and_refuses_loops),
		TEST(paths_are_walked),
		TEST(links_are_followed_and_loops_found),
		TEST(an_archive_fills_the_tree),
		TEST(writing_leaves_the_archive_alone),
		TEST(damaged_archives_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
