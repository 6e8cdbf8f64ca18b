# shellcheck shell=bash disable=SC2016 # for words of messages and for what a shell must not read
# A no to sharing with the United Nations, a yes again: what the check names, and
# that the command which it shows is the one that helps.
# shellcheck source=tests/scenario/lib.sh
. "$(dirname "$0")/lib.sh"
v=$HOME/v
make_vault "$v" Sokha laptop
s() { saksi "$v" "$@"; }
check() { s export un-sp --for sub --check; }
# answer ENTRY - the one consent of the person.
answer() {
	expect 0 s edit per-a consent=
	expect 0 s edit per-a "consent+=$1"
	others
}
others() {
	expect 0 s edit per-a 'consent+={"purpose":"name-to-government","answer":"given"}' \
		'consent+={"purpose":"name-public","answer":"refused"}'
}
# shown - the command under the finding, as a shell reads it.
shown() {
	sed -n '/decided anew/{n;s/^ *saksi //p}' "$TMPDIR/err" | tail -n 1
}
# obey - type it.
obey() {
	local words command
	command=$(shown)
	[ -n "$command" ] || die "no command is shown"
	eval "words=($command)"
	expect 0 s "${words[@]}"
}

expect 0 s add person names='Ann Example' class=P --ref per-a
expect 0 s add event title='Arrest of Ann' date=2026-03-01 place=KH class=P --ref evt \
	description='Taken from her house.'
expect 0 s add act event=evt victim=per-a kind=04:030101000000 date=2026-03-01 class=P
expect 0 s add intervention --ref sub kind=x-sp form=un-sp about=per-a class=P \
	'submitter={"name":"Dara","email":"dara@sample.invalid"}'
today=$(date -u +%F)

# No answer: nothing of a refusal.
others
expect 5 check
err 'C1 +BLOCKS: no consent recorded'
no_err 'decided anew'

# An earlier no: a yes of today is added to it.
answer '{"purpose":"share-with-un","answer":"refused","date":"2026-01-05"}'
expect 5 check
err '^    That is the entry of `consent` in person [0-9a-z]{8}: refused, 2026-01-05\.$'
err "^    saksi edit [0-9a-z]{26} consent\\+='\\{\"purpose\":\"share-with-un\",\"answer\":\"given\",\"date\":\"$today\"\\}'\$"
err 'C1 \(`consent` of Ann Example\)'
obey
expect 0 check
no_err 'C1 +BLOCKS'

# Withdrawn today, given again today: no order between the two, so one has to go.
answer '{"purpose":"share-with-un","answer":"given","date":"2026-01-05","withdrawn":"'"$today"'"}'
expect 5 check
err "person [0-9a-z]{8}: withdrawn, $today"
expect 0 s edit per-a "consent+={\"purpose\":\"share-with-un\",\"answer\":\"given\",\"date\":\"$today\"}"
expect 5 check
obey
expect 0 check
expect 0 s history per-a
out withdrawn

# A no without a date, with words that a shell would read, and an older one beside it.
answer '{"purpose":"share-with-un","answer":"refused","reason":"it'"'"'s $HOME \"and\" `more`"}'
expect 0 s edit per-a 'consent+={"purpose":"share-with-un","answer":"refused","date":"2020"}'
expect 0 s edit per-a "consent+={\"purpose\":\"share-with-un\",\"answer\":\"given\",\"date\":\"$today\"}"
expect 5 check
err 'without a date, so it counts against every other answer'
same "$(grep -c 'decided anew' "$TMPDIR/err")" 1
obey
expect 0 check

# In a case: the entry says whose it is.
answer '{"purpose":"share-with-un","answer":"given","date":"2026-01-05"}'
expect 0 s add case title='Her case' subjects=per-a --ref case-a \
	'consent={"person":"per-a","purpose":"share-with-un","answer":"withdrawn","date":"2026-02-01"}'
expect 5 check
err 'entry of `consent` in case [0-9a-z]{8}: withdrawn, 2026-02-01'
obey
expect 0 check

# What else is missing: with the record, and what to type.
expect 0 s add intervention --ref sub2 kind=x-sp form=un-sp about=per-a class=P \
	'submitter={"name":"Dara"}'
expect 5 s export un-sp --for sub2 --check
err '^    saksi edit sub2 submitter\.name=NAME submitter\.email=ADDRESS$'
same "$(grep -c 'submitter.name=NAME' "$TMPDIR/err")" 1
err 'A1 \(`submitter` of '
out '^2 checks block this export: F1, A1\.'
expect 0 s edit sub2 submitter.email=dara@sample.invalid
expect 0 s export un-sp --for sub2 --check
out '^Nothing blocks'
finish
