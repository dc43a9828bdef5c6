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
# Xen's fastest settings; by default it traps RDTSC where the TSC is not said to be invariant, as in QEMU.
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
    keys = "tsc_mode='\"native\"'"
    d.run(f"xl create -q /etc/xen/pingpong.cfg {keys} cpus='\"{cpus[1]}\"'")
    peer = d.domains()["pong"][0]
    for _ in range(3):
        d.run(f"xl create -q /etc/xen/pingpong.cfg name=ping {keys} cpus='\"{cpus[0]}\"' "
              f"extra='\"peer={peer} rounds={ROUNDS}\"'")
        m = re.search(r"round trips in \d+ ms, (\d+) ns each", d.until("console-log ping", "ns each"))
        best = min(best or 1e9, float(m[1]))
        d.gone("ping")
    d.run("xl destroy pong")
    return best


def latencies(rows, d):
    running = 0
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


def on_dom0(rows, fill, build, tmp, xen, **kw):
    """Lets fill(rows, dom0) measure on a fresh machine; what it has measured when it comes to nothing stays."""
    d = None
    try:
        d = open_dom0(build, tmp, xen, **kw)
        fill(rows, d)
    except (pexpect.ExceptionPexpect, LookupError, TypeError) as e:
        print(f"bench-sched: on {'Xen' if xen else 'Cloison'}: {type(e).__name__}: {str(e)[:60]}", file=sys.stderr)
    finally:
        if d:
            d.close()


def share_rows(rows, cpus, d):
    for case in shares.CASES:
        if case.machine_cpus == cpus:
            wrong = shares.errors(case, shares.measure(d, case))
            rows[f"error: {case.name}, points"] = max(map(abs, wrong.values()))


def one_cpu(rows, d):
    rows["event round trip of two domUs on 1 CPU, ns"] = round_trip(d, (0, 0))
    latencies(rows, d)


def two_cpus(rows, d):
    rows["event round trip of two domUs on 2 CPUs, ns"] = round_trip(d, (0, 1))


def measure(build, tmp, xen):
    rows = kernel_rows(xen or f"{build}/cloison", build, bool(xen))
    with open(f"{build}/guests/bench-latency", "rb") as f:
        files = {"/guests/latency": f.read(), "/etc/xen/latency.cfg":
                 f'name="latency"\nkernel="/guests/latency"\nmemory=4\ntsc_mode="native"\nextra="samples={SAMPLES}"\n'}
    on_dom0(rows, one_cpu, build, tmp, xen, files=files, extra=ICOUNT, timeout=120)
    on_dom0(rows, two_cpus, build, tmp, xen, smp=2, extra=ICOUNT, timeout=120)
    for cpus in sorted({c.machine_cpus for c in shares.CASES}):
        on_dom0(rows, lambda rows, d, n=cpus: share_rows(rows, n, d), build, tmp, xen, **shares.options_for(cpus))
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
