#!/usr/bin/env bash
# make_vault.sh - a golden vault: tests/vectors/make_vault.sh FORMAT SAKSI
#
# Makes tests/vectors/vault-FORMAT with the saksi that writes this format, and what
# that says of it.  Run once when a format is settled, and never again: a vault
# that was released with is kept as it is.
set -euo pipefail
format=$1 program=$2
here=$(cd "$(dirname "$0")" && pwd)
to=$here/vault-$format
[ ! -e "$to" ] || {
	echo "make_vault.sh: $to is there already" >&2
	exit 1
}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
echo "a golden vault of format $format" >phrase
saksi() { # VAULT ARGUMENT...
	local vault=$1
	shift
	setsid -w "$program" -C "$vault" --passphrase-fd 3 --yes "$@" 3<phrase
}
for id in item-001 org-{icj,amnesty,article19,forum-asia,hrw,fidh,omct,civicus} grp-clp-4 \
	evt-clp-2023 act-clp-4-arrest; do
	grep -m 1 "\"id\": \"$id\"" "$here/../../data/samples/cambodia.ndjson"
done >records
saksi laptop init --name Alice --device laptop --kdf interactive
saksi laptop import records
saksi phone init --name Bora --device phone --kdf interactive
saksi phone device request -o request
saksi laptop device add request --role editor -o welcome
saksi phone device join welcome
saksi laptop bundle write first
saksi phone bundle read first
saksi laptop delete org-civicus --reason 'not ours'
saksi laptop edit act-clp-4-arrest date=2023-07-11
saksi phone edit act-clp-4-arrest date=2023-07-14
saksi phone bundle write second
saksi laptop bundle read second
saksi laptop verify --deep

mkdir "$to"
cp laptop/data.mdb laptop/keys phrase "$to"
chmod 644 "$to"/*
saksi laptop --json history act-clp-4-arrest >"$to/history.json"
saksi laptop --json conflicts >"$to/conflicts.json"
saksi laptop --json device list >"$to/devices.json"
digest=$(saksi laptop --json status | sed -nE 's/.*"state_digest":"([0-9a-f]*)".*/\1/p')
sed -e "s/^# A vault of format .*/# A vault of format $format/" \
	-e "s/\`[0-9a-f]\{64\}\`/\`$digest\`/" -e '/^Made by/,/^$/d' \
	"$here/vault-1/README.md" | sed "2a\\
Made by \`make_vault.sh\`. It is opened by \`tests/scenario/migrate.sh\`, always in a copy.\\
" >"$to/README.md"
