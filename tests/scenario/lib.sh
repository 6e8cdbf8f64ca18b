# shellcheck shell=bash
# lib.sh - what the scenarios share.  Each is sourced into bash with an empty
# HOME as working directory; run_test.sh removes all of it afterwards.
set -euo pipefail
: "${SAKSI:?the program}" "${SAKSI_SRC:?the source tree}" "${SAKSI_BUILD:?the build tree}"
# shellcheck disable=SC2034 # used by the scenarios
samples=$SAKSI_SRC/data/samples/cambodia.ndjson
phrase='correct horse of the test'
printf '%s\n' "$phrase" >"$TMPDIR/phrase"
tests_done=0

die() {
	echo "FAILED: $*" >&2
	[ ! -e "$TMPDIR/out" ] || sed 's/^/  out| /' "$TMPDIR/out" | tail -n 40 >&2
	[ ! -e "$TMPDIR/err" ] || sed 's/^/  err| /' "$TMPDIR/err" | tail -n 40 >&2
	exit 1
}

# saksi VAULT ARGUMENT... - with the passphrase, without a terminal to ask on.
saksi() {
	local vault=$1
	shift
	setsid -w "$SAKSI" -C "$vault" --passphrase-fd 3 "$@" 3<"$TMPDIR/phrase"
}

# expect CODE COMMAND... - run it; its output is in $TMPDIR/out and err.
expect() {
	local code=$1 got=0
	shift
	"$@" >"$TMPDIR/out" 2>"$TMPDIR/err" || got=$?
	[ "$got" -eq "$code" ] || die "exit $got instead of $code: $*"
	! grep -qE 'Sanitizer|runtime error|Assertion' "$TMPDIR/err" || die "a fault: $*"
	tests_done=$((tests_done + 1))
}

# ok COMMAND... - exit 0, and its output on standard output.
ok() {
	expect 0 "$@"
	cat "$TMPDIR/out"
}

# out REGEX, err REGEX - what the last command printed must match.
out() { grep -qE -- "$1" "$TMPDIR/out" || die "standard output lacks: $1"; }
err() { grep -qE -- "$1" "$TMPDIR/err" || die "standard error lacks: $1"; }
no_out() { ! grep -qE -- "$1" "$TMPDIR/out" || die "standard output has: $1"; }
no_err() { ! grep -qE -- "$1" "$TMPDIR/err" || die "standard error has: $1"; }
silent() { ! [ -s "$TMPDIR/out" ] || die "not silent"; ! [ -s "$TMPDIR/err" ] || die "not silent"; }

# same A B - two texts are equal.
same() { [ "$1" = "$2" ] || die "not the same: '$1' and '$2'"; }
differ() { [ "$1" != "$2" ] || die "the same: '$1'"; }

# absent FILE... - none is there, nor a temporary file of ours beside it.
absent() {
	local f
	for f in "$@"; do
		[ ! -e "$f" ] || die "$f is there"
		! compgen -G "$(dirname "$f")/.saksi-*" >/dev/null || die "a half file beside $f"
	done
}

# cheaper DIR - from now on its passphrase is cheap to try: else that takes most of a
# scenario's time.  The real cost is paid by leak_deep.sh, migrate.sh, tour.sh and the
# quickstart, by one vault of same_blocks.sh, by the `init`s that usage.sh and vault.sh
# make themselves, and in vault.sh after `key change --kdf`.
cheaper() { "$SAKSI_BUILD/tests/cheap_vault" "$1" <"$TMPDIR/phrase" || die "cheap_vault $1"; }

# make_vault DIR PERSON DEVICE
make_vault() {
	expect 0 saksi "$1" init --name "$2" --device "$3" --kdf interactive
	cheaper "$1"
}

# field KEY - a text or number of the JSON line on standard input.
field() { sed -nE 's/^.*"'"$1"'":("([^"]*)"|([0-9a-z]+)).*$/\2\3/p' | sed -n 1p; }

digest() { saksi "$1" --json status | field state_digest; }

# join_team ADMIN NEW ROLE - the whole ceremony.
join_team() {
	expect 0 saksi "$2" device request -o "$TMPDIR/request" --force
	expect 0 saksi "$1" --yes device add "$TMPDIR/request" --role "$3" -o "$TMPDIR/welcome" --force
	expect 0 saksi "$2" --yes device join "$TMPDIR/welcome"
	rm -f "$TMPDIR/request" "$TMPDIR/welcome"
}

# give FROM TO - a bundle from one vault to the other.
give() {
	expect 0 saksi "$1" bundle write "$TMPDIR/bundle" --force
	expect 0 saksi "$2" bundle read "$TMPDIR/bundle"
}

finish() { echo "$tests_done commands as expected"; }
