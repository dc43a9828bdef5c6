#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""The hostile guest beside a neighbour, as domUs under our dom0; and the hypervisor's page
tables as QEMU's monitor sees them: nothing writable and executable, nothing open to guests but the M2P."""
import os
import re
import socket
import subprocess
import sys
import tempfile

from dialogue import suite
from tap import Tap

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "tools"))
import machine  # noqa: E402

HV_START, M2P_END, HV_END = 0xffff800000000000, 0xffff820000000000, 0xffff880000000000
TLB_LINE = re.compile(r"^([0-9a-f]{16}): [0-9a-f]{16} ([X-])[G-][P-][D-][A-][C-][T-]([U-])([W-])", re.M)


def monitor(path, command):
    """What QEMU's monitor at this socket answers."""
    s = socket.socket(socket.AF_UNIX)
    s.settimeout(60 * machine.PATIENCE)
    s.connect(path)
    text = b""
    while not text.endswith(b"(qemu) "):
        text += s.recv(65536)
    s.sendall(command.encode() + b"\n")
    text = b""
    while not text.endswith(b"\n(qemu) "):
        text += s.recv(1 << 20)
    s.close()
    return text.decode(errors="replace").replace("\r\n", "\n")


def page_tables(build, tmp):
    """`info tlb` while a guest runs."""
    path = f"{tmp}/monitor"
    command = machine.qemu(memory="128M")
    command[command.index("-monitor") + 1] = f"unix:{path},server,nowait"
    command += ["-serial", "stdio", "-kernel", f"{build}/cloison",
                "-initrd", f"{build}/guests/test-random", "-append",
                "com1=115200,8n1 console=com1 dom0_mem=32M noreboot -- calls=100000000"]
    p = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    try:
        machine.read_until(p, rb"seed 1: 0 calls", 60)
        monitor(path, "stop")
        return monitor(path, "info tlb")
    finally:
        p.kill()
        p.wait()


def protection(tap, build, tmp):
    pages = [(int(m[1], 16), m[2] == "X", m[3] == "U", m[4] == "W")
             for m in TLB_LINE.finditer(page_tables(build, tmp))]
    # The monitor prints addresses of the upper half with or without their sign.
    pages = [(va | 0xffff000000000000 if va >> 47 & 1 else va, nx, user, write) for va, nx, user, write in pages]
    ours = [p for p in pages if HV_START <= p[0] < HV_END]
    tap.check(len(ours) > 100, "the monitor shows the hypervisor's pages", len(pages))
    both = [hex(p[0]) for p in ours if p[3] and not p[1]]
    tap.check(not both, "none of them is writable and executable", both[:10])
    text = [p for p in ours if not p[1]]
    tap.check(0 < len(text) < 256, "what can be executed is the text alone", len(text))
    user = [hex(p[0]) for p in ours if p[2] and p[0] >= M2P_END]
    tap.check(not user, "none is open to guests beyond the M2P", user[:10])
    m2p = [hex(p[0]) for p in ours if p[0] < M2P_END and p[3]]
    tap.check(not m2p, "which is read-only", m2p[:10])


def files(build):
    """The kernel in dom0, and what xl needs for it."""
    with open(f"{build}/guests/test-hostile", "rb") as f:
        return {"/guests/hostile": f.read(),
                "/etc/xen/hostile.cfg": 'name="hostile"\nkernel="/guests/hostile"\nmemory=16\nvcpus=2\n'
                                        'on_poweroff="destroy"\non_crash="preserve"\n'}


def answers(d, word):
    """Whether the neighbour says a word again."""
    return d.talk("xl console echo", ("> ", f"{word}\r"), (f"{word}\r", ""), (word, ""), ("> ", "\x1d")).count(word) == 2


def hostile(tap, d):
    """The guest runs to its end beside a neighbour that is spoken to meanwhile."""
    d.type("xl create -q /etc/xen/echo.cfg")
    d.type("xl create -q /etc/xen/hostile.cfg")
    spoken, heard = 0, 0
    while spoken < 2000 and "# end" not in d.type("console-log hostile"):
        spoken += 1
        heard += answers(d, f"word{spoken}")
    text = d.type("console-log hostile")
    end = re.search(r"# end: (\d+) of (\d+) failed", text)
    failed = "\n".join(line for line in text.splitlines() if re.match("not ok|# g", line))
    tap.check(end and end[1] == "0" and int(end[2]) > 1, "the hostile guest is refused what it must not have",
              failed or text[-1000:])
    tap.check(d.gone("hostile"), "it comes to its end", d.seen)
    tap.check(heard == spoken and answers(d, "still"), f"its neighbour answers all the time ({spoken} times)", heard)
    text = d.type("xl debug-keys m", clean=False)
    text += d.type("xl dmesg", clean=False)
    found = re.findall(r"whole-state check: (\d+) problems", text)
    tap.check(found and found[-1] == "0", "the books agree after it", text[-800:])
    d.type("xl destroy echo")


def main():
    build = os.path.abspath(sys.argv[1] if len(sys.argv) > 1 else "build")
    tap = Tap()
    with tempfile.TemporaryDirectory() as tmp:
        protection(tap, build, tmp)
    return suite([([hostile], {"files": files(build), "checked": True})], tap)


if __name__ == "__main__":
    sys.exit(main())
