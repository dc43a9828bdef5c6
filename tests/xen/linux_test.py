#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Debian's Linux as dom0 on Debian's Xen 4.17 and on Cloison, under the same QEMU: each line of the boot log that only
one of them has must be explained in linux.differences; the files of /sys/hypervisor are the same. Prints TAP."""
import os
import re
import subprocess
import sys
import tempfile

import pexpect

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [f"{HERE}/../system", f"{HERE}/../system/linux", f"{HERE}/../tools"]
import image  # noqa: E402
import machine  # noqa: E402
from bootlog import lines, reasons, unexplained  # noqa: E402
from dialogue import late  # noqa: E402
from host import LinuxHost  # noqa: E402
from tap import Tap  # noqa: E402

CASES = (("debian", "Nehalem"), ("debian", "qemu64"), ("new", "Nehalem"))
SYSFS = "for f in $(find /sys/hypervisor -type f); do echo \"$f: $(cat $f 2>&1 | tr -d '\\n')\"; done"
# What says who we are; HVM, which is not there; and which power management of dom0's is passed on: none.
OURS = {"extra", "changeset", "buildid", "compiled_by", "compile_date", "compiler", "capabilities", "unknown08", "unknown09"}
FEATURES = 0x200e0	# those that Linux looks for; the others are of 32-bit kernels, HVM, NUMA


def files(text):
    """{name: contents} of what SYSFS printed."""
    return {path.rsplit("/", 1)[1]: value for path, value in re.findall(r"^(/sys/hypervisor/\S+): (.*)$", text, re.M)}


def look(build, kind, cpu, initrd, xen):
    """(boot log, the files of /sys/hypervisor)."""
    with tempfile.TemporaryDirectory() as tmp:
        d = LinuxHost(build, tmp, image.vmlinux(build, kind), initrd, xen=xen, cpu=cpu)
        found = files(d.inside(SYSFS))
        d.close()
        return d.boot_text, found


def check_files(tap, ours, xens, what):
    same = {n for n in ours if n in xens and n not in OURS | {"features"}}
    wrong = {n: (ours[n], xens[n]) for n in same if ours[n] != xens[n]}
    tap.check(len(same) >= 7 and not wrong, f"{what}: /sys/hypervisor has what it has on Xen", wrong)
    missing = [n for n in set(xens) - set(ours) if "not supported" not in xens[n]]
    tap.check(not missing, f"{what}: and no file less", missing)
    features = [int(side.get("features", "0"), 16) & FEATURES for side in (ours, xens)]
    tap.check(features[0] == features[1] == FEATURES, f"{what}: the features that Linux looks for", features)


def compare(tap, build, kind, cpu, initrd, xen):
    """Some lines depend on how fast the machine was: a line counts when two boots of its side have it and two of the other have not."""
    what = f"{kind} on {cpu}"
    sides, known = (None, xen), reasons()
    try:
        (ours, our_files), (xens, xen_files) = (look(build, kind, cpu, initrd, side) for side in sides)
        ours, xens = lines(ours), lines(xens)
        always, ever = (ours, xens), (ours, xens)
        if unexplained(ours, xens, known) or unexplained(xens, ours, known):
            again = [lines(look(build, kind, cpu, initrd, side)[0]) for side in sides]
            always, ever = (ours & again[0], xens & again[1]), (ours | again[0], xens | again[1])
    except pexpect.ExceptionPexpect as e:
        tap.check(False, f"{what}: Linux boots on both{late(e)}", str(e)[-2000:])
        return
    tap.check(sum(ours.values()) > 200, f"{what}: there is a log to compare", sum(ours.values()))
    for side, (one, other) in {"here": (0, 1), "on Xen": (1, 0)}.items():
        new = unexplained(always[one], ever[other], known)
        tap.check(not new, f"{what}: every line that is only {side} is explained", "\n".join(new))
    check_files(tap, our_files, xen_files, what)


def main():
    build = os.path.abspath(sys.argv[1])
    try:
        xen = machine.fetch_xen(build)
        initrd = image.initrd(build, "initrd-dom0")
        for kind, _ in CASES:
            image.vmlinux(build, kind)
    except (OSError, subprocess.CalledProcessError, IndexError, ValueError) as e:
        print(f"ok 1 - Linux on Debian's Xen # SKIP something could not be fetched: {e}")
        return 0
    tap = Tap()
    for kind, cpu in CASES:
        compare(tap, build, kind, cpu, initrd, xen)
    return tap.end()


sys.exit(main())
