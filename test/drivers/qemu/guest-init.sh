#!/bin/busybox sh
# The whole operating system of a test's guest. It writes what it sees to the console: the boots its root disk remembers,
# each disk that comes or goes, and that it was asked to end. Its user data is a script that it runs beside that.
/bin/busybox mount -t proc proc /proc
/bin/busybox mount -t sysfs sysfs /sys
/bin/busybox mount -t devtmpfs devtmpfs /dev
/bin/busybox --install -s /bin
export PATH=/bin
exec </dev/ttyS0 >/dev/ttyS0 2>&1
# Each needs those before it.
for module in virtio_ring virtio virtio_pci_legacy_dev virtio_pci_modern_dev virtio_pci virtio_blk evdev button qemu_fw_cfg; do
  insmod /modules/$module.ko
done
until [ -b /dev/vda ]; do usleep 10000; done
mount -t ext4 /dev/vda /mnt 2>/dev/null || { mke2fs -q /dev/vda >/dev/null && mount -t ext4 /dev/vda /mnt; }
echo boot >> /mnt/boots
sync
echo "guest: boots $(wc -l < /mnt/boots)"

# The first event of the power button ends it; the button may be any of the inputs.
for input in /dev/input/event*; do
  (dd if="$input" bs=24 count=1 of=/dev/null 2>/dev/null && echo 'guest: asked to end' && umount /mnt && sync && poweroff -f) &
done
user_data=/sys/firmware/qemu_fw_cfg/by_name/opt/org.stemma/user-data/raw
[ -f "$user_data" ] && cat "$user_data" > /user-data && sh /user-data &
echo 'guest: ready'
before=
while :; do
  now=$(for disk in /sys/block/vd?; do cat "$disk/serial"; echo; done | sort | tr '\n' ' ')
  [ "$now" = "$before" ] || echo "guest: disks $now"
  before=$now
  usleep 50000
done
