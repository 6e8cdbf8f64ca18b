# shellcheck shell=bash
# Vaults of every format that was ever written: kept in tests/vectors, opened in a copy.
# shellcheck source=tests/scenario/lib.sh
# shellcheck disable=SC2016 # backquotes of Markdown and of messages
. "$(dirname "$0")/lib.sh"

# take FORMAT - a copy of that vault as ./v, and what is known of it as $known.
take() {
	known=$SAKSI_SRC/tests/vectors/vault-$1
	rm -rf v
	mkdir -m 700 v
	cp "$known/data.mdb" "$known/keys" v/
	chmod 600 v/data.mdb v/keys
	cp "$known/phrase" "$TMPDIR/phrase"
}
sum() { sha256sum v/data.mdb | cut -d' ' -f1; }

# as_known - what it says is what it said when it was made.
as_known() {
	expect 0 saksi v --json history act-clp-4-arrest
	same "$(cat "$TMPDIR/out")" "$(cat "$known/history.json")"
	expect 0 saksi v --json conflicts
	same "$(cat "$TMPDIR/out")" "$(cat "$known/conflicts.json")"
	expect 0 saksi v --json device list
	same "$(cat "$TMPDIR/out")" "$(cat "$known/devices.json")"
	expect 0 saksi v --json status
	same "$(field state_digest <"$TMPDIR/out")" \
		"$(sed -nE 's/.*State digest: `([0-9a-f]*)`.*/\1/p' "$known/README.md")"
	out '"records":\{"act":1,"event":1,"item":1,"organisation":7,"person":1\}'
	out '"deleted":1'
	out '"device":"laptop"'
	out '"role":"admin"'
	expect 0 saksi v verify --deep
	out '^No fault found'
	expect 0 saksi v list
	same "$(wc -l <"$TMPDIR/out")" 11
	expect 0 saksi v find candlelight
	out 'evt-clp-2023'
	expect 0 saksi v list --deleted
	out 'org-civicus'
	absent v/migration
	same "$(find v -type f | sort | tr '\n' ' ')" 'v/data.mdb v/keys v/lock.mdb '
}

# works - its device key signs, and its import key makes the same records.
works() {
	expect 0 saksi v resolve act-clp-4-arrest date --take 2
	expect 0 saksi v edit org-amnesty note='after the migration'
	expect 0 saksi v import "$samples"
	expect 0 saksi v find 'after the migration'
	out 'org-amnesty'
	expect 0 saksi v list type:organisation
	same "$(grep -c 'org-amnesty\]' "$TMPDIR/out")" 1
	expect 0 saksi v verify --deep
}

# Without a person to ask nothing is changed, and the way out is named.
take 1
before=$(sum)
for command in status list 'find candlelight' verify 'edit org-amnesty note=x'; do
	read -ra words <<<"$command"
	expect 5 saksi v "${words[@]}"
	err 'older format 1; `saksi migrate`'
	err '[0-9]+ MiB are free'
done
expect 5 saksi v --read-only status
err 'older format 1, in which nothing can be looked up'
same "$(sum)" "$before"
printf 'a wrong passphrase\n' >"$TMPDIR/phrase"
expect 3 saksi v migrate
same "$(sum)" "$before"
cp "$known/phrase" "$TMPDIR/phrase"

expect 0 saksi v migrate
out 'has format 2 now'
as_known
expect 0 saksi v migrate
silent
works
expect 0 saksi v --json migrate
out '^\{"format":2\}$'

# Any command does it when asked to say yes, and goes on with its own work.
take 1
expect 0 saksi v --yes --json status
out '0a8779834ee198ab6a40ef31db527315a8ff3db892ebc0453c33b86afb0c2f19'
err 'has format 2 now'
as_known

# What a migration that was stopped left behind: before its switch ...
take 1
mkdir -m 700 v/migration
ln v/data.mdb v/migration/old.mdb
head -c 100000 /dev/urandom >v/migration/data.mdb
expect 5 saksi v status
absent v/migration
same "$(sum)" "$before"
# ... and after it; another link to the old file is not overwritten.
mkdir -m 700 v/migration
cp v/data.mdb v/migration/old.mdb
ln v/migration/old.mdb backup.mdb
expect 0 saksi v migrate
same "$(sha256sum backup.mdb | cut -d' ' -f1)" "$before"
as_known
mkdir -m 700 v/migration
cp backup.mdb v/migration/old.mdb
expect 0 saksi v status
absent v/migration

# A damaged one is left as it is.
take 1
printf '\377\376\375' | dd of=v/data.mdb bs=1 seek=$((8 * 4096 + 3000)) conv=notrunc status=none
before=$(sum)
expect 3 saksi v migrate
err 'old file is damaged, and nothing was changed: .*value 10 of table 1'
same "$(sum)" "$before"
absent v/migration

# The present format, written by an earlier build of it.
if [ -d "$SAKSI_SRC/tests/vectors/vault-2" ]; then
	take 2
	as_known
	works
fi

finish
