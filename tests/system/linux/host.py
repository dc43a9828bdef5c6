# SPDX-License-Identifier: MIT
"""A machine whose dom0 is Debian's Linux, on Cloison or on Debian's Xen; its shell is on the serial console."""
import os
import re
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, f"{HERE}/..")
from dialogue import Machine, archive, write_files  # noqa: E402

SHELL = "/ # "
OPTIONS = "console=com1 com1=115200,8n1 dom0_mem=512M"
# What a kernel complains of. Not in the names of its settings.
COMPLAINT = re.compile(r"WARNING|BUG:|Call Trace|Oops|Bad page|general protection")


class LinuxHost(Machine):
    """Boots to the shell of an initramfs that image.initrd() made. kernel: path of an ELF file."""

    def __init__(self, build, tmp, kernel, initrd, xen=None, words="console=hvc0", **kw):
        options = {"memory": "1G", "cpu": "Nehalem", "machine": "pc", **kw}
        if xen:
            arguments = ["-kernel", xen, "-append", OPTIONS, "-initrd", f"{kernel} {words},{initrd}"]
        else:
            arguments = ["-kernel", f"{build}/cloison", "-initrd", self._module(tmp, kernel, initrd, words)]
        super().__init__(arguments, **options)
        self.boot_text = self.wait(SHELL, 180)

    @staticmethod
    def _module(tmp, kernel, initrd, words):
        """The archive that Cloison boots from."""
        files = {"cloison.cfg": f"[global]\ndefault=linux\n[linux]\noptions={OPTIONS}\nkernel=vmlinux {words}\n"
                 "ramdisk=initrd\n"}
        for name, path in (("vmlinux", kernel), ("initrd", initrd)):
            with open(path, "rb") as f:
                files[name] = f.read()
        write_files(f"{tmp}/host", files)
        return archive(f"{tmp}/host", f"{tmp}/host.cpio")

    def inside(self, line, timeout=60):
        """A command in the shell; returns what it printed, without the line itself."""
        self.send(line + "\r")
        return self.wait(SHELL, timeout).split("\n", 1)[-1]

    def complaints(self):
        """Lines that no healthy boot has."""
        return [line for line in self.text().split("\n") if COMPLAINT.search(line)]
