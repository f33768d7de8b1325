#!/usr/bin/env bash
# Runs a fleet against a broker set up by the documented files, cuts all of it off, lets it come back at once, lets some boxes die,
# and says whether everything arrived. Prints one JSON object a line: machine, fleet, centre. About 16 minutes.
#
#   measure.sh mosquitto|rabbitmq
#
# From the environment: HALLS (1632), FOR (930s), OUTAGE (90s+10m), DEATHS (40@830s), STOP_NODE_AT (rabbitmq: seconds after the start
# at which node 2 is killed; 710, in the middle of the return), EDGE_AGENT (target/release/edge-agent).
# Listeners are in clear text on 127.0.0.1 and without users: --outage goes through a line of the fleet's own.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
root=$here/../../..
agent=${EDGE_AGENT:-$root/target/release/edge-agent}
kind=${1:-}
dir=$(mktemp -d)
central=
ulimit -n 20000

case $kind in
  mosquitto)
    port=18820
    # Without TLS and users; everything else is as documented.
    sed -e "s|^listener 8883|listener $port 127.0.0.1|; s|^allow_anonymous false|allow_anonymous true|; s|/var/lib/mosquitto/|$dir/|" \
      -e '/^\(cafile\|certfile\|keyfile\|password_file\|acl_file\)/d' "$root/edge-agent/docs/mqtt/broker/mosquitto.conf" >"$dir/mosquitto.conf"
    printf 'user %s\nlog_dest file %s/mosquitto.log\n' "$(id -un)" "$dir" >>"$dir/mosquitto.conf"
    /usr/sbin/mosquitto -c "$dir/mosquitto.conf" & brokers=$!
    stop_broker() { kill "$brokers" 2>/dev/null && wait "$brokers" || true; }
    sleep 1
    ;;
  rabbitmq)
    port=18830
    "$here/rabbitmq.sh" start "$dir/cluster" >&2
    brokers=$("$here/rabbitmq.sh" pids "$dir/cluster")
    stop_broker() { "$here/rabbitmq.sh" stop "$dir/cluster"; }
    ;;
  *) sed -n '2,9s/^# \{0,1\}//p' "$0" >&2; exit 2 ;;
esac
end() { [ -z "$central" ] || kill "$central" 2>/dev/null || true; stop_broker; rm -rf "$dir"; }
trap end EXIT

listen=("$agent" central --broker "mqtt://127.0.0.1:$port" --state "$dir/centre" --client-id measure --json)
"${listen[@]}" >/dev/null 2>"$dir/central.log" & central=$!
sleep 5
pids=()
for pid in $brokers; do pids+=(--broker-pid "$pid"); done
if [ "$kind" = rabbitmq ]; then
  (sleep "${STOP_NODE_AT:-710}"; "$here/rabbitmq.sh" stop-node "$dir/cluster" 2; echo "node 2 is killed" >&2) &
fi
printf '{"machine":"%s","cores":%s,"load_before":%s,"broker":"%s"}\n' \
  "$(sed -n 's/^model name.*: //p' /proc/cpuinfo | head -1)" "$(nproc)" "$(cut -d' ' -f1 /proc/loadavg)" "$kind"
"$agent" fleet --broker "mqtt://127.0.0.1:$port" --halls "${HALLS:-1632}" --for "${FOR:-930s}" --outage "${OUTAGE:-90s+10m}" \
  --deaths "${DEATHS:-40@830s}" --report "$dir/published.jsonl" "${pids[@]}"
# Whatever is still on its way to the centre.
sleep 3
kill -TERM "$central"; wait "$central" || true
central=
"${listen[@]}" --until-idle 3s --for 3m --expect "$dir/published.jsonl" 2>/dev/null
printf '{"load_after":%s}\n' "$(cut -d' ' -f1 /proc/loadavg)"
