# shellcheck shell=bash
# import and its way back: faults, repetition, the round trip, two devices.
# shellcheck source=tests/scenario/lib.sh
. "$(dirname "$0")/lib.sh"
v=$HOME/v w=$HOME/w
make_vault "$v" Sokha laptop
s() { saksi "$v" "$@"; }
sealed() { saksi "$1" --yes export ndjson --ceiling "$2" -o "$3"; }

# ---- faults: named by line and key, nothing written ----------------------------------
before=$(digest "$v")
cat >"$HOME/faulty" <<'END'
{"id":"per-a","type":"person","names":["A"]}
{"id":"per-b","type":"person","names":["B"],"citizenship":["Cambodia"],"colour":"red"}
not json
{"id":"act-c","type":"act","event":"ev-nowhere","kind":"04:030101000000"}
{"id":"x-d","type":"alien"}
{"id":"ev-e","type":"event","title":"E","date":"2016-02-30"}
END
expect 1 s import "$HOME/faulty"
err 'line 2: [a-z.]*citizenship'
err 'line 2: .*colour'
err 'line 3: '
err 'line 4: [a-z.]*event'
err 'line 5: '
err 'line 6: [a-z.]*date'
err 'nothing was imported'
no_err 'Cambodia'
no_err 'line 3: line'
same "$before" "$(digest "$v")"
expect 1 s --json import "$HOME/faulty"
out '"written":false'
out '"line":3'
expect 1 s import - <"$HOME/faulty"
for _ in {1..30}; do echo '{"id":"x","type":"alien"}'; done >"$HOME/many"
expect 1 s import "$HOME/many"
same "$(wc -l <"$TMPDIR/err")" 22
err '^saksi: \.\.\. and [0-9]+ more$'
# No interchange form at all: one line says so.
printf 'id,type\nx,person\n' >"$HOME/table"
printf '[\n{"id":"x"}\n]\n' >"$HOME/array"
printf '{\n"id":"x"\n}\n' >"$HOME/spread"
head -c 3000 /dev/urandom | tr -d '{' >"$HOME/noise"
for file in table array spread noise; do
	expect 1 s import "$HOME/$file"
	err 'is not the interchange form \(one JSON object per line\)'
	same "$(wc -l <"$TMPDIR/err")" 1
	expect 1 s --json import "$HOME/$file"
	out '"written":false'
done
expect 4 s import "$HOME/absent"
expect 2 s import "$HOME"
expect 2 s import "$HOME/faulty" --format csv
expect 0 s import - </dev/null
out "^0 records"
printf '{"id":"act-d","type":"act","event":"ev-nowhere","kind":"04:030101000000"}\n' >"$HOME/dangling"
expect 1 s import "$HOME/dangling"
expect 0 s import "$HOME/dangling" --allow-dangling --dry-run
out 'nothing was written'
same "$before" "$(digest "$v")"

# ---- the samples: once, again, and a dry run before -------------------------------------
expect 0 s import "$samples" --dry-run
same "$before" "$(digest "$v")"
expect 0 s import "$samples"
out '359 records: 359 new, 0 changed, 0 unchanged'
after=$(digest "$v")
differ "$before" "$after"
expect 0 s --json import "$samples"
out '"changed":0,"created":0'
out '"unchanged":359'
same "$after" "$(digest "$v")"
shuf "$samples" >"$HOME/shuffled"
expect 0 s --json import "$HOME/shuffled"
out '"unchanged":359'
same "$after" "$(digest "$v")"
expect 0 s --quiet import "$samples"
silent

# ---- the round trip, sealed and not ------------------------------------------------------
s edit per-kong-raiya 'internal_note={"v":"sealed words","class":"S"}' >/dev/null
for ceiling in S C; do
	expect 0 sealed "$v" "$ceiling" "$HOME/first.$ceiling"
	make_vault "$HOME/w.$ceiling" Dara other
	expect 0 saksi "$HOME/w.$ceiling" import "$HOME/first.$ceiling"
	expect 0 sealed "$HOME/w.$ceiling" "$ceiling" "$HOME/second.$ceiling"
	cmp "$HOME/first.$ceiling" "$HOME/second.$ceiling" || die "the round trip with $ceiling changed something"
	expect 0 saksi "$HOME/w.$ceiling" --json import "$HOME/first.$ceiling"
	out '"changed":0,"created":0'
done
grep -q 'sealed words' "$HOME/first.S" || die "S lacks what is sealed"
! grep -q 'sealed words' "$HOME/first.C" || die "C has what is sealed"
same "$(digest "$v")" "$(digest "$HOME/w.S")"
expect 0 sealed "$HOME/w.S" C "$HOME/third.C"
cmp "$HOME/first.C" "$HOME/third.C"

# ---- one file on two devices of a team: the same records, no conflict ----------------------
make_vault "$w" Dara phone
join_team "$v" "$w" editor
expect 0 saksi "$w" import "$samples"
out '359 new'
give "$v" "$w"
give "$w" "$v"
same "$(digest "$v")" "$(digest "$w")"
expect 0 saksi "$v" --json status
out '"conflicts":0'

# ---- a new value is a rival; what is not in the file says nothing -----------------------------
printf '{"id":"per-kong-raiya","type":"person","occupation":["rapper"]}\n' >"$HOME/more"
expect 0 s import "$HOME/more"
out '0 new, 1 changed'
expect 0 s --json show per-kong-raiya
out '"occupation":\["rapper"\]'
out '"internal_note":\{"class":"S","v":"sealed words"\}'
expect 0 s verify --deep
finish
