# SPDX-License-Identifier: MIT
"""QEMU for tests: bounded by time, ended by its own process, no shared files or ports. Time-outs are for what hangs, never
for what is slow: a caller says what a quiet machine might need, and is given PATIENCE times as long."""
import glob
import os
import re
import select
import subprocess
import sys
import time

from held import held

XEN_PACKAGE = "xen-hypervisor-4.17-amd64"
XEN_OPTIONS = "com1=115200,8n1 console=com1 dom0_mem=64M"
OPTIONS = "com1=115200,8n1 console=com1 dom0_mem=64M noreboot"
PATIENCE = 5
# A machine of one CPU runs by QEMU's count of instructions, 8 ns each: what a guest does in a second does not depend on
# how much of this machine QEMU gets. With several CPUs that would end their running at once; there the clock is
# real, but where Linux watches its own time.
COUNTED = ["-icount", "shift=3"]
# The same where nobody talks to the guest: while it waits for time to go by, time goes by at once.
SKIP_IDLE = ["-icount", "shift=3,sleep=off"]
LATE = "# TIME-OUT"	# behind a failure: run.py asks once more when nothing else runs


def clock(smp, others=()):
    """The options of the clock; others: QEMU's options that may have their own."""
    return COUNTED if str(smp) == "1" and "-icount" not in others else []


def qemu(cpu="max", memory="512M", machine="q35", smp=1):
    return ["qemu-system-x86_64", "-machine", machine, "-accel", "tcg", "-cpu", cpu, "-m", memory,
            "-smp", str(smp), "-display", "none", "-net", "none", "-no-reboot", "-monitor", "none"]


def fetch_xen(build):
    """Debian's hypervisor, unpacked below build/: the package itself would change the boot loader."""
    out = f"{build}/xen/xen"
    with held(f"{build}/xen"):
        if os.path.exists(out):
            return out
        subprocess.run(["apt-get", "download", "-q", XEN_PACKAGE], cwd=f"{build}/xen", check=True,
                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        deb = glob.glob(f"{build}/xen/{XEN_PACKAGE}_*.deb")[0]
        subprocess.run(["dpkg", "-x", deb, f"{build}/xen/root"], check=True)
        with open(out + ".tmp", "wb") as f:
            subprocess.run(["zcat", f"{build}/xen/root/boot/xen-4.17-amd64.gz"], check=True, stdout=f)
        os.rename(out + ".tmp", out)
    return out


def options_for(kernel, xen=False):
    """The hypervisor's options for a test kernel: dom0 has one vCPU, or more where a kernel wants them, on any machine."""
    vcpus = 4 if kernel.startswith("smp") or kernel in ("duel", "pvguest", "storm") else 3 if kernel in ("hostile", "random") else 1
    return (XEN_OPTIONS if xen else OPTIONS) + f" dom0_max_vcpus={vcpus}"


def read_until(p, until, seconds):
    """What the process prints, up to the pattern, its end, or the time-out."""
    text, end = b"", time.monotonic() + seconds * PATIENCE
    while time.monotonic() < end and not re.search(until, text):
        if not select.select([p.stdout], [], [], max(0, end - time.monotonic()))[0]:
            break
        data = os.read(p.stdout.fileno(), 65536)
        if not data:
            break
        text += data
    return text


def run_kernel(hypervisor, kernel, cpu="max", until="# end", seconds=60, xen=False, options=None,
               memory="512M", args="", extra=(), smp=1):
    """Boots hypervisor with kernel as dom0; returns the serial console's text."""
    command = qemu(cpu, memory, "pc" if xen else "q35", smp) + clock(smp, extra) + list(extra)
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
        print(f"not ok - {name}: the kernel came to its end {LATE}")
        sys.stdout.write("".join(f"# {l}\n" for l in lines[-30:]))
    sys.stdout.flush()
