#!/usr/bin/env bash
# Three RabbitMQ nodes on this machine, joined to a cluster, with HAProxy in front: to measure, not to operate.
#
#   rabbitmq.sh start DIR        ports 18831-18833, and 18830 for all three
#   rabbitmq.sh stop-node DIR N  ends node N (SIGKILL, as a power cut)
#   rabbitmq.sh start-node DIR N
#   rabbitmq.sh pids DIR         process ids of the nodes
#   rabbitmq.sh ctl DIR N …      rabbitmqctl on node N
#   rabbitmq.sh stop DIR         ends everything; what is in DIR stays
#
# Needs (by hand, not part of make setup-test): apt-get install rabbitmq-server haproxy
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
docs=$here/../../docs/mqtt/broker
bin=/usr/lib/rabbitmq/bin
usage() { sed -n '2,12s/^# \{0,1\}//p' "$0" >&2; exit 2; }
[ $# -ge 2 ] || usage
what=$1 dir=$(realpath -m "$2") n=${3:-}

need() { command -v "$1" >/dev/null || [ -x "$1" ] || { echo "$1 is missing; what to do: apt-get install rabbitmq-server haproxy" >&2; exit 1; }; }
need "$bin/rabbitmq-server"; need /usr/sbin/haproxy
export HOME=$dir ERL_EPMD_PORT=14369 ERL_EPMD_ADDRESS=127.0.0.1

# What a node needs to know of itself.
node_env() {
  local i=$1
  export RABBITMQ_NODENAME=hall$i@localhost RABBITMQ_CONFIG_FILE=$dir/$i/rabbitmq.conf RABBITMQ_MNESIA_BASE=$dir/$i/db \
    RABBITMQ_LOG_BASE=$dir/$i/log RABBITMQ_ENABLED_PLUGINS_FILE=$dir/$i/plugins RABBITMQ_DIST_PORT=$((18840 + i)) \
    RABBITMQ_PID_FILE=$dir/$i/pid RABBITMQ_CONF_ENV_FILE=/dev/null RABBITMQ_ADVANCED_CONFIG_FILE=$dir/none
}
ctl() { local i=$1; shift; (node_env "$i"; "$bin/rabbitmqctl" --quiet "$@"); }
start_node() {
  local i=$1
  (node_env "$i"; setsid "$bin/rabbitmq-server" </dev/null >"$dir/$i/out" 2>&1 & echo $! >"$dir/$i/starter")
  ctl "$i" wait --timeout 120 "$dir/$i/pid" >/dev/null
}
stop_node() { [ -s "$dir/$1/pid" ] && kill -KILL "$(cat "$dir/$1/pid")" 2>/dev/null || true; rm -f "$dir/$1/pid"; }

case $what in
  start)
    mkdir -p "$dir"
    head -c 24 /dev/urandom | base64 | tr -d '/+=' >"$dir/.erlang.cookie"; chmod 400 "$dir/.erlang.cookie"
    for i in 1 2 3; do
      mkdir -p "$dir/$i/db" "$dir/$i/log"
      echo '[rabbitmq_mqtt].' >"$dir/$i/plugins"
      sed "s/^mqtt.listeners.tcp.default = .*/mqtt.listeners.tcp.1 = 127.0.0.1:1883$i/" "$docs/rabbitmq.conf" >"$dir/$i/rabbitmq.conf"
      start_node $i
      [ $i = 1 ] || { ctl $i stop_app; ctl $i join_cluster hall1@localhost; ctl $i start_app; }
      echo "node $i runs"
    done
    /usr/sbin/haproxy -D -p "$dir/haproxy.pid" -f "$docs/haproxy.cfg"
    ctl 1 cluster_status | sed -n '/Running Nodes/,/^$/p'
    ;;
  stop-node) stop_node "$n" ;;
  start-node) start_node "$n" ;;
  pids) for i in 1 2 3; do echo "$(cat "$dir/$i/pid")"; done ;;
  stop)
    for i in 1 2 3; do stop_node $i; done
    [ -s "$dir/haproxy.pid" ] && kill "$(cat "$dir/haproxy.pid")" 2>/dev/null || true
    epmd -port 14369 -kill >/dev/null 2>&1 || true
    ;;
  ctl) shift 2; ctl "$@" ;;
  *) usage ;;
esac
