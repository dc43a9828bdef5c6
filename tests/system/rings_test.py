#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""domUs whose rings to dom0 have gone wild (tests/guest/rings): xenstore's indices, half messages, floods of nodes,
watches and transactions, random requests, the console's ring. dom0 and a neighbour go on, and nothing is left."""
import re
import sys

from dialogue import suite

ATTACKS = ["wild indices", "partial messages", "a flood of nodes, watches and transactions", "random messages",
           "a flood of words", "a wild console", "a storm of events"]


def answers(d, word):
    """Whether the neighbour says a word again."""
    return d.talk("xl console echo", ("> ", f"{word}\r"), (f"{word}\r", ""), (word, ""), ("> ", "\x1d")).count(word) == 2


def one(d, n):
    """An attack from its beginning to its end; (what it said, whether all others went on meanwhile)."""
    d.type(f"xl create -q /etc/xen/rings.cfg 'extra=\"attack={n}\"'")
    went_on = True
    for k in range(200):
        went_on &= answers(d, f"say{n}.{k}") and d.type("xenstore-read /local/domain/0/name") == "Domain-0\n"
        if "rings" not in d.domains():
            break
        d.type("sleep 0.25")
    return d.type("console-log rings", clean=False), went_on and "rings" not in d.domains()


def attacks(tap, d):
    d.type("xl create -q /etc/xen/echo.cfg")
    one(d, len(ATTACKS))       # what dom0 keeps of the first
    nodes, machine = d.nodes(), d.free()[0]
    for n, name in enumerate(ATTACKS):
        text, went_on = one(d, n)
        tap.check(re.search(r"^# end: 0 of", text, re.M), f"{name}: the guest gets what it should", text[-1500:])
        tap.check(went_on, f"{name}: dom0 and a neighbour go on, and it ends", d.seen)
        d.type("xl destroy rings")
        tap.check(d.nodes() == nodes and d.free()[0] == machine, f"{name}: nothing is left of it",
                  f"{nodes} {d.nodes()} {machine} {d.free()}")


def files():
    build = sys.argv[1] if len(sys.argv) > 1 else "build"
    with open(f"{build}/guests/test-rings", "rb") as f:
        return {"/guests/rings": f.read(),
                "/etc/xen/rings.cfg": 'name="rings"\nkernel="/guests/rings"\nmemory=8\non_crash="destroy"\n'
                                      'on_poweroff="destroy"\n'}


if __name__ == "__main__":
    sys.exit(suite([([attacks], {"files": files()})]))
