// SPDX-License-Identifier: MIT
/* The requests of the xenstore client. Their formats are in Xen's docs/misc/xenstore.txt. */
#include <pvguest/xsconn.h>

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct xs_handle *xs_open(unsigned long flags)
{
	(void)flags;
	return xs_conn_open() ? NULL : calloc(1, sizeof(struct xs_handle));
}

void xs_close(struct xs_handle *h)
{
	if (!h)
		return;
	xs_watch_close(h);
	free(h);
}

static struct xs_piece piece_string(const char *s)
{
	return (struct xs_piece){ s, strlen(s) + 1 };
}

/* A request with one string; the answer is the caller's. */
static char *talk_string(uint32_t type, xs_transaction_t t, const char *s, unsigned int *len)
{
	struct xs_piece piece = piece_string(s);

	return xs_conn_talk(type, t, &piece, 1, len);
}

/* For requests whose answer is only "OK". */
static bool accepted(char *answer)
{
	free(answer);
	return answer;
}

/* A request with one number, or two when `second` is not NULL. */
static char *talk_number(uint32_t type, unsigned int first, const unsigned int *second)
{
	char a[16], b[16];
	struct xs_piece pieces[2] = {
		{ a, snprintf(a, sizeof(a), "%u", first) + 1 },
		{ b, snprintf(b, sizeof(b), "%u", second ? *second : 0) + 1 },
	};

	return xs_conn_talk(type, XBT_NULL, pieces, second ? 2 : 1, NULL);
}

void *xs_read(struct xs_handle *h, xs_transaction_t t, const char *path, unsigned int *len)
{
	(void)h;
	return talk_string(XS_READ, t, path, len);
}

bool xs_write(struct xs_handle *h, xs_transaction_t t, const char *path, const void *data,
	      unsigned int len)
{
	struct xs_piece pieces[] = { piece_string(path), { data, len } };

	(void)h;
	return accepted(xs_conn_talk(XS_WRITE, t, pieces, 2, NULL));
}

bool xs_mkdir(struct xs_handle *h, xs_transaction_t t, const char *path)
{
	(void)h;
	return accepted(talk_string(XS_MKDIR, t, path, NULL));
}

bool xs_rm(struct xs_handle *h, xs_transaction_t t, const char *path)
{
	(void)h;
	return accepted(talk_string(XS_RM, t, path, NULL));
}

/* An array of the strings in list (len bytes), in one block with them. */
static char **string_array(const char *list, size_t len, unsigned int *num)
{
	unsigned int count = 0, i = 0;
	char **array, *text;

	for (size_t at = 0; at < len; at += strlen(list + at) + 1)
		count++;
	array = malloc((count + 1) * sizeof(*array) + len + 1);
	if (!array)
		return NULL;
	text = (char *)(array + count + 1);
	memcpy(text, list, len);
	text[len] = '\0';
	for (size_t at = 0; at < len; at += strlen(text + at) + 1)
		array[i++] = text + at;
	array[count] = NULL;
	*num = count;
	return array;
}

/* What has been read so far of a list that is too long for one answer. */
struct parts {
	char *text;
	size_t len;
	char generation[24];
};

/* Adds one part: "generation\0name\0...", an empty name ends the list. Returns 1 when there is
 * more, 0 at the end, -1 with errno; EAGAIN: the list has changed, begin again. */
static int parts_add(struct parts *p, const char *answer, size_t len)
{
	size_t head = strlen(answer) + 1;
	size_t body = head < len ? len - head : 0;
	bool last = !body || (body >= 2 && !answer[len - 1] && !answer[len - 2]) ||
		    (body == 1 && !answer[head]);
	char *text;

	if (head > sizeof(p->generation)) {
		errno = EIO;
		return -1;
	}
	if (p->len && strcmp(p->generation, answer)) {
		errno = EAGAIN;
		return -1;
	}
	memcpy(p->generation, answer, head);
	text = realloc(p->text, p->len + body + 1);
	if (!text)
		return -1;
	memcpy(text + p->len, answer + head, body);
	p->text = text;
	p->len += body - (last && body ? 1 : 0);
	text[p->len] = '\0';
	return !last;
}

static int parts_read(struct parts *p, xs_transaction_t t, const char *path)
{
	int more;

	p->len = 0;
	do {
		char offset[24], *answer;
		unsigned int len;
		struct xs_piece pieces[] = {
			piece_string(path),
			{ offset, snprintf(offset, sizeof(offset), "%zu", p->len) + 1 },
		};

		answer = xs_conn_talk(XS_DIRECTORY_PART, t, pieces, 2, &len);
		if (!answer)
			return -1;
		more = parts_add(p, answer, len);
		free(answer);
	} while (more > 0);
	return more;
}

static char **directory_parts(xs_transaction_t t, const char *path, unsigned int *num)
{
	struct parts p = { NULL, 0, "" };
	char **names = NULL;
	int rc;

	do {
		rc = parts_read(&p, t, path);
	} while (rc && errno == EAGAIN);
	if (!rc)
		names = string_array(p.text, p.len, num);
	free(p.text);
	return names;
}

char **xs_directory(struct xs_handle *h, xs_transaction_t t, const char *path, unsigned int *num)
{
	unsigned int len;
	char *answer = talk_string(XS_DIRECTORY, t, path, &len), **names;

	(void)h;
	if (!answer)
		return errno == E2BIG ? directory_parts(t, path, num) : NULL;
	names = string_array(answer, len, num);
	free(answer);
	return names;
}

static unsigned int perms_of(char letter)
{
	switch (letter) {
	case 'r':
		return XS_PERM_READ;
	case 'w':
		return XS_PERM_WRITE;
	case 'b':
		return XS_PERM_READ | XS_PERM_WRITE;
	default:
		return XS_PERM_NONE;
	}
}

struct xs_permissions *xs_get_permissions(struct xs_handle *h, xs_transaction_t t,
					  const char *path, unsigned int *num)
{
	unsigned int len, count = 0;
	char *answer = talk_string(XS_GET_PERMS, t, path, &len);
	struct xs_permissions *perms;

	(void)h;
	if (!answer)
		return NULL;
	perms = calloc(len + 1, sizeof(*perms));	/* more than there can be */
	for (size_t at = 0; perms && at < len; at += strlen(answer + at) + 1) {
		perms[count].perms = perms_of(answer[at]);
		perms[count++].id = answer[at] ? strtoul(answer + at + 1, NULL, 10) : 0;
	}
	free(answer);
	*num = count;
	return perms;
}

bool xs_set_permissions(struct xs_handle *h, xs_transaction_t t, const char *path,
			struct xs_permissions *perms, unsigned int num)
{
	char text[XENSTORE_PAYLOAD_MAX];
	struct xs_piece pieces[] = { piece_string(path), { text, 0 } };
	size_t len = 0;

	(void)h;
	for (unsigned int i = 0; i < num; i++) {
		if (sizeof(text) - len < 16) {
			errno = ENAMETOOLONG;
			return false;
		}
		len += sprintf(text + len, "%c%u", "nrwb"[perms[i].perms & 3], perms[i].id) + 1;
	}
	pieces[1].len = len;
	return accepted(xs_conn_talk(XS_SET_PERMS, t, pieces, 2, NULL));
}

xs_transaction_t xs_transaction_start(struct xs_handle *h)
{
	char *answer = talk_string(XS_TRANSACTION_START, XBT_NULL, "", NULL);
	xs_transaction_t t = answer ? strtoul(answer, NULL, 10) : XBT_NULL;

	(void)h;
	free(answer);
	return t;
}

bool xs_transaction_end(struct xs_handle *h, xs_transaction_t t, bool abort)
{
	(void)h;
	return accepted(talk_string(XS_TRANSACTION_END, t, abort ? "F" : "T", NULL));
}

bool xs_introduce_domain(struct xs_handle *h, unsigned int domid, unsigned long gfn,
			 unsigned int port)
{
	char id[16], frame[24], event[16];
	struct xs_piece pieces[] = {
		{ id, snprintf(id, sizeof(id), "%u", domid) + 1 },
		{ frame, snprintf(frame, sizeof(frame), "%lu", gfn) + 1 },
		{ event, snprintf(event, sizeof(event), "%u", port) + 1 },
	};

	(void)h;
	return accepted(xs_conn_talk(XS_INTRODUCE, XBT_NULL, pieces, 3, NULL));
}

bool xs_release_domain(struct xs_handle *h, unsigned int domid)
{
	(void)h;
	return accepted(talk_number(XS_RELEASE, domid, NULL));
}

bool xs_set_target(struct xs_handle *h, unsigned int domid, unsigned int target)
{
	(void)h;
	return accepted(talk_number(XS_SET_TARGET, domid, &target));
}

bool xs_resume_domain(struct xs_handle *h, unsigned int domid)
{
	(void)h;
	return accepted(talk_number(XS_RESUME, domid, NULL));
}

char *xs_get_domain_path(struct xs_handle *h, unsigned int domid)
{
	(void)h;
	return talk_number(XS_GET_DOMAIN_PATH, domid, NULL);
}

bool xs_is_domain_introduced(struct xs_handle *h, unsigned int domid)
{
	char *answer = talk_number(XS_IS_DOMAIN_INTRODUCED, domid, NULL);
	bool yes = answer && *answer == 'T';

	(void)h;
	free(answer);
	return yes;
}

bool xs_reset_watches(struct xs_handle *h)
{
	(void)h;
	return accepted(talk_string(XS_RESET_WATCHES, XBT_NULL, "", NULL));
}

char *xs_control_command(struct xs_handle *h, const char *cmd, const void *data, unsigned int len)
{
	struct xs_piece pieces[] = { piece_string(cmd), { data, len } };

	(void)h;
	return xs_conn_talk(XS_CONTROL, XBT_NULL, pieces, 2, NULL);
}

bool xs_printf(struct xs_handle *h, xs_transaction_t t, const char *path, const char *fmt, ...)
{
	char text[XENSTORE_PAYLOAD_MAX + 1];
	va_list args;
	int n;

	va_start(args, fmt);
	n = vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	if (n < 0 || (size_t)n >= sizeof(text)) {
		errno = E2BIG;
		return false;
	}
	return xs_write(h, t, path, text, n);
}

int xs_scanf(struct xs_handle *h, xs_transaction_t t, const char *path, const char *fmt, ...)
{
	char *text = xs_read(h, t, path, NULL);
	va_list args;
	int n;

	if (!text)
		return -1;
	va_start(args, fmt);
	n = vsscanf(text, fmt, args);
	va_end(args);
	free(text);
	return n;
}
