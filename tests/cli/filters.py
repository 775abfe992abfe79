#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Predicates: `boato filter`, `boato sub -w`, and every example of overlay/interest/README.md."""
import json
import os
import re

import lab

PAGE = os.path.join(os.environ["BOATO_SOURCE"], "overlay/interest/README.md")


class Page(lab.LabTest):
    def blocks(self, kind):
        with open(PAGE, encoding="utf-8") as file:
            found = re.findall(rf"```{kind}\n(.*?)```", file.read(), re.S)
        self.assertTrue(found)
        return [block.splitlines() for block in found]

    def test_its_events_and_what_predicates_say_of_them(self):
        for event, *lines in self.blocks("predicates"):
            for line in lines:
                truth, predicate = line.split(None, 1)
                result = self.lab.run("filter", "check", predicate, "--event", "-", stdin=event.encode())
                self.assertEqual(result.text, truth + "\n", predicate + result.error)
                self.assertEqual(result.code, 0 if truth == "true" else 7)

    def test_its_errors(self):
        for lines in self.blocks("errors"):
            for line in lines:
                column, predicate = re.fullmatch(r"column (\d+) +(.*)", line).groups()
                result = self.lab.run("filter", "check", predicate)
                self.assertEqual(result.code, 2)
                said, shown, caret = result.error.splitlines()
                self.assertIn(f"column {column}: ", said)
                self.assertEqual(shown, "  " + predicate)
                self.assertEqual(caret, " " * (2 + int(column) - 1) + "^")

    def test_its_canonical_forms(self):
        for lines in self.blocks("canonical"):
            for line in lines:
                written, canonical = re.split(r"  += ", line)
                for text in (written, canonical):
                    self.assertEqual(self.lab.run("filter", "check", text).text, canonical + "\n")


class Filter(lab.LabTest):
    def test_explain_says_how_a_predicate_is_read(self):
        result = self.lab.run("filter", "explain", "value > 30 and room = \"lab\" and note like '%x%'")
        self.assertEqual(result.code, 0, result.error)
        self.assertIn("canonical  note LIKE '%x%' AND room = 'lab' AND value > 30\n", result.text)
        self.assertIn("reads      note, room, value\n", result.text)
        self.assertRegex(result.text, r"cost       \d+ ns at the worst, of 20000\n")
        self.assertIn("index      by the value of room, then the range of value, then evaluated\n", result.text)

    def test_explain_says_why(self):
        result = self.lab.run("filter", "explain", "price > 100 AND sym = 'A'", "--event", "-", stdin=b'{"price":90}')
        self.assertEqual(result.code, 0, result.error)
        self.assertRegex(result.text, r"(?m)^event 1: false$")
        self.assertRegex(result.text, r"(?m)^  false +price > 100 +price = 90$")
        self.assertRegex(result.text, r"(?m)^  unknown +sym = 'A' +sym is missing$")
        about, verdict = self.lab.run("filter", "explain", "price > 100", "--event", "-", "--json", stdin=b'{"price":101}').objects()
        self.assertEqual((about["canonical"], about["reads"]), ("price > 100", ["price"]))
        self.assertEqual((verdict["truth"], verdict["parts"][0]["read"]), ("true", "price = 101"))

    def test_events_come_from_a_file(self):
        with open(self.lab.path("events"), "w", encoding="utf-8") as file:
            file.write('{"price": 120}\n\n{"price": 90}\n{"t":"gap","topic":"q"}\n{"other": 1}\n')
        result = self.lab.run("filter", "check", "price > 100", "--event", "events")
        self.assertEqual((result.code, result.text), (7, "true\nfalse\nunknown\n"))
        self.need_exit(self.lab.run("filter", "check", "a", "--event", "none"), 2, "none cannot be read")
        with open(self.lab.path("bad"), "w", encoding="utf-8") as file:
            file.write('{"price": 120}\n[1]\n')
        self.need_exit(self.lab.run("filter", "check", "a", "--event", "bad"), 2, "bad:2:", "an object of JSON")

    def test_an_error_as_json_has_its_place(self):
        result = self.lab.run("filter", "check", "a >", "--json")
        self.assertEqual(result.code, 2)
        error = json.loads(result.error)
        self.assertEqual((error["code"], error["line"], error["column"]), ("bad_predicate", 1, 4))

    def test_the_caret_stands_under_the_character(self):
        self.assertEqual(self.lab.run("filter", "check", "a = 'é' >").error.splitlines()[2], " " * 10 + "^")
        lines = self.lab.run("filter", "check", "a = 1 AND\n\tb ==").error.splitlines()
        self.assertIn("line 2, column 4: ", lines[0])
        self.assertEqual(lines[1:], ["   b ==", "     ^"])


class Sub(lab.LabTest):
    def setUp(self):
        super().setUp()
        self.a = self.lab.node("a")

    def test_prints_what_the_predicate_takes(self):
        sub = self.lab.sub("s", "sensors/+/temp", "-w", 'value > 30 and room in ("lab","hall")', "--format", "%t %a{value}\\n",
                           "-C", "2", "--set", "node.name=a")
        for value, room in (("31.5", "lab"), ("20", "lab"), ("40", "attic"), ("33.5", "hall")):
            result = self.lab.run("pub", "sensors/3/temp", "", "-a", f"value:f64={value}", "-a", f"room={room}",
                                  "--set", "node.name=a")
            self.assertEqual(result.code, 0, result.error)
        self.assertEqual(sub.wait(), 0)
        self.assertEqual(sub.out(), "sensors/3/temp 31.5\nsensors/3/temp 33.5\n")

    def test_show_filtered_tells_the_others(self):
        sub = self.lab.sub("s", "t", "-w", "n > 1", "--show-filtered", "--json", "-C", "1", "--set", "node.name=a")
        for n in range(3):
            self.lab.run("pub", "t", "x", "-a", f"n:i64={n}", "--set", "node.name=a")
        self.assertEqual(sub.wait(), 0)
        gaps = sub.objects("gap")
        self.assertEqual({gap["reason"] for gap in gaps}, {"not_for_you"})
        self.assertEqual(sum(gap["count"] for gap in gaps), 2)
        self.need_exit(self.lab.run("sub", "t", "--show-filtered"), 2, "-w")

    def test_a_bad_predicate_is_refused_with_a_caret_before_any_node_is_asked(self):
        result = self.lab.run("sub", "t", "-w", "price >", env={"XDG_RUNTIME_DIR": self.lab.path("nowhere")})
        self.assertEqual(result.code, 2)
        self.assertEqual(result.error.splitlines()[1:], ["  price >", "         ^"])

    def test_events_go_only_where_they_are_wanted(self):
        """Six nodes, each with a predicate; what matches none of a node's is never sent to it."""
        for name in "bcdef":
            self.lab.node(name, join=self.a)
        subs = {n: self.lab.sub(name, "t", "-w", f"n = {n}", "--format", "%a{i}\\n", "--set", f"node.name={name}")
                for n, name in enumerate("bcdef")}
        lab.until(lambda: "n = 4" in self.lab.run("peers", "--topic", "t", "--set", "node.name=a").text, "the roster of a is whole")
        for i in range(30):
            result = self.lab.run("pub", "t", "x", "-a", f"n:i64={i % 3}", "-a", f"i:i64={i}", "--set", "node.name=a")
            self.assertEqual(result.code, 0, result.error)
        for n in range(3):
            wanted = [str(i) for i in range(30) if i % 3 == n]
            lab.until(lambda: subs[n].out().split() == wanted, f"the subscriber of n = {n} has {wanted}: {subs[n].out().split()}")
        for name in "ef":
            counters = json.loads(self.lab.run("status", "--json", "--set", f"node.name={name}").text)["counters"]
            self.assertEqual(counters["boato_core_total{counter=events_received}"], 0)
        info = json.loads(self.lab.run("topic", "info", "t", "--json", "--set", "node.name=a").text)
        self.assertEqual((info["filtered"], info["selective"]), (5, True))

    def test_subscriptions_of_a_node_are_one_interest(self):
        for predicate in ("n > 5", "n > 7", "room = 'lab'"):
            self.lab.sub("s" + predicate, "t", "-w", predicate, "--set", "node.name=a")
        info = self.lab.run("topic", "info", "t", "--set", "node.name=a").text
        self.assertIn("n > 5 OR room = 'lab'", info)
        self.assertIn("n > 7, covered by n > 5", info)


if __name__ == "__main__":
    lab.main()
