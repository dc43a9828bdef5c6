#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Boots each test kernel as dom0 on Cloison (QEMU's -kernel) and passes its TAP on: on one kind of CPU the hypervisor as
it is shipped, on another the build that watches its locks. With SMP=n in the environment the machine has so many
CPUs (kernels for several vCPUs run on four at any rate, and some others do with the locks watched); with MATCH=text only
kernels with that in their names run."""
import glob
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "tools"))
import machine  # noqa: E402


# The attacker again, as a control domain that uses its rights for nothing.
WITH_WORDS = {"hostile": [("max", "cloison-checked", "plain=1")]}
WATCHED = ("qemu64", "cloison-checked", "")
# One vCPU, or two, but what they do concerns all CPUs: flushes, memory that idle CPUs clear, ports, timers, races.
ALSO_ON_FOUR = {"events", "grants", "hostile", "memory", "mmu"}


def several(name):
    return name.startswith("smp") or name in ("duel", "pvguest", "storm")


def run(build, path, name, smp, machines):
    cpus = f", {smp} CPUs" if smp > 1 else ""
    for cpu, hypervisor, args in machines:
        text = machine.run_kernel(f"{build}/{hypervisor}", path, cpu=cpu, until="# end", options=machine.options_for(name),
                                  smp=smp, seconds=60 if smp == 1 else 120, args=args)
        machine.pass_on(f"{name} ({cpu}{cpus}{args and ' ' + args})", text)


def main():
    build = sys.argv[1]
    smp, match = int(os.environ.get("SMP", "1")), os.environ.get("MATCH", "")
    for path in sorted(glob.glob(f"{build}/guests/test-*")):
        name = os.path.basename(path)[5:]
        if match not in name:
            continue
        machines = [("max", "cloison", ""), WATCHED] + WITH_WORDS.get(name, [])
        for n in sorted({smp, 4} if several(name) else {smp}):
            run(build, path, name, n, machines)
        if name in ALSO_ON_FOUR and smp == 1:
            run(build, path, name, 4, [WATCHED])


main()
