#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Runs test suites and counts. Every suite is a set of programs that print TAP
("ok N - name", "not ok N - name", "# SKIP why"); a program that prints none, ends
badly or runs out of time counts as one failure. Two of them run at a time, where there are two
CPUs; what they print comes in their order. The last line is 'N passed, N failed', with
', N skipped' where something was."""
import argparse
import concurrent.futures
import glob
import os
import re
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
LINE = re.compile(r"^\s*(not ok|ok)\b\s*\d*\s*-?\s*(.*)$")


class Result:
    """What came of one program: the counts, and the lines to print."""

    def __init__(self, name):
        self.name, self.start = name, time.monotonic()
        self.passed = self.failed = self.skipped = 0
        self.lines = []

    def quote(self, text, last):
        self.lines += [f"    | {l}" for l in text.splitlines()[-last:]]

    def tap(self, text, code):
        seen = False
        for line in text.splitlines():
            m = LINE.match(line)
            if not m:
                continue
            seen = True
            if re.search(r"#\s*skip", m[2], re.I):
                self.skipped += 1
                self.lines.append(f"  skip {self.name}: {m[2]}")
            elif m[1] == "ok":
                self.passed += 1
            else:
                self.failed += 1
                self.lines.append(f"  FAIL {self.name}: {m[2]}")
        if not seen or (code != 0 and not re.search(r"^\s*not ok", text, re.M)):
            self.failed += 1
            self.lines.append(f"  FAIL {self.name}: ended with {code}{'' if seen else ' and no result'}")
            self.quote(text, 30)
        elif code != 0 or "not ok" in text:
            self.quote(text, 60)

    def end(self, what=""):
        self.lines.append(f"  {'FAIL' if self.failed else 'ok  '} {self.name} "
                          f"({what}{time.monotonic() - self.start:.1f} s)")
        return self


def run(name, command, timeout, env=None):
    result = Result(name)
    try:
        p = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                           stderr=subprocess.STDOUT, timeout=timeout, env=env)
        text, code = p.stdout.decode(errors="replace"), p.returncode
    except subprocess.TimeoutExpired as e:
        text, code = (e.stdout or b"").decode(errors="replace"), "a time-out"
    result.tap(text, code)
    return result.end()


# What measures several CPUs by the clock, or has guests whose watchdogs do: nothing else runs meanwhile.
ALONE = {"shares_test.py", "linux_test.py"}


# Each suite is a list of jobs: functions without arguments that return a Result.
def unit(build, folder="units", name="unit"):
    env = dict(os.environ, CMOCKA_MESSAGE_OUTPUT="TAP")
    return [lambda p=path: run(f"{name}/{os.path.basename(p)}", [p], 300, env)
            for path in sorted(glob.glob(f"{build}/{folder}/*"))]


def fuzz_one(build, path, seconds):
    """A target's tracked inputs, and what the fuzzer makes of them in its share of a minute.
    It begins with the same seed, so that a target that was not changed does much the same again."""
    name = os.path.basename(path)
    result = Result(f"fuzz/{name}")
    corpus = f"{HERE}/fuzz/corpus/{name}"
    with tempfile.TemporaryDirectory() as found:
        p = subprocess.run([path, "-seed=1", f"-max_total_time={seconds}", "-timeout=60",
                            "-rss_limit_mb=2048", f"-artifact_prefix={build}/fuzz/crash-{name}-", found]
                           + [corpus] * os.path.isdir(corpus), stdin=subprocess.DEVNULL,
                           stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=300)
    ran = re.search(rb"Done (\d+) runs", p.stdout)
    if p.returncode == 0 and ran:
        result.passed = 1
    else:
        result.failed = 1
        result.quote(p.stdout.decode(errors="replace"), 40)
    return result.end(f"{ran[1].decode() if ran else 'no'} inputs, ")


def fuzz(build):
    targets = [p for p in sorted(glob.glob(f"{build}/fuzz/*"))
               if os.access(p, os.X_OK) and os.path.isfile(p)]
    return [lambda p=path: fuzz_one(build, p, max(60 // len(targets), 1)) for path in targets]


def scripts(build, folder, alone=False):
    return [lambda p=path: run(f"{folder}/{os.path.basename(p)[:-8]}", [sys.executable, p, build], 1200)
            for path in sorted(glob.glob(f"{HERE}/{folder}/*_test.py"))
            if (os.path.basename(path) in ALONE) == alone]


SUITES = {
    "unit": unit,
    "msan": lambda b: unit(b, "msan", "msan"),
    "fuzz": fuzz,
    "lint": lambda b: scripts(b, "lint"),
    "guest": lambda b: scripts(b, "guest"),
    "xen": lambda b: scripts(b, "xen"),
    "system": lambda b: scripts(b, "system"),
}


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--build", default="build")
    parser.add_argument("--jobs", type=int, default=min(2, os.cpu_count() or 1))
    parser.add_argument("suites", nargs="+", choices=list(SUITES))
    args = parser.parse_args()
    passed = failed = skipped = 0
    with concurrent.futures.ThreadPoolExecutor(args.jobs) as pool:
        begun = [(suite, [pool.submit(job) for job in SUITES[suite](args.build)])
                 for suite in args.suites]
        for suite, jobs in begun:
            print(f"{suite}:", flush=True)
            alone = scripts(args.build, suite, True)
            for result in [job.result for job in jobs] + alone:
                r = result()
                passed, failed, skipped = passed + r.passed, failed + r.failed, skipped + r.skipped
                print("\n".join(r.lines), flush=True)
    print(f"{passed} passed, {failed} failed{f', {skipped} skipped' if skipped else ''}")
    return 1 if failed or not passed else 0


sys.exit(main())
