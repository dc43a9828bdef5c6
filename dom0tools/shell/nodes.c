/* SPDX-License-Identifier: MIT */
/*
 * The xenstore-* commands, as Xen's tools of these names print.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "commands.h"
#include "store.h"

#include "dom0/terminal.h"

#include "pvguest/clock.h"

struct xs_handle *store_handle(void)
{
	static struct xs_handle *handle;

	if (!handle)
		handle = xs_open(0);
	if (!handle)
		fprintf(stderr, "xenstore: no connection: %s\n", strerror(errno));
	return handle;
}

static int failed(const char *command, const char *path)
{
	fprintf(stderr, "%s: %s: %s\n", command, path, strerror(errno));
	return 1;
}

static char perm_letter(unsigned int bits)
{
	return "nrwb"[bits & (XS_PERM_READ | XS_PERM_WRITE)];
}

static void perms_print(const char *path)
{
	unsigned int n;
	struct xs_permissions *perms = xs_get_permissions(store_handle(), XBT_NULL, path, &n);

	for (unsigned int i = 0; perms && i < n; i++)
		printf("%s%c%u", i ? "," : "   (", perm_letter(perms[i].perms), perms[i].id);
	if (perms && n)
		putchar(')');
	free(perms);
}

/* Bytes that are no text are shown as \ooo. */
static void value_print(const char *value, unsigned int len)
{
	for (unsigned int i = 0; i < len; i++) {
		unsigned char c = (unsigned char)value[i];

		if (c == '\n')
			fputs("\\n", stdout);
		else if (c == '\t')
			fputs("\\t", stdout);
		else if (c == '\\')
			fputs("\\\\", stdout);
		else if (c < ' ' || c >= 0x7f)
			printf("\\%03o", c);
		else
			putchar(c);
	}
}

struct ls {
	bool full, perms;
};

/* How deep the indented list goes; a guest cannot make dom0's stack overflow. */
#define LS_DEPTH_MAX 64

static int ls_below(const struct ls *ls, const char *path, unsigned int depth);

static void ls_node(const struct ls *ls, const char *path, const char *name, unsigned int depth)
{
	unsigned int len = 0;
	char *value = xs_read(store_handle(), XBT_NULL, path, &len);

	if (ls->full)
		fputs(path, stdout);
	else
		printf("%*s%s", (int)depth, "", name);
	fputs(" = \"", stdout);
	if (value)
		value_print(value, len);
	putchar('"');
	if (ls->perms)
		perms_print(path);
	putchar('\n');
	free(value);
}

static int ls_below(const struct ls *ls, const char *path, unsigned int depth)
{
	unsigned int n = 0;
	char **names = xs_directory(store_handle(), XBT_NULL, path, &n);

	if (!names && !n && errno && depth == 0 && errno != EINVAL)
		return failed("xenstore-ls", path);
	for (unsigned int i = 0; names && i < n && depth < LS_DEPTH_MAX; i++) {
		size_t size = strlen(path) + strlen(names[i]) + 2;
		char *below = malloc(size);

		if (!below)
			break;
		snprintf(below, size, "%s/%s", strcmp(path, "/") ? path : "", names[i]);
		ls_node(ls, below, names[i], depth);
		if (!strchr(names[i], '@'))
			ls_below(ls, below, depth + 1);
		free(below);
	}
	free(names);
	return 0;
}

int command_xenstore_ls(int argc, char **argv)
{
	struct ls ls = { 0 };
	int i;

	for (i = 1; i < argc && argv[i][0] == '-'; i++) {
		if (!strcmp(argv[i], "-f"))
			ls.full = true;
		else if (!strcmp(argv[i], "-p"))
			ls.perms = true;
		else
			return command_misused(argv[0]);
	}
	if (argc - i > 1)
		return command_misused(argv[0]);
	if (!store_handle())
		return 1;
	errno = 0;
	return ls_below(&ls, i < argc ? argv[i] : "/", 0);
}

/* The -p of xenstore-read and -list: 1 when there, 0 when not, -1 for a wrong option. */
static int option_p(int argc, char **argv)
{
	if (argc < 2 || argv[1][0] != '-')
		return 0;
	return strcmp(argv[1], "-p") ? -1 : 1;
}

int command_xenstore_list(int argc, char **argv)
{
	int prefix = option_p(argc, argv), status = 0;

	if (prefix < 0 || argc < 2 + prefix)
		return command_misused(argv[0]);
	if (!store_handle())
		return 1;
	for (int i = 1 + prefix; i < argc; i++) {
		unsigned int n = 0;
		char **names = xs_directory(store_handle(), XBT_NULL, argv[i], &n);

		if (!names)
			status = failed(argv[0], argv[i]);
		for (unsigned int k = 0; names && k < n; k++)
			printf("%s%s%s\n", prefix ? argv[i] : "", prefix ? "/" : "", names[k]);
		free(names);
	}
	return status;
}

int command_xenstore_read(int argc, char **argv)
{
	int prefix = option_p(argc, argv), status = 0;

	if (prefix < 0 || argc < 2 + prefix)
		return command_misused(argv[0]);
	if (!store_handle())
		return 1;
	for (int i = 1 + prefix; i < argc; i++) {
		unsigned int len;
		char *value = xs_read(store_handle(), XBT_NULL, argv[i], &len);

		if (!value) {
			status = failed(argv[0], argv[i]);
			continue;
		}
		if (prefix)
			printf("%s: ", argv[i]);
		value_print(value, len);
		putchar('\n');
		free(value);
	}
	return status;
}

int command_xenstore_write(int argc, char **argv)
{
	if (argc < 3 || argc % 2 == 0)
		return command_misused(argv[0]);
	if (!store_handle())
		return 1;
	for (int i = 1; i < argc; i += 2)
		if (!xs_write(store_handle(), XBT_NULL, argv[i], argv[i + 1],
			      (unsigned int)strlen(argv[i + 1])))
			return failed(argv[0], argv[i]);
	return 0;
}

int command_xenstore_rm(int argc, char **argv)
{
	int status = 0;

	if (argc < 2)
		return command_misused(argv[0]);
	if (!store_handle())
		return 1;
	for (int i = 1; i < argc; i++)
		if (!xs_rm(store_handle(), XBT_NULL, argv[i]))
			status = failed(argv[0], argv[i]);
	return status;
}

int command_xenstore_exists(int argc, char **argv)
{
	if (argc < 2)
		return command_misused(argv[0]);
	if (!store_handle())
		return 1;
	for (int i = 1; i < argc; i++) {
		char *value = xs_read(store_handle(), XBT_NULL, argv[i], NULL);

		if (!value)
			return 1;
		free(value);
	}
	return 0;
}

static bool perm_parse(struct xs_permissions *perm, const char *text)
{
	static const char letters[] = "nrwb";
	const char *letter = text[0] ? strchr(letters, text[0]) : NULL;
	char *end;

	if (!letter || !text[1])
		return false;
	perm->perms = (unsigned int)(letter - letters);
	perm->id = (unsigned int)strtoul(text + 1, &end, 10);
	return !*end;
}

int command_xenstore_chmod(int argc, char **argv)
{
	struct xs_permissions perms[32];
	unsigned int n = (unsigned int)(argc - 2);

	if (argc < 3 || n > 32)
		return command_misused(argv[0]);
	for (unsigned int i = 0; i < n; i++) {
		if (!perm_parse(&perms[i], argv[i + 2])) {
			fprintf(stderr, "%s: %s: not a permission such as n0, r1, w1 or b1\n",
				argv[0], argv[i + 2]);
			return 2;
		}
	}
	if (!store_handle())
		return 1;
	if (!xs_set_permissions(store_handle(), XBT_NULL, argv[1], perms, n))
		return failed(argv[0], argv[1]);
	return 0;
}

int command_xenstore_control(int argc, char **argv)
{
	char data[512];
	size_t len = 0;

	if (argc < 2)
		return command_misused(argv[0]);
	for (int i = 2; i < argc; i++) {
		size_t size = strlen(argv[i]) + 1;

		if (size > sizeof(data) - len) {
			fprintf(stderr, "%s: the arguments are too long\n", argv[0]);
			return 1;
		}
		memcpy(data + len, argv[i], size);
		len += size;
	}
	if (!store_handle())
		return 1;

	char *answer = xs_control_command(store_handle(), argv[1], data, (unsigned int)len);

	if (!answer)
		return failed(argv[0], argv[1]);
	printf("%s%s", answer, answer[0] && answer[strlen(answer) - 1] == '\n' ? "" : "\n");
	free(answer);
	return 0;
}
