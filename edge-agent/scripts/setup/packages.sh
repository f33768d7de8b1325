#!/usr/bin/env bash
# Installs the Debian packages that building, running and (with "test") testing need. Knows nothing of Rust, Python wheels or
# the page. Does nothing, quickly, when all are there.
#
#   packages.sh [run|test]
#   EDGE_SETUP_SKIP_PACKAGES=1   leave the system alone: you have installed the equivalents yourself
set -euo pipefail
what=${1:-run}

# Compiling: GStreamer and OpenCV headers, and the clang that the opencv crate's generator calls. gcc links.
build=(ca-certificates gcc g++ libc6-dev pkg-config clang libclang1-14
  libgstreamer1.0-dev libgstreamer-plugins-base1.0-dev libgstrtspserver-1.0-dev
  libopencv-core-dev libopencv-imgproc-dev)
# Running: RTSP, RTP and JPEG (good), H.264/H.265 parsers (bad), decoders (libav); the demo's own RTSP server and broker.
run=(gstreamer1.0-plugins-base gstreamer1.0-plugins-good gstreamer1.0-plugins-bad gstreamer1.0-libav
  libgstrtspserver-1.0-0 mosquitto mosquitto-clients)
# Fetching the pinned ONNX Runtime wheel.
fetch=(python3 python3-pip)
# Tests: H.264 and H.265 encoders for test cameras (ugly, bad), a browser for the page, Chinese glyphs for its pictures, a database
# and a Python client for the receiving side with what its examples call (jq), pairs of pseudo-terminals that are serial lines (socat), Modbus units of another
# library on TCP and on such lines (pymodbus, which wants serial-asyncio), a clock that can be stepped for one process alone
# (libfaketime), certificates for a broker (openssl).
test=(gstreamer1.0-plugins-ugly gstreamer1.0-tools chromium fonts-noto-cjk postgresql python3-paho-mqtt jq socat
  python3-pymodbus python3-serial-asyncio libfaketime openssl)

case $what in
  run) wanted=("${build[@]}" "${run[@]}" "${fetch[@]}") ;;
  test) wanted=("${build[@]}" "${run[@]}" "${fetch[@]}" "${test[@]}") ;;
  *) echo "usage: packages.sh [run|test]" >&2; exit 2 ;;
esac

say() { printf '[setup] %s\n' "$*"; }

if [ "${EDGE_SETUP_SKIP_PACKAGES:-}" = 1 ]; then
  say "system packages: left alone, as EDGE_SETUP_SKIP_PACKAGES=1 asks"
  exit 0
fi

id=unknown version=unknown
if [ -r /etc/os-release ]; then
  id=$(. /etc/os-release && echo "${ID:-unknown}")
  version=$(. /etc/os-release && echo "${VERSION_ID:-unknown}")
fi
if [ "$id" != debian ] || [ "$version" != 12 ]; then
  cat >&2 <<MSG
[setup] This is $id $version; the set-up knows Debian 12 (bookworm) and will not guess package names elsewhere.
[setup] What to do: install the equivalents of these packages yourself, then run the same command again with
[setup]   EDGE_SETUP_SKIP_PACKAGES=1
[setup] ${wanted[*]}
MSG
  exit 1
fi

installed=$(dpkg-query -W -f='${db:Status-Status} ${Package}\n' "${wanted[@]}" 2>/dev/null | sed -n 's/^installed //p' || true)
missing=()
for package in "${wanted[@]}"; do
  grep -qxF -- "$package" <<<"$installed" || missing+=("$package")
done
if [ ${#missing[@]} -eq 0 ]; then
  say "system packages: all ${#wanted[@]} present"
  exit 0
fi

as_root=()
if [ "$(id -u)" -ne 0 ]; then
  if ! command -v sudo >/dev/null 2>&1; then
    cat >&2 <<MSG
[setup] ${#missing[@]} system packages are missing, and installing them needs root; there is no sudo here.
[setup] What to do: as root, run
[setup]   apt-get update && apt-get install --no-install-recommends ${missing[*]}
MSG
    exit 1
  fi
  as_root=(sudo)
fi

say "system packages: installing ${#missing[@]} of ${#wanted[@]}: ${missing[*]}"
apt=("${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -q -o DPkg::Lock::Timeout=300 -o Acquire::Retries=3)
log=$(mktemp)
# apt's hundreds of lines go to a file; a person sees how far it is, and everything when it fails.
quietly() {
  if ! "$@" </dev/null 2>&1 | tee "$log" | awk '
    / newly installed/ { print "[setup] system packages: " $0; total = $1 + $3; fflush() }
    /^Fetched /        { print "[setup] system packages: " $0; fflush() }
    /^Setting up /     { if (++done % 50 == 0) { print "[setup] system packages: " done " of " total " set up"; fflush() } }'; then
    cat "$log" >&2
    echo "[setup] system packages: this failed: $*" >&2
    rm -f "$log"
    exit 1
  fi
}
quietly "${apt[@]}" update
# A stock broker must not start listening because of us: tests and demo start their own on 127.0.0.1. A policy-rc.d that is
# already there belongs to somebody else and stays.
policy=/usr/sbin/policy-rc.d
if [[ " ${missing[*]} " == *" mosquitto "* ]] && [ ! -e "$policy" ]; then
  say "system packages: keeping the stock mosquitto service from starting during this installation"
  printf '#!/bin/sh\nexit 101\n' | "${as_root[@]}" tee "$policy" >/dev/null
  "${as_root[@]}" chmod 755 "$policy"
  # shellcheck disable=SC2064 # expanded now on purpose
  trap "${as_root[*]} rm -f $policy" EXIT
fi
quietly "${apt[@]}" install -y --no-install-recommends "${missing[@]}"
rm -f "$log"
say "system packages: done"
