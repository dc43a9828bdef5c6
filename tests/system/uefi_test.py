#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""The UEFI application under OVMF. The hypervisor's place is taken by a probe that prints what
it was given, so this test needs no hypervisor. One boot of the firmware's shell goes through all the
refusals, each in a folder of its own: that the next one runs at all shows that the application came
back. Prints TAP."""
import os
import re
import shutil
import struct
import subprocess
import sys
import tempfile
import time

from tap import Tap

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "tools"))
from machine import PATIENCE  # noqa: E402

OVMF_CODE = "/usr/share/OVMF/OVMF_CODE_4M.fd"
OVMF_VARS = "/usr/share/OVMF/OVMF_VARS_4M.fd"
MEMORY_MIB = 128
GOOD = "[global]\ndefault=a\n[a]\noptions=console=com1\nkernel=dom0 root=x\n"


def checksum(data):
    total = 0
    for byte in data:
        total = (total * 31 + byte) & 0xFFFFFFFF
    return total


class Volume:
    """A FAT file system in the making."""

    def __init__(self, path):
        self.root = path
        os.makedirs(path)

    def put(self, name, data):
        path = os.path.join(self.root, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "wb") as f:
            f.write(data.encode() if isinstance(data, str) else data)

    def image(self, path):
        size = sum(os.path.getsize(os.path.join(d, f)) for d, _, fs in os.walk(self.root) for f in fs)
        with open(path, "wb") as f:
            f.truncate((size * 5 // 4 // (1 << 20) + 36) << 20)
        subprocess.run(["/usr/sbin/mkfs.fat", "-n", "TEST", path], check=True,
                       stdout=subprocess.DEVNULL)
        names = [os.path.join(self.root, n) for n in sorted(os.listdir(self.root))]
        subprocess.run(["mcopy", "-i", path, "-s", *names, "::/"], check=True)


def boot(tmp, drive, until, timeout=90, memory=MEMORY_MIB, media=()):
    """Runs QEMU until its serial output has the text. Returns the output without escapes."""
    variables = os.path.join(tmp, "vars.fd")
    shutil.copy(OVMF_VARS, variables)
    command = ["qemu-system-x86_64", "-machine", "q35", "-accel", "tcg", "-m", f"{memory}M",
               "-display", "none", "-net", "none", "-no-reboot", "-serial", "stdio",
               "-device", "isa-debug-exit,iobase=0xf4,iosize=4",
               "-drive", f"if=pflash,format=raw,readonly=on,file={OVMF_CODE}",
               "-drive", f"if=pflash,format=raw,file={variables}",
               *(media or ("-drive", f"format=raw,file={drive}"))]
    qemu = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                            stderr=subprocess.STDOUT)
    os.set_blocking(qemu.stdout.fileno(), False)
    output = b""
    end = time.monotonic() + timeout * PATIENCE
    while time.monotonic() < end and until.encode() not in output:
        chunk = qemu.stdout.read()
        if chunk:
            output += chunk
        elif qemu.poll() is not None:
            break
        else:
            time.sleep(0.05)
    qemu.kill()
    qemu.wait()
    text = output.decode("latin-1").replace("\r", "")
    return re.sub(r"\x1b\[[0-9;=?]*[A-Za-z]", "", text)


class Case:
    """One run of the application from the shell: files in its folder, the line it must print."""

    def __init__(self, name, want, files, arguments=""):
        self.name, self.want, self.files, self.arguments = name, want, files, arguments


def refusals(probe, kernel):
    bzimage = bytearray(1024)
    bzimage[0x202:0x206] = b"HdrS"
    low = bytearray(probe)              # a PVH note that points outside
    at = bytes(low).index(b"Xen\0") + 4
    low[at:at + 4] = struct.pack("<I", 0x1000)
    full = {"cloison": probe, "dom0": kernel, "cloison.cfg": GOOD}

    def without(name):
        return {k: v for k, v in full.items() if k != name}

    return [
        Case("a missing configuration is named", "cloison.cfg: no such file",
             without("cloison.cfg")),
        Case("a configuration that was asked for and is missing is named",
             "other.cfg: no such file", full, "-cfg=other.cfg"),
        Case("a malformed configuration is named with its line",
             "cloison.cfg: line 2: neither a section, a setting (key=value) nor a comment",
             {**full, "cloison.cfg": "[a]\nkernel dom0\n"}),
        Case("an empty configuration is named", "cloison.cfg: no kernel=",
             {**full, "cloison.cfg": ""}),
        Case("a default section that is missing is named",
             "cloison.cfg: line 2: default= names no section: b",
             {**full, "cloison.cfg": "[global]\ndefault=b\n[a]\nkernel=dom0\n"}),
        Case("a section that was asked for and is missing is named",
             "cloison.cfg: no section [zz]", full, "zz"),
        Case("an option that is not understood is named",
             "load options: -foo is not understood", full, "-foo"),
        Case("a missing hypervisor is named", "cloison: no such file", without("cloison")),
        Case("a hypervisor that is no ELF image is named", "cloison: not an ELF image",
             {**full, "cloison": "hello"}),
        Case("a hypervisor that is a PV kernel is named",
             "cloison: has no PVH entry note, so it is no hypervisor", {**full, "cloison": kernel}),
        Case("a hypervisor with a wrong entry point is named",
             "cloison: has its PVH entry point outside its segments",
             {**full, "cloison": bytes(low)}),
        Case("a hypervisor that is cut off is named",
             "cloison: ELF segment reaches beyond the end of the file",
             {**full, "cloison": probe[:6000]}),
        Case("a missing kernel is named", "dom0: no such file", without("dom0")),
        Case("a kernel that is a folder is named", "dom0: is a folder, not a file",
             {**without("dom0"), "dom0/x": ""}),
        Case("a kernel that is empty is named", "dom0 kernel dom0: empty", {**full, "dom0": ""}),
        Case("a kernel that is no ELF image is named",
             "dom0 kernel dom0: neither an ELF image nor", {**full, "dom0": "hello"}),
        Case("a kernel that is compressed is named", "dom0 kernel dom0: compressed (gzip)",
             {**full, "dom0": b"\x1f\x8b\x08\0"}),
        Case("a kernel that is a bzImage is named", "dom0 kernel dom0: a bzImage",
             {**full, "dom0": bytes(bzimage)}),
        Case("a kernel without Xen notes is named",
             "dom0 kernel dom0: no Xen notes, so not a PV kernel", {**full, "dom0": probe}),
        Case("a kernel that is cut off is named",
             "dom0 kernel dom0: ELF segment reaches beyond the end of the file",
             {**full, "dom0": kernel[:0x1001]}),
        Case("a missing ramdisk is named", "root.cpio: no such file",
             {**full, "cloison.cfg": GOOD + "ramdisk=root.cpio\n"}),
        Case("too little memory is named with how much is free",
             f"big: too little memory: {MEMORY_MIB * 1024} KiB wanted below 4 GiB,",
             {**full, "cloison.cfg": GOOD + "ramdisk=big\n", "big": bytes(MEMORY_MIB << 20)}),
    ]


def shell_script(cases):
    lines = ["@echo -off", "fs0:", "memmap"]
    for n, case in enumerate(cases):
        lines += [f"cd \\c{n}", f"echo case {n} starts", f"cloison.efi {case.arguments}",
                  f"echo case {n} ended"]
    return "\r\n".join([*lines, "memmap", "cd \\good",
                        "cloison.efi -cfg=my.cfg second -- typed=1", ""])


def between(text, start, end):
    part = text.split(start, 1)[-1]
    return part.split(end, 1)[0] if end in part else ""


def loader_pages(text):
    """LoaderData pages in each of the two memory maps that the shell printed."""
    return re.findall(r"^\s*LoaderData\s*:?\s+([\d,]+) Pages", text, re.M)


def check_probe(tap, text, files, prefix):
    """What the probe says about the modules, the memory map and the machine's state."""
    entered = re.search(r"probe: entered moved=(\w+) eflags=(\w+) cr0=(\w+) cr4=(\w+)", text)
    tap.check(bool(entered), f"{prefix}: the hypervisor is entered", text[-2000:])
    if not entered:
        return
    eflags, cr0, cr4 = (int(entered[i], 16) for i in (2, 3, 4))
    tap.check(eflags & 0x200 == 0 and cr0 & 0x80000001 == 1 and cr4 == 0,
              f"{prefix}: interrupts and paging are off, CR4 is 0", entered[0])
    info = re.search(r"start_info at=(\w+) magic=(\w+) version=(\w+) modules=(\w+) rsdp=(\w+)", text)
    tap.check(bool(info) and info[2] == "336ec578" and info[3] == "1" and
              int(info[4], 16) == len(files), f"{prefix}: start_info has its magic and version",
              text[-2000:])
    tap.check("probe: acpi RSD PTR" in text, f"{prefix}: ACPI's root pointer is passed on")
    modules = re.findall(r'module paddr=(\w+) size=(\w+) sum=(\w+) cmdline="(.*)"', text)
    tap.check([(int(m[1], 16), int(m[2], 16)) for m in modules] ==
              [(len(f), checksum(f)) for f in files],
              f"{prefix}: every byte of the modules is there", modules)
    memory = [tuple(int(x, 16) for x in m)
              for m in re.findall(r"memory addr=(\w+) size=(\w+) type=(\w+)", text)]
    tap.check(len(memory) > 3 and
              all(a[0] + a[1] <= b[0] for a, b in zip(memory, memory[1:])),
              f"{prefix}: the memory map is sorted and has no overlaps", memory)
    ram = [(a, a + s) for a, s, t in memory if t == 1]
    tap.check(all(any(a <= int(m[0], 16) and int(m[0], 16) + int(m[1], 16) <= e for a, e in ram)
                  for m in modules), f"{prefix}: the modules lie in RAM", memory)


def test_shell(tap, tmp, efi, probe, kernel):
    cases = refusals(probe, kernel)
    volume = Volume(os.path.join(tmp, "shell"))
    for n, case in enumerate(cases):
        volume.put(f"c{n}/cloison.efi", efi)
        for name, data in case.files.items():
            volume.put(f"c{n}/{name}", data)
    ramdisk = bytes(range(256)) * 777 + b"end"
    for name, data in {"cloison.efi": efi, "cloison": probe, "boot/dom0": kernel,
                       "boot/root.cpio": ramdisk, "cloison.cfg": "nonsense",
                       "my.cfg": "[first]\nkernel=no\n[second]\nucode=u\n"
                                 "options=loglvl=all -- single\n"
                                 "kernel=boot/dom0 root=/dev/ram0\nramdisk=boot/root.cpio\n"}.items():
        volume.put(f"good/{name}", data)
    volume.put("startup.nsh", shell_script(cases))
    disk = os.path.join(tmp, "shell.img")
    volume.image(disk)
    text = boot(tmp, disk, "probe: done")
    for n, case in enumerate(cases):
        part = between(text, f"case {n} starts", f"case {n} ended")
        lines = [line for line in part.splitlines() if "cloison.efi: " in line]
        tap.check(len(lines) == 1 and f"cloison.efi: {case.want}" in lines[0], case.name,
                  f"wanted: {case.want}\n{part or text[-1500:]}")
    pages = loader_pages(text)
    tap.check(len(pages) == 2 and pages[0] == pages[1], "refusals give all memory back", pages)
    last = text.rsplit("ended", 1)[-1]
    tap.check("my.cfg: line 4: ucode= is not supported, ignored" in last,
              "a setting without meaning is named", last[:1500])
    tap.check('probe: options "loglvl=all typed=1"' in last,
              "options of the file and of the command line reach the hypervisor", last[:1500])
    tap.check('cmdline="root=/dev/ram0 single"' in last, "the kernel's arguments reach it",
              last[:1500])
    check_probe(tap, last, [kernel, ramdisk], "from the shell")


def boot_image(tmp, kind, files, until, memory=MEMORY_MIB):
    """Makes an image of these files by mkimage.sh and boots it."""
    here = os.path.dirname(os.path.abspath(__file__))
    build = tempfile.mkdtemp(dir=tmp)
    for name, data in files.items():
        with open(os.path.join(build, name), "wb") as f:
            f.write(data)
    out = os.path.join(build, f"cloison.{kind}")
    subprocess.run(["sh", f"{here}/../../arch/x86_64/boot/mkimage.sh", kind, out, build],
                   check=True)
    media = ("-drive", f"format=raw,file={out}") if kind == "img" else ("-cdrom", out)
    return boot(tmp, None, until, media=media, memory=memory)


def test_image(tap, tmp, efi, probe, kernel, kind):
    """The images that mkimage.sh makes, with the probe as the hypervisor."""
    text = boot_image(tmp, kind, {"cloison.efi": efi, "cloison": probe, "dom0": kernel},
                      "probe: done")
    tap.check("section [cloison]: starting cloison with dom0" in text,
              f"the {kind} image says what it starts", text[-1500:])
    tap.check('probe: options "console=com1 com1=115200,8n1"' in text,
              f"the {kind} image boots into the hypervisor", text[-1500:])
    return text


def with_other_place(image, delta):
    """An ELF image whose segments and PVH entry ask for physical addresses delta higher."""
    out = bytearray(image)
    table, count = struct.unpack_from("<Q", image, 32)[0], struct.unpack_from("<H", image, 56)[0]
    for at in range(table, table + count * 56, 56):
        kind, = struct.unpack_from("<I", image, at)
        offset, size = (struct.unpack_from("<Q", image, at + n)[0] for n in (8, 32))
        if kind == 1:
            paddr, = struct.unpack_from("<Q", image, at + 24)
            struct.pack_into("<Q", out, at + 24, paddr + delta)
        if kind == 4:
            note = image.index(struct.pack("<III", 4, 4, 18) + b"Xen\0", offset, offset + size) + 16
            entry, = struct.unpack_from("<I", image, note)
            struct.pack_into("<I", out, note, entry + delta)
    return bytes(out)


def test_hypervisor(tap, tmp, efi, hypervisor, hello):
    """The real one, with a guest that greets as dom0, in little memory and in much."""
    for memory in (64, 6144):
        text = boot_image(tmp, "img", {"cloison.efi": efi, "cloison": hypervisor, "dom0": hello},
                          "Hello from domain 0", memory)
        tap.check("Hello from domain 0" in text,
                  f"the hypervisor and dom0 start by UEFI with {memory} MiB", text[-3000:])
    moved = with_other_place(hypervisor, 6 << 20)   # 8 MiB, where OVMF keeps something
    text = boot_image(tmp, "img", {"cloison.efi": efi, "cloison": moved, "dom0": hello},
                      "Hello from domain 0", 512)
    tap.check("Hello from domain 0" in text, "the hypervisor runs where it was moved to",
              text[-3000:])


def main():
    build = sys.argv[1] if len(sys.argv) > 1 else "build"
    tap = Tap()

    def read(name):
        with open(os.path.join(build, name), "rb") as f:
            return f.read()

    efi, probe, moved, kernel = (read(n) for n in ("cloison.efi", "bootprobe/probe",
                                                   "bootprobe/moved", "bootprobe/pvkernel"))
    with tempfile.TemporaryDirectory() as tmp:
        test_shell(tap, tmp, efi, probe, kernel)
        text = test_image(tap, tmp, efi, moved, kernel, "img")
        at = re.search(r"probe: entered moved=(\w+)", text)
        tap.check(bool(at) and at[1] != "0" and int(at[1], 16) % (2 << 20) == 0,
                  "a hypervisor whose place is taken is moved by whole 2 MiB", text[-1500:])
        test_image(tap, tmp, efi, probe, kernel, "iso")
        test_hypervisor(tap, tmp, efi, read("cloison"), read("guests/hello"))
    return tap.end()


if __name__ == "__main__":
    sys.exit(main())
