#!/usr/bin/env bash
# Builds the page: web-ui -> web-ui/dist, which the agent embeds. Rebuilds only when a source is newer than the last build.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
cd "$here/../../.."

say() { printf '[setup] %s\n' "$*"; }

if [ ! -f web-ui/package-lock.json ]; then
  echo "[setup] page: web-ui/package-lock.json is missing; is this checkout complete?" >&2
  exit 1
fi
node_bin=$("$here/node.sh")
export PATH="$node_bin:$PATH"
mkdir -p .native
printf '%s\n' "$node_bin" >.native/node.path

packages=$(cat web-ui/package.json web-ui/package-lock.json | sha256sum | cut -d' ' -f1)-$(node --version)
if [ ! -d web-ui/node_modules ] || [ "$(cat .native/page.packages 2>/dev/null)" != "$packages" ]; then
  say "page: fetching its packages from the npm registry (npm ci)"
  (cd web-ui && npm ci --no-audit --no-fund --loglevel=error </dev/null)
  printf '%s\n' "$packages" >.native/page.packages
  rm -f .native/page.built
fi

newer=yes
if [ -f web-ui/dist/index.html ] && [ -f .native/page.built ]; then
  newer=$(find web-ui -path web-ui/node_modules -prune -o -path web-ui/dist -prune -o -type f -newer .native/page.built -print -quit)
fi
if [ -n "$newer" ]; then
  say "page: building web-ui/dist"
  (cd web-ui && npm run --silent build </dev/null)
  touch .native/page.built
fi
say "page: web-ui/dist is up to date"
