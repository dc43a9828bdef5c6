#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""A storm on four CPUs that really run at once: two domUs of four vCPUs (tests/guest/storm) make and unmake page tables, grants,
ports and memory, while dom0 creates, pauses, pins and destroys others. The build that watches its locks; the hypervisor's
books and its memory afterwards. Prints TAP. With a number as the second argument: so many times as long."""
import os
import re
import sys

from dialogue import suite

TIMES = int(sys.argv[2]) if len(sys.argv) > 2 else 1
ROUNDS = 200
GROWTH = 64  # KiB that the heap may keep of the worst moment
CPUS = 4


def files(build):
    with open(f"{build}/guests/test-storm", "rb") as f:
        return {"/guests/storm": f.read(), "/etc/xen/storm.cfg":
                'name="storm"\nkernel="/guests/storm"\nmemory=16\nvcpus=4\non_crash="preserve"\n'}


def books(d):
    text = d.type("xl debug-keys m", clean=False) + d.type("xl dmesg -c", clean=False)
    return re.findall(r"whole-state check: (\d+) problems", text)[-1:] == ["0"], text


def create_and_destroy(d, n):
    """What an administrator does all day, in a few seconds."""
    name = f"n{n}"
    d.run(f"xl create -q /etc/xen/hog.cfg name={name} memory=4 vcpus=2 extra='\"cpus=2\"'")
    d.run(f"xl vcpu-pin {name} all {n % CPUS}")
    d.run(f"xl pause {name}")
    d.run("xl create -q /etc/xen/hello.cfg")
    d.run(f"xl unpause {name}")
    d.run(f"xl vcpu-pin {name} all all")
    d.run("xl vcpu-list")
    return d.run(f"xl destroy {name}")


def storm(tap, d):
    d.gone("hello")
    before = d.free()[0]
    for round_ in range(TIMES):
        names = [f"s{round_}a", f"s{round_}b"]
        for i, name in enumerate(names):
            d.run(f"xl create -q /etc/xen/storm.cfg name={name} extra='\"rounds={ROUNDS} seed={2 * round_ + i + 1}\"'")
        created, good = 0, 0
        while created < 40 and any(name in d.domains() for name in names):
            created += 1
            good += create_and_destroy(d, created) == ("", 0)
        tap.check(all(d.gone(name, tries=400) for name in names), "both storms come to their end", d.seen)
        for name in names:
            text = d.type(f"console-log {name}")
            tap.check(re.search(r"# end: 0 of \d+ failed", text), f"{name}: what was each vCPU's own went well",
                      text[-1500:])
        tap.check(created and good == created, f"dom0 creates and destroys {created} domains meanwhile", good)
    tap.check(d.gone("hello"), "the last short-lived one has ended", d.seen)
    good, text = books(d)
    tap.check(good, "the hypervisor's books agree", text[-1000:])
    after = d.free()[0]
    tap.check(0 <= before - after <= GROWTH, "all memory is free again", f"{before} KiB before, {after} after")


def killed(tap, d):
    """Destroyed in the middle, with vCPUs in hypercalls on all CPUs."""
    before = d.free()[0]
    for n in range(5 * TIMES):
        d.run(f"xl create -q /etc/xen/storm.cfg name=k{n} extra='\"rounds=1000000 seed={n + 100}\"'")
        d.type("sleep 0.2")
        tap.check(d.run(f"xl destroy k{n}")[1] == 0, "a storm is destroyed in the middle", d.seen)
    good, text = books(d)
    tap.check(good, "the hypervisor's books agree", text[-1000:])
    after = d.free()[0]
    tap.check(0 <= before - after <= GROWTH, "all memory is free again", f"{before} KiB before, {after} after")


if __name__ == "__main__":
    BUILD = os.path.abspath(sys.argv[1] if len(sys.argv) > 1 else "build")
    sys.exit(suite([([storm, killed], {"files": files(BUILD), "checked": True, "smp": CPUS, "memory": "512M",
                                       "timeout": 120})]))
