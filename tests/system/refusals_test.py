#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""What xl refuses: one line that says what and where, the exit code, and after each failed create the free
memory, the domains and xenstore as they were before. Prints TAP."""
import os
import re
import sys

from dialogue import suite

NO_DOMAIN = r"nosuch is an invalid domain identifier \(rc=-6\)\n"
# (what follows `xl create -q`, exit code, the pattern of all that is printed)
CREATES = [
    ("/etc/xen/nosuch.cfg", 3, r"Failed to read config file: /etc/xen/nosuch.cfg: No such file or directory\n"),
    ("/etc/xen", 3, r"Failed to read config file: /etc/xen: Is a directory\n"),
    ("/t/value.cfg", 1, r"/t/value\.cfg:2:10: syntax error, unexpected end of line, expecting .*\n"),
    ("/t/quote.cfg", 1, r"/t/quote\.cfg:3:8: .*\n"),
    ("/t/list.cfg", 1, r"/t/list\.cfg:1:1\d: syntax error.*\n"),
    ("/t/binary.cfg", 1, r"/t/binary\.cfg:1:1: .*\n"),
    ("/t/noname.cfg", 1, r"Domain name must be specified\.\n"),
    ("/t/nokernel.cfg", 1, r"Neither kernel nor bootloader specified\n"),
    ("/t/disk.cfg", 1, r"/t/disk\.cfg:4:1: disk: .*\n"),
    ("H kernel=/nosuch", 3, r"xl: cannot read kernel '/nosuch': No such file or directory\n"),
    ("H kernel=/t", 3, r"xl: cannot read kernel '/t': Is a directory\n"),
    ("H ramdisk=/nosuch", 3, r"xl: cannot read ramdisk '/nosuch': No such file or directory\n"),
    ("H kernel=/t/text", 3, r"xl: kernel '/t/text': not an ELF image\n"),
    ("H kernel=/t/empty", 3, r"xl: kernel '/t/empty': not an ELF image\n"),
    ("H kernel=/t/i386", 3, r"xl: kernel '/t/i386': not a 64-bit ELF image\n"),
    ("H kernel=/t/program", 3, r"xl: kernel '/t/program': no PV kernel: it has no Xen ELF notes.*\n"),
    ("H kernel=/t/cut", 3, r"xl: kernel '/t/cut': ELF segment reaches beyond the end of the file\n"),
    ("H kernel=/t/gz", 3, r"xl: kernel '/t/gz': .*\n"),
    ("H memory=1", 3, r"xl: not enough memory: .* need \d+ MiB, the domain has 1 MiB\n"),
    ("H memory=8 ramdisk=/t/big", 3, r"xl: not enough memory: .* need \d+ MiB, the domain has 8 MiB\n"),
    ("H memory=5000", 3, r"xl: not enough memory: 5000 MiB asked, FREE MiB free\n"),
    ("H memory=99999999999999", 1, r"<command line>:1:1: memory: 99999999999999 is not in the range .*\n"),
    ("H memory=abc", 1, r"<command line>:1:1: memory: needs a number, not 'abc'\n"),
    ("H vcpus=0", 1, r"<command line>:1:1: vcpus: 0 is not in the range .*\n"),
    ("H vcpus=999", 1, r"<command line>:1:1: vcpus: 999 is not in the range .*\n"),
    ("H on_crash=explode", 1, r"<command line>:1:1: on_crash: 'explode' is no action \(destroy, restart, .*\n"),
    ("H uuid=zzz", 1, r"<command line>:1:1: uuid: needs the form .*\n"),
    ("H type=hvm", 1, r"<command line>:1:1: type: 'hvm' guests are not supported, only 'pv'\n"),
    ("H name=a/b", 1, r"<command line>:1:1: name: may not contain .*\n"),
    ("H vif=[1]", 1, r"<command line>:1:1: vif: .*\n"),
    ("H word", 1, r"'word' is not of the form key=value\n"),
    ("H name=first", 3, "xl: Domain with name \"first\" already exists\\.\n"),
    ("H name=x uuid=11111111-2222-4333-8444-555555555555", 3, r"xl: another domain has the uuid that 'x' asks for\n"),
    ("/etc/xen/crash.cfg extra='\"how=null\"'", 3,
     r"xl: domain \d+ \(crash\) crashed while starting; its last console lines:\n(  \| .*\n)+"),
    ("/etc/xen/crash.cfg extra='\"how=notraps\"'", 3,
     r"xl: domain \d+ \(crash\) crashed while starting; its last console lines:\n(  \| .*\n)+"),
    ("", 1, r"xl create: no configuration file is named\n"),
    ("--frob H", 2, r"xl create: .*--frob.*\n"),
]
OTHERS = [(f"{c} nosuch", 1, NO_DOMAIN) for c in (
    "list", "console", "pause", "unpause", "shutdown", "reboot", "destroy")] + [
    ("vcpu-list nosuch", 1, "Name .*\n" + NO_DOMAIN), ("uptime nosuch", 1, "Name .*\n" + NO_DOMAIN),
    ("rename nosuch x", 1, NO_DOMAIN), ("trigger nosuch nmi", 1, NO_DOMAIN), ("sysrq nosuch h", 1, NO_DOMAIN),
    ("domid nosuch", 1, r".*nosuch.*\n"), ("domname 12345", 1, r".*12345.*\n"), ("domname x", 1, r"Invalid domain id.\n\n"),
    ("destroy 0", 1, r"Not destroying domain 0; use -f to force\.\nThis can only be done when using a disaggregated "
     r"hardware domain and toolstack\.\n\n"),
    ("pause 0", 1, r"xl pause: domain 0 .*\n"), ("shutdown 0", 1, r"xl shutdown: .*\n"),
    ("console 0", 1, r".*\n"), ("frobnicate", 1, r"command not implemented\n"), ("d", 1, r"command not implemented\n"),
    ("shutdown -a x", 1, 'You cannot specify "-a" and a domain\n'), ("-N list", 1, r"command does not implement -N .*\n")]


def creates(tap, d):
    uuid = "uuid=11111111-2222-4333-8444-555555555555"
    d.run("xl create -q -p /etc/xen/echo.cfg")
    d.run("xl destroy echo")
    d.run(f"xl create -q /etc/xen/echo.cfg name=first {uuid}")
    free, nodes = d.free()[0], d.nodes()
    for words, code, pattern in CREATES:
        line = "xl create -q " + words.replace("H", "/etc/xen/hello.cfg")
        text, got = d.run(line)
        tap.check(got == code and re.fullmatch(pattern.replace("FREE", str(free // 1024)), text), f"refused: {line}",
                  f"code {got}\n{text}")
        left = (d.free()[0], list(d.domains()), d.nodes())
        tap.check(left == (free, ["Domain-0", "first"], nodes), "  and nothing of it is left",
                  f"{free} KiB and {nodes} nodes before, now {left}")
    text, code = d.run("xl create -p /etc/xen/hello.cfg memroy=1")
    tap.check(code == 0 and text.splitlines()[1:] == ["<command line>:1:1: warning: memroy: unknown key, ignored"],
              "an unknown key is warned of, and the domain created", text)
    text, code = d.run("xl create -n /t/unknown.cfg")
    tap.check(code == 0 and "/t/unknown.cfg:3:1: warning: colour: unknown key, ignored\n" in text,
              "with its place in the file", text)


def others(tap, d):
    for words, code, pattern in OTHERS:
        text, got = d.run(f"xl {words}")
        tap.check(got == code and re.fullmatch(pattern, text), f"refused: xl {words}", f"code {got}\n{text}")


def files(build):
    with open(f"{build}/guests/hello", "rb") as f:
        kernel = f.read()
    with open("/bin/true", "rb") as f:
        program = f.read()
    plain = 'name="x"\nkernel="/guests/hello"\n'
    return {"/t/value.cfg": 'name="x"\nmemory = \n', "/t/quote.cfg": plain + 'extra= "open\n',
            "/t/list.cfg": "kernel=[1, 2", "/t/binary.cfg": bytes(range(128, 256)),
            "/t/noname.cfg": 'kernel="/guests/hello"\n', "/t/nokernel.cfg": 'name="x"\n',
            "/t/disk.cfg": plain + '# a comment\ndisk=["phy:/dev/sda,xvda,w"]\n', "/t/unknown.cfg": plain + 'colour="red"\n',
            "/t/text": "#!/bin/sh\n", "/t/empty": "", "/t/i386": b"\x7fELF\x01\x01\x01" + bytes(200),
            "/t/program": program, "/t/cut": kernel[:5000], "/t/gz": b"\x1f\x8b\x08" + bytes(99), "/t/big": bytes(9 << 20)}


if __name__ == "__main__":
    BUILD = os.path.abspath(sys.argv[1] if len(sys.argv) > 1 else "build")
    sys.exit(suite([([creates, others], {"files": files(BUILD)})]))
