# shellcheck shell=bash
# What records and peers say never reaches the terminal as a command to it.
# shellcheck source=tests/scenario/lib.sh
. "$(dirname "$0")/lib.sh"
v=$HOME/v
esc=$'\033' bel=$'\007' csi=$'\302\233' rlo=$'\342\200\256' lri=$'\342\201\246' ls=$'\342\200\250' del=$'\177'
evil="A${esc}[2J${esc}]0;title${bel}B${csi}31mC${rlo}D${lri}E${ls}F${del}G"

# clean - the last output holds nothing that a terminal obeys.
clean() {
	local bad
	for bad in "$esc" "$bel" "$csi" "$rlo" "$lri" "$ls" "$del" $'\r'; do
		! LC_ALL=C grep -qF -- "$bad" "$TMPDIR/out" "$TMPDIR/err" || die "passed through: $(printf %q "$bad")"
	done
}
s() { saksi "$v" "$@"; }

expect 2 s init --name "Eve $evil" --kdf interactive
clean
expect 2 s init --device "dev$rlo" --kdf interactive
clean
absent "$v"
make_vault "$v" Eve laptop

# What is typed or imported holds no control characters; it may turn the text
# around or break its lines, as some scripts need.
expect 2 s add event "title=$evil"
clean
expect 2 s add event title=x "note=$evil"
clean
expect 2 s add event title=x --ref "ref$evil"
clean
printf '{"id":"imp-x","type":"event","title":"x","note":"\\u001b[31m\\u0007"}\n' >"$HOME/in"
expect 1 s import "$HOME/in"
clean
soft="A${rlo}B${lri}C${ls}D"
soft_title="A${rlo}B${lri}C"
expect 0 s add event "title=$soft_title" "note=one
two$soft" "tags=$soft_title" --ref ref-evil
clean
expect 0 s add person "names=$soft_title" 'names={"text":"b\u202e","kind":"alias"}' --ref per-evil
expect 0 s add act event=ref-evil victim=per-evil kind=04:030101000000 "date=2020" "note=$soft"
printf '{"id":"imp-x","type":"event","title":"x","note":"\\u202e\\u2066"}\n' >"$HOME/in"
expect 0 s import "$HOME/in"
clean
for command in 'list' 'list --fields title,note,tags' 'list --sort label' 'find b' 'show per-evil' \
	'history per-evil' 'timeline per-evil' 'conflicts' 'status' 'device list' 'show imp-x' \
	'--json list' '--json show imp-x' '--json show per-evil' '--json history imp-x' \
	'--json timeline per-evil' '--json device list' '--json status' 'verify'; do
	read -ra words <<<"$command"
	expect 0 s "${words[@]}"
	clean
done
# JSON still says the same.
expect 0 s --json show imp-x
out '"note":"\\u202e\\u2066"'

# Messages: names of files, arguments, faults.
expect 4 s show "no$evil"
clean
expect 2 s add "type$evil" names=x
clean
expect 2 s add person "field$evil=x"
clean
expect 2 s add person "$evil"
clean
expect 2 s "command$evil"
clean
expect 2 s "--option$evil"
clean
expect 4 s import "$HOME/file$evil"
clean
printf '{"id":"y","type":"event","title":"x","date":"%s","key\\u001b[1m":1}\n' '2020\u001b[1m' >"$HOME/in"
expect 1 s import "$HOME/in"
clean
expect 2 s list "title:$evil ("
clean

# A peer's name and label, records and authors of a sync.
make_vault "$HOME/b" Good good
expect 2 saksi "$HOME/b" device request -o "$HOME/request" --name "P$evil" --device "L$evil"
clean
expect 0 saksi "$HOME/b" device request -o "$HOME/request"
expect 0 s --yes device add "$HOME/request" --role editor -o "$HOME/welcome"
clean
expect 0 saksi "$HOME/b" --yes device join "$HOME/welcome"
clean
expect 0 s bundle write "$HOME/bundle"
expect 0 saksi "$HOME/b" bundle read "$HOME/bundle"
clean
out 'by Eve'
expect 0 saksi "$HOME/b" edit per-evil "note=$soft"
expect 0 s edit per-evil "note=other $soft"
give "$HOME/b" "$v"
clean
expect 0 s conflicts
clean
expect 0 s --json conflicts
clean

# On a terminal: the same, and colours that NO_COLOR takes away.
on_terminal() { script -qec "$1" /dev/null </dev/null >"$TMPDIR/out" 2>&1; }
if command -v script >/dev/null; then
	line="'$SAKSI' -C '$v' --passphrase-fd 3 show per-evil 3<'$TMPDIR/phrase'"
	on_terminal "TERM=xterm NO_COLOR=1 $line"
	tr -d '\r' <"$TMPDIR/out" >"$TMPDIR/shown"
	mv "$TMPDIR/shown" "$TMPDIR/out"
	clean
	on_terminal "env -u NO_COLOR TERM=xterm $line"
	tr -d '\r' <"$TMPDIR/out" | sed "s/${esc}\[[012]m//g" >"$TMPDIR/shown"
	mv "$TMPDIR/shown" "$TMPDIR/out"
	clean
	out '^names '
	# Lines are broken between words, under the value.
	s edit per-evil "note=$(printf 'sentence %.0s' {1..40})" >/dev/null
	on_terminal "TERM=xterm NO_COLOR=1 $line"
	tr -d '\r' <"$TMPDIR/out" >"$TMPDIR/shown"
	mv "$TMPDIR/shown" "$TMPDIR/out"
	out '^note +sentence'
	out '^ {22}sentence( sentence)+$'
	no_out '.{81}'
fi
finish
