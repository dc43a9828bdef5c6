// SPDX-License-Identifier: MIT
/* See hv/buildinfo.h. */
#include <hv/buildinfo.h>

#include <hv/str.h>
#include <version.h>

extern const char build_id_note[], build_id_end[];	/* link.lds */

static char command_line[1024];	/* as long as xen_commandline_t */

const struct build_info build_info = {
	.extraversion = ".0-cloison",
	.compiler = CLOISON_COMPILER,
	.compiled_by = "cloison",
	.compiled_on = "version " CLOISON_VERSION,
	.date = CLOISON_DATE,
	.changeset = CLOISON_COMMIT,
};

struct note {
	uint32_t name_size, desc_size, type;
	char name[4];
	char desc[];
};

const void *build_id(size_t *len)
{
	const struct note *n = (const struct note *)build_id_note;
	size_t room = (size_t)(build_id_end - build_id_note);

	*len = 0;
	if (room < sizeof(*n) || n->name_size != 4 || n->desc_size > room - sizeof(*n))
		return NULL;
	*len = n->desc_size;
	return n->desc;
}

void build_set_cmdline(const char *cmdline)
{
	str_copy(command_line, sizeof(command_line), cmdline);
}

const char *build_cmdline(void)
{
	return command_line;
}
