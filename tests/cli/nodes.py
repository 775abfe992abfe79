#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Nodes and their clients: each promise of the command line that needs a peer."""
import base64
import hashlib
import json
import os
import random
import signal
import socket
import stat
import subprocess
import time
import urllib.error
import urllib.request

import lab


class NodeProcess(lab.LabTest):
    def test_the_ready_line_says_who_and_where(self):
        read, write = os.pipe()
        node = lab.Process(self.lab, "a", [lab.BOATO, "node", "--name", "a", "--listen", "127.0.0.1:0", "--ready-fd", str(write)],
                           pass_fds=(write,))
        os.close(write)
        with os.fdopen(read) as pipe:
            told = pipe.read()  # to its end: the node closes it
        node.need(node.lines, "its ready line")
        self.assertRegex(node.out(), rf"^ready name=a id=[a-z2-7]{{52}} listen=127\.0\.0\.1:[1-9]\d* pid={node.pid}\n$")
        self.assertEqual(told, node.out())

    def test_term_and_int_end_it_gracefully_with_0(self):
        for number in (signal.SIGTERM, signal.SIGINT):
            node = self.lab.node(f"a{number}")
            self.assertEqual(node.stop(number), 0)
            self.assertEqual(len(node.lines()), 1)  # its only line on stdout
            self.assertIn("node.drain", node.err())

    def test_its_identity_stays_with_its_data_folder(self):
        first = self.lab.node("a", "--data-dir", "data")
        self.assertEqual(first.stop(), 0)
        again = self.lab.node("b", "--data-dir", "data")
        self.assertEqual(again.id, first.id)
        result = self.lab.run("node", "--name", "c", "--listen", "127.0.0.1:0", "--data-dir", "data")
        self.need_exit(result, 2, "in use")

    def test_usr1_writes_its_state_into_the_log(self):
        node = self.lab.node("a")
        node.send(signal.SIGUSR1)
        node.need(lambda: "node.state" in node.err(), "its state")

    def test_hup_changes_the_log_level_and_says_what_needs_a_restart(self):
        file = self.lab.path("boato.toml")

        def write(text):
            with open(file, "w", encoding="utf-8") as out:
                out.write(text)
        write('[log]\nlevel = "info"\n')
        node = self.lab.node("a", "--config", file)
        write('[log]\nlevel = "debug"\n[limits]\nlinks_max = 100\n')
        node.send(signal.SIGHUP)
        node.need(lambda: "config.reload" in node.err(), "the reload")
        line = next(part for part in node.err().splitlines() if "config.reload" in part)
        self.assertIn("changed: log.level", line)
        self.assertIn("restart=limits.links_max", line)
        write('[log]\nlevl = "debug"\n')
        node.send(signal.SIGHUP)
        node.need(lambda: "nothing was changed" in node.err(), "the refusal")
        self.assertIn("boato.toml:2:1", node.err())
        self.assertTrue(node.running())

    def test_logs_are_json_lines_if_asked_for(self):
        node = self.lab.node("a", "--set", "log.format=json")
        node.need(lambda: "node.ready" in node.err(), "a line")
        for line in node.err().splitlines():
            self.assertLessEqual({"ts", "level", "event"}, set(json.loads(line)))

    def test_declared_topics_are_there_at_the_start(self):
        node = self.lab.node("a", "--set", "topics.readings.order=none", "--set", "topics.readings.reliability=unreliable")
        (topic,) = self.lab.run("topic", "info", "readings", "--json").objects()
        self.assertEqual((topic["contract"]["order"], topic["contract"]["reliability"]), ("none", "unreliable"))
        self.assertTrue(node.running())

    def test_http_serves_metrics_health_and_readiness(self):
        node = self.lab.node("a", "--http", "127.0.0.1:0", "--set", "log.format=json")
        node.need(lambda: "node.ready" in node.err(), "its address")
        ready = next(o for o in map(json.loads, node.err().splitlines()) if o["event"] == "node.ready")

        def get(path):
            with urllib.request.urlopen(f"http://{ready['http']}{path}", timeout=lab.PATIENCE) as answer:
                return answer.read().decode()
        metrics = get("/metrics")
        self.assertRegex(metrics, r"(?m)^# TYPE boato_events_published_total counter$")
        names = [line.split("{")[0].split(" ")[0] for line in metrics.splitlines() if not line.startswith("#")]
        blocks = [name for i, name in enumerate(names) if i == 0 or names[i - 1] != name]
        self.assertEqual(len(blocks), len(set(blocks)), "the lines of one metric stand together")
        self.assertEqual((get("/healthz"), get("/readyz")), ("ok\n", "ready\n"))
        with self.assertRaises(urllib.error.HTTPError):
            get("/nothing")

        waiting = self.lab.node("b", "--http", "127.0.0.1:0", "--set", "http.listen=127.0.0.1:0", "--set", "log.format=json",
                                join="127.0.0.1:1", wait=False)
        waiting.need(lambda: os.path.exists(self.lab.path("run/boato/b.sock")), "its socket")
        (status,) = self.lab.run("--set", "node.name=b", "status", "--json").objects()
        self.assertFalse(status["joined"])


class PubSub(lab.LabTest):
    def setUp(self):
        super().setUp()
        self.a = self.lab.node("a")
        self.b = self.lab.node("b", join=self.a)

    def at(self, node, *args, **more):
        return self.lab.run("--set", f"node.name={node}", *args, **more)

    def sub_at(self, node, name, *args, **more):
        return self.lab.sub(name, *args, env={"BOATO_NODE_NAME": node}, **more)

    def test_an_event_with_attributes_from_one_node_to_another(self):
        sub = self.sub_at("b", "s", "sensors/+/temp", "--format", "%t %a{value}\\n", "-C", "1", "-W", "60s")
        pub = self.at("a", "pub", "sensors/3/temp", "-a", "value:f64=31.5", "-a", "room=lab", "--wait-subs", "1")
        self.assertEqual((pub.code, pub.text), (0, ""), pub.error)
        self.assertEqual(sub.wait(), 0)
        self.assertEqual(sub.out(), "sensors/3/temp 31.5\n")

    def test_without_names_the_first_node_that_answers_is_used(self):
        sub = self.lab.sub("s", "hello/#", "-C", "1")
        self.assertEqual(self.lab.run("pub", "hello/world", "bom dia", "--wait-subs", "1").code, 0)
        self.assertEqual(sub.wait(), 0)
        self.assertEqual(sub.out(), "bom dia\n")

    def test_every_attribute_type_arrives_as_it_left(self):
        sub = self.sub_at("b", "s", "types", "--json", "-C", "1")
        pub = self.at("a", "pub", "types", "x", "-k", "key", "--type", "text/plain", "-a", "i:i64=-9007199254740991", "-a", "f:f64=2",
                      "-a", "b:bool=true", "-a", "h:hex=00fF", "-a", "s=ção", "-a", "n:nil=")
        self.assertEqual(pub.code, 0, pub.error)
        self.assertEqual(sub.wait(), 0)
        (event,) = sub.objects("event")
        self.assertEqual(event["attrs"], {"i": -9007199254740991, "f": 2.0, "b": True, "h": {"hex": "00ff"}, "s": "ção", "n": None})
        self.assertIsInstance(event["attrs"]["f"], float)
        self.assertEqual((event["key"], event["type"], event["payload"], event["topic"]), ("key", "text/plain", "x", "types"))
        self.assertEqual(event["id"], f"{event['publisher']}:{event['incarnation']}:{event['seq']}")
        self.assertEqual((event["publisher"], event["seq"]), (self.a.id, 1))
        for key in ("number", "time_us", "hops"):
            self.assertIn(key, event)

    def test_two_pubs_in_a_row_are_one_stream(self):
        sub = self.sub_at("b", "s", "row", "--format", "%P %s %p\\n", "-C", "2")
        for word in ("one", "two"):
            self.assertEqual(self.at("a", "pub", "row", word).code, 0)
        self.assertEqual(sub.wait(), 0)
        self.assertEqual(sub.out(), f"{self.a.id} 1 one\n{self.a.id} 2 two\n")

    def test_a_receipt_with_json(self):
        self.sub_at("b", "s", "orders")
        pub = self.at("a", "pub", "orders", "x", "--json", "--wait-subs", "1")
        (receipt,) = pub.objects()
        self.assertEqual((receipt["t"], receipt["topic"], receipt["level"], receipt["stored_by"]), ("receipt", "orders", "stored", 1))
        for key in ("id", "number", "generation", "lsn", "duplicate", "took_us"):
            self.assertIn(key, receipt)

    def test_stdin_is_one_payload(self):
        sub = self.sub_at("b", "s", "in", "--json", "-C", "2")
        self.assertEqual(self.at("a", "pub", "in", stdin=b"two\nlines\n").code, 0)
        self.assertEqual(self.at("a", "pub", "in", "-", stdin=b"").code, 0)
        self.assertEqual(sub.wait(), 0)
        self.assertEqual([e["payload"] for e in sub.objects("event")], ["two\nlines\n", ""])

    def test_lines_are_events(self):
        sub = self.sub_at("b", "s", "lines", "-C", "3000", "--format", "%s %p\\n")
        lines = [f"line {i}" for i in range(3000)]
        pub = self.at("a", "pub", "lines", "--lines", "--json", stdin="\n".join(lines).encode())
        self.assertEqual(pub.code, 0, pub.error)
        self.assertEqual(len(pub.objects()), 3000)
        self.assertEqual(sub.wait(), 0)
        self.assertEqual(sub.lines(), [f"{i + 1} {line}" for i, line in enumerate(lines)])

    def test_bytes_in_the_same_bytes_out(self):
        payload = random.Random(7).randbytes(1 << 20)
        sub = self.sub_at("b", "s", "photos", "--format", "%p", "-C", "1")
        pub = self.at("a", "pub", "photos", "--type", "image/jpeg", stdin=payload)
        self.assertEqual(pub.code, 0, pub.error)
        self.assertEqual(sub.wait(), 0)
        with open(sub.out_path, "rb") as file:
            self.assertEqual(hashlib.sha256(file.read()).digest(), hashlib.sha256(payload).digest())
        with_json = self.sub_at("b", "j", "photos", "--json", "-C", "1")
        self.assertEqual(self.at("a", "pub", "photos", stdin=payload[:1000]).code, 0)
        self.assertEqual(with_json.wait(), 0)
        self.assertEqual(base64.b64decode(with_json.objects("event")[0]["payload_b64"]), payload[:1000])

    def test_a_payload_above_the_limit_is_refused(self):
        self.need_exit(self.at("a", "pub", "big", stdin=b"x" * ((1 << 20) + 1)), 4)
        (refused,) = self.at("a", "pub", "big", "--json", stdin=b"x" * ((1 << 20) + 1)).objects()
        self.assertEqual((refused["t"], refused["code"]), ("refused", "too_large"))

    def test_a_rate_is_kept(self):
        begun = time.monotonic()
        pub = self.at("a", "pub", "slow", "--lines", "--rate", "20", stdin=b"x\n" * 21)
        self.assertEqual(pub.code, 0, pub.error)
        self.assertGreaterEqual(time.monotonic() - begun, 0.95)

    def test_nobody_subscribes_in_time(self):
        self.need_exit(self.at("a", "pub", "lonely", "x", "--wait-subs", "1", "-W", "200ms"), 6, "nothing was published")

    def test_the_count_is_not_reached_in_time(self):
        self.need_exit(self.at("a", "sub", "silent", "-C", "1", "-W", "200ms"), 6, "0 of 1")
        self.assertEqual(self.at("a", "sub", "silent", "-W", "200ms").code, 0)

    def test_bad_names_and_patterns(self):
        for topic in ("a//b", "a/+", "#", "/a"):
            with self.subTest(topic=topic):
                self.need_exit(self.at("a", "pub", topic, "x"), 2)
        for pattern in ("a/#/b", "a+", "a//b"):
            with self.subTest(pattern=pattern):
                self.need_exit(self.at("a", "sub", pattern), 2)

    def test_wildcards_catch_topics_that_come_later(self):
        sub = self.sub_at("b", "s", "new/+/x", "other/#", "--format", "%t %p\\n", "-C", "3")
        for topic in ("new/1/x", "new/1/y", "other", "other/a/b"):
            self.assertEqual(self.at("a", "pub", topic, topic).code, 0)
        self.assertEqual(sub.wait(), 0)
        self.assertEqual(sorted(sub.lines()), ["new/1/x new/1/x", "other other", "other/a/b other/a/b"])

    def test_a_closed_stdout_ends_a_sub_quietly(self):
        sub = subprocess.Popen([lab.BOATO, "sub", "pipe", "--ready"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=self.lab.env(),
                               cwd=self.lab.folder)
        self.addCleanup(sub.wait)
        self.addCleanup(sub.kill)
        self.assertEqual(sub.stderr.readline(), b"ready topics=1\n")
        sub.stdout.close()
        self.assertEqual(sub.wait(lab.PATIENCE), 0)
        self.assertEqual(sub.stderr.read(), b"")
        sub.stderr.close()

    def test_signals_end_clients(self):
        for number, code in ((signal.SIGINT, 130), (signal.SIGTERM, 143)):
            sub = self.sub_at("a", f"s{number}", "sig")
            self.assertEqual(sub.stop(number), code)
            read, write = os.pipe()
            pub = self.lab.start(f"p{number}", "pub", "sig", "--lines", "--json", stdin=read)
            os.close(read)
            os.write(write, b"x\n")
            pub.need(pub.lines, "its receipt")
            self.assertEqual(pub.stop(number), code)
            os.close(write)

    def test_a_paused_subscriber_holds_nobody_up_and_misses_nothing(self):
        slow = self.sub_at("b", "slow", "burst", "--format", "%s\\n", "-C", "2000")
        slow.send(signal.SIGSTOP)
        fast = self.sub_at("b", "fast", "burst", "--format", "%s\\n", "-C", "2000")
        pub = self.at("a", "pub", "burst", "--lines", stdin=b"".join(b"%01000d\n" % i for i in range(2000)))
        self.assertEqual(pub.code, 0, pub.error)
        self.assertEqual(fast.wait(), 0)
        slow.send(signal.SIGCONT)
        self.assertEqual(slow.wait(), 0)
        self.assertEqual(slow.lines(), [str(i) for i in range(1, 2001)])

    def test_a_node_that_ends_ends_its_clients(self):
        sub = self.sub_at("b", "s", "end")
        self.b.kill()
        self.assertEqual(sub.wait(), 3)
        self.assertEqual(len(sub.err().splitlines()), 1)

    def test_topics(self):
        self.need_exit(self.at("a", "topic", "info", "nothing"), 5, "nothing", "boato topic ls")
        create = self.at("a", "topic", "create", "readings", "--reliability", "unreliable", "--order", "none", "--retain", "5m", "--retain", "64MiB",
                         "--json")
        (topic,) = create.objects()
        self.assertEqual(create.code, 0, create.error)
        self.assertEqual((topic["contract"]["reliability"], topic["contract"]["order"]), ("unreliable", "none"))
        self.assertEqual((topic["contract"]["retain_us"], topic["contract"]["retain_bytes"]), (300_000_000, 64 << 20))
        lab.until(lambda: "readings" in self.at("b", "topic", "ls").text, "the topic at the other node")
        (seen,) = self.at("b", "topic", "info", "readings", "--json").objects()
        self.assertEqual(seen["contract"], topic["contract"])
        self.need_exit(self.at("b", "topic", "create", "readings", "--order", "fifo"), 4, "readings")
        self.need_exit(self.at("a", "topic", "create", "orders", "--order", "total"), 4)
        self.assertEqual(self.at("a", "topic", "rm", "readings").code, 0)
        self.need_exit(self.at("a", "topic", "rm", "readings"), 5)

    def test_a_topic_that_was_removed_is_founded_anew_by_the_next_event(self):
        for _ in range(3):
            self.assertEqual(self.at("a", "pub", "again", "x").code, 0)
            self.assertEqual(self.at("a", "topic", "rm", "again").code, 0)
            self.need_exit(self.at("a", "topic", "info", "again"), 5)

    def test_status_and_peers(self):
        (status,) = self.at("a", "status", "--json").objects()
        self.assertEqual((status["t"], status["name"], status["id"], status["pid"]), ("node", "a", self.a.id, self.a.pid))
        self.assertEqual((status["joined"], status["links"], status["listen"]), (True, 1, [self.a.address]))
        self.assertIn("boato_events_published_total", status["counters"])
        self.assertEqual(status["drops"], [])
        self.assertIn("\nno drops\n", self.at("a", "status").text)
        (peer,) = self.at("a", "peers", "--json").objects()
        self.assertEqual((peer["id"], peer["active"]), (self.b.id, True))
        self.sub_at("b", "s", "who")
        self.at("a", "pub", "who", "x", "--wait-subs", "1")
        members = {m["id"]: m["receives"] for m in self.at("a", "peers", "--topic", "who", "--json").objects()}
        self.assertEqual(members.get(self.b.id), True)
        self.need_exit(self.at("a", "peers", "--topic", "nothing"), 5)

    def test_status_and_metrics_say_what_was_dropped_why_and_whose(self):
        small = self.lab.node("c", "--http", "127.0.0.1:0", "--set", "log.format=json", "--set", "limits.topics_max=1",
                              join=self.a)
        self.sub_at("c", "s", "#")
        for topic in ("one", "two"):
            self.at("a", "pub", topic, "x")
        drops = lab.until(lambda: self.at("c", "status", "--json").objects()[0]["drops"], "a drop")
        (drop,) = [d for d in drops if d["reason"] == "directory_full"]
        self.assertEqual((drop["count"], drop["peer"]), (1, self.a.id))
        self.assertIn(drop["topic"], ("one", "two"))
        self.assertRegex(self.at("c", "status").text, rf"(?m)^1 +directory_full +{drop['topic']} +{self.a.id[:12]}$")
        http = next(o for o in map(json.loads, small.err().splitlines()) if o["event"] == "node.ready")["http"]
        with urllib.request.urlopen(f"http://{http}/metrics", timeout=lab.PATIENCE) as answer:
            line = f'boato_drops_total{{reason="directory_full",topic="{drop["topic"]}",peer="{self.a.id}"}} 1'
            self.assertIn(line, answer.read().decode().splitlines())

    def test_the_topology_is_what_the_peers_tell(self):
        self.lab.node("c", join=self.a)
        ids = lambda doc: {peer["id"] for peer in doc["peers"]}  # noqa: E731
        whole = lab.until(lambda: [d for d in self.at("a", "topo", "json").objects() if len(ids(d)) == 3], "all three")
        self.assertEqual(whole[0]["t"], "topology")
        with open(self.lab.path("before.json"), "w", encoding="utf-8") as file:
            json.dump(whole[0], file)
        (stats,) = self.at("a", "topo", "stats", "--json").objects()
        self.assertEqual((stats["peers"], stats["components"]), (3, 1))
        dot = self.at("a", "topo", "dot").text
        self.assertTrue(dot.startswith("graph boato {") and self.a.id[:12] in dot)
        self.assertIn(self.a.address, self.at("a", "topo", "show").text)
        svg = self.at("a", "topo", "svg").text
        self.assertTrue(svg.startswith("<svg ") and svg.count("<circle ") == 3, svg)
        self.assertEqual(self.at("a", "topo", "diff", "before.json", "before.json").code, 0)
        del whole[0]["peers"][0]
        with open(self.lab.path("after.json"), "w", encoding="utf-8") as file:
            json.dump({"t": "topology", "peers": [dict(whole[0]["peers"][0], links=[])]}, file)
        diff = self.at("a", "topo", "diff", "before.json", "after.json")
        self.assertEqual(diff.code, 7)
        self.assertIn("- peer ", diff.text)

    def test_the_tree_of_an_event_is_who_had_it_from_whom(self):
        self.sub_at("b", "s", "news")
        self.at("a", "pub", "news", "x", "--wait-subs", "1")
        lab.until(lambda: '"way":"tree"' in self.at("a", "topo", "tree", "news", "--json").text, "the event at b")
        tree, *peers = self.at("a", "topo", "tree", "news", "--publisher", self.a.id[:6], "--json").objects()
        self.assertEqual((tree["topic"], tree["publisher"], tree["seq"], tree["missing"]), ("news", self.a.id, 1, 0))
        self.assertEqual([(p["id"], p["way"], p["from"], p["hops"], p["depth"]) for p in peers],
                         [(self.a.id, "own", "", 0, 0), (self.b.id, "tree", self.a.id, 1, 1)])
        text = self.at("b", "topo", "tree", "news", "--svg", self.lab.path("tree.svg")).text
        self.assertIn("2 of 2 peers have it (1 own, 1 tree, 0 repair), depth 1", text)
        with open(self.lab.path("tree.svg"), encoding="utf-8") as file:
            self.assertIn('stroke="#d62828"', file.read())
        self.need_exit(self.at("a", "topo", "tree", "nothing"), 5, "there is no topic nothing")
        other = next(letter for letter in "ab" if not self.a.id.startswith(letter))
        self.need_exit(self.at("a", "topo", "tree", "news", "--publisher", other), 5, "nobody whose id begins with")
        self.need_exit(self.at("a", "topo", "tree", "news", "--publisher", "K!"), 2, "a to z and 2 to 7")
        self.need_exit(self.at("a", "topo", "tree"), 2, "one topic")
        self.need_exit(self.at("a", "topo", "show", "--svg", "x"), 2, "topo tree")
        self.at("b", "pub", "news", "y", "--wait-subs", "1")
        lab.until(lambda: "2 peers have published" in self.at("a", "topo", "tree", "news").error, "the second publisher")


class Control(lab.LabTest):
    def setUp(self):
        super().setUp()
        self.node = self.lab.node("a")
        self.path = self.lab.path("run/boato/a.sock")

    def connect(self):
        connection = socket.socket(socket.AF_UNIX)
        self.addCleanup(connection.close)
        connection.settimeout(lab.PATIENCE)
        connection.connect(self.path)
        return connection, connection.makefile("r", encoding="utf-8")

    def ask(self, connection, answers, **request):
        connection.sendall(json.dumps(request).encode() + b"\n")
        items = []
        while True:
            answer = json.loads(answers.readline())
            if "item" in answer:
                items.append(answer["item"])
            if answer.get("done"):
                self.assertEqual(answer["id"], request["id"])
                return items

    def test_the_socket_is_its_owners_alone(self):
        self.assertEqual(stat.S_IMODE(os.stat(self.path).st_mode), 0o600)
        self.assertEqual(stat.S_IMODE(os.stat(os.path.dirname(self.path)).st_mode), 0o700)

    def test_the_socket_goes_with_the_node_and_does_not_stay_in_the_way(self):
        self.node.stop()
        self.assertFalse(os.path.exists(self.path))
        killed = self.lab.node("b")
        killed.kill()
        self.assertEqual(self.lab.run("status").code, 3)
        self.lab.node("b")

    def test_two_nodes_of_one_name(self):
        self.need_exit(self.lab.run("node", "--name", "a", "--listen", "127.0.0.1:0"), 4, "a", "--name")

    def test_boato_socket_names_the_socket(self):
        env = {"BOATO_SOCKET": self.lab.path("own.sock")}
        node = self.lab.node("c", env=env)
        (status,) = self.lab.run("status", "--json", env=env).objects()
        self.assertEqual(status["pid"], node.pid)

    def test_a_folder_that_others_can_open_is_refused(self):
        os.mkdir(self.lab.path("open"), 0o755)
        os.mkdir(self.lab.path("open/boato"))
        os.chmod(self.lab.path("open/boato"), 0o755)
        result = self.lab.run("node", "--name", "x", "--listen", "127.0.0.1:0", env={"XDG_RUNTIME_DIR": self.lab.path("open")})
        self.need_exit(result, 2, "chmod 700")

    def test_requests_are_answered_line_by_line(self):
        connection, answers = self.connect()
        (status,) = self.ask(connection, answers, id=1, do="status")
        self.assertEqual(status["name"], "a")
        connection.sendall(b'{"id":2,"do":"sub","pattern":"t"}\n')
        self.assertEqual(json.loads(answers.readline())["item"]["state"], "ready")
        accepted, *more = self.ask(connection, answers, id=3, do="pub", topic="other", payload="x")
        self.assertEqual((accepted["t"], more[-1]["t"]), ("accepted", "receipt"))
        self.assertEqual(self.ask(connection, answers, id=4, do="pub", topic="t/+", payload="x")[0]["t"], "refused")
        self.assertEqual(self.ask(connection, answers, id=5, do="nonsense")[0]["code"], "bad_config")
        self.assertEqual(self.ask(connection, answers, id=6, do="trace")[0]["code"], "not_allowed")

    def test_what_is_no_request_is_said_and_the_connection_goes_on(self):
        connection, answers = self.connect()
        for line in (b"hello\n", b"[]\n", b'{"do":"status"}\n', b'{"id":-1,"do":"status"}\n', b"\xff\xfe\n", b'{"id":"1"}\n'):
            connection.sendall(line)
            self.assertEqual(json.loads(answers.readline())["item"]["t"], "error")
        self.assertEqual(self.ask(connection, answers, id=1, do="status")[0]["name"], "a")

    def test_a_line_above_a_mebibyte_ends_the_connection(self):
        connection, answers = self.connect()
        try:
            connection.sendall(b"x" * (2 << 20))
        except (BrokenPipeError, ConnectionResetError):
            pass
        self.assertEqual(self.lab.run("status").code, 0)

    def test_the_sixty_fifth_client_is_told_to_come_back(self):
        connections = [self.connect() for _ in range(64)]
        for connection, answers in connections:
            self.ask(connection, answers, id=1, do="status")
        _, answers = self.connect()
        self.assertEqual(json.loads(answers.readline())["item"]["code"], "would_block")
        connections[0][1].close()
        connections[0][0].close()
        lab.until(lambda: self.lab.run("status").code == 0, "a place that became free")

    def test_a_client_that_does_not_read_holds_nobody_up(self):
        lazy, answers = self.connect()
        lazy.sendall(b'{"id":1,"do":"sub","pattern":"flood"}\n')
        answers.readline()
        pub = self.lab.run("pub", "flood", "--lines", stdin=(b"x" * 1000 + b"\n") * 20000)
        self.assertEqual(pub.code, 0, pub.error)
        with open(f"/proc/{self.node.pid}/status", encoding="ascii") as file:
            (kib,) = [int(line.split()[1]) for line in file if line.startswith("VmHWM")]
        self.assertLess(kib, 600_000)

    def test_close_ends_the_node(self):
        connection, answers = self.connect()
        self.ask(connection, answers, id=1, do="close")
        self.assertEqual(self.node.wait(), 0)


if __name__ == "__main__":
    lab.main()
