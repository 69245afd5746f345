#!/usr/bin/env bash
# Writes bills of materials of the package, as a user installs it: scripts/sbom.sh FOLDER writes NAME-VERSION.cdx.json and
# NAME-VERSION.spdx.json. `npm sbom --omit=dev` alone leaves out a package that a development dependency needs too, so the
# modules are installed without them first.
set -euo pipefail
root=$(cd "$(dirname "$0")/.." && pwd)
out=${1:?usage: scripts/sbom.sh FOLDER}
mkdir -p "$out"; out=$(cd "$out" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cp "$root/package.json" "$root/package-lock.json" "$root/.npmrc" "$work"
cd "$work"
npm ci --omit=dev --ignore-scripts --no-audit --no-fund --silent
npm pkg delete devDependencies scripts
name=$(node -p 'const { name, version } = require("./package.json"); `${name}-${version}`')
npm sbom --sbom-format=cyclonedx >"$out/$name.cdx.json"
npm sbom --sbom-format=spdx >"$out/$name.spdx.json"
