# SPDX-License-Identifier: MIT
"""Shares of the processors: domains that compute, and what each of their vCPUs should get of the time that the
hypervisor counts. The tests and the benchmark measure the same cases."""
import re

# On one CPU an instruction takes 16 ns of virtual time: twenty seconds are short, and the same on any machine. With more
# CPUs a QEMU that counts instructions lets one run and run while another waits for it, so there the clock is the
# machine's; what is compared is time that the hypervisor has counted, not work done.
ICOUNT = ["-icount", "shift=4,sleep=off"]
# The times are shown in tenths of a second: half a point of that.
SECONDS = 20


def options_for(cpus):
    return {"smp": cpus, "extra": ICOUNT if cpus == 1 else [], "timeout": 120}


class Hog:
    """A domU that computes on `cpus` vCPUs; ideal: percent of one CPU that each of them should get."""

    def __init__(self, name, ideal, cpus=1, weight=None, cap=None, extra=""):
        self.name, self.ideal, self.cpus, self.weight, self.cap, self.extra = name, ideal, cpus, weight, cap, extra

    def create(self):
        keys = f"name={self.name} vcpus={self.cpus}"
        keys += f" cpu_weight={self.weight}" if self.weight else ""
        keys += f" cap={self.cap}" if self.cap else ""
        return f"xl create -q /etc/xen/hog.cfg {keys} extra='\"cpus={self.cpus} {self.extra}\"'"


class Case:
    """machine_cpus: of the machine; settle: seconds between the last creation and the measurement."""

    def __init__(self, name, machine_cpus, hogs, settle=1):
        self.name, self.machine_cpus, self.hogs, self.settle = name, machine_cpus, hogs, settle


CASES = [
    Case("four alike on one CPU have a quarter each", 1, [Hog(n, 25.0) for n in ("a", "b", "c", "d")]),
    Case("weight 512 with one busy vCPU, weight 256 with three", 1,
         [Hog("a", 66.7, weight=512), Hog("b", 11.1, cpus=3, weight=256)]),
    Case("a cap of 50 alone on the machine is half a CPU", 1, [Hog("a", 50.0, cap=50)]),
    Case("a cap of 50 leaves the other half to the others", 1, [Hog("a", 50.0, cap=50, weight=1024), Hog("b", 50.0)]),
    Case("two CPUs, weights 1:1:2", 2,
         [Hog("a", 50.0, weight=256), Hog("b", 50.0, weight=256), Hog("c", 100.0, weight=512)]),
    Case("a cap of 50 is for all vCPUs of a domain together", 2, [Hog("a", 25.0, cpus=2, cap=50), Hog("b", 100.0)]),
    Case("two vCPUs under a cap of 30 have half of it each among others", 1,
         [Hog("a", 15.0, cpus=2, weight=512, cap=30)] + [Hog(n, 23.3) for n in ("b", "c", "d")]),
    Case("who was idle for long and is busy now gets its half", 1, [Hog("a", 50.0), Hog("b", 50.0, extra="wait=12")],
         settle=12),
    Case("who sleeps most of the time gets what it asks for", 1, [Hog("a", 70.0), Hog("b", 30.0, extra="share=30")]),
]


def vcpu_times(d, names):
    """CPU seconds of each vCPU, {(domain, vcpu): seconds}, and by the TSC when that was."""
    text = d.type("time xl vcpu-list", timeout=120)
    rows = re.findall(r"^(\S+) +\d+ +(\d+) +\S+ +\S+ +(\d+\.\d)", text, re.M)
    return {(name, int(vcpu)): float(t) for name, vcpu, t in rows if name in names}, int(re.search(r"up to (\d+)", text)[1])


def measure(d, case):
    """Runs a case on a machine that idles. Returns {(domain, vcpu): percent of one CPU}."""
    names = [h.name for h in case.hogs]
    for hog in case.hogs:
        d.run(hog.create())
    d.type(f"sleep {case.settle}", timeout=120)
    before, began = vcpu_times(d, names)
    text = d.type(f"time sleep {SECONDS}", timeout=240)
    m = re.search(r"^time: (\d+\.\d+) s, .* (\d+) ticks", text, re.M)
    after, ended = vcpu_times(d, names)
    # From the one look to the other: on a busy machine it takes long to type a command, and to run it.
    took = (ended - began) * float(m[1]) / int(m[2])
    for name in names:
        d.run(f"xl destroy {name}")
    return {key: 100 * (after[key] - before[key]) / took for key in before}


def errors(case, shares):
    """How far each vCPU is from its ideal, in points of one CPU."""
    return {f"{h.name}/{v}": shares.get((h.name, v), -1000.0) - h.ideal for h in case.hogs for v in range(h.cpus)}
