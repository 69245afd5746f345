#!/usr/bin/env bash
# Installs Debian packages without starting a service of theirs: `scripts/apt-install.sh PACKAGE...`, as root.
# For that time /usr/sbin/policy-rc.d forbids it. A policy that was there before is moved aside and put back, the same
# file with its mode, owner and links, however this ends.
set -euo pipefail
policy=${POLICY_RC_D:-/usr/sbin/policy-rc.d}
saved=$policy.db-manager-saved
[ $# -gt 0 ] || { echo "usage: scripts/apt-install.sh PACKAGE..." >&2; exit 2; }
exists() { [ -e "$1" ] || [ -L "$1" ]; }

# Two at once would each take the other's policy for the machine's own. The lock is on the folder itself.
exec 9<"$(dirname "$policy")"
flock 9

mark='Of db-manager, scripts/apt-install.sh'
ours() { [ -f "$policy" ] && [ ! -L "$policy" ] && grep -q "$mark" "$policy"; }

restore() {
  # A policy that a package brought meanwhile stays, unless the machine had its own.
  if exists "$saved"; then rm -f "$policy"; mv -T "$saved" "$policy"; elif ours; then rm -f "$policy"; fi
}
# A run that was killed has left ours, and the machine's own policy aside if there was one.
if ours; then rm -f "$policy"; fi
if exists "$saved"; then rm -f "$policy"; elif exists "$policy"; then mv -T "$policy" "$saved"; fi
trap restore EXIT
trap 'exit 129' HUP
trap 'exit 130' INT
trap 'exit 143' TERM
printf '#!/bin/sh\n# %s, for the time of an installation.\nexit 101\n' "$mark" >"$policy"
chmod 755 "$policy"

export DEBIAN_FRONTEND=noninteractive
apt-get update -qq >/dev/null 9<&-
apt-get install -y -qq "$@" >/dev/null 9<&-
