/* SPDX-License-Identifier: MIT */
/*
 * Paths as clients write them: absolute, relative to /local/domain/DOMID, or one
 * of the two special names, which live in the tree as children of the root so that
 * they have permissions like any node.
 */
#include "internal.h"

#include <stdio.h>
#include <string.h>

/* What a path is made of: nothing above 127, and not the end. */
static const bool path_char[256] = {
	['A' ... 'Z'] = true, ['a' ... 'z'] = true, ['0' ... '9'] = true,
	['-'] = true, ['/'] = true, ['_'] = true, ['@'] = true,
};

static bool is_special(const char *text, enum path_kind kind)
{
	static const char release[] = "@releaseDomain/";
	domid_t domid;

	if (kind == PATH_NODE)
		return false;
	if (!strcmp(text, "@introduceDomain") || !strcmp(text, "@releaseDomain"))
		return true;
	return kind == PATH_WATCH && !strncmp(text, release, sizeof(release) - 1) &&
	       parse_domid(text + sizeof(release) - 1, &domid);
}

static bool is_well_formed(const char *abs)
{
	const unsigned char *c = (const unsigned char *)abs;

	if (!strcmp(abs, "/"))
		return true;
	if (c[1] == '@')
		return false;
	for (; path_char[*c]; c++)
		if (c[0] == '/' && c[1] == '/')
			return false;
	return !*c && c[-1] != '/';
}

int path_parse(struct path *path, const char *text, domid_t domid, enum path_kind kind)
{
	size_t len = strlen(text), base = 0;

	path->skip = 0;
	if (text[0] == '@') {
		if (!is_special(text, kind))
			return -EINVAL;
		path->abs[0] = '/';
		memcpy(path->abs + 1, text, len + 1);
		path->skip = 1;
		return 0;
	}
	if (!len)
		return -EINVAL;
	if (text[0] != '/') {
		if (len > XENSTORE_REL_PATH_MAX)
			return -EINVAL;
		base = (size_t)snprintf(path->abs, sizeof(path->abs), "/local/domain/%u/", domid);
		path->skip = (uint16_t)base;
	}
	if (len > XENSTORE_ABS_PATH_MAX - base)
		return -EINVAL;
	memcpy(path->abs + base, text, len + 1);
	return is_well_formed(path->abs) ? 0 : -EINVAL;
}

void path_to_parent(char *abs)
{
	char *slash = strrchr(abs, '/');

	slash[slash == abs] = '\0';
}
