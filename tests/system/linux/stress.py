#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Debian's stress-ng in a Linux domU, one stressor after the other, and what came of it beside stress.list. Not part of
`make test`: all of them take half an hour. The domU runs on Cloison, or on Debian's Xen (with the same dom0, ours).
Usage: stress.py BUILD cloison|xen [NAME...]"""
import os
import sys
import tempfile

import pexpect

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, f"{HERE}/..", f"{HERE}/../../tools"]
import debian  # noqa: E402
import image  # noqa: E402
import machine  # noqa: E402
from dialogue import Dom0  # noqa: E402

LIST = f"{HERE}/stress.list"
OPS, SECONDS, GIVE_UP = 20, 6, 120
WORDS = {0: "pass", 3: "absent", 4: "absent", 137: "stops", 143: "stops"}
INIT = f"""#!/bin/busybox sh
/bin/busybox --install -s /bin 2>/dev/null
mount -t proc proc /proc
mount -t sysfs sys /sys
mount -t devtmpfs dev /dev
mkdir -p /dev/pts /dev/shm
mount -t devpts devpts /dev/pts
mount -t tmpfs tmp /tmp
mount -t tmpfs shm /dev/shm
ip link set lo up
dmesg -n 1
cd /tmp
stress-ng --version >/dev/null || echo STRESS none 99
i=0
for name in $(cat /names); do
	i=$((i + 1))
	[ $i -gt ${{from:-0}} ] || continue
	ops="--$name-ops {OPS}"
	[ $name != sysfs ] || ops=	# whose count kills its own child, which it takes for a failure
	timeout -s KILL {GIVE_UP} stress-ng --$name 1 $ops --timeout {SECONDS}s >/dev/null 2>&1 </dev/null
	echo "STRESS $name $?"
done
echo STRESS END 0
poweroff -f
"""
CONFIG = """name = "stress"
kernel = "/boot/vmlinuz"
ramdisk = "/boot/initrd"
extra = "console=hvc0 quiet"
memory = 512
tsc_mode = "native"
on_reboot = "destroy"
"""


def expected():
    """[(name, on Xen, here)] of stress.list."""
    with open(LIST) as f:
        return [tuple(line.split()[:3]) for line in f if line.strip() and line[0] != "#"]


def run(d, names, result):
    """Goes on with a fresh domain behind a stressor that ends the old one, or is not heard of again."""
    while len(result) < len(names):
        d.sync()
        d.send(f"xl create -q -c /etc/xen/stress.cfg 'extra=\"console=hvc0 quiet from={len(result)}\"'\r")
        while len(result) < len(names):
            try:
                m = d.wait_re(r"STRESS (\S+) (\d+)[\r\n]|dom0# ", GIVE_UP * 3)
            except pexpect.TIMEOUT:
                m = None
            if not m or not m[1]:
                word = "ends-guest" if m else "hangs-guest"
                result[names[len(result)]] = word
                print(f"{names[len(result) - 1]} {word}", flush=True)
                break
            result[m[1]] = WORDS.get(int(m[2]), "fail")
            print(f"{m[1]} {result[m[1]]}", flush=True)
        d.send("\x1d\r")
        d.run("xl destroy stress")
        d.gone("stress")


def results(build, where, names):
    """{name: word} of a domU on Cloison or Xen."""
    files = {"/init": INIT, "/names": "".join(name + "\n" for name in names)}
    with open(debian.initrd(build, f"stress-{where}", ["stress-ng"], files), "rb") as f, \
            open(image.kernel(build), "rb") as g:
        files = {"/boot/initrd": f.read(), "/boot/vmlinuz": g.read(), "/etc/xen/stress.cfg": CONFIG}
    xen, result = machine.fetch_xen(build) if where == "xen" else None, {}
    options = "spec-ctrl=no xpti=no pv-l1tf=no" if xen else ""
    with tempfile.TemporaryDirectory() as tmp:
        while len(result) < len(names):
            d = Dom0(build, tmp, files=files, memory="1280M", cpu="Nehalem", xen=xen, options=options,
                     dom0_mem="384M", timeout=120)
            try:
                run(d, names, result)
            except pexpect.ExceptionPexpect:
                result[names[len(result)]] = "ends-machine"
            finally:
                d.close()
    return result


def main():
    build, where = os.path.abspath(sys.argv[1]), sys.argv[2]
    known = {name: {"xen": xen, "cloison": here} for name, xen, here in expected()}
    seen = results(build, where, sys.argv[3:] or list(known))
    wrong = [name for name in seen if seen[name] != known.get(name, {}).get(where)]
    for name in wrong:
        print(f"not ok - {name}: {seen[name]}, {known.get(name, {}).get(where, 'nothing')} expected")
    print(f"{len(seen) - len(wrong)} passed, {len(wrong)} failed")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
