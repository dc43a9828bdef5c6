#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""The sample guests and what becomes of them: greetings, consoles, a ring between two domains, every way to
die, what on_poweroff, on_reboot and on_crash say, and last words. Prints TAP."""
import re
import sys

from dialogue import LEAVE, suite

# How crash's ways end when it is created: (exit code, what its last lines must have).
FAULTS = {
    "null": r"page fault .*\n  \| read of 0, which is not mapped", "code": "page fault .*\n  \\| write of 0x",
    "jump": r"fetch of 0x123456789000", "canonical": "general protection fault",
    "hypervisor": "read of 0xffff830000000000", "ud2": "invalid opcode", "divide": "divide error",
    "privileged": "general protection fault", "msr": "general protection fault",
    "int": r"general protection fault \(vector 13, error code 0x482\)", "step": "debug exception",
    "stack": "recurses", "nostack": "points the stack", "free": "page_free", "abort": "signal 6",
    "exit": "guest: exit code 3", "crash": "says that it has crashed", "notraps": "without a trap table",
    "badtrap": "in the page-fault handler", "badiret": "returns without a stack",
    "pagetable": "page fault .*\n  \\| write of 0x", "unmap": "unmaps all its memory"}
ENDS = ["poweroff", "reboot", "unknown", "vcpudown", "watchdog", "badupcall", "console"]


def crash(d, name, extra, keys=""):
    """Creates the sample "crash" under a name; returns (output, code)."""
    return d.run(f"xl create -q /etc/xen/crash.cfg name={name} extra='\"{extra}\"' {keys}")


def hello(tap, d):
    text = d.talk("xl create -c /etc/xen/hello.cfg", ("word 2 is and two", ""))
    tap.check(re.search(r"Hello from domain 1 on Xen ABI 4.17\nmemory 8192 KiB, command line \"one 'and two'\"\n"
                        r"word 1 is one\nword 2 is and two\n", text), "hello says where it is", text)
    tap.check(d.gone("hello"), "hello is gone when it has ended", d.seen)
    tap.check(d.type("console-log hello").startswith("Hello from domain 1 on"), "its words outlive it", d.seen)
    tap.check(re.search(r"^hello +1  ended +\d+ bytes$", d.type("console-log"), re.M), "console-log lists it", d.seen)


def echo(tap, d):
    d.run("xl create -q /etc/xen/echo.cfg")
    lines = ["plain words", "x" * 200, "caf\xe9"]
    steps = [("> ", lines[0] + "\r")]
    for this, following in zip(lines, lines[1:]):
        steps += [(this, ""), (this, ""), ("> ", following + "\r")]
    steps += [(lines[-1], ""), (lines[-1], ""), ("> ", LEAVE)]
    text = d.talk("xl console echo", *steps)
    tap.check(all(text.count(line) == 2 for line in lines), "echo says back what is typed", text)
    text = d.talk("xl console echo", ("caf\xe9", "quit\r"), ("Good bye.", ""))
    tap.check(text.count("plain words") == 2, "who joins later sees what was said", text)
    tap.check(d.gone("echo"), "quit ends the domain", d.seen)


def pingpong(tap, d):
    d.run("xl create -q /etc/xen/pingpong.cfg")
    peer = d.domains()["pong"][0]
    for name in ("ping", "ping2"):
        d.run(f"xl create -q /etc/xen/pingpong.cfg name={name} extra='\"peer={peer} rounds=3000\"'")
        text = d.until(f"console-log {name}", "round trips in")
        tap.check(re.search(r"ping: 3000 round trips in \d+ ms", text), f"{name} plays with pong over a granted ring",
                  text)
    tap.check(d.gone("ping") and d.gone("ping2") and "pong" in d.domains(), "pong outlives its players", d.seen)
    text = d.run("xenstore-ls -f")[0]
    tap.check("/data/pingpong" in text and "/data/pingpong/" not in text, "the players have removed their nodes",
              text[-500:])
    d.run(f"xl create -q /etc/xen/pingpong.cfg name=lost extra='\"peer={peer}00\"'")
    text = d.until("console-log lost", "no grant or port|has no")
    tap.check("ping: no grant or port for domain" in text or "has no" in text, "a player without a partner says so", text)
    d.run("xl destroy pong")


def hog(tap, d):
    d.run("xl create -q /etc/xen/hog.cfg")
    d.run("xl create -q /etc/xen/hog.cfg name=half extra='\"share=30\"'")
    one = d.domains()
    d.type("sleep 1")
    two = d.domains()
    tap.check(two["hog"][4] > one["hog"][4] and two["half"][4] > one["half"][4], "the hogs' time grows", f"{one}\n{two}")
    tap.check(two["hog"][4] > two["half"][4], "who asks for more gets more", f"{one}\n{two}")
    tap.check(d.run("echo here") == ("here\n", 0) and d.run("xl create -q /etc/xen/hello.cfg")[1] == 0 and
              "Hello" in d.until("console-log hello", "word 2"), "dom0 and others still have their turn", d.seen)
    d.run("xl destroy hog")
    d.run("xl destroy half")
    text = d.talk("xl create -q -c /etc/xen/hog.cfg extra='\"seconds=1\"'", ("hog: done,", ""))
    tap.check("hog: computing 100 % of the time on 1 CPU\n" in text, "hog ends after its seconds", text)
    d.run("xl create -q /etc/xen/hog.cfg name=wide vcpus=3 extra='\"cpus=3\"'")
    d.type("sleep 1")
    rows = re.findall(r"^wide +\d+ +(\d) .* (\d+\.\d)  ", d.type("xl vcpu-list wide"), re.M)
    tap.check([r[0] for r in rows] == ["0", "1", "2"] and all(float(r[1]) > 0 for r in rows),
              "hog computes on as many CPUs as it is told", d.seen)
    d.run("xl destroy wide")
    text = d.run("xl create -q -c /etc/xen/hog.cfg vcpus=2 extra='\"cpus=3\"'")[0]
    tap.check("hog: cpus=3: 1 to 2 is possible" in text, "but not on more than it has", text)


def memhog(tap, d):
    before = d.free()[0]
    text = d.talk("xl create -q -c /etc/xen/memhog.cfg memory=24 extra='\"rounds=2\"'", ("round 2: ", ""))
    tap.check(text.count("0 words wrong") == 2, "memhog reads what it wrote", text)
    tap.check(d.gone("memhog") and d.free()[0] == before, "its memory is free again",
              f"{before} KiB before, {d.free()[0]} after")


def deaths(tap, d):
    d.run("xl create -q /etc/xen/echo.cfg name=neighbour")
    before = d.free()[0]
    d.type("xl dmesg -c")
    for how, last in FAULTS.items():
        text, code = crash(d, "c", f"how={how}")
        tap.check(code == 3 and re.search(last, text) and re.match(
            r"xl: domain \d+ \(c\) crashed while starting; its last console lines:\n  \| ", text),
            f"a guest that dies by {how} is told with its last words", f"{code}\n{text}")
    for how in ENDS:
        crash(d, how, f"how={how}", "on_reboot=destroy")
    crash(d, "block", "how=block")
    crash(d, "spin", "how=spin")
    crash(d, "suspend", "how=suspend")
    for how in ENDS:
        tap.check(d.gone(how), f"a guest that ends by {how} is gone", d.seen)
    text = d.type("console-log console")
    tap.check("impossible ring indices, given up" in text, "a console ring with nonsense in it is given up", text)
    states = {n: v[3] for n, v in d.domains().items()}
    tap.check(states.get("block") == "-b----" and states.get("spin") == "------" and
              states.get("suspend") == "---ss-", "those that are not dead live on", str(states))
    for how in ("block", "spin", "suspend"):
        d.run(f"xl destroy {how}")
    text = d.talk("xl console neighbour", ("> ", "still here\r"), ("still here\r", ""), ("> ", LEAVE))
    tap.check("still here" in text, "the neighbour has noticed nothing", text)
    tap.check(d.free()[0] == before, "all that the dead had is free", f"{before} KiB before, {d.free()[0]} after")
    text = d.type("xl debug-keys m") and d.type("xl dmesg", clean=False)
    tap.check("whole-state check: 0 problems" in d.text()[-6000:], "the frame table is in order", d.text()[-2000:])
    d.run("xl destroy neighbour")


def actions(tap, d):
    """Each action for each reason, all at once: a second after the start, or three, since who ends sooner is
    not restarted beside what is kept."""
    before = d.free()[0]
    actions = ["destroy", "restart", "rename_restart", "preserve"]
    for reason in ("poweroff", "reboot", "crash"):
        for action in actions:
            name = f"{reason}_{action}"
            after = 3 if action == "rename_restart" else 1
            crash(d, name, f"how={reason} after={after}", f"on_{reason}='\"{action.replace('_', '-')}\"'")
    for action in ("destroy", "restart"):
        crash(d, f"core_{action}", "how=crash after=1", f"on_crash='\"coredump-{action}\"'")
    for reason, letter in (("poweroff", "-"), ("reboot", "r"), ("crash", "c")):
        tap.check(d.gone(f"{reason}_destroy"), f"on_{reason}=destroy", d.seen)
        text = d.until(f"xl list {reason}_preserve", f"---s{letter}-")
        tap.check(f"---s{letter}-" in text, f"on_{reason}=preserve keeps it for looking at", text)
        text = d.until(f"cat /var/log/xen/xl-{reason}_restart.log", "Restarted as domain")
        tap.check(re.search(r"Action for shutdown reason code \d is restart\n(.*\n)*.*Restarted as domain \d+", text),
                  f"on_{reason}=restart begins it again", text)
        old = rf"^{reason}_rename_restart-\d{{8}}T\d{{6}}Z .*---s{letter}-"
        text = d.until("xl list", rf"{old}(.*\n)*^{reason}_rename_restart +\d+ ")
        tap.check(re.search(rf"{old}(.*\n)*^{reason}_rename_restart +\d+ ", text, re.M),
                  f"on_{reason}=rename-restart keeps the old one under another name", text)
    tap.check(d.gone("core_destroy"), "on_crash=coredump-destroy destroys", d.seen)
    text = d.until("cat /var/log/xen/xl-core_restart.log", "Restarted as domain")
    tap.check("Core dumps are not implemented: restarting without one" in text, "and says that there is no dump", text)
    end_all(d)
    tap.check(list(d.domains()) == ["Domain-0"] and d.free()[0] == before, "nothing of them is left",
              f"{before} KiB before, {d.free()[0]} after\n{d.domains()}")


def end_all(d):
    """Destroys until nobody comes back: a domain between two lives is not on the list but has its log."""
    for _ in range(20):
        names = [n for n in d.domains() if n != "Domain-0"]
        for name in names:
            d.run(f"xl destroy {name}")
        for name in ("poweroff", "reboot", "crash"):
            for kind in ("restart", "rename_restart"):
                d.run(f"xl destroy {name}_{kind}")
        d.run("xl destroy core_restart")
        d.type("sleep 0.6")
        if not names and len(d.domains()) == 1:
            d.type("sleep 1.2")
            if len(d.domains()) == 1:
                return


if __name__ == "__main__":
    sys.exit(suite([([hello, echo, pingpong, hog, memhog], {}), ([deaths, actions], {"checked": True})]))
