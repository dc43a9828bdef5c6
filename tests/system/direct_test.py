#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""The hypervisor by QEMU's -kernel: memory sizes, CPU models and machines, dom0 as a plain image and in
an archive with its configuration, options that are not known, and what is no dom0. dom0 is the sample
guest "hello", which says its command line and ends the machine. Prints TAP."""
import os
import struct
import subprocess
import sys
import tempfile

from tap import Tap

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "tools"))
from machine import PATIENCE, SKIP_IDLE  # noqa: E402

GREETING = "Hello from domain 0"


def boot(build, module, append="", memory="128M", cpu="max", machine="q35"):
    command = ["qemu-system-x86_64", "-accel", "tcg", "-machine", machine, "-cpu", cpu, "-m", memory,
               "-display", "none", "-net", "none", "-no-reboot", "-serial", "stdio", *SKIP_IDLE,
               "-kernel", f"{build}/cloison", "-append", append]
    if module:
        command += ["-initrd", module]
    try:
        done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, timeout=60 * PATIENCE)
        output = done.stdout
    except subprocess.TimeoutExpired as e:
        output = (e.stdout or b"") + b"\n(still running)\n"
    return output.decode("latin-1").replace("\r", "")


def archive(tmp, name, files):
    """A newc archive of {name: bytes}; returns its path."""
    folder = os.path.join(tmp, name + ".d")
    for file, data in files.items():
        path = os.path.join(folder, file)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "wb") as f:
            f.write(data.encode() if isinstance(data, str) else data)
    out = os.path.join(tmp, name)
    with open(out, "wb") as f:
        subprocess.run(["cpio", "-o", "-H", "newc", "--quiet"], cwd=folder, check=True, stdout=f,
                       input="".join(n + "\n" for n in files).encode())
    return out


def test_machines(tap, build, hello):
    for memory, cpu, machine in [("64M", "qemu64", "pc"), ("64M", "max", "q35"),
                                 ("1G", "Nehalem", "q35"), ("3500M", "max", "pc"),
                                 ("5G", "qemu64", "q35"), ("16G", "Nehalem", "pc"),
                                 ("16G", "max", "q35")]:
        text = boot(build, hello, "console=com1 com1=115200,8n1", memory, cpu, machine)
        tap.check(GREETING in text, f"dom0 starts with {memory}, CPU {cpu}, machine {machine}", text)
    text = boot(build, hello, "", "1G", "max", "q35,max-ram-below-4g=64M")
    tap.check(GREETING in text, "dom0 starts with most of the memory above 4 GiB", text)
    text = boot(build, hello, "mem=100M", "1G")
    tap.check(GREETING in text and "100 MiB RAM" in text,
              "mem= is kept to, with modules above it", text)
    text = boot(build, hello, "", "4M", "max", "pc")
    tap.check("Panic: " in text and "memory" in text.split("Panic: ")[-1].splitlines()[0],
              "too little memory is said in one line", text)


def test_lines(tap, build, hello):
    text = boot(build, hello, "console=com1 foo=1 dom0_mem=32M loglvl=loud -- one two=2")
    tap.check("ignored option foo=1: not known" in text, "an option that is not known is named", text)
    tap.check("ignored option loglvl=loud: wants none, error" in text,
              "an option with a bad value is named", text)
    tap.check("memory 32768 KiB" in text, "dom0_mem= is dom0's size", text)
    tap.check('command line "one two=2"' in text, "what follows -- reaches dom0", text)
    text = boot(build, hello, "loglvl=none")
    tap.check(GREETING in text and "(XEN) memory:" not in text, "loglvl=none is quiet", text)
    text = boot(build, hello, "loglvl=warning foo")
    tap.check("ignored option foo" in text and "(XEN) memory:" not in text,
              "loglvl=warning leaves out what is only information", text)
    text = boot(build, hello, "dom0_mem=max:24M")
    tap.check("memory 24576 KiB" in text, "dom0_mem=max: bounds dom0", text)


def test_archives(tap, build, tmp, kernel):
    good = archive(tmp, "good", {"cloison.cfg": "[global]\ndefault=a\n[a]\noptions=loglvl=all\n"
                                 "kernel=boot/hello from=archive\nvideo=x\n", "boot/hello": kernel})
    text = boot(build, good, "console=com1 -- typed")
    tap.check(GREETING in text and 'command line "from=archive typed"' in text,
              "an archive holds the configuration and dom0", text)
    tap.check("cloison.cfg: line 6: video= is not supported, ignored" in text,
              "a setting without meaning is named", text)
    other = archive(tmp, "other", {"xen.cfg": "kernel=hello", "hello": kernel})
    tap.check(GREETING in boot(build, other), "xen.cfg in an archive does as well")
    for name, files, want in [
            ("a malformed configuration", {"cloison.cfg": "[a\n"},
             "cloison.cfg: line 1: a section name without its closing bracket"),
            ("an archive without a configuration", {"hello": kernel},
             "neither cloison.cfg nor xen.cfg: no such file in the archive"),
            ("a kernel that the archive lacks", {"cloison.cfg": "kernel=linux"},
             "linux: no such file in the archive"),
            ("a ramdisk that the archive lacks",
             {"cloison.cfg": "kernel=hello\nramdisk=rd\n", "hello": kernel},
             "rd: no such file in the archive")]:
        text = boot(build, archive(tmp, name.replace(" ", "-"), files), "noreboot=no")
        tap.check(want in text, f"{name} is named", text)


def test_layout(tap, build, tmp):
    """The kernel "layout" has its p2m list elsewhere and its ramdisk unmapped: the larger, the larger the hole."""
    with open(f"{build}/guests/test-layout", "rb") as f:
        kernel = f.read()
    for size, dom0_mem, machine in [(0, "64M", "256M"), (12345, "64M", "256M"), (9 << 20, "64M", "256M"),
                                    (40 << 20, "128M", "512M"), (0, "2560M", "3G"), (9 << 20, "1G", "2G")]:
        ramdisk = b"".join(n.to_bytes(8, "little") for n in range(size // 8))
        files = {"cloison.cfg": f"[global]\ndefault=a\n[a]\noptions=console=com1 com1=115200,8n1 dom0_mem={dom0_mem}\n"
                                "kernel=layout\n" + ("ramdisk=rd\n" if size else ""), "layout": kernel, "rd": ramdisk}
        text = boot(build, archive(tmp, f"layout-{size}-{dom0_mem}", files), memory=machine)
        tap.check("# end: 0 of" in text and (not size or f"a ramdisk of {size >> 10} KiB" in text),
                  f"a dom0 of {dom0_mem} with its p2m elsewhere and {size >> 10} KiB of ramdisk unmapped starts well", text)


def test_refusals(tap, build, tmp, kernel):
    def module(name, data):
        path = os.path.join(tmp, name)
        with open(path, "wb") as f:
            f.write(data)
        return path

    entry = struct.pack("<III4s", 4, 8, 1, b"Xen")
    at = kernel.index(entry) + len(entry)
    elsewhere = kernel[:at] + (0x7fff00000000).to_bytes(8, "little") + kernel[at + 8:]
    bzimage = bytearray(2048)
    bzimage[0x202:0x206] = b"HdrS"
    for name, path, want in [
            ("no module", None, "no module: there is no dom0 kernel to start"),
            ("a text file as dom0", module("text", b"hello, world\n" * 50),
             "neither an ELF image nor a newc cpio archive"),
            ("a compressed kernel", module("gz", b"\x1f\x8b\x08" + bytes(100)), "compressed (gzip)"),
            ("a bzImage", module("bz", bytes(bzimage)), "a bzImage, not the ELF image"),
            ("a program without Xen notes", "/bin/true", "no Xen notes, so not a PV kernel"),
            ("a kernel with its entry elsewhere", module("elsewhere", elsewhere), "its entry 0x7fff00000000 lies outside the image"),
            ("a kernel that is cut off", module("cut", kernel[:5000]), "beyond the end of the file")]:
        text = boot(build, path)
        tap.check(want in text, f"{name} is refused in one line", text)


def main():
    build = os.path.abspath(sys.argv[1] if len(sys.argv) > 1 else "build")
    hello = f"{build}/guests/hello"
    with open(hello, "rb") as f:
        kernel = f.read()
    tap = Tap()
    with tempfile.TemporaryDirectory() as tmp:
        test_machines(tap, build, hello)
        test_lines(tap, build, hello)
        test_archives(tap, build, tmp, kernel)
        test_layout(tap, build, tmp)
        test_refusals(tap, build, tmp, kernel)
    return tap.end()


if __name__ == "__main__":
    sys.exit(main())
