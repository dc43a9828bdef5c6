#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Debian's own tools on Cloison: its Linux as dom0 with xenstored, xenconsoled, xl and Xen's own tests as its packages
have them; a sample guest, a Linux guest that is saved, restored and migrated, one with a disk and a network.
Usage: linux_tools_test.py BUILD [xen]; with xen the same on Debian's Xen."""
import glob
import json
import os
import re
import subprocess
import sys
import tempfile

import pexpect

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, f"{HERE}/linux", f"{HERE}/../tools"]
import debian  # noqa: E402
import image  # noqa: E402
import machine  # noqa: E402
import programs  # noqa: E402
from dialogue import LEAVE, late  # noqa: E402
from host import SHELL, LinuxHost  # noqa: E402
from tap import Tap  # noqa: E402

PACKAGES = ["xen-utils-4.17", "xenstore-utils", "xen-utils-common"]
OF_DOM0 = ["xen-evtchn", "xen-gntdev", "xen-gntalloc", "xen-privcmd", "xenfs", "loop", "xen-blkback", "xen-netback"]
OF_GUEST = ["xen-blkfront", "xen-netfront"]
OF_OFFER = ["xen-evtchn", "xen-gntalloc"]
HOTPLUG = """#!/bin/busybox sh
[ "$1" = %s ] || exit 0
%s
xenstore-write $XENBUS_PATH/hotplug-status connected
"""
SAVE = "mount -t tmpfs -o size=128m save /mnt; xl save keep /mnt/keep"
RESTORE = "xl restore /mnt/keep && umount /mnt"
KEEP_LOG = "/var/log/xen/guest-keep*.log"	# while it migrates it is keep--incoming
FILES = {
    "etc/xen/scripts/disk": HOTPLUG % ("add", "xenstore-write $XENBUS_PATH/physical-device 7:0"),
    "etc/xen/scripts/net": HOTPLUG % ("online", "ip link set $vif up; ip addr add 10.0.0.1/24 dev $vif"),
    "etc/xen/echo.cfg": 'name="echo"\ntype="pv"\nkernel="/guests/echo"\nmemory=16\nvcpus=2\n',
    "etc/xen/linux.cfg": 'name="linux"\ntype="pv"\nkernel="/boot/vmlinuz"\nramdisk="/boot/initrd"\nmemory=160\n'
                         'extra="console=hvc0 quiet"\n'
                         "disk=['format=raw,vdev=xvda,access=rw,script=disk,target=loop0']\n"
                         "vif=['script=/etc/xen/scripts/net,mac=00:16:3e:00:00:01']\n",
    "etc/xen/offer.cfg": 'name="offer"\ntype="pv"\nkernel="/boot/vmlinuz"\nramdisk="/boot/offer"\nmemory=96\n'
                         'extra="console=hvc0 quiet"\n',
    "etc/xen/keep.cfg": 'name="keep"\ntype="pv"\nkernel="/boot/vmlinuz"\nramdisk="/boot/keep"\nmemory=96\nvcpus=2\n'
                        'extra="console=hvc0 quiet"\n',
}


def modules(build, names, folder):
    """{path in the root: path here} of these modules of Debian's kernel."""
    found = {os.path.basename(p)[:-3]: p
             for p in glob.glob(f"{image.package_of(build, 'debian')}/lib/modules/*/kernel/**/*.ko", recursive=True)}
    return {f"{folder}/{n}.ko": found[n] for n in names}


def host_initrd(build):
    guest = image.initrd(build, "initrd-devices", {"/init": f"{HERE}/linux/devices.sh",
                                                   **modules(build, OF_GUEST, "/lib")})
    keep = image.initrd(build, "initrd-keep", {"/init": f"{HERE}/linux/keep.sh"})
    libs = programs.libs(build)
    offer = image.initrd(build, "initrd-offer", {"/init": f"{HERE}/linux/offer.sh", **libs,
                                                 **modules(build, OF_OFFER, "/lib")})
    sources = {**modules(build, OF_DOM0, "mods"), **libs, "boot/offer": offer, "boot/initrd": guest, "boot/keep": keep,
               "boot/vmlinuz": image.kernel(build),
               "guests/echo": f"{build}/guests/echo", "init": f"{HERE}/linux/tools.sh"}
    files = dict(FILES)
    for path, source in sources.items():
        with open(source, "rb") as f:
            files[path] = f.read()
    return debian.initrd(build, "tools", PACKAGES, files)


def run(d, line, timeout=90):
    """A command's output and its exit code."""
    text = d.inside(f"{line}; echo code=$?", timeout)
    code = re.search(r"code=(\d+)", text)
    return text, int(code[1]) if code else None


def free_mib(d):
    return re.findall(r"free_memory +: (\d+)", run(d, "xl info")[0])


def is_config_of(text, name):
    """Whether xl list -l printed JSON that says so."""
    try:
        return json.loads(text[text.index("["):text.rindex("]") + 1])[0]["config"]["c_info"]["name"] == name
    except (ValueError, LookupError):
        return False


def tools(tap, d):
    text, code = run(d, "xl info")
    tap.check(code == 0 and re.search(r"xen_version +: 4\.17", text), "Debian's xl tells of the machine", text)
    text, code = run(d, "xen-cpuid -p")
    tap.check(code == 0 and text.count(" policy: ") == 6, "xen-cpuid reads every policy", text)
    for line in ("test-resource", "test-xenstore -i 5"):
        text, code = run(d, line)
        tap.check(code == 0, f"Xen's own {line} passes", text)


def sample(tap, d):
    for line in ("create -p /etc/xen/echo.cfg", "vcpu-list echo", "unpause echo", "sched-credit2 -d echo -w 512",
                 "vcpu-pin echo 1 0", "pause echo", "unpause echo", "mem-set echo 12m"):
        text, code = run(d, f"xl {line}")
        tap.check(code == 0, f"xl {line}: exit code 0", text)
    text, _ = run(d, "xl sched-credit2 -d echo; xl list")
    tap.check(re.search(r"echo +\d+ +512 ", text) and re.search(r"echo +\d+ +16 +1 ", text),
              "weight and memory are told as they were set", text)
    text, _ = run(d, "xl vcpu-list echo")
    tap.check(re.search(r"echo +\d+ +1 .* 0 / all", text), "and where a vCPU may run", text)
    text, _ = run(d, "xl list -l echo")
    tap.check(is_config_of(text, "echo"), "xl list -l is JSON", text)
    text, _ = run(d, "xentop -b -i 2 -d 1")
    tap.check(len(re.findall(r" echo --b", text)) == 2, "xentop shows the domain", text)
    d.send("xl console echo\r")
    d.wait("> ")
    d.send("good morning\r")
    d.wait("good morning")	# as it was typed
    d.wait("good morning")
    d.send(LEAVE)
    d.wait(SHELL)
    tap.check(True, "xl console speaks with it")
    text, code = run(d, "xl destroy echo")
    tap.check(code == 0 and run(d, "xl domid echo")[1] != 0, "a guest is destroyed", text)


def devices(tap, d):
    text, code = run(d, "md5sum </disk; xl create /etc/xen/linux.cfg")
    tap.check(code == 0, "a guest with a disk and a network is created", text)
    disk = re.search(r"\n?(\w{32}) ", text)[1]
    run(d, "n=0; while xl domid linux >/dev/null 2>&1 && [ $n -lt 150 ]; do sleep 1; n=$((n + 1)); done", 240)
    text, _ = run(d, "cat /var/log/xen/guest-linux.log")
    sums = dict(re.findall(r"^(DISK|MADE|READ|ECHO) (\w{32})", text, re.M))
    tap.check(sums.get("DISK") == disk, "it reads its disk, by blkfront and dom0's blkback", text)
    tap.check(sums.get("MADE") and sums["MADE"] == sums.get("READ"), "and what it wrote is read back", text)
    tap.check("10 packets received" in text, "netback answers its pings", text)
    tap.check(sums.get("MADE") and sums["MADE"] == sums.get("ECHO"), "4 MiB by TCP come back as they went", text)
    tap.check("DEVICES END" in text and run(d, "xl domid linux")[1] != 0, "it ends in order", text)
    tap.check(not d.complaints(), "no kernel complains", "\n".join(d.complaints()))


def kept(d):
    """What the guest has found in its memory since its console's log began: sums, and whether it started then."""
    run(d, f"n=0; while ! cat {KEEP_LOG} 2>/dev/null | grep -q KEPT && [ $n -lt 150 ]; do sleep 1; n=$((n + 1)); done", 240)
    text, _ = run(d, f"sleep 3; cat {KEEP_LOG}; rm {KEEP_LOG}")
    return set(re.findall(r"^KEPT (\w{32}) ", text, re.M)), "STARTED" in text


def moved(tap, d):
    """A Linux guest on its way through a file and a pipe, as xl's save, restore and migrate do it."""
    run(d, "xl create /etc/xen/keep.cfg", 300)
    first, started = kept(d)
    tap.check(len(first) == 1 and started, "a guest to be moved runs", first)
    text, code = run(d, f"{SAVE}; echo saved=$?; {RESTORE}", 600)
    tap.check(code == 0 and "saved=0" in text, "xl save and xl restore", text)
    again = kept(d)
    tap.check(again == (first, False), "it goes on with its memory", (first, again))
    text, code = run(d, "xl migrate -s '' keep 'xl migrate-receive'", 600)
    tap.check(code == 0, "xl migrate, here to here", text)
    again = kept(d)
    tap.check(again == (first, False), "and goes on once more", (first, again))
    text, _ = run(d, "xl vcpu-list keep; xl destroy keep")
    tap.check(len(re.findall(r"^keep ", text, re.M)) == 2, "with both vCPUs", text)


def libraries(tap, d):
    """Xen's libraries over Linux's drivers: both halves of linux/libs.c say what held."""
    text, code = run(d, "xl create /etc/xen/offer.cfg && libs take $(xl domid offer)", 300)
    taken = re.findall(r"^((?:not )?ok) (.*?)\r?$", text, re.M)
    tap.check(code == 0 and re.search(r"^end", text, re.M), "a program of Xen's libraries comes to its end", text)
    run(d, "n=0; while xl domid offer >/dev/null 2>&1 && [ $n -lt 150 ]; do sleep 1; n=$((n + 1)); done", 240)
    text, _ = run(d, "cat /var/log/xen/guest-offer.log")
    tap.check(re.search(r"^end", text, re.M), "and its half in a domU", text)
    for said, name in taken + re.findall(r"^((?:not )?ok) (.*?)\r?$", text, re.M):
        tap.check(said == "ok", f"libraries: {name}")


def main():
    build = os.path.abspath(sys.argv[1] if len(sys.argv) > 1 else "build")
    try:
        initrd, kernel = host_initrd(build), image.vmlinux(build)
        xen = machine.fetch_xen(build) if "xen" in sys.argv[2:] else None
    except (OSError, subprocess.CalledProcessError, IndexError, KeyError, ValueError) as e:
        print(f"ok 1 - Debian's tools # SKIP they could not be fetched: {e}\n1..1")
        return 0
    tap = Tap()
    with tempfile.TemporaryDirectory() as tmp:
        try:
            d = LinuxHost(build, tmp, kernel, initrd, xen=xen, memory="1536M", smp=2, extra=machine.COUNTED,
                          words="console=hvc0 quiet rdinit=/init")
            before = free_mib(d)
            for part in (tools, sample, libraries, moved, devices):
                part(tap, d)
            tap.check(before and free_mib(d) == before, "all memory came back", (before, free_mib(d)))
            d.close()
        except (pexpect.ExceptionPexpect, TypeError) as e:
            tap.check(False, f"Debian's tools go on to the end{late(e)}", str(e)[-3000:])
    return tap.end()


if __name__ == "__main__":
    sys.exit(main())
