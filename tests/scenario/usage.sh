# shellcheck shell=bash disable=SC2016 # for inner shells and words of messages
# The command line itself: options, suggestions, exit codes, help, descriptors.
# shellcheck source=tests/scenario/lib.sh
. "$(dirname "$0")/lib.sh"

expect 2 "$SAKSI"
err '^usage: saksi'
err 'saksi help'
same "$(wc -l <"$TMPDIR/err")" 5
expect 0 "$SAKSI" help
out '^Commands:'
expect 0 "$SAKSI" --version
out '^saksi [0-9]+\.[0-9]+\.[0-9]+$'
expect 0 "$SAKSI" --help
out 'usage: saksi \[-C VAULT\]'
expect 0 "$SAKSI" help add
out '^usage: saksi add TYPE'
expect 0 "$SAKSI" add --help
out '^Example:$'
expect 0 "$SAKSI" key --help
out '^  key change '
expect 2 "$SAKSI" key
err '^saksi: key: which'

# Slips: exit 2, and what was meant.
expect 2 "$SAKSI" lsit
err 'did you mean `saksi list`'
expect 2 "$SAKSI" device lits
err 'did you mean `saksi device list`'
expect 2 "$SAKSI" --jsno status
err 'did you mean --json'
expect 2 "$SAKSI" import --dryrun x
err 'did you mean --dry-run'
expect 4 "$SAKSI" schema persn
err 'did you mean person\?'
expect 4 "$SAKSI" schema --codes x-decison
err 'did you mean x-decision\?'
expect 4 "$SAKSI" schema --codes nothing
err '`saksi schema TYPE` names'
# Each field says what goes into it.
expect 0 "$SAKSI" schema person
out '^    countries whose citizen the person is$'
expect 0 "$SAKSI" schema
out '^act +[0-9]+ fields  one thing done to one victim$'
expect 0 "$SAKSI" --json schema act
out '"about":"to whom it was done; empty if unknown"'
expect 2 "$SAKSI" frobnicate
err '`saksi --help` lists'
expect 2 "$SAKSI" status --json=yes
err 'takes no value'
expect 2 "$SAKSI" list --limit
err 'needs a value'
expect 2 "$SAKSI" list --limit ten
err '--limit: takes a number'
expect 2 "$SAKSI" list --limit 99999999999999999999
expect 2 "$SAKSI" list --limit 1 --limit 2
err 'given twice'
expect 2 "$SAKSI" status more
err 'one argument too many'
expect 2 "$SAKSI" show
err 'usage: saksi show ID'
expect 2 "$SAKSI" -Z status
err 'unknown option'
expect 2 "$SAKSI" --passphrase-fd x status
expect 2 "$SAKSI" --passphrase-fd -1 status
expect 2 "$SAKSI" -C '' status
expect 2 "$SAKSI" --read-only add person
err 'changes the vault'
expect 2 "$SAKSI" export csv
err 'needs -o FILE'
expect 2 "$SAKSI" export csv -o x --ceiling X
expect 2 "$SAKSI" export csv -o x --override C1
err 'needs --reason'
expect 2 "$SAKSI" export csv -o x --reason because
expect 2 "$SAKSI" export csv -o x --option novalue
expect 2 "$SAKSI" sync https://example.org
err 'dir:PATH'
expect 2 "$SAKSI" device add x --role king -o y
expect 2 "$SAKSI" device request
err 'needs -o FILE'
expect 2 "$SAKSI" unlock --for 0
expect 2 "$SAKSI" unlock --for 8d
expect 2 "$SAKSI" unlock --for 5parsecs
expect 2 "$SAKSI" key remove 9

# No vault: exit 4; a folder that is none; no terminal to ask on: exit 3.
expect 4 saksi "$HOME/none" status
err 'there is no vault'
mkdir "$HOME/empty"
expect 4 saksi "$HOME/empty" status
err 'is not a vault'
expect 4 saksi /dev/null status
make_vault "$HOME/v" Sokha laptop
expect 3 setsid -w "$SAKSI" -C "$HOME/v" status
err 'locked and there is no terminal'
# A vault that lost its slots is no locked one: nobody is asked for a passphrase.
mv "$HOME/v/keys" "$HOME/keys"
expect 3 setsid -w "$SAKSI" -C "$HOME/v" status
err 'key slots is gone'
mv "$HOME/keys" "$HOME/v/keys"
expect 1 saksi "$HOME/v" init
err 'there is a vault already'

# Where the vault is: -C, then $SAKSI_VAULT, then the default place.
export SAKSI_VAULT=$HOME/v
expect 0 "$SAKSI" --passphrase-fd 3 status 3<"$TMPDIR/phrase"
expect 4 saksi "$HOME/none" status
unset SAKSI_VAULT
expect 0 setsid -w "$SAKSI" --passphrase-fd 3 init --kdf interactive 3<"$TMPDIR/phrase"
[ -e "$HOME/.local/share/saksi/default/keys" ] || die "the default place was not used"
same "$(stat -c %a "$HOME/.local/share/saksi/default")" 700
expect 0 env XDG_DATA_HOME="$HOME/data" setsid -w "$SAKSI" --passphrase-fd 3 init \
	--kdf interactive 3<"$TMPDIR/phrase"
[ -e "$HOME/data/saksi/default/keys" ] || die "XDG_DATA_HOME was not used"

# Options after the command, after `--`, and words that only look like options.
expect 0 "$SAKSI" status -C "$HOME/v" --passphrase-fd=3 3<"$TMPDIR/phrase"
expect 0 saksi "$HOME/v" list -- -limit
expect 0 saksi "$HOME/v" find -trial -court
expect 0 saksi "$HOME/v" find -q arrest
silent

# Closed descriptors: nothing of the vault may take their numbers.
before=$(cksum <"$HOME/v/data.mdb")
"$SAKSI" -C "$HOME/v" --passphrase-fd 3 status 3<"$TMPDIR/phrase" >&- 2>&- || :
"$SAKSI" -C "$HOME/v" --passphrase-fd 3 list 3<"$TMPDIR/phrase" <&- >&- 2>&- || :
same "$before" "$(cksum <"$HOME/v/data.mdb")"
expect 0 saksi "$HOME/v" verify

# A full disk and a reader that left: exit 1, the second one without a word.
expect 1 bash -c '"$0" --help >/dev/full' "$SAKSI"
err 'standard output: cannot be written'
expect 1 bash -c 'exec 5> >(exit 0); sleep 0.5; "$0" schema >&5' "$SAKSI"
[ ! -s "$TMPDIR/err" ] || die "a broken pipe was talked about"

finish
