// SPDX-License-Identifier: MIT
/*
 * The system calls that newlib expects: descriptors 0 to 2 are the console, the others files in
 * memory; one process, no signals from outside.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/times.h>
#include <unistd.h>

#include <pvguest/clock.h>
#include <pvguest/console.h>
#include <pvguest/fs.h>
#include <pvguest/fsnode.h>
#include <pvguest/start.h>
#include <pvguest/thread.h>

#define LINE_MAX_BYTES 1024

/* What newlib's own files call and no header of it declares for such a machine. */
int lstat(const char *path, struct stat *st);
int fork(void);
int execve(const char *path, char *const argv[], char *const envp[]);
int wait(int *status);
int kill(int pid, int sig);
int getentropy(void *buf, size_t n);

static int fail(int err)
{
	errno = err;
	return -1;
}

/* The line that cooked mode has and read(0) has not given out yet. */
static struct {
	char text[LINE_MAX_BYTES + 1];
	size_t at, end;
} line;

static ssize_t stdin_read(void *buf, size_t n)
{
	if (console_get_mode() == CONSOLE_RAW)
		return console_read(buf, n, 0);
	if (line.at == line.end) {
		long len = console_read_line(line.text, LINE_MAX_BYTES);

		if (len < 0)
			return 0;
		line.text[len] = '\n';
		line.at = 0;
		line.end = len + 1;
	}
	if (n > line.end - line.at)
		n = line.end - line.at;
	memcpy(buf, line.text + line.at, n);
	line.at += n;
	return n;
}

static bool is_console(int fd)
{
	return fd >= 0 && fd < FS_FD_FIRST;
}

_READ_WRITE_RETURN_TYPE read(int fd, void *buf, size_t n)
{
	if (n > INT_MAX)
		n = INT_MAX;
	return is_console(fd) ? stdin_read(buf, n) : fs_read(fd, buf, n);
}

_READ_WRITE_RETURN_TYPE write(int fd, const void *buf, size_t n)
{
	if (n > INT_MAX)
		n = INT_MAX;
	return is_console(fd) ? (ssize_t)console_write(buf, n) : fs_write(fd, buf, n);
}

int open(const char *path, int flags, ...)
{
	va_list args;
	mode_t mode;

	va_start(args, flags);
	mode = flags & O_CREAT ? va_arg(args, mode_t) : 0;
	va_end(args);
	return fs_open(path, flags, mode);
}

int close(int fd)
{
	return is_console(fd) ? 0 : fs_close(fd);
}

off_t lseek(int fd, off_t offset, int whence)
{
	return is_console(fd) ? fail(ESPIPE) : fs_lseek(fd, offset, whence);
}

int fstat(int fd, struct stat *st)
{
	if (!is_console(fd))
		return fs_fstat(fd, st);
	memset(st, 0, sizeof(*st));
	st->st_mode = S_IFCHR | 0620;
	st->st_blksize = LINE_MAX_BYTES;
	return 0;
}

int isatty(int fd)
{
	if (is_console(fd))
		return 1;
	errno = ENOTTY;
	return 0;
}

int stat(const char *path, struct stat *st)
{
	return fs_stat(path, st, true);
}

int lstat(const char *path, struct stat *st)
{
	return fs_stat(path, st, false);
}

int access(const char *path, int mode)
{
	(void)mode;
	return fs_find(path, true) ? 0 : -1;
}

int ftruncate(int fd, off_t size)
{
	return is_console(fd) ? fail(EINVAL) : fs_ftruncate(fd, size);
}

int fcntl(int fd, int cmd, ...)
{
	struct stat st;

	if (cmd == F_SETFD || cmd == F_SETFL)
		return fstat(fd, &st);
	if (cmd == F_GETFD || cmd == F_GETFL)
		return fstat(fd, &st) ? -1 : is_console(fd) ? O_RDWR : 0;
	return fail(EINVAL);
}

int unlink(const char *path)
{
	return fs_unlink(path);
}

int mkdir(const char *path, mode_t mode)
{
	if (fs_mkdir(path))
		return -1;
	return fs_chmod(path, mode);
}

int rmdir(const char *path)
{
	return fs_rmdir(path);
}

int rename(const char *from, const char *to)
{
	return fs_rename(from, to);
}

/* newlib's rename() is made of link() and unlink(); ours is not, and hard links there are none. */
int link(const char *from, const char *to)
{
	(void)from;
	(void)to;
	return fail(EMLINK);
}

int symlink(const char *target, const char *path)
{
	return fs_symlink(target, path);
}

ssize_t readlink(const char *path, char *buf, size_t n)
{
	return fs_readlink(path, buf, n);
}

int chmod(const char *path, mode_t mode)
{
	return fs_chmod(path, mode);
}

int chdir(const char *path)
{
	return fs_chdir(path);
}

char *getcwd(char *buf, size_t size)
{
	return fs_getcwd(buf, size);
}

time_t fs_now(void)
{
	return clock_wall_ns() / NSEC_PER_SEC;
}

int gettimeofday(struct timeval *tv, void *zone)
{
	uint64_t now = clock_wall_ns();

	(void)zone;
	tv->tv_sec = now / NSEC_PER_SEC;
	tv->tv_usec = now % NSEC_PER_SEC / NSEC_PER_USEC;
	return 0;
}

clock_t times(struct tms *t)
{
	uint64_t ran = clock_monotonic_ns() - clock_start_ns();
	clock_t ticks = ran / (NSEC_PER_SEC / CLK_TCK);

	*t = (struct tms){ .tms_utime = ticks };
	return ticks;
}

unsigned int sleep(unsigned int seconds)
{
	thread_sleep(seconds * NSEC_PER_SEC);
	return 0;
}

int usleep(useconds_t us)
{
	thread_sleep(us * NSEC_PER_USEC);
	return 0;
}

pid_t getpid(void)
{
	return 1;
}

int kill(int pid, int sig)
{
	if (pid != getpid())
		return fail(ESRCH);
	pv_panic("signal %d", sig);
}

int fork(void)
{
	return fail(ENOSYS);
}

int execve(const char *path, char *const argv[], char *const envp[])
{
	(void)path;
	(void)argv;
	(void)envp;
	return fail(ENOSYS);
}

int wait(int *status)
{
	(void)status;
	return fail(ECHILD);
}

int getentropy(void *buf, size_t n)
{
	(void)buf;
	(void)n;
	return fail(ENOSYS);
}
