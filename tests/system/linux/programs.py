# SPDX-License-Identifier: MIT
"""The programs that look at a guest from inside, compiled statically: {path in the guest: path here}."""
import os
import subprocess

HERE = os.path.dirname(os.path.abspath(__file__))
STATIC = ["-O2", "-static", "-pthread"]
BARE_32 = ["-m32", "-O2", "-static", "-nostdlib", "-ffreestanding", "-fno-pic", "-no-pie", "-fno-stack-protector"]


def compiled(build, name, flags, libraries=()):
    """Compiles NAME.c beside this file."""
    out = f"{build}/linux/{name}"
    tmp = f"{out}.{os.getpid()}"	# another test may run the one that is there
    subprocess.run(["gcc", *flags, "-o", tmp, f"{HERE}/{name}.c", *libraries], check=True)
    os.rename(tmp, out)
    return {f"/bin/{name}": out}


def probes(build):
    return {**compiled(build, "probe", STATIC), **compiled(build, "probe32", BARE_32)}


def vectors(build):
    return compiled(build, "vectors", STATIC)


def libs(build):
    """With Xen's own libraries."""
    needed = ["xenvchan", "xengnttab", "xenevtchn", "xenforeignmemory", "xenstore", "xencall", "xentoolcore", "xentoollog"]
    return compiled(build, "libs", STATIC, [f"-l{n}" for n in needed])


def kexec(build):
    return compiled(build, "kexec", STATIC)


def timers(build):
    return compiled(build, "timers", STATIC)
