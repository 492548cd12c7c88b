#!/bin/sh
# Makes the files of a release from its binaries: ci/pack.sh BINARIES OUT, where BINARIES/TARGET/airtight is the binary for a target,
# and OUT is a new folder.
# Writes an archive for each target, install.sh, the plugins for helm, the formula for Homebrew, and SHA256SUMS over all of them.
# The same binaries give the same bytes. Needs GNU tar, and zip for Windows.
set -eu
[ $# -eq 2 ] || { echo "usage: pack.sh BINARIES OUT" >&2; exit 1; }
top=$(cd "$(dirname "$0")/.." && pwd)
version=$(sed -n 's/^version = "\(.*\)"/\1/p' "$top/Cargo.toml" | head -n 1)
repository=$(sed -n 's/^repository = "\(.*\)"/\1/p' "$top/Cargo.toml")
time=${SOURCE_DATE_EPOCH:-$(git -C "$top" log -1 --format=%ct)}
mkdir -p "$2"
[ -z "$(ls -A "$2")" ] || { echo "pack.sh: $2 is not empty" >&2; exit 1; }
out=$(cd "$2" && pwd)
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

# tar FOLDER ARCHIVE
pack() {
  tar -c -C "$scratch" --format=ustar --sort=name --mtime="@$time" --owner=0 --group=0 --numeric-owner --mode=u+rw,go+r,go-w "$1" |
    gzip -9 -n >"$out/$2"
}

for binary in "$1"/*/airtight "$1"/*/airtight.exe; do
  [ -f "$binary" ] || continue
  target=$(basename "$(dirname "$binary")")
  folder=airtight-$version-$target
  mkdir "$scratch/$folder"
  cp "$binary" "$top/README.md" "$top/LICENSE" "$top/CHANGELOG.md" "$scratch/$folder/"
  # Artifacts of a workflow lose this.
  chmod 755 "$scratch/$folder/$(basename "$binary")"
  case "$binary" in
    *.exe)
      find "$scratch/$folder" -exec touch -d "@$time" {} +
      (cd "$scratch" && find "$folder" -type f | sort | TZ=UTC zip -X -q -@ "$out/$folder.zip")
      ;;
    *) pack "$folder" "$folder.tar.gz" ;;
  esac
done

# helm takes the name of a plugin from its archive.
sh "$top/ci/helm-plugins.sh" "$scratch"
pack airtight "airtight-$version.tgz"
pack airtight-post-renderer "airtight-post-renderer-$version.tgz"
cp "$top/ci/install.sh" "$out/"

(cd "$out" && sha256sum -- * >"$scratch/SHA256SUMS" && mv "$scratch/SHA256SUMS" .)
sh "$top/ci/homebrew.sh" "$version" "$repository" <"$out/SHA256SUMS" >"$out/airtight.rb"
(cd "$out" && sha256sum airtight.rb >>SHA256SUMS)
