# SPDX-License-Identifier: MIT
"""Results as the runner wants them (TAP), for the tests in this folder."""


class Tap:
    def __init__(self):
        self.count = self.failed = 0

    def check(self, ok, name, hint=""):
        """One result; hint (what was seen) is printed when it is a failure."""
        self.count += 1
        self.failed += not ok
        print(f"{'ok' if ok else 'not ok'} {self.count} - {name}", flush=True)
        if not ok and hint:
            print("".join(f"# {line}\n" for line in str(hint).splitlines()[-40:]), end="", flush=True)

    def end(self):
        """Prints the plan and returns the exit code."""
        print(f"1..{self.count}")
        return 1 if self.failed else 0
