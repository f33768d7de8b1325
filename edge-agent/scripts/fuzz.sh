#!/usr/bin/env bash
# Feeds every parser of foreign bytes RUNS inputs by libFuzzer and prints what came of it. An input that breaks a parser is kept and named; the
# corpus grows from run to run under edge-agent/fuzz/corpus.
#
#   RUNS=1000000 PARSER=ld2410 fuzz.sh      all parsers without PARSER
set -uo pipefail
cd "$(dirname "$0")/../.."
runs=${RUNS:-1000000}
fuzz=edge-agent/fuzz
if ! command -v cargo-fuzz >/dev/null; then
  echo "[fuzz] cargo-fuzz is missing; what to do: cargo install --locked cargo-fuzz (about a minute)" >&2; exit 1
fi
names=$(cargo run --quiet --locked -p hall-fuzz --example seeds -- "$fuzz/corpus") || exit 1
# No sanitizer: the code is safe Rust, and so the pinned stable toolchain is enough.
cargo fuzz build --sanitizer none --fuzz-dir "$fuzz" parser || exit 1
# What was built is run as it is, so that a source that changes meanwhile does not stop the row for a new build.
parser=${CARGO_TARGET_DIR:-$fuzz/target}/$(rustc -vV | sed -n 's/^host: //p')/release/parser

rows=() failed=0
for name in $names; do
  [ -z "${PARSER:-}" ] || [ "$PARSER" = "$name" ] || continue
  printf '\n==> %s: %s inputs\n' "$name" "$runs"
  began=$SECONDS log=$(mktemp)
  mkdir -p "$fuzz/artifacts/$name"
  HALL_PARSER=$name "$parser" "$fuzz/corpus/$name" -runs="$runs" -seed=1 -max_len=4096 -timeout=20 -rss_limit_mb=1024 -print_final_stats=1 \
    -artifact_prefix="$PWD/$fuzz/artifacts/$name/" 2>&1 | tee "$log" | grep --line-buffered -E '^#[0-9]+.(pulse|INITED|DONE)|panicked|does not|SUMMARY|artifact|Test unit'
  executed=$(sed -n 's/^stat::number_of_executed_units: //p' "$log")
  if grep -q '^#[0-9]*.DONE' "$log"; then verdict=ok; else verdict=BROKEN; failed=1; tail -n 40 "$log"; fi
  coverage=$(sed -n 's/^#[0-9]*.DONE *cov: \([0-9]*\).*/\1/p' "$log")
  rows+=("$(printf '| %-12s | %10s | %8s | %6d s | %s |' "$name" "${executed:-?}" "${coverage:-?}" $((SECONDS - began)) "$verdict")")
  rm -f "$log"
done

printf '\n| parser       |     inputs | branches |  time    | |\n|---|---|---|---|---|\n'
printf '%s\n' "${rows[@]}"
[ ${#rows[@]} -gt 0 ] || { echo "[fuzz] there is no parser ${PARSER:-}; there are: ${names//$'\n'/ }" >&2; exit 1; }
[ $failed = 0 ] || printf '\n[fuzz] what to do: mend the parser, and keep the input under %s\n' edge-agent/crates/hall-fuzz/tests/broke/PARSER/ >&2
exit $failed
