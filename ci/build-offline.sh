#!/bin/sh
# Builds the command from vendor/ alone, which `cargo vendor --locked vendor` filled: ci/build-offline.sh FLAGS-OF-CARGO-BUILD.
set -eu
cd "$(dirname "$0")/.."
[ -d vendor ] || { echo "there is no vendor/: run cargo vendor --locked vendor where there is a network" >&2; exit 1; }
exec cargo build --offline --locked --bin airtight \
  --config 'source.crates-io.replace-with="vendor"' --config 'source.vendor.directory="vendor"' "$@"
