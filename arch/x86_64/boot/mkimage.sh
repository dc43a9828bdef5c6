#!/bin/sh
# SPDX-License-Identifier: MIT
# Makes bootable images out of what was built, without root and without loop devices.
#
#   mkimage.sh img OUT BUILD   a disk (or USB stick): GPT with an EFI system partition
#   mkimage.sh iso OUT BUILD   a CD or DVD, also for a stick: the same FAT as its boot image
#
# Both start \EFI\BOOT\BOOTX64.EFI, which finds cloison.cfg, cloison and dom0 beside it.
set -eu

if [ $# -ne 3 ]; then
	echo "usage: $0 img|iso OUT BUILD" >&2
	exit 2
fi
kind=$1 out=$2 build=$3
here=$(dirname "$0")
PATH=$PATH:/usr/sbin:/sbin
tmp=$(mktemp -d "$out.XXXXXX")
trap 'rm -rf "$tmp"' EXIT

# The files, without the debugging information that only a debugger reads.
boot=$tmp/files/EFI/BOOT
mkdir -p "$boot"
cp "$build/cloison.efi" "$boot/BOOTX64.EFI"
cp "$here/cloison.cfg" "$boot/cloison.cfg"
for file in cloison dom0; do
	strip --strip-debug -o "$boot/$file" "$build/$file"
done

# A FAT with a quarter of room to spare, and never so small that it would have to be FAT12.
used=$(du -sk "$tmp/files" | cut -f1)
mib=$((used * 5 / 4 / 1024 + 34))
fat=$tmp/esp.fat
truncate -s "${mib}M" "$fat"
mkfs.fat --invariant -n CLOISON "$fat" >/dev/null
mcopy -i "$fat" -s -m "$tmp/files/EFI" ::/

case $kind in
img)
	# One MiB before the partition, one behind it for the second copy of the table.
	truncate -s "$((mib + 2))M" "$tmp/disk"
	sgdisk --clear --set-alignment=2048 --new="1:2048:+${mib}M" --typecode=1:ef00 \
		--change-name=1:CLOISON "$tmp/disk" >/dev/null
	dd if="$fat" of="$tmp/disk" bs=1M seek=1 conv=notrunc,sparse status=none
	mv "$tmp/disk" "$out"
	;;
iso)
	# The FAT is a file of the CD and its boot image. The boot catalogue counts sectors in 16 bits;
	# a count of 1 stands for all that follows (UEFI, El Torito), so any size will do.
	mkdir "$tmp/cd"
	mv "$fat" "$tmp/cd/efi.img"
	xorriso -as mkisofs -quiet -o "$tmp/disk" -V CLOISON -r -J -e efi.img -no-emul-boot \
		-boot-load-size 1 "$tmp/cd" 2>"$tmp/log" || { cat "$tmp/log" >&2; exit 1; }
	mv "$tmp/disk" "$out"
	;;
*)
	echo "$0: $kind: img or iso is wanted" >&2
	exit 2
	;;
esac
