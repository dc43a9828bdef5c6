# SPDX-License-Identifier: MIT
"""Linux's own self-tests (tools/testing/selftests of package linux-source-6.1), compiled for a guest: {path in it: bytes}.
Those of x86 are linked statically, those of 32 bits where gcc-multilib is; the others with the libraries of
their root. What does not compile is left out, and its case is `absent`."""
import glob
import os
import subprocess

import image

HERE = os.path.dirname(os.path.abspath(__file__))
SOURCE = "/usr/src/linux-source-6.1.tar.xz"
PARTS = ["tools/testing/selftests", "tools/include", "tools/lib/api", "include/vdso", "mm/gup_test.h", "lib/test_hmm_uapi.h",
         "arch/x86/include/asm/desc_defs.h"]
EXTRA = {"sysret_ss_attrs_64": "thunks.S", "ptrace_syscall_32": "raw_syscall_helper_32.S",
         "test_syscall_vdso_32": "thunks_32.S"}
# What the others want of Debian in their root.
PACKAGES = ["bash", "coreutils", "util-linux", "procps", "libcap2", "libcap-ng0", "libnuma1", "libpopt0", "libmount1",
            "python3-minimal", "kmod", "iproute2"]
# Their folders. Not here: what tests devices and file systems that a domU has not, networks, BPF, and what Debian's kernel lacks.
FOLDERS = ["breakpoints", "capabilities", "cgroup", "clone3", "core", "cpu-hotplug", "exec", "filesystems", "futex/functional",
           "ipc", "kcmp", "landlock", "membarrier", "memfd", "memory-hotplug", "mincore", "mount", "mount_setattr", "mqueue", "nsfs",
           "openat2", "perf_events", "pid_namespace", "pidfd", "prctl", "proc", "ptrace", "rlimits", "rseq", "sched", "seccomp",
           "sigaltstack", "size", "splice", "syscall_user_dispatch", "timens", "timers", "tmpfs", "vDSO", "vm"]
MODULES = ["test_static_keys", "test_static_key_base", "test_user_copy"]


def source(build):
    """Where the self-tests lie, unpacked once."""
    top = f"{build}/linux/linux-source-6.1"
    if not os.path.exists(f"{top}/.unpacked"):
        subprocess.run(["tar", "-xJf", SOURCE, "-C", f"{build}/linux", "--wildcards", *[f"*/{part}" for part in PARTS]],
                       check=True)
        open(f"{top}/.unpacked", "w").close()
    return f"{top}/tools/testing/selftests"


def x86(build):
    """Those of x86; those whose sources stand alone are made by hand, as their makefile wants no static ones."""
    out, folder = f"{build}/linux/selftests", f"{source(build)}/x86"
    os.makedirs(out, exist_ok=True)
    with open(f"{HERE}/selftests.list") as f:
        names = [line.split()[0] for line in f if line.strip() and line[0] != "#"]
    for name in names:
        stem, bits = name.rsplit("_", 1)
        sources = [f"{stem}.c"] + ([EXTRA[name]] if name in EXTRA else [])
        subprocess.run(["gcc", f"-m{bits}", "-O2", "-std=gnu99", "-pthread", "-w", "-no-pie", "-static", "-s",
                        "-DCAN_BUILD_32", "-DCAN_BUILD_64", "-I..", "-o", f"{out}/{name}", *sources, "-lm"],
                       cwd=folder, stderr=subprocess.DEVNULL, check=False)
    return {f"/st/{os.path.basename(path)}": content(path) for path in glob.glob(f"{out}/*")}


def others(build):
    """The other families by their own makefiles, all that can be executed, and the modules that some load."""
    top, files = source(build), {}
    for folder in FOLDERS:
        subprocess.run(["make", "-k", "-C", f"{top}/{folder}",
                        "KHDR_INCLUDES=-isystem /usr/include"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False,
                       env={**{k: v for k, v in os.environ.items() if k not in ("MAKEFLAGS", "MAKELEVEL", "MFLAGS")}})
        for path in glob.glob(f"{top}/{folder}/*"):
            if os.path.isfile(path) and os.access(path, os.X_OK):
                files[f"/st/{folder}/{os.path.basename(path)}"] = content(path)
    for name in MODULES:
        for path in glob.glob(f"{image.package_of(build, 'debian')}/lib/modules/*/kernel/lib/{name}.ko"):
            files[f"/m/{name}.ko"] = content(path)
    return files


def content(path):
    with open(path, "rb") as f:
        return f.read()
