#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Runs the host tests of a build with --coverage and prints, file by file, which share of the lines they reach; then
the lines of the hypervisor that none of them does. A source that several tests compile counts what any of them reached."""
import glob
import gzip
import json
import os
import re
import subprocess
import sys


def lines_reached(notes, reached):
    """Adds what gcov says of one object: {file: {line: whether it ran}}."""
    p = subprocess.run(["gcov", "--json-format", "--stdout", notes], capture_output=True)
    for text in p.stdout.splitlines():
        data = gzip.decompress(text) if text[:2] == b"\x1f\x8b" else text
        for f in json.loads(data)["files"]:
            if os.path.isabs(f["file"]) or f["file"].startswith("tests/"):
                continue
            lines = reached.setdefault(f["file"], {})
            for line in f["lines"]:
                n = line["line_number"]
                lines[n] = lines.get(n, False) or line["count"] > 0


def ranges(lines):
    """[3, 4, 5, 9] as "3-5 9". Lines without code between two do not part them."""
    parts = []
    for n, after in lines:
        if parts and parts[-1][1] == after:
            parts[-1][1] = n
        else:
            parts.append([n, n])
    return " ".join(str(a) if a == b else f"{a}-{b}" for a, b in parts)


def unreached(lines):
    """[(line, the line of code before it)] of those that nothing ran."""
    known = sorted(lines)
    return [(n, before) for before, n in zip([0] + known, known) if not lines[n]]


def main():
    build = sys.argv[1]
    for data in glob.glob(f"{build}/host/**/*.gcda", recursive=True):
        os.unlink(data)
    for test in sorted(glob.glob(f"{build}/units/*")):
        subprocess.run([test], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, timeout=600)
    reached = {}
    for data in glob.glob(f"{build}/host/**/*.gcda", recursive=True):
        lines_reached(data, reached)
    total = ran = 0
    for name, lines in sorted(reached.items()):
        n = sum(lines.values())
        total, ran = total + len(lines), ran + n
        print(f"{100 * n // max(len(lines), 1):4} % of {len(lines):5}  {name}")
    print(f"{100 * ran // max(total, 1):4} % of {total:5}  in all")
    for name, lines in sorted(reached.items()):
        if re.match(r"(arch/x86_64/)?hypervisor/", name) and not all(lines.values()):
            print(f"{name}: {ranges(unreached(lines))}")


main()
