#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Other kernels of Debian than the one of its release (linux_test.py): 6.12, the one for clouds, packed by lz4; and Linux
in dom0's place, with a ramdisk so large that tables of the first map are left over. Usage: linux_kernels_test.py BUILD"""
import os
import re
import subprocess
import sys
import tempfile

import pexpect

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, f"{HERE}/linux"]
import image  # noqa: E402
import programs  # noqa: E402
from dialogue import LEAVE, PROMPT, late, suite  # noqa: E402
from host import COMPLAINT, SHELL, LinuxHost  # noqa: E402
from machine import COUNTED  # noqa: E402
from tap import Tap  # noqa: E402

BALLAST = 6 << 20
CONFIG = """name = "linux"
kernel = "/boot/vmlinuz"
ramdisk = "/boot/initrd"
extra = "console=hvc0"
memory = 224
vcpus = 2
"""


def check_probes(tap, seen, what):
    results = re.findall(r"^(ok|not ok) (.*)", seen, re.M)
    tap.check(len(results) > 10 and all(r[0] == "ok" for r in results) and "\nend" in seen,
              f"{what}: the programs find what they ask for", seen)


def leave_by_kexec(tap, d, kind):
    """Linux cannot, as PV guest: 6.1 fails where it loads, and goes on; newer ones end where they start it."""
    d.send("kexec start\r")
    if d.wait_re(f"({PROMPT}|Killed|Device or resource busy)", 60)[1] != PROMPT:
        d.send("\recho alive $((40 + 2))\r")
        d.wait("alive 42")
        d.send(LEAVE)
        d.wait(PROMPT)
        d.run("xl shutdown -w linux", 90)
    tap.check(d.gone("linux"), f"{kind}: kexec ends in order, or is survived", d.text()[-1500:])


def domu(kind):
    """Boots, computes, ends in order, and leaves nothing."""
    def kernel_of_this_kind(tap, d):
        before = d.free()
        d.send("xl create -c /etc/xen/linux.cfg\r")
        m = d.wait_re(f"({re.escape(SHELL)}|{PROMPT})", 180)
        if m[1] != SHELL:
            raise LookupError("no shell")
        bad = [line for line in d.text().split("\n") if COMPLAINT.search(line)]
        tap.check(not bad, f"{kind}: a domU boots without a warning", "\n".join(bad))
        d.send("probe; probe32\r")
        check_probes(tap, d.wait("ok vdso_in_32_bits", 180), f"{kind} as domU")
        d.wait(SHELL)
        leave_by_kexec(tap, d, kind)
        tap.check(d.gone("linux") and before[0] - d.free()[0] <= 64, f"{kind}: every frame came back",
                  (before, d.free()))
    return kernel_of_this_kind


def dom0(tap, build, kind, initrd, cpu, smp):
    """Linux is what boots; it finds its memory whole and the machine's end by itself. Several CPUs take turns by the count, too."""
    with tempfile.TemporaryDirectory() as tmp:
        try:
            d = LinuxHost(build, tmp, image.vmlinux(build, kind), initrd, cpu=cpu, machine="q35", smp=smp, extra=COUNTED)
        except pexpect.ExceptionPexpect as e:
            tap.check(False, f"{kind} as dom0 on {cpu} reaches its shell{late(e)}", str(e)[-2000:])
            return
        bad = d.complaints()
        tap.check(not bad, f"{kind} as dom0 on {cpu} boots without a warning", "\n".join(bad))
        check_probes(tap, d.inside("probe", 180), f"{kind} as dom0 on {cpu}")
        seen = d.inside("cp /lib/ballast /tmp/copy; cmp /lib/ballast /tmp/copy && echo same")
        tap.check(re.search(r"^same", seen, re.M), f"{kind} as dom0 on {cpu} has its ramdisk whole", seen)
        d.send("poweroff -f\r")
        tap.check(d.wait_end(60), f"{kind} as dom0 on {cpu} switches the machine off", d.text()[-500:])
        d.close()


def fetch(build, kind):
    with open(image.kernel(build, kind), "rb") as f:
        return f.read()


def main():
    build = os.path.abspath(sys.argv[1] if len(sys.argv) > 1 else "build")
    try:
        ballast = f"{build}/linux/ballast"
        kernels = {kind: fetch(build, kind) for kind in ("new", "cloud", "debian")}
        probes = {**programs.probes(build), **programs.kexec(build)}
        with open(image.initrd(build, "initrd-kernels", probes), "rb") as f:
            initrd = f.read()
        with open(ballast, "wb") as f:
            f.write(os.urandom(BALLAST))
        large = image.initrd(build, "initrd-large", {**probes, "/lib/ballast": ballast})
    except (OSError, subprocess.CalledProcessError, IndexError, ValueError) as e:
        print(f"ok 1 - other kernels # SKIP they could not be fetched: {e}\n1..1")
        return 0
    tap = Tap()
    for kind, cpu, smp in (("debian", "max", 1), ("new", "Nehalem", 2), ("new", "qemu64", 1)):
        dom0(tap, build, kind, large, cpu, smp)
    files = {"/boot/initrd": initrd, "/etc/xen/linux.cfg": CONFIG}
    return suite([([domu(kind)], {"files": {**files, "/boot/vmlinuz": kernels[kind]}, "memory": "768M",
                                  "dom0_mem": "320M", "cpu": cpu})
                  for kind, cpu in (("new", "max"), ("new", "Nehalem"), ("cloud", "qemu64"))], tap)


sys.exit(main())
