#!/bin/sh
# Writes the plugins for helm, each as a folder that has all it needs but the binary: ci/helm-plugins.sh FOLDER.
# `helm plugin install` fetches the binary, or takes the one that was put into bin/.
set -eu
[ $# -eq 1 ] || { echo "usage: helm-plugins.sh FOLDER" >&2; exit 1; }
top=$(cd "$(dirname "$0")/.." && pwd)
for name in airtight airtight-post-renderer; do
  mkdir -p "$1/$name/ci"
  cp "$top/ci/install.sh" "$1/$name/ci/"
  cp "$top/LICENSE" "$1/$name/"
done
cp "$top/plugin.yaml" "$1/airtight/"
cp "$top/plugins/post-renderer/plugin.yaml" "$top/plugins/post-renderer/post-render.sh" "$1/airtight-post-renderer/"
