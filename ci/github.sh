#!/usr/bin/env bash
# What action.yml runs: lints, shows the report in the log, beside the lines and on the run's page.
# From outside: BINARY, ARGUMENTS (one a line), SINCE, and GitHub's RUNNER_TEMP, GITHUB_OUTPUT, GITHUB_STEP_SUMMARY.
set -uo pipefail

binary="${BINARY:-$RUNNER_TEMP/airtight/bin/airtight}"
arguments=()
while IFS= read -r line; do
  [ -n "$line" ] && arguments+=("$line")
done <<<"${ARGUMENTS:-}"
if [ -n "${SINCE:-}" ] && [ "$SINCE" != none ]; then
  # A checkout of one commit has no base.
  git cat-file -e "$SINCE^{commit}" 2>/dev/null || git fetch --quiet --unshallow 2>/dev/null || git fetch --quiet origin "$SINCE"
  arguments+=(--changed-since "$SINCE")
fi

page="$RUNNER_TEMP/airtight.md" annotations="$RUNNER_TEMP/airtight.annotations"
rm -f "$page" "$annotations"
"$binary" lint "${arguments[@]}" --format text --format markdown --output "$page" --format github --output "$annotations"
status=$?
# Neither is there when the check could not be made.
cat "$annotations" 2>/dev/null
cat "$page" >>"${GITHUB_STEP_SUMMARY:-/dev/null}" 2>/dev/null
echo "status=$status" >>"${GITHUB_OUTPUT:-/dev/null}"
exit "$status"
