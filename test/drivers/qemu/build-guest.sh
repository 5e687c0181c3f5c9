#!/bin/sh
# Builds a guest that boots in a few seconds: Debian's cloud kernel, and an initial file system of busybox and the
# modules it needs. Usage: build-guest.sh PACKAGE FOLDER. Leaves FOLDER/vmlinuz and FOLDER/initrd; needs apt-get,
# busybox-static and cpio, and no rights of root.
set -eu
package=$1
folder=$2
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"

apt-get download -qq "$package"
dpkg -x ./*.deb kernel

mkdir -p root/bin root/modules root/dev root/proc root/sys root/mnt
cp "$(command -v busybox)" root/bin/busybox
for module in virtio_ring virtio virtio_pci_legacy_dev virtio_pci_modern_dev virtio_pci virtio_blk evdev button qemu_fw_cfg; do
  cp "$(find kernel -name "$module.ko")" root/modules/
done
cp "$here/guest-init.sh" root/init
chmod 755 root/init
mkdir -p "$folder"
(cd root && find . | cpio --quiet -o -H newc | gzip -1) > initrd
# Others may be building the same. The kernel comes last: where it is, the guest is whole.
for part in initrd vmlinuz; do
  [ "$part" = initrd ] || cp kernel/boot/vmlinuz-* vmlinuz
  cp "$part" "$folder/$part.$$"
  mv "$folder/$part.$$" "$folder/$part"
done
