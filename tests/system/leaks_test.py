#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""What is left when domains have come and gone: free memory, dom0's own memory, xenstore's nodes, ports and
grants, the same before and after. And many domains at once. Prints TAP."""
import re
import sys

from dialogue import WASH, suite

CYCLE = "xl create -q /etc/xen/echo.cfg && xl destroy echo\n"
FAIL = "\n".join(f"xl create -q /etc/xen/echo.cfg {keys}" for keys in (
    "kernel=/nosuch", "kernel=/etc/rc", "memory=1", "memory=99999", "extra=\"'\"", "ramdisk=/nosuch",
    "kernel=/guests/crash extra='\"how=null\"'")) + "\n"
OTHER = """xl list -l > /tmp/x
xl info > /tmp/x
xl create -n -q /etc/xen/echo.cfg > /tmp/x
xenstore-ls -f > /tmp/x
xenstore-watch -n 1 /local > /tmp/x
xl nosuch
echo a > /tmp/y ; cp /tmp/y /tmp/z ; rm /tmp/y /tmp/z
"""


# How ping comes to its end: of its own, or destroyed in the middle of its play.
PINGS = ("xl create -q -F /etc/xen/pingpong.cfg name=ping extra='\"peer={} rounds=100\"'\n",
         "xl create -q /etc/xen/pingpong.cfg name=ping extra='\"peer={} rounds=1000000\"'\nxl destroy ping\n")


def pings(first):
    """Sixteen pairs; the first domain gets this id."""
    return "".join(f"xl create -q /etc/xen/pingpong.cfg name=pong\n{PINGS[k % 2].format(first + 2 * k)}xl destroy pong\n"
                   for k in range(16))


WASHED = len(WASH["/etc/wash"].splitlines())
FILES = WASH | {"/etc/cycles20": CYCLE * 20, "/etc/fail": FAIL * 4, "/etc/other": OTHER * 8,
                "/etc/ping0": pings(1), "/etc/ping1": pings(33 + WASHED),
                "/etc/many": "".join(f"xl create -q /etc/xen/echo.cfg name=e{i} memory=4\n" for i in range(50))}


def state(d):
    """All numbers that should come back: memory of the machine and of dom0, nodes, ports, grants mapped."""
    d.wash()
    d.type("xl dmesg -c")
    d.type("xl debug-keys eg")
    text = d.type("xl dmesg -c", clean=False)
    ports = len(re.findall(r"^\(XEN\) +\d+ \[", text, re.M))
    mapped = re.search(r"Grants of d0.*, (\d+) (?:of others )?mapped", text)
    return {"nodes": d.nodes(), "ports": ports, "grants mapped": int(mapped[1]) if mapped else -1} | d.memory()


def same(tap, d, name, script, times=1):
    """Runs a script and compares. It must have run before: some things are kept after their first use."""
    before = state(d)
    for _ in range(times):
        d.run(f"sh {script}", timeout=120)
    after = state(d)
    print(f"# {name}: before {before}, after {after}")
    tap.check(after == before, f"{name}: the machine's memory, dom0's, its heap to the byte, xenstore's nodes, ports and grants are "
              "as before", f"{before}\n{after}")


def hundred(tap, d):
    d.run("sh /etc/cycles20", timeout=120)
    d.run("sh /etc/cycles20", timeout=120)
    same(tap, d, "100 creates and destroys", "/etc/cycles20", 5)


def failures(tap, d):
    d.run("sh /etc/fail", timeout=120)
    same(tap, d, "28 failed creates", "/etc/fail")


def others(tap, d):
    d.run("sh /etc/other")
    same(tap, d, "56 other commands", "/etc/other")


def connected(tap, d):
    d.run("sh /etc/ping0", timeout=120)
    tap.check("round trips in" in d.type("console-log 30"), "the two sides had found each other", d.seen)
    same(tap, d, "32 domains that shared memory", "/etc/ping1")


def end_all(d):
    """Asks all to shut down; returns what xl says."""
    result = d.run("xl shutdown -a -w", timeout=120)
    d.until("xl list", r"\AName.*\nDomain-0.*\n\Z")
    return result


def fifty(tap, d):
    d.run("sh /etc/many", timeout=120)
    end_all(d)
    before = state(d)
    d.run("sh /etc/many", timeout=120)
    domains = d.domains()
    tap.check(len(domains) == 51 and all(v[3] == "-b----" for k, v in domains.items() if k != "Domain-0"),
              "fifty domains live at once", d.seen)
    used = (before["machine"] // 1024 - d.free()[0]) / 50
    print(f"# each of the fifty costs {used:.0f} KiB for 4096 KiB of memory")
    tap.check(used <= 4096 + 64, "each costs the hypervisor at most 64 KiB beside its memory", used)
    text = d.talk("xl console e49", ("> ", "speak\r"), ("speak\r", ""), ("speak", ""), ("> ", "\x1d"))
    tap.check(text.count("speak") == 2, "the last of them answers", text)
    text, code = end_all(d)
    tap.check(code == 0 and text.count("has been") == 50, "all shut down when they are asked to", text)
    after = state(d)
    print(f"# fifty at once: before {before}, after {after}")
    tap.check(after == before, "and leave nothing", f"{before}\n{after}")


def crash_loop(tap, d):
    """A domain that crashes again and again beside one that works."""
    d.run("xl create -q /etc/xen/echo.cfg name=calm")
    d.run("xl create -q /etc/xen/hog.cfg name=busy extra='\"share=20\"'")
    before, ids = d.free()[0], d.domains()
    d.run("xl create -q /etc/xen/crash.cfg name=loop extra='\"how=ud2 after=1\"' on_crash=restart")
    text = d.until("cat /var/log/xen/xl-loop.log", r"(Restarted as domain \d+\n(.*\n)*){3}", tries=120)
    tap.check(text.count("Restarted as domain") >= 3, "a domain that crashes is restarted each time", text)
    for _ in range(20):
        d.run("xl create -q /etc/xen/crash.cfg name=once extra='\"how=null\"'")
    text = d.talk("xl console calm", ("> ", "hush\r"), ("hush\r", ""), ("hush", ""), ("> ", "\x1d"))
    now = d.domains()
    tap.check(text.count("hush") == 2 and now["calm"][0] == ids["calm"][0] and now["busy"][0] == ids["busy"][0] and
              now["busy"][4] > ids["busy"][4], "its neighbours go on", f"{text}\n{now}")
    tap.check("loop" not in d.destroy_for_good("loop"), "xl destroy ends the loop", d.seen)
    after = d.free()[0]
    tap.check(after == before, "and what it had is free", f"{before} {after}")


if __name__ == "__main__":
    sys.exit(suite([([hundred, failures, others, crash_loop], {"files": FILES, "dom0": "dom0-test"}), ([connected], {"files": FILES, "dom0": "dom0-test"}),
                    ([fifty], {"files": FILES, "dom0": "dom0-test"})]))
