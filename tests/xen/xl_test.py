#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Our dom0 on Debian's Xen 4.17: the same dialogue with xl as on Cloison, so that what the tools ask of the
hypervisor, and what they tell the user, is right on both. Prints TAP."""
import importlib.util
import os
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
SYSTEM = os.path.join(HERE, "..", "system")


def main():
    build = sys.argv[1]
    sys.path[:0] = [SYSTEM, os.path.join(HERE, "..", "tools")]
    import machine
    try:
        xen = machine.fetch_xen(build)
    except (OSError, subprocess.CalledProcessError, IndexError) as e:
        print(f"ok 1 - xl on Debian's Xen # SKIP it could not be fetched: {e}")
        return 0
    spec = importlib.util.spec_from_file_location("xl_dialogue", f"{SYSTEM}/xl_test.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.dialogue(build, xen)


sys.exit(main())
