# shellcheck shell=bash
# The manual page and the program's help agree: every command, every option.
# shellcheck source=tests/scenario/lib.sh
. "$(dirname "$0")/lib.sh"
page=$SAKSI_SRC/cli/saksi.1

"$SAKSI" --help >"$TMPDIR/help"
mapfile -t commands < <(sed -n '/^Commands:/,/^$/s/^  \(.\{20\}\) .*/\1/p' "$TMPDIR/help" | sed 's/ *$//')
[ ${#commands[@]} -ge 30 ] || die "only ${#commands[@]} commands were found in the help"

# options FILE - long options listed in help.
options() { sed -nE '/^Options/,/^$/s/^  (-[a-zA-Z],|   ) --([a-z-]+).*/\2/p' "$1"; }

# entry COMMAND - the manual's text about it.
entry() { awk -v c=".It Cm $1" '
	index($0, ".It Cm ") == 1 || index($0, ".Ss ") == 1 || index($0, ".Sh ") == 1 {
		on = ($0 == c || index($0, c " No ") == 1)
	}
	on' "$page"; }

for command in "${commands[@]}"; do
	read -ra words <<<"$command"
	expect 0 "$SAKSI" "${words[@]}" --help
	out '^Example:$'
	out "^usage: saksi $command"
	entry "$command" >"$TMPDIR/entry"
	[ -s "$TMPDIR/entry" ] || die "the manual lacks: $command"
	grep -qE '^(\.Dl|saksi)' "$TMPDIR/entry" || die "the manual has no example: $command"
	same "$(options "$TMPDIR/out" | sort)" \
		"$(sed -nE 's/^\.It .*Fl -([a-z-]+).*/\1/p' "$TMPDIR/entry" | sort)"
	# The usage line of both.
	usage=$(sed -nE "s/^usage: saksi $command ?(.*)/\1/p" "$TMPDIR/out")
	written=$(sed -nE '1s/^\.It Cm .* No (.*)/\1/p' "$TMPDIR/entry" | sed 's/\\-/-/g')
	same "$usage" "$written"
done

# The other way round: nothing in the manual that the program lacks.
while IFS= read -r line; do
	name=${line#.It Cm }
	name=${name%% No *}
	# All is read: who stops early may stop the one that writes.
	printf '%s\n' "${commands[@]}" | grep -xF -- "$name" >/dev/null || die "the program lacks: $name"
done < <(grep '^\.It Cm ' "$page")

# Options of every command.
while read -r option; do
	grep -qE "^\.It .*Fl -$option( |\$)" "$page" || die "the manual lacks --$option"
done < <(options "$TMPDIR/help")

finish
