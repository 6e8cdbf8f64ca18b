#!/usr/bin/env bash
# coverage.sh - line coverage of each layer by all tests.
#
#   tests/support/coverage.sh [DIRECTORY]
#
# Builds in DIRECTORY (default: build/coverage), runs every test and prints one
# line per file and a sum per layer; DIRECTORY/coverage/index.html shows lines.
# Needs gcovr.
set -euo pipefail
src=$(cd "$(dirname "$(readlink -f "$0")")/../.." && pwd)
dir=${1:-$src/build/coverage}
command -v gcovr >/dev/null || {
	echo "coverage.sh: needs gcovr: apt-get install gcovr" >&2
	exit 1
}
cmake -S "$src" -B "$dir" -G Ninja -DCMAKE_BUILD_TYPE=Debug -DSAKSI_COVERAGE=ON >/dev/null
cmake --build "$dir" -j "$(nproc)"
find "$dir" -name '*.gcda' -delete
ctest --test-dir "$dir" -j "$(nproc)" --output-on-failure --no-tests=error
mkdir -p "$dir/coverage"
for layer in store sync plugins/host cli; do
	echo "== $layer"
	gcovr --root "$src" --object-directory "$dir" --filter "$src/$layer/" \
		--exclude-unreachable-branches | sed -n '/^File/,$p'
done
gcovr --root "$src" --object-directory "$dir" --exclude "$src/tests/" \
	--html-details "$dir/coverage/index.html"
echo "Lines: $dir/coverage/index.html"
