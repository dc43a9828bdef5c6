#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""A guest that is not ours: GRUB's 64-bit Xen build, made here with grub-mkimage, at its prompt on xl console;
what xl does with a guest that obeys nobody; and GRUB as the loader of another kernel. Prints TAP."""
import os
import subprocess
import sys
import tempfile

from dialogue import LEAVE, NOISE, grub_image, suite

GRUB = "grub> "
CONFIG = 'name = "grub"\ntype = "pv"\nkernel = "/guests/grub"\nmemory = 32\n'


def say(d, line):
    """Types a line at GRUB's prompt; returns what it printed, without the echo's cursor moves."""
    d.send(line + "\r")
    return NOISE.sub("", d.wait(GRUB)).split("\n", 1)[-1]


def prompt(tap, d):
    d.send("xl create -c /etc/xen/grub.cfg\r")
    text = d.wait(GRUB)
    tap.check("Welcome to GRUB!" in text and "GNU GRUB  version" in text, "GRUB greets and prompts on its console", text)
    for line, wanted in [
            ("echo it is $grub_platform on $grub_cpu", "it is xen on x86_64\n"),
            ("echo one; echo two", "one\ntwo\n"), ("if [ a = a ]; then echo same; fi", "same\n"),
            ("frobnicate", "error: can't find command `frobnicate'.\n"), ("set x=5", ""), ("echo $x", "5\n"),
            ("ec\t by Tab", "by Tab\n"), ("echo mem$nothing-disk", "mem-disk\n"), ("ls (memdisk)/boot", "echo \n"),
            ("sleep 1", ""), ("date", None)]:
        text = say(d, line)
        good = text == wanted if wanted is not None else text.count("\n") == 1 and text.startswith("20")
        tap.check(good, f"GRUB's prompt answers: {line.replace(chr(9), '<Tab>')}", text)
    d.send(LEAVE)
    d.sync()
    tap.check("echo it is" not in d.text()[-200:], "Ctrl-] leaves it", d.text()[-200:])


def control(tap, d):
    d.run("xl pause grub")
    tap.check(d.domains()["grub"][1:4] == (32, 1, "--p---"), "xl pause stops it", d.seen)
    d.run("xl unpause grub")
    text = d.talk("xl console grub", ("by Tab", ""), ("mem-disk", "echo again\r"), ("again", LEAVE))
    tap.check("Welcome to GRUB!" in text, "who joins again sees what was there", text)
    text, code = d.run("xl shutdown grub")
    tap.check(code == 1 and "does not answer the request to poweroff" in text,
              "it does not know xl shutdown, and xl says so", text)
    d.send("xl console grub\r")
    d.wait("again")
    d.send("halt\r")
    d.wait("dom0# ")
    tap.check(d.gone("grub"), "its halt ends the domain", d.text()[-500:])


def reboot(tap, d):
    d.send("xl create -q -c /etc/xen/grub.cfg\r")
    d.wait(GRUB)
    first = d.text()
    d.send("reboot\r")
    d.wait("dom0# ")
    text = d.until("cat /var/log/xen/xl-grub.log", "Restarted as domain")
    tap.check("reason code 1 (reboot)" in text and "Restarted as domain" in text, "its reboot begins it again", text)
    d.send("xl console grub\r")
    d.wait(GRUB)
    tap.check(say(d, "echo second life") == "second life\n", "the second life has a prompt, too", first[-500:])
    d.send(LEAVE)
    d.sync()
    d.run("xl destroy grub")
    tap.check(d.gone("grub"), "xl destroy ends it", d.seen)


def loader(tap, d):
    before = d.free()[0]
    d.send("xl create -q -c /etc/xen/grub.cfg\r")
    d.wait(GRUB)
    tap.check(say(d, "linux (memdisk)/boot/echo a=b") == "", "GRUB loads another PV kernel", d.text()[-500:])
    d.send("boot\r")
    d.wait('"quit" ends this domain.')
    d.send("from GRUB\r")
    d.wait("from GRUB")
    d.wait("from GRUB")
    tap.check(True, "and starts it in its place: new page tables, new start information")
    d.send("quit\r")
    d.wait("Good bye.")
    d.wait("dom0# ")
    tap.check(d.gone("grub") and d.free()[0] == before, "nothing is left of either", f"{before} {d.free()[0]}")


def image(build):
    """GRUB with a memory disk that holds the sample guest echo."""
    with tempfile.TemporaryDirectory() as tmp:
        os.mkdir(f"{tmp}/boot")
        subprocess.run(["strip", "-s", "-o", f"{tmp}/boot/echo", f"{build}/guests/echo"], check=True)
        subprocess.run(["tar", "-C", tmp, "-cf", f"{tmp}/disk.tar", "boot"], check=True)
        return grub_image(f"{tmp}/grub", "-m", f"{tmp}/disk.tar", "memdisk", "tar", "normal", "linux", "echo", "ls",
                          "test", "date", "sleep", "halt", "reboot")


if __name__ == "__main__":
    BUILD = os.path.abspath(sys.argv[1] if len(sys.argv) > 1 else "build")
    FILES = {"/guests/grub": image(BUILD), "/etc/xen/grub.cfg": CONFIG}
    sys.exit(suite([([prompt, control, reboot, loader], {"files": FILES})]))
