#!/usr/bin/env bash
# faults_limits.sh - what saksi does where there is little room.
#
#   tests/campaign/faults_limits.sh [--lib FILE] [SAKSI]
#
# A full disk, a read-only medium, a file size limit, no /proc, no lockable
# memory, few descriptors, little address space, closed standard descriptors,
# a full pipe's end, readers killed while another process writes, and a map
# that grows under a reader.  Each: an error in words or success, and a vault
# that passes `verify --deep` with all or nothing of the change in it.
set -uo pipefail
lib=
program=${SAKSI:-}
while [ $# -gt 0 ]; do
	case $1 in
	--lib) lib=$2 && shift ;;
	--help | -h)
		sed -n '2,/^set/{/^set/d;s/^# \{0,1\}//;p;}' "$0"
		exit 0
		;;
	-*) echo "faults_limits.sh: unknown option $1" >&2 && exit 2 ;;
	*) program=$1 ;;
	esac
	shift
done
[ -x "$program" ] || {
	echo "faults_limits.sh: which program? Give its path, or set SAKSI" >&2
	exit 2
}
program=$(readlink -f "$program")
lib=$(readlink -f "${lib:-$(dirname "$program")/../tests/faults.so}")
src=$(cd "$(dirname "$(readlink -f "$0")")/../.." && pwd)
samples=$src/data/samples/cambodia.ndjson
dir=$(mktemp -d "${TMPDIR:-/tmp}/saksi-limits.XXXXXX")
# shellcheck disable=SC2317 # called by the trap
cleanup() {
	umount -q "$dir"/mnt* 2>/dev/null
	rm -rf "$dir"
}
trap cleanup EXIT
trap 'exit 143' HUP INT TERM
export LC_ALL=C.UTF-8 TZ=UTC HOME=$dir XDG_RUNTIME_DIR=$dir
export ASAN_OPTIONS="verify_asan_link_order=0:${ASAN_OPTIONS:-detect_leaks=1:abort_on_error=0:exitcode=99}"
unset SAKSI_VAULT XDG_DATA_HOME XDG_STATE_HOME XDG_CONFIG_HOME
cd "$dir" || exit 2
printf 'zq7pass of the limits\n' >pass
sanitized=
! grep -q __asan_init "$program" || sanitized=1
cases=0
failures=0
fail() {
	failures=$((failures + 1))
	printf '%s: %s\n' "$case" "$*"
	sed 's/^/    | /' err 2>/dev/null | tail -n 4
}

# The passphrase costs nothing here: these are not tests of Argon2id.
pre=(env LD_PRELOAD="$lib" SAKSI_FAULTS_KDF=1)
saksi() {
	local vault=$1
	shift
	"${pre[@]}" "$program" -C "$vault" --passphrase-fd 3 --yes "$@" 3<"$dir/pass" </dev/null
}
digest() { saksi "$1" --json status 2>/dev/null | grep -o '"state_digest":"[0-9a-f]*"'; }
whole() {
	saksi "$1" verify --deep >out 2>err || fail "verify --deep"
}
# ends CODES REGEX COMMAND... - one of these codes; not 0: words that match.
ends() {
	local codes=$1 words=$2 code=0
	shift 2
	cases=$((cases + 1))
	# By a pipe: a file of ours would have the same limit.
	{
		"$@" 2>&1 >&4 | cat >err
		code=${PIPESTATUS[0]}
	} 4>out
	[[ " $codes " == *" $code "* ]] || fail "exit $code, not one of $codes: ${*: -4}"
	[ "$code" -eq 0 ] || grep -qE "$words" err || fail "no words of '$words': ${*: -4}"
	! grep -qE 'Sanitizer|runtime error|Assertion' err || fail "a fault"
	last=$code
}
# Either it was done or it was not, and exit 0 means done.
all_or_nothing() { # VAULT BEFORE
	local now
	now=$(digest "$1")
	[ "$last" -ne 0 ] || [ "$now" != "$2" ] || fail "exit 0, but nothing changed"
	[ "$last" -eq 0 ] || [ "$now" = "$2" ] || [ -n "${may_stay:-}" ] || fail "exit $last, but something changed"
	whole "$1"
}
fresh() { rm -rf v && cp -r base v; }
# The vault may be as it was although it is done.
all_or_nothing_new() { # VAULT BEFORE
	[ "$(digest "$1")" = "$2" ] || fail "something changed"
	whole "$1"
}
# A vault of the first format; its passphrase costs what it does.
old_vault() { # FOLDER
	mkdir -m 700 "$1"
	cp "$src/tests/vectors/vault-1/data.mdb" "$src/tests/vectors/vault-1/keys" "$1"
	chmod 600 "$1"/*
}
saksi_old() {
	local vault=$1
	shift
	"$program" -C "$vault" --passphrase-fd 3 --yes "$@" 3<"$src/tests/vectors/vault-1/phrase" </dev/null
}

case=prepare
saksi base init --name Dara --device d --kdf interactive >out 2>err || fail "init"
saksi base add person names='Before' --ref per-before >out 2>err || fail "add"
before=$(digest base)
long=$(head -c 60000 /dev/zero | tr '\0' x)
for ((n = 0; n < 170; n++)); do
	printf '{"id":"per-l%s","type":"person","names":["Long"],"note":"%s"}\n' $n "$long"
done >long.ndjson
[ "$failures" -eq 0 ] || exit 1

# ---- a full disk ------------------------------------------------------------------------
case='full disk'
mkdir mnt
if [ "$(id -u)" -eq 0 ] && mount -t tmpfs -o size=200k,mode=700 tmpfs mnt 2>/dev/null; then
	cp -r base mnt/v
	ends 1 'full|No space' saksi mnt/v import "$samples"
	may_stay=1 all_or_nothing mnt/v "$before"
	may_stay=
	# To the last byte: a plain edit, and an output beside it.
	head -c 1000000 /dev/zero >mnt/ballast 2>/dev/null
	now=$(digest mnt/v)
	for n in 1 2 3; do
		ends '0 1' 'full|No space' saksi mnt/v edit per-before note="number $n"
		all_or_nothing mnt/v "$now"
		now=$(digest mnt/v)
	done
	ends 1 'space' saksi mnt/v bundle write mnt/out
	[ ! -e mnt/out ] || fail "half an output"
	! compgen -G 'mnt/.saksi-*' >/dev/null || fail "a half file"
	ends 1 'space|full' saksi mnt/new init --name Dara --device d --kdf interactive
	! compgen -G 'mnt/new*' >/dev/null || fail "half a vault"
	now=$(digest mnt/v)
	for command in reindex 'repair --to mnt/saved' 'sync dir:mnt/share'; do
		mkdir -p mnt/share
		read -ra words <<<"$command"
		ends '0 1' 'space|full' saksi mnt/v "${words[@]}"
		all_or_nothing_new mnt/v "$now"
	done
	! compgen -G 'mnt/saved*' >/dev/null || fail "half a repaired vault"
	[ ! -e mnt/share ] || [ -z "$(find mnt/share -name "*.tmp" -o -name ".saksi-*")" ] || fail "half a file is shared"
	# A long import needs room beside the vault before it writes anything.
	rm mnt/ballast
	ends 1 'full|No space|space' saksi mnt/v import long.ndjson
	all_or_nothing mnt/v "$now"
	[ "$(find mnt/v -type f | wc -l)" -le 4 ] || fail "something is left in the vault's folder"
	ends 0 . saksi mnt/v edit per-before note='room again'
	umount mnt
	mount -t tmpfs -o size=330k,mode=700 tmpfs mnt
	old_vault mnt/old
	sum=$(cksum <mnt/old/data.mdb)
	ends '1 5' 'space|free|full' saksi_old mnt/old migrate
	[ "$sum" = "$(cksum <mnt/old/data.mdb)" ] || fail "an older vault was changed"
	mount -o remount,size=64m mnt
	ends 0 . saksi_old mnt/old migrate
	ends 0 . saksi_old mnt/old verify --deep
	umount mnt
else
	echo "skipped: no file system can be mounted here; the file size limit stands for a full disk"
fi

# ---- a read-only medium -------------------------------------------------------------------
case='read-only medium'
fresh
if [ "$(id -u)" -eq 0 ] && mount --bind v mnt 2>/dev/null && mount -o remount,ro,bind mnt 2>/dev/null; then
	ends 1 'read-only|Read-only' saksi mnt list
	ends 0 . saksi mnt --read-only list
	grep -q Before out || fail "the record is not listed"
	ends '1 2 5' 'read-only|Read-only' saksi mnt edit per-before note=x
	ends '1 2 5' 'read-only|Read-only' saksi mnt --read-only edit per-before note=x
	ends '0 1 2 5' 'read-only|Read-only' saksi mnt lock
	for command in reindex 'import '"$samples" 'device request -o mnt/o' 'bundle write mnt/o' 'repair --to mnt/new' 'export ndjson -o mnt/o'; do
		read -ra words <<<"$command"
		ends '1 2 5' 'read-only|Read-only' saksi mnt "${words[@]}"
	done
	# One can be saved from there.
	ends '0 3' . saksi mnt repair --to saved
	whole saved
	rm -rf saved
	umount mnt
	whole v
else
	umount -q mnt 2>/dev/null
	echo "skipped: nothing can be mounted read-only here"
fi

# ---- a limit on the size of files --------------------------------------------------------------
case='file size limit'
for kib in 0 4 64 80 100 200; do
	fresh
	now=$before
	ends '0 1' 'too large|cannot be written|full' bash -c 'ulimit -f '$kib'; "$@"' - "${pre[@]}" "$program" \
		-C v --passphrase-fd 3 import "$samples" 3<pass
	may_stay=1 all_or_nothing v "$now"
	may_stay=
	ends '0 1' 'too large|cannot be written' bash -c 'ulimit -f '$kib'; "$@"' - "${pre[@]}" "$program" \
		-C v --passphrase-fd 3 bundle write o 3<pass
	[ "$last" -eq 0 ] || [ ! -e o ] || fail "half an output"
	rm -f o
done
! compgen -G '.saksi-*' >/dev/null || fail "a half file"

# ---- no /proc ------------------------------------------------------------------------------------
case='no /proc'
fresh
if [ -z "$sanitized" ] && [ "$(id -u)" -eq 0 ] && unshare -m true 2>/dev/null; then
	ends '0 1' '/proc' unshare -m bash -c 'mount -t tmpfs tmpfs /proc; "$@"' - "${pre[@]}" "$program" \
		-C v --passphrase-fd 3 edit per-before note=y 3<pass
	all_or_nothing v "$before"
else
	echo "skipped: /proc can't be taken away here"
fi

# ---- little of everything ------------------------------------------------------------------------
case='little lockable memory'
for kib in 0 4 16 64; do
	fresh
	for command in 'edit per-before note=z' list 'bundle write o --force' reindex 'verify --deep' 'export csv -o o --force'; do
		read -ra words <<<"$command"
		ends 0 . bash -c 'ulimit -l '$kib'; "$@"' - "${pre[@]}" "$program" -C v --passphrase-fd 3 "${words[@]}" 3<pass
	done
	whole v
	[ "$(digest v)" != "$before" ] || fail "exit 0, but nothing changed"
done

case='few descriptors'
for n in 3 4 5 6 7 8 9 10 12 16; do
	fresh
	for command in 'edit per-before note=few' 'list' 'bundle write o --force' 'export ndjson -o o --force' 'sync dir:share' \
		reindex "import $samples" 'repair --to few'; do
		mkdir -p share
		rm -rf few
		read -ra words <<<"$command"
		# Below five the loader itself cannot open the libraries.
		ends '0 1 5 6 127' 'open|descriptor|shared' bash -c 'ulimit -n '"$n"'; exec "$@"' - \
			"${pre[@]}" "$program" -C v --passphrase-fd 3 "${words[@]}" 3<pass
	done
	whole v
	! compgen -G 'few.new-*' >/dev/null || fail "half a repaired vault"
done
rm -rf few

case='little address space'
if [ -z "$sanitized" ]; then
	for mib in 8 30 40 50 60 70 80 100 150 200 400; do
		fresh
		ends '0 1 127' 'memory|map|shared|allocate' bash -c 'ulimit -v '$((mib * 1024))'; exec "$@"' - "${pre[@]}" "$program" \
			-C v --passphrase-fd 3 import "$samples" 3<pass
		may_stay=1 all_or_nothing v "$before"
		may_stay=
	done
fi

# ---- standard descriptors -------------------------------------------------------------------------
case='closed descriptors'
fresh
for closed in '0<&-' '1>&-' '2>&-' '0<&- 1>&-' '0<&- 1>&- 2>&-'; do
	sum=$(cksum <v/keys)
	ends '0 1' . bash -c '"$@" '"$closed" - "${pre[@]}" "$program" -C v --passphrase-fd 3 edit per-before note="closed $closed" 3<pass
	ends '0 1' . bash -c '"$@" '"$closed" - "${pre[@]}" "$program" -C v --passphrase-fd 3 list 3<pass
	[ "$sum" = "$(cksum <v/keys)" ] || fail "something was printed into the key file"
	whole v
done
case='full standard output'
ends 1 'standard output' bash -c '"$@" >/dev/full' - "${pre[@]}" "$program" -C v --passphrase-fd 3 list 3<pass
ends 1 'standard output|cannot be written' bash -c '"$@" >/dev/full' - "${pre[@]}" "$program" -C v --passphrase-fd 3 bundle write - 3<pass

# ---- several processes ------------------------------------------------------------------------------
# A reader stopped in the middle of its transaction, then killed: more of them
# than the table of readers has places, so that each must be cleared.
case='readers killed'
fresh
saksi v import "$samples" >out 2>err || fail "import"
killed=0
for ((n = 0; n < ${READERS:-150}; n++)); do
	"${pre[@]}" "$program" -C v --passphrase-fd 3 verify --deep 3<pass >/dev/null 2>&1 &
	pid=$!
	sleep "0.0$(printf '%02d' $((3 + n * 7 % 30)))"
	kill -STOP $pid 2>/dev/null
	if [ $((n % 10)) -eq 0 ]; then ends 0 . saksi v edit per-before note="while $n reads"; fi
	kill -9 $pid 2>/dev/null && killed=$((killed + 1))
	wait $pid 2>/dev/null
done
[ "$killed" -ge $((${READERS:-150} / 4)) ] || fail "only $killed readers were killed"
ends 0 . saksi v list
whole v

case='a map that grows under readers'
fresh
(
	while [ ! -e stop ]; do
		saksi v --json list >grown.out 2>grown.err || {
			cp grown.err grown.bad
			break
		}
	done
) &
reader=$!
ends 0 . saksi v import "$samples"
for n in 1 2 3 4; do
	head -c 60000 /dev/zero | tr '\0' x >long
	printf '{"names":["Long %s"],"note":"%s"}\n' "$n" "$(cat long)" >long.json
	ends 0 . saksi v add person --from-json long.json
done
: >stop
wait $reader
[ ! -e grown.bad ] || {
	cp grown.bad err
	fail "a reader failed while the vault grew"
}
whole v

echo "$cases cases, $failures failures"
[ "$failures" -eq 0 ]
