#!/usr/bin/env bash
# Brings schemathesis, which holds the HTTP interface to its OpenAPI description, into .native/schemathesis. Only the tests need it; it runs
# with PYTHONPATH there and touches no other Python.
set -euo pipefail
cd "$(dirname "$0")/../../.."
version=4.32.5
into=.native/schemathesis

say() { printf '[setup] %s\n' "$*"; }

if [ "$(cat "$into/version" 2>/dev/null)" = "$version" ]; then
  say "schemathesis $version: present"
  exit 0
fi
say "schemathesis $version: fetching it (about 30 MB) from the Python package index"
rm -rf "$into"
# Its own releases of everything, so that it neither finds nor disturbs what the system has.
python3 -m pip install --quiet --ignore-installed --root-user-action=ignore --target "$into.part" "schemathesis==$version" </dev/null
mv "$into.part" "$into"
printf '%s\n' "$version" >"$into/version"
say "schemathesis $version: $into"
