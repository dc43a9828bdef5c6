#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""dom0's own heap (tests/inject/dom0) refuses one request: the first that xl create and destroy come to, the second and so on.
Each time the tools say so or go on without, dom0 lives, and nothing of the domain is left. Prints TAP."""
import re
import sys

from dialogue import WASH, suite

CFG = 'name="victim"\nkernel="/guests/echo"\nmemory=2\n'
FILES = WASH | {"/etc/xen/victim.cfg": CFG, "/etc/step": "xl create -q /etc/xen/victim.cfg\nxl destroy victim\n"}
STEPS = 40      # so many of them all; each step is one request


def requests(d):
    """(requests since heap fail, whether one was refused)"""
    m = re.search(r"; (\d+) requests, (one|none) refused", d.type("heap"))
    return int(m[1]), m[2] == "one"


def left(d):
    d.wash()
    return {"nodes": d.nodes()} | d.memory()


def one(d, n):
    d.type(f"heap fail {n}")
    text = d.type("sh /etc/step", timeout=60)
    count, refused = requests(d)
    d.type("heap fail 0")
    d.type("xl destroy victim")
    return text, count, refused


def every_step(tap, d):
    left(d)
    before = left(d)
    count = one(d, 0)[1]
    print(f"# {count} requests of xl create and xl destroy")
    wrong, said = [], 0
    first, last, stride = (int(a) for a in sys.argv[2:5]) if len(sys.argv) > 4 else (1, count, max(count // STEPS, 1))
    for n in range(first, last + 1, stride):
        text, _, refused = one(d, n)
        said += bool(text)
        if not refused or len(d.domains()) != 1:
            wrong.append(f"{n}: {text}\n{d.seen}")
    tap.check(not wrong, "each time the domain ends, whatever was refused", "\n".join(wrong))
    tap.check(said > 5, f"{said} times the tools said what was wrong", said)
    now = left(d)
    tap.check(now == before, "nothing is left of them all", f"{before}\n{now}")


if __name__ == "__main__":
    sys.exit(suite([([every_step], {"files": FILES, "dom0": "dom0-test"})]))
