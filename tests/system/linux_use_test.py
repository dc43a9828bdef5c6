#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""A Debian root as people use it on xl console: a getty and a login, keys and jobs, vi and top, the terminal's size, gdb,
modules, timers over a pause. Usage: linux_use_test.py BUILD [xen]; with xen the same with dom0 on Debian's Xen."""
import glob
import os
import re
import subprocess
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, f"{HERE}/linux", f"{HERE}/../tools"]
import debian  # noqa: E402
import image  # noqa: E402
import machine  # noqa: E402
import programs  # noqa: E402
from dialogue import LEAVE, PROMPT, suite  # noqa: E402
from host import COMPLAINT  # noqa: E402

PACKAGES = ["login", "util-linux", "libpam-modules", "bash", "ncurses-base", "gdb-minimal", "vim-tiny", "procps", "kmod"]
SHELL = "root@linux:~# "
BEGAN = time.time()
BOOT = 240
CONFIG = """name = "debian"
kernel = "/boot/vmlinuz"
ramdisk = "/boot/debian"
extra = "console=hvc0 quiet"
memory = 384
"""
# What the packages' installation scripts would write; the password is "password".
FILES = {
    "etc/inittab": "::sysinit:/etc/rc\nhvc0::respawn:/sbin/agetty -L hvc0 linux\n::ctrlaltdel:/sbin/reboot\n",
    "etc/passwd": "root:x:0:0:root:/root:/bin/bash\n",
    "etc/group": "root:x:0:\ntty:x:5:\n",
    "etc/shadow": "root:$6$cloison$AUx6N6MeIrPXW.C9VyLruYFbShJ7CpKZfN9Z.wREb0xgjsoL95dqsrwsNUo4XnldRsOxkZVZ1Gop.gNsVL/ix0:19000:0:99999:7:::\n",
    "etc/pam.d/login": "".join(f"{kind} required pam_unix.so\n" for kind in ("auth", "account", "password", "session")),
    "etc/pam.d/other": "auth required pam_deny.so\n",
    "root/.profile": ". /etc/bash.bashrc\nbind 'set enable-bracketed-paste off'\n",
}
FILES["root/steps"] = """set breakpoint pending on
break write
run
bt
stepi
stepi
info registers rip
hbreak _exit
watch -location *(int *)$rsp
continue
info breakpoints
delete 1 3
continue
delete
continue
"""
# Debian's modules for Xen, and what each says in a domU without such devices, on Xen as here.
XEN_MODULES = {name: "" for name in (
    "dummy", "9pnet_xen", "drm_xen_front", "snd_xen_front", "xen-blkback", "xen-blkfront", "xen-evtchn", "xen-gntalloc",
    "xen-gntdev", "xen-netback", "xen-netfront", "xen-pcifront", "xen-privcmd", "xen-scsiback", "xen-scsifront",
    "xen-tpmfront", "xen_wdt", "xenfs")}
XEN_MODULES.update({"xen-acpi-processor": "No such device", "xen-pciback": "No such device"})


def module_files(build):
    """{path in the root: contents} of those modules and all that they need."""
    found = {os.path.basename(p)[:-3].replace("-", "_"): p
             for p in glob.glob(f"{image.package_of(build, 'debian')}/lib/modules/*/kernel/**/*.ko", recursive=True)}
    files, wanted = {}, list(XEN_MODULES)
    while wanted:
        path = found[wanted.pop().replace("-", "_")]
        inside = path[path.index("/lib/modules/") + 1:]
        if inside not in files:
            with open(path, "rb") as f:
                files[inside] = f.read()
            wanted += re.search(rb"\0depends=([^\0]*)\0", files[inside])[1].decode().replace(",", " ").split()
    return files


def initrd(build):
    files = dict(FILES)
    for path in ("init", "etc/rc"):
        with open(f"{HERE}/linux/root/{path}", "rb") as f:
            files[path] = f.read()
    with open(programs.timers(build)["/bin/timers"], "rb") as f:
        files["bin/timers"] = f.read()
    with open(debian.initrd(build, "debian-use", PACKAGES, {**files, **module_files(build)}), "rb") as f:
        return f.read()


def inside(d, line, timeout=90):
    """A command in the guest's shell; returns what it printed."""
    d.send(line + "\r")
    return d.wait(SHELL, timeout).split("\n", 1)[-1]


def logged_in(function):
    """The function talks to the shell of who has logged in; before and after it dom0's prompt is there."""
    def talk(tap, d):
        if "debian" not in d.domains():
            raise LookupError("there is no guest to talk to")
        enter(d)
        function(tap, d)
        leave(d)
    talk.__name__ = function.__name__
    return talk


def enter(d):
    d.entered = getattr(d, "entered", 1000) + 1
    d.send(f"xl console debian\r\recho here $(({d.entered} + 0))\r")
    d.wait(f"here {d.entered}", 60)
    d.wait(SHELL)


def leave(d):
    d.send(LEAVE)
    d.wait(PROMPT)


def login(tap, d):
    d.send("xl create -c /etc/xen/debian.cfg\r")
    if d.wait_re(f"(linux login: |{PROMPT})", BOOT)[1] == PROMPT:
        raise LookupError("no getty")
    tap.check(True, "a getty asks who is there")
    d.send("root\r")
    d.wait("Password: ", 60)
    d.send("wrong\r")
    d.wait("Login incorrect", 60)
    d.wait("login: ", 60)
    tap.check(True, "a wrong password is refused")
    d.send("root\r")
    d.wait("Password: ", 60)
    d.send("password\r")
    d.wait(SHELL, 60)
    tap.check("password" not in d.qemu.before, "the right one opens a shell, and is not shown", d.qemu.before)
    seen = inside(d, "tty; echo $TERM $(id -un) $(ps -o comm= -p $PPID)")
    tap.check("/dev/hvc0\nlinux root login\n" in seen, "its terminal is hvc0", seen)
    leave(d)


def job(d, line="exec sleep 1000"):
    """Begins a job that has the terminal, and has said so."""
    d.send(f"sh -c 'echo begins; {line}'\r")
    d.wait_re(r"\nbegins[\r\n]")


def started_job(d):
    """One that is the program already. The shell of job() is still to become it, and ignores ctrl-\\ until then."""
    d.send("tail -f /etc/group\r")
    d.wait("tty:x:5:")


@logged_in
def keys_and_jobs(tap, d):
    for key, name, code in (("\x03", "ctrl-C", 130), ("\x1c", "ctrl-\\", 131)):
        started_job(d)
        d.send(key)
        d.wait(SHELL)
        tap.check(f"\n{code}\n" in "\n" + inside(d, "echo $?"), f"{name} ends what has the terminal", d.text()[-500:])
    job(d)
    d.send("\x1a")
    d.wait("Stopped")
    d.wait(SHELL)
    seen = inside(d, "jobs; bg; jobs")
    tap.check("Stopped" in seen and "Running" in seen, "ctrl-Z stops a job, and bg lets it go on behind", seen)
    seen = inside(d, "kill %1; wait; jobs; echo none")
    tap.check(re.search(r"^none$", seen, re.M) and "Running" not in seen, "kill ends it", seen)
    job(d, "exec cat >/tmp/typed")
    d.send("\x1a")
    d.wait("Stopped")
    d.wait(SHELL)
    d.send("fg\r")
    d.wait("exec cat")
    d.send("one linr\x7fe\r\x04")
    d.wait(SHELL)
    tap.check(inside(d, "cat /tmp/typed") == "one line\n", "fg brings a job back: it reads on, backspace takes back, ctrl-D ends", d.text()[-500:])


@logged_in
def screen_programs(tap, d):
    inside(d, "stty rows 30 cols 90")
    tap.check(inside(d, "stty size") == "30 90\n", "the terminal's size can be set", d.text()[-300:])
    # What xterm's resize does: it asks where the cursor has got to, sent as far as it goes.
    d.send(r"printf '\e[999;999H\e[6n'; IFS='[;' read -rs -d R _ rows cols; stty rows $rows cols $cols" + "\r")
    d.wait("\x1b[6n", 60)
    d.send("\x1b[43;132R")
    d.wait(SHELL, 60)
    tap.check(inside(d, "stty size") == "43 132\n", "the terminal can be asked for its size", d.text()[-500:])
    d.send("vim.tiny /tmp/note\r")
    d.wait('"/tmp/note" [New]', 60)
    d.send("iwritten in vi\x1b")
    d.wait("written in vi", 60)
    d.send(":wq\r")
    d.wait(SHELL, 60)
    tap.check(inside(d, "cat /tmp/note") == "written in vi\n", "vi edits a file", d.text()[-500:])
    d.send("top -d 1\r")
    for _ in range(3):
        d.wait("load average", 60)
    d.send("q")
    d.wait(SHELL, 60)
    tap.check(True, "top shows its screen again and again, and ends by q")


@logged_in
def debugger(tap, d):
    seen = inside(d, "gdb -q -batch -x steps --args /usr/bin/free 2>&1", 300)
    tap.check("Breakpoint 1," in seen and "#0 " in seen and re.search(r"\nrip +0x", seen), "gdb stops, looks and steps", seen)
    tap.check(re.search(r"\nHardware watchpoint 3: .*\n+Old value", seen), "a debug register watches memory", seen)
    tap.check("hw breakpoint" in seen and re.search(r"\nBreakpoint 2, .*_exit", seen), "another one stops at code", seen)
    tap.check("Mem:" in seen and "exited normally" in seen, "and gdb lets the program go on", seen)


@logged_in
def modules(tap, d):
    inside(d, "depmod; dmesg -C")
    for name, refusal in XEN_MODULES.items():
        seen = inside(d, f"modprobe {name}; lsmod | grep -c ^{name.replace('-', '_')}")
        tap.check(refusal in seen and seen.endswith("0\n" if refusal else "1\n"),
                  f"module {name}: {refusal or 'loaded'}", seen)
        if name == "dummy":
            seen = inside(d, "ip link add d0 type dummy; ip addr add 10.9.8.7/24 dev d0; ip link set d0 up; ping -c 1 10.9.8.7")
            tap.check("1 packets received" in seen, "and works", seen)
        if not refusal:
            seen = inside(d, f"modprobe -r {name}; lsmod | grep -c ^{name.replace('-', '_')}")
            tap.check(seen == "0\n", f"module {name}: unloaded", seen)
    bad = [line for line in inside(d, "dmesg").split("\n") if COMPLAINT.search(line)]
    tap.check(not bad, "and the kernel complains of nothing", "\n".join(bad))


@logged_in
def timers(tap, d):
    seen = inside(d, "date +%s")
    # QEMU counts instructions: on a busy machine its clock goes slower than ours, from our time at its start.
    tap.check(BEGAN - 300 < int(seen) < time.time() + 300, "date is right", seen)
    inside(d, "timers 3 >/tmp/timers &")
    leave(d)
    d.type("xl pause debian")
    d.type("sleep 4")
    d.type("xl unpause debian")
    enter(d)
    seen = inside(d, "wait; cat /tmp/timers")
    tap.check("not ok" not in seen and seen.count("ok ") == 7, "timers that end in a pause come after it, none is lost or early", seen)


def ends(tap, d):
    if "debian" not in d.domains():
        raise LookupError("there is no guest to end")
    enter(d)
    d.send("exit\r")
    d.wait("linux login: ", 60)
    tap.check(True, "who leaves finds the getty again")
    leave(d)
    d.run("xl shutdown -w debian", 90)
    tap.check(d.gone("debian"), "and it ends in order", d.seen)


def main():
    build = os.path.abspath(sys.argv[1] if len(sys.argv) > 1 else "build")
    try:
        with open(image.kernel(build), "rb") as f:
            files = {"/boot/vmlinuz": f.read(), "/boot/debian": initrd(build), "/etc/xen/debian.cfg": CONFIG}
        xen = machine.fetch_xen(build) if "xen" in sys.argv[2:] else None
    except (OSError, subprocess.CalledProcessError, LookupError, TypeError) as e:
        print(f"ok 1 - a Debian root to log in to # SKIP its packages could not be fetched: {e}\n1..1")
        return 0
    return suite([([login, keys_and_jobs, screen_programs, debugger, modules, timers, ends],
                   {"files": files, "memory": "1G", "dom0_mem": "384M", "xen": xen})])


sys.exit(main())
