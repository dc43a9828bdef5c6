#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Kernels that nobody ships: built from Debian's linux-source with the configurations of configs/, each as domU and as dom0, here
on each CPU model and on Debian's Xen, whose logs are compared line by line. A kernel that is there already is NAME=FILE, a
bzImage. Not part of `make test`: a build takes half an hour, and the packages are large. Prints TAP.
Usage: kernels.py BUILD [NAME | NAME=FILE]..., with `domu`, `dom0` or `xen` for parts of it."""
import os
import re
import subprocess
import sys
import tempfile

import pexpect

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, f"{HERE}/..", f"{HERE}/../../tools"]
import image  # noqa: E402
import machine  # noqa: E402
import programs  # noqa: E402
from bootlog import lines, reasons, unexplained  # noqa: E402
from dialogue import LEAVE, PROMPT, Dom0, late  # noqa: E402
from held import held  # noqa: E402
from host import COMPLAINT, SHELL, LinuxHost  # noqa: E402
from tap import Tap  # noqa: E402

PARTS = {"domu", "dom0", "xen"}
MODELS = ("Nehalem", "qemu64", "max")
GUESTS = (("Nehalem", 1024, 4), ("qemu64", 256, 1), ("max", 384, 4))	# CPU, MiB, vCPUs
CONFIG = """name = "linux"
kernel = "/boot/vmlinuz"
ramdisk = "/boot/initrd"
extra = "console=hvc0"
"""
# Linux's own, on Xen as here: an AMD CPU's register, read without a net where CONFIG_XEN_PV_MSR_SAFE is not set.
OWN = re.compile(r"unchecked MSR access error: RDMSR from 0xc0010055.*?</TASK>", re.S)
# Xen's clock for domUs is read by a system call where the machine's TSC is not called invariant.
CALLED_ON_XEN = "not ok the_clock_needs_no_system_call (it made one)"


def configurations():
    """{name: (packages' source, fragments)} from kernels.list."""
    with open(f"{HERE}/kernels.list") as f:
        rows = [line.split() for line in f if line.strip() and line[0] != "#"]
    return {row[0]: (row[1], row[2:]) for row in rows}


def source(build, version):
    """Where Debian's source lies, unpacked."""
    folder = f"{build}/linux"
    package = image.package(folder, f"linux-source-{version}")
    with held(folder):
        if not os.path.exists(f"{folder}/linux-source-{version}.d"):
            out = f"{folder}/linux-source-{version}.tmp"
            os.makedirs(out, exist_ok=True)
            subprocess.run(["tar", "xf", f"{package}/usr/src/linux-source-{version}.tar.xz", "-C", out], check=True)
            os.rename(out, f"{folder}/linux-source-{version}.d")
    return f"{folder}/linux-source-{version}.d/linux-source-{version}"


def lacking(fragment, config):
    """Settings of the fragment that the kernel's own rules did not take."""
    with open(fragment) as f, open(config) as g:
        taken = set(g.read().split("\n"))
        return [line for line in f.read().split("\n") if line.startswith("CONFIG_") and line not in taken]


def configured(build, name):
    """(where its source lies, where it is built) for one of kernels.list."""
    version, fragments = configurations()[name]
    tree, out = source(build, version), f"{build}/linux/own-{name}"
    os.makedirs(out, exist_ok=True)
    with open(f"{out}/fragment", "w") as f:
        for fragment in ("base", *fragments):
            with open(f"{HERE}/configs/{fragment}.config") as g:
                f.write(g.read())
    subprocess.run(["make", "-s", "-C", tree, f"O={out}", "allnoconfig"], check=True,
                   env={**os.environ, "KCONFIG_ALLCONFIG": f"{out}/fragment"})
    missed = lacking(f"{out}/fragment", f"{out}/.config")
    if missed:
        raise ValueError(f"{name}: the kernel does not take {' '.join(missed)}")
    return tree, out


def built(build, name):
    """Path of its bzImage."""
    tree, out = configured(build, name)
    subprocess.run(["make", "-s", "-C", tree, f"O={out}", f"-j{os.cpu_count()}", "bzImage"], stdout=subprocess.DEVNULL, check=True)
    return f"{out}/arch/x86/boot/bzImage"


def complaints(text):
    return "\n".join(line for line in OWN.sub("", text.replace("\r", "")).split("\n") if COMPLAINT.search(line))


def check_probes(tap, seen, what):
    results = re.findall(r"^(ok|not ok) (.*)", seen, re.M)
    tap.check(len(results) > 10 and all(r[0] == "ok" for r in results) and "\nend" in seen,
              f"{what}: the programs find what they ask for", seen)


class Kernel:
    def __init__(self, build, name, path):
        self.build, self.name, self.path = build, name, path
        with open(path, "rb") as f:
            self.packed = f.read()

    def elf(self):
        """Path of the ELF file inside."""
        path = f"{self.build}/linux/own-{self.name}.elf"
        with open(path, "wb") as f:
            f.write(image.payload(self.packed))
        return path


def domu(tap, k, initrd, cpu, memory, vcpus, xen=None):
    """Boots, computes, ends in order, and leaves nothing. Returns what it said."""
    what = f"{k.name} as domU on {'Xen' if xen else cpu}, {memory} MiB, {vcpus} vCPUs"
    files = {"/boot/vmlinuz": k.packed, "/boot/initrd": initrd, "/etc/xen/linux.cfg": CONFIG}
    said = ""
    with tempfile.TemporaryDirectory() as tmp:
        d = Dom0(k.build, tmp, files=files, memory="2G", dom0_mem="400M", cpu=cpu, xen=xen)
        try:
            before = d.free()
            d.send(f"xl create -c /etc/xen/linux.cfg memory={memory} vcpus={vcpus}\r")
            up = d.wait_re(f"({re.escape(SHELL)}|{PROMPT})", 600)[1] == SHELL
            said = d.qemu.before.replace("\r", "")
            tap.check(up and not complaints(said), f"{what}: boots without a warning", complaints(said) or said[-3000:])
            if not up:
                return said
            d.send("probe; echo has $(grep -c ^processor /proc/cpuinfo) CPUs\r")
            d.wait_re(r"has (\d+) CPUs", 600)
            seen, cpus = d.qemu.before.replace("\r", ""), int(d.qemu.match[1])
            check_probes(tap, seen.replace(CALLED_ON_XEN, "ok on Xen") if xen else seen, what)
            tap.check(cpus in (1, vcpus), f"{what}: has its CPUs", cpus)
            d.send("poweroff -f\r" + LEAVE)
            d.sync()
            tap.check(d.gone("linux", 400) and before[0] - d.free()[0] <= 64, f"{what}: every frame came back", (before, d.free()))
        except (pexpect.ExceptionPexpect, LookupError, ValueError) as e:
            tap.check(False, f"{what}: the dialogue goes on{late(e)}", d.text()[-3000:])
        finally:
            d.close()
    return said


def dom0(tap, k, initrd, cpu, smp, xen=None):
    """The same in dom0's place."""
    what = f"{k.name} as dom0 on {'Xen' if xen else cpu}, {smp} CPUs"
    d = None
    with tempfile.TemporaryDirectory() as tmp:
        try:
            d = LinuxHost(k.build, tmp, k.elf(), initrd, cpu=cpu, xen=xen, smp=smp)
            tap.check(not complaints(d.text()), f"{what}: boots without a warning", complaints(d.text()))
            check_probes(tap, d.inside("probe", 600), what)
            d.send("poweroff -f\r")
            tap.check(d.wait_end(100), f"{what}: switches the machine off", d.text()[-500:])
            return d.boot_text
        except pexpect.ExceptionPexpect as e:
            tap.check(False, f"{what}: reaches its shell{late(e)}", d.text()[-3000:] if d else str(e)[-3000:])
            return ""
        finally:
            if d:
                d.close()


def compare(tap, what, ours, xens):
    """Each line that only one of the logs has must have its reason."""
    known, (one, other) = reasons("kernels"), (lines(ours), lines(xens))
    tap.check(sum(one.values()) > 50, f"{what}: there is a log to compare", sum(one.values()))
    tap.check(not unexplained(one, other, known), f"{what}: every line that is only here is explained",
              "\n".join(unexplained(one, other, known)))
    tap.check(not unexplained(other, one, known), f"{what}: every line that is only on Xen is explained",
              "\n".join(unexplained(other, one, known)))


def check_kernel(tap, k, initrd, parts, xen):
    with open(initrd, "rb") as f:
        ramdisk = f.read()
    if "domu" in parts:
        said = [domu(tap, k, ramdisk, *guest) for guest in GUESTS]
        if "xen" in parts:
            compare(tap, f"{k.name} as domU", said[0], domu(tap, k, ramdisk, *GUESTS[0], xen=xen))
    if "dom0" in parts:
        said = [dom0(tap, k, initrd, cpu, smp) for cpu in MODELS for smp in (1, 4)]
        if "xen" in parts:
            compare(tap, f"{k.name} as dom0", said[0], dom0(tap, k, initrd, "Nehalem", 1, xen))


def main():
    build, words = os.path.abspath(sys.argv[1]), sys.argv[2:]
    parts = PARTS & set(words) or PARTS
    if parts == {"xen"}:
        parts = PARTS
    names = [w for w in words if w not in PARTS] or list(configurations())
    tap = Tap()
    xen = machine.fetch_xen(build)
    initrd = image.initrd(build, "initrd-own", programs.probes(build))
    for name in names:
        name, _, path = name.partition("=")
        check_kernel(tap, Kernel(build, name, path or built(build, name)), initrd, parts, xen)
    return tap.end()


if __name__ == "__main__":
    sys.exit(main())
