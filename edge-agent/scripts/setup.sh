#!/usr/bin/env bash
# Everything a fresh Debian 12 machine needs to build and run edge-agent, or with "test" to test it as well. Repeat it freely:
# each step says what it found and does nothing when there is nothing to do.
#
#   edge-agent/scripts/setup.sh [run|test]
set -euo pipefail
steps=$(cd "$(dirname "$0")" && pwd)/setup
what=${1:-run}

"$steps/packages.sh" "$what"
"$steps/rust.sh"
"$steps/onnxruntime.sh"
"$steps/page.sh"
[ "$what" != test ] || "$steps/asyncapi.sh"
[ "$what" != test ] || "$steps/schemathesis.sh"
