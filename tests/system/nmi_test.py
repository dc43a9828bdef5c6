#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""NMIs at every instruction of the ways in and out of the hypervisor (entry.S, quick.S): gdb's stub stops the machine there,
while tests/guest/nmi goes all those ways, the monitor's `nmi` comes, and what was interrupted must go on with every register as
it was. Then an NMI while a program runs whose code segment is taken away, one in the moment before an idle CPU halts,
a machine check while the log is written, and interrupts that nobody sent. Prints TAP."""
import os
import re
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "tools"))
import machine  # noqa: E402
from gdbstub import RIP, RSP, Stub, in_guest, symbols, word  # noqa: E402
from dialogue import SWITCH, suite  # noqa: E402
from tap import Tap  # noqa: E402

PATIENCE = 60
ROUNDS = 400
KICK, TIMER = 0xf0, 0xf1
VECTORS = (3, 6, 11, 14, KICK, TIMER)	# int3, ud2, no segment, page fault; another CPU's, the timer's
STUB = 16				# bytes a vector
NMI = 2
STRAY = (32, 96, 128, 223, 242, 254)	# of what is a guest's for `int n`, and above what the hypervisor uses
LONG_NS = 500000000			# an idle CPU first clears memory, then halts
CS_OWN, PRESENT_BYTE, NOT_PRESENT = 0x10, 5, 0x7b	# of the guest's GDT: a code segment of 64 bits, DPL 3
WAYS = 60				# three rounds of the guest's
LEAST = 300
QUICK = ("user_syscall", "page_fault_entry", "quick_iret", "do_iret", "entry_iretq", "exit_events", "iretq_fault")


class Machine:
    """Cloison with the test kernel as dom0, stopped before its first instruction."""

    def __init__(self, build, tmp, args, kernel="test-nmi"):
        self.path = os.path.join(tempfile.mkdtemp(dir=tmp), "gdb")
        self.output = b""
        self.qemu = subprocess.Popen(
            machine.qemu(memory="128M") + machine.COUNTED + Stub.options(self.path) +
            ["-serial", "stdio", "-kernel", f"{build}/cloison", "-initrd", f"{build}/guests/{kernel}", "-append",
             f"com1=115200,8n1 console=com1 dom0_mem=32M noreboot dom0_max_vcpus=1 -- {args}"],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        try:
            self.gdb = Stub(self.path, PATIENCE * machine.PATIENCE)
        except OSError:
            self.close()
            raise

    def text(self, until):
        """What it has said when the pattern has come; gdb lets it go on for good."""
        self.gdb.send("c")
        return machine.read_until(self.qemu, until, PATIENCE).decode(errors="replace").replace("\r\n", "\n")

    def close(self):
        self.qemu.kill()
        self.qemu.wait()
        self.qemu.stdout.close()


class Walk:
    """Goes through the entry code instruction by instruction, each time that the guest comes in."""

    def __init__(self, m, hv):
        self.gdb, self.hv = m.gdb, hv
        self.code = range(hv["syscall_stubs"], hv["do_iret"] + 16)
        self.functions = set(hv.values())
        self.returns, self.seen, self.hit, self.wrong = [], set(), set(), []

    def nmi_here(self, before):
        """An NMI before the next instruction; then all registers are what they were."""
        at = word(before, RIP)
        self.gdb.monitor("nmi")
        self.gdb.step()
        if word(self.gdb.registers(), RIP) != self.hv["vector_stubs"] + STUB * NMI:
            self.wrong.append(f"{at:#x}: no NMI came")
        after = b""
        while word(after, RSP) != word(before, RSP):	# the way back of the NMI itself is one of these ways
            self.gdb.step()
            self.gdb.go_to(at)
            after = self.gdb.registers()
        if after != before:
            self.wrong.append(f"{at:#x}: {before.hex()} became {after.hex()}")
        self.hit.add(at)

    def leave_c(self, registers):
        """C code has been called, or is come back to from the idle loop: on to where it returns."""
        if word(registers, RIP) in self.functions:
            self.returns.append(int.from_bytes(self.gdb.read(word(registers, RSP), 8), "little"))
        self.gdb.go_to(self.returns[-1])
        if word(self.gdb.registers(), RIP) == self.returns[-1]:
            self.returns.pop()

    def way(self, nmis):
        """From the guest into the hypervisor and back; with nmis: one before each instruction that had none."""
        registers, self.returns = self.gdb.registers(), []
        while not in_guest(registers):
            at = word(registers, RIP)
            if at not in self.code:
                self.leave_c(registers)
            else:
                self.seen.add(at)
                if nmis and at not in self.hit and at != self.hv["idle_halt"]:
                    self.nmi_here(registers)
                self.gdb.step()
            registers = self.gdb.registers()

    def all_ways(self):
        """As they mostly are; then with NMIs, whose first makes work; then what of the first is left, one NMI at a time."""
        ways = [self.hv["syscall_stubs"]] + [self.hv["vector_stubs"] + STUB * v for v in VECTORS]
        for nmis in (False, True):
            for at in ways:
                self.gdb.stop_at(at)
            for _ in range(WAYS):
                self.gdb.go()
                self.way(nmis)
            for at in ways:
                self.gdb.not_at(at)
        for at in sorted(self.seen - self.hit - {self.hv["idle_halt"]}):
            self.gdb.go_to(at)
            self.nmi_here(self.gdb.registers())


def everywhere(tap, build, tmp):
    hv = symbols(f"{build}/cloison")
    m = Machine(build, tmp, f"rounds={ROUNDS}")
    try:
        m.gdb.go_to(symbols(f"{build}/guests/test-nmi")["serve"])
        walk = Walk(m, hv)
        walk.all_ways()
        text = m.text(b"# end[^\n]*\n|Panic")
    finally:
        m.close()
    tap.check(not walk.wrong, "an NMI changes no register at any instruction of the ways in and out", "\n".join(walk.wrong))
    for name in QUICK:
        tap.check(hv[name] in walk.hit, f"one came at {name}")
    tap.check(len(walk.hit) > LEAST, f"and at more than {LEAST} others", len(walk.hit))
    tap.check(re.search(r"^# end: 0 of \d+ failed", text, re.M), "the guest sees nothing of it", text)


def segment_taken_away(tap, build, tmp):
    """The program's CPU is told to take an NMI when another vCPU, for which gdb stands, has changed its code segment."""
    guest = symbols(f"{build}/guests/test-nmi")
    m = Machine(build, tmp, "rounds=1 spin")
    try:
        m.gdb.go_to(guest["spin"])
        gdt = int.from_bytes(m.gdb.read(guest["gdt"], 8), "little")
        m.gdb.write(gdt + CS_OWN + PRESENT_BYTE, bytes([NOT_PRESENT]))
        m.gdb.monitor("nmi")
        text = m.text(b"# end[^\n]*\n|Panic")
    finally:
        m.close()
    tap.check("ok 8 - nmi: one that goes while a program is in it: the same\n" in text and "# end: 0 of 8" in text,
              "an NMI comes back to a program whose code segment is gone: its kernel's #NP", text)


def before_the_halt(tap, build, tmp):
    """An NMI uses up the shadow of sti: what it brings must not be slept over."""
    hv = symbols(f"{build}/cloison")
    m = Machine(build, tmp, f"rounds=1 wait={LONG_NS}")
    try:
        m.gdb.go_to(hv["idle_halt"])
        m.gdb.monitor("nmi")
        m.gdb.stop_at(hv["idle_halt"] + 1)
        m.gdb.go_to(hv["vector_stubs"] + STUB * KICK)
        kicked = word(m.gdb.registers(), RIP)
        m.gdb.go_to(hv["vector_stubs"] + STUB * TIMER)
        after = word(m.gdb.registers(), RIP)
        m.gdb.not_at(hv["idle_halt"] + 1)
        text = m.text(b"# end[^\n]*\n|Panic")
    finally:
        m.close()
    tap.check(kicked == hv["vector_stubs"] + STUB * KICK, "an NMI before the halt of an idle CPU brings an interrupt", hex(kicked))
    tap.check(after == hv["idle_halt"] + 1, "behind which it does not halt", hex(after))
    tap.check("# end: 0 of 8 failed\n" in text, "and goes on", text)


def machine_check(tap, build, tmp):
    """In the middle of a line of the log: the panic is told all the same."""
    m = Machine(build, tmp, "rounds=1")
    try:
        m.gdb.go_to(symbols(f"{build}/cloison")["serial_putc"])
        m.gdb.go_to(symbols(f"{build}/guests/test-nmi")["test_main"])
        m.gdb.go_to(symbols(f"{build}/cloison")["serial_putc"])
        m.gdb.monitor("mce 0 0 0xb200000000000000 4 0 0")
        text = m.text(b"Manual reset required[^\n]*\n")
    finally:
        m.close()
    tap.check("\n(XEN) Panic: machine check\n" in text and "Manual reset required" in text,
              "a machine check while the log is written is told", text)


def stray(tap, d):
    """By the test build's key NI, an interrupt of vector N that nobody asked for; while dom0 sleeps, and while it runs."""
    d.send(SWITCH)
    d.wait("Serial input to Xen")
    for vector in STRAY:
        d.send(f"{vector}I")
        d.wait(f"CPU 0: stray interrupt, vector {vector:#x}")
        tap.check(True, f"a stray interrupt of vector {vector} while the CPU idles is told")
    d.send(SWITCH)
    d.wait("Serial input to DOM0")
    d.sync()
    for vector in STRAY:
        text = d.type(f"xl debug-keys {vector}I", clean=False) + d.type("xl dmesg", clean=False)
        tap.check(text.count(f"CPU 0: stray interrupt, vector {vector:#x}\n") >= 2, f"so is one of {vector} while dom0 runs", text)
    tap.check(d.run("sleep 1 && echo fine") == ("fine\n", 0), "timers come as before", d.seen)


def main():
    build = os.path.abspath(sys.argv[1] if len(sys.argv) > 1 else "build")
    tap = Tap()
    with tempfile.TemporaryDirectory() as tmp:
        everywhere(tap, build, tmp)
        segment_taken_away(tap, build, tmp)
        before_the_halt(tap, build, tmp)
        machine_check(tap, build, tmp)
    return suite([([stray], {"image": "cloison-test"})], tap)


if __name__ == "__main__":
    sys.exit(main())
