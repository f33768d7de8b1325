#!/usr/bin/env bash
# Brings AsyncAPI's own parser (tests/asyncapi), with which the published contract is checked. Needs the Node.js that page.sh found. Does
# nothing, quickly, when the pinned packages are there.
set -euo pipefail
cd "$(dirname "$0")/../../.."
PATH="$(cat .native/node.path):$PATH"

packages=$(cat tests/asyncapi/package.json tests/asyncapi/package-lock.json | sha256sum | cut -d' ' -f1)-$(node --version)
if [ -d tests/asyncapi/node_modules ] && [ "$(cat .native/asyncapi.packages 2>/dev/null)" = "$packages" ]; then
  echo "[setup] AsyncAPI parser: present"
  exit 0
fi
echo "[setup] AsyncAPI parser: fetching its packages from the npm registry (npm ci)"
# No package runs anything of its own (.npmrc): one of them would report the installation to its makers.
(cd tests/asyncapi && npm ci --loglevel=error </dev/null)
printf '%s\n' "$packages" >.native/asyncapi.packages
