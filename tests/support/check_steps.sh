# shellcheck shell=bash
# check_steps.sh - the steps of ./check, sourced by it.  Each step_NAME runs in
# a subshell with its output in a log, and says by its status how it went.
# Uses of ./check: $src, $work, $jobs.
: "${src:?}" "${work:?}" "${jobs:?}"

describe() { # STEP
	case $1 in
	names) echo "nothing names a person's machine or promises later work" ;;
	layers) echo "who includes, prints and exits where" ;;
	format) echo "clang-format" ;;
	scripts) echo "shellcheck" ;;
	manual) echo "mandoc -Tlint" ;;
	gcc) echo "gcc release build, warnings are errors" ;;
	gcc-tests) echo "all tests of the release build" ;;
	headers) echo "each public header compiles alone" ;;
	symbols) echo "exported symbols and hardening of what is shipped" ;;
	install) echo "cmake --install into an empty prefix, and a run from there" ;;
	clang) echo "clang debug build, warnings are errors" ;;
	tidy) echo "clang-tidy" ;;
	cppcheck) echo "cppcheck" ;;
	valgrind) echo "unit tests under valgrind" ;;
	asan) echo "gcc build with AddressSanitizer and UndefinedBehaviorSanitizer" ;;
	asan-tests) echo "all tests of the sanitizer build" ;;
	esac
}

# Files of the tree, NUL-separated, also where there is no git repository.
tree_files() { # GLOB...
	local args=() g
	if git -C "$src" rev-parse --is-inside-work-tree >/dev/null 2>&1; then
		git -C "$src" ls-files -z --cached --others --exclude-standard -- "$@"
		return
	fi
	for g in "$@"; do args+=(-o -path "./${g#:(top)}" -o -name "$g"); done
	(cd "$src" && find . -path ./build -prune -o -path ./.git -prune -o \
		-type f \( "${args[@]:1}" \) -print0)
}

c_files() { tree_files '*.c' '*.h'; }

# Succeed if no file of the list on stdin matches; print where it does.
no_match() { # REGEX
	local hits
	hits=$(xargs -0 -r grep -nIE -e "$1" -- /dev/null)
	[ -z "$hits" ] || { printf '%s\n' "$hits"; return 1; }
}

build() { # DIRECTORY CMAKE-OPTION...
	local dir=$work/$1
	shift
	cmake -S "$src" -B "$dir" -G Ninja "$@" && cmake --build "$dir" -j "$jobs"
}

# Every test runs in a directory of its own, so they may run side by side.
run_ctest() { # DIRECTORY CTEST-OPTION...
	local dir=$work/$1
	shift
	ctest --test-dir "$dir" -j "$jobs" --output-on-failure --no-tests=error "$@"
}

# ---- the tree ---------------------------------------------------------------

step_names() {
	local status=0 path='(^|[^A-Za-z0-9._~:/-])/(work|home|root|Users)/[A-Za-z0-9]'
	echo "paths of one machine:"
	tree_files '*' | no_match "$path" || status=1
	echo "promises and leftovers:"
	tree_files '*.[ch]' '*.sh' '*.cmake' '*.txt' '*.md' '*.1' check quickstart |
		no_match '\b(TO[D]O|FIX[M]E|X[X]X|HA[C]K)\b|^(<<<<<<<|>>>>>>>) ' || status=1
	return $status
}

# The rules of the architecture that an include path cannot express.
step_layers() {
	local status=0
	echo "lmdb.h outside store/kv:"
	tree_files '*.[ch]' | grep -zvE '^(\./)?(store/kv/|tests/)' |
		no_match '#[[:space:]]*include[[:space:]]*[<"]lmdb\.h' || status=1
	echo "sodium.h outside store/keys and store/base:"
	tree_files '*.[ch]' | grep -zvE '^(\./)?(store/keys/crypto[a-z_]*\.c|store/base/|tests/)' |
		no_match '#[[:space:]]*include[[:space:]]*[<"]sodium' || status=1
	echo "printing or exiting below cli/ and the runner:"
	tree_files 'store/*.c' 'store/*/*.c' 'sync/*.c' 'plugins/host/*.c' | grep -zv '/runner/' |
		no_match '(^|[^_[:alnum:]])(v?printf|puts|putchar|perror|exit)[[:space:]]*\(|(^|[^_[:alnum:]])(stdout|stderr|stdin)([^_[:alnum:]]|$)' || status=1
	echo "an exporter that includes more of ours than exporter.h:"
	tree_files 'plugins/exporters/*.[ch]' |
		no_match '#[[:space:]]*include[[:space:]]*[<"]saksi/([^e]|e[^x]|exporter[^.])' || status=1
	return $status
}

step_format() {
	c_files | xargs -0 -r -P "$jobs" -n 32 clang-format --dry-run --Werror || {
		echo "run clang-format -i on the files above"
		return 1
	}
}

step_scripts() {
	local list=() f
	while IFS= read -r -d '' f; do
		case $f in
		*.sh) list+=("$f") ;;
		*) head -c 64 -- "$f" | head -n 1 | grep -qaE '^#!.*\b(ba|da)?sh\b' && list+=("$f") ;;
		esac
	done < <(tree_files '*')
	printf '%s\0' "${list[@]}" | xargs -0 -P "$jobs" -n 6 shellcheck -x
}

step_manual() {
	local list=()
	mapfile -d '' -t list < <(tree_files '*.1')
	[ ${#list[@]} -gt 0 ] || { echo "no manual page in the tree"; return 1; }
	mandoc -Tlint -W warning "${list[@]}"
}

# ---- gcc --------------------------------------------------------------------

step_gcc() {
	build gcc -DCMAKE_C_COMPILER=gcc -DCMAKE_BUILD_TYPE=Release -DSAKSI_WERROR=ON \
		-DCMAKE_VERIFY_INTERFACE_HEADER_SETS=ON
}

# Long ones once: what looks for wrong memory with sanitizers, whole runs without.
step_gcc_tests() { run_ctest gcc -LE sanitizers-only; }

step_headers() {
	cmake --build "$work/gcc" -j "$jobs" --target all_verify_interface_header_sets
}

hardened() { # FILE
	local head dyn
	head=$(readelf -hlW "$1")
	dyn=$(readelf -dW "$1")
	grep -qE 'Type: +DYN' <<<"$head" || { echo "$1: not position independent"; return 1; }
	grep -qE 'GNU_RELRO' <<<"$head" || { echo "$1: no RELRO"; return 1; }
	grep -qE 'BIND_NOW|FLAGS_1.*NOW' <<<"$dyn" || { echo "$1: not bound at start"; return 1; }
	grep -qE 'GNU_STACK.* RW ' <<<"$head" || { echo "$1: executable stack"; return 1; }
	! grep -qE 'RPATH|RUNPATH' <<<"$dyn" || { echo "$1: has a run path"; return 1; }
}

step_symbols() {
	local status=0 f names n=0
	for f in "$work"/gcc/lib/saksi/exporters/*.so; do
		[ -e "$f" ] || continue
		n=$((n + 1))
		hardened "$f" || status=1
		names=$(nm -D --defined-only "$f" | awk '{ print $3 }')
		echo "$f: $names"
		[ "$names" = saksi_exporter_entry ] || {
			echo "$f: must export saksi_exporter_entry and nothing else"
			status=1
		}
	done
	[ "$n" -gt 0 ] || { echo "no exporters were built"; status=1; }
	for f in "$work/gcc/bin/saksi" "$work/gcc/libexec/saksi/saksi-runner"; do
		hardened "$f" || { status=1; continue; }
		if nm -D --defined-only "$f" | grep ' T '; then
			echo "$f: a program exports functions"
			status=1
		fi
	done
	return $status
}

step_install() {
	local dir
	dir=$(mktemp -d) || return 1
	# shellcheck disable=SC2064
	trap "rm -rf '$dir'" EXIT
	cmake --install "$work/gcc" --prefix "$dir/first" --strip &&
		mv "$dir/first" "$dir/moved" &&
		(cd "$dir/moved" && find . -type f | sort) &&
		test -x "$dir/moved/libexec/saksi/saksi-runner" &&
		test -f "$dir/moved/include/saksi/exporter.h" &&
		test -f "$dir/moved/share/man/man1/saksi.1" &&
		"$dir/moved/bin/saksi" --version &&
		"$dir/moved/bin/saksi" schema person >/dev/null
}

# ---- clang ------------------------------------------------------------------

step_clang() {
	build clang -DCMAKE_C_COMPILER=clang -DCMAKE_BUILD_TYPE=Debug -DSAKSI_WERROR=ON
}

# What is shipped; tests are held to the compilers' warnings.
shipped_sources() {
	tree_files 'store/*.c' 'store/*/*.c' 'sync/*.c' 'plugins/*.c' 'cli/*.c'
}

step_tidy() {
	shipped_sources | xargs -0 -r -P "$jobs" -n 4 clang-tidy -p "$work/clang" --quiet
}

step_cppcheck() {
	mkdir -p "$work/cppcheck"
	cppcheck --project="$work/clang/compile_commands.json" -i"$src/tests" \
		--cppcheck-build-dir="$work/cppcheck" -j "$jobs" --quiet --inline-suppr \
		--enable=warning,portability --suppress='*:*/tests/*' \
		--suppress=missingIncludeSystem --error-exitcode=1
}

step_valgrind() {
	SAKSI_ROUNDS=8 SAKSI_TEST_WRAPPER="valgrind --quiet --error-exitcode=99 --leak-check=full \
--errors-for-leak-kinds=definite,possible --child-silent-after-fork=yes \
--suppressions=$src/tests/support/valgrind.supp" \
		run_ctest clang -L '^unit$' -LE no-valgrind
}

# ---- sanitizers -------------------------------------------------------------

step_asan() {
	build asan -DCMAKE_C_COMPILER=gcc -DCMAKE_BUILD_TYPE=Debug -DSAKSI_WERROR=ON \
		-DSAKSI_SANITIZE=ON
}

# Long tests repeat less often here: all their rounds are run by gcc-tests.
step_asan_tests() { SAKSI_ROUNDS=60 run_ctest asan -LE 'campaign|release-only'; }
