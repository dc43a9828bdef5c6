#!/bin/sh
# SPDX-License-Identifier: MIT
# Builds newlib, the guests' C library, with the machine's own gcc from Debian's
# package newlib-source. Usage: build-newlib.sh DEST (an absolute path); the
# library lands in DEST/x86_64-elf, and DEST/.built says that it is complete.
set -eu

dest=$1
tar=$(ls /usr/src/newlib/newlib-*.tar.* /usr/src/newlib-*.tar.* 2>/dev/null | head -n 1)
if [ -z "$tar" ]; then
	echo "build-newlib.sh: no newlib archive in /usr/src (package newlib-source)" >&2
	exit 1
fi

# What guests are compiled with: no red zone, because the hypervisor pushes event
# and trap frames on the current stack; frame pointers, for the crash dump.
flags="-O2 -g0 -fno-pic -fno-pie -mno-red-zone -fno-stack-protector -fcf-protection=none"
flags="$flags -fno-asynchronous-unwind-tables -fno-omit-frame-pointer"
flags="$flags -ffunction-sections -fdata-sections -fno-tree-loop-distribute-patterns"
flags="$flags -U__linux__ -U__linux -Ulinux -U__gnu_linux__ -w"

rm -rf "$dest/src" "$dest/build" "$dest/x86_64-elf"
mkdir -p "$dest/src" "$dest/build"
tar -C "$dest/src" --strip-components=1 -xf "$tar"
cd "$dest/build"
"$dest/src/configure" --prefix="$dest" --target=x86_64-elf --disable-multilib --disable-libgloss \
	--disable-nls --disable-newlib-supplied-syscalls --enable-newlib-io-c99-formats \
	--enable-newlib-io-long-long --enable-newlib-global-stdio-streams \
	--enable-newlib-retargetable-locking \
	--enable-newlib-reent-check-verify \
	CC_FOR_TARGET="gcc $flags" AS_FOR_TARGET=as LD_FOR_TARGET=ld AR_FOR_TARGET=ar \
	NM_FOR_TARGET=nm RANLIB_FOR_TARGET=ranlib STRIP_FOR_TARGET=strip OBJDUMP_FOR_TARGET=objdump
make -j2 MAKEINFO=true all-target-newlib
make MAKEINFO=true install-target-newlib
cd "$dest"
rm -rf "$dest/build" "$dest/src" "$dest/share"
touch "$dest/.built"
