#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Topics of durability disk with real processes: receipts, kill -9 of everybody, readers from the beginning."""
import json
import os
import random
import signal
import subprocess
import time

import lab


class Durable(lab.LabTest):
    def nodes(self, names, ports=None):
        """Starts nodes with stores; the first is the one that others join."""
        started = []
        for i, name in enumerate(names):
            more = {"listen": f"127.0.0.1:{ports[i]}"} if ports else {}
            started.append(self.lab.node(name, "--data-dir", f"data-{name}", join=started[0] if started else None, **more))
        return started

    def read_all(self, node, topic, count, within="60s"):
        result = self.lab.run("sub", topic, "--from", "beginning", "--json", "-C", str(count), "-W", within, "--join", node.address)
        return result, [o for o in result.objects() if o.get("t") == "event"]

    def create(self, nodes, topic, *args):
        """Founds the topic at the first node, and waits until all know it: else another one would found it again."""
        node = nodes[0]

        def made():
            result = self.lab.run("--set", f"node.name={node.name[5:]}", "topic", "create", topic, "--durability", "disk", *args)
            return result.code == 0
        lab.until(made, f"the topic {topic}")
        for other in nodes:
            lab.until(lambda n=other.name[5:]: self.lab.run("--set", f"node.name={n}", "topic", "info", topic).code == 0,
                      f"the topic {topic} at {other.name}")

    def test_a_topic_outlives_its_publisher_and_all_nodes(self):
        nodes = self.nodes(["a", "b", "c"])
        self.wait_linked(nodes)
        self.create(nodes, "orders")
        info = self.lab.run("--set", "node.name=b", "topic", "info", "orders", "--json").objects()[0]
        self.assertEqual(len(info["replicas"]), 3)
        lines = "".join(f"order {i}\n" for i in range(1, 501))
        pub = self.lab.run("pub", "orders", "--lines", "--json", "--join", nodes[1].address, stdin=lines.encode())
        self.assertEqual(pub.code, 0, pub.error)
        receipts = [o for o in pub.objects() if o.get("t") == "receipt"]
        self.assertEqual(len(receipts), 500)
        self.assertTrue(all(r["level"] == "stored" and r["stored_by"] >= 2 for r in receipts))

        for node in nodes:
            node.kill()
        ports = [node.address.rsplit(":", 1)[1] for node in nodes]
        again = self.nodes(["a", "b", "c"], ports)
        result, events = self.read_all(again[2], "orders", 500)
        self.assertEqual(result.code, 0, result.error)
        self.assertEqual([e["payload"] for e in events], [f"order {i}" for i in range(1, 501)])

    def test_what_was_acknowledged_survives_kill_9_of_everybody(self):
        nodes = self.nodes(["a", "b", "c"])
        self.wait_linked(nodes)
        self.create(nodes, "audit")
        with open(self.lab.path("receipts"), "wb") as out:
            feed = subprocess.Popen([lab.BOATO, "pub", "audit", "--lines", "--json", "--join", nodes[1].address], stdin=subprocess.PIPE,
                                    stdout=out, stderr=subprocess.DEVNULL, env=self.lab.env())
        seed = random.randrange(1 << 32)
        until = time.monotonic() + random.Random(seed).uniform(1.0, 3.0)
        number = 0
        try:
            while time.monotonic() < until:
                number += 1
                feed.stdin.write(f"{number}\n".encode())
                if number % 200 == 0:
                    feed.stdin.flush()
                    time.sleep(0.01)
        except BrokenPipeError:
            pass
        for node in nodes:
            os.kill(node.pid, signal.SIGKILL)
        for node in nodes:
            node.kill()
        feed.kill()
        try:
            feed.communicate()  # closes the pipe
        except BrokenPipeError:
            pass
        with open(self.lab.path("receipts"), encoding="utf-8") as file:
            acked = [json.loads(line) for line in file if line.endswith("\n")]
        refused = [r for r in acked if r.get("t") not in ("receipt", "unknown")]
        self.assertFalse(refused[:3])
        acked = {int(r["id"].rsplit(":", 1)[1]) for r in acked if r.get("t") == "receipt" and r["level"] == "stored"}
        self.assertGreater(len(acked), 100)

        again = self.nodes(["a", "b", "c"], [node.address.rsplit(":", 1)[1] for node in nodes])
        sub = self.lab.start("reader", "sub", "audit", "--from", "beginning", "--json", "--join", again[0].address)
        last = max(acked)
        sub.need(lambda: f'"payload":"{last}"' in sub.out() or f'"payload":"{last + 1}"' in sub.out(), f"event {last} (seed {seed})")
        sub.stop(signal.SIGINT)
        events = sub.objects("event")
        numbers = [e["seq"] for e in events]
        self.assertEqual(len(numbers), len(set(numbers)), f"twice (seed {seed})")
        self.assertEqual(numbers, sorted(numbers), f"out of order (seed {seed})")
        self.assertFalse(acked - set(numbers), f"lost (seed {seed})")
        for event in events:
            self.assertEqual(event["payload"], str(event["seq"]))

    def test_a_minority_says_so_and_who_is_missing(self):
        nodes = self.nodes(["a", "b", "c"])
        self.wait_linked(nodes)
        self.create(nodes, "orders")
        for node in nodes[1:]:
            node.kill()
        pub = self.lab.run("--set", "node.name=a", "pub", "orders", "x", "-W", "30s")
        self.need_exit(pub, 3, "replicas of orders are needed", "missing")
        for node in nodes[1:]:
            self.assertIn(node.id[:12], pub.error)

    def test_without_a_store_there_is_no_such_topic(self):
        node = self.lab.node("a")
        result = self.lab.run("topic", "create", "orders", "--durability", "disk")
        self.need_exit(result, 3, "--data-dir")
        self.assertTrue(node.running())

    def wait_linked(self, nodes):
        for node in nodes:
            def linked(node=node):
                result = self.lab.run("--set", f"node.name={node.name[5:]}", "peers", "--json")
                return len(result.objects()) >= len(nodes) - 1
            lab.until(linked, "links between the nodes")


if __name__ == "__main__":
    lab.main()
