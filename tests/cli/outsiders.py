#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Guests, and what somebody sees who does something wrong: one clear line, what to do, and the right exit code."""
import os
import socket

import lab


class Guests(lab.LabTest):
    def setUp(self):
        super().setUp()
        self.node = self.lab.node("a")
        self.alone = {"XDG_RUNTIME_DIR": self.lab.path("elsewhere")}  # where no local node is found
        os.mkdir(self.lab.path("elsewhere"), 0o700)

    def guest(self, *args, **more):
        return self.lab.run(*args, "--join", self.node.address, env=self.alone, **more)

    def test_a_guest_publishes_to_a_subscriber(self):
        sub = self.lab.sub("s", "hello", "--json", "-C", "1")
        pub = self.guest("pub", "hello", "bom dia", "--json")
        self.assertEqual(pub.code, 0, pub.error)
        self.assertEqual(sub.wait(), 0)
        (event,) = sub.objects("event")
        self.assertEqual(event["payload"], "bom dia")
        self.assertNotEqual(event["publisher"], self.node.id)

    def test_a_guest_subscribes(self):
        sub = self.lab.sub("s", "hello", "-C", "2", "--join", self.node.address, env=self.alone)
        self.assertEqual(self.lab.run("pub", "hello", "--lines", "--wait-subs", "1", stdin=b"one\ntwo\n").code, 0)
        self.assertEqual(sub.wait(), 0)
        self.assertEqual(sub.out(), "one\ntwo\n")

    def test_join_is_stronger_than_a_local_node(self):
        (status,) = self.lab.run("status", "--json", "--join", self.node.address).objects()
        self.assertNotEqual(status["id"], self.node.id)

    def test_a_dead_address_among_others_does_not_matter(self):
        result = self.lab.run("topic", "ls", "--join", "127.0.0.1:1", "--join", self.node.address, env=self.alone)
        self.assertEqual(result.code, 0, result.error)

    def test_a_guest_sees_topics_and_the_overlay(self):
        self.lab.run("topic", "create", "orders")
        self.assertIn("orders", self.guest("topic", "ls").text)
        self.assertEqual(self.guest("topic", "info", "orders").code, 0)
        self.need_exit(self.guest("topic", "info", "nothing"), 5)
        self.assertIn(self.node.id, self.guest("topo", "json").text)


class Mistakes(lab.LabTest):
    def test_no_node_and_no_address(self):
        for args in (["pub", "t", "x"], ["sub", "t"], ["topic", "ls"], ["peers"], ["status"], ["topo", "show"]):
            with self.subTest(args=args):
                self.need_exit(self.lab.run(*args), 3, "boato node", "--join")

    def test_nobody_at_the_address(self):
        self.need_exit(self.lab.run("pub", "t", "x", "--join", "127.0.0.1:1"), 3, "127.0.0.1:1", "boato node")

    def test_a_node_without_its_seed_says_so_and_goes_on_trying(self):
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            address = f"127.0.0.1:{taken.getsockname()[1]}"
        node = self.lab.node("b", join=address, wait=False)
        node.need(lambda: "join.failed" in node.err(), "its warning")
        self.assertIn(address, node.err())
        self.assertEqual(node.out(), "")
        self.lab.node("a", listen=address)
        node.ready()

    def test_a_port_in_use(self):
        node = self.lab.node("a")
        result = self.lab.run("node", "--name", "b", "--listen", node.address)
        self.need_exit(result, 2, node.address, "in use")

    def test_addresses_that_are_none(self):
        self.need_exit(self.lab.run("node", "--listen", "localhost"), 2, "localhost")
        self.need_exit(self.lab.run("node", "--listen", "127.0.0.1:0", "--join", "7470x"), 2, "7470x")
        self.need_exit(self.lab.run("node", "--listen", "127.0.0.1:0", "--http", "nowhere"), 2, "http.listen", "nowhere")

    def test_beyond_loopback_needs_a_key(self):
        self.need_exit(self.lab.run("node", "--listen", "0.0.0.0:0"), 2, "key", "network.open")
        node = self.lab.node("a", "--set", "network.open=true", listen="0.0.0.0:0")
        node.need(lambda: "open overlay" in node.err(), "the warning")

    def test_a_wrong_network_key(self):
        for name in ("one.key", "two.key"):
            self.assertEqual(self.lab.run("key", "new", name).code, 0)
        node = self.lab.node("a", "--set", "network.key_file=one.key")
        wrong = self.lab.run("pub", "t", "x", "--join", node.address, "--set", "network.key_file=two.key")
        self.need_exit(wrong, 3, node.address, "key")
        without = self.lab.run("pub", "t", "x", "--join", node.address)
        self.need_exit(without, 3, node.address, "key")
        right = self.lab.run("topic", "ls", "--join", node.address, env={"BOATO_NETWORK_KEY_FILE": "one.key"})
        self.assertEqual(right.code, 0, right.error)

    def test_another_network_name(self):
        node = self.lab.node("a", "--set", "network.name=blue")
        self.need_exit(self.lab.run("topic", "ls", "--join", node.address), 3, node.address, "network name")

    def test_names_that_cannot_be_file_names(self):
        for name in ("../a", ".a", "a b", "x" * 65):
            with self.subTest(name=name):
                self.need_exit(self.lab.run("node", "--name", name, "--listen", "127.0.0.1:0"), 2, "name")

    def test_a_ready_descriptor_that_is_not_open(self):
        self.need_exit(self.lab.run("node", "--listen", "127.0.0.1:0", "--ready-fd", "77"), 2, "--ready-fd 77")


if __name__ == "__main__":
    lab.main()
