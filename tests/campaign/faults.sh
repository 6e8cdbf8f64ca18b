#!/usr/bin/env bash
# faults.sh - what saksi does when a call fails: memory, files, random numbers,
# locks, processes, LMDB.
#
#   tests/campaign/faults.sh [OPTION ...] [SAKSI]
#
#   --single N     of all single failures at most N, chosen by the seed (default: all)
#   --one          of the reasons that a call can fail for, one, chosen by the seed
#   --distinct     each place in the code once, whichever command leads there
#   --random N     schedules of two to four failures (default: 1000)
#   --seed N       printed at the start; the same seed, the same schedules
#   --jobs N       runs at once (default: 1)
#   --only REGEX   only scenarios whose name matches
#   --kinds REGEX  only calls of these kinds
#   --cases FILE   instead: each line SCENARIO KIND WHY [EVERY]: the first call
#                  from each place that makes one of that kind fails, or from
#                  every so many of them (# begins a comment)
#   --replay SCENARIO SPEC   instead: this one, told in full, its folder kept
#   --lib FILE     the preloaded library (default: beside SAKSI, ../tests/faults.so)
#   --keep         keep the folder
#
# A scenario is one command on a prepared vault.  A first run counts its calls
# by kind and notes the first call from each distinct place: those are the
# single failures, with each errno that fits the kind.  After each run:
#
#   * no signal, no sanitizer's report, no hang; an exit code of the contract
#   * no secret left alive; no word of a record or passphrase in a message
#   * a failure is told in words
#   * all or nothing: the state is that before or that after; exit 0 only after
#   * the vault passes `verify --deep`
#   * no stray file, no half output, no plaintext anywhere
set -uo pipefail

single=all
one=
distinct=
random=1000
seed=$(($(od -An -N2 -tu2 /dev/urandom)))
jobs=1
only=.
kinds=.
cases=
replay=()
lib=
keep=
program=${SAKSI:-}
while [ $# -gt 0 ]; do
	case $1 in
	--single) single=$2 && shift ;;
	--one) one=1 ;;
	--distinct) distinct=1 ;;
	--random) random=$2 && shift ;;
	--seed) seed=$2 && shift ;;
	--jobs) jobs=$2 && shift ;;
	--only) only=$2 && shift ;;
	--kinds) kinds=$2 && shift ;;
	--cases) cases=$(readlink -f "$2") && shift ;;
	--replay) replay=("$2" "$3") && keep=1 && shift 2 ;;
	--lib) lib=$2 && shift ;;
	--keep) keep=1 ;;
	--help | -h)
		sed -n '2,/^set/{/^set/d;s/^# \{0,1\}//;p;}' "$0"
		exit 0
		;;
	-*)
		echo "faults.sh: unknown option $1" >&2
		exit 2
		;;
	*) program=$1 ;;
	esac
	shift
done
[ -x "$program" ] || {
	echo "faults.sh: which program? Give its path, or set SAKSI" >&2
	exit 2
}
program=$(readlink -f "$program")
lib=$(readlink -f "${lib:-$(dirname "$program")/../tests/faults.so}")
[ -r "$lib" ] || {
	echo "faults.sh: $lib is not built" >&2
	exit 2
}
src=$(cd "$(dirname "$(readlink -f "$0")")/../.." && pwd)
base=${TMPDIR:-/tmp}
[ ! -w /dev/shm ] || base=/dev/shm
dir=$(mktemp -d "$base/saksi-faults.XXXXXX")
# shellcheck disable=SC2317 # called by the trap
cleanup() { if [ -n "$keep" ]; then echo "kept: $dir"; else rm -rf "$dir"; fi; }
trap cleanup EXIT
trap 'exit 143' HUP INT TERM
export LC_ALL=C.UTF-8 TZ=UTC SAKSI_FAULTS_CHILD=1
unset SAKSI_VAULT XDG_DATA_HOME XDG_STATE_HOME XDG_CONFIG_HOME
# The sanitizers' own memory comes before ours; that is meant here.
export ASAN_OPTIONS="verify_asan_link_order=0:${ASAN_OPTIONS:-detect_leaks=1:abort_on_error=0:exitcode=99}"
# shellcheck source=tests/campaign/faults_table.sh
. "$src/tests/campaign/faults_table.sh"

die() {
	echo "faults.sh: $*" >&2
	tail -n 20 "$dir/log" >&2
	exit 1
}

# run FAULTS LOG PASS ARGUMENT... - in the current folder; nothing struck if empty.
run() {
	local faults=$1 log=$2 pass=$3
	shift 3
	# A vault that was made elsewhere opens with its own work only.
	local cheap=1
	[ "$pass" != old ] || cheap=0
	LD_PRELOAD=$lib SAKSI_FAULTS_KDF=$cheap SAKSI_FAULTS=$faults SAKSI_FAULTS_LOG=$log \
		HOME=$PWD/home XDG_RUNTIME_DIR=$PWD/run \
		"$program" --passphrase-fd 3 "$@" 3<"$dir/pass.$pass" </dev/null
}
# s VAULT ARGUMENT... - without faults, for preparing and looking.
s() {
	local vault=$1
	shift
	run '' /dev/null one --yes -C "$vault" "$@" >"$dir/said" 2>>"$dir/log" || die "$vault: $*"
}

# ---- states ------------------------------------------------------------------------------

# Which passphrases open it, whatever the list of the slots says.
ways() { # VAULT
	local pass
	for pass in one two; do
		if run '' /dev/null "$pass" -C "$1" status >/dev/null 2>&1; then echo "$pass opens it"; fi
	done
}

# The slots are in a file of their own: tried once, as long as it stays as it was.
slots() { # VAULT PASS
	local known=$dir/m/slots.${1//\//-}
	run '' /dev/null "$2" -C "$1" --json key list 2>&1
	if ! cmp -s "$1/keys" "$dir/t/$1/keys"; then
		ways "$1"
		return
	fi
	[ -e "$known" ] || { ways "$1" >"$known.$BASHPID" && mv "$known.$BASHPID" "$known"; }
	cat "$known"
}

# What a vault holds, without what changes from run to run.
state() { # VAULT PASS
	local pass out
	[ -e "$1/keys" ] || {
		echo none
		return
	}
	for pass in $([ "$2" = old ] && echo old || echo one two); do
		out=$(run '' /dev/null "$pass" -C "$1" --json status 2>&1)
		[[ $out == *'does not fit'* ]] || break
	done
	echo "opened by $pass"
	{
		printf '%s\n' "$out"
		slots "$1" "$pass"
	} | sed -E 's/"(at|id|made|team|state_digest)":"[^"]*"|"size_bytes":[0-9]+|"last_sync":\{[^}]*\}|[0-9]+ [KMG]iB are free//g'
	run '' /dev/null "$pass" -C "$1" --json list --limit 0 2>&1 | sed -E 's/[0-9a-z]{26}//g' | sort
	[[ $1 != trusting* ]] || run '' /dev/null "$pass" -C "$1" --json plugin list 2>&1
}

# place SCENARIO FOLDER - what the command finds.
place() {
	mkdir -m 700 "$2" "$2/home" "$2/run"
	# shellcheck disable=SC2086 # several, by spaces
	[ -z "${items[$1]}" ] || (cd "$dir/t" && cp -r ${items[$1]} "$2")
}

# fresh SCENARIO - as ./w of the job what the command finds; as it is, if the
# run before has left it so.
fresh() {
	if [ "$placed" != "$1" ]; then
		rm -rf "$job/w"
		cp -r "$dir/m/$1/found" "$job/w"
		placed=$1
	fi
	rm -f "$job/log" "$job/w"/*/lock.mdb
}

listing() { (cd "$1" && find . -mindepth 1 -not -path './run*' -not -name lock.mdb | sort); }

# measure SCENARIO - its calls and places, its states before and after.
measure() {
	local n=$1 m=$dir/m/$1 code=0 v=${target[$1]}
	mkdir -p "$m"
	place "$n" "$m/found"
	cp -r "$m/found" "$m/w"
	[ -e "$dir/m/before.${v//\//-}" ] || {
		(cd "$m/w" && state "$v" "${opener[$n]}") >"$m/before"
		mv "$m/before" "$dir/m/before.${v//\//-}"
	}
	cp "$dir/m/before.${v//\//-}" "$m/before"
	rm -f "$m/w"/*/lock.mdb
	listing "$m/w" >"$m/files"
	cd "$m/w" || exit 1
	# shellcheck disable=SC2086 # a command and its arguments
	SAKSI_FAULTS_SITES=1 run '' "$m/calls" "${opener[$n]}" --yes ${command[$n]} >"$m/out" 2>"$m/err" || code=$?
	cd "$dir" || exit 1
	[ "$code" -eq "${ends[$n]:-0}" ] || {
		cat "$m/err" >&2
		die "$n ends with $code even when nothing fails"
	}
	grep -q '^secrets 0$' "$m/calls" || die "$n leaves a secret alive"
	if cmp -s "t/$v/data.mdb" "$m/w/$v/data.mdb" && cmp -s "t/$v/keys" "$m/w/$v/keys"; then
		cp "$m/before" "$m/after"
	else
		(cd "$m/w" && state "$v" "${opener[$n]}") >"$m/after"
	fi
	listing "$m/w" >>"$m/files"
}

# ---- one run -------------------------------------------------------------------------------

bad() { printf '%s\n' "$*" >>"$wrong"; }

same_vault() { # SCENARIO: not a byte of it was changed
	local a=$dir/t/${target[$1]} b=${target[$1]}
	[ -e "$a" ] && cmp -s "$a/data.mdb" "$b/data.mdb" && cmp -s "$a/keys" "$b/keys"
}

check_state() { # SCENARIO CODE
	local n=$1 code=$2 m=$dir/m/$1 v=${target[$1]}
	is_done=
	[ "$code" -ne 0 ] || is_done=1
	if ! same_vault "$n"; then
		state "$v" "${opener[$n]}" >now
		if cmp -s now "$m/after" && ! cmp -s now "$m/before"; then
			is_done=1
			[ "$code" -eq 0 ] || ! after_silent "$n" || bad "done, and yet exit $code without saying so"
		elif cmp -s now "$m/before"; then
			[ "$code" -ne 0 ] || cmp -s "$m/before" "$m/after" || bad "exit 0, but not done"
		elif half_is_fine "$n" "$code"; then
			rm -f now
			return
		else
			bad "half state: $(diff now "$m/before" | head -n 6 | cut -c 1-300)"
		fi
		if [ -e "$v/keys" ] && ! grep -q 'older format' now; then
			run '' /dev/null "$(sed -nE '1s/opened by //p' now)" -C "$v" verify --deep >deep 2>&1 ||
				faults_are_told deep || bad "verify --deep: $(head -n 3 deep)"
		fi
		rm -f now deep
	elif [ "$code" -eq 0 ] && ! cmp -s "$m/before" "$m/after"; then
		bad "exit 0, but nothing was done"
	fi
}

check_files() { # SCENARIO SPEC CODE
	local n=$1 f
	listing . | sort | comm -23 - <(sort "$dir/m/$n/files") | grep -vE "^\./(${stray[$n]:-^})" >extra
	grep -vxF ./extra extra >extra.tmp
	# A vault that was made has a note in the state folder, of a random name.
	[ -z "$is_done" ] || sed -i -E '\#^\./home/\.local/state/saksi/[0-9a-f]{32}$#d' extra.tmp
	# What may not be removed stays, and so does the sealed half of a vault when
	# random numbers fail, which ends the process at once.
	[[ $2 =~ (name|open|stat):[0-9]+\+ ]] || grep -qE '^struck (name[@0-9]* [0-9]+ (unlink|unlinkat|rmdir)|random)' "$job/log" ||
		while read -r f; do bad "stray file $f"; done <extra.tmp
	rm -f extra extra.tmp
	for f in ${output[$n]}; do
		# A team whose recovery kit nobody has would be one for ever.
		if [ "$3" -eq 0 ] || [[ $err =~ 'all else was done' ]] || { [ "$n" = init ] && [ -n "$is_done" ]; }; then
			[ -s "$f" ] || bad "done, but no $f"
		elif [ -e "$f" ] && [ -z "$is_done" ]; then
			output_is_fine "$n" "$f" "$3" || bad "exit $3, and yet $f is there"
		fi
	done
	[ -n "${plain[$n]}" ] || ! grep -rlE "$canary" . >/dev/null || bad "plaintext in $(grep -rlE "$canary" . | head -n 3)"
}

check_words() { # SCENARIO CODE
	local n=$1 code=$2 about_err=$'\nsaksi'
	[ -n "${tells[$n]}" ] || [[ ! $err =~ $canary ]] || bad "a message holds what is secret"
	[ ! -s ../out ] || ! grep -qE 'zq7pass' ../out || bad "the passphrase is printed"
	# Where standard error itself fails, nobody can be told.
	[ "$code" -eq 0 ] || [[ $'\n'$err =~ $about_err ]] || [ -n "${quiet[$n]}" ] ||
		[[ $log =~ struck\ write[^\ ]*\ [0-9]+\ write ]] || bad "exit $code without a word"
	if [ "$code" -eq 0 ] && [ -n "${reads[$n]}" ]; then
		{ [ -n "${says[$n]}" ] && grep -qE "${says[$n]}" ../out; } ||
			cmp -s ../out "$dir/m/$n/out" || cmp -s <(sed 's/"size_bytes":[0-9]*//' ../out) \
			<(sed 's/"size_bytes":[0-9]*//' "$dir/m/$n/out") || bad "exit 0, but it printed something else"
	fi
}

# Nothing is there that was not, and nothing was changed.
untouched() { diff -rq -x lock.mdb "$dir/m/$1/found" . >/dev/null 2>&1; }

# strike SCENARIO SPEC - 0 if nothing is wrong; else $wrong says what.
strike() {
	local n=$1 spec=$2 code=0 err='' log='' last line about_fault='Sanitizer|runtime error|Assertion'
	wrong=$job/wrong
	: >"$wrong"
	fresh "$n"
	cd "$job/w" || exit 1
	# shellcheck disable=SC2086 # a command and its arguments
	run "$spec" "$job/log" "${opener[$n]}" --yes ${command[$n]} >../out 2>../err || code=$?
	[ ! -s ../err ] || read -r -d '' err <../err
	[ ! -s "$job/log" ] || read -r -d '' log <"$job/log"
	[ "$code" -le 6 ] || bad "exit $code"
	[[ ! $err =~ $about_fault ]] || bad "a fault: $(grep -m 1 -E "$about_fault" ../err)"
	[ "$code" -gt 6 ] || [[ ! $log =~ secrets\ ([0-9]+) ]] || [ "${BASH_REMATCH[1]}" = 0 ] ||
		bad "${BASH_REMATCH[1]} secrets are alive at the end"
	check_words "$n" "$code"
	if untouched "$n"; then
		[ "$code" -ne 0 ] || cmp -s "$dir/m/$n/before" "$dir/m/$n/after" || bad "exit 0, but nothing was done"
		{ [ "$code" -ne 0 ] && [[ ! $err =~ 'all else was done' ]]; } || [ -z "${output[$n]}" ] || bad "exit 0, but no ${output[$n]}"
	else
		placed=
		check_state "$n" "$code"
		check_files "$n" "$spec" "$code"
	fi
	cd "$dir" || exit 1
	last=
	while IFS= read -r line; do
		[[ $line =~ 'saksi: 1 other'|'no recovery kit' ]] || last=$line
	done <<<"$err"
	printf '%s %s\t%s\t%s\n' "$n" "$spec" "$code" "${last:0:200}" >>"$job/all"
	[ ! -s "$wrong" ]
}

tell() { # SCENARIO SPEC
	printf -- '--- %s %s\n' "$1" "$2"
	sed 's/^/    /' "$wrong"
	printf '    %s\n' "$(head -n 2 "$job/err" | cut -c 1-300)"
	grep -m 2 -A 14 '^struck' "$job/log" | grep -E '^struck|/saksi ' | sed 's/^/      /' | head -n 12
}

# ---- schedules --------------------------------------------------------------------------------

# Kind and errnos, in words for people: see errno(1) and lmdb.h.
declare -A whys=([alloc]=12 [sodium]=12 [kdf]=12 [random]='5 4 38' [open]='24 23 12 5 13 28'
	[read]='5 4 short' [write]='28 5 122 27 4 short' [sync]='5 28 122' [size]='28 27 5'
	[name]='5 28 30 122' [stat]='5 13 12' [map]='12 11' [lock]='37 5 4' [fcntl]=5 [dir]=5
	[close]='5 28' [process]='11 12 24' [child]='12 1' [wait]='4 12' [thread]='11 12'
	[key]='122 12 1 38' [db-env]='12 5 28 24' [db-txn]='-30790 12 5 -30785'
	[db-get]='5 12 -30796 -30797' [db-put]='-30792 -30788 28 5 12' [db-commit]='28 5 12 27')

# reasons KIND - all as $some, or one of them.
reasons() {
	read -ra some <<<"${whys[${1%@*}]}"
	[ -z "$one" ] || some=("${some[RANDOM % ${#some[@]}]}")
}

singles() {
	local n kind at why function where
	local -a some
	local -A seen
	for n in "${names[@]}"; do
		while read -r _ kind at function where; do
			[[ $kind =~ $kinds ]] || continue
			[ -z "$distinct" ] || [ -z "${seen[$kind $function $where]:-}" ] || continue
			seen[$kind $function $where]=1
			reasons "$kind"
			for why in "${some[@]}"; do printf '%s %s:%s:%s\n' "$n" "$kind" "$at" "$why"; done
		done < <(grep '^site' "$dir/m/$n/calls")
	done
}

number() { number=$(((RANDOM * 32768 + RANDOM) % $1)); }

randoms() {
	local i k n spec kind count on why number
	local -a w calls
	local -A of
	for n in "${names[@]}"; do
		of[$n]=$(sed -nE 's/^calls //p' "$dir/m/$n/calls" | grep -E "$kinds")
	done
	for ((i = 0; i < random; i++)); do
		number ${#names[@]}
		n=${names[number]}
		mapfile -t calls <<<"${of[$n]}"
		[ -n "${calls[0]}" ] || continue
		spec=
		for ((k = 2 + RANDOM % 3; k > 0; k--)); do
			number ${#calls[@]}
			read -r kind count <<<"${calls[number]}"
			read -ra w <<<"${whys[${kind%@*}]}"
			on=
			number ${#w[@]}
			why=${w[number]}
			# Interrupted for ever is no failure, but a wait.
			[ $((RANDOM % 5)) -ne 0 ] || [ "$why" = 4 ] || on=+
			number "$count"
			spec+=,$kind:$((1 + number))$on:$why
		done
		printf '%s %s\n' "$n" "${spec#,}"
	done
}

from_cases() {
	local n kind why every
	while read -r n kind why every; do
		[[ -n $n && $n != \#* ]] || continue
		[[ " ${names[*]} " == *" $n "* ]] || continue
		if [[ $kind == *:* ]]; then
			echo "$n $kind"
			continue
		fi
		awk -v n="$n" -v k="$kind" -v w="$why" -v every="${every:-1}" -v from="$seed" \
			'$1 == "site" && $2 == k && (i++ + from) % every == 0 { print n, k ":" $3 ":" w }' "$dir/m/$n/calls"
	done <"$cases"
}

work() { # NUMBER: every jobs-th line of the schedule
	local n spec
	job=$dir/j$1
	placed=
	mkdir -p "$job"
	while read -r n spec; do
		strike "$n" "$spec" || {
			tell "$n" "$spec" >>"$job/bad"
			echo "$n $spec" >>"$job/failed"
		}
	done < <(awk -v j="$jobs" -v k="$1" 'NR % j == k' "$dir/schedule")
}

cd "$dir" || exit 2
mkdir t m
begin=$SECONDS
cd t || exit 2
prepare
cd .. || exit 2
mapfile -t names < <(printf '%s\n' "${names[@]}" | grep -E "$only")
[ ${#replay[@]} -eq 0 ] || names=("${replay[0]}")
RANDOM=$seed
declare -a measuring
if [ -n "$cases" ]; then
	mapfile -t names < <(printf '%s\n' "${names[@]}" | grep -xF -f <(sed -nE 's/^([a-z][a-z-]*) .*/\1/p' "$cases"))
fi
for ((j = 0; j < jobs; j++)); do
	(for ((i = j; i < ${#names[@]}; i += jobs)); do measure "${names[i]}"; done) &
	measuring[j]=$!
done
for pid in "${measuring[@]}"; do wait "$pid" || exit 1; done

if [ ${#replay[@]} -gt 0 ]; then
	job=$dir/j
	placed=
	mkdir "$job"
	strike "${replay[@]}" && echo "nothing wrong"
	tell "${replay[@]}"
	cat "$job/all"
	exit 0
fi

if [ -n "$cases" ]; then
	from_cases >schedule
else
	all=0
	[ "$single" = 0 ] || singles >single
	[ "$single" = 0 ] || all=$(wc -l <single)
	: >schedule
	if [ "$single" = all ]; then mv single schedule; elif [ "$single" -gt 0 ]; then
		shuf -n "$single" --random-source=<(yes "$seed") single >schedule
	fi
	randoms >>schedule
	echo "seed $seed; ${#names[@]} scenarios, $all single failures"
fi
for ((j = 0; j < jobs; j++)); do work $j & done
wait
cat j*/bad 2>/dev/null
[ -z "$keep" ] || cat j*/all >all
failures=$(cat j*/failed 2>/dev/null | wc -l)
runs=$(cat j*/all | wc -l)
echo "$runs runs in $((SECONDS - begin)) s, $failures failures"
[ "$runs" -eq "$(wc -l <schedule)" ] || die "not all were run"
[ "$failures" -eq 0 ]
