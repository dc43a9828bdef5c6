#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Instructions per operation, side by side: the benchmark kernel as dom0 of Cloison and of Debian's Xen, in a QEMU
that counts an instruction as a nanosecond. The same figures come out on any machine. Xen runs with what is costly switched off."""
import math
import os
import re
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "tools"))
import machine  # noqa: E402

ICOUNT = ["-icount", "shift=0,sleep=off"]


def measure(hypervisor, kernel, xen):
    options = f"{machine.XEN_OPTIONS} spec-ctrl=no xpti=0" if xen else None
    text = machine.run_kernel(hypervisor, kernel, cpu="Nehalem", xen=xen, options=options, seconds=300, extra=ICOUNT)
    return {m[1]: int(m[2]) for m in re.finditer(r"^bench (.+) (\d+)\s*$", text, re.M)}


def main():
    build = sys.argv[1]
    ours = measure(f"{build}/cloison", f"{build}/guests/bench", False)
    if not ours:
        sys.exit("bench: the kernel printed no figure on Cloison")
    try:
        theirs = measure(machine.fetch_xen(build), f"{build}/guests/bench", True)
    except (OSError, subprocess.CalledProcessError, IndexError) as e:
        print(f"bench: no figures of Xen: {e}", file=sys.stderr)
        theirs = {}
    table(ours, theirs)


def table(ours, theirs):
    print(f"{'operation':53} {'Cloison':>9} {'Xen':>9} {'ratio':>6}")
    for name, n in ours.items():
        xen = theirs.get(name)
        print(f"{name:53} {n:9} {xen if xen else '-':>9} {f'{n / xen:.2f}' if xen else '-':>6}")
    ratios = [n / theirs[name] for name, n in ours.items() if theirs.get(name) and n]
    if ratios:
        mean = math.exp(sum(map(math.log, ratios)) / len(ratios))
        print(f"{f'geometric mean of {len(ratios)}':73} {mean:6.2f}")


main()
