#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Domains get the shares of the processors that their weights and caps say, within two points, counted by the hypervisor
over many turns. Prints TAP."""
import sys

from dialogue import suite
from shares import CASES, errors, measure, options_for

POINTS = 2.0


def dialogue_of(case):
    def run(tap, d):
        wrong = errors(case, measure(d, case))
        tap.check(all(abs(e) <= POINTS for e in wrong.values()),
                  f"{case.name}: all within {max(map(abs, wrong.values())):.1f} points", wrong)
    run.__name__ = case.name
    return run


if __name__ == "__main__":
    sys.exit(suite([([dialogue_of(c) for c in CASES if c.machine_cpus == n], options_for(n))
                    for n in sorted({c.machine_cpus for c in CASES})]))
