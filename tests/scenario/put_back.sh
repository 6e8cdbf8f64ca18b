# shellcheck shell=bash
# A vault put back to an older state is noticed whatever is missing of it then:
# a colleague's records, a setting, or what this device wrote.
# shellcheck source=tests/scenario/lib.sh
. "$(dirname "$0")/lib.sh"
a=$HOME/a
b=$HOME/b

restored() { # restored VAULT true|false
	expect 0 saksi "$1" --json status
	out "\"restored\":$2"
	if [ "$2" = true ]; then err 'put back to an older state'; else no_err 'put back'; fi
}
keep() {
	rm -rf "$HOME/kept"
	cp -r "$a" "$HOME/kept"
}
put_back() {
	rm -rf "$a"
	cp -r "$HOME/kept" "$a"
}

make_vault "$a" Alice laptop
make_vault "$b" Bob phone
join_team "$a" "$b" editor
expect 0 saksi "$a" add person 'names=Dara'
give "$a" "$b"
restored "$a" false

# What a colleague wrote.
expect 0 saksi "$b" add person 'names=Sovann'
keep
give "$b" "$a"
expect 0 saksi "$a" find Sovann
out Sovann
restored "$a" false
put_back
restored "$a" true
restored "$a" true
expect 0 saksi "$a" --json --read-only list --limit 1
err 'put back to an older state'
# Told until something is written; from then on the vault is as it is.
expect 0 saksi "$a" bundle read "$TMPDIR/bundle"
restored "$a" false
expect 0 saksi "$a" find Sovann
out Sovann
# The newer state, back again: it is no older one.
expect 0 saksi "$a" add person 'names=Nary'
restored "$a" false
expect 0 saksi "$a" verify --deep

# A setting.
so=$SAKSI_BUILD/lib/saksi/exporters/csv.so
expect 0 saksi "$a" --yes plugin trust "$so"
keep
expect 0 saksi "$a" plugin distrust csv
expect 5 saksi "$a" export csv -o "$HOME/x"
no_err 'put back'
put_back
expect 0 saksi "$a" export csv -o "$HOME/x"
err 'put back to an older state'
expect 0 saksi "$a" plugin distrust csv
expect 5 saksi "$a" export csv -o "$HOME/y"
no_err 'put back'
restored "$a" false

# A passphrase that was added, with no record touched.
keep
printf '%s\n%s\n' "$phrase" 'another long passphrase of the test' >"$TMPDIR/two"
expect 0 setsid -w "$SAKSI" -C "$a" --passphrase-fd 3 key add passphrase --label two \
	3<"$TMPDIR/two"
restored "$a" false
put_back
restored "$a" true
expect 0 saksi "$a" add person 'names=Bopha'
restored "$a" false

# A repaired vault counts anew, and is no older one, nor is what is made of it.
expect 0 saksi "$a" repair --to "$HOME/fresh"
restored "$HOME/fresh" false
restored "$a" false
expect 0 saksi "$HOME/fresh" add person 'names=Chenda'
restored "$HOME/fresh" false
rm -rf "$HOME/kept"
cp -r "$HOME/fresh" "$HOME/kept"
expect 0 saksi "$HOME/fresh" --yes plugin trust "$so"
rm -rf "$HOME/fresh"
mv "$HOME/kept" "$HOME/fresh"
restored "$HOME/fresh" true

# The index made anew goes on counting; two at once are no older state.
rm -rf "$HOME/fresh"
# The one it was made of lacks what was written to the log since.
restored "$a" true
expect 0 saksi "$a" add person 'names=Phally'
expect 0 saksi "$a" reindex
restored "$a" false
for i in 1 2 3 4 5 6; do
	saksi "$a" add person "names=Rith $i" >"$TMPDIR/one" 2>"$TMPDIR/one.err" &
	saksi "$a" --json status >"$TMPDIR/three" 2>"$TMPDIR/three.err"
	wait $!
	! grep -q 'put back' "$TMPDIR/one.err" "$TMPDIR/three.err" || die "a false alarm"
done
restored "$a" false

finish
