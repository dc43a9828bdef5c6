#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""xl's commands about CPUs: which vCPUs a domain uses, where they run and what share they get, xl top; each refusal
with its line and nothing changed. Prints TAP."""
import re
import sys

from dialogue import suite

HEAD = "Name                                ID  VCPU   CPU State   Time(s) Affinity (Hard / Soft)\n"
SHARES = "Name                                ID Weight  Cap\n"
NO_DOMAIN = "nosuch is an invalid domain identifier (rc=-6)\n"
NOT_THERE = "the machine has 1, the last is 0\n"
NO_LIST = "is no list of CPUs, such as 0-3,^2 or all\n"
# (line, all that is printed); each ends with code 1
REFUSED = [
    ("xl vcpu-set d 0", "xl vcpu-set: '0' is no number of vCPUs, which is 1 at least\n"),
    ("xl vcpu-set d -- -1", "xl vcpu-set: '-1' is no number of vCPUs, which is 1 at least\n"),
    ("xl vcpu-set d 5", "xl vcpu-set: 5 vCPUs are more than maxvcpus, which is 4\n"),
    ("xl vcpu-set d 3", "You are overcommmitting! You have 1 physical CPUs and want 3 vCPUs! Aborting, use "
     "--ignore-host to continue\n"),
    ("xl vcpu-set 0 1", "xl vcpu-set: domain 0 keeps the vCPUs that it has started with\n"),
    ("xl vcpu-set nosuch 1", NO_DOMAIN),
    ("xl vcpu-pin d 0 1", f"xl vcpu-pin: CPU 1 is not there: {NOT_THERE}"),
    ("xl vcpu-pin d 0 0 0-3", f"xl vcpu-pin: CPU 3 is not there: {NOT_THERE}"),
    ("xl vcpu-pin d all all,^0", "xl vcpu-pin: 'all,^0' leaves no CPU to run on\n"),
    ("xl vcpu-pin 0 all 0,^0", "xl vcpu-pin: '0,^0' leaves no CPU to run on\n"),
    ("xl vcpu-pin 0 0 7", f"xl vcpu-pin: CPU 7 is not there: {NOT_THERE}"),
    ("xl vcpu-pin d 4 0", "xl vcpu-pin: domain 1 has no vCPU 4, the last is 3\n"),
    ("xl vcpu-pin d x 0", "Error: Invalid argument x as VCPU.\n"),
    ("xl vcpu-pin d 0 x", f"xl vcpu-pin: 'x' {NO_LIST}"),
    ("xl vcpu-pin nosuch 0 0", NO_DOMAIN),
    ("xl sched-credit2 -d d -w 0", "xl sched-credit2: weight: 0 is not in the range from 1 to 65535\n"),
    ("xl sched-credit2 -d d -w -256", "xl sched-credit2: weight: -256 is not in the range from 1 to 65535\n"),
    ("xl sched-credit2 -d d -c 401", "xl sched-credit2: cap: 401 is not in the range from 0 to 400\n"),
    ("xl sched-credit2 -d d -w 9 -c -1", "xl sched-credit2: cap: -1 is not in the range from 0 to 400\n"),
    ("xl sched-credit2 -w 9", "Must specify a domain.\n"),
    ("xl sched-credit2 -d nosuch -w 9", NO_DOMAIN),
    ("xl sched-credit2 -s -r 1", "xl sched-credit2: ratelimit: 1 is not in the range from 100 to 500000\n"),
    ("xl cpupool-list other", "Pool 'other' does not exist\n"),
    ("xl create -q /etc/xen/echo.cfg name=e cpus=1", f"cpus: CPU 1 is not there: {NOT_THERE}"),
    ("xl create -q /etc/xen/echo.cfg name=e cpus=x", f"<command line>:1:1: cpus: 'x' {NO_LIST}"),
    ("xl create -q /etc/xen/echo.cfg name=e cap=101", "<command line>:1:1: cap: 101 is not in the range from 0 to 100\n"),
    ("xl create -q /etc/xen/echo.cfg name=e cpu_weight=0",
     "<command line>:1:1: cpu_weight: 0 is not in the range from 1 to 65535\n"),
    ("xl create -q /etc/xen/echo.cfg name=e vcpus=4 maxvcpus=2",
     "<command line>:1:1: maxvcpus: 2 is less than vcpus=4\n"),
    ("xl create -q /etc/xen/echo.cfg name=e vcpus=0",
     "<command line>:1:1: vcpus: 0 is not in the range from 1 to 128\n"),
    ("xl create -q /etc/xen/echo.cfg name=e cap=-1", "<command line>:1:1: cap: -1 is not in the range from 0 to 100\n"),
    ("xl create -q /etc/xen/echo.cfg name=e cpu_weight=-1",
     "<command line>:1:1: cpu_weight: -1 is not in the range from 1 to 65535\n"),
    ("xl create -q /etc/xen/echo.cfg name=e vcpus=129",
     "<command line>:1:1: vcpus: 129 is not in the range from 1 to 128\n"),
]


def state(d):
    """All that the commands could have changed."""
    return (re.sub(r" +\d+ +[rb-]{3} +\d+\.\d ", " ", d.type("xl vcpu-list")), d.type("xl sched-credit2"),
            d.type("xenstore-ls -f /local/domain/1/cpu"), list(d.domains()))


def lists(tap, d):
    d.run("xl create -q /etc/xen/echo.cfg name=d vcpus=2 maxvcpus=4 cpus=0 cpu_weight=512 cap=150")
    text, code = d.run("xl vcpu-list d")
    line = r"d                                    1     {}    {}  +\d+\.\d  all / all\n"
    tap.check(code == 0 and re.fullmatch(re.escape(HEAD) + line.format(0, "0   -b-") +
              "".join(line.format(i, "-   --p") for i in (1, 2, 3)), text), "vCPUs that are not up are paused", text)
    text, code = d.run("xl vcpu-list")
    tap.check(code == 0 and re.match(re.escape(HEAD) + r"Domain-0 +0     0    0   r--  +\d+\.\d  all / all\nd ", text),
              "vcpu-list of all domains", text)
    tap.check(d.run("xl sched-credit2 -d d") == (SHARES + "d                                    1    512  150\n", 0),
              "the shares of the configuration", d.seen)
    tap.check(d.run("xl sched-credit2")[0].startswith("Cpupool Pool-0: ratelimit=") and d.seen.endswith(
        SHARES + "Domain-0                             0    256    0\nd                                    1    512  150\n"),
              "sched-credit2 lists all domains", d.seen)
    tap.check(d.run("xl cpupool-list") == ("Name               CPUs   Sched     Active   Domain count\n"
                                           "Pool-0               1   credit2       y          2\n", 0),
              "xl cpupool-list", d.seen)
    tap.check(d.run("xl cpupool-list -c") == ("Name               CPU list\nPool-0             0\n", 0),
              "xl cpupool-list -c", d.seen)


def refusals(tap, d):
    before = state(d)
    for line, wanted in REFUSED:
        tap.check(d.run(line) == (wanted, 1), f"refused: {line}", d.seen)
    tap.check(state(d) == before, "what is refused changes nothing", f"{before}\n{state(d)}")


def changes(tap, d):
    tap.check(d.run("xl vcpu-set -i d 3") == ("", 0) and
              re.findall(r'"(\w+)"', d.type("xenstore-ls -f /local/domain/1/cpu"))
              == ["online"] * 3 + ["offline"], "vcpu-set tells the domain", d.seen)
    tap.check(d.run("xl vcpu-set d 1") == ("", 0) and
              d.type("xenstore-read /local/domain/1/cpu/1/availability") == "offline\n", "and fewer again", d.seen)
    for line in ("xl vcpu-pin d 0 0 0", "xl vcpu-pin d all - all", "xl vcpu-pin 0 0 all", "xl vcpu-pin -f d 0 0",
                 "xl sched-credit2 -d d -w 64", "xl sched-credit -d d -c 0", "xl sched-credit2 -s -r 1000"):
        tap.check(d.run(line) == ("", 0), line, d.seen)
    tap.check(d.run("xl sched-credit -d d")[0].endswith("     64    0\n"), "weight and cap one by one", d.seen)
    tap.check(d.run("xl sched-credit2 -s") == ("Cpupool Pool-0: ratelimit=1000us\n", 0), "the rate limit", d.seen)


def top(tap, d):
    d.run("xl create -q /etc/xen/crash.cfg name=spin extra='\"how=spin\"'")
    text, code = d.run("xl top -b -i 2 -d 1")
    rows = [line.split() for line in text.splitlines()]
    tap.check(code == 0 and [r[0] for r in rows] == ["NAME", "Domain-0", "d", "spin"] * 2 and
              all(len(line) == 162 for line in text.splitlines()), "xl top -b prints a line for each domain", text)
    tap.check(float(rows[3][3]) == 0 and float(rows[7][3]) > 50 > float(rows[6][3]),
              "the busy one has most of the time, from the second sample on", text)
    tap.check(d.run("xl top -b -i 1 -v -r -f")[0].count("VCPUs(sec):   0: ") == 3 and d.seen.count(" STATE ") == 3,
              "xl top -v -r", d.seen)
    for word, what, most in ("-i 0", "iterations", 2147483647), ("-d x", "seconds", 3600):
        tap.check(d.run(f"xl top -b {word}") == (f"xl top: '{word[3:]}' is no number of {what}, which is 1 at least "
                                                 f"and {most} at most\n", 1), f"refused: xl top {word}", d.seen)
    text = d.talk("xl top", ("\x1b[6n", "\x1b[12;90R"), ("uit", "sss"), ("\x1b[1mCPU(%)", "v"), ("VCPUs(sec)", "\x1b[B"),
                  ("uit", "d"), ("Delay(sec): ", "1\r"), ("uit", "q"))
    tap.check(re.search(r"xentop - \d\d:\d\d:\d\d   Xen 4\.17", text) and "\n3 domains: " in text and
              "\x1b" not in d.run("xl list")[0], "the live screen follows its keys and ends with q", text)
    d.run("xl destroy spin")


if __name__ == "__main__":
    sys.exit(suite([([lists, refusals, changes, top], {})]))
