# shellcheck shell=bash
# Two vaults of the same input and the same passphrase have nothing in common:
# no 16 bytes in any place of their files, nor of their bundles and folders,
# that LMDB did not write.  What counts is said in tests/support/same_blocks.c.
# shellcheck source=tests/scenario/lib.sh
. "$(dirname "$0")/lib.sh"
same=$SAKSI_BUILD/tests/same_blocks

# live SIDE - the same life each time, all that it leaves below $HOME/SIDE.
live() {
	local at=$HOME/$1
	export XDG_STATE_HOME=$at/state
	mkdir -p "$at/share"
	make_vault "$at/office" Sokha laptop
	# Its key file stays as `init` writes it, the other one's is written anew.
	expect 0 saksi "$at/field" init --name Dara --device phone --kdf interactive
	expect 0 saksi "$at/office" import "$samples"
	join_team "$at/office" "$at/field" editor
	for n in 1 2 3 4 5 6; do
		expect 0 saksi "$at/office" edit per-kong-raiya "note=The same sentence, $n times"
	done
	expect 0 saksi "$at/office" add person names='Only Here' --ref per-only-here
	expect 0 saksi "$at/office" --yes delete per-only-here --reason 'Not ours'
	expect 0 saksi "$at/office" reindex
	expect 0 saksi "$at/office" edit per-kong-raiya 'note=After the index was made anew'
	expect 0 saksi "$at/office" bundle write "$at/bundle"
	expect 0 saksi "$at/field" bundle read "$at/bundle"
	expect 0 saksi "$at/field" edit per-kong-raiya 'occupation+=Written in the field'
	expect 0 saksi "$at/field" sync "dir:$at/share"
	expect 0 saksi "$at/office" sync "dir:$at/share"
	expect 0 saksi "$at/office" verify --deep
	expect 0 saksi "$at/field" --json status
}
live a
live b
for side in a b; do
	for file in office/{data.mdb,keys,anchor} field/{data.mdb,keys,anchor} bundle share/* state/saksi/*; do
		compgen -G "$HOME/$side/$file" >/dev/null || die "no $file to compare"
	done
done

expect 0 "$same" "$HOME/a" -- "$HOME/b"
cat "$TMPDIR/out"
# Most of it must have been compared: what is LMDB's own is little.
awk '/bytes of values/ { n++; if ($3 + 0 < 20 * $10) exit 1 }
	END { if (n != 2) exit 1 }' "$TMPDIR/out" || die "too little was compared"

# Nor have two devices of one team, which hold the same signed bytes.
expect 0 "$same" "$HOME/a/office" "$HOME/a/bundle" -- "$HOME/a/field"

# Nor has a vault and what was made of it under the same key, the key file apart.
export XDG_STATE_HOME=$HOME/c/state
expect 0 saksi "$HOME/a/office" repair --to "$HOME/c/saved"
expect 0 "$same" "$HOME/a/office" -- "$HOME/c/saved/data.mdb"

# It sees what is there: a copy; and 16 bytes of one in any part of the other.
cp "$HOME/b/office/data.mdb" "$HOME/copy"
expect 1 "$same" "$HOME/b/office" -- "$HOME/copy"
common=$(sed -nE 's/.*compared: ([0-9]+) in common/\1/p' "$TMPDIR/out")
[ "$common" -gt 100000 ] || die "a copy has only $common blocks in common"

# plant OFFSET FILE - 16 bytes of a's first long value, from an odd place, over FILE's.
expect 0 "$same" -v "$HOME/a/office/data.mdb"
from=$(awk '$3 == "value" && $2 > 1000 { print $1 + 333; exit }' "$TMPDIR/out")
plant() {
	cp "$2" "$HOME/planted"
	dd if="$HOME/a/office/data.mdb" of="$HOME/planted" bs=1 count=16 conv=notrunc status=none \
		skip="$from" seek="$1"
	expect 1 "$same" "$HOME/a/office/data.mdb" -- "$HOME/planted"
	# One time in 256 the byte before is the same as well, or the one behind.
	out '^[0-9]+ and [0-9]+ blocks of 16 bytes compared: [1-9] in common$'
	out "byte $from = .*byte $1:"
}
expect 0 "$same" -v "$HOME/b/office/data.mdb"
awk '{ n[$3]++; at[$3, n[$3]] = $1; len[$3, n[$3]] = $2 }
	END {
		print at["value", 1]
		i = int(n["value"] / 2); print at["value", i] + int(len["value", i] / 2)
		print at["value", n["value"]] + len["value", n["value"]] - 16
		print at["rest", 1]
		print at["rest", n["rest"]] + len["rest", n["rest"]] - 16
	}' "$TMPDIR/out" >"$TMPDIR/places"
while read -r at; do
	plant "$at" "$HOME/b/office/data.mdb"
done <"$TMPDIR/places"
plant 32 "$HOME/b/office/keys" # the vault's id
plant 4000 "$HOME/b/office/keys"
plant 0 "$HOME/b/office/anchor"
plant 4081 "$HOME/b/bundle"

finish
