#!/bin/sh
# run_test.sh COMMAND [ARGUMENT ...]
# Run one test with an empty directory as HOME and working directory, nothing
# of the user's own settings, and remove that directory whatever happens.
# SAKSI_TEST_WRAPPER (say "valgrind -q") goes before the command.
set -eu

# Short: a socket's path has to fit into 108 bytes.
dir=$(mktemp -d "${TMPDIR:-/tmp}/saksi-test.XXXXXX")
child=
# shellcheck disable=SC2317 # called by the trap
cleanup() {
	[ -z "$child" ] || kill "$child" 2>/dev/null || :
	chmod -R u+rwx "$dir" 2>/dev/null || :
	rm -rf "$dir"
}
trap cleanup EXIT
trap 'exit 143' HUP INT TERM

mkdir -m 700 "$dir/home" "$dir/run" "$dir/tmp"
unset SAKSI_VAULT XDG_DATA_HOME XDG_STATE_HOME XDG_CONFIG_HOME XDG_CACHE_HOME
export HOME="$dir/home" XDG_RUNTIME_DIR="$dir/run" TMPDIR="$dir/tmp"
export LC_ALL=C.UTF-8 TZ=UTC
# Only what the caller did not choose: a sanitizer's fault must fail the test.
export ASAN_OPTIONS="${ASAN_OPTIONS:-detect_leaks=1:abort_on_error=0:exitcode=99}"
export UBSAN_OPTIONS="${UBSAN_OPTIONS:-print_stacktrace=1}"
cd "$HOME"

status=0
# Word splitting is wanted: the wrapper is a command with its options.
# shellcheck disable=SC2086
${SAKSI_TEST_WRAPPER:-} "$@" &
child=$!
wait "$child" || status=$?
child=
exit "$status"
