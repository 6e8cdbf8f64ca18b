#!/usr/bin/env bash
# run.sh - saksi beside SQLCipher + FTS5 and plain LMDB, as a table.
#
#   tests/bench/run.sh [--records N[,N...]] [--out FILE] [--seed N]
#                      [--gets N] [--edits N] [--budget SECONDS] [--batch N]
#                      [--slice N]
#                      [--journal WAL|DELETE] [--log-table NAME]
#                      [--no-peer | --sqlcipher DIR] [--work DIR] [--keep]
#   tests/bench/run.sh --smoke --build DIR
#
# Builds a release in --work (default: build/bench), fetches SQLCipher's
# amalgamation with npm (or takes the folder --sqlcipher that holds sqlite3.c),
# runs every system on the same records, one size after the other, and writes
# Markdown to --out (default: standard output).  README.md explains the rows.
#
# --smoke: 2,000 records, no peer, with the programs of the build tree DIR; the
# counts that are found must agree.  Nothing here asserts a time.
set -euo pipefail

src=$(cd "$(dirname "$(readlink -f "$0")")/../.." && pwd)
sizes=10000,100000 out='' seed=1 gets=20000 edits=300 budget=10 journal=WAL
log_table=2 work=$src/build/bench build='' peer=yes sqlcipher='' smoke='' keep=''
batch=500 slice=5000
while [ $# -gt 0 ]; do
	case $1 in
	--records) sizes=$2 && shift ;;
	--out) out=$2 && shift ;;
	--seed) seed=$2 && shift ;;
	--gets) gets=$2 && shift ;;
	--edits) edits=$2 && shift ;;
	--budget) budget=$2 && shift ;;
	--batch) batch=$2 && shift ;;
	--slice) slice=$2 && shift ;;
	--journal) journal=$2 && shift ;;
	--log-table) log_table=$2 && shift ;;
	--sqlcipher) sqlcipher=$2 && shift ;;
	--work) work=$2 && shift ;;
	--build) build=$2 && shift ;;
	--no-peer) peer='' ;;
	--smoke) smoke=1 ;;
	--keep) keep=1 ;;
	--help | -h)
		sed -n '2,/^set/{/^set/d;s/^# \{0,1\}//;p;}' "$0"
		exit 0
		;;
	*)
		echo "run.sh: unknown option $1; see --help" >&2
		exit 2
		;;
	esac
	shift
done
if [ -n "$smoke" ]; then
	[ -n "$build" ] || { echo "run.sh: --smoke needs --build" >&2; exit 2; }
	sizes=2000 peer='' gets=500 edits=5 budget=1
fi

say() { printf 'bench: %s\n' "$*" >&2; }

# ---- programs -----------------------------------------------------------------

fetch_peer() {
	local dir=$work/peer
	if [ ! -e "$dir/package/src/sqlite3.c" ]; then
		say "fetching SQLCipher's amalgamation"
		mkdir -p "$dir"
		(cd "$dir" && npm pack --silent @commapp/sqlcipher-amalgamation >/dev/null &&
			tar -xzf ./*.tgz) || return 1
	fi
	sqlcipher=$dir/package/src
}

if [ -z "$build" ]; then
	mkdir -p "$work"
	work=$(cd "$work" && pwd)
	build=$work/release
	if [ -n "$peer" ] && [ -z "$sqlcipher" ] && ! fetch_peer; then
		say "SQLCipher could not be fetched; going on without it"
		peer=''
	fi
	say "building"
	if ! { cmake -S "$src" -B "$build" -G Ninja -DCMAKE_BUILD_TYPE=Release \
		-DBENCH_SQLCIPHER="${peer:+$sqlcipher}" &&
		cmake --build "$build" --target all bench_programs; } >"$work/build.log" 2>&1; then
		tail -n 30 "$work/build.log" >&2
		exit 2
	fi
fi
[ -n "$sqlcipher" ] && [ -x "$build/tests/bench_sqlcipher" ] || peer=''
saksi=$build/bin/saksi
schema=$src/data/schema

dir=$(mktemp -d "${TMPDIR:-/tmp}/saksi-bench.XXXXXX")
vault=
# shellcheck disable=SC2317 # called by the trap
cleanup() {
	[ -z "$vault" ] || "$saksi" -C "$vault" lock >/dev/null 2>&1 || :
	[ -n "$keep" ] || rm -rf "$dir"
}
trap cleanup EXIT
mkdir -m 700 "$dir/home" "$dir/run"
export HOME=$dir/home XDG_RUNTIME_DIR=$dir/run LC_ALL=C.UTF-8 TZ=UTC
unset SAKSI_VAULT XDG_DATA_HOME XDG_STATE_HOME XDG_CONFIG_HOME
printf 'a passphrase for the bench\n' >"$dir/pass"

# ---- one size -----------------------------------------------------------------

run() { # PROGRAM PART OPTION...
	"$build/tests/$1" "$2" --records "$records" --seed "$seed" --gets "$gets" \
		--edits "$edits" --budget "$budget" --batch "$batch" --slice "$slice" --out "$results" "${@:3}"
}

command_row() { # METRIC ARGUMENT...
	local metric=$1
	shift
	printf '%s\n' "$saksi" -C "$vault" "$@" |
		"$build/tests/bench_timed" "$metric" --dir "$vault" --records "$records" \
			--seed "$seed" --gets 25 --budget "$budget" --out "$results"
}

saksi_rows() {
	local options=(--dir "$vault" --schema "$schema") log file
	"$saksi" -C "$vault" --passphrase-fd 3 init --name Bench --device bench \
		--kdf interactive 3<"$dir/pass" >/dev/null 2>&1
	# Where there is no kernel keyring the passphrase is given each time.
	if [ -n "$smoke" ] || ! "$saksi" -C "$vault" --passphrase-fd 3 unlock --for 7d \
		3<"$dir/pass" >/dev/null 2>&1; then
		options+=(--passphrase "$dir/pass")
		[ -n "$smoke" ] || say "no session could be kept: memory figures hold the KDF's"
	fi
	run bench_saksi load "${options[@]}"
	run bench_lmdb tables --dir "$vault" --system saksi
	log=$(awk -F '\t' -v m="table $log_table" '$1 == m { print $3 }' "$results")
	file=$(awk -F '\t' '$1 == "file" && $2 == "saksi" { print $3 }' "$results")
	awk -v f="$file" -v l="${log:-0}" 'BEGIN { printf "file without log\tsaksi\t%.0f\tB\n", f - l }' \
		>>"$results"
	run bench_saksi get "${options[@]}"
	run bench_saksi scan "${options[@]}"
	run bench_saksi query "${options[@]}"
	if [ "${#options[@]}" -eq 4 ]; then
		command_row 'show ID' show '{id}'
		command_row 'find rare' find qaxeru
		command_row 'list --limit 20' list --limit 20
		command_row 'list --sort date --limit 20' list --sort date --limit 20
		command_row 'status' status
		command_row 'list' list
		command_row 'list --json --sort label' list --json --sort label
		command_row 'find --json, all' find --json -- -qaxeru
		command_row 'export ndjson' export ndjson --force -o "$dir/out.ndjson"
	fi
	if [ -n "$smoke" ]; then
		run bench_saksi edit "${options[@]}"
	else
		LD_PRELOAD=$build/tests/bench_syncs.so run bench_saksi edit "${options[@]}"
	fi
}

peer_rows() { # SYSTEM CACHE-MIB
	run bench_sqlcipher all --dir "$dir/$1" --system "$1" --cache "$2" \
		--journal "$journal" --schema "$schema"
	# The vault without its log is held against the same file.
	awk -F '\t' -v s="$1" '$1 == "file" && $2 == s { print "file without log\t" s "\t" $3 "\tB" }' \
		"$results" >>"$results.more"
	cat "$results.more" >>"$results"
	rm -rf "$results.more" "${dir:?}/$1"
}

one_size() { # RECORDS
	records=$1
	results=$dir/results.$1
	vault=$dir/vault.$1
	say "$records records: saksi"
	saksi_rows
	[ -n "$keep" ] || rm -rf "$vault"
	say "$records records: LMDB"
	run bench_lmdb all --dir "$dir/lmdb.$1" --system lmdb
	rm -rf "${dir:?}/lmdb.$1"
	if [ -n "$peer" ]; then
		say "$records records: SQLCipher"
		peer_rows sqlcipher 0
		peer_rows sqlcipher-256 256
	fi
	printf '## %s records\n\n' "$records"
	awk -f "$src/tests/bench/table.awk" "$results"
	printf '\n'
}

peer_version() {
	sed -n 's/^#define CIPHER_VERSION_NUMBER  *//p' "$sqlcipher/sqlite3.c" | head -n 1
}

header() {
	printf '# Bench\n\n%s, %s cores, %s. Seed %s, batches of %s records. %s\n\n' \
		"$(uname -sr)" "$(nproc)" "$(date -u +%Y-%m-%d)" "$seed" "$batch" \
		"${peer:+Peer: SQLCipher $(peer_version), journal $journal, synchronous FULL.}"
}

{
	header
	for n in ${sizes//,/ }; do
		one_size "$n"
	done
} >"$dir/table.md"
if [ -n "$out" ]; then cp "$dir/table.md" "$out"; else cat "$dir/table.md"; fi
[ -z "$keep" ] || say "kept in $dir"
