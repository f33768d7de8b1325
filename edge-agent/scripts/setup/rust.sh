#!/usr/bin/env bash
# Sees to the Rust toolchain that rust-toolchain.toml pins: uses the rustup that is there, or brings rustup into the user's
# own folder when there is no cargo at all (Debian 12's is 1.63, too old).
set -euo pipefail
cd "$(dirname "$0")/../../.."
want=$(sed -n 's/^channel *= *"\(.*\)"/\1/p' rust-toolchain.toml)
rustup=1.28.2

say() { printf '[setup] %s\n' "$*"; }
by_hand() {
  cat >&2 <<MSG
[setup] What to do: install rustup (https://rustup.rs), which then brings $want by itself:
[setup]   curl --proto '=https' --tlsv1.2 -sSf https://sh.rustup.rs | sh -s -- -y --profile minimal
[setup]   . "\$HOME/.cargo/env"
MSG
  exit 1
}

if ! command -v cargo >/dev/null 2>&1; then
  case $(uname -m) in
    x86_64) sha256=20a06e644b0d9bd2fbdbfd52d42540bdde820ea7df86e92e533c073da0cdd43c ;;
    aarch64) sha256=e3853c5a252fca15252d07cb23a1bdd9377a8c6f3efa01531109281ae47f841c ;;
    *) echo "[setup] Rust: cargo is missing and $(uname -m) has no pinned rustup here" >&2; by_hand ;;
  esac
  url=https://static.rust-lang.org/rustup/archive/$rustup/$(uname -m)-unknown-linux-gnu/rustup-init
  say "Rust: no cargo here; installing rustup $rustup into ${CARGO_HOME:-$HOME/.cargo} (from static.rust-lang.org, checked by sha256)"
  work=$(mktemp -d)
  trap 'rm -rf "$work"' EXIT
  if ! python3 -c 'import sys, urllib.request; urllib.request.urlretrieve(sys.argv[1], sys.argv[2])' "$url" "$work/rustup-init"; then
    echo "[setup] Rust: $url could not be fetched" >&2; by_hand
  fi
  if ! echo "$sha256  $work/rustup-init" | sha256sum --check --status; then
    echo "[setup] Rust: $url is not the file that was pinned; nothing was run" >&2; by_hand
  fi
  chmod +x "$work/rustup-init"
  "$work/rustup-init" -y --quiet --no-modify-path --profile minimal --default-toolchain none </dev/null
  export PATH="${CARGO_HOME:-$HOME/.cargo}/bin:$PATH"
fi

# In this folder rustup reads rust-toolchain.toml and fetches the toolchain if need be.
if ! have=$(rustc --version); then
  printf '[setup] Rust: rustc does not start.\n[setup] What to do: rustup toolchain install %s --component rustfmt,clippy\n' "$want" >&2
  exit 1
fi
if [[ $have != "rustc $want "* ]]; then
  printf '[setup] Rust: found "%s", this workspace is pinned to %s.\n[setup] What to do: rustup toolchain install %s --component rustfmt,clippy\n' \
    "$have" "$want" "$want" >&2
  exit 1
fi
say "Rust: $have"
