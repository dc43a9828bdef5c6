#!/bin/busybox sh
# SPDX-License-Identifier: MIT
# The init of a dom0 that has Debian's tools: their daemons, a disk in a file, an echo on the network, a shell.
export PATH=/bin:/sbin:/usr/lib/xen-4.17/bin
/bin/busybox --install -s /bin 2>/dev/null
mount -t proc proc /proc
mount -t sysfs sys /sys
mount -t devtmpfs dev /dev
mkdir -p /dev/pts /var/lib/xen /var/log/xen
mount -t devpts pts /dev/pts
mount -t tmpfs run /run
mkdir -p /run/lock /var/lock /run/xen /var/run/xen /var/run/xenstored
exec >/dev/hvc0 2>&1 </dev/hvc0
for m in /mods/*; do insmod $m; done
mount -t xenfs xenfs /proc/xen
xenstored --pid-file /run/xenstored.pid
n=0
while ! xenstore-read / >/dev/null 2>&1 && [ $n -lt 100 ]; do
	sleep 0.1
	n=$((n + 1))
done
xen-init-dom0
xenconsoled --log=guest --log-dir=/var/log/xen
dd if=/dev/urandom of=/disk bs=1M count=8 2>/dev/null
losetup /dev/loop0 /disk
(while true; do nc -l -p 4000 -e cat; done) &
exec setsid cttyhack sh
