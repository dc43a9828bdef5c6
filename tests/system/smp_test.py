#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Machines of several CPUs: found, numbered, limited by options; domains spread over them, come and go while others
compute, and a panic and a reset end them all. Other suites run on several CPUs with SMP=n in the environment."""
import re
import sys

from dialogue import Machine, suite
from tap import Tap

HOG = 'name="hog"\nkernel="/guests/hog"\nmemory=4\n'
ECHO = 'name="echo"\nkernel="/guests/echo"\nmemory=4\nvcpus=3\n'
FILES = {
    "/etc/xen/hog.cfg": HOG,
    "/etc/xen/echo.cfg": ECHO,
    "/etc/cycles": "xl create -q /etc/xen/echo.cfg\nxl pause echo\nxl unpause echo\nxl destroy echo\n" * 15,
}


def info(d):
    return dict(re.findall(r"^(\w+) +: (.*)$", d.type("xl info"), re.M))


def placed(d):
    """{(name, vCPU): CPU} of those that run or wait."""
    rows = re.findall(r"^(\S+) +\d+ +(\d+) +(\d+) +\S+ +[\d.]+ ", d.type("xl vcpu-list"), re.M)
    return {(name, int(vcpu)): int(cpu) for name, vcpu, cpu in rows}


def all_are_used(tap, d):
    tap.check("(XEN) smp: 4 of 4 CPUs, " in d.boot_text, "four CPUs are started", d.boot_text)
    i = info(d)
    tap.check((i["nr_cpus"], i["max_cpu_id"]) == ("4", "3"), "xl info counts them", str(i))
    for n in range(3):
        d.type(f"xl create -q /etc/xen/hog.cfg 'name=\"hog{n}\"'")
    for _ in range(20):
        cpus = placed(d)
        hogs = {cpu for (name, _), cpu in cpus.items() if name.startswith("hog")}
        if len(hogs) == 3:
            break
    tap.check(len(hogs) == 3, "three domains that compute have a CPU each", str(cpus))
    text = d.type("xl debug-keys d", clean=False)
    tap.check(all(re.search(rf"\*\*\* Dumping CPU{n} ", text) for n in range(4)),
              "the registers of all CPUs are shown", text)


def domains_come_and_go(tap, d):
    before = d.free()[0]
    text = d.type("sh /etc/cycles", timeout=180)
    tap.check(text == "", "domains are made, paused and destroyed while others compute", text)
    tap.check(d.gone("echo") and d.free()[0] == before, "and leave nothing behind", f"{before} {d.free()}")
    for n in range(3):
        d.type(f"xl pause hog{n}")
    rows = d.domains()
    tap.check(all("p" in rows[f"hog{n}"][3] for n in range(3)), "those that compute are paused", str(rows))
    seconds = [rows[f"hog{n}"][4] for n in range(3)]
    d.type("sleep 0.5")
    rows = d.domains()
    tap.check([rows[f"hog{n}"][4] for n in range(3)] == seconds, "and stand still", str(rows))
    for n in range(3):
        d.type(f"xl destroy hog{n}")
    tap.check(list(d.domains()) == ["Domain-0"], "and destroyed", str(d.domains()))


def reset(tap, d):
    d.send("reboot\r")
    tap.check(d.wait_end(20), "a machine of four CPUs restarts")


def places(tap, d):
    i = info(d)
    tap.check((i["nr_cpus"], i["cores_per_socket"], i["threads_per_core"]) == ("6", "3", "1"),
              "sockets of three cores, whose ids leave gaps", str(i))


def sixteen(tap, d):
    tap.check("(XEN) smp: 16 of 16 CPUs, " in d.boot_text and info(d)["nr_cpus"] == "16", "sixteen CPUs", d.boot_text)


def many(tap, d):
    """More than a word of a set can name: a guest's vCPUs on both sides of the border, flushes and pins across it."""
    tap.check("(XEN) smp: 72 of 72 CPUs, " in d.boot_text and info(d)["nr_cpus"] == "72", "72 CPUs", d.boot_text)
    d.type("xl create -q /etc/xen/echo.cfg 'vcpus=4' 'cpus=\"2,63,64,70\"'")
    cpus = [cpu for (name, _), cpu in placed(d).items() if name == "echo"]
    tap.check(cpus and set(cpus) <= {2, 63, 64, 70}, "cpus= puts vCPUs there", str(cpus))
    for cpu in (71, 0, 64):
        text = d.type(f"xl vcpu-pin echo 0 {cpu}")
        rows = re.findall(r"^echo +\d+ +0 +\d+ +\S+ +[\d.]+ +(\S+) / all", d.type("xl vcpu-list"), re.M)
        tap.check(text == "" and rows == [str(cpu)], f"a vCPU is pinned to CPU {cpu}", f"{text} {rows}")
    text = d.type("xl vcpu-pin echo 0 72")
    tap.check("72" in text, "CPU 72 is not there", text)
    d.type("xl destroy echo")
    tap.check(list(d.domains()) == ["Domain-0"], "and the domain ends", str(d.domains()))


def two_of_four(tap, d):
    tap.check("(XEN) smp: 2 of 4 CPUs, " in d.boot_text and info(d)["nr_cpus"] == "2", "maxcpus=2", d.boot_text)


def one_of_four(tap, d):
    tap.check("(XEN) smp: 1 of 4 CPUs, " in d.boot_text and info(d)["nr_cpus"] == "1", "nosmp", d.boot_text)


def panic(tap, build):
    """dom0 dies on a machine of four CPUs: one of them says so, wholly, and the others are silent."""
    m = Machine(["-kernel", f"{build}/cloison", "-initrd", f"{build}/guests/crash", "-append", "noreboot -- how=null"],
                memory="128M", smp=4)
    try:
        m.wait("Manual reset required ('noreboot' specified)")
        text = m.text().split("Panic: ")[-1]
        tap.check(re.match(r"Dom0 crashed\n\(XEN\) CPU \d, current d0v0\n\(XEN\) rip: ", text), "a panic prints wholly", text)
    finally:
        m.close()


if __name__ == "__main__":
    tap = Tap()
    panic(tap, sys.argv[1] if len(sys.argv) > 1 else "build")
    sys.exit(suite([
        ([all_are_used, domains_come_and_go, reset], {"smp": 4, "files": FILES}),
        ([all_are_used, domains_come_and_go], {"smp": 4, "files": FILES, "checked": True, "cpu": "Nehalem"}),
        ([places], {"smp": "6,sockets=2,cores=3", "cpu": "qemu64"}),
        ([sixteen], {"smp": 16, "cpu": "Nehalem"}),
        ([many], {"smp": 72, "files": FILES, "memory": "1G"}),
        ([two_of_four], {"smp": 4, "options": "maxcpus=2"}),
        ([one_of_four], {"smp": 4, "options": "nosmp"}),
    ], tap))
