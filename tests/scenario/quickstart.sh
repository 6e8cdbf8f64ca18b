# shellcheck shell=bash
# ./quickstart goes its whole way, twice, with the program that was built.
set -euo pipefail
: "${SAKSI:?}" "${SAKSI_SRC:?}"
for folder in first second; do
	"$SAKSI_SRC/quickstart" "$folder" >"$folder.log" 2>&1 </dev/null || {
		tail -n 40 "$folder.log"
		exit 1
	}
	for file in office/keys field/keys submission.txt records.zip to-field.1 to-office.1; do
		[ -s "$folder/$file" ] || {
			echo "quickstart made no $file"
			exit 1
		}
	done
	grep -q 'Thun Ratha: Yes' "$folder/submission.txt"
	grep -q 'exit code 5' "$folder.log"
	grep -qF "$folder" <(tail -n 20 "$folder.log")
done
