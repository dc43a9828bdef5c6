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
                 # Doors upwards of the page types, in the middle of an atomic change: the last reference frees, stale
                 # translations go before a type changes, a new top level gets the hypervisor's entries; and the pause
                 # of those who wait for such a change.
                 "frame_free_last", "pt_note_recursive", "tlb_flush_users", "arch_init_guest_l4", "relax_keeping_registers"}


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


def numbers_of_guests_are_clamped():
    """Where a guest's number picks a handler, a row or a vCPU; docs/security.md lists the other tables."""
    wrong = grep(r"(\b(ops|absent|policy_of|(domctl|sysctl|hypercall)_table|\w+_ops)|->vcpu)\[(?!index_clamp\(|\]|i\]|\d\]|[A-Z_])",
                 tracked("hypervisor/calls/*.c"))
    report(not wrong, "a guest's number is clamped where it indexes a table", wrong)


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


def lines_are_short():
    """100 columns are the aim; what goes far beyond, but for a text to print, is not read in two windows."""
    wrong = []
    for f in tracked("hypervisor/*.[chS]", "arch/*.[chS]", "pvguest/*.[chS]", "dom0tools/*.[chS]"):
        for n, line in enumerate(open(f, errors="replace"), 1):
            if len(line.rstrip("\n").expandtabs(8)) > 110 and '"' not in line:
                wrong.append(f"{f}:{n}")
    report(not wrong, "no line of the products goes far beyond 100 columns", wrong)


def documents_name_what_exists():
    text = "".join(open(f, errors="replace").read() for f in tracked("*.c", "*.h", "*.S", "*.py", "*.sh", "*.l", "*.y"))
    targets = set(re.findall(r"^([a-z_.-]+):", open("GNUmakefile").read(), re.M))
    wrong = []
    for doc in sorted(documents()):
        body = open(doc).read()
        for name in re.findall(r"`([a-z_][a-z0-9_]+)\(\)`", body):
            if not re.search(rf"\b{name}\b", text):
                wrong.append(f"{doc}: {name}()")
        for path in re.findall(r"`((?:hypervisor|arch|pvguest|dom0tools|tests|docs)/[\w./*-]+)`", body):
            if not os.path.exists(path) and not glob.glob(path):
                wrong.append(f"{doc}: {path}")
        for path in re.findall(r"`([\w.-]+(?:/[\w.-]+)+\.(?:c|h|S|py|sh|l|y|md))`", body):
            if not os.path.exists(path) and not glob.glob(f"*/include/{path}") and not path.startswith("xen/"):
                wrong.append(f"{doc}: {path}")
        for target in re.findall(r"`make ([a-z][a-z_.-]*)", body):
            if target not in targets and not target.startswith("fuzz-"):
                wrong.append(f"{doc}: make {target}")
    report(not wrong, "files, functions and make targets that the documents name exist", wrong)


def documents():
    return [f for f in tracked("docs/*.md", "README", "*/README") if os.path.exists(f)]


def bare_names_of_readmes_exist():
    """A README names the files of its folder without a path."""
    wrong = []
    for doc in tracked("*/README"):
        folder = os.path.dirname(doc)
        for name in re.findall(r"(?<![\w/.*-])([a-z][\w-]*\.(?:c|h|S|py|sh|def|lds|y|l))\b", open(doc).read()):
            here = [folder, os.path.join(folder, "*"), os.path.join(folder, "*", "*")]
            if not any(glob.glob(os.path.join(h, name)) for h in here) and not tracked(f"*/{name}"):
                wrong.append(f"{doc}: {name}")
    report(not wrong, "files that a README names exist", wrong)


def folders_have_a_readme():
    folders = {}
    for f in tracked("*.c", "*.h", "*.S", "*.py"):
        folders.setdefault(os.path.dirname(f), []).append(f)
    wrong = []
    for folder, files in sorted(folders.items()):
        above = [folder]
        # A header folder and a test kernel's folder are described one level up.
        if "include" in folder or folder.startswith("tests/guest/") or len(files) <= 2:
            above += [os.path.dirname(folder), os.path.dirname(os.path.dirname(folder))]
        if not any(os.path.exists(os.path.join(a, "README")) for a in above):
            wrong.append(folder)
    report(not wrong, "every folder of sources has a README", wrong)


def same_names(ok, what, code, page):
    missing = [f"not in its man page: {n}" for n in sorted(code - page)]
    missing += [f"not in the code: {n}" for n in sorted(page - code)]
    report(ok and not missing, what, missing)


def man_items(page, macro):
    """Names behind a macro of the list items of a man page, `.It Cm a Ns = Ns Ar b , Cm c` gives a and c."""
    names = set()
    for line in open(page):
        if line.startswith(".It "):
            names |= set(re.findall(rf"\b{macro} ([a-z][\w-]*)", line))
            listed = re.match(rf"\.It {macro} (\w+(?: , \w+)+)\s*$", line)
            names |= set(listed[1].split(" , ")) if listed else set()
    return names


def options_are_documented():
    table = open("hypervisor/boot/bootopts.c").read()
    code = set(re.findall(r"^\t(?:VALUE|SPECIAL|BOOLEAN)\(\"?([\w-]+)", table, re.M))
    page = man_items("docs/cloison.8", "Cm")
    same_names(bool(code), "the hypervisor's options are those of cloison(8)", code, page)
    body = open("docs/boot.md").read()
    rows = "".join(re.findall(r"^\| `.*$", body[body.index("## The hypervisor's options"):], re.M))
    wrong = [o for o in sorted(code) if not re.search(rf"`{o}[`=\[]", rows)]
    report(not wrong, "the hypervisor's options are those of docs/boot.md", wrong)


def debug_keys_are_documented():
    code = set(re.findall(r"^\t\{ '(\w)', \"", open("hypervisor/diag/keys.c").read(), re.M))
    page = set(re.findall(r"^\.It Ic (\w)$", open("docs/cloison.8").read(), re.M))
    same_names(bool(code), "the debug keys are those of cloison(8)", code, page)


def locks_are_documented():
    table = open("hypervisor/include/hv/lockorder.def").read()
    code = {f"{n} {name}" for n, name in re.findall(r'^LOCK_CLASS(?:_NUMBERED)?\((\d+), "([\w ]+)"\)', table, re.M)}
    body = open("docs/locking.md").read()
    page = {f"{n} {name}" for n, name in re.findall(r"^\| (\d+) \| .*?\(([\w ]+)\)", body, re.M)}
    page |= {f"{n} {name}" for n, name in re.findall(r"^\| (\d+) \| ([\w ]+?)(?:, one a CPU)? \|", body, re.M)}
    same_names(bool(code), "the order of locks is that of docs/locking.md", code, page)
    used = re.compile(r'(?:SPINLOCK\(|spin_init(?:_numbered)?\([^,"]+, )"([\w ]+)"')
    names = {n for f in tracked("hypervisor/*.[ch]", "arch/*.[ch]") for n in used.findall(open(f).read())}
    same_names(bool(names), "each lock has its place in the order", names, {c.split(" ", 1)[1] for c in code})


def commands_are_documented():
    code = set(re.findall(r'^\t\t\.name = "([\w-]+)"', open("dom0tools/xl/table.c").read(), re.M))
    page = set()
    for line in open("docs/xl.1"):
        if line.startswith(".It Cm "):
            page |= {re.match(r"[\w-]+", part.strip()[3:])[0] for part in line[4:].split(" , ")
                     if part.strip().startswith("Cm ")}
    same_names(bool(code), "the commands of xl are those of xl(1)", code, page)


def keys_are_documented():
    table = open("dom0tools/domconf/keys.c").read()
    rows = re.search(r"KEY_READ, ((?:\s*\"[^\"]*\")+)", table)
    code = set(" ".join(re.findall(r'"([^"]*)"', rows[1])).split()) if rows else set()
    # Read only to be refused, or for Xen's older spelling.
    code -= {"bootloader", "pvh", "hvm"}
    body = open("docs/xl.cfg.5").read()
    page = set(re.findall(r"\bVa (\w+)", "".join(l for l in open("docs/xl.cfg.5") if l.startswith(".It "))))
    same_names(bool(code) and bool(body), "the keys that xl reads are those of xl.cfg(5)", code, page)


def man_pages_refer_to_each_other():
    wrong = []
    for page in sorted(tracked("docs/*.[1-8]")):
        for name, section in re.findall(r"^\.Xr (\S+) (\d)", open(page).read(), re.M):
            if not os.path.exists(f"docs/{name}.{section}") and name not in ("cpio", "dd", "gdb"):
                wrong.append(f"{page}: {name}({section})")
    report(not wrong, "the man pages refer to pages that exist", wrong)


def pvguest_page_names_its_headers():
    page = open("docs/pvguest.3").read()
    named = set(re.findall(r"^\.B (\w+\.h)$", page, re.M))
    wrong = [h for h in sorted(named) if not os.path.exists(f"pvguest/include/pvguest/{h}")]
    report(named and not wrong, "the headers that pvguest(3) names exist", wrong)


def help_lists_every_target():
    make = open("GNUmakefile").read()
    phony = set(re.findall(r"^\.PHONY: (.+)$", make, re.M))
    phony = {t for row in phony for t in row.split() if "$" not in t} - {"FORCE"}
    helped = set(re.findall(r"^([a-z_.-]+):.*## ", make, re.M))
    wrong = [f"no help for make {t}" for t in sorted(phony - helped)]
    wrong += [f"make {t} is not .PHONY" for t in sorted(helped - phony)]
    report(not wrong, "make help lists every target", wrong)


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
numbers_of_guests_are_clamped()
headers_compile_alone()
files_are_small()
lines_are_short()
documents_name_what_exists()
bare_names_of_readmes_exist()
folders_have_a_readme()
options_are_documented()
debug_keys_are_documented()
locks_are_documented()
commands_are_documented()
keys_are_documented()
pvguest_page_names_its_headers()
help_lists_every_target()
licence_lines()
man_pages_are_clean()
man_pages_refer_to_each_other()
