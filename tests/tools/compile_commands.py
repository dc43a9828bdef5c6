#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Reads what `make -n` would do and writes compile_commands.json, by which editors and clangd know how
each file is compiled. A file that is compiled for several products is there once for each."""
import json
import os
import re
import shlex
import sys

COMPILE = re.compile(r"(?:^|&& )((?:gcc|clang) [^&;]* -c -o \S+ (\S+\.[cS]))\s*$")


def main():
    entries = []
    for line in sys.stdin:
        m = COMPILE.search(line.rstrip())
        if m and "$" not in m[1]:
            entries.append({"directory": os.getcwd(), "file": m[2], "arguments": shlex.split(m[1])})
    if not entries:
        sys.exit("compile_commands.py: make would compile nothing")
    json.dump(entries, sys.stdout, indent=1)
    print()


main()
