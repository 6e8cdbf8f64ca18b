# shellcheck shell=bash
# duplicates, link, and the joined view of show and timeline.
# shellcheck source=tests/scenario/lib.sh
. "$(dirname "$0")/lib.sh"
v=$HOME/v
make_vault "$v" Sokha laptop
s() { saksi "$v" "$@"; }
# pairs TYPE - "ref ref" of each proposed pair.
pairs() {
	saksi "$v" --json duplicates "$@" |
		sed -nE 's/^\{"a":\{"id":"[0-9a-z]{26}","ref":"([^"]*)"\}.*"b":\{"id":"[0-9a-z]{26}","ref":"([^"]*)"\}.*"score":0\.[0-9]+.*/\1 \2/p' | sort
}

expect 0 s duplicates
out 'No pair is open'
expect 2 s duplicates item
err 'only person, organisation and act'
expect 2 s duplicates persn
err 'did you mean person'
expect 2 s duplicates --limit 0

# ---- what the sample records say of each other ------------------------------------------
expect 0 s import "$samples"
digest=$(digest "$v")
same "$(pairs)" 'per-soy-chhay per-son-chhay'
expect 0 s duplicates person
out '^0\.[0-9]+  probable  \(linked as probable, not confirmed\)$'
out '\+ same organisation: Candlelight Party'
out 'decide: saksi link [0-9a-z]{8} [0-9a-z]{8} --kind same_as\|different_from'
# A reader changes nothing.
same "$(digest "$v")" "$digest"

# ---- link: what does not fit is refused, with the reason --------------------------------
expect 2 s link per-soy-chhay per-son-chhay
err '--kind same_as, different_from or same_act'
expect 2 s link per-soy-chhay per-son-chhay --kind twin_of
expect 2 s link per-soy-chhay per-son-chhay --kind same_as --status perhaps
err 'confirmed, probable, possible, rejected'
expect 2 s link per-soy-chhay per-soy-chhay --kind same_as
err 'one record; name two'
expect 2 s link per-soy-chhay org-cchr --kind same_as
err 'type person, the other organisation'
expect 2 s link per-soy-chhay per-son-chhay --kind same_act
err 'is for two acts'
expect 2 s link act-raiya-arrest-2019 act-raiya-thai-arrest --kind same_as
err 'use same_act'
expect 4 s link per-soy-chhay per-nobody --kind same_as
expect 2 s link per-soy-chhay --kind same_as
same "$(digest "$v")" "$digest"

# ---- a decision, and the joined view -----------------------------------------------------
expect 0 s timeline per-son-chhay
no_out 'defamation: Soy Chhay'
expect 0 s --json link per-soy-chhay per-son-chhay --kind same_as --note 'one man, two spellings'
out '"did":"changed"'
link=$(field id <"$TMPDIR/out")
expect 0 s link per-son-chhay per-soy-chhay --kind same_as
out 'was linked so before'
same "$(pairs)" ''
expect 0 s show per-son-chhay
out '^Confirmed to be the same$'
out 'per-soy-chhay +Soy Chhay +\(by '
out 'charge +accused +defamation: Soy Chhay +\(of '
expect 0 s --json show per-son-chhay
out '"joined":\{"records":\[\{"field":"accused"'
out '"same":\[\{"id":"[0-9a-z]{26}","kind":"same-as"'
expect 0 s timeline per-son-chhay
out 'July 2022 +charge +[0-9a-z]{8}  defamation: Soy Chhay  \(of Soy Chhay \([0-9a-z]{8}\)\)'
out 'Conviction: Son Chhay$'
expect 0 s --json timeline per-son-chhay
out '"label":"defamation: Soy Chhay","on":"[0-9a-z]{26}"'
# The records themselves stay two.
expect 0 s --json list type:person
same "$(grep -c 'per-so[yn]-chhay' "$TMPDIR/out")" 2

# ---- contradictions are refused, and what was decided can be taken back --------------------
expect 1 s link per-soy-chhay per-son-chhay --kind different_from
err 'says same-as of these two; `saksi delete'
expect 1 s link per-kem-sokha per-lem-sokha --kind same_as
err 'says different-from of these two'
expect 0 s add person names='Soi Chhay' --ref per-third
same "$(pairs person)" 'per-son-chhay per-third
per-soy-chhay per-third'
expect 0 s link per-third per-soy-chhay --kind different_from
# The other one is the same as this one, so it was told apart too.
same "$(pairs person)" ''
expect 1 s link per-third per-son-chhay --kind same_as
err 'would join two records'
expect 0 s delete "$link" --reason 'two after all'
same "$(pairs person)" 'per-son-chhay per-third
per-soy-chhay per-son-chhay'
expect 0 s show per-son-chhay
no_out 'Confirmed to be the same'
expect 0 s link per-soy-chhay per-son-chhay --kind same_as --status rejected
same "$(pairs person)" 'per-son-chhay per-third'

# ---- one act, told twice --------------------------------------------------------------------
item() { s --json list type:item | sed -nE 's/.*"ref":"('"$1"')".*/\1/p' | sed -n 1p; }
same "$(item item-000)" item-000
act() {
	echo "{\"event\":\"evt-kemley-memorial-2019\",\"victim\":\"per-kong-raiya\",\"kind\":\"04:030101000000\",\"date\":\"$1\",\"source\":[{\"item\":\"$2\",\"locator\":\"$3\"}]}" |
		s add act --from-json - --ref "$4" >/dev/null
}
act 2019-07 item-000 'page 9' act-again
same "$(pairs act)" 'act-raiya-arrest-2019 act-again'
expect 0 s duplicates act
out '\+ dates agree: 2019-07-09, 2019-07'
out 'kind same_act\|different_from'
expect 0 s link act-raiya-arrest-2019 act-again --kind same_act --status possible
same "$(pairs act)" 'act-raiya-arrest-2019 act-again'
expect 0 s timeline per-kong-raiya
lines=$(wc -l <"$TMPDIR/out")
expect 0 s link act-raiya-arrest-2019 act-again --kind same_act
out 'changed, same-act, confirmed'
same "$(pairs act)" ''
expect 0 s timeline per-kong-raiya
same "$(wc -l <"$TMPDIR/out")" $((lines - 1))
out 'Arrest: Kong Raiya +\(the same as [0-9a-z]{8}\); sources: .*page 9'
expect 0 s --json timeline per-kong-raiya
out '"same":\[\{"id":"[0-9a-z]{26}","kind":"same-act"'
expect 0 s verify --deep

finish
