#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Our dom0 on Debian's Xen 4.17: the same dialogue with xl as on Cloison, so that what the tools ask of the
hypervisor, and what they tell the user, is right on both. Prints TAP."""
import importlib.util
import os
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
SYSTEM = os.path.join(HERE, "..", "system")


def main():
    build = sys.argv[1]
    xen = f"{build}/xen/xen"  # xen_test.py, which runs before, has unpacked it
    if not os.path.exists(xen):
        print("ok 1 - xl on Debian's Xen # SKIP it was not fetched")
        return 0
    sys.path.insert(0, SYSTEM)
    spec = importlib.util.spec_from_file_location("xl_dialogue", f"{SYSTEM}/xl_test.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.dialogue(build, xen)


sys.exit(main())
