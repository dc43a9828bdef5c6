#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""The rules of the tree that a program can check: layers, seams, headers, documents."""
import glob
import os
import re
import subprocess
import sys

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")
os.chdir(ROOT)
BUILD = sys.argv[1] if len(sys.argv) > 1 else "build"

# What pure code may want beside core and lib: panic, memory, the frame table, the maps that frame_ptr() reads.
PURE_MAY_WANT = {"panic", "memcpy", "memset", "memmove", "memcmp", "frame_table", "arch_max_mfn", "arch_direct_map",
                 "arch_m2p",
                 # page types: stale translations go before a type changes, the last reference frees
                 "arch_cpu_id", "arch_relax", "arch_tlb_flush_cpus", "arch_tlb_flush_local", "arch_init_guest_l4",
                 "frame_free_last"}


def report(ok, name, details=()):
    print(f"{'ok' if ok else 'not ok'} - {name}")
    for d in details:
        print(f"# {d}")


def tracked(*patterns):
    out = subprocess.run(["git", "ls-files", "--", *patterns], capture_output=True, text=True, check=True)
    return out.stdout.split()


def symbols(path, undefined):
    out = subprocess.run(["nm", "-u" if undefined else "--defined-only", path], capture_output=True, text=True)
    return {line.split()[-1] for line in out.stdout.splitlines() if line.strip()}


def pure_objects_want_only_each_other():
    objects = glob.glob(f"{BUILD}/hv/hypervisor/core/*.o") + glob.glob(f"{BUILD}/hv/hypervisor/lib/*.o")
    defined = set().union(*(symbols(o, False) for o in objects)) if objects else set()
    wrong = []
    for o in objects:
        extra = symbols(o, True) - defined - PURE_MAY_WANT
        if extra:
            wrong.append(f"{os.path.basename(o)}: {', '.join(sorted(extra))}")
    report(objects and not wrong, "core and lib want nothing but each other, panic, frames and mem*", wrong)


def grep(pattern, files):
    rows = []
    for f in files:
        for n, line in enumerate(open(f, errors="replace"), 1):
            if re.search(pattern, line):
                rows.append(f"{f}:{n}: {line.strip()}")
    return rows


def instructions_live_in_arch_only():
    files = [f for f in tracked("hypervisor/*.c", "hypervisor/*.h", "dom0tools/*.c") if os.path.exists(f)]
    report(True, "sources were found") if files else report(False, "sources were found")
    wrong = grep(r"#include <cpu/", files)
    report(not wrong, "cpu/ is included by arch/x86_64 only", wrong)
    wrong = grep(r"__asm__ (volatile)?\s*\(\"(?!\s*\")(rdmsr|wrmsr|invlpg|cli|sti|hlt|in[bwl] |out[bwl] )", files)
    report(not wrong, "no machine instruction outside arch/", wrong)


def core_takes_no_lock_and_prints_nothing():
    wrong = grep(r"\b(spin_lock|log_(print|info|warn|err|guest|debug)|arch_now_ns|current_vcpu)\s*\(",
                 tracked("hypervisor/core/*.c", "hypervisor/lib/*.c"))
    report(not wrong, "core and lib take no lock, read no clock, print nothing", wrong)


def guest_memory_through_the_door():
    wrong = grep(r"\*\s*\([^)]*\*\)\s*\(?\s*\w+\.a\b", tracked("hypervisor/*.c"))
    report(not wrong, "a guest's address is never dereferenced", wrong)


def headers_compile_alone():
    flags = ["-std=gnu11", "-fsyntax-only", "-Ihypervisor/include", "-Iarch/x86_64/include", "-x", "c",
             "-D__XEN_TOOLS__", "-D__XEN_INTERFACE_VERSION__=0x00040e00"]
    wrong = []
    for h in tracked("hypervisor/include/hv/*.h", "arch/x86_64/include/*.h"):
        p = subprocess.run(["gcc", *flags, h], capture_output=True, text=True)
        if p.returncode:
            wrong.append(f"{h}: {p.stderr.splitlines()[0]}")
    report(not wrong, "every header compiles alone", wrong)


def files_are_small():
    wrong = [f"{f}: {n} lines" for f in tracked("*.c", "*.h", "*.S")
             for n in [sum(1 for _ in open(f, errors="replace"))] if n > 800]
    report(not wrong, "no source file has more than 800 lines", wrong)


def documents_name_what_exists():
    text = "".join(open(f, errors="replace").read() for f in tracked("*.c", "*.h", "*.S", "*.py", "*.sh"))
    wrong = []
    for doc in tracked("docs/*.md"):
        body = open(doc).read()
        for name in re.findall(r"`([a-z_][a-z0-9_]+)\(\)`", body):
            if not re.search(rf"\b{name}\b", text):
                wrong.append(f"{doc}: {name}()")
        for path in re.findall(r"`((?:hypervisor|arch|pvguest|dom0tools|tests)/[\w./-]+)`", body):
            if not os.path.exists(path) and not glob.glob(path):
                wrong.append(f"{doc}: {path}")
    report(not wrong, "files and functions that the documents name exist", wrong)


def licence_lines():
    wrong = [f for f in tracked("*.c", "*.h", "*.S", "*.py", "*.sh", "*.l", "*.y")
             if "SPDX-License-Identifier: MIT" not in open(f, errors="replace").read(400)]
    report(not wrong, "every source names its licence", wrong)


def man_pages_are_clean():
    for page in sorted(tracked("docs/*.[1-8]")):
        p = subprocess.run(["man", "--warnings", "-E", "UTF-8", "-l", "-Tutf8", "-Z", page],
                           capture_output=True, text=True)
        report(p.returncode == 0 and not p.stderr, f"{page} formats without a warning", p.stderr.splitlines()[:5])


pure_objects_want_only_each_other()
instructions_live_in_arch_only()
core_takes_no_lock_and_prints_nothing()
guest_memory_through_the_door()
headers_compile_alone()
files_are_small()
documents_name_what_exists()
licence_lines()
man_pages_are_clean()
