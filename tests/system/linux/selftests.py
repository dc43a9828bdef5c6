#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Linux's own x86 self-tests in a domU, compared with selftests.list. Not part of `make test`: it takes minutes, and
wants package linux-source-6.1; those of 32 bits are run where gcc-multilib is installed.
Usage: selftests.py BUILD [qemu64 | Nehalem | max]"""
import glob
import os
import re
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, f"{HERE}/..")
import image  # noqa: E402
from dialogue import PROMPT, Dom0  # noqa: E402

SOURCE = "/usr/src/linux-source-6.1.tar.xz"
EXTRA = {"sysret_ss_attrs_64": "thunks.S", "ptrace_syscall_32": "raw_syscall_helper_32.S",
         "test_syscall_vdso_32": "thunks_32.S"}
WORDS = {0: "pass", 143: "stops", 137: "killed", 139: "killed"}
SCRIPT = """#!/bin/sh
cd /st
for t in *; do
	timeout 40 ./$t >/dev/null 2>&1 </dev/null
	echo "SELFTEST $t $?"
done
echo SELFTESTS END
"""


def compile_all(build):
    """Whatever of them compiles: {path in the guest: path here}."""
    out, folder = f"{build}/linux/selftests", f"{build}/linux/linux-source-6.1/tools/testing/selftests/x86"
    if not os.path.exists(folder):
        subprocess.run(["tar", "-xJf", SOURCE, "-C", f"{build}/linux", "--wildcards",
                        "*/tools/testing/selftests/x86", "*/tools/testing/selftests/kselftest*",
                        "*/arch/x86/include/asm/desc_defs.h"], check=True)
    os.makedirs(out, exist_ok=True)
    for name, *_ in expected(0):
        stem, bits = name.rsplit("_", 1)
        sources = [f"{stem}.c"] + ([EXTRA[name]] if name in EXTRA else [])
        subprocess.run(["gcc", f"-m{bits}", "-O2", "-std=gnu99", "-pthread", "-w", "-no-pie", "-static", "-s",
                        "-DCAN_BUILD_32", "-DCAN_BUILD_64", "-I..", "-o", f"{out}/{name}", *sources, "-lm"],
                       cwd=folder, stderr=subprocess.DEVNULL, check=False)
    with open(f"{build}/linux/selftests.sh", "w") as f:
        f.write(SCRIPT)
    os.chmod(f"{build}/linux/selftests.sh", 0o755)
    return {**{f"/st/{os.path.basename(p)}": p for p in glob.glob(f"{out}/*")},
            "/bin/selftests": f"{build}/linux/selftests.sh"}


def expected(column):
    """Rows (name, result) of the list; column 0 is Xen's."""
    with open(f"{HERE}/selftests.list") as f:
        rows = [line.split() for line in f if line.strip() and line[0] != "#"]
    return [(r[0], r[1 + column]) for r in rows]


def run(build, cpu, initrd):
    with tempfile.TemporaryDirectory() as tmp, open(image.kernel(build), "rb") as kernel, \
            open(initrd, "rb") as ramdisk, open(f"{HERE}/linux.cfg") as config:
        d = Dom0(build, tmp, memory="1G", cpu=cpu, files={
            "/boot/vmlinuz": kernel.read(), "/boot/initrd": ramdisk.read(), "/etc/xen/linux.cfg": config.read()})
        d.send("xl create -c /etc/xen/linux.cfg memory=400\r")
        d.wait("/ # ", 120)
        d.send("selftests\r")
        text = d.wait("SELFTESTS END", 900)
        d.send("\x1d")
        d.wait(PROMPT)
        d.close()
    return {name: WORDS.get(int(code), "fail") for name, code in re.findall(r"SELFTEST (\S+) (\d+)", text)}


def main():
    build, cpu = os.path.abspath(sys.argv[1]), sys.argv[2] if len(sys.argv) > 2 else "max"
    seen = run(build, cpu, image.initrd(build, "initrd-selftests", compile_all(build)))
    wrong = 0
    for name, result in expected(["Xen", "Nehalem", "qemu64", "max"].index(cpu)):
        if name not in seen:
            print(f"ok - {name} # SKIP it did not compile")
            continue
        wrong += seen[name] != result
        print(f"{'ok' if seen[name] == result else 'not ok'} - {name}: {seen[name]}, {result} expected")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
