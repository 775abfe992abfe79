#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The end of tools/demo: waits until what was published has arrived, prints the table and judges each claim.

  demo_table.py FOLDER EXIT     FOLDER has pub-*.jsonl and sub-*.jsonl; EXIT is what the publisher of lines ended with
"""
import collections
import glob
import json
import os
import sys
import time

folder, lines_exit = sys.argv[1], int(sys.argv[2])
WITHIN = 20


def objects(name):
    with open(os.path.join(folder, name), encoding="utf-8") as file:
        text = file.read()
    return [json.loads(line) for line in text[: text.rfind("\n") + 1].splitlines()]


def takes(pattern, topic):
    if pattern == "#":
        return True
    want, have = pattern.split("/"), topic.split("/")
    return len(want) == len(have) and all(w in ("+", h) for w, h in zip(want, have))


def quantile(values, q):
    return sorted(values)[min(len(values) - 1, int(q * len(values)))] if values else 0


published, refused = {}, []
for path in glob.glob(os.path.join(folder, "pub-*.jsonl")):
    for o in objects(os.path.basename(path)):
        if o["t"] == "receipt":
            published[o["topic"], o["id"]] = o
        else:
            refused.append(o)

SUBSCRIBERS = [("machine/load", "n2", "load"), ("file/lines", "n3", "lines"), ("machine/+", "n4", "machine"), ("#", "n5", "all")]
deadline = time.monotonic() + WITHIN
while True:
    got = {name: objects(f"sub-{name}.jsonl") for _, _, name in SUBSCRIBERS}
    have = {name: {(o["topic"], o["id"]) for o in got[name] if o["t"] == "event"} for name in got}
    due = {name: {key for key in published if takes(pattern, key[0])} for pattern, _, name in SUBSCRIBERS}
    if all(due[name] <= have[name] for name in got) or time.monotonic() > deadline:
        break
    time.sleep(0.1)

print()
print(f"{'subscriber':<16}{'published':>10}{'delivered':>10}{'missing':>8}{'twice':>6}{'gaps':>5}{'hops':>10}{'p50 ms':>9}{'p99 ms':>9}")
missing = twice = gaps = disorder = 0
for pattern, node, name in SUBSCRIBERS:
    events = [o for o in got[name] if o["t"] == "event"]
    keys = collections.Counter((o["topic"], o["id"]) for o in events)
    lost = len(due[name] - set(keys))
    double = sum(n - 1 for n in keys.values())
    gap = sum(o["count"] for o in got[name] if o["t"] == "gap")
    last = collections.defaultdict(int)
    for o in events:
        stream = (o["topic"], o["publisher"], o["incarnation"])
        disorder += o["seq"] != last[stream] + 1
        last[stream] = o["seq"]
    times = [(o["received_us"] - o["time_us"]) / 1000 for o in events]
    hops = [o["hops"] for o in events]
    mean = sum(hops) / max(1, len(hops))
    missing, twice, gaps = missing + lost, twice + double, gaps + gap
    print(f"{pattern + ' at ' + node:<16}{len(due[name]):>10}{len(events):>10}{lost:>8}{double:>6}{gap:>5}"
          f"{f'{mean:.1f} (<={max(hops, default=0)})':>10}{quantile(times, 0.5):>9.2f}{quantile(times, 0.99):>9.2f}")
print()

back = [o for o in objects("sub-killed.jsonl") if o["t"] == "event"]
before = [o for o in objects("killed-before.jsonl") if o["t"] == "event"]
with open(os.path.join(folder, "outsider.exit"), encoding="ascii") as file:
    outsider = int(file.read())
forged = [o for name in got for o in got[name] if o.get("payload") == "forged"]
load = next((o for o in got["load"] if o["t"] == "event"), {"attrs": {}})
typed = isinstance(load["attrs"].get("one"), float) and isinstance(load["attrs"].get("running"), int)
claims = [
    (f"all {len(published)} events got their receipt", bool(published) and not refused and lines_exit == 0),
    ("every event reached every subscriber that stayed up", missing == 0 and gaps == 0),
    ("no event came twice", twice == 0),
    ("every stream came in its order", disorder == 0),
    ("readings arrived as typed attributes", typed),
    (f"the peer that was killed came back as itself and takes events again ({len(before)} before, {len(back)} after)",
     os.path.exists(os.path.join(folder, "same-identity")) and bool(before) and bool(back)),
    ("somebody without the network key stayed outside", outsider == 3 and not forged),
]
for text, holds in claims:
    print(f"{'ok' if holds else 'FAILED':<8}{text}")
for o in refused[:5]:
    print(f"        not published: {json.dumps(o)}")
sys.exit(0 if all(holds for _, holds in claims) else 1)
