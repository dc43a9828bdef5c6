#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""A million random hypercalls: as dom0, with one vCPU and with several, as a dom0 that uses none of its rights, and as
four domUs that share ports and memory with each other while a fifth is talked to. Prints TAP.
Arguments behind the build folder: the calls of all together, the first seed, QEMU's CPUs, and a part alone:
"alone" (the dom0s) or "together" (the domUs)."""
import os
import re
import sys

from dialogue import suite
from tap import Tap

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "tools"))
import machine  # noqa: E402

CALLS = int(sys.argv[2]) if len(sys.argv) > 2 else 1000000
SEED = int(sys.argv[3]) if len(sys.argv) > 3 else 1
SMP = int(sys.argv[4]) if len(sys.argv) > 4 else 1
PART = sys.argv[5] if len(sys.argv) > 5 else "all"
DOMAINS = 4
VCPUS = 4
EACH = CALLS * 11 // 20 // DOMAINS  # of a domU; what the dom0s make is the rest
SLOWEST = 500  # calls a second, with many others on the machine: a bound for what hangs, nothing else


AGAIN = f"again: tests/system/random_test.py build {CALLS} {SEED} {SMP} together"


def as_dom0(tap, build, what, seed, calls, vcpus, words="", smp=SMP):
    """One run; what fails is told with the command that finds the shortest run."""
    image = f"{build}/cloison" if smp == 1 else f"{build}/cloison-checked"
    text = machine.run_kernel(image, f"{build}/guests/test-random", memory="256M", seconds=120 + calls // SLOWEST, smp=smp,
                              options=f"{machine.OPTIONS} dom0_max_vcpus={vcpus}",
                              args=f"seed={seed} calls={calls} {words}".strip())
    again = f"make torture SEED={seed} CALLS={calls} VCPUS={vcpus} SMP={smp}"
    tap.check(re.search(r"^# end: 0 of \d", text, re.M), f"{calls} calls of {what}, and the books agree",
              f"{text[-3000:]}\n{again}")
    return text


def alone(tap, build):
    as_dom0(tap, build, "dom0", SEED, CALLS // 5, 1)
    as_dom0(tap, build, "dom0 with three vCPUs", SEED + 1, CALLS // 10, VCPUS)
    as_dom0(tap, build, "dom0 with three vCPUs on four CPUs", SEED + 3, CALLS // 20, VCPUS, smp=4)
    as_dom0(tap, build, "a dom0 without its rights", SEED + 2, CALLS // 10, 1, "plain=1")


def files(build):
    with open(f"{build}/guests/test-random", "rb") as f:
        out = {"/guests/random": f.read()}
    for n in range(1, DOMAINS + 1):
        out[f"/etc/xen/random{n}.cfg"] = (
            f'name="random{n}"\nkernel="/guests/random"\nmemory=16\nvcpus={VCPUS}\n'
            f'extra="seed={SEED + 10 + n} calls={EACH} peers={DOMAINS}"\n'
            'on_poweroff="destroy"\non_crash="preserve"\n')
    # One command makes them: whoever types it may be slow, and they are to meet.
    out["/etc/all"] = "".join(f"xl create -q /etc/xen/random{n}.cfg\n" for n in range(1, DOMAINS + 1))
    return out


def say(d, word):
    """Says a word to the neighbour; whether it comes back."""
    return d.talk("xl console echo", ("> ", f"{word}\r"), (f"{word}\r", ""), (word, ""), ("> ", "\x1d")).count(word) == 2


def books(d):
    text = d.type("xl debug-keys m", clean=False, timeout=60)
    text += d.type("xl dmesg", clean=False, timeout=60)
    found = re.findall(r"whole-state check: (\d+) problems", text)
    return found[-1] if found else text[-500:]


def together(tap, d):
    names = [f"random{n}" for n in range(1, DOMAINS + 1)]
    d.type("sh /etc/all", timeout=120)
    d.type("xl create -q /etc/xen/echo.cfg")
    spoken = 0
    for _ in range(120 + EACH // SLOWEST):
        alive = d.domains()
        spoken += say(d, f"word{spoken}")
        if not any(name in alive and "s" not in alive[name][3] and "c" not in alive[name][3] for name in names):
            break
        d.type("sleep 1")
    ends = [d.type(f"console-log random{n}") for n in range(1, DOMAINS + 1)]
    for name, text in zip(names, ends):
        tap.check(re.search(r"^# end: 0 of \d", text, re.M),
                  f"{EACH} calls of {name} on three vCPUs among its like", f"{text[-1500:]}\n{d.seen}\n{AGAIN}")
    met = [re.search(r"got hold of (\d+) ports and (\d+) grants", text) for text in ends]
    tap.check(all(met) and all(int(m[1]) > 0 and int(m[2]) > 50 for m in met), "they share ports and memory",
              [m and m[0] for m in met])
    tap.check(spoken and say(d, "still"), f"a neighbour was spoken to {spoken} times meanwhile", d.seen)
    tap.check(d.gone("random1") and d.gone("random4"), "they come to their end", d.seen)
    d.type("xl destroy echo")
    wrong = books(d)
    tap.check(wrong == "0", "the books agree after them", f"{wrong}\n{AGAIN}")


def main():
    build = os.path.abspath(sys.argv[1] if len(sys.argv) > 1 else "build")
    tap = Tap()
    if PART != "together":
        alone(tap, build)
    if PART == "alone":
        return tap.end()
    return suite([([together], {"files": files(build), "checked": True, "smp": SMP})], tap)


if __name__ == "__main__":
    sys.exit(main())
