# shellcheck shell=bash
# Nothing that records say can be found in what a thief or a carrier gets: two
# vaults, what they leave in the home and run-time directories, a bundle, a
# shared folder, a welcome.  tests/support/leak_scan.c says in which forms.
set -uo pipefail
: "${SAKSI:?}" "${SAKSI_SRC:?}" "${SAKSI_BUILD:?}"
scan=$SAKSI_BUILD/tests/leak_scan
samples=$SAKSI_SRC/data/samples/cambodia.ndjson
pass='correct horse of the leak test'
printf '%s\n' "$pass" >"$TMPDIR/pass"

die() {
	echo "leak_deep: $*" >&2
	sed 's/^/    | /' "$TMPDIR/log" >&2
	exit 1
}
saksi() { "$SAKSI" --passphrase-fd 3 --yes "$@" 3<"$TMPDIR/pass" 2>"$TMPDIR/log" || die "saksi $*: $?"; }

# Wherever a person would put them: below HOME, so that all of it is searched.
office=$HOME/v1 field=$HOME/v2 share=$HOME/s
mkdir "$share"
saksi -C "$office" init --name 'Dara Leaktest' --device 'office leaktest' --kdf interactive >/dev/null
saksi -C "$field" init --name 'Sophea Leaktest' --device 'field leaktest' --kdf interactive >/dev/null
saksi -C "$office" import "$samples" >/dev/null
saksi -C "$office" add person names='Unfindable Person' --ref per-unfindable \
	'contacts={"kind":"telephone","text":"+855 00 000 000 000"}' >/dev/null
saksi -C "$office" add event title='Soon Deleted Event' --ref evt-soon-deleted >/dev/null
saksi -C "$office" edit per-unfindable 'note=Overwritten Sentence' >/dev/null
saksi -C "$office" edit per-unfindable 'note=Later Sentence' >/dev/null
saksi -C "$office" delete evt-soon-deleted --reason 'Reason Of Deletion' >/dev/null
saksi -C "$field" device request -o "$TMPDIR/request" >/dev/null
saksi -C "$office" device add "$TMPDIR/request" --role editor -o "$HOME/w" >/dev/null
saksi -C "$field" device join "$HOME/w" >/dev/null
saksi -C "$office" bundle write "$HOME/b" >/dev/null
saksi -C "$field" bundle read "$HOME/b" >/dev/null
saksi -C "$field" edit per-kong-raiya 'occupation+=Written In The Field' >/dev/null
saksi -C "$field" sync "dir:$share" >/dev/null
saksi -C "$office" sync "dir:$share" >/dev/null
saksi -C "$office" find 'Unfindable raiya' >/dev/null
saksi -C "$office" unlock >/dev/null 2>&1 || :

# What must not be found: the samples, all that was typed, every id there is.
saksi -C "$office" export ndjson --ceiling S -o "$TMPDIR/all.ndjson" >/dev/null
needles=(-s "$samples" -s "$TMPDIR/all.ndjson" -w "$pass")
for text in 'Dara Leaktest' 'office leaktest' 'Sophea Leaktest' 'field leaktest' 'Unfindable Person' \
	'per-unfindable' '+855 00 000 000 000' 'Soon Deleted Event' 'evt-soon-deleted' \
	'Overwritten Sentence' 'Later Sentence' 'Reason Of Deletion' 'Written In The Field'; do
	needles+=(-w "$text")
done
while read -r hex; do needles+=(-w "$hex" -x "$hex"); done < <(
	{
		saksi -C "$office" --json status
		saksi -C "$office" --json device list
	} | grep -oE '[0-9a-f]{64}' | sort -u
)
[ ${#needles[@]} -gt 36 ] || die "status and device list show no ids to search for"

"$scan" "${needles[@]}" "$HOME" "$XDG_RUNTIME_DIR" || die "something can be read"

# The same search finds what is not sealed; else it would prove nothing.
"$scan" "${needles[@]}" "$TMPDIR/all.ndjson" >/dev/null && die "the search is blind"
mkdir "$TMPDIR/forms"
cd "$TMPDIR/forms" || exit 1
printf 'xKong Raiya' | base64 >b64
printf 'KONG RAIYA' >upper
printf 'kong raiya' >lower
printf 'K\0o\0n\0g\0 \0R\0a\0i\0y\0a\0' >utf16
printf '4b6f6e67205261697961' >hex
printf 'ayiaR gnoK' >backwards
printf 'x' >evt-rongchhun-2020
for form in *; do
	"$scan" -s "$samples" "$form" >/dev/null && die "the search does not know the form $form"
done

# A bundle and each shared object: no byte likelier than another, from the
# first on.  Chi-squared over 256 values: 255 expected, above 420 once in 10^9.
looks_random() { # FILE
	od -An -v -tu1 -w1 "$1" | awk -v f="$1" '
		{ count[$1 + 0]++ }
		END {
			for (i = 0; i < 256; i++) x += (count[i] - NR / 256) ^ 2
			x /= NR / 256
			if (NR < 4096 || x > 420) { print f ": " NR " bytes, chi-squared " x; exit 1 }
		}'
}
for file in "$HOME/b" "$share"/*; do
	looks_random "$file" || die "does not look random"
done
for n in 1 2 3 4 5 6 7 8; do
	saksi -C "$office" bundle write "$TMPDIR/again.$n" >/dev/null
	head -c 80 "$TMPDIR/again.$n" >>"$TMPDIR/heads"
done
distinct=$(od -An -v -tx1 -w8 "$TMPDIR/heads" | sort -u | wc -l)
[ "$distinct" -eq 80 ] || die "two bundles of the same content share a part of their beginning"
