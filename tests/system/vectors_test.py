#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Floating-point and vector registers of domains beside each other (tests/guest/vectors): three domUs of two vCPUs fill all
of them with what is their own and give the CPU away, on one CPU and on two, on CPUs with and without XSAVE and AVX. None
finds anything of another's, and new vCPUs find nothing. Prints TAP."""
import os
import re
import sys

from dialogue import suite

DOMAINS = 3
ROUNDS = 700


def files(build):
    with open(f"{build}/guests/test-vectors", "rb") as f:
        return {"/guests/vectors": f.read(), "/etc/xen/vectors.cfg":
                'name="vectors"\nkernel="/guests/vectors"\nmemory=8\nvcpus=2\non_poweroff="destroy"\non_crash="preserve"\n'}


def play(tap, d, where, pins):
    names = [f"v{n}" for n in range(1, DOMAINS + 1)]
    for n, name in enumerate(names, 1):
        d.run(f"xl create -q -p /etc/xen/vectors.cfg name={name} extra='\"who={n} rounds={ROUNDS}\"'")
        d.run(f"xl vcpu-pin {name} all {pins[n % len(pins)]}")
    for name in names:
        d.run(f"xl unpause {name}")
    for name in names:
        tap.check(d.gone(name, tries=400), f"{name} comes to its end {where}", d.seen)
        text = d.type(f"console-log {name}")
        tap.check(re.search(r"^# end: 0 of [4-9] failed", text, re.M),
                  f"its registers were its own, {ROUNDS} times on each vCPU", text[-1500:])


def on_one_cpu(tap, d):
    play(tap, d, "on one CPU", [0])


def on_two_cpus(tap, d):
    play(tap, d, "on two CPUs", [0, 1])
    play(tap, d, "on any of them", ["all"])


if __name__ == "__main__":
    BUILD = os.path.abspath(sys.argv[1] if len(sys.argv) > 1 else "build")
    sys.exit(suite([([on_one_cpu, on_two_cpus], {"files": files(BUILD), "smp": 2, "cpu": cpu, "checked": cpu == "max"})
                    for cpu in ("max", "Nehalem", "qemu64")]))
