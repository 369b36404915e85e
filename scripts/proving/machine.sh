#!/bin/sh
# Becomes the systemd of a machine over a copy-on-write view of this host's files. Called by
# scripts/proving/machine.py as process 1 of new pid, mount, uts, ipc and net namespaces:
#   machine.sh FOLDER SUBTREE BUNDLE SAMPLES GROUPS
# GROUPS has a line for each hierarchy of control groups: type, options, place.
set -eu
folder=$1 subtree=$2 bundle=$3 samples=$4 groups=$5
root=$folder/root

# Into the subtree, then a namespace whose top it is: what starts it stays outside of it, else
# version 2 would let no controller into the units' groups.
if [ -z "${inside:-}" ]; then
    printf '%s\n' "$groups" | while read -r _ _ place; do
        # $$ of a subshell is the shell's, which is what is to move
        echo $$ >"$place/$subtree/cgroup.procs"
    done
    inside=1 exec unshare --cgroup sh "$0" "$@"
fi

mount -t overlay overlay -o "lowerdir=/,upperdir=$folder/upper,workdir=$folder/work,volatile" "$root"
cd "$root"
mkdir -p media/bundle media/documents
for pair in "$bundle:bundle" "$samples:documents"; do
    mount --bind "${pair%:*}" "media/${pair##*:}"
    mount -o remount,bind,ro "media/${pair##*:}"
done
# The host's own units, its journal and its sockets have no part in this.
for place in etc/systemd/system var/log run; do mount -t tmpfs -o mode=0755 tmpfs "$place"; done
mount -t tmpfs -o mode=1777 tmpfs tmp
: >etc/fstab

# What belongs to the kernel and not to a namespace may be read only.
mount -t proc proc proc
for place in proc/sys proc/sysrq-trigger proc/irq proc/bus; do
    [ -e "$place" ] || continue
    mount --bind "$place" "$place"
    mount -o remount,bind,ro "$place"
done
mount -t sysfs -o ro sysfs sys
mount -t tmpfs -o mode=0755 tmpfs dev
for name in null zero full random urandom tty; do
    touch "dev/$name"
    mount --bind "/dev/$name" "dev/$name"
done
mkdir dev/pts dev/shm
mount -t devpts -o newinstance,ptmxmode=0666 devpts dev/pts
mount -t tmpfs -o mode=1777 tmpfs dev/shm
ln -s pts/ptmx dev/ptmx
ln -s /proc/self/fd dev/fd

case $groups in
"cgroup2 "*" /sys/fs/cgroup") ;; # version 2 alone: it is mounted on the folder itself
*) mount -t tmpfs -o mode=0755 tmpfs sys/fs/cgroup ;;
esac
printf '%s\n' "$groups" | while read -r type options place; do
    mkdir -p "$root$place"
    mount -t "$type" -o "$options" "$type" "$root$place"
done

mkdir old
pivot_root . old
umount -l /old
rmdir /old
mount --make-rshared / # as on a real machine, where systemd does it; credentials arrive that way
exec setpriv --bounding-set \
    -sys_module,-sys_time,-sys_boot,-sys_rawio,-syslog,-wake_alarm,-mac_admin,-mac_override \
    env -i container=proof PATH=/usr/sbin:/usr/bin:/sbin:/bin TERM=dumb \
    /lib/systemd/systemd --system --unit=basic.target --show-status=no
