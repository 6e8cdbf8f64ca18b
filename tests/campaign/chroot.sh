#!/usr/bin/env bash
# chroot.sh - the tree on a fresh Debian, as a newcomer would meet it.
#
#   tests/campaign/chroot.sh [--keep] [--user] [COMMAND ...]
#
# Makes a Debian 12 system with debootstrap, clones the tree's last commit into
# it and runs each COMMAND there (default: "./quickstart" and "./check"), with
# the time of each.  Needs root, debootstrap and the network.
#
#   --keep   leave the system in place and say where
#   --user   run as an ordinary user with sudo, instead of root
#
# Mirror, proxies, keys and name servers are those of this machine, read at run
# time.  $SAKSI_CHROOT_CACHE (a directory) keeps the base system and downloaded
# packages, so that a second run measures the tree and not the network.
# $SAKSI_CHROOT_DIR is where the system is made (default: /var/tmp).
set -euo pipefail

here=$(dirname "$(readlink -f "$0")")
src=$(cd "$here/../.." && pwd)
suite=bookworm
tree=/usr/src/saksi

die() {
	echo "chroot.sh: $*" >&2
	exit 1
}

# The mirror from which this machine itself takes the suite's main part.
find_mirror() {
	# shellcheck disable=SC2016 # apt's own variables
	apt-get indextargets --format '$(SITE) $(RELEASE) $(COMPONENT)' 'Created-By: Packages' |
		awk -v s="$suite" '$2 == s && $3 == "main" { print $1; exit }'
}

make_base() { # TARBALL
	local mirror dir
	mirror=$(find_mirror)
	[ -n "$mirror" ] || die "no source of $suite in this machine's apt configuration"
	dir=$(mktemp -d "${SAKSI_CHROOT_DIR:-/var/tmp}/saksi-base.XXXXXX")
	debootstrap --variant=minbase --include=ca-certificates "$suite" "$dir" "$mirror" \
		>"$dir.log" 2>&1 || {
		tail -n 20 "$dir.log" >&2
		die "debootstrap failed; see $dir.log"
	}
	tar -C "$dir" --numeric-owner -cf "$1.new" .
	mv "$1.new" "$1"
	rm -rf --one-file-system "$dir" "$dir.log"
}

# What the machine needs to reach its mirror, the system inside needs as well.
copy_settings() { # ROOT
	rm -rf "$1/etc/apt"
	cp -a /etc/apt "$1/etc/apt"
	rm -f "$1/etc/apt/apt.conf.d/docker-clean" # throws away what the cache should keep
	cp -a /usr/share/keyrings/. "$1/usr/share/keyrings/"
	cp -L /etc/resolv.conf /etc/hosts "$1/etc/"
	if [ -d /usr/local/share/ca-certificates ]; then
		mkdir -p "$1/usr/local/share/ca-certificates"
		cp -a /usr/local/share/ca-certificates/. "$1/usr/local/share/ca-certificates/"
	fi
	echo fresh >"$1/etc/hostname"
}

make_user() { # ROOT
	inside "$1" root "apt-get -q update >/dev/null && \
		DEBIAN_FRONTEND=noninteractive apt-get -q install -y --no-install-recommends sudo >/dev/null && \
		useradd --create-home --shell /bin/bash defender && \
		echo 'defender ALL=(ALL) NOPASSWD: ALL' >/etc/sudoers.d/defender && \
		chown -R defender: $tree"
}

# Run a shell command in the system: mounts and processes of its own, which are
# gone when it ends, whatever became of it.
inside() { # ROOT USER COMMAND
	local vars=(PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
		"TERM=${TERM:-dumb}" LC_ALL=C.UTF-8) v
	for v in http_proxy https_proxy ftp_proxy no_proxy HTTP_PROXY HTTPS_PROXY NO_PROXY; do
		[ -z "${!v:-}" ] || vars+=("$v=${!v}")
	done
	# shellcheck disable=SC2016 # expanded by the inner shell
	unshare --mount --pid --fork --kill-child --propagation private bash -euc '
		root=$1 user=$2 command=$3 archives=$4
		shift 4
		mount -t proc proc "$root/proc"
		mount -t tmpfs -o mode=755 tmpfs "$root/dev"
		for d in null zero full random urandom tty; do
			: >"$root/dev/$d"
			mount --bind "/dev/$d" "$root/dev/$d"
		done
		mkdir "$root/dev/pts" "$root/dev/shm"
		mount -t devpts -o newinstance,ptmxmode=0666,mode=620 devpts "$root/dev/pts"
		mount -t tmpfs -o mode=1777 tmpfs "$root/dev/shm"
		ln -s pts/ptmx "$root/dev/ptmx"
		ln -s /proc/self/fd "$root/dev/fd"
		for n in 0:stdin 1:stdout 2:stderr; do
			ln -s "/proc/self/fd/${n%%:*}" "$root/dev/${n#*:}"
		done
		[ -z "$archives" ] || mount --bind "$archives" "$root/var/cache/apt/archives"
		exec chroot "$root" /usr/bin/env -i "$@" su "$user" -s /bin/bash -c "$command"
	' inside "$1" "$2" "$3" "$archives" "${vars[@]}" "HOME=$([ "$2" = root ] && echo /root || echo "/home/$2")"
}

keep=
user=root
while [ $# -gt 0 ]; do
	case $1 in
	--keep) keep=1 ;;
	--user) user=defender ;;
	--help | -h)
		sed -n '2,/^set/{/^set/d;s/^# \{0,1\}//;p;}' "$0"
		exit 0
		;;
	-*) die "unknown option $1" ;;
	*) break ;;
	esac
	shift
done
[ $# -gt 0 ] || set -- ./quickstart ./check
[ "$(id -u)" -eq 0 ] || die "needs root"
command -v debootstrap >/dev/null || die "needs debootstrap: apt-get install debootstrap"
[ -z "$(git -C "$src" status --porcelain)" ] ||
	echo "chroot.sh: what is not committed is not tested" >&2

archives=
if [ -n "${SAKSI_CHROOT_CACHE:-}" ]; then
	mkdir -p "$SAKSI_CHROOT_CACHE/archives/partial"
	cache=$(cd "$SAKSI_CHROOT_CACHE" && pwd)
	archives=$cache/archives
else
	cache=$(mktemp -d "${SAKSI_CHROOT_DIR:-/var/tmp}/saksi-cache.XXXXXX")
fi
root=$(mktemp -d "${SAKSI_CHROOT_DIR:-/var/tmp}/saksi-fresh.XXXXXX")
# shellcheck disable=SC2317 # called by the trap
cleanup() {
	[ -n "$archives" ] || rm -rf --one-file-system "$cache"
	if [ -n "$keep" ]; then
		echo "The system is in $root"
	else
		rm -rf --one-file-system "$root"
	fi
}
trap cleanup EXIT

base=$cache/$suite-$(dpkg --print-architecture).tar
start=$SECONDS
[ -e "$base" ] || make_base "$base"
tar -C "$root" --numeric-owner -xf "$base"
chmod 755 "$root" # mktemp made it for its owner only
copy_settings "$root"
git clone -q --no-local "$src" "$root$tree"
[ "$user" = root ] || make_user "$root"
echo "Debian $(cat "$root/etc/debian_version"), commit $(git -C "$root$tree" rev-parse --short HEAD), made in $((SECONDS - start)) s"

status=0
for command in "$@"; do
	start=$SECONDS
	echo "--- $command"
	result="done"
	inside "$root" "$user" "cd $tree && $command" </dev/null || { result=FAILED status=1; }
	echo "--- $command: $result in $((SECONDS - start)) s"
done
exit "$status"
