#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""The bench of a thousand domains (make bench-scale) with 200 of them: what one costs hardly grows. Prints TAP."""
import os
import subprocess
import sys

from tap import Tap

NUMBER = 200
SCALE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "bench", "scale.py")

tap = Tap()
build = sys.argv[1] if len(sys.argv) > 1 else "build"
p = subprocess.run([sys.executable, SCALE, build, str(NUMBER)], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                   stderr=subprocess.STDOUT, text=True, timeout=3000)
tap.check(p.returncode == 0, f"{NUMBER} idle domains: the last costs what the first did, and they use no CPU", p.stdout)
sys.exit(tap.end())
