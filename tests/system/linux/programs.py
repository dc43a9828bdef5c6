# SPDX-License-Identifier: MIT
"""The programs that look at a guest from inside, compiled statically: {path in the guest: path here}."""
import os
import subprocess

HERE = os.path.dirname(os.path.abspath(__file__))
STATIC = ["-O2", "-static", "-pthread"]
BARE_32 = ["-m32", "-O2", "-static", "-nostdlib", "-ffreestanding", "-fno-pic", "-no-pie", "-fno-stack-protector"]


def compiled(build, name, flags):
    """Compiles NAME.c beside this file."""
    out = f"{build}/linux/{name}"
    tmp = f"{out}.{os.getpid()}"	# another test may run the one that is there
    subprocess.run(["gcc", *flags, "-o", tmp, f"{HERE}/{name}.c"], check=True)
    os.rename(tmp, out)
    return {f"/bin/{name}": out}


def probes(build):
    return {**compiled(build, "probe", STATIC), **compiled(build, "probe32", BARE_32)}


def vectors(build):
    return compiled(build, "vectors", STATIC)


def kexec(build):
    return compiled(build, "kexec", STATIC)


def timers(build):
    return compiled(build, "timers", STATIC)
