#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Runs the random guest as control domain: shorten.py BUILD SEED [CALLS [VCPUS [CPUS]]]. When it fails, finds by bisection the
smallest number of calls that does and shows the last of them; else says that all went well. What depends on the
time of day (timers, turns) may differ between runs: a number of calls counts as failing when one of TRIES fails."""
import os
import re
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "..", "tools"))
import machine  # noqa: E402

TRIES = 2
CALLS_PER_SECOND = 500  # at least, on a slow machine


def attempt(build, seed, calls, extra=""):
    """(all went well, text)."""
    vcpus, cpus = (int(sys.argv[n]) if len(sys.argv) > n else 1 for n in (4, 5))
    text = machine.run_kernel(f"{build}/cloison", f"{build}/guests/test-random", memory="256M", smp=cpus,
                              seconds=60 + calls // CALLS_PER_SECOND,
                              options=f"{machine.OPTIONS} dom0_max_vcpus={vcpus}",
                              args=f"seed={seed} calls={calls} {extra}".strip())
    return bool(re.search(r"^# end: 0 of", text, re.M)), text


def fails(build, seed, calls):
    return any(not attempt(build, seed, calls)[0] for _ in range(TRIES))


def reached(text):
    """How many calls were done for certain, rounded up to the next report. Of several vCPUs the first one
    tells, and the others may be as far behind as the number of them."""
    done = re.findall(r"^# seed \d+: (\d+) calls", text, re.M)
    return (int(done[-1]) if done else 0) * 4 + 40000 if int(sys.argv[4] if len(sys.argv) > 4 else 1) > 1 else \
        (int(done[-1]) if done else 0) + 10000


def main():
    build, seed = os.path.abspath(sys.argv[1]), int(sys.argv[2])
    calls = int(sys.argv[3]) if len(sys.argv) > 3 else 1000000
    well, text = attempt(build, seed, calls)
    if well:
        print(f"ok - seed {seed}: {calls} calls")
        return 0
    print("\n".join(text.splitlines()[-30:]))
    low, high = 0, min(calls, reached(text))
    while high - low > 1:
        middle = (low + high) // 2
        if fails(build, seed, middle):
            high = middle
        else:
            low = middle
        print(f"# between {low} and {high} calls", flush=True)
    _, text = attempt(build, seed, high, f"trace={max(0, high - 20)}")
    print("\n".join(text.splitlines()[-80:]))
    print(f"not ok - seed {seed}: fails after {high} calls")
    return 1


sys.exit(main())
