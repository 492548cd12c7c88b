#!/bin/sh
# Writes the sources of the site: ci/book.sh FOLDER. Pages are those of docs/, and README.md is the first; only links differ: what is no
# page is in the repository.
set -eu
[ $# -eq 1 ] || { echo "usage: book.sh FOLDER" >&2; exit 1; }
top=$(cd "$(dirname "$0")/.." && pwd)
version=$(sed -n 's/^version = "\(.*\)"/\1/p' "$top/Cargo.toml" | head -n 1)
repository=$(sed -n 's/^repository = "\(.*\)"/\1/p' "$top/Cargo.toml")
rm -rf "$1"
mkdir -p "$1"
cp "$top"/docs/*.json "$1/"
for page in README SECURITY CHANGELOG; do
  sed 's#](docs/#](#g' "$top/$page.md" >"$1/$page.md"
done
for page in "$top"/docs/*.md; do
  sed -e 's#](\.\./\(README\|SECURITY\|CHANGELOG\)\.md#](\1.md#g' -e "s#](\.\./#]($repository/blob/v$version/#g" "$page" >"$1/$(basename "$page")"
done
