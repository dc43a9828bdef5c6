#!/bin/busybox sh
# SPDX-License-Identifier: MIT
# The init of a domU that has a disk and a network of another Linux, dom0: reads, writes, and sends; then the end.
/bin/busybox --install -s /bin
mount -t proc proc /proc
mount -t sysfs sys /sys
mount -t devtmpfs dev /dev
for m in /lib/*.ko; do insmod $m; done
n=0
while [ ! -e /dev/xvda -a $n -lt 100 ]; do
	sleep 0.1
	n=$((n + 1))
done
echo "DISK $(dd if=/dev/xvda bs=64k 2>/dev/null | md5sum)"
dd if=/dev/urandom of=/made bs=64k count=64 2>/dev/null
echo "MADE $(md5sum </made)"
dd if=/made of=/dev/xvda bs=64k seek=16 conv=fsync 2>/dev/null
echo 3 >/proc/sys/vm/drop_caches
echo "READ $(dd if=/dev/xvda bs=64k skip=16 count=64 2>/dev/null | md5sum)"
ip link set eth0 up
ip addr add 10.0.0.2/24 dev eth0
n=0
while ! ping -c 1 -W 1 10.0.0.1 >/dev/null && [ $n -lt 60 ]; do
	n=$((n + 1))
done
echo "PING $(ping -c 10 -s 1400 10.0.0.1 | grep received)"
echo "ECHO $(nc 10.0.0.1 4000 </made | md5sum)"
echo DEVICES END
poweroff -f
