#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""A thousand idle domains of 1 MiB in 4 GiB, in a QEMU that counts an instruction as a nanosecond: what the first, the
last and the ones between cost to create, what listing all of them costs, what they use of CPU and memory when
nothing happens, and what destroying the last costs. Ends with 1 when the last costs more than 1.5 times the first, the list a
second, or an idle domain any time. Arguments: the build folder, the number of domains."""
import os
import re
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "system"))
from dialogue import PROMPT, Dom0, Machine, archive, write_files  # noqa: E402

NUMBER = int(sys.argv[2]) if len(sys.argv) > 2 else 1000
CFG = 'name="idle"\nkernel="/guests/idle"\nmemory=1\n'
BATCH = 10
MARKS = sorted({1, 10, 100, 200, 500, NUMBER // 2, NUMBER} & set(range(1, NUMBER + 1)))


class Counted(Dom0):
    """dom0 in a QEMU that counts instructions, with the idle kernel."""

    def __init__(self, build, tmp):
        with open(f"{build}/guests/idle", "rb") as f:
            files = {"/guests/idle": f.read(), "/etc/xen/idle.cfg": CFG}
        for first in range(1, NUMBER + 1, BATCH):
            files[f"/etc/more{first}"] = "".join(f"xl create -q /etc/xen/idle.cfg 'name=\"d{n}\"'\n"
                                                 for n in range(first, first + BATCH) if n not in MARKS and n <= NUMBER)
        write_files(f"{tmp}/root", files)
        ramdisk = archive(f"{tmp}/root", f"{tmp}/root.cpio")
        module = self._module(f"{build}/dom0", tmp, "console=com1 com1=115200,8n1 dom0_mem=256M", "noauto", ramdisk)
        self.seen = ""
        Machine.__init__(self, ["-kernel", f"{build}/cloison", "-initrd", module, "-icount", "shift=0,sleep=off"],
                         memory="4G", cpu="Nehalem", timeout=300)
        self.boot_text = self.wait(PROMPT)

    def cost(self, line):
        """(Instructions that dom0 ran, what the line printed.)"""
        text = self.type(f"time {line}", timeout=300)
        m = re.search(r"^time: (\d+\.\d+) s, dom0 ran (\d+\.\d+) s of it", text, re.M)
        if not m:
            sys.exit(f"bench-scale: no time of {line}: {text}")
        return float(m[2]) * 1e9, text


def row(name, value, unit, note=""):
    print(f"{'  ' + name:44} {value:10.3f} {unit}{note}", flush=True)


def create_all(d):
    costs = {}
    for first in range(1, NUMBER + 1, BATCH):
        for n in [m for m in MARKS if first <= m < first + BATCH]:
            costs[n], text = d.cost(f"xl create -q /etc/xen/idle.cfg 'name=\"d{n}\"'")
            if "xl:" in text:
                sys.exit(f"bench-scale: number {n} is not created: {text}")
            row(f"xl create, number {n}", costs[n] / 1e6, "million")
        text = d.type(f"sh /etc/more{first}", timeout=300)
        if text:
            sys.exit(f"bench-scale: {text}")
    return costs[NUMBER] / costs[1]


def idle_time(d):
    """Nanoseconds of CPU that all domains but dom0 use in ten seconds."""
    before = sum(v[4] for k, v in d.domains().items() if k != "Domain-0")
    d.type("sleep 10", timeout=300)
    return (sum(v[4] for k, v in d.domains().items() if k != "Domain-0") - before) * 1e9


def main():
    build = os.path.abspath(sys.argv[1])
    with tempfile.TemporaryDirectory() as tmp:
        d = Counted(build, tmp)
        try:
            free = d.free()
            print(f"{NUMBER} idle domains of 1 MiB: instructions of dom0, with the hypervisor's for it")
            d.type("xl create -q /etc/xen/idle.cfg")
            d.type("xl destroy idle")
            ratio = create_all(d)
            row("the last beside the first", ratio, "times")
            listing, text = d.cost("xl list")
            row(f"xl list of {text.count('idle') + text.count(' -b----')}", listing / 1e6, "million")
            used = idle_time(d)
            row("CPU of all in ten idle seconds", used / 1e6, "ms")
            now = d.free()
            row("memory of a domain, dom0's for it", (free[1] - now[1]) / NUMBER, "KiB")
            row("memory of a domain, the hypervisor's", (free[0] - now[0]) / NUMBER - 1024, "KiB")
            row("xl destroy of the last", d.cost(f"xl destroy d{NUMBER}")[0] / 1e6, "million")
        finally:
            d.close()
    sys.exit(ratio > 1.5 or listing > 1e9 or used > 0)


main()
