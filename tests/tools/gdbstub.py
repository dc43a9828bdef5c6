# SPDX-License-Identifier: MIT
"""QEMU's gdb stub, as far as tests want it: stop, look at registers and memory, step, go on, speak to the monitor. Reached
by a socket file, so that machines do not meet. Numbers are QEMU's for x86-64: 16 registers, rip, eflags, segments, then
the bases and the control registers, all in one block."""
import socket
import subprocess
import time

RSP, RIP = 7, 16
CS_AT = 17 * 8 + 4
STEP = 1 | 4	# interrupts come while it steps; time stands still


class Stub:
    """gdb's end of the socket at path, which QEMU was given by options()."""

    def __init__(self, path, patience):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.settimeout(patience)
        end = time.monotonic() + patience
        while True:
            try:
                self.socket.connect(path)
                break
            except OSError:
                if time.monotonic() > end:
                    raise
                time.sleep(0.05)
        self.text = b""
        self.ask("QStartNoAckMode")
        self.socket.sendall(b"+")
        self.ask(f"Qqemu.sstep={STEP}")

    @staticmethod
    def options(path):
        return ["-S", "-chardev", f"socket,path={path},server=on,wait=off,id=gdb", "-gdb", "chardev:gdb"]

    def send(self, text):
        self.socket.sendall(f"${text}#{sum(text.encode()) & 255:02x}".encode())

    def answer(self):
        while True:
            begin = self.text.find(b"$")
            end = self.text.find(b"#", begin)
            if begin >= 0 and 0 <= end <= len(self.text) - 3:
                answer, self.text = self.text[begin + 1:end], self.text[end + 3:]
                return answer.decode()
            data = self.socket.recv(65536)
            if not data:
                raise EOFError("QEMU has ended")
            self.text += data

    def ask(self, text):
        self.send(text)
        return self.answer()

    def monitor(self, line):
        self.send("qRcmd," + line.encode().hex())
        while self.answer() != "OK":
            pass

    def registers(self):
        """All of them, as one block of bytes."""
        return bytes.fromhex(self.ask("g").replace("x", "0"))

    def read(self, va, size):
        return bytes.fromhex(self.ask(f"m{va:x},{size:x}"))

    def write(self, va, data):
        assert self.ask(f"M{va:x},{len(data):x}:{data.hex()}") == "OK", hex(va)

    def stop_at(self, va):
        assert self.ask(f"Z1,{va:x},1") == "OK"

    def not_at(self, va):
        assert self.ask(f"z1,{va:x},1") == "OK"

    def step(self):
        return self.ask("s")

    def go(self):
        """Lets the machine go on until it stops."""
        return self.ask("c")

    def go_to(self, va):
        """The same, with a stop at va that is taken away again."""
        self.stop_at(va)
        self.go()
        self.not_at(va)

    def close(self):
        self.socket.close()


def word(registers, n):
    """General register n of the block (RSP, RIP, ...)."""
    return int.from_bytes(registers[8 * n:8 * n + 8], "little")


def in_guest(registers):
    return bool(registers[CS_AT] & 3)


def symbols(elf):
    out = subprocess.run(["nm", elf], check=True, capture_output=True, text=True).stdout
    return {f[2]: int(f[0], 16) for f in (line.split() for line in out.splitlines()) if len(f) == 3}
