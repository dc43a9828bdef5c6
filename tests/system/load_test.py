#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Many domains: alive at once, coming and going while others talk, crashing again and again; and afterwards nothing
is missing: no frame of the machine, no port or grant of dom0, no node of xenstore, nothing of dom0's heap.
An argument behind the build folder is the number of domains made and destroyed (make torture-create)."""
import re
import sys

from dialogue import WASH, suite

CYCLES = int(sys.argv[2]) if len(sys.argv) > 2 else 100
ALIVE = 200
STORM = 20
BLOCK = 25

IDLE = 'name="idle"\nkernel="/guests/echo"\nmemory=2\n'
CRASH = 'name="crash"\nkernel="/guests/crash"\nmemory=2\nextra="how=null after=1"\non_crash="restart"\n'


def create(name, cfg="idle"):
    return f"xl create -q /etc/xen/{cfg}.cfg 'name=\"{name}\"'\n"


FILES = WASH | {
    "/etc/xen/idle.cfg": IDLE,
    "/etc/xen/storm.cfg": CRASH,
    "/etc/cycles": (create("cycle") + "xl destroy cycle\n") * BLOCK,
    "/etc/many": "".join(create(f"many{n}") for n in range(ALIVE)),
    "/etc/few": "".join(f"xl destroy many{n}\n" for n in range(ALIVE)),
    "/etc/storm": "".join(create(f"storm{n}", "storm") for n in range(STORM)),
    "/etc/calm": "".join(f"xl destroy storm{n}\n" for n in range(STORM)),
}


def books(d):
    """The machine's memory and dom0's, its ports and grants, nodes of xenstore."""
    d.wash()
    key = d.type("xl debug-keys e", clean=False)
    ports = re.search(r"Event channels of d0.*?(?=Event channels of|\Z)", key, re.S)
    key = d.type("xl debug-keys g", clean=False)
    grants = re.search(r"Grants of d0: (.*)", key)
    return {"ports": len(re.findall(r"^\(XEN\) +\d+ \[", ports[0], re.M)) if ports else -1,
            "grants": grants[1] if grants else "?", "nodes": d.nodes()} | d.memory()


def same(tap, d, before, what):
    for _ in range(3):
        now = books(d)
        if now == before:
            break
    tap.check(now == before, f"after {what} nothing is missing, not a byte of dom0's heap", f"before {before}\nafter  {now}")


def cycle(d, times):
    for _ in range(0, times, BLOCK):
        text = d.type("sh /etc/cycles", timeout=120)
        if text:
            return text
    return ""


def warm_up(d):
    """dom0 keeps some things after their first use: consoles of the dead, log files, pages of its heap."""
    for script in ("many", "few", "storm"):
        d.type(f"sh /etc/{script}", timeout=120)
    d.type("sleep 2")
    end_storm(d)
    cycle(d, 2 * BLOCK)
    talkers(d, 100)
    stop_talkers(d)


def talkers(d, rounds):
    d.type("xl create -q /etc/xen/pingpong.cfg")
    server = d.type("xl domid pong").strip()
    d.type(f"xl create -q /etc/xen/pingpong.cfg 'name=\"ping\"' 'extra=\"peer={server} rounds={rounds}\"'")


def stop_talkers(d):
    done = d.until("console-log ping", r"^ping: \d+ round trips", tries=120)
    d.gone("ping")
    d.type("xl destroy pong")
    return done


def end_storm(d):
    """One that is just starting again has no name for a moment: three looks that find none."""
    calm = 0
    for _ in range(40):
        d.type("sh /etc/calm", timeout=60)
        calm = 0 if any(name.startswith("storm") for name in d.domains()) else calm + 1
        if calm == 3:
            break
        d.type("sleep 0.25")


def cycles(tap, d):
    warm_up(d)
    before = books(d)
    text = cycle(d, CYCLES)
    tap.check(not text, f"{CYCLES} domains are made and destroyed, one by one", text)
    same(tap, d, before, f"{CYCLES} domains")


def many(tap, d):
    before = books(d)
    text = d.type("sh /etc/many", timeout=180)
    tap.check(not text, f"{ALIVE} domains are made", text)
    alive = d.domains()
    tap.check(len(alive) == ALIVE + 1, f"{ALIVE} domains live at once", len(alive))
    text = d.talk("xl console many137", ("> ", "still here\r"), ("\n> ", "\x1d"))
    tap.check("still here" in text, "one of them answers", text)
    talkers(d, 2000)
    text = cycle(d, BLOCK)
    tap.check(not text, "more come and go among them", text)
    tap.check("2000 round trips" in stop_talkers(d), "while two of them talk", d.seen)
    text = d.type("sh /etc/few", timeout=180)
    tap.check(not text and len(d.domains()) == 1, "all are destroyed", text)
    same(tap, d, before, f"{ALIVE} at once")


def storm(tap, d):
    before = books(d)
    d.type("xl create -q /etc/xen/idle.cfg")
    quiet = d.domains()["idle"][0]
    d.type("sh /etc/storm", timeout=120)
    first = int(d.type("xl domid idle"))
    talkers(d, 5000)
    tap.check("5000 round trips" in stop_talkers(d), "two beside them talk on", d.seen)
    d.type("sleep 5")
    last = max(row[0] for row in d.domains().values())
    tap.check(last - first > 2 * STORM, f"{STORM} domains crash and start again", f"ids {first} to {last}")
    text = d.talk("xl console idle", ("> ", "calm\r"), ("\n> ", "\x1d"))
    tap.check("calm" in text and d.domains()["idle"][0] == quiet, "one beside them is as it was", text)
    end_storm(d)
    d.type("xl destroy idle")
    tap.check(len(d.domains()) == 1, "the storm ends", d.seen)
    same(tap, d, before, "a storm")


sys.exit(suite([([cycles, many, storm], {"files": FILES, "memory": "1G", "cpu": "Nehalem", "checked": True, "dom0": "dom0-test"})]))
