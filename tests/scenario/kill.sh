# shellcheck shell=bash
# A slice of the campaign: see tests/campaign/kill.sh.
exec "${SAKSI_SRC:?}/tests/campaign/kill.sh" --rounds "${SAKSI_KILL_ROUNDS:-14}" "${SAKSI:?}"
