# shellcheck shell=bash
# What the pages promise can be followed: links lead somewhere, tests that are
# named exist, each CANNOT names one, commands that are shown are there.
# shellcheck disable=SC2016 # backquotes are Markdown's here
set -uo pipefail
: "${SAKSI:?}" "${SAKSI_SRC:?}" "${SAKSI_BUILD:?}"
cd "$SAKSI_SRC" || exit 1
faults=0
fault() {
	faults=$((faults + 1))
	printf '%s\n' "$*"
}

pages=()
for page in *.md */*.md */*/*.md */*/*/*.md; do
	case $page in build/* | quickstart-out/* | '*'*) ;; *) pages+=("$page") ;; esac
done
[ ${#pages[@]} -gt 3 ] || fault "too few pages were found"

# ---- links: [text](target), to files of the tree and to headings in them -------

anchors() { # PAGE
	sed -nE '/^(```|    )/d; s/^#+ +//p' "$1" | tr '[:upper:]' '[:lower:]' |
		sed -E 's/[^a-z0-9 _-]//g; s/ /-/g'
}
links=0
for page in "${pages[@]}"; do
	while IFS= read -r target; do
		links=$((links + 1))
		case $target in *://* | mailto:*) continue ;; esac
		file=${target%%#*}
		[ -n "$file" ] && file=$(dirname "$page")/$file || file=$page
		if [ ! -e "$file" ]; then
			fault "$page: link to $target: no such file"
		elif [ "$target" != "${target#*#}" ] && ! anchors "$file" | grep -xF -- "${target#*#}" >/dev/null; then
			fault "$page: link to $target: no such heading"
		fi
	done < <(sed '/^```/,/^```/d' "$page" | grep -oE '\]\([^) ]+\)' | sed -E 's/^\]\((.*)\)$/\1/')
done
[ "$links" -gt 5 ] || fault "too few links were found: $links"

# ---- tests: unit.NAME, unit.NAME/CASE, scenario.NAME ..., and files of tests/ ---

known=$(ctest --test-dir "$SAKSI_BUILD" -N 2>/dev/null | sed -nE 's/^ *Test +#[0-9]+: ([A-Za-z_.0-9]+).*/\1/p')
[ -n "$known" ] || fault "ctest lists no tests"
named=0
for page in "${pages[@]}"; do
	while IFS= read -r name; do
		named=$((named + 1))
		test=${name%%/*}
		grep -qxF -- "$test" <<<"$known" || {
			fault "$page: there is no test $test"
			continue
		}
		[ "$name" = "$test" ] || {
			case=${name#*/}
			grep -qE "(cmocka_unit_test[a-z_]*|TEST)\(($case)[,)]" "tests/unit/test_${test#unit.}.c" ||
				fault "$page: $test has no case $case"
		}
	done < <(grep -oE '`(unit|scenario|fuzz|campaign)\.[a-z0-9_]+(/[a-z0-9_]+)?`' "$page" | tr -d '`')
	while IFS= read -r file; do
		[ -e "$file" ] || fault "$page: there is no $file"
	done < <(grep -oE '`tests/[A-Za-z0-9_./-]+`' "$page" | tr -d '`')
done
[ "$named" -gt 20 ] || fault "too few tests are named: $named"

# ---- SECURITY.md: each row of a CANNOT table names what shows it ----------------

rows=0
table=
while IFS= read -r line; do
	case $line in
	'| CANNOT |'*) table=1 ;;
	'|--'* | '| --'*) ;;
	'|'*)
		[ -n "$table" ] || continue
		rows=$((rows + 1))
		grep -qE '`(unit|scenario|fuzz|campaign)\.' <<<"$line" || fault "SECURITY.md: no test: $line"
		;;
	*) table= ;;
	esac
done <SECURITY.md
[ "$rows" -gt 20 ] || fault "SECURITY.md: too few CANNOT rows: $rows"

# ---- commands: what the pages and the manual show, the program has --------------

while read -ra command; do
	"$SAKSI" "${command[@]}" --help >/dev/null 2>&1 || fault "README.md shows 'saksi ${command[*]}', which is no command"
done < <(grep -ohE '^\$ saksi .*' README.md |
	sed -E 's/^\$ saksi //; s/^(-C [^ ]+|--json|--quiet|--yes) //; s/^(-C [^ ]+|--json|--quiet|--yes) //' |
	awk '{ print ($1 ~ /^(key|device|bundle|plugin|quarantine|remote)$/) ? $1 " " $2 : $1 }' | sort -u)

# ---- no connections: nothing that could open one is linked ----------------------

symbols=$(nm -D --undefined-only "$SAKSI" | awk '{ print $2 }' | sed 's/@.*//')
[ -n "$symbols" ] || fault "nm shows no symbols of $SAKSI"
if ! grep -q '^__asan' <<<"$symbols" && # its run-time library may
	grep -xE 'socket|connect|bind|listen|accept4?|getaddrinfo|gethostby.*|send(to|msg)|recv(from|msg)' <<<"$symbols"; then
	fault "saksi links what opens connections, and SECURITY.md says that it does not"
fi

[ "$faults" -eq 0 ] || {
	echo "$faults faults"
	exit 1
}
echo "${#pages[@]} pages, $links links, $named named tests, $rows CANNOT rows"
