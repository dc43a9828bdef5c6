#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""xl create where the hypervisor of the test build (tests/inject) lets one allocation fail: the first, the second and
so on until none is left to fail. Each time xl says why, and nothing of the domain is left. Prints TAP."""
import re
import sys

from dialogue import suite

CFG = 'name="victim"\nkernel="/guests/echo"\nmemory=2\nvcpus=2\n'
MOST = 400


def left(d):
    """What a domain that was not made might leave: KiB of the machine, nodes, ports and grants of dom0."""
    d.type("xl dmesg -c", clean=False)
    d.type("xl debug-keys eg")
    text = d.type("xl dmesg -c", clean=False)
    return {"machine": d.free()[0], "nodes": d.nodes(), "ports": len(re.findall(r"^\(XEN\) +\d+ \[", text, re.M)),
            "grants": re.findall(r"Grants of d0: (.*)", text)}


def arm(d, n):
    """The n-th allocation from now on fails. Returns (allocations since it was called last, whether one failed)."""
    d.type(f"xl debug-keys {n}F")
    text = d.type("xl dmesg -c", clean=False)
    m = re.search(r"^\(XEN\) (\d+) allocations, (one|none) made to fail", text, re.M)
    return int(m[1]), m[2] == "one"


def create(d, n):
    """(what xl said, exit code, whether an allocation failed) with the n-th one failing."""
    arm(d, n)
    text, code = d.run("xl create -q /etc/xen/victim.cfg", timeout=60)
    return text, code, arm(d, 0)[1]


def every_step(tap, d):
    for _ in range(3):
        create(d, 0)
        d.type("xl destroy victim")
    create(d, 1)        # the first failure is written to a log
    before, wrong, n, failed = left(d), [], 0, 0
    while n < MOST:
        n += 1
        text, code, made_to_fail = create(d, n)
        if not made_to_fail:
            break
        failed += code != 0
        if code == 0:
            d.type("xl destroy victim")
        elif not re.search(r"error|failed|memory|cannot|crashed", text, re.I):
            wrong.append(f"{n}: {text}")
        if len(d.domains()) != 1:
            wrong.append(f"{n}: a domain is left\n{d.seen}")
        now = left(d)
        if now != before:
            wrong.append(f"{n}: {text}\n before {before}\n after  {now}")
            before = now
        if len(wrong) > 5:
            break
    tap.check(not wrong, f"{failed} of {n - 1} allocations that failed ended xl create, and left nothing",
              "\n".join(wrong))
    tap.check(failed > 10 and n < MOST, "each allocation of xl create was made to fail once", f"{failed} of {n}")
    tap.check(code == 0 and d.run("xl destroy victim")[1] == 0, "the last time it succeeds", text)
    d.type("xl debug-keys m")
    text = d.type("xl dmesg", clean=False)
    tap.check("whole-state check: 0 problems" in text, "the books agree", text[-500:])


if __name__ == "__main__":
    sys.exit(suite([([every_step], {"files": {"/etc/xen/victim.cfg": CFG}, "image": "cloison-test"})]))
