/* SPDX-License-Identifier: MIT */
/*
 * What completion offers: files, xenstore's nodes, domains.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "complete.h"
#include "store.h"

#include "pvguest/fs.h"

/* The folder part of a path being typed: up to its last slash, "" when there is none. */
static char *folder_of(const char *word)
{
	const char *slash = strrchr(word, '/');

	return strndup(word, slash ? (size_t)(slash + 1 - word) : 0);
}

static void add_joined(struct completion *c, const char *folder, const char *name,
		       const char *end)
{
	size_t size = strlen(folder) + strlen(name) + strlen(end) + 1;
	char *path = malloc(size);

	if (!path)
		return;
	snprintf(path, size, "%s%s%s", folder, name, end);
	completion_add(c, path);
	free(path);
}

void completion_add_paths(struct completion *c)
{
	char *folder = folder_of(c->word);
	struct fs_dir *dir = folder ? fs_opendir(folder[0] ? folder : ".") : NULL;
	const struct fs_dirent *entry;

	while (dir && (entry = fs_readdir(dir)))
		add_joined(c, folder, entry->name, entry->is_dir ? "/" : "");
	if (dir)
		fs_closedir(dir);
	free(folder);
}

void completion_add_nodes(struct completion *c)
{
	char *folder = folder_of(c->word);
	size_t len = folder ? strlen(folder) : 0;
	unsigned int n = 0;

	if (!folder || !store_handle())
		goto out;
	if (!len) {
		completion_add(c, "/");
		goto out;
	}

	char *node = strndup(folder, len > 1 ? len - 1 : 1);
	char **names = node ? xs_directory(store_handle(), XBT_NULL, node, &n) : NULL;

	for (unsigned int i = 0; names && i < n; i++)
		add_joined(c, folder, names[i], "");
	free(names);
	free(node);
out:
	free(folder);
}

void completion_add_domains(struct completion *c)
{
	unsigned int n = 0;
	char **ids = store_handle() ?
		     xs_directory(store_handle(), XBT_NULL, "/local/domain", &n) : NULL;

	for (unsigned int i = 0; ids && i < n; i++) {
		char path[48], *name;

		snprintf(path, sizeof(path), "/local/domain/%s/name", ids[i]);
		name = xs_read(store_handle(), XBT_NULL, path, NULL);
		if (name && name[0])
			completion_add(c, name);
		free(name);
	}
	free(ids);
}
