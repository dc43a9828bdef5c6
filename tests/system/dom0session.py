# SPDX-License-Identifier: MIT
"""A machine with Cloison (or Xen) and our dom0 in QEMU, spoken to over the serial console."""
import os

import pexpect

from dialogue import NOISE, PROMPT, archive


class Session:
    """Boots to the prompt. files: {path in dom0: bytes or text}, put on top of dom0's own."""

    def __init__(self, build, tmp, files=None, memory="512M", cpu="max", options="", words="noauto", xen=None):
        boot, root = os.path.join(tmp, "boot"), os.path.join(tmp, "root")
        for path, data in (files or {}).items():
            self._write(root + path, data)
        if files:
            archive(root, f"{tmp}/root.cpio")
        options = f"console=com1 com1=115200,8n1 dom0_mem=128M {options}"
        if xen:
            cpu, machine = "Nehalem", "pc"
            boot_args = ["-kernel", xen, "-append", options, "-initrd",
                         f"{build}/dom0 {words}" + (f",{tmp}/root.cpio" if files else "")]
        else:
            machine = "q35"
            self._make_boot(build, boot, tmp, options, words, files)
            boot_args = ["-kernel", f"{build}/cloison", "-initrd", archive(boot, f"{tmp}/boot.cpio")]
        self.seen = ""
        self.qemu = pexpect.spawn("qemu-system-x86_64", [
            "-machine", machine, "-accel", "tcg", "-cpu", cpu, "-m", memory, "-display", "none",
            "-net", "none", "-no-reboot", "-serial", "mon:stdio"] + boot_args,
            encoding="utf-8", codec_errors="replace", timeout=30)
        self.qemu.expect_exact(PROMPT)

    def _make_boot(self, build, boot, tmp, options, words, files):
        """The archive that Cloison boots from: configuration, dom0, and its ramdisk."""
        self._write(f"{boot}/cloison.cfg", f"[global]\ndefault=dom0\n[dom0]\noptions={options}\n"
                    f"kernel=dom0 {words}\n" + ("ramdisk=root.cpio\n" if files else ""))
        for name, path in [("dom0", f"{build}/dom0")] + ([("root.cpio", f"{tmp}/root.cpio")] if files else []):
            with open(path, "rb") as f:
                self._write(f"{boot}/{name}", f.read())

    @staticmethod
    def _write(path, data):
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "wb") as f:
            f.write(data.encode() if isinstance(data, str) else data)

    def run(self, line, timeout=30):
        """Types a line at the prompt; returns (what it printed, exit code)."""
        self.qemu.send(line + "\r")
        self.qemu.expect_exact(PROMPT, timeout)
        text = self._clean(line)
        self.qemu.send("echo $?\r")
        self.qemu.expect_exact(PROMPT, timeout)
        code = self._clean("echo $?").strip()
        self.seen = text
        return text, int(code) if code.lstrip("-").isdigit() else code

    def _clean(self, line):
        text = NOISE.sub("", self.qemu.before.replace("\r", ""))
        return text[len(line) + 1:] if text.startswith(line + "\n") else text

    def talk(self, line, *steps, timeout=30):
        """Types a line, then for each (wait for, send) pair; ends at the prompt. Returns all that was seen."""
        seen = ""
        self.qemu.send(line + "\r")
        for wait, send in steps:
            self.qemu.expect_exact(wait, timeout)
            seen += self.qemu.before + wait
            self.qemu.send(send)
        self.qemu.expect_exact(PROMPT, timeout)
        self.seen = NOISE.sub("", (seen + self.qemu.before).replace("\r", ""))
        return self.seen

    def close(self):
        self.qemu.close(force=True)
