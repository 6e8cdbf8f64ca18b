#!/usr/bin/env bash
# memory.sh - peak resident memory of the commands that go through a whole vault.
#
#   tests/bench/memory.sh [--import FILE] [--passphrase FILE] VAULT [SAKSI]
#
# Runs verify, verify --deep, duplicates and reindex; with --import also the import
# of FILE; with --passphrase also repair, into a folder below $TMPDIR that is removed.
# Writes a Markdown table to standard output.  It prints figures and asserts none.
# For a vault of a million records each takes minutes.
#
# VAULT is unlocked (`unlock --for 7d` is long enough), else trying the passphrase would
# be what takes most.  It is written to, so give a copy.  SAKSI: the program (default:
# $SAKSI).
#
# repair always asks for the passphrase.  Its memory is looked at fifty times a second
# from when the passphrase has been tried, so a shorter peak can be missed.
set -euo pipefail

file='' pass='' vault='' saksi=${SAKSI:-}
while [ $# -gt 0 ]; do
	case $1 in
	--import) file=$2 && shift ;;
	--passphrase) pass=$2 && shift ;;
	--help | -h)
		sed -n '2,/^set/{/^set/d;s/^# \{0,1\}//;p;}' "$0"
		exit 0
		;;
	-*)
		echo "memory.sh: unknown option $1; see --help" >&2
		exit 2
		;;
	*) if [ -z "$vault" ]; then vault=$1; else saksi=$1; fi ;;
	esac
	shift
done
die() {
	echo "memory.sh: $*" >&2
	exit 2
}
if [ -z "$vault" ] || [ ! -x "$saksi" ]; then die "which vault, and which program? See --help"; fi
[ -x /usr/bin/time ] || die "/usr/bin/time is missing"
setsid -w "$saksi" -C "$vault" status </dev/null >/dev/null 2>&1 ||
	die "$vault does not open; unlock it"

dir=$(mktemp -d "${TMPDIR:-/tmp}/saksi-memory.XXXXXX")
repairing=
# shellcheck disable=SC2317 # called by the trap
cleanup() {
	[ -z "$repairing" ] || kill "$repairing" 2>/dev/null || :
	wait
	rm -rf "$dir"
}
trap cleanup EXIT
trap 'exit 143' INT TERM

row() { # NAME KIB
	printf '| %s | %s MiB | under 64 MiB |\n' "$1" "$(awk -v k="$2" 'BEGIN { printf "%.1f", k / 1024 }')"
}

measured() { # NAME ARGUMENT...
	local name=$1
	shift
	/usr/bin/time -f %M -o "$dir/peak" "$saksi" -C "$vault" --yes "$@" >/dev/null 2>"$dir/err" </dev/null ||
		die "$*: $(tail -n 1 "$dir/err")"
	row "$name" "$(tail -n 1 "$dir/peak")"
}

# Resident KiB of a process; 0 when it has ended, or when that cannot be read just now.
resident() { # PID
	awk '/^VmRSS:/ { k = $2 } END { print k + 0 }' "/proc/$1/status" 2>/dev/null || echo 0
}

# First comes the memory that trying the passphrase takes, and it is given back whole.
repaired() {
	local tried='' most=0 now kdf
	kdf=$(($(od -An --endian=little -tu8 -j 16 -N 8 "$vault/keys") / 1024))
	"$saksi" -C "$vault" --passphrase-fd 3 repair --to "$dir/fresh" \
		3<"$pass" >/dev/null 2>"$dir/err" &
	repairing=$!
	while kill -0 "$repairing" 2>/dev/null; do
		now=$(resident "$repairing")
		if [ -z "$tried" ] && [ "$now" -ge $((kdf * 3 / 4)) ]; then
			tried=began
		elif [ "$tried" = began ] && [ "$now" -lt $((kdf / 2)) ]; then
			tried=ended
		fi
		[ "$tried" != ended ] || [ "$now" -le "$most" ] || most=$now
		sleep 0.02
	done
	wait "$repairing" || die "repair: $(tail -n 1 "$dir/err")"
	repairing=
	[ "$tried" = ended ] || die "repair: when the passphrase had been tried was not seen"
	row repair "$most"
}

printf '| | peak | target |\n|---|---|---|\n'
measured verify verify
measured 'verify --deep' verify --deep
measured duplicates duplicates
measured reindex reindex
[ -z "$file" ] || measured 'import FILE' import "$file"
[ -z "$pass" ] || repaired
