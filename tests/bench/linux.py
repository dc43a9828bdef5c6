#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Debian's kernel on the bare machine, as a domU of Cloison and as a domU of Debian's Xen (with the same dom0, ours):
linux.c is its first program. In a QEMU that counts an instruction as a nanosecond the same figures come out on any
machine. Xen runs with what is costly switched off. Usage: linux.py BUILD"""
import os
import re
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.join(HERE, "..", folder) for folder in ("system", "system/linux", "tools")]
import image  # noqa: E402
import machine  # noqa: E402
from dialogue import Dom0, Machine, archive, write_files  # noqa: E402

ICOUNT = ["-icount", "shift=0,sleep=off"]
FAST_XEN = "spec-ctrl=no xpti=no pv-l1tf=no"
MEMORY = 256
EXTRA = "quiet"
CONFIG = f"""name = "linux"
kernel = "/boot/vmlinuz"
ramdisk = "/boot/initrd"
extra = "console=hvc0 {EXTRA}"
memory = {MEMORY}
tsc_mode = "native"
"""


def initrd(build, tmp):
    """The benchmark alone, as the first program."""
    init = f"{tmp}/bench"
    subprocess.run(["gcc", "-std=gnu11", "-O2", "-static", "-o", init, f"{HERE}/linux.c"], check=True)
    with open(init, "rb") as f:
        write_files(f"{tmp}/root", {"/init": f.read()})
    os.chmod(f"{tmp}/root/init", 0o755)
    return archive(f"{tmp}/root", f"{tmp}/initrd.cpio")


def figures(text, entered):
    """{row: instructions}, from what the program printed and the TSC when the kernel was entered."""
    m = re.search(r"^start (\d+) (\d+)\s*$", text, re.M)
    if not m or "bench end" not in text:
        sys.exit(f"bench-linux: no figures: {text[-2000:]}")
    rows = {"start to user space": int(m[1]) - int(m[2]) - entered}
    rows.update((n[1], int(n[2])) for n in re.finditer(r"^bench (.+) (\d+)\s*$", text, re.M))
    return rows


def native(build, ramdisk):
    """On the bare machine. How long the firmware takes says a program in the kernel's place."""
    def run(kernel, until):
        m = Machine(["-kernel", kernel, "-initrd", ramdisk, "-append", f"console=ttyS0 {EXTRA}"], memory=f"{MEMORY}M",
                    cpu="Nehalem", timeout=300, extra=ICOUNT)
        try:
            m.wait(until)
            return m.text()
        finally:
            m.close()
    entered = int(re.search(r"tsc=([0-9a-f]+)", run(f"{build}/bootprobe/probe", "probe: start_info"))[1], 16)
    return figures(run(image.vmlinux(build), "bench end"), entered)


def created(d):
    """Makes the domain, paused; returns millions of dom0's instructions, with the hypervisor's for it."""
    seen = d.type("time xl create -q -p /etc/xen/linux.cfg", 600)
    return float(re.search(r"^time: .*?, dom0 ran (\d+\.\d+) s", seen, re.M)[1]) * 1e3


def guest(build, tmp, ramdisk, xen):
    """As a domU. Returns the rows, and what the first and the second xl create took."""
    with open(ramdisk, "rb") as f, open(image.kernel(build), "rb") as g:
        files = {"/boot/initrd": f.read(), "/boot/vmlinuz": g.read(), "/etc/xen/linux.cfg": CONFIG}
    d = Dom0(build, tmp, files=files, memory="1G", cpu="Nehalem", xen=xen, options=FAST_XEN if xen else "",
             dom0_mem="256M", timeout=600, extra=ICOUNT)
    try:
        first = created(d)
        d.type("xl destroy linux")
        again = created(d)
        entered = re.search(r"up to (\d+)$", d.type("time xl unpause linux ; xl console linux", 600), re.M)
        return figures(d.seen, int(entered[1])), first, again
    finally:
        d.close()


HEAD = "of Xen's overhead"


def table(bare, ours, theirs):
    print(f"{'operation':32} {'native':>12} {'Cloison':>12} {'':5} {'Xen':>12} {'':5} {HEAD:>18}")
    for name, n in bare.items():
        line = f"{name:32} {n:12} {ours[name]:12} {ours[name] / n:5.2f}"
        if theirs:
            share = (ours[name] - n) / (theirs[name] - n) if theirs[name] != n else float("nan")
            line += f" {theirs[name]:12} {theirs[name] / n:5.2f} {share:18.2f}"
        print(line)


def main():
    build = os.path.abspath(sys.argv[1])
    with tempfile.TemporaryDirectory() as tmp:
        ramdisk = initrd(build, tmp)
        bare = native(build, ramdisk)
        ours, first, again = guest(build, tmp, ramdisk, None)
        try:
            xen = machine.fetch_xen(build)
        except (OSError, subprocess.CalledProcessError, IndexError) as e:
            print(f"bench-linux: no figures of Xen: {e}", file=sys.stderr)
            xen = None
        theirs = guest(build, tmp, ramdisk, xen)[0] if xen else None
    table(bare, ours, theirs)
    print(f"xl create on Cloison: {first:.0f} million instructions of dom0, of the same kernel again {again:.0f}")


main()
