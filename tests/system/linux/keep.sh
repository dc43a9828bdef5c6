#!/bin/busybox sh
# SPDX-License-Identifier: MIT
# The init of a domU that is saved, restored and migrated: says again and again what is in a file that it made.
/bin/busybox mkdir -p /proc /sys /dev
/bin/busybox --install -s /bin
mount -t proc proc /proc
mount -t sysfs sys /sys
mount -t devtmpfs dev /dev
dd if=/dev/urandom of=/made bs=64k count=64 2>/dev/null
echo "STARTED"
n=0
while true; do
	n=$((n + 1))
	echo "KEPT $(md5sum </made)$n, $(nproc) CPUs"
	sleep 1
done
