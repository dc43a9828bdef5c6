#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Test suites of others in a Linux domU, one case after the other, and what came of each beside the suite's list. Not part of
`make test`: a suite takes minutes to half an hour. The domU runs on Cloison, or on Debian's Xen (with the same dom0, ours).
Usage: suites.py BUILD cloison|xen SUITE [CASE...]
In the environment: CPU: QEMU's model, if not Nehalem. VCPUS: of the domU, and CPUs of the machine. DISTURB=1: dom0 pauses it,
takes vCPUs and memory and sends sysrq while it runs. SHOW=1: what the cases say, in BUILD/linux/SUITE-WHERE.log, where the whole dialogue is."""
import os
import random
import re
import sys
import tempfile

import pexpect

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, f"{HERE}/..", f"{HERE}/../../tools"]
import debian  # noqa: E402
import image  # noqa: E402
import machine  # noqa: E402
import selftests  # noqa: E402
from dialogue import LEAVE, PROMPT, Dom0  # noqa: E402

INIT = """#!/bin/busybox sh
/bin/busybox --install -s /bin 2>/dev/null
mount -t proc proc /proc
mount -t sysfs sys /sys
mount -t devtmpfs dev /dev
mkdir -p /dev/pts /dev/shm
mount -t devpts devpts /dev/pts
mount -t tmpfs tmp /tmp
mount -t tmpfs shm /dev/shm
mount -t tracefs trace /sys/kernel/tracing
ip link set lo up
export HOME=/tmp PATH=/usr/sbin:/usr/bin:/sbin:/bin
[ -n "$show" ] && out=/dev/console || out=/dev/null
dmesg -n 1
dmesg -c >/dev/null
cd /tmp
i=0
while IFS='	' read -r name limit command <&3; do
	i=$((i + 1))
	[ $i -gt ${from:-0} ] || continue
	began=$(cut -d . -f 1 /proc/uptime)
	busybox timeout -s KILL $limit busybox sh -c "$command" >$out 2>&1 </dev/null
	code=$?
	kill -9 -1 2>/dev/null	# whatever it has left
	now=$(cut -d . -f 1 /proc/uptime)
	dmesg -c | grep -E 'WARNING|BUG:|Oops|Call Trace|Bad page|stall|lockup|blocked for more' | sed "s|^|NOTE $name: |"
	[ $code != 137 ] || [ $((now - began)) -ge $((limit - 1)) ] || code=139	# by another's SIGKILL
	echo "CASE $name $code"
done 3</cases
echo CASE END 0
poweroff -f
"""
# 3, 4: stress-ng's and Linux's "not here"; 126, 127: the shell's.
WORDS = {0: "pass", 3: "absent", 4: "absent", 126: "absent", 127: "absent", 137: "stops", 143: "stops",
         **{128 + signal: "killed" for signal in (4, 5, 6, 7, 8, 11)}}


class Suite:
    """One list of cases. packages: the guest's root; files: what more it holds, of a build folder; command: of a case's name and
    of what its line has behind the results."""

    def __init__(self, file, packages, command, limit=120, memory=512, files=lambda build: {}, columns=("xen", "cloison")):
        self.list, self.packages, self.command, self.limit = f"{HERE}/{file}", packages, command, limit
        self.memory, self.files, self.columns = memory, files, columns

    def column(self, where, cpu):
        return self.columns.index(where if where in self.columns else cpu)

    def rows(self):
        """{name: (results by column, what stands behind them)}."""
        with open(self.list) as f:
            lines = [line.split("#", 1)[0].split(None, 1 + len(self.columns)) for line in f]
        n = 1 + len(self.columns)
        return {words[0]: (words[1:n], words[n].strip() if len(words) > n else "") for words in lines if words}

    def script(self, names):
        """The file that the guest works off: name, seconds, command; a line a case."""
        rows = self.rows()
        return "".join(f"{name}\t{self.limit}\t{self.command(name, rows.get(name, ([], ''))[1])}\n" for name in names)


def stressor(name, _):
    count = "" if name == "sysfs" else f"--{name}-ops 20"	# sysfs kills its own child then, which it takes for a failure
    return f"stress-ng --{name} 1 {count} --timeout 6s"


def selftest(name, command):
    """NAME is FOLDER/PROGRAM, or FOLDER/WORDS with a command of its own."""
    folder, program = name.rsplit("/", 1)
    return f"mkdir -p /st/{folder}; cd /st/{folder}; {command or './' + program}"


def emulator(build):
    """QEMU's for programs: of its package the one file."""
    return {"/bin/qemu-x86_64-static": selftests.content(image.package(f"{build}/linux", "qemu-user-static") + "/usr/bin/qemu-x86_64-static")}


SUITES = {
    "stress": Suite("stress.list", ["stress-ng"], stressor),
    "x86": Suite("selftests.list", ["libc6"], lambda name, _: f"cd /st && ./{name}", 300, 400, selftests.x86,
                 ("xen", "Nehalem", "qemu64", "max")),
    "kernel": Suite("kernel.list", selftests.PACKAGES, selftest, 30, 700, selftests.others),
    "programs": Suite("programs.list", [
        "bash", "linux-perf", "rt-tests", "sysbench", "trinity", "crashme", "fio", "gdb", "strace", "valgrind", "luajit", "sbcl",
        "redis-server", "redis-tools", "restic", "fzf", "7zip", "openssl", "dbench", "python3", "perl"],
        lambda _, command: command, 240, 1700),
    "runtimes": Suite("runtimes.list", ["bash", "nodejs", "openjdk-17-jre-headless"], lambda _, command: command, 240, 1700,
                      emulator),
}


def kernel_words(suite):
    return f"name = \"suite\"\nkernel = \"/boot/vmlinuz\"\nramdisk = \"/boot/initrd\"\nmemory = {suite.memory}\n" \
        f"vcpus = {os.environ.get('VCPUS', 1)}\ntsc_mode = \"native\"\non_reboot = \"destroy\"\n"


def disturb(d, suite, n):
    """Something that a guest has to bear, typed beside its console."""
    vcpus, memory = int(os.environ.get("VCPUS", 1)), suite.memory
    d.send(LEAVE)
    d.wait(PROMPT)
    for line in (["xl pause suite", "sleep 0.2", "xl unpause suite"], [f"xl vcpu-set suite {random.randint(1, vcpus)}"],
                 [f"xl mem-set suite {memory - random.randint(0, memory // 6)}"], ["xl sysrq suite h"])[n % 4]:
        d.type(line)
    d.send("xl console suite\r")


def heard(d, suite, seconds):
    """The next line that says something, or None."""
    pattern, beat = r"(CASE|NOTE) (\S+) ([^\r\n]*)[\r\n]|dom0# ", 20 if os.environ.get("DISTURB") else seconds
    for n in range(0, seconds * machine.PATIENCE, beat):
        try:
            d.qemu.expect(pattern, beat)
            return d.qemu.match
        except pexpect.TIMEOUT:
            if os.environ.get("DISTURB"):
                disturb(d, suite, n // beat)
    return None


def run(d, suite, names, result):
    """Goes on with a fresh domain behind a case that ends the old one, or is not heard of again."""
    while len(result) < len(names):
        d.sync()
        show = " show=1" if os.environ.get("SHOW") else ""
        d.send(f"xl create -q -c /etc/xen/suite.cfg 'extra=\"console=hvc0 quiet from={len(result)}{show}\"'\r")
        while len(result) < len(names):
            m = heard(d, suite, suite.limit + 60)
            if m and m[1] == "NOTE":
                print(f"# {m[2]} {m[3]}", flush=True)
                continue
            name = m[2] if m and m[1] else names[len(result)]
            result[name] = WORDS.get(int(m[3]), "fail") if m and m[1] else "ends-guest" if m else "hangs-guest"
            print(f"{name} {result[name]}", flush=True)
            if not m or not m[1]:
                break
        d.send(LEAVE + "\r")
        d.run("xl destroy suite")
        d.gone("suite")


def files_of(build, where, title):
    """What dom0 has for the domain; a guest's root with the suite's cases."""
    suite, names = SUITES[title], sys.argv[4:] or list(SUITES[title].rows())
    files = {"/init": INIT, "/cases": suite.script(names), **suite.files(build)}
    with open(debian.initrd(build, title, suite.packages, files, f"{title}-{where}"), "rb") as f, \
            open(image.kernel(build), "rb") as g:
        return names, {"/boot/initrd": f.read(), "/boot/vmlinuz": g.read(), "/etc/xen/suite.cfg": kernel_words(suite)}


def results(build, where, title, cpu):
    """{name: word} of a domU on Cloison or Xen."""
    names, files = files_of(build, where, title)
    xen, result, suite = machine.fetch_xen(build) if where == "xen" else None, {}, SUITES[title]
    options, dom0 = "spec-ctrl=no xpti=no pv-l1tf=no" if xen else "", 192 + len(files["/boot/initrd"]) // 2**20 * 3 // 2
    with tempfile.TemporaryDirectory() as tmp, open(f"{build}/linux/{title}-{where}.log", "w") as log:
        while len(result) < len(names):
            d = Dom0(build, tmp, files=files, memory=f"{2 * dom0 + suite.memory}M", cpu=cpu, xen=xen, options=options,
                     dom0_mem=f"{dom0}M", timeout=120, smp=os.environ.get("VCPUS"))
            d.qemu.logfile = log
            try:
                run(d, suite, names, result)
            except pexpect.ExceptionPexpect:
                result[names[len(result)]] = "ends-machine"
            finally:
                print("".join(f"# {line}\n" for line in re.findall(r"\(XEN\) (?:\[[^]]*\] )?d\d.*", d.text())), end="")
                d.close()
    return result


def main():
    build, where, title = os.path.abspath(sys.argv[1]), sys.argv[2], sys.argv[3]
    cpu = os.environ.get("CPU", "Nehalem")
    column = SUITES[title].column(where, cpu)
    known = {name: words[column] for name, (words, _) in SUITES[title].rows().items()}
    seen = results(build, where, title, cpu)
    wrong = [name for name in seen if seen[name] != known.get(name)]
    for name in wrong:
        print(f"not ok - {name}: {seen[name]}, {known.get(name, 'nothing')} expected")
    print(f"{len(seen) - len(wrong)} passed, {len(wrong)} failed")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
