#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""What xl prints, column by column: its tables and JSON against what Xen 4.17's xl prints for the same, the
options of create, signals to domains, and the hypervisor's log and keys. Prints TAP."""
import json
import re
import sys

from dialogue import LEAVE, LIST_HEAD, suite

NO_UUID = "00000000-0000-0000-0000-000000000000"
UUID = "[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}"
CREATE_N = """{
    "c_info": {
        "type": "pv",
        "name": "echo",
        "uuid": "UUID",
        "run_hotplug_scripts": "True"
    },
    "b_info": {
        "max_vcpus": 1,
        "avail_vcpus": [
            0
        ],
        "max_memkb": 8192,
        "target_memkb": 8192,
        "sched_params": {

        },
        "claim_mode": "True",
        "kernel": "/guests/echo",
        "type.pv": {

        },
        "arch_arm": {

        },
        "arch_x86": {

        }
    },
    "on_reboot": "restart",
    "on_soft_reset": "soft_reset"
}
"""
LIST_L = """[
    {
        "domid": 1,
        "config": {
            "c_info": {
                "type": "pv",
                "name": "echo",
                "domid": 4294967295,
                "uuid": "UUID",
                "run_hotplug_scripts": "True"
            },
            "b_info": {
                "max_vcpus": 1,
                "avail_vcpus": [
                    0
                ],
                "max_memkb": 8192,
                "target_memkb": 8192,
                "video_memkb": 0,
                "sched_params": {
                    "sched": "credit2",
                    "weight": 256,
                    "cap": 0
                },
                "claim_mode": "True",
                "kernel": "/guests/echo",
                "type.pv": {

                },
                "arch_arm": {

                },
                "arch_x86": {
                    "msr_relaxed": "False"
                }
            },
            "on_reboot": "restart",
            "on_soft_reset": "soft_reset"
        }
    }
]

"""
# The keys of `xl info`, in their order, and what each must look like.
INFO = [
    ("host", r"\S+"), ("release", r"\S+"), ("version", r".+"), ("machine", "x86_64"), ("nr_cpus", "1"),
    ("max_cpu_id", "0"), ("nr_nodes", "1"), ("cores_per_socket", "1"), ("threads_per_core", "1"),
    ("cpu_mhz", r"\d+\.\d{3}"), ("hw_caps", "[0-9a-f]{8}(:[0-9a-f]{8}){7}"), ("virt_caps", "pv gnttab-v1"),
    ("total_memory", r"\d+"), ("free_memory", r"\d+"), ("sharing_freed_memory", "0"),
    ("sharing_used_memory", "0"), ("outstanding_claims", "0"), ("free_cpus", "0"), ("xen_major", "4"),
    ("xen_minor", "17"), ("xen_extra", r"\.\S+"), ("xen_version", r"4\.17\.\S+"),
    ("xen_caps", "xen-3.0-x86_64 "), ("xen_scheduler", "credit2"), ("xen_pagesize", "4096"),
    ("platform_params", "virt_start=0xffff800000000000"), ("xen_changeset", r"\w+"),
    ("xen_commandline", "console=com1 .*"), ("cc_compiler", "gcc .+"), ("cc_compile_by", r"\S+"),
    ("cc_compile_domain", ".*"), ("cc_compile_date", ".+"), ("build_id", "[0-9a-f]{40}"),
    ("xend_config_format", "4")]
# The heading of what each debug key prints.
KEYS = {"h": "'h' pressed -> showing installed handlers", "q": "'q' pressed -> dumping domain info",
        "r": r"CPU0: now \d+ us", "e": "Event channels of d0", "g": "Grants of d0: version 1",
        "m": "Physical memory information:", "d": r"\*\*\* Dumping CPU0 guest state \(d0v0\): \*\*\*"}


def row(name, domid, memory, vcpus, state):
    """xl list's line of a domain, as a pattern."""
    return re.escape(f"{name:<40s} {domid:5d} {memory:5d} {vcpus:5d}     {state}  ") + r" {0,7}\d+\.\d"


def create(tap, d):
    tap.check(d.run("xl create -n /etc/xen/echo.cfg")[1] == 0 and
              re.sub(UUID, "UUID", d.seen) == "Parsing config from /etc/xen/echo.cfg\n" + CREATE_N,
              "create -n prints the configuration as JSON", d.seen)
    tap.check(d.run("xl -N create -q /etc/xen/echo.cfg")[1] == 0 and json.loads(d.seen)["c_info"]["name"] == "echo",
              "so does -N", d.seen)
    line = ('xl create -n -q /etc/xen/echo.cfg name=a_b memory=9 maxmem=17 vcpus=3 extra=\'"x=1 y"\' '
            "on_crash='\"preserve\"' on_poweroff=restart uuid=01234567-89ab-cdef-0123-456789abcdef")
    text, _ = d.run(line)
    c = json.loads(text)
    b = c["b_info"]
    tap.check((c["c_info"]["uuid"], b["max_vcpus"], b["target_memkb"], b["max_memkb"], b["cmdline"], c["on_crash"],
               c["on_poweroff"]) == ("01234567-89ab-cdef-0123-456789abcdef", 3, 9216, 17408, "x=1 y", "preserve",
                                     "restart"), "key=value after the file changes settings", text)
    tap.check(list(d.domains()) == ["Domain-0"], "dry runs create nothing", d.seen)
    tap.check(d.run("xl create /etc/xen/echo.cfg") == ("Parsing config from /etc/xen/echo.cfg\n", 0),
              "create names its file", d.seen)
    tap.check(d.run("xl create -p -q -f /etc/xen/echo.cfg name=twin") == ("", 0), "create -q -f says nothing", d.seen)


def tables(tap, d):
    rows = [row("Domain-0", 0, 128, 1, "r-----"), row("echo", 1, 8, 1, "-b----"), row("twin", 2, 8, 1, "--p---")]
    head = re.escape(LIST_HEAD)
    tap.check(re.fullmatch(head + "".join(r + "\n" for r in rows), d.until("xl list", "^echo .* -b----")), "xl list", d.seen)
    tap.check(re.fullmatch(head + rows[2] + "\n" + rows[0] + "\n", d.type("xl list twin 0")),
              "xl list shows those that are asked for", d.seen)
    tails = [re.escape(f" {NO_UUID}"), " " + UUID, " " + UUID]
    verbose = "".join(r + t + re.escape("        -                -") + "\n" for r, t in zip(rows, tails))
    tap.check(re.fullmatch(re.escape(LIST_HEAD[:-1] + "   UUID                            Reason-Code\t"
                                     "Security Label\n") + verbose, d.type("xl list -v")), "xl list -v", d.seen)
    tap.check(re.sub(UUID, "UUID", d.type("xl list -l echo")) == LIST_L, "xl list -l of one domain", d.seen)
    every = json.loads(d.type("xl list -l"))
    tap.check([e["domid"] for e in every] == [0, 1, 2] and every[0]["config"]["c_info"] ==
              {"type": "pv", "name": "Domain-0"}, "xl list -l of all is one JSON array", d.seen)
    tap.check(re.fullmatch(
        r"Name                                ID  VCPU   CPU State   Time\(s\) Affinity \(Hard / Soft\)\n"
        r"Domain-0                             0     0    0   r--  +\d+\.\d  all / all\n"
        r"echo                                 1     0    0   -b-  +\d+\.\d  all / all\n"
        r"twin                                 2     0    0   ---       0\.0  all / all\n",
        d.type("xl vcpu-list")), "xl vcpu-list", d.seen)
    tap.check(re.fullmatch(
        r"Name                                ID Uptime\nDomain-0                             0  0:\d\d:\d\d\n"
        r"echo                                 1  0:\d\d:\d\d\ntwin                                 2  0:\d\d:\d\d\n",
        d.type("xl uptime")), "xl uptime", d.seen)
    tap.check(re.fullmatch(r" \d\d:\d\d:\d\d up  0:\d\d, echo \(1\)\n", d.type("xl uptime -s echo")), "xl uptime -s",
              d.seen)
    tap.check(re.fullmatch(r"UUID                                  ID    name\n" + UUID + "  1    echo {26} *\n" + UUID +
                           "  2    twin {26} *\n", d.type("xl vm-list")), "xl vm-list", d.seen)


def info(tap, d):
    lines = d.type("xl info").splitlines()
    wanted = [re.compile(re.escape(f"{key:<23s}: ") + value) for key, value in INFO]
    wrong = [l for l, w in zip(lines, wanted) if not w.fullmatch(l)]
    tap.check(len(lines) == len(INFO) and not wrong, "xl info has Xen's keys in Xen's order",
              "\n".join(wrong) or d.seen)
    facts = dict(l.split(": ", 1) for l in lines if ": " in l)
    free = int(next(v for k, v in facts.items() if k.startswith("free_memory")))
    machine, _ = d.free()
    tap.check(free == machine // 1024, "xl info and free agree about the free memory", f"{free} MiB, {machine} KiB")


def names(tap, d):
    for line, wanted in [
            ("xl domid twin", ("2\n", 0)), ("xl domname 2", ("twin\n", 0)), ("xl rename twin other", ("", 0)),
            ("xl domid other", ("2\n", 0)), ("xl domid twin", None), ("xl domname 77", None),
            ("xl rename other echo", None), ("xenstore-read /local/domain/2/name", ("other\n", 0))]:
        got = d.run(line)
        good = got == wanted if wanted else got[1] == 1 and got[0].count("\n") == 1
        tap.check(good, f"names: {line}", str(got))


def states(tap, d):
    for line, state in [("xl pause echo", "-bp---"), ("xl unpause echo", "-b----"), ("xl unpause other", "-b----")]:
        result = d.run(line)
        name = line.split()[2]
        tap.check(result == ("", 0) and re.search(row(name, 1 if name == "echo" else 2, 8, 1, state) + "\n",
                                                  d.until(f"xl list {name}", state)), f"{line}: {state}", d.seen)
    d.run("xl create -q /etc/xen/crash.cfg name=spin extra='\"how=spin\"'")
    before = d.domains()["spin"][4]
    d.type("sleep 1")
    after = d.domains()
    tap.check(after["spin"][3] == "------" and after["spin"][4] > before, "a busy domain waits for its turn",
              str(after))
    d.run("xl pause spin")
    one, two = d.domains()["spin"], d.domains()["spin"]
    tap.check(one[3] == "--p---" and one[4] == two[4], "a paused domain uses no time", f"{one} {two}")
    d.run("xl destroy spin")
    tap.check(d.run("xl list spin") == ("spin is an invalid domain identifier (rc=-6)\n", 1),
              "a destroyed domain is gone at once", d.seen)


def kept(tap, d):
    """Domains that have ended and are kept, and what the table says of them."""
    for reason, letter, number in [("poweroff", "-", 0), ("reboot", "r", 1), ("suspend", "s", 2), ("crash", "c", 3)]:
        keys = "" if reason == "suspend" else f" on_{reason}='\"preserve\"'"
        d.run(f"xl create -q /etc/xen/crash.cfg name=k extra='\"how={reason}\"'{keys}")
        text = d.until("xl list -v k", f"---s{letter}-")
        tap.check(re.search(rf"---s{letter}-  +\d+\.\d {UUID} {number:8d}  +-\n", text),
                  f"a domain that ended by {reason} is listed with its reason", text)
        d.run("xl destroy k")


def signals(tap, d):
    d.run("xl sysrq echo h")
    tap.check("sysrq h\n" in d.until("console-log echo", "sysrq h"), "xl sysrq reaches the guest", d.seen)
    tap.check(d.run("xl sysrq echo hh")[1] == 1, "a sysrq is one letter", d.seen)
    tap.check(d.run("xl trigger echo frob") == ('Invalid trigger "frob"\n', 1), "a trigger that is none", d.seen)
    tap.check(d.run("xl trigger echo nmi 7")[1] == 1 and "vCPU 7 of domain 1" in d.seen, "no such vCPU", d.seen)
    tap.check(d.run("xl trigger other nmi") == ("", 0) and d.gone("other"), "xl trigger nmi reaches the guest", d.seen)
    tap.check("*** NMI (vector 2" in d.type("console-log other"), "which says so before it dies", d.seen)
    tap.check(d.run("xl mem-set echo 6") == ("", 0) and
              d.type("xenstore-read /local/domain/1/memory/target") == "6144\n", "xl mem-set tells the guest", d.seen)
    tap.check(d.run("xl mem-max echo 4")[1] == 1 and d.seen.count("\n") == 1, "xl mem-max keeps above the target",
              d.seen)


def endings(tap, d):
    tap.check(d.run("xl reboot -w echo") == ("Rebooting domain 1\nWaiting for 1 domains\nDomain 1 has been shut down, "
                                             "reason code 1\n", 0), "xl reboot -w", d.seen)
    text = d.until("xl list echo", "-b----")
    tap.check(re.search(r"^echo +[2-9] ", text, re.M), "after a reboot the domain is back with a new number", text)
    d.run("xl create -q /etc/xen/echo.cfg name=two")
    text, code = d.run("xl shutdown -a -w")
    tap.check(code == 0 and text.count("Shutting down domain ") == 2 and "Waiting for 2 domains\n" in text and
              text.count("reason code 0\n") == 2, "xl shutdown -a -w", text)
    tap.check(d.gone("echo") and d.gone("two"), "then they are gone", d.seen)
    d.run("xl create -q /etc/xen/crash.cfg name=deaf extra='\"how=spin\"'")
    text, code = d.run("xl shutdown deaf")
    tap.check((text, code) == (f"Shutting down domain {d.domains()['deaf'][0]}\nxl: domain {d.domains()['deaf'][0]} "
                               "(deaf) does not answer the request to poweroff; `xl destroy` ends it without asking\n",
                               1), "a guest without an agent is named", text)
    tap.check(d.run("xl destroy deaf") == ("", 0) and list(d.domains()) == ["Domain-0"], "xl destroy", d.seen)


def console(tap, d):
    text = d.talk("xl create -c -q /etc/xen/echo.cfg", ("> ", "first\r"), ("first\r", ""), ("> ", LEAVE))
    tap.check('"quit" ends this domain' in text, "create -c shows the first line", text)
    text = d.talk("xl console echo", ("first", ""), ("> ", "again\r"), ("again", ""), ("> ", LEAVE))
    tap.check('"quit" ends this domain' in text, "xl console begins with what was said before", text)
    text = d.talk("xl console echo", ("again", "quit\r"))
    tap.check("Good bye.\n" in text, "xl console ends with the domain", text)
    text = d.talk("xl create -q -p -c /etc/xen/echo.cfg name=p", ("create", ""), ("\n", LEAVE))
    tap.check(d.domains()["p"][3] == "--p---", "create -p -c leaves it paused", text)
    d.run("xl destroy p")
    tap.check(d.run("xl console 0")[1] == 1, "dom0 has no console to join", d.seen)


def helps(tap, d):
    text, code = d.run("xl help")
    commands = ("create list destroy shutdown reboot pause unpause console vcpu-list vcpu-set vcpu-pin "
                "sched-credit2 sched-credit cpupool-list top info domid domname rename trigger "
                "sysrq debug-keys dmesg uptime").split()
    missing = [c for c in commands if not re.search(rf"^ {c:<19s} \S", text, re.M)]
    tap.check(code == 0 and text.startswith("Usage xl [-vfNtT] <subcommand> [args]\n\nxl full list of subcommands:\n\n")
              and not missing, "xl help lists all commands", f"{missing}\n{text}")
    tap.check(d.run("xl") == (text, 1), "xl alone prints the same and fails", d.seen)
    wrong = [c for c in commands if not re.match(rf"Usage: xl \[-\w+\] {c}\b", d.type(f"xl help {c}"))]
    tap.check(not wrong, "xl help COMMAND for each command", str(wrong))
    wrong = [c for c in commands if c not in ("create", "reboot") and d.run(f"xl {c} --frob")[1] not in (1, 2)]
    tap.check(not wrong, "no command takes an option that it does not know", str(wrong))
    tap.check(d.run("xl --version")[1] == 0 and re.fullmatch(r"xl of Cloison \d+\.\d+\n", d.seen), "xl --version", d.seen)
    tap.check(d.run("xl --frob") == ("unknown global option\n", 1), "an unknown global option", d.seen)
    tap.check(d.run("xl dest") == d.run("xl destroy") and "requires at least 1 argument" in d.seen,
              "a command may be shortened", d.seen)


def hypervisor(tap, d):
    text = d.type("xl dmesg", clean=False)
    tap.check(re.match(r"\(XEN\) Cloison \d", text) and "*** Serial input to DOM0" in text, "xl dmesg is the whole log",
              text)
    for key, heading in KEYS.items():
        d.type("xl dmesg -c")
        code = d.run(f"xl debug-keys {key}")[1]
        text = d.type("xl dmesg -c", clean=False)
        tap.check(code == 0 and re.search(rf"^\(XEN\) {heading}", text, re.M) and
                  not re.search(r"^(?!\(XEN\) )", text[:-1], re.M), f"debug key {key}", text)
        if key == "m":
            tap.check("whole-state check: 0 problems" in text, "the frame table is in order", text)
        if key == "q":
            tap.check("General information for domain 0:" in text, "q tells of dom0", text)
        if key == "d":
            tap.check(re.search(r"rip: *[0-9a-f]{16}|RIP: ", text, re.I), "d prints registers", text)
    text = d.type("xl dmesg", clean=False)
    tap.check(text == "", "xl dmesg -c empties the log", text)


if __name__ == "__main__":
    sys.exit(suite([([create, tables, info, names, states, kept, signals, endings], {}), ([console, helps, hypervisor], {"checked": True})]))
