#!/usr/bin/env bash
# Script of action.yml: runs lint, and shows the report in the log, as annotations and on the page of the run.
# Inputs: BINARY, ARGUMENTS (one per line), SINCE, and GitHub's RUNNER_TEMP, GITHUB_OUTPUT, GITHUB_STEP_SUMMARY.
set -uo pipefail

binary="${BINARY:-$RUNNER_TEMP/airtight/bin/airtight}"
arguments=()
while IFS= read -r line; do
  [ -n "$line" ] && arguments+=("$line")
done <<<"${ARGUMENTS:-}"
if [ -n "${SINCE:-}" ] && [ "$SINCE" != none ]; then
  # A shallow checkout has no base.
  git cat-file -e "$SINCE^{commit}" 2>/dev/null || git fetch --quiet --unshallow 2>/dev/null || git fetch --quiet origin "$SINCE"
  arguments+=(--changed-since "$SINCE")
fi

page="$RUNNER_TEMP/airtight.md" annotations="$RUNNER_TEMP/airtight.annotations"
rm -f "$page" "$annotations"
"$binary" lint "${arguments[@]}" --format text --format markdown --output "$page" --format github --output "$annotations"
status=$?
# Neither file exists if the check failed.
cat "$annotations" 2>/dev/null
cat "$page" >>"${GITHUB_STEP_SUMMARY:-/dev/null}" 2>/dev/null
echo "status=$status" >>"${GITHUB_OUTPUT:-/dev/null}"
exit "$status"
