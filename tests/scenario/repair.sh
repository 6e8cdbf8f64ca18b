# shellcheck shell=bash
# A vault put back to an older state is noticed; a damaged one is repaired.
# shellcheck source=tests/scenario/lib.sh
. "$(dirname "$0")/lib.sh"
v=$HOME/v
state=$HOME/.local/state/saksi

make_vault "$v" Sokha laptop
expect 0 saksi "$v" import "$samples" --allow-dangling
expect 0 saksi "$v" --json status
out '"restored":false'

# The notes: one beside the tables, one in the user's own folder, under a name
# and with bytes that tell nothing.
same "$(stat -c %a "$v/anchor")" 600
same "$(stat -c %a "$state")" 700
same "$(find "$state" -type f | wc -l)" 1
same "$(stat -c %a "$state"/*)" 600
basename "$state"/* | grep -qE '^[0-9a-f]{32}$' || die "the name of the second note"
id=$(head -c 48 "$v/keys" | tail -c 16 | od -An -tx1 | tr -d ' \n')
! basename "$state"/* | grep -q "$id" || die "the second note is named by the vault's id"
same "$(stat -c %s "$v/anchor")" "$(stat -c %s "$state"/*)"
! cmp -s "$v/anchor" "$state"/* || die "both notes are the same bytes"
grep -qaE 'saksi|Sokha|laptop' "$v/anchor" "$state"/* && die "a note can be read"

# Reading writes none; a note that is gone, or damaged, is no restored vault.
before=$(cat "$v/anchor" "$state"/* | sha256sum)
expect 0 saksi "$v" list --limit 3
same "$(cat "$v/anchor" "$state"/* | sha256sum)" "$before"
cp -r "$v" "$HOME/older"
rm "$v/anchor"
expect 0 saksi "$v" --json status
out '"restored":false'
expect 0 saksi "$v" verify
printf 'x' | dd of="$v/anchor" bs=1 seek=100 conv=notrunc status=none
expect 3 saksi "$v" verify
err 'anchor: .*damaged'
expect 0 saksi "$v" --json add person 'names=Dara'
expect 0 saksi "$v" verify
same "$(stat -c %s "$v/anchor")" "$(stat -c %s "$state"/*)"

# Without a place for the second note the first is kept all the same.
expect 0 env -u HOME -u XDG_STATE_HOME setsid -w "$SAKSI" -C "$v" --passphrase-fd 3 \
	add person 'names=Bopha' 3<"$TMPDIR/phrase"
mkdir "$HOME/no"
: >"$HOME/no/file"
expect 0 env XDG_STATE_HOME="$HOME/no/file" setsid -w "$SAKSI" -C "$v" --passphrase-fd 3 \
	add person 'names=Nary' 3<"$TMPDIR/phrase"
expect 0 saksi "$v" --json add person 'names=Rith'

# The whole folder put back.
rm -rf "$v"
cp -r "$HOME/older" "$v"
expect 0 saksi "$v" --json status
out '"restored":true'
err 'put back to an older state'
expect 0 saksi "$v" --json --read-only list --limit 1
err 'put back to an older state'
expect 0 saksi "$v" add person 'names=Sovann'
err 'new log'
expect 0 saksi "$v" --json status
out '"restored":false'
no_err 'put back'
expect 0 saksi "$v" add person 'names=Chenda'
expect 0 saksi "$v" verify --deep

# Once more the same, and the first state's copy used beside: each on its own.
cp -r "$HOME/older" "$HOME/copy"
expect 0 saksi "$HOME/copy" add person 'names=Kosal'
err 'new log'
expect 0 saksi "$v" add person 'names=Phally'
no_err 'put back'
expect 0 saksi "$HOME/copy" add person 'names=Vanna'
no_err 'put back'

# A sound vault repaired is the same vault.
expect 2 saksi "$v" repair
expect 1 saksi "$v" repair --to "$v"
expect 0 saksi "$v" repair --to "$HOME/same"
out '^Saved [0-9]+ records and [0-9]+ changes into '
same "$(digest "$HOME/same")" "$(digest "$v")"
expect 0 saksi "$HOME/same" verify --deep
same "$(stat -c %a "$HOME/same")" 700
expect 3 "$SAKSI" -C "$v" --passphrase-fd 3 repair --to "$HOME/wrong" 3<<<'not the passphrase'
absent "$HOME/wrong"
! compgen -G "$HOME/*.new-*" >/dev/null || die "a half vault"

# What was distrusted stays so; where nobody can tell what it was, a person is asked anew.
trusted() { # VAULT EXPORTER TRUST
	expect 0 saksi "$1" --json plugin info "$2"
	out "\"trust\":\"$3\""
}
expect 0 saksi "$v" plugin distrust csv
expect 0 saksi "$v" repair --to "$HOME/same2"
trusted "$HOME/same2" csv 'not trusted'
trusted "$HOME/same2" ndjson shipped

# Both heads gone: nothing opens it, and all is saved.
cp -r "$v" "$HOME/heads"
dd if=/dev/zero of="$HOME/heads/data.mdb" bs=4096 count=2 conv=notrunc status=none
expect 3 saksi "$HOME/heads" status
expect 3 saksi "$HOME/heads" --json verify
out '"faults":\["data.mdb: page 0: '
sum=$(cat "$HOME"/heads/* | sha256sum)
expect 3 saksi "$HOME/heads" --json repair --to "$HOME/saved"
out '"records":[0-9]+.*"lost":\["data.mdb: its heads are damaged|"lost":\[.*heads are damaged'
same "$(cat "$HOME"/heads/* | sha256sum)" "$sum"
out 'which exporters are trusted: what was found may be older, so none is trusted here'
same "$(digest "$HOME/saved")" "$(digest "$v")"
expect 0 saksi "$HOME/saved" verify --deep
trusted "$HOME/saved" csv 'not trusted'
trusted "$HOME/saved" ndjson 'not trusted'
expect 5 saksi "$HOME/saved" export ndjson -o "$HOME/x"
err 'saksi plugin trust .*ndjson.so'
expect 0 saksi "$HOME/saved" --yes plugin trust "$SAKSI_BUILD/lib/saksi/exporters/ndjson.so"
trusted "$HOME/saved" csv 'not trusted'
trusted "$HOME/saved" ndjson shipped
trusted "$HOME/saved" text 'not trusted'
expect 0 saksi "$HOME/saved" export ndjson -o "$HOME/x"
expect 0 saksi "$HOME/saved" add person 'names=Later'
expect 0 saksi "$HOME/saved" --json status
out '"restored":false'

# Half of the file cut away: what is left comes back, the rest is named.
cp -r "$v" "$HOME/cut"
truncate -s $(($(stat -c %s "$v/data.mdb") / 2)) "$HOME/cut/data.mdb"
expect 3 saksi "$HOME/cut" list
expect 3 saksi "$HOME/cut" repair --to "$HOME/rest"
err '^saksi: repair: not everything could be saved'
expect 0 saksi "$HOME/rest" verify --deep
expect 0 saksi "$HOME/rest" list --limit 1

# Nothing but the keys: an honest answer, and a vault that works.
cp -r "$v" "$HOME/empty"
truncate -s 0 "$HOME/empty/data.mdb"
expect 3 saksi "$HOME/empty" repair --to "$HOME/new"
err "this device's keys"
expect 0 saksi "$HOME/new" add person 'names=Again'
expect 0 saksi "$HOME/new" verify --deep

finish
