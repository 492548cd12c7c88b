#!/usr/bin/env bash
# What action.yml runs: lints, shows the report in the log and on the run's page.
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

"$binary" lint "${arguments[@]}"
status=$?
"$binary" lint "${arguments[@]}" --format markdown >>"${GITHUB_STEP_SUMMARY:-/dev/null}" 2>/dev/null
echo "status=$status" >>"${GITHUB_OUTPUT:-/dev/null}"
exit "$status"
