# shellcheck shell=bash
# A slice of the campaigns: see tests/campaign/faults.sh and faults_limits.sh.
set -eu
campaign=${SAKSI_SRC:?}/tests/campaign
READERS=${SAKSI_FAULTS_READERS:-12} "$campaign/faults_limits.sh" "${SAKSI:?}"
# What once went wrong, then a part of all the rest.
"$campaign/faults.sh" --cases "$campaign/faults_cases.txt" --jobs 2 "${SAKSI:?}"
exec "$campaign/faults.sh" --single "${SAKSI_FAULTS_SINGLE:-60}" --random "${SAKSI_FAULTS_RANDOM:-20}" \
	--jobs 2 "${SAKSI:?}"
