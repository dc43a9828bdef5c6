#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Debian's own tools: its Linux is dom0, and its xenstored, xenconsoled and xl, as they are packaged, manage domains on
Cloison. Nothing of dom0tools runs. With "xen" behind the build folder the same on Debian's Xen. Prints TAP."""
import json
import os
import re
import subprocess
import sys
import tempfile

import pexpect

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, f"{HERE}/linux", f"{HERE}/../tools"]
import image  # noqa: E402
import machine  # noqa: E402
import xenutils  # noqa: E402
from dialogue import LEAVE  # noqa: E402
from host import SHELL, LinuxHost  # noqa: E402
from tap import Tap  # noqa: E402

START = """#!/bin/busybox sh
# What the packages' service does: modules, the store, dom0's own nodes, the consoles.
for module in xen-privcmd xen-evtchn xen-gntdev xen-gntalloc xenfs; do insmod /lib/$module.ko || exit 1; done
mount -t xenfs xenfs /proc/xen
mkdir -p /var/lib/xen /var/lib/xenstored /var/log/xen /var/lock /run/xen
: >/etc/xen/xl.conf
ln -s /run /var/run
PATH=$PATH:/usr/lib/xen-4.17/bin
xenstored --pid-file /run/xenstored.pid && xen-init-dom0 && xenconsoled --pid-file /run/xenconsoled.pid &&
dmesg -n 1 && echo the tools run
"""
ECHO = """name = "echo"
kernel = "/guests/echo"
memory = 16
vcpus = 2
"""
LINUX = """name = "linux"
kernel = "/boot/vmlinuz"
ramdisk = "/boot/initrd"
extra = "console=hvc0"
memory = 160
cpu_weight = 512
"""
HEAD = "Name                                        ID   Mem VCPUs\tState\tTime(s)\n"


def run(d, line, timeout=120):
    """What a command prints, and its exit code."""
    text = d.inside(line + "; echo = $?", timeout)
    m = re.search(r"= (\d+)\s*$", text)
    return (text[:m.start()], int(m[1])) if m else (text, text)


def free_mib(d):
    m = re.search(r"^free_memory +: (\d+)", run(d, "xl info")[0], re.M)
    return int(m[1]) if m else None


def gone(d, name):
    for _ in range(30):
        if run(d, f"xl domid {name}")[1] != 0:
            return True
        d.inside("sleep 1")
    return False


def machine_is_described(tap, d):
    text, code = run(d, "xl info")
    tap.check(code == 0 and re.search(r"^xen_scheduler +: credit2$", text, re.M) and
              re.search(r"^virt_caps +: .*pv", text, re.M), "xl info describes the machine", text)
    text, code = run(d, "xl list")
    tap.check(code == 0 and re.fullmatch(re.escape(HEAD) + r"Domain-0 +0 +512 +2 +r----- +[\d.]+\n", text),
              "xl list has Domain-0", text)
    text, code = run(d, "xen-cpuid -p")
    tap.check(code == 0 and text.count(" policy: ") == 6, "xen-cpuid reads every policy", text)


def unikernel_lives(tap, d):
    text, code = run(d, "xl create /etc/xen/echo.cfg")
    tap.check(code == 0, "xl create makes a domain", text)
    text, _ = run(d, "xl list echo")
    tap.check(re.search(r"^echo +\d+ +16 +1 +[r-][b-]---- ", text, re.M), "xl list shows it", text)
    text, _ = run(d, "xl list -l echo")
    try:
        tap.check(json.loads(text)[0]["config"]["c_info"]["name"] == "echo", "xl list -l is JSON", text)
    except (ValueError, LookupError) as e:
        tap.check(False, "xl list -l is JSON", f"{e}: {text}")
    d.send("xl console echo\r")
    d.wait("> ")
    d.send("good morning\r")
    d.wait("good morning")	# as it was typed
    d.wait("good morning")
    d.send(LEAVE)
    d.wait(SHELL)
    tap.check(True, "xl console speaks with it")
    text, _ = run(d, "xl pause echo; xl list echo; xl unpause echo; xl list echo")
    tap.check(re.search(r"^echo .* -bp--- .*^echo .* -b---- ", text, re.M | re.S), "xl pause and unpause", text)


def shares_are_set(tap, d):
    text, code = run(d, "xl sched-credit2 -d echo -w 512 && xl sched-credit2 -d echo -c 50 && xl sched-credit2 -d echo")
    tap.check(code == 0 and re.search(r"^echo +\d+ +512 +50$", text, re.M), "xl sched-credit2 sets weight and cap", text)
    text, code = run(d, "xl vcpu-pin echo 1 0 && xl vcpu-list echo")
    tap.check(code == 0 and re.search(r"^echo +\d+ +1 .* 0 / all$", text, re.M), "xl vcpu-pin pins", text)
    text, code = run(d, "xentop -b -i 2 -d 1")
    tap.check(code == 0 and len(re.findall(r"^ +echo --b", text, re.M)) == 2, "xentop shows it", text)
    text, code = run(d, "xl destroy echo")
    tap.check(code == 0 and gone(d, "echo"), "xl destroy ends it", text)


def linux_lives(tap, d):
    text, code = run(d, "xl create /etc/xen/linux.cfg", 240)
    tap.check(code == 0, "xl create starts Debian's kernel", text)
    d.send("xl console linux\r")
    try:
        d.wait("in user space", 180)
        d.send("\r")
        d.wait(SHELL, 60)
        d.send("echo $((6 * 7)) processors $(nproc)\r")
        d.wait("42 processors 1", 60)
        d.wait(SHELL, 60)
        tap.check(True, "its shell answers on xl console")
    except pexpect.ExceptionPexpect:
        tap.check(False, "its shell answers on xl console", d.text()[-2000:])
    d.send(LEAVE)
    d.wait(SHELL)
    text, code = run(d, "xl shutdown -w linux", 120)
    tap.check(code == 0 and gone(d, "linux"), "xl shutdown -w ends it in order", text)


def main():
    build = os.path.abspath(sys.argv[1] if len(sys.argv) > 1 else "build")
    tap = Tap()
    with tempfile.TemporaryDirectory() as tmp:
        try:
            texts = {"/bin/start-tools": START, "/etc/xen/echo.cfg": ECHO, "/etc/xen/linux.cfg": LINUX}
            image.write_files(tmp, texts)
            os.chmod(f"{tmp}/bin/start-tools", 0o755)
            initrd = image.initrd(build, "initrd-xl", {
                **{path: tmp + path for path in texts}, **xenutils.files(build), "/guests/echo": f"{build}/guests/echo",
                "/boot/vmlinuz": image.kernel(build), "/boot/initrd": image.initrd(build, "initrd-xl-guest")})
            xen = machine.fetch_xen(build) if "xen" in sys.argv[2:] else None
        except (OSError, subprocess.CalledProcessError, IndexError, ValueError) as e:
            print(f"ok 1 - Debian's tools # SKIP they could not be fetched: {e}\n1..1")
            return 0
        d = LinuxHost(build, tmp, image.vmlinux(build), initrd, xen=xen, smp=2)
        text = d.inside("start-tools", 120)
        tap.check("the tools run" in text, "Debian's xenstored and xenconsoled start", text)
        d.inside("PATH=$PATH:/usr/lib/xen-4.17/bin")
        before = free_mib(d)
        for part in (machine_is_described, unikernel_lives, shares_are_set, linux_lives):
            try:
                part(tap, d)
            except pexpect.ExceptionPexpect as e:
                tap.check(False, part.__name__, f"{type(e).__name__}\n{d.text()[-2000:]}")
                break
        tap.check(free_mib(d) == before, "all memory came back", (before, free_mib(d)))
        bad = d.complaints()
        tap.check(not bad, "dom0's kernel had nothing to complain of", "\n".join(bad))
        d.close()
    return tap.end()


sys.exit(main())
