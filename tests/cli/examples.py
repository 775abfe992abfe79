#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The embedding examples do what their first lines say."""
import os
import subprocess

import lab


class Examples(lab.LabTest):
    def start(self, name, *args, **more):
        return lab.Process(self.lab, more.pop("label", name), [os.path.join(lab.BIN, f"example-{name}"), *args], **more)

    def test_hello_prints_its_own_event(self):
        hello = self.start("hello")
        self.assertEqual(hello.wait(), 0)
        self.assertEqual(hello.out(), "bom dia\n")

    def test_hello_reaches_a_node(self):
        node = self.lab.node("a")
        sub = self.lab.sub("s", "hello/#", "-C", "1")
        hello = self.start("hello", node.address)
        self.assertEqual(hello.wait(), 0)
        self.assertEqual(sub.wait(), 0)
        self.assertEqual((hello.out(), sub.out()), ("bom dia\n", "bom dia\n"))

    def test_chat_prints_what_the_others_type(self):
        ana = self.start("chat", "ana", label="ana", stdin=subprocess.PIPE)
        ana.need(lambda: ana.lines(), "its address")
        address = ana.lines()[0].split()[-1]
        rui = self.start("chat", "rui", address, label="rui", stdin=subprocess.PIPE)
        rui.need(lambda: rui.lines(), "that it has joined")

        def type_line(chat, text):
            chat.process.stdin.write(text.encode() + b"\n")
            chat.process.stdin.flush()
        type_line(rui, "bom dia")
        ana.need(lambda: "rui: bom dia" in ana.lines(), "rui's line")
        type_line(ana, "olá, rui")
        rui.need(lambda: "ana: olá, rui" in rui.lines(), "ana's line")
        self.assertNotIn("rui: bom dia", rui.lines())
        for chat in (rui, ana):
            chat.process.stdin.close()
            self.assertEqual(chat.wait(), 0)


if __name__ == "__main__":
    lab.main()
