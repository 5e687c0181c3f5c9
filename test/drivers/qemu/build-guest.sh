#!/bin/sh
# Builds a guest that boots in a few seconds: Debian's cloud kernel, and an initial file system of busybox and the
# modules it needs. Usage: build-guest.sh FOLDER. Leaves FOLDER/vmlinuz and FOLDER/initrd; needs apt-get, busybox-static
# and cpio, and no rights of root.
set -eu
folder=$1
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"

package=$(apt-cache depends linux-image-cloud-amd64 | awk '/Depends: linux-image/ { print $2 }')
[ -n "$package" ] || { echo 'apt knows no linux-image-cloud-amd64; run apt-get update' >&2; exit 1; }
apt-get download -qq "$package"
dpkg -x ./*.deb kernel

mkdir -p root/bin root/modules root/dev root/proc root/sys root/mnt
cp "$(command -v busybox)" root/bin/busybox
for module in virtio_ring virtio virtio_pci_legacy_dev virtio_pci_modern_dev virtio_pci virtio_blk evdev button; do
  cp "$(find kernel -name "$module.ko")" root/modules/
done
cp "$here/guest-init.sh" root/init
chmod 755 root/init
mkdir -p "$folder"
(cd root && find . | cpio --quiet -o -H newc | gzip -1) > "$folder/initrd.part"
cp kernel/boot/vmlinuz-* "$folder/vmlinuz.part"
mv "$folder/initrd.part" "$folder/initrd"
mv "$folder/vmlinuz.part" "$folder/vmlinuz"
