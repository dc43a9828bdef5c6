# SPDX-License-Identifier: MIT
# The guest library: its files in memory, and what it makes of a hostile xenstore's answers.
FUZZERS += pvfs pvxs
pvfs_FSRCS := tests/fuzz/pv/fs_fuzz.c $(addprefix pvguest/,fstree.c fspath.c fsfile.c fscpio.c) \
	$(addprefix hypervisor/lib/,cpio.c str.c)
pvxs_FSRCS := tests/fuzz/pv/xs_fuzz.c $(addprefix pvguest/,xs.c xswatch.c)
