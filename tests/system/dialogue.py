# SPDX-License-Identifier: MIT
"""Dialogues over the serial console: a machine in QEMU with Cloison (or Debian's Xen) and our dom0, and a
suite that goes on with a fresh machine when a dialogue has come to nothing.

    def uptime(tap, d):
        text, code = d.run("uptime")
        tap.check(code == 0 and text.startswith("up "), "uptime says how long the machine runs", text)

    sys.exit(suite([([uptime], {})]))
"""
import io
import os
import re
import subprocess
import sys
import tempfile

import pexpect

from tap import Tap

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "tools"))
from machine import LATE, PATIENCE, clock  # noqa: E402

PROMPT = "dom0# "
LEAVE = "\x1d"          # Ctrl-], leaves a console
SWITCH = "\x01\x01\x01"  # Ctrl-a three times: the serial input goes to the other side
# What the hypervisor says in between, and the escapes of a terminal.
NOISE = re.compile(r"\(XEN\) [^\n]*\n|\x1b\[[0-9;?]*[A-Za-z]")
LIST_HEAD = "Name                                        ID   Mem VCPUs\tState\tTime(s)\n"

# For wash(): a domain after the other, more of them than the dead whose consoles are kept.
WASH = {"/etc/wash": "xl create -q /etc/xen/echo.cfg memory=2 name=wash && xl destroy wash\n" * 33}


def archive(folder, out):
    """A newc archive of all that lies below the folder; returns its path."""
    names = subprocess.run(["find", ".", "-mindepth", "1"], cwd=folder, check=True,
                           stdout=subprocess.PIPE).stdout
    with open(out, "wb") as f:
        subprocess.run(["cpio", "-o", "-H", "newc", "--quiet"], cwd=folder, check=True, stdout=f,
                       input=names)
    return out


def write_files(root, files):
    """Writes {path: bytes or text} below root."""
    for path, data in files.items():
        path = f"{root}/{path}"
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "wb") as f:
            f.write(data.encode() if isinstance(data, str) else data)


class Machine:
    """QEMU with its serial console in our hands; ended by its own process id. Without smp: as many CPUs as SMP in
    the environment says, else one."""

    def __init__(self, arguments, memory="512M", cpu="max", machine="q35", smp=None, timeout=30, extra=()):
        self.log = io.StringIO()
        smp = str(smp or os.environ.get("SMP", "1"))
        self.qemu = pexpect.spawn("qemu-system-x86_64", [
            "-machine", machine, "-accel", "tcg", "-cpu", cpu, "-m", memory, "-smp", smp,
            "-display", "none", "-net", "none", "-no-reboot", "-monitor", "none",
            "-chardev", "stdio,id=serial,signal=off", "-serial", "chardev:serial",
            *clock(smp, [*arguments, *extra]), *arguments, *extra],
            encoding="utf-8", codec_errors="replace", timeout=timeout * PATIENCE, maxread=65536,
            searchwindowsize=65536)
        self.qemu.logfile_read = self.log
        self.qemu.delaybeforesend = None

    def send(self, text):
        self.qemu.send(text)

    def wait(self, text, timeout=None):
        """Waits for a text; returns what came before it, without CRs. Time-outs are seconds on a quiet machine."""
        self.qemu.expect_exact(text, timeout * PATIENCE if timeout else -1)
        return self.qemu.before.replace("\r", "")

    def wait_re(self, pattern, timeout=None):
        """Waits for a pattern (a newline is [\\r\\n]+); returns the match."""
        self.qemu.expect(pattern, timeout * PATIENCE if timeout else -1)
        return self.qemu.match

    def wait_end(self, timeout=20):
        """Whether QEMU ends by itself."""
        try:
            self.qemu.expect(pexpect.EOF, timeout * PATIENCE)
        except pexpect.TIMEOUT:
            return False
        return True

    def text(self):
        """All that the machine has said."""
        return self.log.getvalue().replace("\r", "")

    def close(self):
        self.qemu.close(force=True)


class Dom0(Machine):
    """Boots to dom0's prompt. files: {path in dom0: bytes or text}, put on top of dom0's own; words: dom0's
    command line; checked: with the build of the hypervisor that watches its locks; image: another of its builds; dom0: of
    dom0's (dom0-test counts its heap); extra: more of QEMU's options."""

    def __init__(self, build, tmp, files=None, options="", words="noauto", xen=None, dom0_mem="128M", checked=False,
                 image=None, dom0="dom0", extra=(), **kw):
        tmp = tempfile.mkdtemp(dir=tmp)
        ramdisk = ""
        if files:
            write_files(f"{tmp}/root", files)
            ramdisk = archive(f"{tmp}/root", f"{tmp}/root.cpio")
        options = f"console=com1 com1=115200,8n1 dom0_mem={dom0_mem} {options}".strip()
        if xen:
            kw.update(cpu="Nehalem", machine="pc")
            arguments = ["-kernel", xen, "-append", options, "-initrd",
                         f"{build}/{dom0} {words}" + (f",{ramdisk}" if ramdisk else "")]
        else:
            image = image or ("cloison-checked" if checked else "cloison")
            arguments = ["-kernel", f"{build}/{image}", "-initrd",
                         self._module(f"{build}/{dom0}", tmp, options, words, ramdisk)]
        self.seen = ""
        super().__init__(arguments + list(extra), **kw)
        self.boot_text = self.wait(PROMPT, 60)

    @staticmethod
    def _module(dom0, tmp, options, words, ramdisk):
        """The archive that Cloison boots from: configuration, dom0, and its ramdisk."""
        boot = {"cloison.cfg": f"[global]\ndefault=dom0\n[dom0]\noptions={options}\nkernel=dom0 {words}\n" +
                ("ramdisk=root.cpio\n" if ramdisk else "")}
        for name, path in [("dom0", dom0), ("root.cpio", ramdisk)]:
            if path:
                with open(path, "rb") as f:
                    boot[name] = f.read()
        write_files(f"{tmp}/boot", boot)
        return archive(f"{tmp}/boot", f"{tmp}/boot.cpio")

    def sync(self):
        """Comes back to an empty prompt, whatever is half typed or still to be read."""
        self.syncs = getattr(self, "syncs", 0) + 1
        self.send(f"\x03echo sync-{self.syncs}\r")
        self.wait_re(f"\nsync-{self.syncs}[\r\n]+{PROMPT}")

    def run(self, line, timeout=30):
        """Types a line at the prompt; returns (what it printed, exit code)."""
        self.type(line, timeout)
        text = self.seen
        code = self.type("echo $?", timeout).strip()
        self.seen = text
        return text, int(code) if re.fullmatch(r"-?\d+", code) else code

    def type(self, line, timeout=30, clean=True):
        """Types a line at the prompt; returns what it printed. With clean=False the hypervisor's lines stay."""
        self.send(line + "\r")
        text = self.wait(PROMPT, timeout)
        text = text[len(line) + 1:] if text.startswith(line + "\n") else text
        self.seen = NOISE.sub("", text) if clean else text
        return self.seen

    def talk(self, line, *steps, timeout=30):
        """Types a line, then for each (wait for, send) pair; ends at the prompt. Returns all that was seen."""
        seen = ""
        self.send(line + "\r")
        for wait, send in steps:
            seen += self.wait(wait, timeout) + wait
            self.send(send)
        seen += self.wait(PROMPT, timeout)
        self.seen = NOISE.sub("", seen)
        return self.seen

    def until(self, line, pattern, tries=60, timeout=30):
        """Types a line again and again, a quarter of a second apart, until what it prints has the pattern.
        Returns the last output; the caller checks it. tries: on a quiet machine."""
        for _ in range(tries * PATIENCE):
            text = self.type(line, timeout)
            if re.search(pattern, text, re.M):
                break
            self.type("sleep 0.25", timeout)
        self.seen = text
        return text

    def free(self):
        """Free memory in KiB: (of the machine, of dom0)."""
        rows = dict(re.findall(r"^(\w+) +\d+ +\d+ +(\d+)$", self.type("free"), re.M))
        return int(rows["machine"]), int(rows["dom0"])

    def memory(self):
        """Of dom0's test build: bytes free of the machine; used of dom0 beside its heap, page tables and spare stacks, which it
        keeps; what lives in the heap (objects, bytes as they were asked for)."""
        rows = {m[1]: (int(m[2]), int(m[3]), int(m[4])) for m in
                re.finditer(r"^(\w+) +(\d+) +(\d+) +(\d+)$", self.type("free -b"), re.M)}
        heap = re.search(r"^heap: (\d+) objects, (\d+) bytes", self.type("heap"), re.M)
        return {"machine": rows["machine"][2], "heap": (int(heap[1]), int(heap[2])),
                "dom0": rows["dom0"][1] - sum(rows[part][0] for part in ("heap", "tables", "stacks"))}

    def wash(self):
        """What dom0 keeps on purpose becomes what it always is (files: WASH): consoles of the same dead, no logs, no lines
        typed."""
        self.type("sleep 1")
        self.type("sh /etc/wash", timeout=300)
        self.type("rm -r /var/log/xen")
        self.type("history -c")

    def nodes(self):
        """How many nodes xenstore has."""
        return len(self.type("xenstore-ls -f").splitlines())

    def domains(self):
        """xl list as {name: (id, memory, vCPUs, state, seconds)}."""
        rows = [line.split() for line in self.type("xl list").splitlines()[1:]]
        return {r[0]: (int(r[1]), int(r[2]), int(r[3]), r[4], float(r[5])) for r in rows if len(r) == 6}

    def destroy_for_good(self, name):
        """Destroys a domain that may be between two lives now; returns what xl list shows afterwards."""
        for _ in range(PATIENCE):
            self.type(f"xl destroy {name}")
            self.type("sleep 1.5")
            if name not in self.domains():
                break
        return self.seen

    def gone(self, name, tries=60):
        """Waits until no domain has this name; returns whether it came to that."""
        return bool(re.search(r"rc=-6", self.until(f"xl domid {name} ; xl list {name}", r"rc=-6", tries)))


def grub_image(path, *modules):
    """GRUB's 64-bit Xen build; returns its bytes."""
    subprocess.run(["grub-mkimage", "-O", "x86_64-xen", "-o", path, "-p", "/", *modules], check=True)
    with open(path, "rb") as f:
        return f.read()


def late(e):
    """The mark of a failure by a time-out, for the runner."""
    return f" {LATE}" if isinstance(e, pexpect.TIMEOUT) else ""


def suite(machines, tap=None):
    """machines: [(functions (tap, dom0), options of Dom0)]. A function that waits in vain, or whose machine ends,
    is a failure with the machine's last lines, and the next begins with a fresh one. Returns the exit code."""
    build, tap = os.path.abspath(sys.argv[1] if len(sys.argv) > 1 else "build"), tap or Tap()
    with tempfile.TemporaryDirectory() as tmp:
        for functions, options in machines:
            d = None
            for function in functions:
                try:
                    d = d or Dom0(build, tmp, **options)
                    d.sync()
                    function(tap, d)
                except (pexpect.ExceptionPexpect, LookupError, ValueError) as e:
                    tap.check(False, f"{function.__name__}: the dialogue goes on{late(e)}",
                              (d.text()[-3000:] if d else "") + f"\n{type(e).__name__}: {str(e)[:300]}")
                    if d:
                        d.close()
                    d = None
            if d:
                d.close()
    return tap.end()
