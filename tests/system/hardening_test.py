#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""The hypervisor of the test build (tests/inject) tries, in the middle of dom0's hypercall, what its page tables and
the CPU must forbid: W^X, SMEP, SMAP, guard pages. Each attempt must end in the panic that says so. Prints TAP."""
import os
import re
import sys

from tap import Tap

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "tools"))
import machine  # noqa: E402

PRESENT, WRITE, FETCH = 1, 2, 16
# What is tried, in the order of tests/inject/probe.c, and the page fault's error code; None: the double fault.
PROBES = [
    ("execute_guest_code", "SMEP: no code of a guest's is executed", PRESENT | FETCH),
    ("read_guest_stack", "SMAP: nothing of a guest's is read but by the copying loops", PRESENT),
    ("write_guest_stack", "SMAP: nor written", PRESENT | WRITE),
    ("write_text", "the text is not written", PRESENT | WRITE),
    ("write_text_by_direct_map", "nor by the direct map", PRESENT | WRITE),
    ("write_hypercall_table", "tables of functions are not written", PRESENT | WRITE),
    ("write_table_by_direct_map", "nor by the direct map", PRESENT | WRITE),
    ("execute_data", "data is not executed", PRESENT | FETCH),
    ("execute_stack", "nor the stack", PRESENT | FETCH),
    ("execute_direct_map", "nor the direct map, not even of the text", PRESENT | FETCH),
    ("write_m2p_of_guests", "the M2P that guests read is not written there", PRESENT | WRITE),
    ("read_null", "a null pointer leads to what a guest may have mapped, and no further", PRESENT),
    ("overflow_stack", "a stack that overflows meets its guard page", None),
    ("write_below_exception_stack", "so do the stacks of exceptions", WRITE),
    ("write_below_main_stack", "and what lies between them and the main stack is not there", WRITE),
]
KEYS = "test-hostile"


def press(build, keys, cpu="max"):
    """What the machine says when dom0 presses these debug keys."""
    return machine.run_kernel(f"{build}/cloison-test", f"{build}/guests/{KEYS}", cpu=cpu, memory="128M",
                              options="com1=115200,8n1 console=com1 dom0_mem=16M noreboot", args=f"keys={keys}")


def probe(tap, build, n):
    name, sentence, error = PROBES[n]
    text = press(build, f"{n}P")
    panic = text.split("Panic: ")[-1] if "Panic: " in text else ""
    if error is None:
        good = panic.startswith("double fault\n") and re.search(r"vector: 8 ", panic)
    else:
        good = panic.startswith("exception in the hypervisor\n") and \
            re.search(rf"vector: 14   error: {error:04x}\n", panic)
    tap.check(good and f"probe {n}\n" in text and "went through" not in text, f"{sentence} ({name})", text[-2500:])


def main():
    build = os.path.abspath(sys.argv[1] if len(sys.argv) > 1 else "build")
    tap = Tap()
    text = press(build, f"{len(PROBES)}P")
    tap.check(f"probe {len(PROBES)}: there are {len(PROBES)}\n" in text and "# end: 0 of 1" in text,
              "every probe of the test build is tried", text[-500:])
    for n in range(len(PROBES)):
        probe(tap, build, n)
    return tap.end()


if __name__ == "__main__":
    sys.exit(main())
