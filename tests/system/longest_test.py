#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""No hypercall keeps the hypervisor away for more than a million instructions at a time: a kernel (tests/bench/longest.c)
makes each as long as it can, and xl makes and ends a domain that has much of all. The test build (tests/inject) says
how long each took; QEMU counts instructions. Prints TAP."""
import os
import re
import sys

from dialogue import suite
from tap import Tap

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "tools"))
import machine  # noqa: E402

LIMIT = 1000000
TOLD = 100000       # what is shorter is not told
TICKS = 8           # of the TSC for an instruction, in a dialogue (machine.COUNTED)
CFG = ('name="large"\nkernel="/guests/echo"\nmemory=200\nvcpus=32\nmaxvcpus=128\nmax_grant_frames=1024\n'
       'max_maptrack_frames=1024\nmax_event_channels=131071\n')


def found(text, ticks=1):
    """{hypercall and sub-command: instructions} of all that was told."""
    longest = {}
    for name, command, took in re.findall(r"longest: (\w+) (\d+) of d\d+: (\d+)", text):
        longest[f"{name} {command}"] = max(longest.get(f"{name} {command}", 0), int(took) // ticks)
    return longest


def verdict(tap, longest, what):
    for name, took in sorted(longest.items(), key=lambda item: -item[1]):
        print(f"# {took:8} {name}")
    tap.check(longest and max(longest.values()) < LIMIT, f"{what}: none takes {LIMIT} instructions at a time",
              longest)


def alone(tap, build):
    """As dom0, which may do most."""
    text = machine.run_kernel(f"{build}/cloison-test", f"{build}/guests/longest", memory="512M", seconds=240,
                              options="com1=115200,8n1 console=com1 dom0_mem=192M noreboot", args=f"{TOLD}L",
                              extra=["-icount", "shift=0,sleep=off"])
    tap.check(re.search(r"^# end: 0 of", text, re.M), "each hypercall is made in its longest form", text[-1500:])
    verdict(tap, found(text), "hypercalls and lists of them")


def large_domain(tap, d):
    d.type("xl create -q /etc/xen/large.cfg && xl destroy large", timeout=60)     # what dom0 keeps of the first
    d.type(f"xl debug-keys {TOLD * TICKS}L")
    d.type("xl dmesg -c", clean=False)
    text = d.type("xl create -q /etc/xen/large.cfg && xl vcpu-list large && xl destroy large", timeout=60, clean=False)
    text += d.type("xl dmesg", clean=False)
    tap.check("large" not in d.domains(), "a domain that has much of all is made and ended", text)
    verdict(tap, found(text, TICKS), "its making and its end")


def main():
    build = os.path.abspath(sys.argv[1] if len(sys.argv) > 1 else "build")
    tap = Tap()
    alone(tap, build)
    return suite([([large_domain], {"image": "cloison-test", "files": {"/etc/xen/large.cfg": CFG}})], tap)


if __name__ == "__main__":
    sys.exit(main())
