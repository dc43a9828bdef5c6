#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Runs test suites and counts. Every suite is a set of programs that print TAP
("ok N - name", "not ok N - name", "# SKIP why"); a program that prints none, ends
badly or runs out of time counts as one failure. Two of them run at a time, where there are two
CPUs; what they print comes in their order. What ran out of time ("# TIME-OUT" behind a failure, or the whole
program) may have had too little of the machine: it is asked once more, when nothing else runs, and that answer counts; so is
what measures by the clock. What a check found wrong is never asked again. The last line is 'N passed, N failed', with
', N skipped' where something was."""
import argparse
import concurrent.futures
import glob
import os
import re
import signal
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
LINE = re.compile(r"^\s*(not ok|ok)\b\s*\d*\s*-?\s*(.*)$")

KILLED = "a time-out"
# Seconds after which a program is taken for one that hangs; a slow machine needs some minutes.
LIMIT = 3600
# What measures several CPUs by the clock: nothing else runs meanwhile.
ALONE = {"system/shares"}
# The longest programs of the last suite begin first, so that two CPUs come to their end together.
LONGEST = ["linux_debian", "linux", "linux_use", "linux_ends", "linux_tools", "linux_kernels", "leaks", "load", "random", "uefi"]


class Result:
    """What came of one program: the counts, and the lines to print."""

    def __init__(self, name):
        self.name, self.start = name, time.monotonic()
        self.passed = self.failed = self.skipped = 0
        self.late = False	# its first failure is a time-out: what failed later may come of that
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
                self.late |= not self.failed and "# TIME-OUT" in m[2]
                self.failed += 1
                self.lines.append(f"  FAIL {self.name}: {m[2]}")
        if not seen or (code != 0 and not re.search(r"^\s*not ok", text, re.M)):
            self.late |= not self.failed and code == KILLED
            self.failed += 1
            self.lines.append(f"  FAIL {self.name}: ended with {code}{'' if seen else ' and no result'}")
            self.quote(text, 30)
        elif code != 0 or "not ok" in text:
            first = re.search(r"^\s*not ok.*", text, re.M | re.S)
            self.quote("\n".join((first[0] if first else text).splitlines()[:60]), 60)
            self.lines.append("    ...")
            self.quote(text, 20)

    def forget(self, why):
        """It does not count: the program is asked again."""
        self.passed = self.failed = self.skipped = 0
        self.lines = [line.replace("  FAIL ", "  late ") for line in self.lines] + [f"  late {self.name}: {why}"]

    def end(self, what=""):
        self.lines.append(f"  {'FAIL' if self.failed else 'ok  '} {self.name} "
                          f"({what}{time.monotonic() - self.start:.1f} s)")
        return self


def output(command, env=None):
    """(what the program printed, its exit code). One that hangs is killed with all that it has started."""
    p = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                         env=env, start_new_session=True)
    try:
        text, code = p.communicate(timeout=LIMIT)[0], p.returncode
    except subprocess.TimeoutExpired:
        os.killpg(p.pid, signal.SIGKILL)
        text, code = p.communicate()[0], KILLED
    return text.decode(errors="replace"), code


def run(name, command, env=None):
    result = Result(name)
    text, code = output(command, env)
    result.tap(text, code)
    return result.end()


# Each suite is a list of jobs: (name, function without arguments that returns a Result).
def unit(build, folder="units", name="unit"):
    env = dict(os.environ, CMOCKA_MESSAGE_OUTPUT="TAP")
    return [(f"{name}/{os.path.basename(path)}", lambda n=f"{name}/{os.path.basename(path)}", p=path: run(n, [p], env))
            for path in sorted(glob.glob(f"{build}/{folder}/*"))]


def fuzz_one(build, name, path, runs, fixed):
    """A target's tracked inputs, and so many that the fuzzer makes of them: the same ones on every machine."""
    result = Result(f"fuzz/{name}")
    with tempfile.TemporaryDirectory() as found:
        inputs, folder = sorted(glob.glob(f"{HERE}/fuzz/corpus/{name}/*")), f"{found}/found"
        os.mkdir(folder)
        with open(f"{found}/seeds", "w") as f:
            f.write(",".join(inputs))
        text, code = output([*fixed, path, "-seed=1", f"-runs={runs}", "-reload=0", "-timeout=600", "-rss_limit_mb=2048",
                             f"-artifact_prefix={build}/fuzz/crash-{name}-", folder] + [f"-seed_inputs=@{found}/seeds"] * bool(inputs))
    ran = re.search(r"Done (\d+) runs", text)
    if code == 0 and ran:
        result.passed = 1
    else:
        result.failed = 1
        result.lines.append(f"  FAIL {result.name}: ended with {code}")
        result.quote(text, 40)
    return result.end(f"{ran[1] if ran else 'no'} inputs, ")


def fuzz(build):
    with open(f"{HERE}/fuzz/runs") as f:
        runs = dict(line.split() for line in f if line[0] != "#")
    # What a fuzzer does next depends on addresses, too.
    fixed = ["setarch", "-R"]
    if subprocess.run([*fixed, "true"], stderr=subprocess.DEVNULL).returncode:
        fixed = []
    return [(f"fuzz/{name}", lambda n=name, p=path: fuzz_one(build, n, p, runs.get(n, 10000), fixed))
            for path in sorted(glob.glob(f"{build}/fuzz/*")) if os.access(path, os.X_OK) and os.path.isfile(path)
            for name in [os.path.basename(path)]]


def scripts(build, folder):
    names = [os.path.basename(path)[:-8] for path in sorted(glob.glob(f"{HERE}/{folder}/*_test.py"))]
    names.sort(key=lambda name: LONGEST.index(name) if name in LONGEST else len(LONGEST))
    return [(f"{folder}/{name}", lambda n=name: run(f"{folder}/{n}", [sys.executable, f"{HERE}/{folder}/{n}_test.py", build]))
            for name in names]


SUITES = {
    "unit": unit,
    "msan": lambda b: unit(b, "msan", "msan"),
    "fuzz": fuzz,
    "lint": lambda b: scripts(b, "lint"),
    "guest": lambda b: scripts(b, "guest"),
    "xen": lambda b: scripts(b, "xen"),
    "system": lambda b: scripts(b, "system"),
}


def results(suites, build, jobs):
    """Yields headings and Results in their order: what may run beside others, then what runs alone, then what is
    asked once more, whose first Result does not count."""
    again = []
    with concurrent.futures.ThreadPoolExecutor(jobs) as pool:
        begun = [(suite, [(name, job, pool.submit(job)) for name, job in SUITES[suite](build) if name not in ALONE])
                 for suite in suites]
        for suite, some in begun:
            yield f"{suite}:"
            for name, job, future in some:
                result = future.result()
                if result.late:
                    again.append((name, job))
                    result.forget("it is asked once more, alone")
                yield result
    alone = [(name, job) for suite in suites for name, job in SUITES[suite](build) if name in ALONE]
    if alone:
        yield "alone:"
    for name, job in alone:
        result = job()
        if result.failed:
            again.append((name, job))
            result.forget("it measures by the clock, and is asked once more")
        yield result
    if again:
        yield "again:"
    yield from (job() for _, job in again)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--build", default="build")
    parser.add_argument("--jobs", type=int, default=min(2, os.cpu_count() or 1))
    parser.add_argument("suites", nargs="+", choices=list(SUITES))
    args = parser.parse_args()
    passed = failed = skipped = 0
    for r in results(args.suites, args.build, args.jobs):
        if isinstance(r, str):
            print(r, flush=True)
            continue
        passed, failed, skipped = passed + r.passed, failed + r.failed, skipped + r.skipped
        print("\n".join(r.lines), flush=True)
    print(f"{passed} passed, {failed} failed{f', {skipped} skipped' if skipped else ''}")
    return 1 if failed or not passed else 0


sys.exit(main())
