// SPDX-License-Identifier: MIT
/*
 * Any bytes as xenstore's answers and events: what the client makes of them lies inside them. The
 * input is cut into answers: a length byte, then that many bytes; 0 is an error answer.
 */
#include <fuzz.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <pvguest/thread.h>
#include <pvguest/xsconn.h>

static const uint8_t *at, *end;

/* In place of the connection: the next piece of the input. */
char *xs_conn_talk(uint32_t type, xs_transaction_t t, const struct xs_piece *pieces,
		   unsigned int count, unsigned int *len)
{
	size_t n = at < end ? *at++ : 0;
	char *answer;

	(void)t;
	for (unsigned int i = 0; i < count; i++)
		for (size_t k = 0; k < pieces[i].len; k++)
			FUZZ_USE(((const char *)pieces[i].data)[k]);
	if (n > (size_t)(end - at))
		n = end - at;
	if (!n) {
		errno = type == XS_DIRECTORY ? E2BIG : ENOENT;
		return NULL;
	}
	answer = malloc(n + 1);
	memcpy(answer, at, n);
	answer[n] = '\0';
	at += n;
	if (len)
		*len = n;
	return answer;
}

int xs_conn_open(void)
{
	return 0;
}

bool xs_conn_is_open(void)
{
	return true;
}

void waitq_wake(struct waitq *wq)
{
	(void)wq;
}

bool waitq_wait(struct waitq *wq, uint64_t deadline_ns)
{
	(void)wq;
	(void)deadline_ns;
	return false;
}

void thread_sleep(uint64_t ns)
{
	(void)ns;
}

static void directory(struct xs_handle *h)
{
	unsigned int n;
	char **names = xs_directory(h, XBT_NULL, "/a", &n);

	for (unsigned int i = 0; names && i < n; i++)
		FUZZ_USE(strlen(names[i]));
	free(names);
}

static void permissions(struct xs_handle *h)
{
	unsigned int n;
	struct xs_permissions *p = xs_get_permissions(h, XBT_NULL, "/a", &n);

	for (unsigned int i = 0; p && i < n; i++)
		FUZZ_CHECK(p[i].perms <= 3);
	if (p)
		xs_set_permissions(h, XBT_NULL, "/a", p, n);
	free(p);
}

static void event(struct xs_handle *h)
{
	size_t n = at < end ? *at++ : 0;
	char body[256], **e;

	if (n > (size_t)(end - at))
		n = end - at;
	memcpy(body, at, n);
	body[n] = '\0';
	at += n;
	xs_watch_deliver(body, n);
	e = xs_check_watch(h);
	if (e)
		FUZZ_USE(strlen(e[XS_WATCH_PATH]) + strlen(e[XS_WATCH_TOKEN]));
	free(e);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct xs_handle *h = xs_open(0);
	int number;

	at = data;
	end = data + size;
	xs_watch(h, "/a", "token");
	while (at < end) {
		switch (*at++ % 6) {
		case 0:
			directory(h);
			break;
		case 1:
			permissions(h);
			break;
		case 2:
			event(h);
			break;
		case 3:
			FUZZ_USE(xs_scanf(h, XBT_NULL, "/a", "%d", &number));
			break;
		case 4:
			FUZZ_USE(xs_transaction_start(h));
			break;
		default:
			FUZZ_USE(xs_is_domain_introduced(h, 1));
		}
	}
	xs_close(h);
	return 0;
}
