#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Scheduling, side by side: Cloison and Debian's Xen 4.17 with credit2, our dom0 on both, in the same QEMU. Costs in
instructions (a nanosecond of virtual time each), latencies in virtual time, errors of shares in points of a CPU."""
import os
import re
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
for folder in ("tools", "system"):
    sys.path.insert(0, os.path.join(HERE, "..", folder))
import machine  # noqa: E402
import pexpect  # noqa: E402
import shares  # noqa: E402
from dialogue import Dom0  # noqa: E402

ICOUNT = ["-icount", "shift=0,sleep=off"]
ROUNDS = 2000
SAMPLES = 200
HOGS = (0, 1, 4, 16)
XEN_QUIET = "spec-ctrl=no xpti=0"


def kernel_rows(hypervisor, build, xen):
    options = (f"{machine.XEN_OPTIONS} {XEN_QUIET}" if xen else machine.OPTIONS) + " dom0_max_vcpus=2"
    text = machine.run_kernel(hypervisor, f"{build}/guests/bench-sched", cpu="Nehalem", xen=xen, options=options,
                              seconds=120, extra=ICOUNT)
    return {f"{m[1]}, instructions": float(m[2]) for m in re.finditer(r"^bench (.+) (\d+)\s*$", text, re.M)}


def open_dom0(build, tmp, xen, files=None, **kw):
    return Dom0(build, tmp, files=files, xen=xen, options=XEN_QUIET if xen else "", memory="1G", cpu="Nehalem", **kw)


def round_trip(d, cpus):
    """Between two domUs on these CPUs, over a granted ring: nanoseconds, the least of three."""
    best = None
    d.run(f"xl create -q /etc/xen/pingpong.cfg cpus='\"{cpus[1]}\"'")
    peer = d.domains()["pong"][0]
    for _ in range(3):
        d.run(f"xl create -q /etc/xen/pingpong.cfg name=ping cpus='\"{cpus[0]}\"' "
              f"extra='\"peer={peer} rounds={ROUNDS}\"'")
        m = re.search(r"round trips in \d+ ms, (\d+) ns each", d.until("console-log ping", "ns each"))
        best = min(best or 1e9, float(m[1]))
        d.gone("ping")
    d.run("xl destroy pong")
    return best


def latencies(d):
    rows, running = {}, 0
    for n in HOGS:
        while running < n:
            running += 1
            d.run(f"xl create -q /etc/xen/hog.cfg name=hog{running} memory=4")
        d.run("xl create -q /etc/xen/latency.cfg")
        text = d.until("console-log latency", "worst", tries=400)
        m = re.search(r"median (\d+) 99% (\d+) worst (\d+)", text)
        rows[f"wake-up beside {n} hogs, median, us"] = float(m[1]) / 1000
        rows[f"wake-up beside {n} hogs, 99th percentile, us"] = float(m[2]) / 1000
        d.gone("latency")
    return rows


def share_rows(build, tmp, xen):
    rows = {}
    for cpus in sorted({c.machine_cpus for c in shares.CASES}):
        d = Dom0(build, tmp, xen=xen, **shares.options_for(cpus))
        try:
            for case in shares.CASES:
                if case.machine_cpus == cpus:
                    wrong = shares.errors(case, shares.measure(d, case))
                    rows[f"error: {case.name}, points"] = max(map(abs, wrong.values()))
        finally:
            d.close()
    return rows


def dom0_rows(build, tmp, xen):
    with open(f"{build}/guests/bench-latency", "rb") as f:
        files = {"/guests/latency": f.read(), "/etc/xen/latency.cfg":
                 f'name="latency"\nkernel="/guests/latency"\nmemory=4\nextra="samples={SAMPLES}"\n'}
    rows = {}
    for cpus, pins in ((1, (0, 0)), (2, (0, 1))):
        d = open_dom0(build, tmp, xen, files, smp=cpus, extra=ICOUNT, timeout=120)
        try:
            rows[f"event round trip of two domUs on {cpus} CPU{'s' * (cpus > 1)}, ns"] = round_trip(d, pins)
            if cpus == 1:
                rows.update(latencies(d))
        finally:
            d.close()
    return rows


def measure(build, tmp, xen):
    rows = kernel_rows(xen or f"{build}/cloison", build, bool(xen))
    for part in (dom0_rows, share_rows):
        try:
            rows.update(part(build, tmp, xen))
        except (pexpect.ExceptionPexpect, LookupError, TypeError) as e:
            print(f"bench-sched: {part.__name__} on {'Xen' if xen else 'Cloison'}: {type(e).__name__}: "
                  f"{str(e)[:300]}", file=sys.stderr)
    return rows


def main():
    build = os.path.abspath(sys.argv[1])
    with tempfile.TemporaryDirectory() as tmp:
        ours = measure(build, tmp, None)
        try:
            theirs = measure(build, tmp, machine.fetch_xen(build))
        except (OSError, subprocess.CalledProcessError, IndexError) as e:
            print(f"bench-sched: no figures of Xen: {e}", file=sys.stderr)
            theirs = {}
    print(f"{'':64} {'Cloison':>9} {'Xen':>9}")
    for name in dict.fromkeys([*ours, *theirs]):
        print(f"{name:64} " + " ".join(f"{rows[name]:9.1f}" if name in rows else f"{'-':>9}" for rows in (ours, theirs)))


main()
