#!/usr/bin/env bash
# kill.sh - kill -9 at random moments, and what is left then.
#
#   tests/campaign/kill.sh [--rounds N] [--seed N] [--modes LIST] [--old PROGRAM] [--keep] [SAKSI]
#
# Each round kills one command (import, edits, sync, bundle write, bundle read,
# key change; imports and edits while segments of the index are merged; reindex;
# migrate) somewhere between its start and its end, and then requires: the
# vault opens and passes `verify --deep` (after a key change, at the latest when the
# next one has been made); whatever had been acknowledged before is there and is
# found by a search; repeating the command ends where an undisturbed one ends, by
# state digest; no output file stands half written under its name.  One vault is
# killed, and left as it was, over many rounds.
#
# SAKSI: the program (default: $SAKSI).  Rounds: 200.  LIST: some of these, with
# commas: import send read edit receive write key merge reindex migrate.  The
# seed is printed; with it the same moments are chosen, as far as a machine keeps
# time.  PROGRAM: a saksi of format 1, for migrations of more than the vault in
# tests/vectors.
set -uo pipefail

rounds=200
seed=$(($(od -An -N2 -tu2 /dev/urandom)))
keep=
old=
modes=(import merge send reindex read edit migrate receive merge write reindex key migrate)
program=${SAKSI:-}
while [ $# -gt 0 ]; do
	case $1 in
	--rounds) rounds=$2 && shift ;;
	--seed) seed=$2 && shift ;;
	--keep) keep=1 ;;
	--old) old=$2 && shift ;;
	--modes) IFS=, read -ra modes <<<"$2" && shift ;;
	--help | -h)
		sed -n '2,/^set/{/^set/d;s/^# \{0,1\}//;p;}' "$0"
		exit 0
		;;
	-*)
		echo "kill.sh: unknown option $1" >&2
		exit 2
		;;
	*) program=$1 ;;
	esac
	shift
done
[ -x "$program" ] || {
	echo "kill.sh: which program? Give its path, or set SAKSI" >&2
	exit 2
}
src=$(cd "$(dirname "$(readlink -f "$0")")/../.." && pwd)
samples=$src/data/samples/cambodia.ndjson
RANDOM=$seed
dir=$(mktemp -d "${TMPDIR:-/tmp}/saksi-kill.XXXXXX")
# shellcheck disable=SC2317 # called by the trap
cleanup() { [ -n "$keep" ] || rm -rf "$dir"; }
trap cleanup EXIT
cd "$dir" || exit 2
# Vaults are put back to what they were: the note of how far one had come goes too.
export XDG_STATE_HOME=$dir/state
printf 'a passphrase for the kill campaign\n' >pass
printf 'a passphrase for the kill campaign\nanother one, after the change\n' >change
printf 'another one, after the change\n' >pass2
printf 'another one, after the change\na passphrase for the kill campaign\n' >back

failures=0
round=0
# shellcheck disable=SC2317 # called by the trap
summary() {
	echo "$round rounds, $killed killed at work ($(for m in "${!struck_in[@]}"; do printf '%s %s, ' "$m" "${struck_in[$m]}"; done | sed 's/, $//')), $failures failures"
}
trap 'summary; exit 143' TERM INT
fail() {
	failures=$((failures + 1))
	printf 'round %d (%s, %s ms): %s\n' "$round" "$mode" "$delay" "$*"
	sed 's/^/    | /' log 2>/dev/null | tail -n 5
}
die() {
	echo "kill.sh: $*" >&2
	sed 's/^/    | /' log 2>/dev/null | tail -n 20 >&2
	exit 1
}

saksi() { "$program" --passphrase-fd 3 --yes "$@" 3<"${passfile:-pass}" >out 2>log; }
digest() { # VAULT
	saksi -C "$1" --json status
	grep -o '"state_digest": *"[0-9a-f]*"' out
}
# Of a thousand commands most of the time is the passphrase's, which is not looked at.
# Without the tool, where nothing is built but the program, the full price is paid.
cheaper() { # VAULT
	local tool=${SAKSI_BUILD:-$(dirname "$program")/..}/tests/cheap_vault
	[ ! -x "$tool" ] || SAKSI_SRC=$src "$tool" "$1" <pass 2>log || die "cheap_vault $1"
}
now_ms() { echo $((${EPOCHREALTIME/[.,]/} / 1000)); }

# ---- where each round begins and should end ----------------------------------

prepare() {
	mkdir t
	saksi -C t/office init --name Dara --device office --kdf interactive || die "init"
	cheaper t/office
	saksi -C t/office add person names='Acknowledged Before' --ref per-acknowledged || die "add"
	saksi -C t/field init --name Sophea --device field --kdf interactive || die "init"
	cheaper t/field
	saksi -C t/field device request -o t/request || die "device request"
	saksi -C t/office device add t/request --role editor -o t/welcome || die "device add"
	saksi -C t/field device join t/welcome || die "device join"
	cp -a t/office t/full
	saksi -C t/full import "$samples" || die "import"
	saksi -C t/full bundle write t/bundle || die "bundle write"
	wanted=$(digest t/full)
	[ -n "$wanted" ] || die "no state digest"
	cp -a t/office t/big
	organisations first 1500 >records
	saksi -C t/big import records || die "import"
	prepare_old
}

# organisations WORD N - so many of them, which WORD finds.
organisations() {
	local i
	for ((i = 0; i < $2; i++)); do
		printf '{"id":"org-%s-%d","type":"organisation","kind":"ngo","names":[{"text":"Office %d of %s"}],"note":"%s says %d things about the river, the road and the market %d"}\n' \
			"$1" "$i" "$i" "$1" "$1" "$i" "$((i * 7919 % 1000))"
	done
}

# A vault of format 1, its passphrase and its digest.
prepare_old() {
	local known=$src/tests/vectors/vault-1
	mkdir -m 700 t/old
	cp "$known/data.mdb" "$known/keys" t/old/
	chmod 600 t/old/*
	cp "$known/phrase" pass1
	# shellcheck disable=SC2016 # backquotes of Markdown
	wanted_old=$(sed -nE 's/.*State digest: `([0-9a-f]*)`.*/\1/p' "$known/README.md")
	[ -n "$old" ] || return 0
	organisations large 600 >records
	"$old" --passphrase-fd 3 --yes -C t/old import records 3<pass1 >out 2>log ||
		die "the older saksi does not import"
	"$old" --passphrase-fd 3 --json -C t/old status 3<pass1 >out 2>log
	wanted_old=$(grep -o '"state_digest": *"[0-9a-f]*"' out | grep -o '[0-9a-f]\{64\}')
}

# How long a command takes (ms), and what part of that (percent) goes by before
# it begins to work.  The first is corrected as rounds go: machines get busy.
declare -A takes opens
measure() { # NAME COMMAND...
	local name=$1 start
	shift
	start=$(now_ms)
	"$@" || die "$name fails even when nobody kills it"
	takes[$name]=$(($(now_ms) - start))
	opens[$name]=$((opening * 100 / (takes[$name] + 1)))
}

fresh() { # the vaults of this round, and a folder to share
	rm -rf office field full share got state
	cp -a t/office t/field t/full .
	mkdir -m 700 share
}

# The one vault that stays, until it has grown too long to be checked often.
use_big() {
	if [ ! -d big ] || [ "$big_used" -ge 60 ]; then
		rm -rf big
		cp -a t/big .
		big_used=0
	fi
	big_used=$((big_used + 1))
}
big_used=0

measure_all() {
	local start
	fresh
	start=$(now_ms)
	saksi -C office key list || die "key list"
	opening=$(($(now_ms) - start))
	measure import saksi -C office import "$samples"
	measure edit saksi -C office edit per-acknowledged note=0
	measure key change_key # office is not used again before it is made fresh
	measure send saksi -C full sync dir:share
	measure receive saksi -C field sync dir:share
	fresh
	measure write saksi -C full bundle write got
	measure read saksi -C field bundle read t/bundle
	rm -rf big
	cp -a t/big .
	organisations measured 60 >records
	measure merge saksi -C big import records
	measure reindex saksi -C big reindex
	rm -rf big old
	cp -a t/old .
	measure migrate migrate_old
}
change_key() { passfile=change saksi -C office key change; }
migrate_old() { "$program" --passphrase-fd 3 -C old migrate 3<pass1 >out 2>log; }

# Three of four moments lie where the work is done; the rest anywhere.
moment() { # NAME
	local from=0 to=$((takes[$1] + takes[$1] / 20 + 5))
	timed=$1
	[ $((RANDOM % 4)) -eq 0 ] || from=$((takes[$1] * opens[$1] * 3 / 400))
	[ "$from" -lt "$to" ] || from=0
	delay=$((from + (RANDOM * 32768 + RANDOM) % (to - from)))
}

# Start saksi, kill it after $delay ms.  0 if it was killed, 1 if it had ended well.
killed=0
struck=0
declare -A struck_in
strike() { # ARGUMENT...
	local pid status=0
	struck=0
	# Opened here, so that a kill never hits a shell on its way to exec.
	"$program" --passphrase-fd 3 --yes "$@" 3<"${passfile:-pass}" >out 2>log &
	pid=$!
	sleep "$(printf '%d.%03d' $((delay / 1000)) $((delay % 1000)))"
	kill -9 "$pid" 2>/dev/null
	wait "$pid" 2>/dev/null || status=$?
	case $status in
	0)
		takes[$timed]=$((takes[$timed] * 9 / 10))
		return 1
		;;
	137)
		killed=$((killed + 1))
		struck=1
		struck_in[$mode]=$((${struck_in[$mode]:-0} + 1))
		takes[$timed]=$((takes[$timed] * 103 / 100 + 1))
		;;
	*) fail "ended by itself with $status" ;;
	esac
}

whole() { # VAULT
	saksi -C "$1" verify --deep || fail "$1 does not pass verify"
	saksi -C "$1" show per-acknowledged || fail "$1 lost what had been acknowledged"
	finds "$1" 1 "Acknowledged Before"
}
finds() { # VAULT HOW-MANY QUERY
	local n
	saksi -C "$1" --json list "$3" || fail "$1 cannot be searched"
	n=$(grep -c . out)
	[ "$n" -eq "$2" ] || fail "$1: \`$3\` finds $n, not $2"
}
ends_as_wanted() { # VAULT
	[ "$(digest "$1")" = "$wanted" ] || fail "$1 ends in another state"
}

# ---- the rounds ----------------------------------------------------------------

round_import() {
	moment import
	strike -C office import "$samples"
	whole office
	saksi -C office import "$samples" || fail "the import can't be repeated"
	ends_as_wanted office
	whole office
}

round_edit() {
	local n=0 shown
	while moment edit && [ $n -lt 20 ]; do
		# A last kill comes for certain, if late.
		strike -C office edit per-acknowledged note="number $((n + 1))" && break
		n=$((n + 1))
	done
	whole office
	saksi -C office --json show per-acknowledged || fail "the record can't be shown"
	shown=$(grep -o '"number [0-9]*"' out | tr -dc '0-9\n' | head -n 1)
	[ "${shown:-0}" -eq "$n" ] || [ "${shown:-0}" -eq $((n + 1)) ] ||
		fail "edit $n was acknowledged, ${shown:-none} is there"
	[ "${shown:-0}" -eq 0 ] || finds office 1 "\"number $shown\""
}

# Many small segments and tail values, so that merges begin and go on.
round_merge() {
	local word=word$round n=0
	use_big
	organisations "$word" $((20 + RANDOM % 80)) >records
	moment merge
	strike -C big import records
	whole big
	saksi -C big import records || fail "the import can't be repeated"
	finds big "$(grep -c . records)" "$word"
	finds big 1 "\"office 3 of $word\""
	while [ $n -lt 4 ] && moment edit; do
		strike -C big edit "org-$word-$n" note="edited$word number$n"
		[ "$struck" -eq 0 ] || {
			saksi -C big edit "org-$word-$n" note="edited$word number$n" || fail "an edit can't be repeated"
		}
		n=$((n + 1))
		finds big "$n" "edited$word"
	done
	whole big
}

# Every other time it is left as the kill left it, for the rounds to come.
round_reindex() {
	use_big
	moment reindex
	strike -C big reindex
	whole big
	finds big 1 "\"office 7 of first\""
	saksi -C big edit org-first-7 note="while round$round" || fail "no edit after a kill"
	saksi -C big edit org-first-7 note="about the river" || fail "no edit after a kill"
	finds big 0 "round$round"
	if [ $((RANDOM % 2)) -eq 0 ]; then
		saksi -C big reindex || fail "reindex can't be repeated"
		whole big
	fi
	saksi -C big --json list type:organisation || fail "big cannot be listed"
	finds big "$(grep -c . out)" office
}

round_migrate() {
	rm -rf old
	cp -a t/old .
	moment migrate
	passfile=pass1 strike -C old migrate
	[ -e old/data.mdb ] || fail "there is no data file"
	migrate_old || fail "a migration that was killed can't be repeated"
	[ "$(find old -type f | sort | tr '\n' ' ')" = "old/data.mdb old/keys old/lock.mdb " ] ||
		fail "something is left: $(find old -type f | tr '\n' ' ')"
	"$program" --passphrase-fd 3 -C old verify --deep 3<pass1 >out 2>log ||
		fail "what was migrated does not pass verify"
	"$program" --passphrase-fd 3 -C old find candlelight 3<pass1 >out 2>log
	grep -q evt-clp-2023 out || fail "what was migrated is not found"
	"$program" --passphrase-fd 3 --json -C old status 3<pass1 >out 2>log
	grep -q "$wanted_old" out || fail "what was migrated has another state"
}

round_send() {
	moment send
	strike -C full sync dir:share
	whole full
	saksi -C field sync dir:share || fail "what a killed device left can't be read"
	saksi -C full sync dir:share || fail "sending can't be repeated"
	saksi -C field sync dir:share || fail "receiving after that fails"
	ends_as_wanted full
	ends_as_wanted field
	whole field
}

round_receive() {
	saksi -C full sync dir:share || fail "sync"
	moment receive
	strike -C field sync dir:share
	saksi -C field verify || fail "field does not pass verify"
	saksi -C field sync dir:share || fail "receiving can't be repeated"
	ends_as_wanted field
	whole field
}

round_write() {
	moment write
	strike -C full bundle write got
	whole full
	if [ -e got ]; then
		saksi -C field bundle read got || fail "a half bundle under its name"
		ends_as_wanted field
	else
		saksi -C full bundle write got || fail "writing can't be repeated"
	fi
}

round_read() {
	moment read
	strike -C field bundle read t/bundle
	saksi -C field verify || fail "field does not pass verify"
	saksi -C field bundle read t/bundle || fail "reading can't be repeated"
	ends_as_wanted field
	whole field
}

# The key file has two copies, and a change writes one after the other.  Killed between
# them it holds: verify says that one copy is old, and the next change writes both.
round_key() {
	moment key
	passfile=change strike -C office key change
	if saksi -C office key list; then
		whole office
		change_key || fail "a key change can't be repeated"
	elif ! passfile=pass2 saksi -C office verify; then
		grep -q 'one copy of its key file is damaged' log ||
			fail "neither the old nor the new passphrase opens the vault"
	fi
	passfile=back saksi -C office key change || fail "the new passphrase can't be changed"
	! passfile=pass2 saksi -C office key list || fail "a passphrase opens that was changed"
	whole office
}

prepare
measure_all
echo "seed $seed; a command takes (ms): opening $opening$(for m in "${!takes[@]}"; do printf ', %s %s' "$m" "${takes[$m]}"; done)"
while [ "$round" -lt "$rounds" ]; do
	mode=${modes[round % ${#modes[@]}]}
	round=$((round + 1))
	delay=-
	fresh
	"round_$mode"
done
summary
# With all moments too late, nothing would have been tested.
[ "$killed" -ge $((rounds / 3)) ] || {
	echo "too few were killed before they had ended" >&2
	exit 1
}
[ "$failures" -eq 0 ]
