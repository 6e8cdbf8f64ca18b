# shellcheck shell=bash
# packages.sh - sourced by ./check and ./quickstart: install what is missing.
#
#   packages_ensure TREE GROUP...   groups of TREE/cmake/packages.txt
#
# Nothing happens when all is there.  Else, on a Debian with apt-get and root
# or sudo, the missing packages are installed; elsewhere they are named and
# the function fails.

packages_list() { # TREE GROUP...
	local table="$1/cmake/packages.txt" group
	shift
	for group in "$@"; do
		awk -v g="$group" '$1 == g { print $2 }' "$table"
	done
}

packages_missing() { # PACKAGE...
	local p
	for p in "$@"; do
		case $(dpkg-query -W -f '${db:Status-Status}' "$p" 2>/dev/null) in
		installed) ;;
		*) printf '%s\n' "$p" ;;
		esac
	done
}

packages_ensure() { # TREE GROUP...
	local tree=$1 wanted missing as_root=()
	shift
	mapfile -t wanted < <(packages_list "$tree" "$@")
	if ! command -v dpkg-query >/dev/null; then
		echo "This is no Debian: taking it that these, or what stands for them, are installed:" >&2
		echo "  ${wanted[*]}" >&2
		return 0
	fi
	mapfile -t missing < <(packages_missing "${wanted[@]}")
	[ ${#missing[@]} -gt 0 ] || return 0
	echo "Missing packages: ${missing[*]}"
	if [ "$(id -u)" -ne 0 ]; then
		if ! command -v sudo >/dev/null; then
			echo "They need an administrator; run as root: apt-get install ${missing[*]}" >&2
			return 1
		fi
		as_root=(sudo)
	fi
	packages_quietly "${as_root[@]}" apt-get update &&
		packages_quietly "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive \
			apt-get install -y --no-install-recommends "${missing[@]}"
}

# apt's hundreds of lines matter only when it fails.
packages_quietly() { # COMMAND...
	local log status=0
	log=$(mktemp) || return 1
	"$@" >"$log" 2>&1 || status=$?
	[ "$status" -eq 0 ] || tail -n 40 "$log" >&2
	rm -f "$log"
	return "$status"
}
