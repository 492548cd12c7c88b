#!/bin/sh
# Puts airtight into a folder: ci/install.sh FOLDER. Takes the released binary, whose archive must have the checksum that the release
# names; where there is none for this machine or this version, builds it from the source. Needs a shell, tar, and curl or wget.
#
# AIRTIGHT_RELEASES  where the releases are, a URL or a folder, with v0.1.0/SHA256SUMS in it (default: those of the source)
# AIRTIGHT_VERSION   the version (default: that of plugin.yaml)
# AIRTIGHT_SHA256    the checksum of the archive, in place of SHA256SUMS
# AIRTIGHT_SOURCE    the repository to build from, if it is not around this script (default: that of plugin.yaml)
# AIRTIGHT_GET       release: never build; build: never fetch; otherwise whatever works
set -eu

fail() {
  echo "airtight: $*" >&2
  exit 1
}

[ $# -eq 1 ] || fail "usage: install.sh FOLDER"
top=$(cd "$(dirname "$0")/.." && pwd)
of_plugin() {
  [ ! -f "$top/plugin.yaml" ] || sed -n "s/^$1: *//p" "$top/plugin.yaml"
}
version=${AIRTIGHT_VERSION:-$(of_plugin version)}
source=${AIRTIGHT_SOURCE:-$(of_plugin sourceURL)}
releases=${AIRTIGHT_RELEASES:-${source:+$source/releases/download}}
[ -n "$version" ] || fail "which version? Set AIRTIGHT_VERSION"
case "$version" in *[!0-9A-Za-z.+-]*) fail "\"$version\" is no version" ;; esac

system=$(uname -s) machine=$(uname -m) name=airtight format=tar.gz
case "$machine" in
  x86_64 | amd64) machine=x86_64 ;;
  aarch64 | arm64) machine=aarch64 ;;
esac
case "$system" in
  Linux) target=$machine-unknown-linux-musl ;;
  Darwin) target=$machine-apple-darwin ;;
  MINGW* | MSYS* | CYGWIN* | Windows_NT) target=$machine-pc-windows-msvc name=airtight.exe format=zip ;;
  *) target=$machine-$system ;;
esac
folder=airtight-$version-$target
archive=$folder.$format

mkdir -p "$1"
into=$(cd "$1" && pwd)
# A binary that was put there by hand stays, as behind a gap.
if [ -x "$into/$name" ] && [ "$("$into/$name" -V 2>/dev/null)" = "airtight $version" ]; then
  exit 0
fi
scratch=$(mktemp -d "$into/.airtight-XXXXXX")
trap 'rm -rf "$scratch"' EXIT
trap 'exit 1' HUP INT TERM

# Fetches a file of the release; fails if there is none.
get() {
  case "$releases" in
    "") return 1 ;;
    http://* | https://*)
      if command -v curl >/dev/null; then
        curl --fail --silent --location --retry 3 --output "$scratch/$1" "$releases/v$version/$1"
      else
        wget -q -O "$scratch/$1" "$releases/v$version/$1"
      fi
      ;;
    *) cp "${releases#file://}/v$version/$1" "$scratch/$1" 2>/dev/null ;;
  esac
}

checksum() {
  if command -v sha256sum >/dev/null; then sha256sum "$1"; else shasum -a 256 "$1"; fi | cut -d ' ' -f 1
}

# The checksum that the archive must have; nothing if the release does not have it.
wanted() {
  if [ -n "${AIRTIGHT_SHA256:-}" ]; then
    echo "$AIRTIGHT_SHA256"
  elif get SHA256SUMS; then
    sed -n "s/^\([0-9a-f]\{64\}\) [ *]$archive\$/\1/p" "$scratch/SHA256SUMS"
  fi
}

# Status 1: there is no such release. A file that is not what the release promises ends everything.
from_release() {
  sum=$(wanted)
  [ -n "$sum" ] || return 1
  get "$archive" || return 1
  [ "$(checksum "$scratch/$archive")" = "$sum" ] || fail "$archive of $releases does not have the checksum $sum: nothing was installed"
  case "$format" in
    zip) unzip -q -d "$scratch" "$scratch/$archive" "$folder/$name" ;;
    *) tar -x -z -f "$scratch/$archive" -C "$scratch" "$folder/$name" ;;
  esac || fail "$archive does not have $folder/$name"
  mv -f "$scratch/$folder/$name" "$into/$name"
}

from_source() {
  command -v cargo >/dev/null || return 1
  if [ -f "$top/Cargo.toml" ]; then
    cargo install --locked --quiet --path "$top" --root "$scratch/built" >&2
  elif [ -n "$source" ]; then
    cargo install --locked --quiet --git "$source" --tag "v$version" --root "$scratch/built" airtight >&2
  else
    return 1
  fi || fail "the build failed"
  mv -f "$scratch/built/bin/$name" "$into/$name"
}

case "${AIRTIGHT_GET:-}" in
  build) ;;
  *) if from_release; then exit 0; fi ;;
esac
no_release="there is no $archive at ${releases:-AIRTIGHT_RELEASES, which is not set}"
[ "${AIRTIGHT_GET:-}" != release ] || fail "$no_release"
[ "${AIRTIGHT_GET:-}" = build ] || echo "airtight: $no_release; building it" >&2
from_source || fail "nothing to build it with: install cargo (https://rustup.rs), put a release at AIRTIGHT_RELEASES, or put $name into $into"
