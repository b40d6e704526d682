# Turns a fresh mount and PID namespace into a host, then becomes its sshd (PID 1 there, so it reaps what is orphaned).
# Arguments: folder of this host's files, size of its disk. A second boot finds its disk as it was left.
set -eu
files=$1 size=$2
if [ ! -e /etc/ssh/booted ]; then
    mount -t tmpfs -o mode=755,size=4m etc /etc/ssh
    cp "$files"/* /etc/ssh/
    mount --bind /etc/ssh/passwd /etc/passwd
    mount --bind /etc/ssh/group /etc/group
    mount -t tmpfs -o mode=755,size="$size" disk /srv
    mount -t tmpfs -o mode=755,size=64m home /home
    mkdir -p /srv/shop /home/deploytest
    chown -R deploytest:deploytest /srv /home/deploytest
    : >/etc/ssh/booted
else
    umount /tmp /run
    cp "$files"/* /etc/ssh/
fi
mount -t proc proc /proc
mount --bind /etc/ssh/boot_id /proc/sys/kernel/random/boot_id
mount -t tmpfs -o mode=755,size=16m run /run
mount -t tmpfs -o mode=1777,size=64m tmp /tmp
mkdir -p /run/sshd /run/fleet
cp /etc/ssh/address /run/fleet/address
cd /
exec /usr/sbin/sshd -D -f /etc/ssh/sshd_config -E /run/sshd.log
