#!/usr/bin/env bash
# make.sh - train a dictionary from the sample records.
#
#   data/dictionary/make.sh BUILD OUT
#
# BUILD is a build tree of saksi, OUT the file to write.  Needs the program zstd.
# A dictionary that vaults use is part of the format and never trained again: a
# better one gets the next number, and a codec of its own (store/FORMAT.md 3).
set -euo pipefail

src=$(cd "$(dirname "$(readlink -f "$0")")/../.." && pwd)
build=$(cd "${1:?a build tree}" && pwd)
out=$(realpath "${2:?a file to write}")
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT

cmake --build "$build" --target saksi dump_values >&2
export HOME=$dir XDG_RUNTIME_DIR=$dir LC_ALL=C
printf 'public records only\n' >"$dir/pass"
saksi() { "$build/bin/saksi" -C "$dir/vault" --passphrase-fd 3 "$@" 3<"$dir/pass" >/dev/null 2>&1; }
saksi init --name Trainer --device trainer --kdf interactive
mkdir "$dir/values"

# All at once, as imports do, and one by one, as people do.
saksi import "$src/data/samples/cambodia.ndjson"
n=0
while IFS= read -r line; do
	n=$((n + 1))
	[ $((n % 4)) -eq 0 ] || continue
	id=$(sed -E 's/.*"id": ?"([^"]*)".*/\1/' <<<"$line")
	saksi edit "$id" "note=A note that was added to record $n." || :
done <"$src/data/samples/cambodia.ndjson"
"$build/tests/dump_values" "$dir/vault" "$src/data/schema" "$dir/pass" "$dir/values"
# Whole imports are long enough to do without.
find "$dir/values" -size +64k -delete
zstd -q --train "$dir/values"/* --maxdict=16384 --dictID=1 -o "$out"
