# shellcheck shell=bash
# Two and three devices: joining, bundles in any order, a shared folder.
# shellcheck source=tests/scenario/lib.sh
. "$(dirname "$0")/lib.sh"
a=$HOME/a b=$HOME/b c=$HOME/c
make_vault "$a" Sokha office
make_vault "$b" Dara phone
make_vault "$c" Vanna field

# ---- joining: words on both sides, roles, what is refused -------------------------------
expect 0 saksi "$b" device request -o "$HOME/request"
same "$(stat -c %a "$HOME/request")" 600
words=$(sed -nE 's/^    (([a-z]{5} ){5}[a-z]{5})$/\1/p' "$TMPDIR/out")
[ -n "$words" ] || die "no words"
out "^ +saksi device add $HOME/request --role editor -o welcome\$"
expect 1 saksi "$b" device request -o "$HOME/request"
err 'exists already.*--force replaces it'
expect 0 saksi "$b" device request -o "$HOME/request" --force
words=$(sed -nE 's/^    (([a-z]{5} ){5}[a-z]{5})$/\1/p' "$TMPDIR/out")
expect 2 saksi "$a" device add "$HOME/request" --role editor -o "$HOME/welcome"
err 'add --yes'
absent "$HOME/welcome"
head -c 100 "$HOME/request" >"$HOME/cut"
expect 1 saksi "$a" --yes device add "$HOME/cut" --role editor -o "$HOME/welcome"
absent "$HOME/welcome"
expect 0 saksi "$a" --yes device add "$HOME/request" --role editor -o "$HOME/welcome"
out "^    $words\$"
welcome_words=$(sed -nE 's/^    (([a-z]{5} ){5}[a-z]{5})$/\1/p' "$TMPDIR/out" | tail -n 1)
expect 4 saksi "$c" --yes device join "$HOME/welcome"
err "no open request"
expect 0 saksi "$b" --yes device join "$HOME/welcome"
out "^    $welcome_words\$"
expect 0 saksi "$b" --json device list
same "$(wc -l <"$TMPDIR/out")" 2
out '"label":"phone","person":"Dara","role":"editor","self":true'
same "$(saksi "$a" --json status | field team)" "$(saksi "$b" --json status | field team)"
# Once, and only once.
expect 5 saksi "$a" --yes device add "$HOME/request" --role editor -o "$HOME/again"
absent "$HOME/again"
# An editor can't admit; a vault with records can't join.
expect 0 saksi "$c" add person names='Someone Here'
expect 5 saksi "$c" device request -o "$HOME/request.c"
err 'fresh vault'
absent "$HOME/request.c"
rm -rf "$c"
make_vault "$c" Vanna field
expect 0 saksi "$c" device request -o "$HOME/request.c"
expect 5 saksi "$b" --yes device add "$HOME/request.c" --role reader -o "$HOME/welcome.c"
absent "$HOME/welcome.c"
expect 0 saksi "$a" --yes device add "$HOME/request.c" --role reader -o "$HOME/welcome.c"
expect 0 saksi "$c" --yes device join "$HOME/welcome.c"

# ---- edits on both, bundles each way --------------------------------------------------------
saksi "$a" import "$samples" >/dev/null
give "$a" "$b"
out '359 records new'
no_out 'sent'
out 'Sokha \(office\): 359 new'
give "$a" "$b"
out '0 records new, 0 changed'
same "$(digest "$a")" "$(digest "$b")"
saksi "$a" edit per-kong-raiya sex=m occupation+=rapper >/dev/null
saksi "$b" edit per-kong-raiya sex=f 'note=from the phone' >/dev/null
saksi "$b" edit per-kem-sokha died=2030 >/dev/null
saksi "$b" add person names='Only On The Phone' --ref per-phone >/dev/null
saksi "$a" bundle write "$HOME/one.a" >/dev/null
saksi "$b" bundle write "$HOME/one.b" --since-peer office >/dev/null
saksi "$a" edit per-kong-raiya citizenship+=KH >/dev/null
saksi "$a" bundle write "$HOME/two.a" >/dev/null
expect 0 saksi "$a" bundle write "$HOME/peer" --since-peer field
err 'nothing is known of what field holds'
expect 0 saksi "$a" --json bundle write "$HOME/peer" --since-peer field --force
out '"warnings":\["nothing is known of what field holds'
rm "$HOME/peer"

# Newer before older, each twice: all come to the same.
expect 0 saksi "$b" bundle read "$HOME/two.a"
expect 0 saksi "$b" bundle read "$HOME/one.a"
expect 0 saksi "$b" bundle read "$HOME/two.a"
expect 0 saksi "$a" bundle read "$HOME/one.b"
expect 0 saksi "$a" --json bundle read "$HOME/one.b"
for key in sent received new changed deleted conflicts pending quarantined refused missing \
	attachments_missing warnings; do
	out "\"$key\":"
done
same "$(digest "$a")" "$(digest "$b")"
# A device that gets them in yet another order, the second half of one first.
expect 0 saksi "$c" bundle read "$HOME/one.b"
expect 0 saksi "$c" bundle read "$HOME/two.a"
give "$b" "$c"
same "$(digest "$a")" "$(digest "$c")"

# ---- no value lost, each rival with its author ------------------------------------------------
for vault in "$a" "$b" "$c"; do
	expect 0 saksi "$vault" conflicts
	out 'male'
	out 'female'
	out 'by Sokha \(office\)'
	out 'by Dara \(phone\)'
	expect 0 saksi "$vault" --json conflicts
	same "$(wc -l <"$TMPDIR/out")" 1
	out '"field":"sex"'
	expect 0 saksi "$vault" --json show per-kong-raiya
	out '"occupation":\["rapper"\]'
	out '"note":"from the phone"'
	out '"citizenship":\["KH"\]'
	out '"rivals":\[\{'
done
# A reader only reads.
expect 5 saksi "$c" resolve per-kong-raiya sex=m
expect 5 saksi "$c" add person names=X
expect 0 saksi "$c" export ndjson -o "$HOME/read-only.ndjson"
err 'may only read'
expect 0 saksi "$b" resolve per-kong-raiya sex --take 2
expect 0 saksi "$b" conflicts
out 'No conflicts'
give "$b" "$a"
expect 0 saksi "$a" conflicts
out 'No conflicts'
expect 0 saksi "$a" history per-kong-raiya
out 'set +sex +male +\(no longer\)'
out 'set +sex +female +\(no longer\)'
same "$(digest "$a")" "$(digest "$b")"

# ---- deleted here, edited there: nothing goes silently ---------------------------------------
saksi "$a" delete per-phone --reason 'entered twice' >/dev/null
saksi "$b" edit per-phone occupation+=driver >/dev/null
give "$a" "$b"
give "$b" "$a"
same "$(digest "$a")" "$(digest "$b")"
expect 0 saksi "$a" conflicts
out 'deleted it while another edited it'
# Both sides of it, each with its author, and a way to decide.
out '^    -  deleted: entered twice$'
same "$(grep -A1 'deleted: entered' "$TMPDIR/out" | tail -n 1 | sed 's/,.*//')" '       by Sokha (office)'
out '^    -  edited: occupation: driver$'
same "$(grep -A1 'edited: occ' "$TMPDIR/out" | tail -n 1 | sed 's/,.*//')" '       by Dara (phone)'
no_out 'names'
out 'saksi undelete [0-9a-z]{8} keeps it'
out 'saksi delete [0-9a-z]{8} --reason'
expect 0 saksi "$a" --json conflicts
out '"edits":\[\{"at":"20[^"]+","by":"Dara \(phone\)","field":"occupation","value":"driver"\}\]'
expect 2 saksi "$a" resolve per-phone deleted --take 1
err 'saksi undelete per-phone'
expect 0 saksi "$a" undelete per-phone
give "$a" "$b"
expect 0 saksi "$b" conflicts
out 'No conflicts'
same "$(digest "$a")" "$(digest "$b")"

# ---- the summary: what a list shows afterwards follows from it; acts name their victim ---------
count() { saksi "$1" list | wc -l; }
before=$(count "$b")
ev=$(ok saksi "$a" add event title='Arrests at the market')
saksi "$a" add act event="$ev" kind=04:030101000000 victim=per-kem-sokha date=2026-03-08 >/dev/null
gone=$(ok saksi "$a" add person names='Soon Gone')
saksi "$a" delete "$gone" --reason 'a mistake' >/dev/null
saksi "$a" delete per-khom-chandaraty --reason 'for the test' >/dev/null
give "$a" "$b"
out ': 2 records new, 0 changed, 1 deleted; 1 more had been deleted before it came here\.$'
out '^Received [0-9]+ changes \(and [0-9]+ that were here already\): '
out '^  new +act +[0-9a-z]{8}  Arrest: Kem Sokha, 8 March 2026  by Sokha \(office\)$'
out '^  deleted +person +[0-9a-z]{8}  Khom Chandaraty  by Sokha \(office\)$'
same "$(count "$b")" $((before + 2 - 1))
saksi "$a" undelete per-khom-chandaraty >/dev/null
expect 0 saksi "$a" bundle write "$HOME/back"
expect 0 saksi "$b" --json bundle read "$HOME/back"
out '"undeleted":1'
out '"new":0'
out '"changed":0'
out '"did":"undeleted"'
same "$(count "$b")" $((before + 2))
rm "$HOME/back"

# ---- a bundle that was cut, altered, or is none ------------------------------------------------
saksi "$a" edit per-kong-raiya 'note=after the phone' >/dev/null
saksi "$a" bundle write "$HOME/good" >/dev/null
size=$(stat -c %s "$HOME/good")
head -c $((size - 100)) "$HOME/good" >"$HOME/cut"
expect 6 saksi "$b" bundle read "$HOME/cut"
err 'cut off'
cp "$HOME/good" "$HOME/altered"
printf 'XX' | dd of="$HOME/altered" bs=1 seek=$((size / 2)) conv=notrunc status=none
expect 3 saksi "$b" bundle read "$HOME/altered"
cat "$HOME/good" "$HOME/good" >"$HOME/longer"
expect 3 saksi "$b" bundle read "$HOME/longer"
head -c 5000 /dev/urandom >"$HOME/noise"
expect 3 saksi "$b" bundle read "$HOME/noise"
: >"$HOME/nothing"
expect 6 saksi "$b" bundle read "$HOME/nothing"
no_out .
same "$(wc -l <"$TMPDIR/err")" 1
expect 4 saksi "$b" bundle read "$HOME/absent"
expect 0 saksi "$b" bundle read "$HOME/good"
same "$(digest "$a")" "$(digest "$b")"
make_vault "$HOME/stranger" Spy laptop
expect 3 saksi "$HOME/stranger" bundle read "$HOME/good"
expect 0 saksi "$HOME/stranger" --json status
out '"records":\{\}'

# ---- output: never over another file, never half, through a pipe too -----------------------------
expect 1 saksi "$a" bundle write "$HOME/good"
err 'exists already'
expect 4 saksi "$a" bundle write "$HOME/no/such/folder"
expect 4 saksi "$a" bundle write "$HOME/peer" --since-peer nobody
absent "$HOME/peer"
same "$(stat -c %a "$HOME/good")" 600
saksi "$a" bundle write - >"$HOME/piped"
expect 0 saksi "$b" bundle read - <"$HOME/piped"

# ---- a shared folder --------------------------------------------------------------------------
mkdir "$HOME/share"
saksi "$a" edit per-kong-raiya occupation+=singer >/dev/null
saksi "$b" edit per-kem-sokha occupation+=politician >/dev/null
expect 0 saksi "$a" sync "dir:$HOME/share"
expect 0 saksi "$b" sync "dir:$HOME/share"
out 'by Sokha \(office\)'
out 'sent [0-9]+, received [0-9]+ change'
expect 0 saksi "$a" sync "dir:$HOME/share"
out 'by Dara \(phone\)'
same "$(digest "$a")" "$(digest "$b")"
expect 0 saksi "$a" --json sync "dir:$HOME/share"
out '"sent":0'
out '"received":0'
expect 0 saksi "$c" sync "dir:$HOME/share"
same "$(digest "$a")" "$(digest "$c")"
expect 0 saksi "$a" --json status
out '"last_sync":\{"dir:[^"]+":"20'
expect 0 saksi "$a" status
out '^Last sync   20[0-9-]{8} [0-9:]{5} UTC  dir:'
no_out '^State digest'
expect 0 saksi "$a" status --digest
out '^State digest \(equal on devices that hold the same\)$'
out "^            $(digest "$a")$"
expect 4 saksi "$a" sync "dir:$HOME/no-share"

# ---- one ref, two records: neither can be meant, so it is not free ------------------------------
saksi "$a" add person names='Of two' --ref two-of-it >/dev/null
saksi "$b" add event title='Of two' --ref two-of-it >/dev/null
give "$b" "$a"
expect 1 saksi "$a" add case title='A third' --ref two-of-it
err 'means several records already'
for vault in "$a" "$b" "$c"; do expect 0 saksi "$vault" verify --deep; done

# ---- the welcome finds its place taken while the question stands: that is said --------------------
if command -v script >/dev/null; then
	make_vault "$HOME/d" Rith tablet
	expect 0 saksi "$HOME/d" device request -o "$HOME/request.d"
	mkfifo "$HOME/keys"
	line="'$SAKSI' -C '$a' --passphrase-fd 3 device add '$HOME/request.d' --role reader -o '$HOME/welcome.d' 3<'$TMPDIR/phrase'"
	script -qec "$line" /dev/null <"$HOME/keys" >"$TMPDIR/out" 2>&1 &
	pid=$!
	exec 5>"$HOME/keys"
	for _ in {1..100}; do
		! grep -q '\[y/N\]' "$TMPDIR/out" || break
		sleep 0.1
	done
	echo mine >"$HOME/welcome.d"
	echo y >&5
	code=0
	wait "$pid" || code=$?
	exec 5>&-
	same "$code" 1
	out 'the device was admitted, but its welcome could not be written'
	same "$(cat "$HOME/welcome.d")" mine
	expect 5 saksi "$a" --yes device add "$HOME/request.d" --role reader -o "$HOME/again.d"
	expect 0 saksi "$HOME/d" device request -o "$HOME/request.d" --force
	expect 0 saksi "$a" --yes device add "$HOME/request.d" --role reader -o "$HOME/again.d"
	expect 0 saksi "$HOME/d" --yes device join "$HOME/again.d"
fi
finish
