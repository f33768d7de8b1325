#!/usr/bin/env python3
"""Keeps every event of a part of the tree once, whatever the network does.

    python3 subscribe.py 127.0.0.1 1883 'hall/v1/51/5119/#' events.db

Needs paho-mqtt (Debian: python3-paho-mqtt; 1.6 or 2.x). New events go to standard output, one line of JSON each, and into a
SQLite table whose key is the CloudEvents id: that key is the whole de-duplication. The session at the broker is persistent and a
message is acknowledged after it is on disk, so that what is published while this program is away comes when it is back.
"""
import argparse
import json
import os
import sqlite3
import sys
import time

import paho.mqtt.client as mqtt

parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
parser.add_argument("host")
parser.add_argument("port", type=int)
parser.add_argument("filter", help="topics, for example hall/v1/51/5119/#")
parser.add_argument("db", help="SQLite file")
parser.add_argument("--client-id", default="hall-subscribe-py")
parser.add_argument("--user", help="the password is taken from HALL_PASSWORD")
parser.add_argument("--ca-file", help="certificates of the authority (PEM); turns TLS on")
parser.add_argument("--idle", type=float, help="end when nothing has come for so many seconds")
args = parser.parse_args()

db = sqlite3.connect(args.db)
db.execute("CREATE TABLE IF NOT EXISTS event (id TEXT PRIMARY KEY, source TEXT, seq INTEGER, payload TEXT)")
last = time.monotonic()


def on_connect(client, userdata, flags, reason, properties=None):
    if getattr(reason, "is_failure", reason != 0):
        sys.exit(f"the broker refused: {reason}")
    client.subscribe(args.filter, qos=1)


def on_message(client, userdata, message):
    global last
    last = time.monotonic()
    if not message.topic.endswith("/event"):
        return
    event = json.loads(message.payload)
    with db:  # on disk before paho acknowledges, which it does when this function returns
        row = (event["id"], event["source"], int(event["sequence"]), message.payload.decode())
        new = db.execute("INSERT OR IGNORE INTO event VALUES (?, ?, ?, ?)", row).rowcount
    if new:
        print(json.dumps(event, ensure_ascii=False), flush=True)


if hasattr(mqtt, "CallbackAPIVersion"):
    client = mqtt.Client(mqtt.CallbackAPIVersion.VERSION2, client_id=args.client_id, clean_session=False)
else:
    client = mqtt.Client(client_id=args.client_id, clean_session=False)
if args.user:
    client.username_pw_set(args.user, os.environ.get("HALL_PASSWORD", ""))
if args.ca_file:
    client.tls_set(ca_certs=args.ca_file)
client.on_connect, client.on_message = on_connect, on_message
client.connect(args.host, args.port)
while args.idle is None or time.monotonic() - last < args.idle:
    if client.loop(timeout=0.5) != mqtt.MQTT_ERR_SUCCESS:
        time.sleep(1)
        try:
            client.reconnect()
        except OSError as error:
            print(f"no connection: {error}", file=sys.stderr)

# Holes: numbers of a box between its first and last that are not here. Gaps a box announces stand for from…to.
for source, in db.execute("SELECT DISTINCT source FROM event ORDER BY source").fetchall():
    seen = set()
    for payload, in db.execute("SELECT payload FROM event WHERE source = ?", (source,)):
        data = json.loads(payload)["data"]
        seen.update(range(data.get("from", data["seq"]), data["seq"] + 1))
    missing = set(range(min(seen), max(seen) + 1)) - seen
    if missing:
        print(f"{source}: missing {sorted(missing)}", file=sys.stderr)
client.disconnect()
