#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""The machine's end and the hypervisor's console: how dom0's death is told, panics, power-off and reset, the
debug keys typed on the serial line. Prints TAP."""
import os
import re
import sys

import pexpect

from dialogue import SWITCH, Machine, suite
from tap import Tap

# A machine so slow by its own clock that the five seconds before a restart are soon spun away.
SLOW = ["-icount", "shift=6"]


def end_of(build, how, options="", memory="128M", guest="crash"):
    """Boots the sample guest "crash" as dom0, or another; returns (what was said, whether QEMU ended)."""
    m = Machine(["-kernel", f"{build}/cloison", "-initrd", f"{build}/guests/{guest}", "-append",
                 f"{options} -- {how if '=' in how else f'how={how}'}"], memory=memory, extra=SLOW)
    try:
        if "noreboot" not in options:
            return m.text() if m.wait_end(40) else "QEMU goes on\n" + m.text(), True
        m.wait("Manual reset required ('noreboot' specified)")
        return m.text(), False
    except pexpect.ExceptionPexpect:
        return "nothing more\n" + m.text(), None
    finally:
        m.close()


def deaths(tap, build):
    text, _ = end_of(build, "null", "noreboot")
    tap.check(re.search(r"^\*\*\* page fault \(vector 14.*\nread of 0, which is not mapped\n", text, re.M) and
              re.search(r"^  0x[0-9a-f]+ read_null\+", text, re.M), "dom0's own crash dump comes first", text)
    panic = text.split("Panic: ")[-1]
    tap.check(panic.startswith("Dom0 crashed\n") and re.search(r"^\(XEN\) CPU \d+, current d0v0$", panic, re.M),
              "the panic says who and why", text)
    tap.check(re.search(r"^\(XEN\) cr0: [0-9a-f]{16}   cr2: [0-9a-f]{16}   cr3: [0-9a-f]{16}   cr4: [0-9a-f]{16}$",
                        panic, re.M), "and the control registers", text)
    trace = re.findall(r"\[<ffff82d0[0-9a-f]{8}>\] (\w+)\+0x[0-9a-f]+/0x[0-9a-f]+\n", panic)
    tap.check("domain_shutdown" in trace and trace[-1] == "hypercall",
              "and a backtrace with names, that ends at the entry", text)
    text, _ = end_of(build, "badtrap", "noreboot")
    tap.check(re.search(r"^\(XEN\) d0: crashed: d0v0: .*\n\(XEN\) rip: 0000000000001000   cs: e033 ", text, re.M) and
              "Panic: Dom0 crashed\n" in text, "a dom0 that the hypervisor ends is shown with its registers", text)
    text, _ = end_of(build, "crash")
    tap.check("Reboot in five seconds..." in text and "goes on" not in text,
              "without noreboot the machine restarts after a panic", text)
    for how in ("poweroff", "reboot", "watchdog", "unknown"):
        text, _ = end_of(build, how)
        tap.check("goes on" not in text and "Panic" not in text, f"dom0 ends by {how}: so does the machine", text)
    text, _ = end_of(build, "list", "noreboot", "4M")
    panic = text.split("Panic: ")[-1]
    tap.check("memory" in panic.split("\n")[0] and re.search(r"\] dom0_build\+|\] boot_\w+\+", panic),
              "a panic during boot has a backtrace as well", text)


def ends_without_a_stack(tap, build):
    """A program's system call or page fault where its kernel has no stack: the domain's end, whichever way entry code goes."""
    for way, name in (("s", "a system call"), ("f", "a page fault")):
        for n, stack in enumerate(("700000000000", "ffff800000001000", "900000000000")):
            text, _ = end_of(build, f"end={way}{n}", "noreboot", guest="test-usermode")
            m = re.search(r"^\(XEN\) d0: crashed: d0v0: stack at ([0-9a-f]+) cannot take the frame of a trap to [0-9a-f]+$", text, re.M)
            tap.check(m and 0 < int(stack, 16) - int(m[1], 16) <= 64 and "Panic: Dom0 crashed\n" in text,
                      f"{name} on a stack at {stack} ends the domain", text)


def deaths_beside_others(tap, build):
    """dom0 dies while domains run that it has made: one line says so, and the machine halts or restarts."""
    for how, why in [("crash", None), ("iret", r"^\(XEN\) d0: crashed: d0v0: iret: no frame at 700000000000$")]:
        for options in ("noreboot", ""):
            text, _ = end_of(build, f"die={how}", f"console=com1 com1=115200,8n1 dom0_mem=64M {options}".strip(), guest="test-hostile")
            before, _, after = text.partition("Hardware Dom0 crashed")
            tap.check("ok 2 - hostile: the books agree with them" in before and "not ok" not in text,
                      f"domains run and the books agree before dom0 dies ({how})", text)
            tap.check(not why or re.search(why, before, re.M), "the reason is told", text)
            tap.check(after.startswith(": rebooting machine in 5 seconds\n") and "Panic: Dom0 crashed\n" in after and
                      text.count("Panic") == 1, "one line says what the machine does about it", text)
            tap.check(("Manual reset required" in after) == bool(options) and ("Reboot in five" in after) != bool(options) and
                      "goes on" not in text, "it " + ("halts, as noreboot asks for" if options else "restarts"), text)


def keys(tap, d):
    d.send(SWITCH)
    d.wait("*** Serial input to Xen (type 'CTRL-a' three times to switch input)")
    for key, wanted in [("h", "key 'R' (ascii '52') => reboot machine"), ("q", "General information for domain 0:"),
                        ("r", "CPU0: now "), ("e", "Event channels of d0"), ("g", "Grants of d0"),
                        ("m", "whole-state check: 0 problems"), ("d", "Dumping CPU0 guest state")]:
        d.send(key)
        d.wait(wanted)
        tap.check(True, f"the key {key} typed on the serial line")
    d.send("z")
    d.send(SWITCH)
    d.wait("*** Serial input to DOM0 (type 'CTRL-a' three times to switch input)")
    d.sync()
    tap.check(d.run("echo back") == ("back\n", 0), "after switching back dom0 reads again, and has missed the keys",
              d.text()[-500:])
    d.send("\x01echo a\x01\x01b\r")
    tap.check("bcho a: no such" not in d.wait("dom0# ") and d.run("echo fine")[0] == "fine\n",
              "Ctrl-a once or twice is dom0's", d.text()[-300:])
    d.send(SWITCH)
    d.wait("Serial input to Xen")
    d.send("R")
    tap.check(d.wait_end(), "the key R restarts the machine", d.text()[-500:])


def conswitch(tap, d):
    d.send("\x01\x01\x01")
    tap.check(d.run("echo no")[0] == "no\n", "conswitch=b: Ctrl-a is an ordinary key", d.text()[-300:])
    d.send("\x02\x02\x02")
    d.wait("*** Serial input to Xen (type 'CTRL-b' three times to switch input)")
    d.send("\x02\x02\x02")
    d.wait("*** Serial input to DOM0")
    d.sync()
    tap.check(d.run("echo yes")[0] == "yes\n", "and Ctrl-b switches", d.text()[-300:])


def unknown_options(tap, d):
    text = d.type("xl dmesg", clean=False)
    for name in ("frobnicate=7", "iommu=no"):
        tap.check(re.search(rf"^\(XEN\) .*{name}.*not known", text, re.M), f"the option {name} is named", text)
    tap.check("xen_commandline        : console=com1 com1=115200,8n1 dom0_mem=96M frobnicate=7" in d.type("xl info"),
              "xl info has the command line", d.seen)


def restart(tap, d):
    """dom0 restarts the machine under domUs that live, talk and crash: they end with it, and it comes back."""
    free = d.free()[0]
    d.type("xl create -q /etc/xen/echo.cfg")
    d.type("xl create -q /etc/xen/crash.cfg extra='\"how=null after=1\"' on_crash=restart")
    d.type("xl create -q /etc/xen/pingpong.cfg")
    server = d.type("xl domid pong").strip()
    d.type(f"xl create -q /etc/xen/pingpong.cfg 'name=\"ping\"' 'extra=\"peer={server} rounds=100000000\"'")
    tap.check(len(d.domains()) >= 4, "domains are alive", d.seen)
    d.send("reboot\r")
    text = d.wait("(XEN) Hardware Dom0 shutdown: rebooting machine")
    tap.check("Panic" not in text, "dom0 restarts the machine while they are", text)
    d.wait("dom0# ", 60)
    d.sync()
    tap.check(list(d.domains()) == ["Domain-0"], "it comes back, and none of them", d.seen)
    tap.check(d.free()[0] == free, "with all its memory", f"{free} {d.free()}")
    tap.check(d.run("xl create -q /etc/xen/echo.cfg")[1] == 0, "and can be used", d.seen)


def main():
    build = os.path.abspath(sys.argv[1] if len(sys.argv) > 1 else "build")
    tap = Tap()
    deaths(tap, build)
    ends_without_a_stack(tap, build)
    deaths_beside_others(tap, build)
    return suite([([keys], {}), ([restart], {"extra": ("-action", "reboot=reset")}), ([conswitch], {"options": "conswitch=b"}),
                  ([unknown_options], {"options": "frobnicate=7 iommu=no", "dom0_mem": "96M"})], tap)


if __name__ == "__main__":
    sys.exit(main())
