#!/bin/sh
# SPDX-License-Identifier: MIT
# mkroot.sh OUT GUESTDIR "SAMPLES": the newc archive of dom0's first files: those in root/ beside
# this script, and each sample guest as /guests/NAME with its /etc/xen/NAME.cfg.
set -eu

out=$1 guests=$2 samples=$3
here=$(dirname "$0")
tree=$out.tree

rm -rf "$tree"
mkdir -p "$tree/etc/xen/auto" "$tree/guests" "$tree/tmp"
if [ -d "$here/root" ]; then
	cp -r "$here/root/." "$tree/"
fi
for name in $samples; do
	[ -e "$guests/$name" ] || continue
	strip -s -o "$tree/guests/$name" "$guests/$name"
	if [ -e "$here/../pvguest/samples/$name.cfg" ]; then
		cp "$here/../pvguest/samples/$name.cfg" "$tree/etc/xen/$name.cfg"
	fi
done
# The same input gives the same archive: fixed owner, time and order.
find "$tree" -exec touch -h -d @0 {} +
(cd "$tree" && find . -mindepth 1 | LC_ALL=C sort |
	cpio --quiet -o -H newc -R 0:0 --reproducible) >"$out.tmp"
rm -rf "$tree"
mv "$out.tmp" "$out"
