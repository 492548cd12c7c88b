#!/bin/sh
# Prints the formula for Homebrew from the checksums of a release: ci/homebrew.sh VERSION REPOSITORY <SHA256SUMS. A tap is a
# repository with this file in Formula/.
set -eu
[ $# -eq 2 ] || { echo "usage: homebrew.sh VERSION REPOSITORY <SHA256SUMS" >&2; exit 1; }
version=$1 repository=$2
sums=$(cat)

# url and sha256 for a target
archive() {
  name=airtight-$version-$1.tar.gz
  sum=$(printf '%s\n' "$sums" | sed -n "s/^\([0-9a-f]\{64\}\) [ *]$name\$/\1/p")
  [ -n "$sum" ] || { echo "homebrew.sh: there is no checksum of $name" >&2; exit 1; }
  printf '      url "%s/releases/download/v%s/%s"\n      sha256 "%s"\n' "$repository" "$version" "$name" "$sum"
}

mac_arm=$(archive aarch64-apple-darwin)
mac_intel=$(archive x86_64-apple-darwin)
linux_arm=$(archive aarch64-unknown-linux-musl)
linux_intel=$(archive x86_64-unknown-linux-musl)

cat <<FORMULA
class Airtight < Formula
  desc "Find the images of Helm charts that bypass the private mirror"
  homepage "$repository"
  version "$version"
  license "Apache-2.0"

  on_macos do
    on_arm do
$mac_arm
    end
    on_intel do
$mac_intel
    end
  end

  on_linux do
    on_arm do
$linux_arm
    end
    on_intel do
$linux_intel
    end
  end

  def install
    bin.install "airtight"
    man1.mkpath
    system bin/"airtight", "man", man1
    generate_completions_from_executable(bin/"airtight", "completions", shells: [:bash, :zsh, :fish])
  end

  test do
    assert_equal "airtight #{version}", shell_output("#{bin}/airtight -V").strip
    assert_match "mutable-tag", shell_output("#{bin}/airtight rules")
  end
end
FORMULA
