# shellcheck shell=bash
# add, edit, show, list, find, history, delete, timeline: as a person uses them.
# shellcheck source=tests/scenario/lib.sh
. "$(dirname "$0")/lib.sh"
v=$HOME/v
make_vault "$v" Sokha laptop
s() { saksi "$v" "$@"; }

# ---- add: prints the id alone; faults are named and nothing is written ------------
id=$(ok s add person names='Sok Dara' citizenship=KH --ref per-sok-dara)
[[ $id =~ ^[0-9a-z]{26}$ ]] || die "no id: $id"
expect 0 s --json add event title='Arrests of 8 March' date=2026-03-08 place='Phnom Penh, KH' --ref ev-march
out '^\{"id":"[0-9a-z]{26}","ref":"ev-march"\}$'
expect 1 s add person names=Other --ref per-sok-dara
err 'has this ref already'
expect 2 s add person names=X colour=red
err 'person\.colour: there is no such field'
expect 2 s add person names=X citizenshp=KH
err 'did you mean citizenship'
expect 2 s add persn names=X
expect 2 s add act kind=04:030101000000
err 'act\.event: '
expect 2 s add person names=X born=2016-13-40 citizenship=Cambodia
err 'person\.born: '
err 'person\.citizenship: '
expect 2 s add act event=no-such-event kind=04:030101000000
err 'act\.event: '
expect 2 s add person names=X class=Q
expect 2 s add person names=X --ref "$id"
expect 2 s add person 'names={"text":'
expect 2 s add person names
err 'FIELD=VALUE'
expect 0 s --json status
out '"records":\{"event":1,"person":1\}'

act=$(ok s add act event=ev-march victim=per-sok-dara kind=04:030101000000 date=2026-03-08 \
	detention.warrant_shown=no class=C)
echo '{"type":"charge","accused":["per-sok-dara"],"label_stated":"incitement","date":"2026-03~"}' >"$HOME/charge"
expect 0 s add charge --from-json "$HOME/charge" note='as the court clerk says'
expect 0 s add charge --from-json - <"$HOME/charge"
expect 2 s add person --from-json "$HOME/charge"
err 'type: the JSON says otherwise'
echo '{"id":"x"}' >"$HOME/bad"
expect 2 s add person --from-json "$HOME/bad"
echo '[1]' >"$HOME/bad"
expect 2 s add person --from-json "$HOME/bad"
echo '{"names":["A"],"names":["B"]}' >"$HOME/bad"
expect 1 s add person --from-json "$HOME/bad"
expect 4 s add person --from-json "$HOME/absent"

# ---- show: by ref, id, prefix; links; interchange form ----------------------------
expect 0 s show per-sok-dara
out '^Sok Dara$'
out '^citizenship +KH$'
out '^  [0-9a-z]{8}  act +victim '
expect 0 s show "${id:0:6}"
expect 0 s --json show "$act"
out '"detention":\{"warrant_shown":"no"\}'
out "\"victim\":\"$id\""
out '"links":\[\]'
expect 4 s show per-nobody
expect 4 s show zzzzzz
expect 4 s show abc

# ---- edit ----------------------------------------------------------------------------
expect 0 s edit per-sok-dara citizenship+=TH occupation='union leader' sex=m
expect 0 s edit per-sok-dara citizenship+=TH
out unchanged
expect 0 s --json show per-sok-dara
out '"citizenship":\["KH","TH"\]'
expect 0 s edit per-sok-dara citizenship-=KH sex=
expect 0 s --json show per-sok-dara
out '"citizenship":\["TH"\]'
no_out '"sex"'
expect 0 s edit per-sok-dara names='Sok Dara' 'names={"text":"Dara Sok","kind":"alias"}' class=R
expect 0 s --json show per-sok-dara
out '"names":\[\{"text":"Sok Dara"\},\{"kind":"alias","text":"Dara Sok"\}\]'
out '"class":"R"'
expect 0 s edit per-sok-dara 'names-=Dara Sok'
expect 0 s edit "$act" 'detention={"counsel":"31:020000000000"}' date=2026-03-08/2026-03-10
expect 0 s --json show "$act"
out '"detention":\{"counsel":"31:020000000000","warrant_shown":"no"\}'
expect 2 s edit "$act" 'detention={"councel":"31:020000000000"}'
err 'act\.detention: has no field'
expect 2 s edit "$act" 'detention=[1]'
expect 2 s edit "$act" detention=yes
err 'is a group'
expect 0 s add act event=ev-march kind=04:030101000000 'detention={"warrant_shown":"yes"}' \
	detention.counsel=31:020000000000 --ref act-json
expect 0 s --json show act-json
out '"detention":\{"counsel":"31:020000000000","warrant_shown":"yes"\}'
expect 0 s delete act-json --reason 'only a test'
expect 4 s edit per-sok-dara citizenship-=FR
expect 2 s edit per-sok-dara sex=m sex=f
err 'given twice'
expect 2 s edit per-sok-dara class=P class=C
err '^saksi: class: is given twice'
expect 2 s edit "$act" 'detention={"warrant_shown":"yes"}' detention.warrant_shown=no
err 'detention\.warrant_shown: is given twice'
expect 2 s edit "$act" detention= detention.warrant_shown=no
err 'detention\.warrant_shown: is set or cleared'
expect 2 s add event title=One title=Two
err 'title: is given twice'
expect 2 s edit per-sok-dara citizenship=KH citizenship+=FR
err 'one of them is enough'
expect 2 s edit per-sok-dara sex+=m
err 'is no list'
expect 2 s edit ev-march title=
err 'needs it'
expect 2 s edit per-sok-dara ref=other
expect 2 s edit per-sok-dara $'note=\377'
expect 2 s add person names=X --ref $'\377'
expect 2 s delete per-sok-dara --reason $'a\nb'
expect 2 s edit per-sok-dara citizenship+=TH born=yesterday
expect 0 s --json show per-sok-dara
no_out born
# All or nothing: a good change beside a bad one is not made.
expect 2 s edit per-sok-dara note='good' born='bad'
expect 0 s --json show per-sok-dara
no_out '"note"'
# A value with a class of its own, never lower than the record's.
expect 0 s edit per-sok-dara 'note={"v":"hidden in the south","class":"S"}'
expect 0 s show per-sok-dara
out 'hidden in the south  \[class S\]'

# What can't be read as a value can still be taken away, as it is shown.
echo '{"id":"chg-loose","type":"charge","label_stated":"loose","accused":["per-sok-dara","per-gone","per-lost","per-away"]}' >"$HOME/loose"
expect 0 s import "$HOME/loose" --allow-dangling
expect 0 s edit chg-loose accused-=per-gone 'accused-=per-lost (not in the vault)'
expect 4 s edit chg-loose accused-=per-never
expect 0 s --json show chg-loose
out "\"accused\":\\[\"$id\",\"per-away\"\\]"
expect 0 s edit chg-loose accused-=per-sok-dara
expect 2 s edit chg-loose accused-=per-away # as the last one
expect 0 s delete chg-loose --reason 'only a test'

# ---- history: nothing is overwritten ---------------------------------------------------
expect 0 s history per-sok-dara
out '^  created +type +person$'
out '^  set +sex .*\(no longer\)$'
out '^  cleared +sex '
out '^  removed +citizenship +KH$'
expect 0 s --json history per-sok-dara
out '"by":"Sokha'
out '"did":"removed","field":"citizenship"'

# ---- as of an earlier day ---------------------------------------------------------------
expect 4 s show per-sok-dara --as-of 1999-12-31
expect 0 s show per-sok-dara --as-of 2100
expect 2 s show per-sok-dara --as-of yesterday

# ---- list, find, sort, fields -------------------------------------------------------------
expect 0 s add event title='Older event' date=2019
expect 0 s add event title='Undated event'
expect 0 s list type:event --sort date
same "$(sed -nE 's/.*  ([A-Z][a-z]+) [a-z ]+.*/\1/p' "$TMPDIR/out" | tr '\n' ' ')" 'Older Arrests Undated '
expect 0 s list type:event --sort=-date --limit 1
out 'and 2 more'
expect 0 s --json list type:person
same "$(wc -l <"$TMPDIR/out")" 1
out "\"id\":\"$id\""
out '"label":"Sok Dara"'
expect 0 s --json list type:person --fields citizenship
out '^\{"citizenship":\["TH"\],"id":"[0-9a-z]+","label":"Sok Dara","ref":"per-sok-dara","type":"person"\}$'
expect 2 s list --sort colour
expect 2 s list --fields names,colour
expect 2 s list '(type:person'
err 'column'
expect 0 s find sok dara
out 'Sok Dara'
expect 0 s find no-such-word-anywhere
out 'No record matches'
expect 0 s --json find no-such-word-anywhere
silent
expect 0 s list ref:per-sok-dara
same "$(wc -l <"$TMPDIR/out")" 3

# Whom an act is about; dates in words, once; nothing of a field's name is cut.
expect 0 s list type:act
out '^[0-9a-z]{8}  act  from 8 March 2026 to 10 March 2026  Arrest: Sok Dara$'
expect 0 s --json list type:act
out '"label":"Arrest: Sok Dara, from 8 March 2026 to 10 March 2026"'
expect 0 s show per-sok-dara
out '^  [0-9a-z]{8}  act +victim +Arrest: Sok Dara, from 8 March'
s edit "$act" detention.duration_stated='two days' >/dev/null
for command in show history; do
	expect 0 s "$command" "$act"
	out '(^|  )detention\.duration_stated$'
	out '^ +two days$'
done

# ---- timeline ---------------------------------------------------------------------------
expect 0 s timeline per-sok-dara
same "$(wc -l <"$TMPDIR/out")" 3
expect 0 s --json timeline ev-march
out '"date":"2026-03-08/2026-03-10"'
expect 0 s add case title='Case of Sok Dara' subjects=per-sok-dara --ref case-dara
expect 0 s timeline case-dara
out 'act  '
out 'charge  '
# An event has the decisions on its charges, and appeals; a person what names him.
s add person names='Chan Sophal' --ref per-chan >/dev/null
s add charge event=ev-march accused=per-sok-dara accused+=per-chan label_stated=plotting --ref chg-march >/dev/null
s add decision kind=x-verdict charges=chg-march subjects=per-chan date=2026-04-01 --ref dec-one >/dev/null
s add decision kind=x-appeal appeal_of=dec-one subjects=per-chan date=2026-05-01 --ref dec-two >/dev/null
s add decision kind=x-other subjects=per-chan date=2026-06-01 --ref dec-three >/dev/null
s add proceeding title='The trial' charges=chg-march decisions=dec-three --ref prc-march >/dev/null
s add case title='The case of March' events=ev-march --ref case-march >/dev/null
for root in ev-march case-march prc-march; do
	expect 0 s --json timeline "$root"
	for ref in chg-march dec-one dec-two dec-three; do out "\"ref\":\"$ref\""; done
done
expect 0 s timeline ev-march
out 'undated +charge +[0-9a-z]{8}  plotting: Sok Dara and 1 other$'
out '^1 April 2026 +decision +[0-9a-z]{8}  [^,]*: Chan Sophal$'
expect 0 s --json timeline per-sok-dara
out '"ref":"chg-march"'
no_out '"ref":"dec-'

# ---- delete hides, undelete shows; an event keeps its acts ---------------------------------
expect 2 s delete per-sok-dara
err 'needs --reason'
expect 5 s delete ev-march --reason 'wrong day'
err '1 act belongs'
before=$(digest "$v")
expect 0 s delete per-sok-dara --reason 'entered twice'
differ "$before" "$(digest "$v")"
expect 4 s delete per-sok-dara --reason again
expect 0 s list type:person sok
out 'No record matches'
expect 0 s show per-sok-dara
out '^DELETED: entered twice$'
expect 4 s edit per-sok-dara sex=f
err 'undelete'
expect 0 s --json status
out '"deleted":3'
expect 0 s undelete per-sok-dara
same "$before" "$(digest "$v")"
expect 1 s undelete per-sok-dara
expect 0 s history per-sok-dara
out '^  deleted +entered twice'
out '^  undeleted '

# ---- what names a deleted record says so, then and now; nothing new names it ----------------
# A moment is a whole second: what was written goes before it, what comes after it.
a_moment() {
	sleep 1.1
	date -u +%Y-%m-%dT%H:%M:%SZ
	sleep 1.1
}
before_delete=$(a_moment)
expect 0 s delete per-chan --reason 'another person'
expect 0 s list type:decision
out 'Chan Sophal \(deleted\)'
expect 0 s show dec-one
out '^subjects +Chan Sophal \([0-9a-z]{8}, deleted\)$'
expect 0 s --json timeline ev-march
out '"label":"[^"]*Chan Sophal \(deleted\)'
expect 0 s show dec-one --as-of "$before_delete"
out '^subjects +Chan Sophal \([0-9a-z]{8}\)$'
expect 0 s show chg-march --as-of "$before_delete"
out '  decision +charges '
expect 0 s show per-chan
out '^DELETED: another person$'
out '^ +by Sokha \(laptop\), 20'
out 'saksi undelete [0-9a-z]{8} brings it back'
expect 2 s add decision kind=x-verdict subjects=per-chan
err 'decision\.subjects: this record was deleted; .*saksi undelete [0-9a-z]{8}'
expect 2 s edit chg-march accused+=per-chan
err 'this record was deleted'
expect 0 s edit chg-march accused-=per-chan
expect 0 s list --deleted
out '^[0-9a-z]{8}  person +Chan Sophal'
out '^ +deleted: another person \(by Sokha \(laptop\), 20'
no_out 'Sok Dara'
expect 0 s list --deleted --limit 9 chan
same "$(grep -c 'Chan Sophal' "$TMPDIR/out")" 1
expect 0 s --json list --deleted chan --fields citizenship
out '"deleted":\{"at":"20[^"]+","by":"Sokha \(laptop\)","reason":"another person"\}'
expect 0 s list --deleted nothing-like-it
out 'No deleted record'
expect 0 s undelete per-chan
expect 0 s list type:decision
no_out 'deleted'

# ---- links of an earlier day are those of that day ---------------------------------------------
day=$(a_moment)
s add act event=ev-march victim=per-chan kind=04:030101000000 --ref act-later >/dev/null
expect 0 s show per-chan
out ' act +victim '
expect 0 s show per-chan --as-of "$day"
no_out ' act +victim '
expect 0 s --json show per-chan --as-of "$day"
no_out '"field":"victim"'

# ---- slips: what was meant, and each fault once ---------------------------------------------------
expect 4 s show per-sok-dra
err 'did you mean per-sok-dara\?'
other=0
[ "${id:6:1}" != 0 ] || other=1
expect 4 s show "${id:0:6}$other${id:7:1}"
err "did you mean ${id:0:8}\\?"
expect 4 s timeline per-sok-dra
err 'did you mean per-sok-dara'
expect 2 s add persn names=X
err 'did you mean person\?'
expect 2 s add act event=ev-marhc kind=Arest victim=ev-march
err 'act\.event: no event has this id or reference; did you mean ev-march\?'
err 'act\.kind: not in the list 04; did you mean "Arrest"\?'
err 'act\.victim: that record is no person or organisation'
err '^saksi: act: 3 faults'
no_err 'dangling|missing'
expect 2 s add act event=ev-none kind=04:030101000000
err 'add that record first'
err '^saksi: act: 1 fault,'
expect 2 s list --sort titel
err 'did you mean title\?'
expect 2 s list type:evnt
err 'did you mean event\?'
expect 2 s list dtae:2019
err 'did you mean date:\?'
expect 2 s resolve "$act" dte=2019
err 'act\.dte: there is no such field; did you mean date\?'
expect 2 s resolve "$act" dte --take 1
err 'did you mean date\?'
expect 4 s resolve "$act" date
err 'has no rival values'

# ---- dates, names and countries: a word of what is hardly meant ------------------------------------
expect 2 s add event title=X date=2026-02-30
err 'event\.date: February 2026 has 28 days; write a day from 01 to 28'
expect 2 s add event title=X date=8/3/2026
err 'event\.date: the year comes first, .*write 2026-03-08 or 2026-08-03'
expect 0 s add person citizenship=ZZ born=2990
err '^saksi: warning: person\.names: empty, and so is group_description'
err '^saksi: warning: person\.born: lies in the future'
same "$(grep -c 'person\.citizenship: no country has this code' "$TMPDIR/err")" 1
same "$(wc -l <"$TMPDIR/err")" 3
echo '{"id":"per-x","type":"person","citizenship":["ZZ"],"born":"2990"}' >"$HOME/doubtful"
expect 0 s import "$HOME/doubtful"
err '^saksi: warning: line 1: names: empty'
err '^saksi: warning: line 1: born: lies in the future'
err '^saksi: warning: line 1: citizenship: .*no country has this code'
expect 0 s edit per-chan names=
err '^saksi: warning: person\.names: empty'
expect 0 s edit per-chan sex=m
no_err warning
expect 0 s edit per-chan names='Chan Sophal'
no_err warning

# ---- a line of a list fits the terminal; a pipe gets all of it ----------------------------------------
long='សុខ ដារ៉ា ក្រុមសហជីពកម្មករកាត់ដេរនៃកម្ពុជា និងសម្ព័ន្ធអ្នកនេសាទ'
s add person names="$long" note="$long $long" --ref per-khmer >/dev/null
expect 0 s list type:person --fields names,note
out "$long  $long  $long $long\$"
if command -v script >/dev/null; then
	for columns in 40 55 100; do
		for query in "type:person" "type:act" "type:person --fields names,note" \
			"type:act --fields victim,date,event,kind"; do
			line="stty cols $columns; '$SAKSI' -C '$v' --passphrase-fd 3 list $query 3<'$TMPDIR/phrase'"
			script -qec "$line" /dev/null </dev/null | tr -d '\r' >"$TMPDIR/out"
			[ "$columns" -eq 100 ] || out '…'
			widest=$(wc -L <"$TMPDIR/out")
			[ "$widest" -le "$columns" ] || die "$widest of $columns columns: $query"
		done
	done
fi
expect 0 s delete per-khmer --reason 'only a test'

# ---- resolve where nothing disagrees -------------------------------------------------------
expect 0 s conflicts
out 'No conflicts'
expect 0 s --json conflicts
silent
expect 4 s resolve per-sok-dara occupation=farmer
expect 4 s resolve per-sok-dara occupation --take 1

# ---- reading changes nothing but LMDB's lock file ------------------------------------------
sum=$(cat "$v/data.mdb" "$v/keys" | cksum)
for command in status list 'find sok' 'show per-sok-dara' conflicts 'history per-sok-dara' \
	'timeline per-sok-dara' 'key list' 'device list' verify; do
	read -ra words <<<"$command"
	expect 0 s "${words[@]}"
done
same "$sum" "$(cat "$v/data.mdb" "$v/keys" | cksum)"
expect 0 s verify --deep
finish
