# shellcheck shell=bash disable=SC2016 # for inner shells and words of messages
# Two processes at one vault; signals; a reader that leaves; a full disk.
# shellcheck source=tests/scenario/lib.sh
. "$(dirname "$0")/lib.sh"
v=$HOME/v
make_vault "$v" Sokha laptop
s() { saksi "$v" "$@"; }

# ---- many writers and readers at once: nobody loses anything --------------------------------
pids=()
for i in 1 2 3 4; do
	(
		for n in 1 2 3 4 5; do
			s add event title="event $i-$n" --ref "ev-$i-$n" >/dev/null || exit 1
		done
	) &
	pids+=($!)
	(
		for _ in 1 2 3 4 5; do
			s --json list >/dev/null && s --json status >/dev/null || exit 1
		done
	) &
	pids+=($!)
done
s import "$samples" >/dev/null &
pids+=($!)
for pid in "${pids[@]}"; do wait "$pid" || die "one of several processes failed"; done
expect 0 s --json status
out '"event":49'
out '"conflicts":0'
expect 0 s verify --deep
# One log: the sequence is whole, so another device takes all of it.
make_vault "$HOME/w" Dara phone
join_team "$v" "$HOME/w" editor
give "$v" "$HOME/w"
same "$(digest "$v")" "$(digest "$HOME/w")"

# ---- trust taken back at once: none of it is lost ---------------------------------------------
exporters=$(dirname "$SAKSI")/../lib/saksi/exporters
for _ in 1 2 3; do
	pids=()
	for name in csv ndjson text; do
		s plugin distrust "$name" >/dev/null &
		pids+=($!)
	done
	for pid in "${pids[@]}"; do wait "$pid" || die "one of several processes failed"; done
	expect 0 s plugin list
	same "$(grep -cE '^(csv|ndjson|text) +exporter +not trusted' "$TMPDIR/out")" 3
	for name in csv ndjson text; do expect 0 s --yes plugin trust "$exporters/$name.so"; done
done

# ---- a signal in the middle: no half file, and the vault is whole ------------------------------
before=$(digest "$v")
stopped=0
for signal in INT TERM HUP; do
	for delay in 0.005 0.02 0.05 0.1 0.2; do
		env --default-signal=INT "$SAKSI" -C "$v" --passphrase-fd 3 export csv -o "$HOME/cut.zip" 3<"$TMPDIR/phrase" >/dev/null 2>&1 &
		pid=$!
		sleep "$delay"
		kill -s "$signal" "$pid" 2>/dev/null || :
		wait "$pid" 2>/dev/null || stopped=$((stopped + 1))
		! compgen -G "$HOME/.saksi-*" >/dev/null || die "a half file after $signal"
		rm -f "$HOME/cut.zip"
	done
done
[ "$stopped" -gt 0 ] || die "no signal came before the end"
same "$before" "$(digest "$v")"
expect 0 s verify --deep

# ---- a full disk: the export fails, and leaves nothing --------------------------------------------
expect 1 bash -c 'ulimit -f 8; trap "" XFSZ; "$0" -C "$1" --passphrase-fd 3 export ndjson -o "$2" 3<"$TMPDIR/phrase"' \
	"$SAKSI" "$v" "$HOME/full"
absent "$HOME/full"
expect 1 bash -c '"$0" -C "$1" --passphrase-fd 3 --json list 3<"$TMPDIR/phrase" >/dev/full' "$SAKSI" "$v"
err 'standard output: cannot be written'

# ---- a medium that can't be written ------------------------------------------------------------------
cp -r "$v" "$HOME/ro"
rm -f "$HOME/ro/lock.mdb"
chmod 500 "$HOME/ro"
chmod 400 "$HOME/ro"/*
expect 0 saksi "$HOME/ro" --read-only --json status
same "$(field state_digest <"$TMPDIR/out")" "$before"
[ ! -e "$HOME/ro/lock.mdb" ] || die "--read-only made a lock file"
expect 2 saksi "$HOME/ro" --read-only add event title=x
finish
