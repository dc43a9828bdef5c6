#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""What is left when domains have come and gone: free memory, dom0's own memory, xenstore's nodes, ports and
grants, the same before and after. And many domains at once. Prints TAP."""
import re
import sys

from dialogue import suite

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
# One of two is destroyed in the middle of its play, the other comes to its end.
PINGS = ["".join(f"""xl create -q /etc/xen/pingpong.cfg name=pong
xl create -q /etc/xen/pingpong.cfg name=ping extra='"peer={2 * k + 1} rounds={100 if k % 2 else 1000000}"'
xl destroy ping
xl destroy pong
""" for k in range(first, first + 16)) for first in (0, 16)]
FILES = {"/etc/cycles20": CYCLE * 20, "/etc/fail": FAIL * 4, "/etc/other": OTHER * 8, "/etc/ping0": PINGS[0], "/etc/ping1": PINGS[1],
         "/etc/many": "".join(f"xl create -q /etc/xen/echo.cfg name=e{i} memory=4\n" for i in range(50))}


def state(d):
    """All numbers that should come back: free KiB of machine and dom0, nodes, ports, grants mapped."""
    machine, dom0 = d.free()
    d.type("xl dmesg -c")
    d.type("xl debug-keys eg")
    text = d.type("xl dmesg -c", clean=False)
    ports = len(re.findall(r"^\(XEN\) +\d+ \[", text, re.M))
    mapped = re.search(r"Grants of d0.*, (\d+) (?:of others )?mapped", text)
    return {"machine KiB": machine, "dom0 KiB": dom0, "nodes": d.nodes(), "ports": ports,
            "grants mapped": int(mapped[1]) if mapped else -1}


def same(tap, d, name, script, times=1):
    """Runs a script and compares. It must have run before: the scroll-backs of the last 32 dead are kept."""
    before = state(d)
    for _ in range(times):
        d.run(f"sh {script}", timeout=120)
    after = state(d)
    print(f"# {name}: before {before}, after {after}")
    rest = {k: v for k, v in after.items() if k != "dom0 KiB"}
    tap.check(rest == {k: v for k, v in before.items() if k != "dom0 KiB"},
              f"{name}: the machine's memory, xenstore's nodes, ports and grants are as before", f"{before}\n{after}")
    tap.check(after["dom0 KiB"] >= before["dom0 KiB"], f"{name}: dom0 uses no more memory than before", f"{before}\n{after}")


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
    tap.check("round trips in" in d.type("console-log 32"), "the two sides had found each other", d.seen)
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
    used = (before["machine KiB"] - d.free()[0]) / 50
    print(f"# each of the fifty costs {used:.0f} KiB for 4096 KiB of memory")
    tap.check(used <= 4096 + 64, "each costs the hypervisor at most 64 KiB beside its memory", used)
    text = d.talk("xl console e49", ("> ", "speak\r"), ("speak\r", ""), ("speak", ""), ("> ", "\x1d"))
    tap.check(text.count("speak") == 2, "the last of them answers", text)
    text, code = end_all(d)
    tap.check(code == 0 and text.count("has been") == 50, "all shut down when they are asked to", text)
    after = state(d)
    print(f"# fifty at once: before {before}, after {after}")
    # Where threads meet, a stack more or less is kept for the next one.
    spent = before.pop("dom0 KiB") - after.pop("dom0 KiB")
    tap.check(after == before and spent <= 256, "and leave nothing", f"{before}\n{after}\n{spent} KiB of dom0")


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
    for _ in range(10):
        d.run("xl destroy loop")
        d.type("sleep 0.3")
    d.type("sleep 1.5")
    tap.check("loop" not in d.domains(), "xl destroy ends the loop", d.seen)
    after = d.free()[0]
    tap.check(after == before, "and what it had is free", f"{before} {after}")


if __name__ == "__main__":
    sys.exit(suite([([hundred, failures, others, crash_loop], {"files": FILES}), ([connected], {"files": FILES}),
                    ([fifty], {"files": FILES})]))
