#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Debian's kernel as a domU in every size: memory from the least that boots to 4 GiB, 1 to 8 vCPUs, on each CPU model. Each
guest computes on all of its vCPUs, and leaves every frame when it ends. Not part of `make test`: it takes many minutes.
Prints TAP. Usage: sizes.py BUILD [xen]; with xen the same with dom0 on Debian's Xen, where one model runs."""
import os
import re
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, f"{HERE}/..", f"{HERE}/../../tools"]
import image  # noqa: E402
import machine  # noqa: E402
from dialogue import LEAVE, PROMPT, suite  # noqa: E402

SHELL = "/ # "
LEAST = 84	# MiB; see docs/linux-guests.md
MEMORY, VCPUS = (LEAST, 128, 1024, 4096), (2, 4, 8)
MODELS = ("max", "Nehalem", "qemu64")
CPUS = 4
CONFIG = """name = "linux"
kernel = "/boot/vmlinuz"
ramdisk = "/boot/initrd"
extra = "console=hvc0 quiet"
"""


def size(memory, vcpus, model):
    def a_size(tap, d):
        what, before = f"{memory} MiB, {vcpus} vCPUs, {model}", d.free()[0]
        d.send(f"xl create -q -c /etc/xen/linux.cfg memory={memory} vcpus={vcpus}\r")
        up = d.wait_re(f"({re.escape(SHELL)}|{PROMPT})", 600)[1] == SHELL
        tap.check(up, f"{what}: reaches its shell", d.text()[-2000:])
        if not up:
            return
        d.send("echo has $(nproc) CPUs, $(free -m | sed -n 's/^Mem: *\\([0-9]*\\).*/\\1/p') MiB; "
               "for i in $(seq $(nproc)); do (n=0; while [ $n -lt 20000 ]; do n=$((n + 1)); done; echo done $((40 + 2))) & done; "
               "wait; echo all $((40 + 2))\r")
        d.wait("all 42", 600)
        seen = d.qemu.before
        has = re.search(r"has (\d+) CPUs, (\d+) MiB\r", seen)
        tap.check(has and int(has[1]) == vcpus and memory * 15 // 16 - 70 <= int(has[2]) <= memory and seen.count("done 42") == vcpus,
                  f"{what}: has them, and computes on all", seen)
        d.send("poweroff -f\r" + LEAVE)
        d.sync()
        tap.check(d.gone("linux", 400) and before - d.free()[0] <= 32, f"{what}: every frame came back", (before, d.free()))
    return a_size


def main():
    build = os.path.abspath(sys.argv[1])
    xen = machine.fetch_xen(build) if "xen" in sys.argv[2:] else None
    with open(image.kernel(build), "rb") as f, open(image.initrd(build, "initrd-sizes"), "rb") as g:
        files = {"/boot/vmlinuz": f.read(), "/boot/initrd": g.read(), "/etc/xen/linux.cfg": CONFIG}
    return suite([([size(m, 1, cpu) for m in MEMORY] + [size(192, n, cpu) for n in VCPUS],
                   {"files": files, "memory": "5G", "dom0_mem": "320M", "cpu": cpu, "smp": CPUS, "xen": xen, "timeout": 120})
                  for cpu in (("Nehalem",) if xen else MODELS)])


if __name__ == "__main__":
    sys.exit(main())
