#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""The oracle: boots each test kernel on Debian's Xen 4.17 and on Cloison under the same QEMU, and compares verdicts
and printed values ("= " lines). A difference is a failure unless tests/xen/differences names it with its reason."""
import difflib
import glob
import itertools
import os
import re
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "tools"))
import machine  # noqa: E402


# The attackers look at our own books; Xen has others, and its own ways to end an attack.
OURS_ALONE = {"duel", "hostile", "random"}


def facts(text):
    """Verdicts and values, in order; what the kernel printed beside them does not count."""
    lines = [l.strip("\r") for l in text.split("\n")]
    return [l for l in lines if re.match(r"^(ok|not ok|=|# end:) ?", l)]


def differences():
    rows = []
    for line in open(f"{HERE}/differences"):
        if line.strip() and not line.startswith("#"):
            kernel, pattern, _reason = [f.strip() for f in line.split("|", 2)]
            rows.append((kernel, re.compile(pattern)))
    return rows


def known(rows, kernel, ours, theirs):
    return any(k == kernel and (p.search(ours or "") or p.search(theirs or "")) for k, p in rows)


def pairs_that_differ(ours, theirs):
    """(our line, theirs), None for one that the other side alone has."""
    for what, i, i_end, j, j_end in difflib.SequenceMatcher(None, ours, theirs, False).get_opcodes():
        if what != "equal":
            yield from itertools.zip_longest(ours[i:i_end], theirs[j:j_end])


def compare(name, ours, theirs, rows):
    wrong = [(a, b) for a, b in pairs_that_differ(ours, theirs) if not known(rows, name, a, b)]
    late = f" {machine.LATE}" if not all(side and side[-1].startswith("# end") for side in (ours, theirs)) else ""
    print(f"{'not ok' if wrong or not theirs else 'ok'} - {name}: same as Xen, {len(theirs)} facts{late}")
    for a, b in wrong:
        print(f"# Cloison: {a}\n# Xen:     {b}")
    sys.stdout.flush()


def on_xen(xen, path, smp, options):
    """What the kernel prints there. Xen itself stops now and then under TCG: it is asked again."""
    for seconds in (15, 15, 60):
        text = machine.run_kernel(xen, path, cpu="Nehalem", until="# end", xen=True, smp=smp, options=options, seconds=seconds)
        if "# end" in text:
            break
    return text


def main():
    build = sys.argv[1]
    try:
        xen = machine.fetch_xen(build)
    except (OSError, subprocess.CalledProcessError, IndexError) as e:
        print(f"ok - the oracle # SKIP Debian's {machine.XEN_PACKAGE} could not be fetched: {e}")
        return
    rows = differences()
    for path in sorted(glob.glob(f"{build}/guests/test-*")):
        name = os.path.basename(path)[5:]
        if name in OURS_ALONE:
            continue
        for smp in (1, 4) if name.startswith("smp") else (1,):
            ours = machine.run_kernel(f"{build}/cloison", path, cpu="Nehalem", until="# end", smp=smp,
                                      options=machine.options_for(name))
            theirs = on_xen(xen, path, smp, machine.options_for(name, True))
            compare(name if smp == 1 else f"{name} on {smp} CPUs", facts(ours), facts(theirs), rows)


main()
