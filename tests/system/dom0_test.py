#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""dom0's shell, consoles and xenstore as somebody at the serial terminal meets them: keys, typed-ahead
input, start-up files, attaching, scroll-back, many domains, the end of the machine. Prints TAP."""
import re
import sys
import tempfile
import time

import pexpect

from dialogue import PATIENCE, PROMPT, Dom0, late
from tap import Tap

ECHO = "/etc/xen/echo.cfg"
FILES = {
    "/etc/rc": "echo rc was run\nxenstore-write /rc/ran yes\nnosuch\n",
    "/etc/xen/auto/10-hello.cfg": 'name="autohello"\nkernel="/guests/hello"\nmemory=8\n',
    "/etc/xen/auto/20-broken.cfg": "name =\n",
    "/etc/xen/auto/30-echo.cfg": 'name="autoecho"\nkernel="/guests/echo"\nmemory=8\n',
    "/tmp/script": "echo from a script\necho $?\nls /nosuch && echo not this\n",
}


def wait(s, what, timeout=20):
    """Waits for a text or pattern; returns whether it came."""
    try:
        s.qemu.expect(what if hasattr(what, "search") else re.escape(what), timeout * PATIENCE)
        return True
    except (pexpect.TIMEOUT, pexpect.EOF):
        return False


def start_up(tap, s):
    banner = s.qemu.before.replace("\r", "")
    tap.check("rc was run" in banner, "/etc/rc is run at the start", banner)
    tap.check("20-broken.cfg was not started" in banner, "a domain that cannot start is named", banner)
    tap.check(s.run("xenstore-read /rc/ran") == ("yes\n", 0), "rc's commands are the shell's", s.seen)
    text, _ = s.run("xl list autoecho")
    tap.check("autoecho" in text, "domains in /etc/xen/auto start by themselves", text)
    text, code = s.run("console-log autohello")
    tap.check(code == 0 and "Hello from domain" in text, "what they printed is kept", text)
    s.run("xl destroy autoecho")


def commands(tap, s):
    text, code = s.run("help")
    tap.check(code == 0 and all(re.search(rf"^{c} ", text, re.M) for c in
              "ls cat echo free uptime xenstore-ls xenstore-watch xl poweroff reboot".split()),
              "help lists the commands", text)
    tap.check(s.run("nosuch") == ("nosuch: no such command (try: help)\n", 127), "unknown commands are 127", s.seen)
    text, _ = s.run("echo a 'b  c' > /tmp/x; echo d >> /tmp/x; cat /tmp/x")
    tap.check(text == "a b  c\nd\n", "echo writes files", text)
    text, _ = s.run("false-one || echo or && echo and; echo end # comment")
    tap.check(text.endswith("or\nand\nend\n"), "commands are joined", text)
    text, code = s.run("sh /tmp/script")
    tap.check(text == "from a script\n0\nls: /nosuch: No such file or directory\n" and code == 1,
              "scripts are run line by line", text)
    tap.check(s.run("echo 'x")[1] == 2, "a syntax error is 2", s.seen)
    tap.check(re.fullmatch(r"up 0:\d\d:\d\d\n", s.run("uptime")[0]), "uptime", s.seen)
    tap.check(re.search(r"^machine +\d+ +\d+ +\d+$", s.run("free")[0], re.M), "free", s.seen)
    text, _ = s.run("mkdir /tmp/d; cp /tmp/x /tmp/d; mv /tmp/d/x /tmp/d/y; ls /tmp/d; rm -r /tmp/d; ls /tmp/d")
    tap.check(text == "y\nls: /tmp/d: No such file or directory\n", "files are copied, moved, removed", text)


def keys(tap, s):
    s.qemu.send("ecHo x\x1b[H\x1b[C\x1b[C\x1b[3~h\x05\x7fone\r")
    tap.check(wait(s, re.compile(r"\none\r")), "a line is edited by Home, arrows, Delete, Ctrl-E")
    s.qemu.expect_exact(PROMPT)
    s.qemu.send("\x1b[A\r")
    tap.check(wait(s, re.compile(r"\none\r")), "up recalls it")
    s.qemu.expect_exact(PROMPT)
    s.qemu.send("xl cr\t/etc/xen/hel\t")
    tap.check(wait(s, "xl create /etc/xen/hello.cfg "), "Tab completes command, sub-command and file")
    s.qemu.send("\x03")
    s.qemu.expect_exact(PROMPT)
    s.qemu.send("sleep 0.5\recho first\recho second\r")
    tap.check(wait(s, re.compile(r"\nfirst\r.*\nsecond\r", re.S)), "what is typed ahead is run in order")
    s.qemu.expect_exact(PROMPT)
    s.qemu.send("echo begun; sleep 1000\r")
    wait(s, re.compile(r"\nbegun\r"))
    time.sleep(0.5)
    s.qemu.send("\x03")
    tap.check(wait(s, PROMPT, 5), "Ctrl-C ends a command")
    tap.check(s.run("echo $?")[0] == "130\n", "its exit code is 130", s.seen)
    long = "x" * 700
    s.qemu.send(f"echo {long}\r")
    tap.check(wait(s, re.compile(rf"\n{long}\r")), "a long line pasted at once arrives whole")
    s.qemu.expect_exact(PROMPT)
    s.qemu.send("echo lf\n")
    tap.check(wait(s, re.compile(r"\nlf\r")), "LF ends a line as CR does")
    s.qemu.expect_exact(PROMPT)


def consoles(tap, s):
    s.run(f"xl create -q {ECHO}")
    s.qemu.send("xl console echo\r")
    tap.check(wait(s, "> "), "xl console shows what was printed before")
    s.qemu.send("hello there\r")
    tap.check(wait(s, re.compile(r"hello there.*hello there", re.S)), "and is live both ways")
    for i in range(20):
        s.qemu.send(f"{i:04}-abcdefghijklmnop\r")
    tap.check(wait(s, re.compile(r"0019-abcdefghijklmnop.*0019-abcdefghijklmnop", re.S)), "lines pasted arrive")
    s.qemu.send("\x1d")
    tap.check(wait(s, PROMPT), "Ctrl-] leaves")
    s.qemu.send("xl console echo\r")
    tap.check(wait(s, "hello there") and wait(s, "0019-abcdefghijklmnop"), "attaching again shows it all")
    s.qemu.send("quit\r")
    tap.check(wait(s, PROMPT), "the end of the domain ends the session")
    text, _ = s.run("console-log echo")
    tap.check("hello there" in text, "its scroll-back outlives it", text)
    text, code = s.run("xl create -c /etc/xen/hello.cfg")
    tap.check(code == 0 and "Hello from domain" in text, "create -c misses nothing of a short life", text)
    s.run("""xl create -q /etc/xen/crash.cfg 'extra="how=console"'""")
    s.run("sleep 0.5")
    s.run("xl destroy crash")
    tap.check(s.run("echo fine")[0] == "fine\n", "a console ring full of nonsense harms nobody", s.seen)


def xenstore(tap, s):
    text, code = s.run("xenstore-write /t/a 1 /t/b 'two words' && xenstore-ls /t")
    tap.check(code == 0 and text == 'a = "1"\nb = "two words"\n', "xenstore-write and xenstore-ls", text)
    tap.check(s.run("xenstore-list -p /t") == ("/t/a\n/t/b\n", 0), "xenstore-list -p", s.seen)
    tap.check(s.run("xenstore-chmod /t/a n0 r1 && xenstore-ls -f -p /t")[0].startswith('/t/a = "1"   (n0,r1)\n'),
              "permissions are set and shown", s.seen)
    s.qemu.send("xenstore-watch /t\r")
    wait(s, re.compile(r"\n/t\r"))
    s.qemu.send("\x03")
    tap.check(wait(s, PROMPT, 5), "xenstore-watch tells of the node at once and ends by Ctrl-C")
    tap.check(s.run("xenstore-rm /t; xenstore-read /t")[1] == 1, "xenstore-rm removes all below", s.seen)
    tap.check(s.run("xenstore-control check") == ("OK\n", 0), "accounts and tree agree", s.seen)


def many(tap, s, n=20):
    def nodes():
        return re.search(r"nodes (\d+)", s.run("xenstore-control memreport")[0])[1]

    before, bad = nodes(), []
    for i in range(n):
        text, code = s.run(f"xl create -q {ECHO} 'name=\"e{i}\"' memory=4")
        bad += [text] * (code != 0)
    tap.check(not bad, f"{n} domains live side by side", "".join(bad))
    s.qemu.send(f"xl console e{n - 1}\r")
    wait(s, "> ")
    s.qemu.send("still here\r")
    tap.check(wait(s, re.compile(r"still here.*still here", re.S)), "the last one answers")
    s.qemu.send("\x1d")
    s.qemu.expect_exact(PROMPT)
    for i in range(n):
        s.run(f"xl destroy e{i}")
    tap.check(nodes() == before, "xenstore is then as it was before")


def session(tap, build):
    with tempfile.TemporaryDirectory() as tmp:
        s = Dom0(build, tmp, FILES, words="")
        try:
            for part in (start_up, commands, keys, consoles, xenstore, many):
                part(tap, s)
        except (pexpect.TIMEOUT, pexpect.EOF) as e:
            tap.check(False, f"the session goes on ({type(e).__name__}){late(e)}", s.qemu.before)
        ends(tap, s, "poweroff", "poweroff ends QEMU")


def ends(tap, s, command, name):
    s.qemu.send(f"{command}\r")
    try:
        s.qemu.expect(pexpect.EOF, 10 * PATIENCE)
        tap.check(True, name)
    except pexpect.TIMEOUT:
        tap.check(False, name, s.qemu.before)
    s.close()


def main():
    tap, build = Tap(), sys.argv[1] if len(sys.argv) > 1 else "build"
    session(tap, build)
    with tempfile.TemporaryDirectory() as tmp:
        ends(tap, Dom0(build, tmp), "reboot", "reboot resets the machine, which -no-reboot makes its end")
    return tap.end()


sys.exit(main())
