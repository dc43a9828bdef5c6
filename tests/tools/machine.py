# SPDX-License-Identifier: MIT
"""QEMU for tests: bounded by time, ended by its own process, no shared files or ports."""
import os
import re
import select
import subprocess
import sys
import time

XEN_OPTIONS = "com1=115200,8n1 console=com1 dom0_mem=64M"
OPTIONS = "com1=115200,8n1 console=com1 dom0_mem=64M noreboot"


def qemu(cpu="max", memory="512M", machine="q35", smp=1):
    return ["qemu-system-x86_64", "-machine", machine, "-accel", "tcg", "-cpu", cpu, "-m", memory,
            "-smp", str(smp), "-display", "none", "-net", "none", "-no-reboot", "-monitor", "none"]


def read_until(p, until, seconds):
    """What the process prints, up to the pattern, its end, or the time-out."""
    text, end = b"", time.monotonic() + seconds
    while time.monotonic() < end and not re.search(until, text):
        if not select.select([p.stdout], [], [], max(0, end - time.monotonic()))[0]:
            break
        data = os.read(p.stdout.fileno(), 65536)
        if not data:
            break
        text += data
    return text


def run_kernel(hypervisor, kernel, cpu="max", until="# end", seconds=60, xen=False, options=None,
               memory="512M", args=""):
    """Boots hypervisor with kernel as dom0; returns the serial console's text."""
    command = qemu(cpu, memory, "pc" if xen else "q35")
    if options is None:
        options = XEN_OPTIONS if xen else OPTIONS
    initrd = f"{kernel} {args}".strip() if xen else kernel
    append = options if xen or not args else f"{options} -- {args}"
    command += ["-serial", "stdio", "-kernel", hypervisor, "-initrd", initrd, "-append", append]
    p = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                         stderr=subprocess.STDOUT)
    try:
        text = read_until(p, until.encode() + rb"[^\n]*\n|Manual reset required|Reboot in five", seconds)
    finally:
        p.kill()
        p.wait()
    return text.decode(errors="replace").replace("\r\n", "\n")


def pass_on(name, text):
    """Prints a kernel's TAP; a kernel that did not come to its end is one failure with its last lines."""
    lines = text.split("\n")
    for line in lines:
        if re.match(r"^(ok|not ok|#) ", line):
            print(f"{line} [{name}]" if line[0] != "#" else line)
    if not re.search(r"^# end", text, re.M):
        print(f"not ok - {name}: the kernel came to its end")
        sys.stdout.write("".join(f"# {l}\n" for l in lines[-30:]))
    sys.stdout.flush()
