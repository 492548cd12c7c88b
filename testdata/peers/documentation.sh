#!/usr/bin/env bash
# An install behind a gap, as documentation describes it, with airtight alone: fetch the chart of a manager from a public registry, copy
# its images and charts to the mirror, render it from there, and have the mirror asked whether it holds everything.
#
# Both registries are Debian's docker-registry, on the loopback interface. AIRTIGHT is the program; HELM, if there is one, reads the
# chart too.
set -euo pipefail

airtight=${AIRTIGHT:?the path of airtight}
registry=${DOCKER_REGISTRY:-docker-registry}
helm=${HELM:-$(command -v helm || true)}
work=$(mktemp -d)
servers=()
end() {
  for server in "${servers[@]}"; do kill "$server" && wait "$server" || true; done 2>/dev/null
  rm -rf "$work"
}
trap end EXIT
cd "$work"
# The registry reads variables that begin with REGISTRY_, too.
unset REGISTRY_AUTH_FILE XDG_RUNTIME_DIR AIRTIGHT_CACHE_DIR HELM_REGISTRY_CONFIG
export HOME=$work XDG_CACHE_HOME=$work/cache DOCKER_CONFIG=$work

fail() {
  echo "documentation.sh: $*" >&2
  exit 1
}

# Starts a registry, and sets the variable with its name to its address.
serve() {
  mkdir "$1"
  cat > "$1.yml" <<CONFIG
version: 0.1
log: {level: info, accesslog: {disabled: true}}
storage: {filesystem: {rootdirectory: $work/$1}}
http: {addr: 127.0.0.1:0}
CONFIG
  "$registry" serve "$1.yml" 2> "$1.log" &
  servers+=($!)
  local address=
  for _ in $(seq 600); do
    address=$(sed -n 's/.*listening on \(127\.0\.0\.1:[0-9]*\).*/\1/p' "$1.log" | head -n 1)
    [ -z "$address" ] || break
    sleep 0.05
  done
  [ -n "$address" ] || fail "the registry does not listen: $(cat "$1.log")"
  printf -v "$1" %s "$address"
}

# Adds a file to the layout, and prints its descriptor.
blob() {
  local digest
  digest=$(sha256sum < "$2" | cut -d ' ' -f 1)
  mkdir -p layout/blobs/sha256
  cp "$2" "layout/blobs/sha256/$digest"
  printf '{"mediaType": "%s", "digest": "sha256:%s", "size": %s}' "$1" "$digest" "$(wc -c < "$2")"
}

# Adds an artifact of one layer to the layout: its name, the media types of its config and its layer, and the layer.
artifact() {
  echo '{"name": "'"$(basename "${1%%:*}")"'", "version": "1.4.0", "apiVersion": "v2"}' > config
  printf '{"schemaVersion": 2, "mediaType": "application/vnd.oci.image.manifest.v1+json", "config": %s, "layers": [%s]}' \
    "$(blob "$2" config)" "$(blob "$3" "$4")" > manifest
  local entry
  entry=$(blob application/vnd.oci.image.manifest.v1+json manifest)
  entries+=("${entry%\}}, \"annotations\": {\"org.opencontainers.image.ref.name\": \"$1\"}}")
}

serve public
serve mirror

# What is on the internet: two images, the chart of the manager, and that of an addon.
entries=()
for image in manager:v1.4.0 proxy:2.0; do
  head -c 200000 /dev/zero > "layer-${image%%:*}"
  echo "$image" >> "layer-${image%%:*}"
  artifact "$public/acme/$image" application/vnd.oci.image.config.v1+json application/vnd.oci.image.layer.v1.tar+gzip "layer-${image%%:*}"
done
mkdir -p manager/templates addons
cat > manager/Chart.yaml <<CHART
apiVersion: v2
name: manager
version: 1.4.0
CHART
cat > manager/values.yaml <<VALUES
global: {imageRegistry: ""}
VALUES
cat > manager/templates/deployment.yaml <<TEMPLATE
apiVersion: apps/v1
kind: Deployment
metadata: {name: manager}
spec:
  template:
    spec:
      containers:
        - name: manager
          image: '{{ .Values.global.imageRegistry | default "$public" }}/acme/manager:v1.4.0'
        - name: proxy
          image: '{{ .Values.global.imageRegistry | default "$public" }}/acme/proxy:2.0'
TEMPLATE
printf 'apiVersion: v2\nname: addons\nversion: 1.4.0\n' > addons/Chart.yaml
for chart in manager addons; do
  tar -czf "$chart.tgz" "$chart"
  artifact "$public/charts/$chart:1.4.0" application/vnd.cncf.helm.config.v1+json application/vnd.cncf.helm.chart.content.v1.tar+gzip "$chart.tgz"
done
rm -r manager addons
echo '{"imageLayoutVersion": "1.0.0"}' > layout/oci-layout
(IFS=,; printf '{"schemaVersion": 2, "manifests": [%s]}' "${entries[*]}" > layout/index.json)
"$airtight" mirror "$public" --from layout --plain-http --quiet

# 1. Fetch the chart.
"$airtight" pull "oci://$public/charts/manager" --version 1.4.0 --plain-http --untar

# 2. Copy everything to the mirror: the images that the chart pulls, and the charts.
"$airtight" images manager --no-config --mirror "$mirror" --source --format list > images.txt
printf 'oci://%s/charts/%s:1.4.0\n' "$public" manager "$public" addons > charts.txt
"$airtight" mirror "$mirror" images.txt charts.txt --plain-http --source-plain-http "$public" --quiet
"$airtight" mirror check "$mirror" images.txt charts.txt --plain-http --quiet

# The internet is gone from here on.
kill "${servers[0]}"
wait "${servers[0]}" || true

# 4. Render the chart from the mirror, with the mirror set.
from_mirror=("oci://$mirror/charts/manager" --version 1.4.0 --plain-http --set "global.imageRegistry=$mirror")
"$airtight" template manager "${from_mirror[@]}" > rendered.yaml
[ "$(grep -c "image: '$mirror/acme/" rendered.yaml)" = 2 ] || fail "rendered: $(cat rendered.yaml)"
lint() { "$airtight" lint "${from_mirror[@]}" --no-config --mirror "$mirror" --mirror-check "$@"; }
lint > report || fail "the check is not clean: $(cat report)"
grep -q 'the mirror has all 2 images' report || fail "the verdict: $(cat report)"

# helm reads what the mirror holds.
if [ -n "$helm" ]; then
  mkdir helm ours
  "$helm" pull "oci://$mirror/charts/manager" --version 1.4.0 --plain-http --destination helm
  "$airtight" pull "oci://$mirror/charts/manager" --version 1.4.0 --plain-http --destination ours > pulled
  cmp helm/manager-1.4.0.tgz ours/manager-1.4.0.tgz
  cmp helm/manager-1.4.0.tgz manager.tgz
fi

# Somebody deletes an image from the mirror. The finding says so, and how to bring it again.
rm -r "mirror/docker/registry/v2/repositories/acme/proxy/_manifests/tags/2.0"
if lint > report; then fail "nothing is missing: $(cat report)"; fi
grep -qF "error[not-on-mirror]: $mirror/acme/proxy:2.0 is not on the mirror" report || fail "not found: $(cat report)"
command=$(sed -n 's/^ *= help: run: //p' report)
[ -n "$command" ] || fail "no command: $(cat report)"

"$registry" serve <(sed "s/127.0.0.1:0/$public/" public.yml) 2> again.log &
servers[0]=$!
for _ in $(seq 600); do
  grep -q "listening on" again.log && break
  sleep 0.05
done
airtight() { "$airtight" "$@" --source-plain-http "$public" --quiet; }
eval "$command"
lint > report || fail "it is still missing: $(cat report)"

# A mirror that is gone is not a mirror that has everything.
kill "${servers[1]}"
wait "${servers[1]}" || true
status=0
lint --offline > report 2> errors || status=$?
[ "$status" = 2 ] || fail "status $status: $(cat report errors)"
echo "documentation.sh: as documented"
