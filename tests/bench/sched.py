#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Scheduling, side by side: Cloison and Debian's Xen 4.17 with credit2, our dom0 on both, in the same QEMU. Costs in
instructions (a nanosecond of virtual time each), latencies in virtual time, errors of shares in points of a CPU,
stress-ng's operations in a second of virtual time, of all guests together. What is measured is kept in BUILD/bench-sched.json, so
it can be done in pieces. Usage: sched.py BUILD [PIECE...]; all of PIECES without one, of either hypervisor; PIECE@xen
and PIECE@cloison: of that one."""
import json
import os
import re
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
for folder in ("tools", "system", "system/linux"):
    sys.path.insert(0, os.path.join(HERE, "..", folder))
import debian  # noqa: E402
import image  # noqa: E402
import machine  # noqa: E402
import pexpect  # noqa: E402
import shares  # noqa: E402
from dialogue import Dom0  # noqa: E402

ICOUNT = ["-icount", "shift=0,sleep=off"]
SLOW = ["-icount", "shift=4,sleep=off"]		# an instruction is 16 ns: seconds are over in less time
ROUNDS = 2000
SAMPLES = 200
HOGS = (0, 1, 4, 16)
LONG = 1200		# seconds of a busy machine for one line
# Xen's fastest settings; by default it traps RDTSC where the TSC is not said to be invariant, as in QEMU.
XEN_QUIET = "spec-ctrl=no xpti=0"


def kernel_rows(hypervisor, build, xen):
    options = (f"{machine.XEN_OPTIONS} {XEN_QUIET}" if xen else machine.OPTIONS) + " dom0_max_vcpus=2"
    text = machine.run_kernel(hypervisor, f"{build}/guests/bench-sched", cpu="Nehalem", xen=xen, options=options,
                              seconds=120, extra=ICOUNT)
    return {f"{m[1]}, instructions": float(m[2]) for m in re.finditer(r"^bench (.+) (\d+)\s*$", text, re.M)}


def open_dom0(build, tmp, xen, files=None, **kw):
    return Dom0(build, tmp, files=files, xen=xen, options=XEN_QUIET if xen else "", cpu="Nehalem", **{"memory": "1G", **kw})


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
    except (pexpect.ExceptionPexpect, LookupError, TypeError, ValueError) as e:
        print(f"bench-sched: on {'Xen' if xen else 'Cloison'}: {type(e).__name__} after {d.seen[-60:] if d else 'nothing'!r}", file=sys.stderr)
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


# ---- Linux ------------------------------------------------------------------------------------

GUESTS = 4
# All guests do the same at the same time, which they know by the wall clock: one stressor each TURN seconds, with some to begin
# and to end, and all of them in a round. Options that make each operation the same work.
TURN, BUSY = 20, 12
STRESSORS = {"cpu": "--cpu 1 --cpu-method int64", "pipe": "--pipe 1", "fork": "--fork 1"}
INIT = f"""#!/bin/busybox sh
/bin/busybox --install -s /bin 2>/dev/null
mount -t proc proc /proc
mount -t sysfs sys /sys
mount -t devtmpfs dev /dev
mount -t tmpfs tmp /tmp
dmesg -n 1
cd /tmp
turn() {{{{
	while [ $(($(date +%s) / {TURN} % {len(STRESSORS)})) != $1 ]; do sleep 0.5; done
	shift
	stress-ng "$@" --timeout {BUSY}s --metrics-brief 2>&1 </dev/null
}}}}
while :; do
	while [ $(($(date +%s) % {TURN * len(STRESSORS)})) -gt 1 ]; do sleep 0.5; done
	echo ROUND $(($(date +%s) / {TURN * len(STRESSORS)}))
{{turns}}
	echo END
	sleep {TURN - BUSY - 4}
done
""".format(turns="\n".join(f"\tturn {i} {words}" for i, words in enumerate(STRESSORS.values())))
LINUX = """kernel = "/boot/vmlinuz"
ramdisk = "/boot/initrd"
extra = "console=hvc0 quiet"
memory = 224
tsc_mode = "native"
"""
METRIC = re.compile(r"\] (\w+) +(\d+) +([\d.]+) +[\d.]+ +[\d.]+ +[\d.]+ +[\d.]+")


def rounds(text):
    """{number of the round: {stressor: operations in a second}} of what a guest has printed."""
    return {m[1]: {r[1]: int(r[2]) / float(r[3]) for r in METRIC.finditer(m[2])}
            for m in re.finditer(r"^ROUND (\d+)$([\s\S]*?)^END$", text, re.M)}


def linux(rows, d, cpus="1 CPU"):
    names = [f"l{i}" for i in range(GUESTS)]
    for name in names:
        d.run(f"xl create -q /etc/xen/linux.cfg name={name}", LONG)
    for _ in range(LONG):
        seen = [rounds(d.type(f"console-log {name}", LONG)) for name in names]
        both = set.intersection(*map(set, seen))
        if both:
            break
        d.type(f"sleep {TURN}", LONG)
    for stressor in STRESSORS:
        rows[f"{GUESTS} Linux domUs on {cpus}, stress-ng {stressor}, operations/s"] = sum(s[min(both)][stressor] for s in seen)


def linux_files(build):
    with open(debian.initrd(build, "bench-sched", ["stress-ng"], {"/init": INIT}), "rb") as f, \
            open(image.kernel(build), "rb") as g:
        return {"/boot/initrd": f.read(), "/boot/vmlinuz": g.read(), "/etc/xen/linux.cfg": LINUX}


# ---- pieces -----------------------------------------------------------------------------------

def latency_files(build):
    with open(f"{build}/guests/bench-latency", "rb") as f:
        return {"/guests/latency": f.read(), "/etc/xen/latency.cfg":
                f'name="latency"\nkernel="/guests/latency"\nmemory=4\ntsc_mode="native"\nextra="samples={SAMPLES}"\n'}


def kernel_piece(rows, build, tmp, xen):
    rows.update(kernel_rows(xen or f"{build}/cloison", build, bool(xen)))


def one_cpu_piece(rows, build, tmp, xen):
    on_dom0(rows, one_cpu, build, tmp, xen, files=latency_files(build), extra=ICOUNT, timeout=LONG)


def two_cpus_piece(rows, build, tmp, xen):
    on_dom0(rows, two_cpus, build, tmp, xen, smp=2, extra=ICOUNT, timeout=LONG)


def shares_piece(rows, build, tmp, xen):
    for cpus in sorted({c.machine_cpus for c in shares.CASES}):
        on_dom0(rows, lambda rows, d, n=cpus: share_rows(rows, n, d), build, tmp, xen, **shares.options_for(cpus))


def linux_piece(rows, build, tmp, xen):
    on_dom0(rows, linux, build, tmp, xen, files=linux_files(build), smp=1, timeout=LONG, memory="1400M", dom0_mem="320M",
            extra=SLOW)


def linux_two_cpus_piece(rows, build, tmp, xen):
    """By the machine's own clock: a QEMU that counts instructions on two CPUs lets one wait for the other for long."""
    on_dom0(rows, lambda rows, d: linux(rows, d, "2 CPUs"), build, tmp, xen, files=linux_files(build), smp=2, timeout=LONG,
            memory="1400M", dom0_mem="320M")


PIECES = {"kernel": kernel_piece, "one-cpu": one_cpu_piece, "two-cpus": two_cpus_piece, "shares": shares_piece,
          "linux": linux_piece, "linux-two-cpus": linux_two_cpus_piece}


def chosen(words):
    """(piece, whether on Xen) of each word."""
    for word in words or PIECES:
        piece, _, where = word.partition("@")
        if piece not in PIECES or where not in ("", "xen", "cloison"):
            sys.exit(f"bench-sched: '{word}' is no piece, which are {', '.join(PIECES)}, with @xen or @cloison or neither")
        for on_xen in (False, True):
            if where != ("cloison" if on_xen else "xen"):
                yield piece, on_xen


def main():
    build = os.path.abspath(sys.argv[1])
    path, known = f"{build}/bench-sched.json", {"Cloison": {}, "Xen": {}}
    if os.path.exists(path) and len(sys.argv) > 2:
        with open(path) as f:
            known = json.load(f)
    for piece, on_xen in list(chosen(sys.argv[2:])):
        try:
            with tempfile.TemporaryDirectory() as tmp:
                PIECES[piece](known["Xen" if on_xen else "Cloison"], build, tmp, machine.fetch_xen(build) if on_xen else None)
        except (OSError, subprocess.CalledProcessError, IndexError) as e:
            print(f"bench-sched: {piece}{'@xen' if on_xen else ''}: {e}", file=sys.stderr)
        with open(path, "w") as f:
            json.dump(known, f, indent=1)
    print(f"{'':72} {'Cloison':>9} {'Xen':>9}")
    for name in dict.fromkeys([*known["Cloison"], *known["Xen"]]):
        print(f"{name:72} " + " ".join(f"{rows[name]:9.1f}" if name in rows else f"{'-':>9}" for rows in known.values()))


main()
