#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Two Debian domUs of four vCPUs each under stress-ng, and hogs beside them, on four CPUs: `xl top` shows the shares
that weights and caps say. The figures are CPU seconds that the hypervisor has counted. What a domain could not take of its cap is kept for 160 ms
(docs/scheduler.md); QEMU's CPUs wait longer than that on a busy machine, and then it is less, and the others divide the
rest. So a cap is checked from above, and what others get by what the capped have left.
Not part of `make test`: it takes some minutes. Prints TAP. Usage: shares_stress.py BUILD"""
import os
import re
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, f"{HERE}/..", f"{HERE}/../../tools"]
import debian  # noqa: E402
import image  # noqa: E402
from dialogue import suite  # noqa: E402

CPUS, SECONDS = 4, 30
POINTS, PART = 4.0, 0.06	# one or the other may be wrong
# Computing on all vCPUs, and what sleeps and wakes beside it.
INIT = """#!/bin/busybox sh
/bin/busybox --install -s /bin 2>/dev/null
mount -t proc proc /proc
mount -t sysfs sys /sys
mount -t devtmpfs dev /dev
mount -t tmpfs tmp /tmp
dmesg -n 1
cd /tmp
echo STRESS BEGINS
exec stress-ng --cpu 4 --switch 1 --futex 1 --fork 1 --timeout 0
"""
CONFIG = """name = "linux"
kernel = "/boot/vmlinuz"
ramdisk = "/boot/initrd"
extra = "console=hvc0 quiet"
memory = 224
vcpus = 4
"""
# {name: (weight, vCPUs)}; each wants all of its vCPUs all of the time.
LINUX = {"linux1": (256, 4), "linux2": (512, 4)}
HOGS = {"hog1": (256, 1), "hog2": (128, 2), "hog3": (64, 1)}
CAPS = {"linux2": 100, "hog1": 30}


def ideal(weights, cpus):
    """{name: percent of one CPU}: by weight, but no more than its vCPUs can use."""
    most = {n: 100 * v for n, (_, v) in weights.items()}
    due, left, open_ = {}, 100.0 * cpus, set(weights)
    while open_:
        unit = left / sum(weights[n][0] for n in open_)
        full = {n for n in open_ if most[n] <= weights[n][0] * unit}
        for n in full or open_:
            due[n] = most[n] if full else weights[n][0] * unit
            left -= due[n] if full else 0
        open_ -= full or open_
    return due


def top(d):
    """{domain: percent of one CPU} of the second sample, and what it printed."""
    text = d.type(f"xl top -b -i 2 -d {SECONDS}", SECONDS * 10)
    rows = [line.split() for line in text.splitlines()]
    second = rows[len(rows) // 2 + 1:]
    return {row[0]: float(row[3]) for row in second}, text


def shares_are_right(tap, d, what, caps):
    seen, text = top(d)
    # dom0 has what it asks for, which is little; the others divide the rest.
    used = seen["Domain-0"] + sum(seen[n] for n in caps)
    due = ideal({n: w for n, w in {**LINUX, **HOGS}.items() if n not in caps}, CPUS - used / 100)
    wrong = {n: seen[n] - due[n] for n in due}
    print("".join(f"# {n}: {seen[n]:.1f} % of a CPU, {due.get(n, caps.get(n)):.1f} % due\n"
                  for n in sorted([*due, *caps])), end="")
    for n, cap in caps.items():
        tap.check(0 < seen[n] <= cap + 1, f"{n} has no more than its cap of {cap}", text)
    tap.check(all(abs(wrong[n]) <= max(POINTS, PART * due[n]) for n in due),
              f"{what}: xl top shows what is due, within {max(map(abs, wrong.values())):.1f} points of a CPU", text)


def stress(tap, d):
    for name, (weight, _) in LINUX.items():
        d.run(f"xl create -q /etc/xen/linux.cfg name={name} cpu_weight={weight}", 120)
    for name in LINUX:
        tap.check("STRESS BEGINS" in d.until(f"console-log {name}", "STRESS BEGINS", 1000), f"{name} begins", d.seen)
    for name, (weight, vcpus) in HOGS.items():
        d.run(f"xl create -q /etc/xen/hog.cfg name={name} vcpus={vcpus} cpu_weight={weight} extra='\"cpus={vcpus}\"'", 120)
    d.type("sleep 15", 200)
    shares_are_right(tap, d, "weights", {})
    for name, cap in CAPS.items():
        d.run(f"xl sched-credit2 -d {name} -c {cap}")
    d.type("sleep 5", 100)
    shares_are_right(tap, d, "weights and caps", CAPS)
    tap.check(not re.search(r"soft lockup|rcu.*stall|Oops|BUG:", "".join(d.type(f"console-log {n}") for n in LINUX)),
              "and the guests complain of nothing", d.seen)


def main():
    build = os.path.abspath(sys.argv[1] if len(sys.argv) > 1 else "build")
    with open(debian.initrd(build, "stress-shares", ["stress-ng"], {"/init": INIT}), "rb") as f, \
            open(image.kernel(build), "rb") as g:
        files = {"/boot/initrd": f.read(), "/boot/vmlinuz": g.read(), "/etc/xen/linux.cfg": CONFIG}
    return suite([([stress], {"files": files, "memory": "1100M", "dom0_mem": "320M", "smp": CPUS, "timeout": 120})])


if __name__ == "__main__":
    sys.exit(main())
