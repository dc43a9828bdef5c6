#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Print, as assembly, the table of function addresses and names that a panic's
backtrace uses: sorted 32-bit offsets from the image's start, and the names.
Given /dev/null it prints an empty table for the first of the two links."""
import subprocess
import sys


def functions(elf):
    out = subprocess.run(["nm", "-n", elf], check=True, capture_output=True, text=True).stdout
    rows = [line.split() for line in out.splitlines()]
    base = next(int(r[0], 16) for r in rows if r[-1] == "image_start")
    text = [(int(r[0], 16) - base, r[2]) for r in rows if len(r) == 3 and r[1] in "tT" and int(r[0], 16) >= base]
    seen = {}
    for addr, name in text:
        seen.setdefault(addr, name)
    return sorted(seen.items())


def main():
    syms = [] if sys.argv[1] == "/dev/null" else functions(sys.argv[1])
    print('.section .symtab_hv,"a"\n.globl symtab_count, symtab_addrs, symtab_names')
    print(".hidden symtab_count, symtab_addrs, symtab_names")
    print(f"symtab_count: .long {len(syms)}\nsymtab_addrs:")
    for addr, _ in syms:
        print(f"  .long {addr:#x}")
    print("symtab_names:")
    for _, name in syms:
        print(f'  .asciz "{name}"')
    print('.section .note.GNU-stack,"",@progbits')


main()
