#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""dom0's shell: editing, history, completion, redirection, scripts, files, xenstore's commands, the end of
the machine. Prints TAP."""
import re
import sys

from dialogue import suite

UP, DOWN, LEFT, RIGHT, HOME, END, DELETE = "\x1b[A", "\x1b[B", "\x1b[D", "\x1b[C", "\x1b[H", "\x1b[F", "\x1b[3~"


def keys(d, typed):
    """Types keys, then Enter; returns what the line printed, which must be one line."""
    d.send(typed + "\r")
    return d.wait("dom0# ").split("\n")[-2]


def editing(tap, d):
    for typed, wanted, name in [
            ("echo abd\x08c", "abc", "backspace takes a letter"),
            ("echo abd\x7fc", "abc", "DEL does as well"),
            ("echo ad" + LEFT + "bc", "abcd", "letters go in at the cursor"),
            ("cho x" + HOME + "e", "x", "Home goes to the begin"),
            ("cho x\x01e" + END + "y", "xy", "Ctrl-a and End"),
            ("echo xab" + LEFT * 2 + DELETE + "\x05c", "xbc", "Delete takes the letter under the cursor"),
            ("echo one two\x17three", "one three", "Ctrl-w takes a word"),
            ("nonsense\x15echo clean", "clean", "Ctrl-u takes all before the cursor"),
            ("echo keep away" + LEFT * 4 + "\x0b", "keep", "Ctrl-k takes all behind the cursor"),
            ("echo ab\x17\x19 \x19", "ab ab", "Ctrl-y brings back what was taken"),
            ("echo one two\x1bb\x1bbzero ", "zero one two", "Alt-b goes back by words"),
            ("echo ab" + LEFT * 2 + RIGHT + "-", "a-b", "the arrow keys move by letters"),
            ("echo \xe4\xf6\xfc" + LEFT * 2 + "\x08o", "o\xf6\xfc", "a letter of two bytes is one letter")]:
        text = keys(d, typed)
        tap.check(text.strip() == wanted, name, text)
    d.send("no such line\x03")
    d.wait("dom0# ")
    tap.check(d.type("echo $?").strip() == "130", "Ctrl-c gives a line up", d.seen)


def history(tap, d):
    d.type("echo first")
    d.type("echo second")
    tap.check(keys(d, UP) == "second", "up recalls the last line")
    tap.check(keys(d, UP + UP) == "first", "up again the one before; a line repeated is kept once")
    tap.check(keys(d, "echo new" + UP + DOWN) == "new", "down comes back to the line begun")
    text = d.type("history")
    tap.check(re.search(r"^ +\d+  echo first\n", text, re.M) and text.endswith("history\n"),
              "history lists the lines", text)
    d.type("history -c")
    text = d.type("history")
    tap.check(text == "    1  history\n", "history -c forgets them", text)
    tap.check(d.run("history -x")[1] == 2 and "usage: history [-c]" in d.type("history 3"), "history knows nothing else", d.seen)


def completion(tap, d):
    tap.check(re.fullmatch(r"up \d:\d\d:\d\d", keys(d, "upt\t")), "Tab completes a command", d.text()[-200:])
    d.send("\x04")
    tap.check("There is nothing to log out of" in d.wait("dom0# "), "Ctrl-d does not log out")
    text = keys(d, "cat /etc/xen/RE\t\x15echo ok")
    tap.check(text == "ok", "Tab completes a path", text)
    text = keys(d, "echo /etc/xen/RE\t")
    tap.check(text.strip() == "/etc/xen/README", "the path that Tab completed is used", text)
    d.send("xenstore-\t")
    text = d.wait("dom0# xenstore-")
    tap.check(all(w in text for w in ("xenstore-ls", "xenstore-read", "xenstore-write", "xenstore-watch")),
              "Tab lists when there are several", text)
    d.send("\x15xl cre\t/etc/xen/hel\t-n\r")
    text = d.wait("dom0# ")
    tap.check('"name": "hello"' in text, "Tab completes xl's commands and configurations", text)
    text = keys(d, "xenstore-read /local/domain/0/na\t")
    tap.check(text == "Domain-0", "Tab completes xenstore's nodes", text)


def words(tap, d):
    for line, wanted, code in [
            ("echo 'a  b' \"c $?\" d\\ e", "a  b c 0 d e\n", 0),
            ("echo one; echo two", "one\ntwo\n", 0),
            ("nosuch && echo yes || echo no", "nosuch: no such command (try: help)\nno\n", 0),
            ("nosuch", "nosuch: no such command (try: help)\n", 127),
            ("echo 'open", "syntax: a ' is not closed\n", 2),
            ("echo a >", "syntax: a file name must follow >\n", 2),
            ("echo a | cat", "syntax: | is not known, only ||\n", 2),
            ("echo a # comment", "a\n", 0),
            ("", "", 0),
            ("help cat", "usage: cat FILE...\nprint files\n", 0),
            ("cat", "usage: cat FILE...\n", 2)]:
        text, got = d.run(line)
        tap.check((text, got) == (wanted, code), f"the shell takes: {line or '(nothing)'}", f"{got}\n{text}")
    text, code = d.run("help")
    tap.check(code == 0 and all(re.search(rf"^{w} +\w", text, re.M) for w in ("xl", "ls", "poweroff", "help")),
              "help lists the commands", text)


def files(tap, d):
    d.run("mkdir /tmp/a")
    for line, wanted, code in [
            ("echo one > /tmp/a/x", "", 0), ("echo two >> /tmp/a/x", "", 0), ("cat /tmp/a/x", "one\ntwo\n", 0),
            ("cp /tmp/a/x /tmp/a/y", "", 0), ("mv /tmp/a/y /tmp/a/z", "", 0), ("ls /tmp/a", "x\nz\n", 0),
            ("cat /tmp/a/x /tmp/a/none", "one\ntwo\ncat: /tmp/a/none: No such file or directory\n", 1),
            ("ls /none", "ls: /none: No such file or directory\n", 1),
            ("echo x > /none/y", "/none/y: No such file or directory\n", 1),
            ("cat /tmp", "cat: /tmp: Is a directory\n", 1),
            ("rm /tmp/a", "rm: /tmp/a: Is a directory\n", 1),
            ("rm -r /tmp/a", "", 0), ("ls /tmp/a", "ls: /tmp/a: No such file or directory\n", 1)]:
        text, got = d.run(line)
        tap.check((text, got) == (wanted, code), f"files: {line}", f"{got}\n{text}")
    text, _ = d.run("ls -l /guests")
    tap.check(re.search(r"^- +\d{5,} \d{4}-\d\d-\d\d \d\d:\d\d echo$", text, re.M), "ls -l has sizes and times", text)
    text, _ = d.run("free")
    tap.check(re.fullmatch(r"KiB +total +used +free\nmachine +\d+ +\d+ +\d+\ndom0 +\d+ +\d+ +\d+\n", text),
              "free is a table", text)
    text, _ = d.run("uptime")
    tap.check(re.fullmatch(r"up 0:\d\d:\d\d\n", text), "uptime", text)
    text, _ = d.run("date")
    tap.check(re.fullmatch(r"\w{3} \w{3} [ \d]\d \d\d:\d\d:\d\d UTC 20\d\d\n", text), "date", text)


def store(tap, d):
    d.run("xenstore-write /t/a 1 /t/b 'two words'")
    for line, wanted, code in [
            ("xenstore-read /t/b", "two words\n", 0),
            ("xenstore-read -p /t/a", "/t/a: 1\n", 0),
            ("xenstore-read /t/none", "xenstore-read: /t/none: No such file or directory\n", 1),
            ("xenstore-list /t", "a\nb\n", 0),
            ("xenstore-ls /t", 'a = "1"\nb = "two words"\n', 0),
            ("xenstore-ls -f /t", '/t/a = "1"\n/t/b = "two words"\n', 0),
            ("xenstore-chmod /t/a n0 r1", "", 0),
            ("xenstore-ls -p /t", 'a = "1"   (n0,r1)\nb = "two words"   (n0)\n', 0),
            ("xenstore-exists /t/a", "", 0), ("xenstore-exists /t/none", "", 1),
            ("xenstore-rm /t", "", 0), ("xenstore-exists /t", "", 1)]:
        text, got = d.run(line)
        tap.check((text, got) == (wanted, code), f"xenstore: {line}", f"{got}\n{text}")
    text, _ = d.run("xenstore-ls -f /local/domain/0")
    tap.check('/local/domain/0/name = "Domain-0"\n' in text and '/local/domain/0/domid = "0"\n' in text,
              "dom0 has its nodes", text)
    d.run("xenstore-write /w 0")
    tap.check(d.run("xenstore-watch -n 1 /w") == ("/w\n", 0), "a watch fires at once", d.seen)
    text = d.talk("xenstore-watch /w", ("\n/w", "\x03"))
    tap.check("/w" in text and d.type("echo $?") == "130\n", "Ctrl-c ends a watch", text)
    text, code = d.run("xenstore-control help")
    tap.check(code == 0 and text, "xenstore-control help", text)


def scripts(tap, d):
    text = d.boot_text
    tap.check(text.find("the start script runs") > 0, "/etc/rc runs at the start", text)
    tap.check("dom0: starting /etc/xen/auto/one.cfg\n" in text, "/etc/xen/auto is gone through", text)
    tap.check("one" in d.domains(), "a domain in /etc/xen/auto lives at the first prompt", d.seen)
    tap.check("dom0: /etc/xen/auto/two.cfg was not started\n" in text and
              "cannot read kernel '/nosuch'" in text, "one that cannot start is named", text)
    text, code = d.run("sh /etc/script")
    tap.check((text, code) == ("in a script\nnosuch: no such command (try: help)\n127\n", 0),
              "sh runs a file's lines", f"{code} {text}")
    tap.check(d.run("sh /none") == ("sh: /none: No such file or directory\n", 127), "sh without a file", d.seen)
    text, code = d.run("sh /etc/loop")
    tap.check(code == 127 and "scripts call each other too deeply" in text, "a script that calls itself ends", text)


def poweroff(tap, d):
    d.send("poweroff\r")
    tap.check(d.wait_end(), "poweroff ends QEMU", d.text()[-500:])


def reboot(tap, d):
    d.send("reboot\r")
    tap.check(d.wait_end(), "reboot restarts the machine (with -no-reboot QEMU ends)", d.text()[-500:])


FILES = {
    "/etc/rc": "echo the start script runs\n",
    "/etc/xen/auto/one.cfg": 'name = "one"\nkernel = "/guests/echo"\nmemory = 8\n',
    "/etc/xen/auto/two.cfg": 'name = "two"\nkernel = "/nosuch"\nmemory = 8\n',
    "/etc/script": "echo in a script\n# nothing\nnosuch\necho $?\n",
    "/etc/loop": "sh /etc/loop\n",
}

if __name__ == "__main__":
    sys.exit(suite([
        ([editing, history, completion, words, files, store, reboot], {}),
        ([scripts, poweroff], {"files": FILES, "words": ""})]))
