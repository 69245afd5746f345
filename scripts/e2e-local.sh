#!/usr/bin/env bash
# The end-to-end tests on a one-node cluster of this machine's own: builds the image and the cluster's programs, starts
# everything, runs test/e2e, and takes it all away again. For a machine that is root's, runs Debian and has the
# cluster's scripts (E2E_TOOLS, default ../shared/tools). Arguments: test files, default all of test/e2e. Ends with
# "N passed, N failed, N skipped". Where it cannot begin it says "e2e: not run, because ..." and ends with 0; an image
# that cannot be built from this repository is a failure.
set -euo pipefail
cd "$(dirname "$0")/.."
tools=${E2E_TOOLS:-../shared/tools}
state=$(mktemp -d /tmp/db-manager-e2e.XXXXXX)
node=$PWD/node_modules/node/bin/node
export PATH="$PWD/node_modules/.bin:$PATH"

not_run() { echo "e2e: not run, because $1"; exit 0; }
attempt() { # WHAT COMMAND...: its output only where it fails
  local what=$1; shift
  "$@" >"$state/output" 2>&1 && return 0
  tail -n 40 "$state/output" | sed 's/^/    /'
  not_run "$what"
}

[ "$(id -u)" = 0 ] || { rmdir "$state"; not_run "it needs root, for containers"; }
[ -f /etc/debian_version ] || { rmdir "$state"; not_run "this is no Debian"; }
[ -x "$tools/local-cluster.sh" ] || [ -f "$tools/local-cluster.sh" ] || { rmdir "$state"; not_run "there is no $tools/local-cluster.sh"; }
for process in dockerd containerd kubelet; do
  if pidof -q "$process"; then rmdir "$state"; not_run "a $process that is not ours runs here"; fi
done

# What `up` starts is stopped by its script; what the kubelet has started is stopped here: pods, their shims and mounts.
clean() {
  set +e
  local address=$state/cluster/containerd.sock
  if [ -f "$state/cluster/pid/kubelet" ]; then kill "$(cat "$state/cluster/pid/kubelet")" 2>/dev/null; fi
  if [ -S "$address" ]; then
    for task in $(ctr --address "$address" -n k8s.io tasks ls -q 2>/dev/null); do
      ctr --address "$address" -n k8s.io tasks kill --signal SIGKILL "$task"
    done >/dev/null 2>&1
    sleep 2
    for task in $(ctr --address "$address" -n k8s.io tasks ls -q 2>/dev/null); do
      ctr --address "$address" -n k8s.io tasks rm --force "$task"
    done >/dev/null 2>&1
  fi
  local pids=()
  for file in "$state"/cluster/pid/*; do [ -f "$file" ] && pids+=("$(cat "$file")"); done
  bash "$tools/local-cluster.sh" down "$state/cluster"
  for _ in $(seq 10); do
    local left=()
    for pid in "${pids[@]}"; do kill -0 "$pid" 2>/dev/null && left+=("$pid"); done
    [ ${#left[@]} = 0 ] && break
    pids=("${left[@]}")
    sleep 1
  done
  for pid in "${left[@]}"; do kill -9 "$pid" 2>/dev/null; done
  for shim in $(pidof containerd-shim-runc-v2); do
    grep -q "$state" "/proc/$shim/cmdline" 2>/dev/null && kill -9 "$shim"
  done
  sleep 2
  iptables -t nat -S 2>/dev/null | grep -- '-d 10.96.0.1/32' | sed 's/^-A/-D/' |
    while read -r rule; do eval "iptables -t nat $rule"; done
  ip link delete cni-local 2>/dev/null
  for namespace in $(ip netns list 2>/dev/null | awk '/^cni-/ {print $1}'); do ip netns delete "$namespace"; done
  awk -v state="$state" 'index($2, state) == 1 {print $2}' /proc/mounts | sort -r | while read -r mount; do
    umount -l "$mount"
  done
  rm -rf "$state"
}
trap clean EXIT

# The packages that the cluster's script asks for, but without starting a service of theirs.
packages=(docker.io containerd runc containernetworking-plugins iptables conntrack debootstrap gcc libc6-dev)
if dpkg-query -W -f '${Status}\n' "${packages[@]}" 2>&1 | grep -qv '^install ok installed$'; then
  attempt "Debian's packages could not be installed" scripts/apt-install.sh "${packages[@]}"
fi

echo "e2e: the cluster's programs"
attempt "the cluster's programs could not be built" "$node" scripts/e2e-programs.ts "$state/bin"
echo "e2e: the cluster"
export PATH="$state/bin:$PATH"
attempt "the cluster did not start" bash "$tools/local-cluster.sh" up "$state/bin" "$state/cluster"
address=$(sed -n 's/^NODE_IP=//p' "$state/output")

echo "e2e: the image"
docker=/usr/bin/docker # Debian's own has BuildKit built in
attempt "the base image could not be made" bash "$tools/node-base-image.sh" local/node-without-npm:24-trixie "$node" trixie
# What the official image has besides: npm and the headers of node.
base() {
  mkdir -p "$state/base/include"
  cp -a "$(dirname "$(dirname "$(readlink -f "$(command -v npm)")")")" "$state/base/npm"
  if [ -d /usr/include/node ]; then cp -a /usr/include/node "$state/base/include/"; fi
  cat >"$state/base/Dockerfile" <<'BASE'
FROM local/node-without-npm:24-trixie
COPY include /usr/local/include
COPY npm /usr/local/lib/node_modules/npm
RUN ln -s ../lib/node_modules/npm/bin/npm-cli.js /usr/local/bin/npm
BASE
}
attempt "the base image could not be made" base
export DOCKER_BUILDKIT=1
attempt "the base image could not be made" "$docker" build --network host -t node:24-trixie-slim "$state/base"
secrets=()
if [ -f "$HOME/.npmrc" ]; then secrets+=(--secret "id=npmrc,src=$HOME/.npmrc"); fi
if [ -f "${NODE_EXTRA_CA_CERTS:-}" ]; then secrets+=(--secret "id=ca,src=$NODE_EXTRA_CA_CERTS"); fi
build() { "$docker" build --network host "${secrets[@]}" -f deploy/Dockerfile "$@" .; }
for stage in modules system; do
  attempt "packages of the image could not be installed (stage $stage)" build --target "$stage"
done
# The rest needs no network, so a failure is one of this repository.
if ! build -t db-manager:e2e >"$state/output" 2>&1; then
  tail -n 40 "$state/output"
  echo "e2e: the image could not be built from deploy/Dockerfile"
  echo "0 passed, 1 failed, 0 skipped"
  exit 1
fi
attempt "the image could not be loaded" bash "$tools/local-cluster.sh" load db-manager:e2e "$state/cluster"

echo "e2e: the tests"
mkdir "$state/volumes"
export KUBECONFIG=$state/cluster/kubeconfig E2E_IMAGE=db-manager:e2e E2E_ADDRESS=$address E2E_VOLUMES=$state/volumes
export E2E_DOCKER=$docker E2E_LOAD_IMAGE="bash '$tools/local-cluster.sh' load \"\$IMAGE\" '$state/cluster'"
if [ $# = 0 ]; then set -- test/e2e; fi
E2E=required "$node" scripts/run.cjs test "$@" --jobs 1
