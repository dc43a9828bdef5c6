# SPDX-License-Identifier: MIT
"""Boot logs of Linux, made comparable: the lines that only one of two has, and that no reason is known for."""
import collections
import os
import re

HERE = os.path.dirname(os.path.abspath(__file__))


def reasons(*names):
    """The patterns of tests/xen/linux.differences, and of NAME.differences beside it."""
    patterns = []
    for name in ("linux", *names):
        with open(f"{HERE}/../../xen/{name}.differences") as f:
            patterns += [re.compile(line.rsplit(" | ", 1)[0]) for line in f if line.strip() and line[0] != "#"]
    return patterns


def lines(text):
    """The log's lines without times, addresses and numbers."""
    found = []
    for line in re.findall(r"^\[ *\d+\.\d+\] (.*)$", text, re.M):
        line = re.sub(r"0x[0-9a-f]+|\b[0-9a-f]{8,16}\b", "X", line)
        found.append(re.sub(r"\d+", "N", line))
    return collections.Counter(found)


def unexplained(one, other, known):
    """The lines that are only in one, and that no pattern knows."""
    return [line for line in one - other if not any(r.search(line) for r in known)]
