#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Runs test suites and counts. Every suite is a set of programs that print TAP
("ok N - name", "not ok N - name", "# SKIP why"); a program that prints none, ends
badly or runs out of time counts as one failure. The last line is
'N passed, N failed', with ', N skipped' where something was."""
import argparse
import glob
import os
import re
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
LINE = re.compile(r"^\s*(not ok|ok)\b\s*\d*\s*-?\s*(.*)$")


class Count:
    def __init__(self):
        self.passed = self.failed = self.skipped = 0

    def tap(self, name, text, code):
        seen = False
        for line in text.splitlines():
            m = LINE.match(line)
            if not m:
                continue
            seen = True
            if re.search(r"#\s*skip", m[2], re.I):
                self.skipped += 1
                print(f"  skip {name}: {m[2]}")
            elif m[1] == "ok":
                self.passed += 1
            else:
                self.failed += 1
                print(f"  FAIL {name}: {m[2]}")
        if not seen or (code != 0 and not re.search(r"^\s*not ok", text, re.M)):
            self.failed += 1
            print(f"  FAIL {name}: ended with {code}{'' if seen else ' and no result'}")
            sys.stdout.write("".join(f"    | {l}\n" for l in text.splitlines()[-30:]))
        elif code != 0 or "not ok" in text:
            sys.stdout.write("".join(f"    | {l}\n" for l in text.splitlines()[-60:]))


def run(count, name, command, timeout, env=None):
    start = time.monotonic()
    try:
        p = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                           stderr=subprocess.STDOUT, timeout=timeout, env=env)
        text, code = p.stdout.decode(errors="replace"), p.returncode
    except subprocess.TimeoutExpired as e:
        text, code = (e.stdout or b"").decode(errors="replace"), "a time-out"
    before = count.failed
    count.tap(name, text, code)
    print(f"  {'ok  ' if count.failed == before else 'FAIL'} {name} ({time.monotonic() - start:.1f} s)",
          flush=True)


def unit(count, build, folder="units", name="unit"):
    env = dict(os.environ, CMOCKA_MESSAGE_OUTPUT="TAP")
    for path in sorted(glob.glob(f"{build}/{folder}/*")):
        run(count, f"{name}/{os.path.basename(path)}", [path], 300, env)


def fuzz(count, build):
    """Each target's tracked inputs, and what the fuzzer makes of them in its share of a minute.
    It begins with the same seed, so that a target that was not changed does much the same again."""
    targets = [p for p in sorted(glob.glob(f"{build}/fuzz/*"))
               if os.access(p, os.X_OK) and os.path.isfile(p)]
    for path in targets:
        name, start = os.path.basename(path), time.monotonic()
        corpus = f"{HERE}/fuzz/corpus/{name}"
        with tempfile.TemporaryDirectory() as found:
            p = subprocess.run([path, "-seed=1", f"-max_total_time={max(60 // len(targets), 1)}",
                                "-timeout=60", "-rss_limit_mb=2048",
                                f"-artifact_prefix={build}/fuzz/crash-{name}-", found]
                               + [corpus] * os.path.isdir(corpus), stdin=subprocess.DEVNULL,
                               stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=300)
        ran = re.search(rb"Done (\d+) runs", p.stdout)
        good = p.returncode == 0 and ran
        count.passed, count.failed = count.passed + bool(good), count.failed + (not good)
        if not good:
            sys.stdout.write("".join(f"    | {l}\n" for l in
                                     p.stdout.decode(errors="replace").splitlines()[-40:]))
        print(f"  {'ok  ' if good else 'FAIL'} fuzz/{name} ({ran[1].decode() if ran else 'no'} inputs, "
              f"{time.monotonic() - start:.1f} s)", flush=True)


def scripts(count, build, folder):
    for path in sorted(glob.glob(f"{HERE}/{folder}/*_test.py")):
        name = f"{folder}/{os.path.basename(path)[:-8]}"
        run(count, name, [sys.executable, path, build], 1200)


SUITES = {
    "unit": unit,
    "msan": lambda c, b: unit(c, b, "msan", "msan"),
    "fuzz": fuzz,
    "lint": lambda c, b: scripts(c, b, "lint"),
    "guest": lambda c, b: scripts(c, b, "guest"),
    "xen": lambda c, b: scripts(c, b, "xen"),
    "system": lambda c, b: scripts(c, b, "system"),
}


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--build", default="build")
    parser.add_argument("suites", nargs="+", choices=list(SUITES))
    args = parser.parse_args()
    count = Count()
    for suite in args.suites:
        print(f"{suite}:", flush=True)
        SUITES[suite](count, args.build)
    skipped = f", {count.skipped} skipped" if count.skipped else ""
    print(f"{count.passed} passed, {count.failed} failed{skipped}")
    return 1 if count.failed or not count.passed else 0


sys.exit(main())
