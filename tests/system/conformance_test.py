#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""The test kernels as guests of `xl create`, in the way that test suites of others run theirs: created paused,
console attached, unpaused, the last line says how it went. And a kernel as they were before ELF notes, as domU
and as dom0. Prints TAP."""
import os
import re
import subprocess
import sys
import tempfile

from dialogue import suite
from tap import Tap

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "tools"))
import machine  # noqa: E402

KERNELS = ["shared", "iopl", "operands", "features", "advisories", "smp", "domu", "start", "traps", "events", "usermode",
           "segments", "fpu", "layout"]
KEYS = 'type="pv"\nmemory=64\nvcpus=3\nmax_event_channels=4096\non_crash="destroy"\nvif=[]\ndisk=[]\n'


def old_kernel(build, tmp):
    """The kernel "start" with the section __xen_guest in place of its notes; returns its path."""
    kernel, text, out = f"{build}/guests/test-start", f"{tmp}/section", f"{tmp}/old"
    names = subprocess.run(["nm", kernel], check=True, stdout=subprocess.PIPE, text=True).stdout
    page = int(re.search(r"^(\w+) \w hypercall_page$", names, re.M)[1], 16) >> 12
    with open(text, "w") as f:
        f.write("GUEST_OS=old,XEN_VER=xen-3.0,VIRT_BASE=0x0,ELF_PADDR_OFFSET=0x0,"
                f"HYPERCALL_PAGE={page:#x},PAE=yes,LOADER=generic\0")
    subprocess.run(["objcopy", "--remove-section", ".note.Xen", "--add-section", f"__xen_guest={text}", kernel, out],
                   check=True)
    return out


def guest(name):
    def run(tap, d):
        text, code = d.run(f"xl create -p /etc/xen/t-{name}.cfg")
        tap.check(code == 0, f"{name}: created, paused", text)
        d.send(f"xl unpause t-{name} ; xl console t-{name}\r")
        text = d.wait("dom0# ", 60)
        tap.check(re.search(r"# end: 0 of \d+ failed\n", text) and "not ok" not in text,
                  f"{name}: runs as a domU to its good end", text)
        tap.check(d.gone(f"t-{name}"), f"{name}: is gone", d.seen)
    run.__name__ = name
    return run


def main():
    build = os.path.abspath(sys.argv[1] if len(sys.argv) > 1 else "build")
    with tempfile.TemporaryDirectory() as tmp:
        paths = {name: f"{build}/guests/test-{name}" for name in KERNELS}
        paths["old"] = old_kernel(build, tmp)
        tap, files = Tap(), {}
        text = machine.run_kernel(f"{build}/cloison", paths["old"], until="# end")
        tap.check("# end: 0 of" in text, "a kernel with the section __xen_guest runs as dom0", text)
        for name, path in paths.items():
            with open(path, "rb") as f:
                files[f"/guests/t-{name}"] = f.read()
            files[f"/etc/xen/t-{name}.cfg"] = f'name="t-{name}"\nkernel="/guests/t-{name}"\n' + KEYS
        return suite([([guest(name) for name in paths], {"files": files, "memory": "512M", "checked": True})], tap)


sys.exit(main())
