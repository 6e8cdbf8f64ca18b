# shellcheck shell=bash
# The README's tour, typed as it stands there: each "$ " line of a console
# block after <!-- tour --> is run, and what the README shows under it must
# come, in that order.  "..." stands for lines left out, at a line's end for
# the rest of it; "# exit code N" after a command is checked.  Ids, digests,
# times, sizes and words to compare differ each time and count as equal.
# Prompts do not appear here: the passphrase comes by --passphrase-fd.
set -uo pipefail
: "${SAKSI:?}" "${SAKSI_SRC:?}"
readme=$SAKSI_SRC/README.md
work=$TMPDIR/tour
mkdir "$work"
cd "$work" || exit 1
ln -s "$SAKSI_SRC/data" data
echo 'the passphrase of the tour' >"$TMPDIR/pass"

# shellcheck disable=SC2317 # called by the commands of the tour
saksi() { "$SAKSI" --passphrase-fd 9 --yes "$@" 9<"$TMPDIR/pass"; }

alike() {
	sed -E 's/[[:space:]]+/ /g; s/ $//
		s/\b[0-9a-f]{64}\b/DIGEST/g; s/\b[0-9a-f]{16}\b/DIGEST/g
		s/\b[0-9a-hjkmnp-tv-z]{26}\b/ID/g
		s/\b([0-9a-hjkmnp-tv-z]{8})\b/<\1>/g; s/<[a-z]{8}>/&word/g
		s/<([a-z]{8})>word/\1/g; s/<[0-9a-z]{8}>/ID/g
		s/\b([a-z]{5}[ -]){5}[a-z]{5}\b/WORDS/g
		s/20[0-9]{2}-[01][0-9]-[0-3][0-9][ T][0-9:]{5,8}Z?/TIME/g
		s/[0-9.]+ (kB|KB|KiB|MB|MiB)/SIZE/g'
}

faults=0
commands=0
command=''
wanted=()

check_output() {
	local line got=0 i=0 have
	mapfile -t have < <(alike <"$TMPDIR/out")
	for line in "${wanted[@]}"; do
		case $line in
		'' | '...' | *assphrase: | *passphrase' again': | *again: | *'[Y/n]'* | *'[y/N]'*) continue ;;
		esac
		while [ $i -lt ${#have[@]} ]; do
			i=$((i + 1))
			if [[ $line == *... ]]; then
				[[ ${have[i - 1]} == "${line%...}"* ]] && continue 2
			else
				[[ ${have[i - 1]} == "$line" ]] && continue 2
			fi
		done
		got=1
		printf 'README shows, and it did not come: %s\n' "$line"
		break
	done
	return $got
}

run_command() {
	local status=0 code=0
	[ -n "$command" ] || return 0
	commands=$((commands + 1))
	[[ $command =~ \#\ exit\ code\ ([0-9]+) ]] && code=${BASH_REMATCH[1]}
	eval "$command" >"$TMPDIR/out" 2>&1 </dev/null || status=$?
	mapfile -t wanted < <([ ${#wanted[@]} -eq 0 ] || printf '%s\n' "${wanted[@]}" | alike)
	if [ "$status" -ne "$code" ] || ! check_output; then
		faults=$((faults + 1))
		printf '$ %s\n' "$command"
		[ "$status" -eq "$code" ] || printf 'exit code %s instead of %s\n' "$status" "$code"
		sed 's/^/    | /' "$TMPDIR/out"
	fi
	command=''
	wanted=()
}

state=text
while IFS= read -r line; do
	case $state in
	text) [ "$line" != '<!-- tour -->' ] || state=marked ;;
	marked)
		state=text
		[ "$line" != '```console' ] || state=block
		;;
	block)
		if [ "$line" = '```' ]; then
			run_command
			state=text
		elif [[ $line == '$ '* ]]; then
			run_command
			command=${line#'$ '}
		elif [[ $line == '> '* && $command == *\\ ]]; then
			command+=$'\n'${line#'> '}
		else
			wanted+=("$line")
		fi
		;;
	esac
done <"$readme"

[ "$commands" -ge 15 ] || {
	echo "only $commands commands were found in the README's tour"
	exit 1
}
echo "$commands commands, $faults faults"
[ "$faults" -eq 0 ]
