#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""What Linux guests need, below the build folder: Debian's kernel and busybox, unpacked from their packages
(nothing is installed), an initramfs with busybox, and for `make run-linux` an archive that boots dom0 with
all of that and /etc/xen/linux.cfg. Usage: image.py BUILD"""
import glob
import os
import re
import shutil
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.join(HERE, ".."), os.path.join(HERE, "..", "..", "tools")]
from held import held  # noqa: E402
from dialogue import archive, write_files  # noqa: E402,F401

CONFIGURATION = """[global]
default=dom0
[dom0]
options=console=com1 com1=115200,8n1
kernel=dom0
ramdisk=root.cpio
"""


def package(folder, name):
    """Downloads and unpacks one package; returns where its files lie."""
    root = f"{folder}/{name}"
    with held(folder):
        if os.path.exists(root):
            return root
        subprocess.run(["apt-get", "download", "-q", name], cwd=folder, check=True,
                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        deb = glob.glob(f"{folder}/{name}_*.deb")[0]
        subprocess.run(["dpkg", "-x", deb, root + ".tmp"], check=True)
        os.rename(root + ".tmp", root)
        os.unlink(deb)
    return root


# The kernels that are tried: what finds their packages, newest last.
KINDS = {
    "debian": "^linux-image-6.1.[0-9-]+-amd64$",
    "cloud": "^linux-image-6.1.[0-9-]+-cloud-amd64$",
    "new": "^linux-image-6.12.[0-9]+.deb12-amd64$",
}
GZIP = b"\x1f\x8b"
UNPACKERS = {b"\xfd7zXZ": ["xz", "-dc"], b"\x28\xb5\x2f\xfd": ["zstd", "-dcq"], GZIP: ["gzip", "-dc"]}


def kernel_package(kind):
    """The newest package of that kind."""
    text = subprocess.run(["apt-cache", "search", "--names-only", KINDS[kind]], check=True, text=True,
                          stdout=subprocess.PIPE).stdout
    names = [line.split()[0] for line in text.splitlines()]
    if not names:
        raise FileNotFoundError(f"apt knows no package {KINDS[kind]}")
    return max(names, key=lambda name: [int(n) for n in re.findall(r"\d+", name)])


def package_of(build, kind):
    """Where the kernel's package lies, unpacked."""
    known = [path for path in glob.glob(f"{build}/linux/linux-image-*")
             if re.match(KINDS[kind], os.path.basename(path))]
    return known[0] if known else package(f"{build}/linux", kernel_package(kind))


def kernel(build, kind="debian"):
    """Path of Debian's vmlinuz."""
    return glob.glob(f"{package_of(build, kind)}/boot/vmlinuz-*")[0]


def vmlinux(build, kind="debian"):
    """Path of the ELF file inside, for who boots without unpacking it."""
    out = f"{build}/linux/vmlinux-{kind}"
    if not os.path.exists(out):
        with open(kernel(build, kind), "rb") as f:
            elf = payload(f.read())
        with open(f"{out}.{os.getpid()}", "wb") as f:
            f.write(elf)
        os.rename(f"{out}.{os.getpid()}", out)
    return out


def payload(vmlinuz):
    """The ELF file that a bzImage holds; the four bytes behind it are its length unpacked. gzip ends with those anyway."""
    start, length = payload_place(vmlinuz)
    magic = next(magic for magic in UNPACKERS if vmlinuz[start:].startswith(magic))
    behind = 0 if magic == GZIP else 4
    return subprocess.run(UNPACKERS[magic], input=vmlinuz[start:start + length - behind], check=True,
                          stdout=subprocess.PIPE).stdout


def payload_place(vmlinuz):
    """Where in a bzImage its payload lies: (offset, length)."""
    return ((vmlinuz[0x1f1] + 1) * 512 + int.from_bytes(vmlinuz[0x248:0x24c], "little"),
            int.from_bytes(vmlinuz[0x24c:0x250], "little"))


def busybox(build):
    return package(f"{build}/linux", "busybox-static") + "/bin/busybox"


def initrd(build, name="initrd", extra=None):
    """An initramfs with busybox, the files of root/, and extra ({path in it: path here}); returns its path."""
    out, folder = f"{build}/linux/{name}", f"{build}/linux/{name}.root"
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(f"{HERE}/root", folder)
    os.makedirs(f"{folder}/bin")
    os.makedirs(f"{folder}/dev")
    shutil.copy(busybox(build), f"{folder}/bin/busybox")
    for path, source in (extra or {}).items():
        os.makedirs(os.path.dirname(folder + path), exist_ok=True)
        shutil.copy(source, folder + path)
    archive(folder, out + ".cpio")
    with open(out, "wb") as f:
        subprocess.run(["gzip", "-9nc", out + ".cpio"], check=True, stdout=f)
    return out


def main():
    build = sys.argv[1]
    root, boot = f"{build}/linux/dom0root", f"{build}/linux/boot"
    for source, path in [(kernel(build), "boot/vmlinuz"), (initrd(build), "boot/initrd"),
                         (f"{HERE}/linux.cfg", "etc/xen/linux.cfg")]:
        os.makedirs(os.path.dirname(f"{root}/{path}"), exist_ok=True)
        shutil.copy(source, f"{root}/{path}")
    os.makedirs(boot, exist_ok=True)
    with open(f"{boot}/cloison.cfg", "w") as f:
        f.write(CONFIGURATION)
    shutil.copy(f"{build}/dom0", f"{boot}/dom0")
    archive(root, f"{boot}/root.cpio")
    archive(boot, f"{build}/linux/boot.cpio")


if __name__ == "__main__":
    main()
