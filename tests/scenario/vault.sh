# shellcheck shell=bash
# init, status, keys, unlock and lock, verify; who may open what.
# shellcheck source=tests/scenario/lib.sh
. "$(dirname "$0")/lib.sh"
v=$HOME/v

# cost DIR - passes and bytes that trying a passphrase takes, as both copies of the key
# file say it (store/FORMAT.md, 2.1).
cost() {
	local copy seen=()
	for copy in 0 4096; do
		seen+=("$(od -An --endian=little -tu4 -j $((copy + 12)) -N 4 "$1/keys" | tr -d ' ')")
		seen+=("$(od -An --endian=little -tu8 -j $((copy + 16)) -N 8 "$1/keys" | tr -d ' ')")
	done
	same "${seen[*]:0:2}" "${seen[*]:2}"
	echo "${seen[*]:0:2}"
}

make_vault "$v" Sokha laptop
err 'no recovery kit was made'
same "$(stat -c %a "$v")" 700
for f in "$v"/*; do same "$(stat -c %a "$f")" 600; done
expect 0 saksi "$v" status
out '^Device +laptop, used by Sokha \(admin\)$'
expect 0 saksi "$v" --json status
for key in records conflicts pending quarantined devices team last_sync state_digest size_bytes plugins; do
	out "\"$key\":"
done
out '"state_digest":"[0-9a-f]{64}"'
same "$(wc -l <"$TMPDIR/out")" 1
expect 0 saksi "$v" verify
out 'No fault'
expect 0 saksi "$v" --quiet verify
silent
expect 0 saksi "$v" --json verify --deep
out '^\{"faults":\[\],"ok":true\}$'

# Passphrases: wrong, empty, missing descriptor, CR LF, UTF-8 in two spellings.
echo 'not the passphrase' >"$TMPDIR/wrong"
expect 3 "$SAKSI" -C "$v" --passphrase-fd 3 status 3<"$TMPDIR/wrong"
no_err 'not the passphrase at all'
no_out .
expect 2 "$SAKSI" -C "$v" --passphrase-fd 3 status 3</dev/null
expect 1 "$SAKSI" -C "$v" --passphrase-fd 77 status
printf '%s\r\n' "$phrase" >"$TMPDIR/crlf"
expect 0 "$SAKSI" -C "$v" --passphrase-fd 3 status 3<"$TMPDIR/crlf"
printf '%s' "$phrase" >"$TMPDIR/no-newline"
expect 0 "$SAKSI" -C "$v" --passphrase-fd 3 status 3<"$TMPDIR/no-newline"
head -c 2000 /dev/zero | tr '\0' x >"$TMPDIR/long"
expect 2 "$SAKSI" -C "$v" --passphrase-fd 3 status 3<"$TMPDIR/long"
expect 2 setsid -w "$SAKSI" -C "$HOME/w" --passphrase-fd 3 init 3</dev/null
absent "$HOME/w"
printf '\303\251lan vital du matin\n' >"$TMPDIR/nfc"
printf 'e\314\201lan vital du matin\n' >"$TMPDIR/nfd"
expect 0 setsid -w "$SAKSI" -C "$HOME/w" --passphrase-fd 3 init --kdf interactive 3<"$TMPDIR/nfc"
expect 0 "$SAKSI" -C "$HOME/w" --passphrase-fd 3 status 3<"$TMPDIR/nfd"
same "$(cost "$HOME/w")" '2 67108864'
echo short >"$TMPDIR/short"
expect 0 setsid -w "$SAKSI" -C "$HOME/x" --passphrase-fd 3 init 3<"$TMPDIR/short"
err 'short ones can be guessed'
same "$(cost "$HOME/x")" '3 268435456' # moderate, if nobody says what

# Names that can't be meant, a KDF that is none: nothing is made.
expect 2 saksi "$HOME/y" init --name ''
expect 2 saksi "$HOME/y" init --kdf fast
expect 2 saksi "$HOME/y" init --device "$(printf '\377')"
absent "$HOME/y"

# The recovery kit: a file of its own, never over another.
expect 0 saksi "$HOME/r" init --kdf interactive --recovery "$HOME/kit"
no_err 'no recovery kit'
same "$(stat -c %a "$HOME/kit")" 600
same "$(grep -cE '^    ([a-z]{5} ){7}[a-z]{5}$' "$HOME/kit")" 2
no_out '([a-z]{5} ){7}'
expect 1 saksi "$HOME/r2" init --kdf interactive --recovery "$HOME/kit"
err 'exists already'
absent "$HOME/r2"

# Key slots.
expect 0 saksi "$v" key list
same "$(wc -l <"$TMPDIR/out")" 2
printf '%s\nsecond passphrase of the vault\n' "$phrase" >"$TMPDIR/two"
two() { setsid -w "$SAKSI" -C "$v" --passphrase-fd 3 "$@" 3<"$TMPDIR/two"; }
expect 0 two key add passphrase --label 'in the safe'
out '^Slot 1: added'
expect 0 saksi "$v" --json key list
out '"label":"in the safe"'
printf 'second passphrase of the vault\n' >"$TMPDIR/second"
second() { setsid -w "$SAKSI" -C "$v" --passphrase-fd 3 "$@" 3<"$TMPDIR/second"; }
expect 0 second status
printf 'second passphrase of the vault\nthird passphrase of the vault\n' >"$TMPDIR/two"
expect 0 two key change
expect 3 second status
printf 'third passphrase of the vault\n' >"$TMPDIR/second"
expect 0 second status
expect 0 saksi "$v" status
expect 2 saksi "$v" key remove 1
err 'add --yes'
expect 0 second status
expect 0 saksi "$v" --yes key remove 1
expect 3 second status
expect 4 saksi "$v" --yes key remove 1
# The last slot: said before anybody is asked.
expect 5 saksi "$v" key remove 0
err 'is the last one.*saksi key change'
no_err 'add --yes'
expect 5 saksi "$v" --yes key remove 0
printf '%s\n%s\n' "$phrase" "$phrase" >"$TMPDIR/two"
same "$(cost "$v")" '1 8388608' # as make_vault leaves it
expect 0 two --yes key change --kdf interactive
same "$(cost "$v")" '2 67108864'
expect 0 saksi "$v" status
expect 0 saksi "$v" verify

# At a terminal: three tries at the old passphrase, as everywhere.
keys_fifo=$TMPDIR/typing
# typed COMMAND LINE... - answer each question of COMMAND with the next line.
typed() {
	local command=$1 asked=0 pid code=0 line
	shift
	rm -f "$keys_fifo"
	mkfifo "$keys_fifo"
	: >"$TMPDIR/screen"
	script -qec "'$SAKSI' -C '$v' $command" /dev/null <"$keys_fifo" >"$TMPDIR/screen" 2>&1 &
	pid=$!
	exec 5>"$keys_fifo"
	for line; do
		asked=$((asked + 1))
		for _ in {1..300}; do
			[ "$(grep -oE 'Passphrase of the vault: |New passphrase: |The same again: ' "$TMPDIR/screen" | wc -l)" -lt "$asked" ] || break
			sleep 0.1
		done
		printf '%s\n' "$line" >&5
	done
	wait "$pid" || code=$?
	exec 5>&-
	return "$code"
}
if command -v script >/dev/null; then
	expect 0 typed 'key change' 'not this one' 'nor this one' "$phrase" "$phrase" "$phrase"
	same "$(grep -c 'That is not the passphrase. Once more.' "$TMPDIR/screen")" 2
	grep -q 'Slot 0: changed' "$TMPDIR/screen" || die "a third try changed nothing"
	expect 3 typed 'key change' one two three
	same "$(grep -c 'New passphrase' "$TMPDIR/screen")" 0
	expect 0 saksi "$v" status
fi

# Unlocking for a time, where the kernel has a keyring for us.
if saksi "$v" unlock --for 2m >"$TMPDIR/out" 2>"$TMPDIR/err"; then
	expect 0 setsid -w "$SAKSI" -C "$v" status
	expect 3 setsid -w "$SAKSI" -C "$HOME/w" status
	# An unlocked vault is no leave to add a key of one's own, nor to change one.
	slots=$(setsid -w "$SAKSI" -C "$v" --json key list | wc -l)
	expect 3 setsid -w "$SAKSI" -C "$v" --yes key add passphrase
	err 'no terminal to ask on'
	printf 'a guess at it\na passphrase of a stranger\n' >"$TMPDIR/two"
	expect 3 two key add passphrase
	expect 3 two key change
	same "$(setsid -w "$SAKSI" -C "$v" --json key list | wc -l)" "$slots"
	printf '%s\nanother passphrase of the owner\n' "$phrase" >"$TMPDIR/two"
	expect 0 two key add passphrase
	out '^Slot 1: added'
	expect 0 "$SAKSI" -C "$v" --yes key remove 1
	expect 0 "$SAKSI" -C "$v" lock
	out Locked
	expect 3 setsid -w "$SAKSI" -C "$v" status
	expect 0 "$SAKSI" -C "$v" lock
	out 'locked already'
	expect 0 saksi "$v" unlock --for 1s
	sleep 2
	expect 3 setsid -w "$SAKSI" -C "$v" status
else
	echo "no kernel keyring here: unlock was not tried"
fi

# Somebody else's vault, as a user who may not see it.
if [ "$(id -u)" -eq 0 ] && command -v setpriv >/dev/null; then
	chmod 755 "$HOME" "$(dirname "$HOME")"
	cp -r "$v" "$HOME/closed"
	other() { setpriv --reuid=65534 --regid=65534 --clear-groups "$@"; }
	expect 1 other "$SAKSI" -C "$HOME/closed" --passphrase-fd 3 status 3<"$TMPDIR/phrase"
	err 'cannot be opened'
	chmod 755 "$HOME/closed"
	expect 1 other "$SAKSI" -C "$HOME/closed" --passphrase-fd 3 status 3<"$TMPDIR/phrase"
fi

# Damage: all that is not one of LMDB's two head pages, and no key file at all.
# (A page that nothing reads may change unseen; the campaigns flip single bits.)
cp -r "$v" "$HOME/broken"
size=$(stat -c %s "$HOME/broken/data.mdb")
dd if=/dev/urandom of="$HOME/broken/data.mdb" bs=4096 seek=2 count=$((size / 4096 - 2)) conv=notrunc status=none
expect 3 saksi "$HOME/broken" verify
err .
# One copy of the key file: any change of a slot mends it.
cp -r "$v" "$HOME/onecopy"
printf 'XXXX' | dd of="$HOME/onecopy/keys" bs=1 seek=100 conv=notrunc status=none
expect 0 saksi "$HOME/onecopy" status
expect 3 saksi "$HOME/onecopy" verify
err 'one copy of its key file is damaged; any command that changes a key slot'
printf '%s\n%s\n' "$phrase" "$phrase" >"$TMPDIR/two"
expect 0 setsid -w "$SAKSI" -C "$HOME/onecopy" --passphrase-fd 3 key change 3<"$TMPDIR/two"
expect 0 saksi "$HOME/onecopy" verify

# A page of random bytes: a command that needs it ends with 3; none shows a record
# as absent, and none shows less without a word.
cheaper "$v"
saksi "$v" import "$samples" >/dev/null
look() { # VAULT
	local code=0
	for command in 'show per-kong-raiya' 'timeline evt-mnc-2020' 'list type:act' \
		'export ndjson -o -' 'history act-raiya-detention-2019'; do
		read -ra words <<<"$command"
		code=0
		saksi "$1" "${words[@]}" >"$TMPDIR/seen.${words[0]}" 2>"$TMPDIR/err" || code=$?
		! grep -q 'not in the vault' "$TMPDIR/seen.${words[0]}" || die "absent: $command"
		if [ "$code" -eq 0 ]; then
			[ ! -e "$TMPDIR/whole.${words[0]}" ] ||
				cmp -s "$TMPDIR/whole.${words[0]}" "$TMPDIR/seen.${words[0]}" ||
				die "less without a word: $command"
		else
			same "$code" 3
			told=$((told + 1))
		fi
	done
}
told=0
# An export is written into the audit trail: of a copy, so that the file stays the same.
cp -r "$v" "$HOME/page"
look "$HOME/page"
same "$told" 0
for command in show timeline list export history; do mv "$TMPDIR/seen.$command" "$TMPDIR/whole.$command"; done
pages=$(($(stat -c %s "$v/data.mdb") / 4096))
for ((page = 3; page < pages; page += 1 + pages / 24)); do
	rm -rf "$HOME/page"
	cp -r "$v" "$HOME/page"
	dd if=/dev/urandom of="$HOME/page/data.mdb" bs=4096 seek="$page" count=1 conv=notrunc status=none
	look "$HOME/page"
done
[ "$told" -gt 5 ] || die "no damage was met: $told"
# Advice once.
expect 3 saksi "$HOME/broken" verify
same "$(grep -c 'go back to a copy' "$TMPDIR/err")" 1
cp -r "$v" "$HOME/nokeys"
: >"$HOME/nokeys/keys"
expect 3 saksi "$HOME/nokeys" status

finish
