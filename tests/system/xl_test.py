#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""xl at dom0's prompt: every command, every refusal, GRUB as a guest that is not ours, and memory that is
free again afterwards. Prints TAP."""
import re
import subprocess
import sys
import tempfile

import pexpect

from dialogue import Dom0, late
from tap import Tap

HEAD = "Name                                        ID   Mem VCPUs\tState\tTime(s)\n"
DOM0 = re.escape("Domain-0                                     0   128     1     r-----") + r" +\d+\.\d\n"
FILES = {
    "/etc/xen/bad.cfg": 'name="bad"\nmemory=\nkernel=[1,\n',
    "/etc/xen/noname.cfg": 'kernel="/guests/hello"\n',
    "/etc/xen/nokernel.cfg": 'name="x"\n',
    "/etc/xen/disk.cfg": 'name="x"\nkernel="/guests/hello"\ndisk=["phy:/dev/sda,xvda,w"]\n',
    "/etc/xen/grub.cfg": 'name="grub"\nkernel="/guests/grub"\nmemory=32\n',
    "/guests/notelf": "#!/bin/sh\n",
    "/guests/i386": b"\x7fELF\x01\x01\x01" + bytes(200),
}


def free_kib(s):
    m = re.search(r"^machine +\d+ +\d+ +(\d+)", s.run("free")[0], re.M)
    return int(m[1]) if m else -1


def table(tap, s):
    text, code = s.run("xl list")
    tap.check(code == 0 and re.fullmatch(re.escape(HEAD) + DOM0, text), "xl list shows dom0", text)
    tap.check(s.run("xl create /etc/xen/echo.cfg") == ("Parsing config from /etc/xen/echo.cfg\n", 0),
              "xl create says which file it reads, and no more", s.seen)
    text, code = s.until("xl list", r"^echo .* -b----"), 0
    line = re.escape("echo                                         1     8     1     -b----") + r" +\d+\.\d\n"
    tap.check(re.fullmatch(re.escape(HEAD) + DOM0 + line, text), "xl list shows the new domain", text)
    text, code = s.run("xl list -l echo")
    tap.check(code == 0 and '"kernel": "/guests/echo",' in text and text.startswith("[\n    {\n"),
              "xl list -l is JSON", text)
    text, code = s.run("xl vcpu-list echo")
    tap.check(re.search(r"^echo +1 +0 +0 +-b- +\d+\.\d  all / all$", text, re.M), "xl vcpu-list", text)
    text, code = s.run("xl uptime echo")
    tap.check(re.search(r"^echo +1  0:\d\d:\d\d$", text, re.M), "xl uptime", text)
    tap.check(s.run("xl domid echo") == ("1\n", 0), "xl domid", s.seen)
    tap.check(s.run("xl domname 1") == ("echo\n", 0), "xl domname", s.seen)


def states(tap, s):
    s.run("xl pause echo")
    text, _ = s.run("xl list echo")
    tap.check("-bp---" in text, "xl pause shows in the state", text)
    s.run("xl unpause echo")
    text = s.until("xl list echo", "-b----")
    tap.check("-b----" in text, "xl unpause too", text)
    s.run("xl rename echo voice")
    tap.check(s.run("xl domid voice") == ("1\n", 0), "xl rename", s.seen)
    text = s.talk("xl console voice", ("> ", "hello there\r"), ("\n> ", "\x1d"))
    tap.check("hello there" in text, "xl console speaks with the guest; Ctrl-] leaves", text)
    text, code = s.run("xl shutdown -w voice")
    tap.check(code == 0 and text.startswith("Shutting down domain 1\nWaiting for 1 domains\nDomain 1 has been "),
              "xl shutdown -w", text)
    tap.check(s.run("xl list voice") == ("voice is an invalid domain identifier (rc=-6)\n", 1),
              "a domain that was shut down is gone", s.seen)


def refusals(tap, s):
    before = free_kib(s)
    for line, expected, wanted in [
        ("xl create /etc/xen/nosuch.cfg", "Failed to read config file: /etc/xen/nosuch.cfg: No such file or "
         "directory\n", 3),
        ("xl create -q /etc/xen/bad.cfg", "/etc/xen/bad.cfg:2:8: syntax error, unexpected end of line, expecting "
         "a string or a number or '['\n", 1),
        ("xl create -q /etc/xen/noname.cfg", "Domain name must be specified.\n", 1),
        ("xl create -q /etc/xen/nokernel.cfg", "Neither kernel nor bootloader specified\n", 1),
        ("xl create -q /etc/xen/disk.cfg", "/etc/xen/disk.cfg:3:1: disk: this dom0 has no backend for such "
         "devices\n", 1),
        ("xl create -q /etc/xen/hello.cfg kernel=/nosuch", "xl: cannot read kernel '/nosuch': No such file or "
         "directory\n", 3),
        ("xl create -q /etc/xen/hello.cfg kernel=/guests/notelf", "xl: kernel '/guests/notelf': not an ELF "
         "image\n", 3),
        ("xl create -q /etc/xen/hello.cfg kernel=/guests/i386", "xl: kernel '/guests/i386': not a 64-bit ELF "
         "image\n", 3),
        ("xl create -q /etc/xen/grub.cfg memory=2", "xl: not enough memory: the kernel, its ramdisk and tables "
         "need 5 MiB, the domain has 2 MiB\n", 3),
        ("xl create -q /etc/xen/hello.cfg memory=99999", None, 3),
        ("xl create /etc/xen/hello.cfg memroy=1 -n", None, 0),
        ("xl pause nosuch", "nosuch is an invalid domain identifier (rc=-6)\n", 1),
        ("xl destroy 0", "Not destroying domain 0; use -f to force.\nThis can only be done when using a "
         "disaggregated hardware domain and toolstack.\n\n", 1),
        ("xl frobnicate", "command not implemented\n", 1),
    ]:
        text, code = s.run(line)
        good = code == wanted and (expected is None or text == expected)
        tap.check(good, f"refused: {line}", f"code {code}\n{text}")
    text, _ = s.run("xl create -q /etc/xen/hello.cfg memory=99999")
    tap.check(re.fullmatch(r"xl: not enough memory: 99999 MiB asked, \d+ MiB free\n", text),
              "too much memory says how much there is", text)
    text, _ = s.run("xl create -n /etc/xen/hello.cfg memroy=1")
    tap.check("warning: memroy: unknown key, ignored\n" in text, "an unknown key is warned of", text)
    tap.check(free_kib(s) == before, "after all refusals the free memory is what it was",
              f"{before} KiB before, {free_kib(s)} after")


def ends(tap, s):
    text, code = s.run("xl create -q /etc/xen/crash.cfg extra=how=null")
    tap.check(code == 3 and "crashed while starting; its last console lines:\n" in text and "called from" in text,
              "a domain that dies while starting shows its last words", text)
    s.run("xl create -q -p /etc/xen/hello.cfg")
    tap.check(s.run("xl create -q /etc/xen/hello.cfg") ==
              ('xl: Domain with name "hello" already exists.\n', 3), "a name is given once", s.seen)
    s.run("xl destroy hello")
    text = s.talk("xl create -c /etc/xen/hello.cfg", ("Hello from domain", ""))
    tap.check("Hello from domain" in text, "xl create -c misses nothing", text)
    text, code = s.run("xl create -q -F /etc/xen/crash.cfg extra=how=poweroff")
    tap.check(code == 0 and text.endswith("Done. Exiting now\n"), "xl create -F waits for the end", text)
    s.run("xl create -q /etc/xen/crash.cfg extra=how=reboot")
    text = s.until("cat /var/log/xen/xl-crash.log", "Restarted as domain")
    tap.check("Restarted as domain" in text, "a domain that reboots is restarted", text)
    text = s.destroy_for_good("crash")
    tap.check(re.fullmatch(re.escape(HEAD) + DOM0, text), "xl destroy ends the restarts", text)


def host(tap, s):
    text, code = s.run("xl info")
    tap.check(code == 0 and "\nxen_caps               : xen-3.0-x86_64" in text, "xl info", text)
    text, code = s.run("xl debug-keys h")
    tap.check(code == 0, "xl debug-keys", text)
    text = s.type("xl dmesg", clean=False)
    tap.check("(XEN) *** Serial input to DOM0" in text, "xl dmesg", text)
    text, code = s.run("xl help")
    tap.check(code == 0 and "\n create              Create a domain" in text, "xl help", text)
    tap.check(s.run("xl --version")[1] == 0, "xl --version", s.seen)


def grub(tap, s):
    text = s.talk("xl create -c /etc/xen/grub.cfg", ("grub> ", "echo good-$grub_platform\r"),
                  ("good-xen", ""), ("grub> ", "\x1d"))
    tap.check("good-xen" in text, "GRUB answers on its console", text)
    tap.check(s.run("xl destroy grub")[1] == 0, "GRUB is destroyed", s.seen)


def memory(tap, s):
    s.run("sh /etc/cycles")
    before = free_kib(s)
    s.run("sh /etc/cycles", timeout=60)
    after = free_kib(s)
    tap.check(before == after, "50 creates and destroys leave the free memory as it was",
              f"{before} KiB before, {after} after")


def dialogue(build, xen=None):
    """The whole of it, on Cloison or on Debian's Xen. Returns the exit code."""
    tap = Tap()
    with tempfile.TemporaryDirectory() as tmp:
        files = dict(FILES)
        files["/etc/cycles"] = "xl create -q -p /etc/xen/hello.cfg\nxl destroy hello\n" * 50
        image = f"{tmp}/grub"
        subprocess.run(["grub-mkimage", "-O", "x86_64-xen", "-o", image, "-p", "/", "normal", "echo", "ls", "help"],
                       check=True)
        with open(image, "rb") as f:
            files["/guests/grub"] = f.read()
        s = None
        try:
            s = Dom0(build, tmp, files, xen=xen)
            for part in (table, states, refusals, ends, host, grub, memory):
                part(tap, s)
        except (pexpect.TIMEOUT, pexpect.EOF) as e:
            tap.check(False, f"the dialogue goes on ({type(e).__name__}){late(e)}", str(e)[-3000:])
        finally:
            if s:
                s.close()
    return tap.end()


if __name__ == "__main__":
    sys.exit(dialogue(sys.argv[1]))
