# SPDX-License-Identifier: MIT
"""Debian's own xl, xenstored and xenconsoled for an initramfs: the programs of xen-utils and xenstore-utils with the
libraries that they name, and the modules of Debian's kernel that they need: {path in the guest: path here}."""
import glob
import os
import re
import subprocess

import image

PROGRAMS = ("xl", "xenstored", "xenconsoled", "xenconsole", "xen-init-dom0", "xentop", "xen-cpuid")
MODULES = ("xen-privcmd", "xen-evtchn", "xen-gntdev", "xen-gntalloc", "xenfs")
# Where a library may lie: here, since libxen-dev brings most, or in a package that is only unpacked.
PACKAGES = ("xen-utils-4.17", "xenstore-utils", "libncurses6")
FOLDERS = ("usr/lib/x86_64-linux-gnu", "lib/x86_64-linux-gnu")
LOADER = "/lib64/ld-linux-x86-64.so.2"


def needed(path):
    text = subprocess.run(["objdump", "-p", path], check=True, text=True, stdout=subprocess.PIPE).stdout
    return re.findall(r"NEEDED +(\S+)", text)


def library(name, roots):
    for root in roots:
        for folder in FOLDERS:
            path = f"{root}/{folder}/{name}"
            if os.path.exists(path):
                return os.path.realpath(path)
    raise OSError(f"{name} is neither here nor in {', '.join(PACKAGES)}")


def add(files, guest_path, path, roots):
    """The program or library, and all that it names."""
    files[guest_path] = path
    for name in needed(path):
        if f"/lib/{name}" not in files:
            add(files, f"/lib/{name}", library(name, roots), roots)


def files(build):
    packages = [image.package(f"{build}/linux", name) for name in PACKAGES]
    roots = [""] + packages
    out = {LOADER: os.path.realpath(LOADER)}
    for name in PROGRAMS:
        add(out, f"/usr/lib/xen-4.17/bin/{name}", f"{packages[0]}/usr/lib/xen-4.17/bin/{name}", roots)
    for name in ("xenstore-ls", "xenstore-read"):
        add(out, f"/usr/bin/{name}", f"{packages[1]}/usr/bin/{name}", roots)
    add(out, "/lib/libgcc_s.so.1", library("libgcc_s.so.1", roots), roots)	# pthread_cancel() loads it
    for name in MODULES:
        found = glob.glob(f"{image.package_of(build, 'debian')}/lib/modules/*/kernel/drivers/xen/**/{name}.ko",
                          recursive=True)
        out[f"/lib/{name}.ko"] = found[0]
    return out
