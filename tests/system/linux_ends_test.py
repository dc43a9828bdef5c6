#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""The ways in which a Linux domU ends, from inside and by its SysRq keys, and what on_poweroff, on_reboot and on_crash then
do; SysRq's other keys; GNU Mach's end. Usage: linux_ends_test.py BUILD [all]; with all every
way with every action. What the actions do with short-lived guests is in samples_test.py."""
import glob
import os
import re
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, f"{HERE}/linux"]
import image  # noqa: E402
from dialogue import LEAVE, PROMPT, suite  # noqa: E402

SHELL = "/ # "
BOOT = 240
CONFIG = """name = "linux"
kernel = "/boot/vmlinuz"
ramdisk = "/boot/initrd"
extra = "console=hvc0 quiet"
memory = 96
"""
MACH = "gnumach-image-1.8-xen-486"
ACTIONS = ("destroy", "restart", "rename-restart", "preserve")
# {how it is said: (the kind of end, its letter in xl list)}; what begins with xl is typed in dom0.
WAYS = {
    "poweroff": ("poweroff", "-"), "halt": ("poweroff", "-"), "xl sysrq linux o": ("poweroff", "-"),
    "reboot": ("reboot", "r"), "xl sysrq linux b": ("reboot", "r"),
    "echo c >/proc/sysrq-trigger": ("crash", "c"), "xl sysrq linux c": ("crash", "c"),
}
SOME = [("halt", "rename-restart"), ("reboot", "destroy"), ("xl sysrq linux b", "preserve"), ("xl sysrq linux o", "preserve"),
        ("xl sysrq linux c", "restart"), ("echo c >/proc/sysrq-trigger", "rename-restart")]
# What Linux says of each key that only looks.
KEYS = {"h": "HELP : loglevel", "m": "Show Memory", "t": "Show State", "w": "Show Blocked State", "p": "Show Regs",
        "l": "Show backtrace of all active CPUs", "q": "Show clockevent devices", "s": "Emergency Sync",
        "7": "Changing Loglevel"}


def boot(d, words=""):
    """To the guest's shell, which then has SysRq allowed, and back to dom0."""
    d.send(f"xl create -q -c /etc/xen/linux.cfg {words}\r")
    if d.wait_re(f"({re.escape(SHELL)}|{PROMPT})", BOOT)[1] == PROMPT:
        raise LookupError("no shell")
    d.send("echo 1 >/proc/sys/kernel/sysrq\r")
    d.wait(SHELL)
    leave(d)


def leave(d):
    d.send(LEAVE)
    d.wait(PROMPT)


def end_by(d, way):
    if way.startswith("xl "):
        d.type(way)
        return
    d.send(f"xl console linux\r\r{way}\r")
    d.wait(way, 60)
    d.send(LEAVE)
    d.sync()


def is_alive(d):
    """Whether the shell of the domain of our name does a sum."""
    d.sums = getattr(d, "sums", 1000) + 1
    d.send(f"xl console linux\r\recho sum $(({d.sums} * 3))\r")
    d.wait(f"sum {d.sums * 3}", BOOT)
    leave(d)
    return True


def one_end(tap, d, way, action):
    kind, letter = WAYS[way]
    boot(d, f"on_{kind}='\"{action}\"'")
    first = d.domains()["linux"][0]
    end_by(d, way)
    kept = {"preserve": "linux", "rename-restart": r"linux-\d{8}T\d{6}Z"}.get(action)
    if kept:
        seen = d.until("xl list", rf"^{kept} +{first} .*---s{letter}-", 240)
        tap.check(re.search(rf"^{kept} +{first} .*---s{letter}-", seen, re.M), f"{way}: {action} keeps what ended by {kind}", seen)
    if "restart" in action:
        seen = d.until("xl list", rf"^linux +(?!{first} )\d+ ", 240)
        tap.check(re.search(rf"^linux +(?!{first} )\d+ ", seen, re.M) and is_alive(d), f"{way}: {action} begins it again", seen)
    if action == "destroy":
        tap.check(d.gone("linux", 240), f"{way}: {action} leaves nothing", d.seen)
    for name in sorted(set(d.domains()) - {"Domain-0"}):
        d.run(f"xl destroy {name}")
        d.gone(name)


def all_ends(pairs):
    def ends(tap, d):
        before = d.free()[0]
        for way, action in pairs:
            one_end(tap, d, way, action)
        # Five pages stay in pools for the next domain.
        tap.check(before - d.free()[0] <= 32, "of all of them every frame came back", (before, d.free()))
    return ends


def keys(tap, d):
    boot(d, "'extra=\"console=hvc0 loglevel=1\"'")
    for key in KEYS:
        d.type(f"xl sysrq linux {key}")
        d.send("xl console linux\r")
        d.entered = getattr(d, "entered", 1000) + 1
        d.send("\rn=0; while ! dmesg | grep -q sysrq: && [ $n -lt 300 ]; do sleep 0.1; n=$((n + 1)); done; "
               f"dmesg -c | grep sysrq: ; echo end $(({d.entered} + 0))\r")
        d.wait(f"end {d.entered}", 90)
        tap.check(f"sysrq: {KEYS[key]}" in d.qemu.before, f"SysRq {key}: {KEYS[key]}", d.qemu.before)
        leave(d)
    d.type("xl destroy linux")


def mach_is_as_on_xen(tap, d):
    """GNU Mach has Xen's old section of notes beside such as nobody can read. It ends itself in its first instructions, on
    Xen 4.17 as here."""
    before = d.free()[0]
    seen, code = d.run("xl create -q /etc/xen/linux.cfg name='mach' kernel='/boot/mach' 'ramdisk=\"\"'")
    tap.check(code == 0, "GNU Mach is started", seen)
    seen = d.until("cat /var/log/xen/xl-mach.log", "reason code")
    tap.check("reason code 252" in seen, "and says the same as on Xen when it ends", seen)
    tap.check(d.gone("mach") and before - d.free()[0] <= 32, "and no memory is lost", (before, d.free()))


def mach(build):
    """GNU Mach for Xen, 64 bits, of Debian's package, packed as it is there."""
    path = glob.glob(f"{image.package(f'{build}/linux', MACH)}/boot/*.gz")[0]
    with open(path, "rb") as f:
        return f.read()


def main():
    build = os.path.abspath(sys.argv[1] if len(sys.argv) > 1 else "build")
    try:
        with open(image.kernel(build), "rb") as f, open(image.initrd(build, "initrd-ends"), "rb") as g:
            files = {"/boot/vmlinuz": f.read(), "/boot/initrd": g.read(), "/etc/xen/linux.cfg": CONFIG, "/boot/mach": mach(build)}
    except (OSError, subprocess.CalledProcessError, IndexError, TypeError) as e:
        print(f"ok 1 - ends of Linux guests # SKIP Debian's kernels or busybox could not be fetched: {e}\n1..1")
        return 0
    pairs = [(way, action) for way in WAYS for action in ACTIONS] if "all" in sys.argv[2:] else SOME
    return suite([([mach_is_as_on_xen, keys, all_ends(pairs)], {"files": files, "memory": "640M", "dom0_mem": "256M"})])


sys.exit(main())
