# shellcheck shell=bash
# Exports: what leaves, what is held back, consent, overrides, trust.
# shellcheck source=tests/scenario/lib.sh
. "$(dirname "$0")/lib.sh"
v=$HOME/v
make_vault "$v" Sokha laptop
s() { saksi "$v" "$@"; }
s import "$samples" >/dev/null
s add person names='Public Person' class=P --ref per-public 'note={"v":"note for the team","class":"C"}' >/dev/null
s add person names='Hidden Person' class=S --ref per-hidden >/dev/null

# ---- ndjson and the ceiling ---------------------------------------------------------------
expect 0 s export ndjson -o "$HOME/p"
same "$(stat -c %a "$HOME/p")" 600
grep -q 'Public Person' "$HOME/p" || die "P lacks what is public"
! grep -qE 'note for the team|Hidden Person' "$HOME/p" || die "P holds too much"
expect 0 s export ndjson --ceiling C -o "$HOME/c"
grep -q 'note for the team' "$HOME/c" || die "C lacks what the team may see"
! grep -q 'Hidden Person' "$HOME/c" || die "C holds what is sealed"
expect 2 s export ndjson --ceiling S -o "$HOME/s"
err 'add --yes'
absent "$HOME/s"
expect 0 s --yes export ndjson --ceiling S -o "$HOME/s"
grep -q 'Hidden Person' "$HOME/s" || die "S lacks what is sealed"
expect 1 s export ndjson -o "$HOME/p"
err 'exists already'
expect 0 s export ndjson -o "$HOME/p" --force --select 'type:person kong'
same "$(wc -l <"$HOME/p")" "$(grep -c '"type":"person"' "$HOME/p")"
expect 0 s export ndjson -o - --select type:provision
same "$(wc -l <"$TMPDIR/out")" 16
expect 2 s --json export ndjson -o -
expect 0 s --json export ndjson -o "$HOME/j"
out '"records":[0-9]+'
out '"withheld":[0-9]+'

# ---- csv ---------------------------------------------------------------------------------------
expect 0 s export csv -o "$HOME/all.zip" --ceiling C
same "$(head -c 2 "$HOME/all.zip")" PK
expect 0 s export csv -o "$HOME/person.csv" --select type:person --option type=person
head -n 1 "$HOME/person.csv" | grep -q names || die "no header"
# A file named .csv holds one table, whatever it is asked with, or is not made.
expect 2 s export csv -o "$HOME/all.csv"
err 'all\.csv: .*one table.* \.zip .*--option type=TYPE'
absent "$HOME/all.csv"
expect 2 s export csv -o "$HOME/none.CSV" --select 'title:nothingofthiskind'
expect 2 s export csv -o "$HOME/all.xlsx"
err 'does not write \.xlsx'
expect 2 s export csv -o "$HOME/one.zip" --option type=person
err 'no ZIP; name it \.csv'
absent "$HOME/all.xlsx" "$HOME/one.zip" "$HOME/none.CSV"
expect 0 s export csv -o "$HOME/acts.csv" --select type:act
err '[0-9]+ rows of type act'
err 'references without a label: the records that they name are not in this export'
same "$(head -c 6 "$HOME/acts.csv" | od -An -tx1 | tr -d ' ')" efbbbf69642c
# What a code and a reference mean stands beside them; nothing of whom the ceiling holds back.
s add event title='A public event' class=P --ref evt-open >/dev/null
s add act event=evt-open victim=per-public kind=04:030101000000 class=P date=2026-04 \
	'involvement={"perpetrator":"per-hidden","degree":"18:010000000000"}' --ref act-open >/dev/null
expect 0 s export csv -o "$HOME/acts.csv" --option type=act --force
out '^[^ ]*acts\.csv: made from [0-9]+ selected records'
grep -q 'act-open,P,[0-9a-z]\{26\},A public event,[0-9a-z]\{26\},Public Person,04:030101000000,Arrest,' \
	"$HOME/acts.csv" || die "no words beside the codes"
! grep -q Hidden "$HOME/acts.csv" || die "a label of what is sealed"
expect 0 s export csv -o "$HOME/plain.csv" --option type=act --option labels=no \
	--option columns=all --option bom=no
same "$(head -c 25 "$HOME/plain.csv")" id,ref,class,event,victim
head -n 1 "$HOME/plain.csv" | grep -q ',torture.findings,' || die "a column is left out"
! grep -qE '_label|Public Person' "$HOME/plain.csv" || die "labels that were not asked for"
expect 1 s export csv -o "$HOME/x" --option columns=some
err "^saksi: csv: option columns is used or all"
expect 2 s export csv -o "$HOME/x" --option colour=red
err 'has no option colour'
absent "$HOME/x"
expect 4 s export docx -o "$HOME/x"
err 'there are .*csv'
expect 4 s export csv -o "$HOME/no/folder/x"
expect 2 s export csv -o "$HOME/x" --select 'type:'
expect 2 s export csv -o "$HOME/x" --as text
expect 2 s export csv -o "$HOME/x" --for per-public
absent "$HOME/x"

# ---- un-sp: the block, the override, the consent --------------------------------------------------
expect 2 s export un-sp --check
err 'name it with --for'
expect 4 s export un-sp --check --for int-nobody
expect 2 s export un-sp --check --for per-kong-raiya
err 'is no intervention'
s add intervention kind=20:010000000000 form=un-sp about=per-kong-raiya \
	'submitter={"name":"Sokha","organisation":"Office","email":"office@example.org"}' \
	--ref int-2026-1 class=P >/dev/null
expect 5 s export un-sp --for int-2026-1 --check
err 'C1 +BLOCKS: '
err 'C2 +BLOCKS: '
no_err 'nothing was written'
# One heading for a person, one command that answers.
same "$(grep -c '^  Kong Raiya' "$TMPDIR/err")" 1
err "^  Kong Raiya \\([0-9a-z]{8}\\)\$"
same "$(grep -c '^    saksi edit per-kong-raiya consent+=' "$TMPDIR/err")" 1
expect 5 s export un-sp --for int-2026-1 -o "$HOME/sub.txt"
err 'nothing was written'
err '--override C1'
absent "$HOME/sub.txt"
expect 5 s --json export un-sp --for int-2026-1 -o "$HOME/sub.txt"
out '"blocked":true'
out '"check":"C1","level":"block"'
absent "$HOME/sub.txt"
expect 5 s export un-sp --for int-2026-1 -o "$HOME/sub.txt" --override C1 --reason 'only one of them'
absent "$HOME/sub.txt"
mapfile -t checks < <(s --json export un-sp --for int-2026-1 --check 2>/dev/null |
	grep -oE '"check":"[A-Z0-9]+","level":"block"' | sed -E 's/.*:"([A-Z0-9]+)","level.*/\1/' | sort -u)
overrides=()
for check in "${checks[@]}"; do overrides+=(--override "$check"); done
expect 0 s export un-sp --for int-2026-1 -o "$HOME/sub.txt" "${overrides[@]}" --reason 'a test of the override'
err 'overridden'
grep -q 'Kong Raiya' "$HOME/sub.txt" || die "the submission lacks its victim"
same "$(stat -c %a "$HOME/sub.txt")" 600
# The override is in the log, and travels with it.
make_vault "$HOME/w" Dara phone
join_team "$v" "$HOME/w" editor
give "$v" "$HOME/w"
for purpose in share-with-un name-to-government name-public; do
	expect 0 s edit per-kong-raiya \
		"consent+={\"purpose\":\"$purpose\",\"answer\":\"given\",\"date\":\"2026-11-01\",\"given_by\":\"self\",\"form\":\"written\",\"risk_explained\":\"yes\"}"
done
# Whom a title names beside the victim is asked too; for the dead, those who speak for them.
expect 5 s export un-sp --for int-2026-1 --check
no_err 'C[12] +BLOCKS'
err 'C8 \(Kem Ley\) blocks'
for purpose in share-with-un name-to-government; do
	expect 0 s edit per-kem-ley \
		"consent+={\"purpose\":\"$purpose\",\"answer\":\"given\",\"date\":\"2026-11-01\",\"given_by\":\"relative\"}"
done
expect 0 s export un-sp --for int-2026-1 --check

# ---- C8: whom the texts name, when `about` names persons ------------------------------------------
agree() { # PERSON ANSWER-FOR-THE-GOVERNMENT
	s edit "$1" 'consent+={"purpose":"share-with-un","answer":"given"}' \
		"consent+={\"purpose\":\"name-to-government\",\"answer\":\"$2\"}" \
		'consent+={"purpose":"name-public","answer":"refused"}' >/dev/null
}
s add intervention kind=x-sp form=un-sp about=per-thun-ratha about=evt-mnc-2020 \
	'submitter={"name":"Sokha","email":"office@example.org"}' --ref int-c8 class=P >/dev/null
s add person names='Prak Sitha' class=P --ref per-aunt \
	'contacts={"kind":"phone","text":"+855 12 345 678"}' >/dev/null
agree per-thun-ratha given
expect 0 s export un-sp --for int-c8 --check
s edit evt-mnc-2020 'title=Arrest of THUN Ratha, Kunthea Long and another by order of Hun Sen' >/dev/null
# Another victim who was not asked: named with the field, and the command that answers.
expect 5 s export un-sp --for int-c8 -o "$HOME/c8.txt"
absent "$HOME/c8.txt"
err 'C8 +BLOCKS: is another victim or accused'
err 'title of event evt-mnc-2020'
err '^    saksi edit per-long-kunthea consent\+='
no_err 'Hun Sen \('
expect 0 s export un-sp --for int-c8 -o "$HOME/c8.txt" --override C8 --reason 'C8 of a test'
grep -q 'Kunthea Long' "$HOME/c8.txt" || die "an override took out who was not asked"
grep -q '^Named without their consent: 1 person ' "$HOME/c8.txt" || die "the cover hides it"
s audit >"$TMPDIR/audit"
grep -q 'C8 of a test' "$TMPDIR/audit" || die "the reason is lost"
# Refused: never named, whatever is overridden.
agree per-long-kunthea refused
expect 5 s --json export un-sp --for int-c8 -o "$HOME/c8b.txt"
out '"check":"C8","level":"block"'
out 'refused to be named to the Government'
absent "$HOME/c8b.txt"
expect 0 s export un-sp --for int-c8 -o "$HOME/c8b.txt" --override C8 --reason 'a test'
! grep -qi 'kunthea' "$HOME/c8b.txt" || die "an override named who refused"
grep -q 'THUN Ratha, Person 1 (name withheld) and another by order of Hun Sen' "$HOME/c8b.txt" ||
	die "the name was not replaced"
grep -q '^Names taken out of texts: 1 person ' "$HOME/c8b.txt" || die "the cover hides it"
# Deleted: the names are known all the same.
s delete per-long-kunthea --reason 'C8' >/dev/null 2>&1 || s --yes delete per-long-kunthea >/dev/null
expect 5 s export un-sp --for int-c8 --check
expect 0 s export un-sp --for int-c8 -o "$HOME/c8c.txt" --override C8 --reason 'a test'
! grep -qi 'kunthea' "$HOME/c8c.txt" || die "an override named who is deleted"
s undelete per-long-kunthea >/dev/null
# Reworded, nothing blocks; --select does not hide anybody from the search.
s edit evt-mnc-2020 'title=Arrest of three, told by Prak Sitha, 012-345-678' >/dev/null
expect 5 s export un-sp --for int-c8 --check --select type:event
err 'Prak Sitha'
err 'a telephone number, e-mail or address'
s edit evt-mnc-2020 'title=Arrest of three' >/dev/null
expect 0 s export un-sp --for int-c8 --check
# A check that the form lacks is no check that was gone over.
expect 2 s export un-sp --for int-c8 -o "$HOME/c9" --override C9 --reason 'a test'
err 'C9: un-sp has no such check'
expect 2 s export un-sp --for int-c8 --check --override C9 --reason 'a test'
# Options are tried by --check too.
expect 2 s export un-sp --for int-c8 --check --option leter=AL
err 'no option leter'
expect 2 s export un-sp --for int-c8 --check --option letter=XX
expect 2 s export csv --check --option colour=red
err 'no option colour'
expect 0 s export un-sp --for int-c8 --check --option letter=AL --option width=60

# ---- un-sp and the ceiling ------------------------------------------------------------------------
s edit per-thun-ratha class=C >/dev/null
expect 5 s export un-sp --for int-c8 -o "$HOME/ceiling.txt"
err 'repeat with --ceiling C'
no_err '--override'
absent "$HOME/ceiling.txt"
expect 0 s export un-sp --for int-c8 -o "$HOME/ceiling.txt" --ceiling C
grep -q '^Highest class of the case records in it: C' "$HOME/ceiling.txt" || die "the cover hides the ceiling"
s edit per-thun-ratha class=P 'names+={"v":{"text":"Grey Heron","kind":"alias"},"class":"C"}' >/dev/null
s edit evt-mnc-2020 'title=Arrest of Grey Heron' >/dev/null
expect 0 s export un-sp --for int-c8 -o "$HOME/alias.txt"
! grep -q Heron "$HOME/alias.txt" || die "a name above the ceiling stands in a title"
s edit act-thun-ratha-detention 'injuries=a hidden wound' >/dev/null
expect 0 s export un-sp --for int-c8 -o "$HOME/sealed.txt"
err 'injuries of act'
! grep -q 'hidden wound' "$HOME/sealed.txt" || die "what is sealed is there"

# ---- trust ----------------------------------------------------------------------------------------
expect 0 s plugin list
out '^csv +exporter +shipped'
out '^un-sp +form +shipped'
out '^text .*\(used by forms\)$'
expect 2 s export text --check
err 'takes no records'
expect 0 s plugin info un-sp
out '^options$'
out '^  letter: '
out '^of text, which writes the file, options$'
expect 0 s --json plugin info csv
out '"options":\{[^}]*"separator":'
out '"takes":"records"'
expect 0 s plugin info csv
out '^  type: '
hash=$(sed -nE 's/^hash +([0-9a-f]{64})$/\1/p' "$TMPDIR/out")
so=$(sed -nE 's/^file +(.*)$/\1/p' "$TMPDIR/out")
expect 0 "$SAKSI" plugin hash "$so"
out "^$hash  csv\$"
expect 4 s plugin info nothing
expect 0 s plugin distrust csv
expect 5 s export csv -o "$HOME/x"
err 'plugin trust'
absent "$HOME/x"
expect 0 s --json plugin list
out '"name":"csv".*"trust":"not trusted"'
expect 4 s plugin distrust csv
expect 2 s plugin trust "$so"
err 'add --yes'
expect 0 s --yes plugin trust "$so"
expect 0 s export csv -o "$HOME/x"
# A file of one's own: by hash, only as long as it is the same.
mkdir -m 700 "$HOME/mine"
mine=$HOME/mine/lines.so
cp "$SAKSI_BUILD/tests/exporters/lines.so" "$mine"
chmod 644 "$mine"
expect 4 s export lines -o "$HOME/lines"
expect 0 s --yes plugin trust "$mine"
out '^lines: trusted'
expect 0 s --json status
out '"plugins":\[[^]]*"lines"'
expect 0 s plugin list
out '^lines +exporter +trusted'
expect 0 s export lines -o "$HOME/lines" --select type:provision
same "$(sort -u "$HOME/lines")" record
same "$(wc -l <"$HOME/lines")" 16
# Moved: found where it was trusted again.
mkdir -m 700 "$HOME/mine/new"
mv "$mine" "$HOME/mine/new/lines.so"
mine=$HOME/mine/new/lines.so
expect 0 s --yes plugin trust "$mine"
expect 0 s plugin info lines
out "^file +$mine\$"
expect 0 s export lines -o "$HOME/lines3" --select type:provision
printf 'x' >>"$mine"
expect 5 s export lines -o "$HOME/lines2"
absent "$HOME/lines2"
expect 0 s plugin distrust lines
expect 4 s export lines -o "$HOME/lines2"
expect 4 s plugin distrust lines
# None, or not safe, or posing as another.
chmod 666 "$mine"
expect 5 s --yes plugin trust "$mine"
err 'others may write'
expect 2 s --yes plugin trust "$samples"
expect 4 s --yes plugin trust "$HOME/absent.so"
cp "$so" "$HOME/mine/csv2.so"
printf 'x' >>"$HOME/mine/csv2.so"
chmod 644 "$HOME/mine/csv2.so"
expect 1 s --yes plugin trust "$HOME/mine/csv2.so"
err 'calls itself csv'
expect 0 s verify --deep
finish
