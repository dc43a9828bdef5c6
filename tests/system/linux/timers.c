/* SPDX-License-Identifier: MIT */
/*
 * Every kind of timer that a program can have, all at once, for so many seconds: timers SECONDS. None may
 * come early by the monotonic clock; one that is lost never ends. Says "ok NAME" for each.
 */
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/select.h>
#include <sys/time.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

static time_t seconds = 1;

static void by_nanosleep(void)
{
	nanosleep(&(struct timespec){ .tv_sec = seconds }, NULL);
}

static void by_absolute_sleep(void)
{
	struct timespec until;

	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_sec += seconds;
	clock_nanosleep(CLOCK_REALTIME, TIMER_ABSTIME, &until, NULL);
}

static void by_poll(void)
{
	poll(NULL, 0, seconds * 1000);
}

static void by_select(void)
{
	select(0, NULL, NULL, NULL, &(struct timeval){ .tv_sec = seconds });
}

static void by_timerfd(void)
{
	const struct itimerspec due = { .it_value.tv_sec = seconds };
	int fd = timerfd_create(CLOCK_MONOTONIC, 0);
	uint64_t count = 0;

	timerfd_settime(fd, 0, &due, NULL);
	if (read(fd, &count, sizeof(count)) != sizeof(count) || count != 1)
		puts("not ok timerfd's count");
	close(fd);
}

/* All threads have the signals blocked; who waits for one has it alone. */
static void wait_signal(int number)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, number);
	sigwait(&set, &number);
}

static void by_itimer(void)
{
	const struct itimerval due = { .it_value.tv_sec = seconds };

	setitimer(ITIMER_REAL, &due, NULL);
	wait_signal(SIGALRM);
}

static void by_posix_timer(void)
{
	const struct itimerspec due = { .it_value.tv_sec = seconds };
	struct sigevent event = { .sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGUSR1 };
	timer_t timer;

	timer_create(CLOCK_BOOTTIME, &event, &timer);
	timer_settime(timer, 0, &due, NULL);
	wait_signal(SIGUSR1);
	timer_delete(timer);
}

static const struct way {
	const char *name;
	void (*sleep)(void);
} ways[] = {
	{ "nanosleep", by_nanosleep }, { "absolute_sleep", by_absolute_sleep },
	{ "poll", by_poll },	       { "select", by_select },
	{ "timerfd", by_timerfd },     { "itimer", by_itimer },
	{ "posix_timer", by_posix_timer },
};
enum { WAYS = sizeof(ways) / sizeof(ways[0]) };

static void *sleep_once(void *arg)
{
	const struct way *w = arg;
	struct timespec from, to;
	int64_t ns;

	clock_gettime(CLOCK_MONOTONIC, &from);
	w->sleep();
	clock_gettime(CLOCK_MONOTONIC, &to);
	ns = (to.tv_sec - from.tv_sec) * 1000000000L + to.tv_nsec - from.tv_nsec;
	/* The wall clock is slewed, by a two-thousandth at most. */
	if (ns >= seconds * 1000000000L - seconds * 1000000L)
		printf("ok %s\n", w->name);
	else
		printf("not ok %s (%ld ns too early)\n", w->name, seconds * 1000000000L - ns);
	return NULL;
}

int main(int argc, char **argv)
{
	pthread_t threads[WAYS];
	sigset_t set;

	if (argc > 1)
		seconds = atoi(argv[1]);
	sigemptyset(&set);
	sigaddset(&set, SIGALRM);
	sigaddset(&set, SIGUSR1);
	pthread_sigmask(SIG_BLOCK, &set, NULL);
	for (unsigned i = 0; i < WAYS; i++)
		if (pthread_create(&threads[i], NULL, sleep_once, (void *)&ways[i]))
			return 1;
	for (unsigned i = 0; i < WAYS; i++)
		pthread_join(threads[i], NULL);
	return 0;
}
