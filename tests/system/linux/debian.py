# SPDX-License-Identifier: MIT
"""A root file system of Debian's packages with all that they depend on, unpacked below the build folder; their
installation scripts are not run, and nothing is installed here. With /init and busybox of ours it is an initramfs."""
import glob
import os
import shutil
import subprocess

import image

MERGED = ("bin", "sbin", "lib", "lib64")	# links into usr, as Debian has them
LIBRARIES = "usr/lib/x86_64-linux-gnu"
UNREAD = [f"usr/share/{name}" for name in ("doc", "man", "locale", "info", "lintian", "perl", "icons")] + \
    [f"{LIBRARIES}/{name}" for name in ("gconv", "perl", "perl-base")] + ["var/lib/dpkg"]


def download(folder, packages):
    """The packages and what they need, as if nothing was installed yet."""
    os.makedirs(f"{folder}/partial", exist_ok=True)
    with open(f"{folder}/none", "w"):
        pass
    subprocess.run(["apt-get", "-q", "-y", "--no-install-recommends", "--download-only",
                    "-o", f"Dir::State::status={folder}/none", "-o", f"Dir::Cache::archives={folder}",
                    "-o", "APT::Sandbox::User=root", "install"] + packages, check=True,
                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return sorted(glob.glob(f"{folder}/*.deb"))


def merge(root):
    for name in MERGED:
        os.makedirs(f"{root}/usr/{name}", exist_ok=True)
        if os.path.isdir(f"{root}/{name}"):
            subprocess.run(["cp", "-a", f"{root}/{name}/.", f"{root}/usr/{name}/"], check=True)
            shutil.rmtree(f"{root}/{name}")
        os.symlink(f"usr/{name}", f"{root}/{name}")


def root(build, name, packages):
    """The folder with all of it, made once."""
    out = f"{build}/linux/{name}"
    if os.path.exists(out):
        return out
    tmp, folder = out + ".tmp", f"{os.path.abspath(build)}/linux/{name}.debs"
    shutil.rmtree(tmp, ignore_errors=True)
    for deb in download(folder, packages):
        subprocess.run(["dpkg", "-x", deb, tmp], check=True)
    merge(tmp)
    for path in UNREAD:
        shutil.rmtree(f"{tmp}/{path}", ignore_errors=True)
    for path in ("proc", "sys", "dev", "tmp", "run", "root", "var/tmp", "mnt"):
        os.makedirs(f"{tmp}/{path}", exist_ok=True)
    shutil.copy(image.busybox(build), f"{tmp}/bin/busybox")
    shutil.rmtree(folder)
    os.rename(tmp, out)
    return out


def initrd(build, name, packages, files, out=None):
    """An uncompressed initramfs of that root and files ({path: text or bytes}, all executable); returns its path. out: its name,
    where several are made of one root."""
    out = out or name
    folder = f"{build}/linux/{out}.root"
    shutil.rmtree(folder, ignore_errors=True)
    subprocess.run(["cp", "-a", root(build, name, packages), folder], check=True)
    image.write_files(folder, files)
    for path in files:
        os.chmod(f"{folder}/{path}", 0o755)
    return image.archive(folder, f"{build}/linux/{out}.cpio")
