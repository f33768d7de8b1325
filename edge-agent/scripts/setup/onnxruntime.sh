#!/usr/bin/env bash
# Brings the ONNX Runtime shared library into .native/onnxruntime, from its PyPI wheel, checked by sha256. Knows nothing else.
#
# 1.28.0 is the newest release without the telemetry client that begins with 1.29.0; the ort crate of this workspace accepts it.
set -euo pipefail
cd "$(dirname "$0")/../../.."
version=1.28.0
library=libonnxruntime.so.$version
into=.native/onnxruntime

say() { printf '[setup] %s\n' "$*"; }

case $(uname -m) in
  x86_64) sha256=a166b78ee04f3a37fa1ef82034b6a3ce96d9684e582d4d30b296de83e9998bb5 ;;
  aarch64) sha256=8d66f9ceb29909c70839e4e4fb3435c7b490050d8f162bd5f3aba4ca01ee517f ;;
  *) echo "[setup] ONNX Runtime: no pinned build for $(uname -m); put $library into $into yourself" >&2; exit 1 ;;
esac
arch=$(uname -m)

if [ -s "$into/$library" ] && [ "$(cat "$into/wheel.sha256" 2>/dev/null)" = "$sha256" ]; then
  say "ONNX Runtime $version: present"
  exit 0
fi

python=
for candidate in python3 /usr/bin/python3; do
  if "$candidate" -m pip --version >/dev/null 2>&1; then python=$candidate; break; fi
done
if [ -z "$python" ]; then
  echo "[setup] ONNX Runtime: no python3 with pip; what to do: apt-get install --no-install-recommends python3-pip" >&2
  exit 1
fi

say "ONNX Runtime $version: fetching the $arch wheel (about 19 MB) from the Python package index"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
printf 'onnxruntime==%s --hash=sha256:%s\n' "$version" "$sha256" >"$work/requirements.txt"
# The wheel's C library needs no Python: any tag of this release serves, so one is named in place of the machine's own.
"$python" -m pip download --quiet --no-deps --require-hashes --only-binary=:all: --dest "$work" \
  --python-version 311 --implementation cp --abi cp311 \
  --platform "manylinux_2_27_$arch" --platform "manylinux_2_28_$arch" \
  -r "$work/requirements.txt" </dev/null
mkdir -p "$into"
"$python" - "$work" "$into" "$library" <<'PY'
import pathlib, sys, zipfile
work, into, library = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2]), sys.argv[3]
wheel = zipfile.ZipFile(next(work.glob("*.whl")))
for name, to in [(f"onnxruntime/capi/{library}", library), ("onnxruntime/LICENSE", "LICENSE"),
                 ("onnxruntime/ThirdPartyNotices.txt", "ThirdPartyNotices.txt")]:
    part = into / (to + ".part")
    part.write_bytes(wheel.read(name))
    part.replace(into / to)
PY
printf '%s\n' "$sha256" >"$into/wheel.sha256"
say "ONNX Runtime $version: $into/$library"
