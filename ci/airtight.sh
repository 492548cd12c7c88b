#!/bin/sh
# Runs airtight, and first puts it into bin/ beside this repository's files if it is not there: ci/airtight.sh ARGUMENTS.
# AIRTIGHT_BINARY names another one; the other variables are those of install.sh.
set -eu
top=$(cd "$(dirname "$0")/.." && pwd)
if [ -z "${AIRTIGHT_BINARY:-}" ]; then
  sh "$top/ci/install.sh" "$top/bin"
  AIRTIGHT_BINARY=$top/bin/airtight
fi
exec "$AIRTIGHT_BINARY" "$@"
