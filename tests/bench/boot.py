#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""What a user waits for: from QEMU's start to dom0's prompt, and, in a QEMU that counts an instruction as a nanosecond,
xl list, create and destroy, the cost of the n-th domain, and what a domain takes of memory."""
import os
import re
import shutil
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "system"))
from dialogue import PROMPT, Dom0, Machine, archive, write_files  # noqa: E402

ICOUNT = ["-icount", "shift=0,sleep=off"]
FIRMWARE = "/usr/share/OVMF/OVMF_CODE_4M.fd"
VARIABLES = "/usr/share/OVMF/OVMF_VARS_4M.fd"
CFG = 'name="idle"\nkernel="/guests/echo"\nmemory=2\n'
LARGE = "memory=16"     # what Xen's figures are of
CREATES = (1, 10, 100, 200)


class Counted(Dom0):
    """dom0 in a QEMU that counts instructions."""

    def __init__(self, build, tmp):
        write_files(f"{tmp}/root", {"/etc/xen/idle.cfg": CFG})
        ramdisk = archive(f"{tmp}/root", f"{tmp}/root.cpio")
        module = self._module(f"{build}/dom0", tmp, "console=com1 com1=115200,8n1 dom0_mem=128M", "noauto", ramdisk)
        self.seen = ""
        Machine.__init__(self, ["-kernel", f"{build}/cloison", "-initrd", module] + ICOUNT, memory="1G",
                         cpu="Nehalem", timeout=120)
        self.boot_text = self.wait(PROMPT)

    def cost(self, line):
        """(Instructions that dom0 ran, milliseconds until the command returned.) A nanosecond is an instruction."""
        text = self.type(f"time {line}", timeout=120)
        m = re.search(r"^time: (\d+\.\d+) s, dom0 ran (\d+\.\d+) s of it", text, re.M)
        if not m:
            sys.exit(f"bench-boot: no time of {line}: {text}")
        return float(m[2]) * 1e9, float(m[1]) * 1e3


def seconds_to_prompt(arguments):
    best = None
    for _ in range(3):
        start = time.monotonic()
        m = Machine(arguments, memory="1G", timeout=120)
        try:
            m.wait(PROMPT)
            took = time.monotonic() - start
        finally:
            m.close()
        best = took if best is None else min(best, took)
    return best


def boots(build, tmp):
    shutil.copy(VARIABLES, f"{tmp}/vars.fd")
    direct = ["-kernel", f"{build}/cloison", "-initrd", f"{build}/dom0", "-append", "console=com1 com1=115200,8n1"]
    uefi = ["-drive", f"if=pflash,format=raw,readonly=on,file={FIRMWARE}",
            "-drive", f"if=pflash,format=raw,file={tmp}/vars.fd",
            "-drive", f"format=raw,snapshot=on,file={build}/cloison.img"]
    print("from QEMU's start to the prompt (the least of three; on this machine)")
    print(f"{'  direct, -kernel':44} {seconds_to_prompt(direct):10.2f} s")
    print(f"{'  UEFI, OVMF and the disk image':44} {seconds_to_prompt(uefi):10.2f} s")


def row(name, cost):
    print(f"{'  ' + name:44} {cost[0] / 1e6:10.3f} million {cost[1]:10.3f} ms", flush=True)


def commands(d):
    print("instructions of dom0 (with the hypervisor's for it), and time until it returned")
    d.cost("xl create -q /etc/xen/idle.cfg")
    d.cost("xl destroy idle")
    time.sleep(1)   # idle CPUs zero what was given back
    row("xl list", d.cost("xl list"))
    row("xl create, until it returned", d.cost("xl create -q /etc/xen/idle.cfg"))
    row("xl destroy", d.cost("xl destroy idle"))
    time.sleep(1)
    row("xl create, 16 MiB", d.cost(f"xl create -q /etc/xen/idle.cfg '{LARGE}'"))
    row("xl destroy, 16 MiB", d.cost("xl destroy idle"))
    time.sleep(1)
    row("xl create -c, a guest's line and its end", d.cost("xl create -q -c /etc/xen/hello.cfg"))


def many(d):
    before = d.free()
    for n in range(1, max(CREATES) + 1):
        cost = d.cost(f"xl create -q /etc/xen/idle.cfg 'name=\"idle{n}\"'")
        if n in CREATES:
            row(f"xl create, number {n}", cost)
    row(f"xl list of {n}", d.cost("xl list"))
    after = d.free()
    hypervisor = (before[0] - after[0]) / n - 2048
    print("memory")
    print(f"{'  the machine, when dom0 is ready':44} {1024 * 1024 - before[0]:10} KiB of 1 GiB, 128 MiB of it dom0's")
    print(f"{'  the hypervisor, for an idle domain':44} {hypervisor:10.1f} KiB beside its 2048")
    print(f"{'  dom0, for an idle domain':44} {(before[1] - after[1]) / n:10.1f} KiB")


def main():
    build = os.path.abspath(sys.argv[1])
    with tempfile.TemporaryDirectory() as tmp:
        boots(build, tmp)
        d = Counted(build, tmp)
        try:
            commands(d)
            many(d)
        finally:
            d.close()


main()
