#!/usr/bin/env bash
# Every check of the workspace and the page, one after another; all run even when one fails, so that one report names all
# that is wrong. Assumes `make setup-test`.
#
#   test.sh [all|lint]
set -uo pipefail
cd "$(dirname "$0")/../.."
what=${1:-all}
logs=$(mktemp -d)
trap 'rm -rf "$logs"' EXIT
if [ -s .native/node.path ]; then PATH="$(cat .native/node.path):$PATH"; export PATH; fi

names=() results=() times=()
step() { # name, command...
  local name=$1 began=$SECONDS; shift
  printf '\n==> %s: %s\n' "$name" "$*"
  if "$@" 2>&1 | tee "$logs/$name"; then results+=(ok); else results+=(FAILED); fi
  names+=("$name") times+=($((SECONDS - began)))
}
in_page() { (cd web-ui && "$@" </dev/null); }
in_asyncapi() { (cd tests/asyncapi && "$@" </dev/null); }

step format cargo fmt --all --check
step clippy cargo clippy --workspace --all-targets --locked -- -D warnings
step page-types in_page npm run --silent check
if [ "$what" = all ]; then
  step asyncapi in_asyncapi npm run --silent check
  # The end-to-end tests drive the real binary, found beside their own.
  step binaries cargo build --locked -p edge-agent -p edge-tests --bins
  step page-tests in_page npm test --silent
  step rust-tests cargo test --workspace --locked --no-fail-fast
fi

printf '\n==> Summary\n'
failed=0
for i in "${!names[@]}"; do
  printf '%-12s %-7s %4d s\n' "${names[$i]}" "${results[$i]}" "${times[$i]}"
  [ "${results[$i]}" = ok ] || failed=1
done
if [ "$what" = all ]; then
  grep -h '^SKIPPED ' "$logs"/* || true
  sed 's/\x1b\[[0-9;]*m//g' "$logs/page-tests" | grep -hE '^ *Tests ' | sed 's/^ */page: /' || true
  awk '/^test result: / { passed += $4; failed += $6; ignored += $8; n++ }
    END { printf "test result: %s. %d passed; %d failed; %d ignored; in %d test binaries\n",
          (failed ? "FAILED" : n ? "ok" : "NONE RUN"), passed, failed, ignored, n }' "$logs/rust-tests"
fi
exit $failed
