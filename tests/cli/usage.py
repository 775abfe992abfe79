#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What the program says without any peer: help, arguments, configuration, keys."""
import json
import os
import re
import shutil
import stat

import lab


class Help(lab.LabTest):
    def test_without_arguments_it_lists_every_command_with_an_example_and_exits_2(self):
        result = self.lab.run()
        self.assertEqual(result.code, 2)
        self.assertEqual(result.text, "")
        for command in "node pub sub topic peers status topo key filter doctor config sim bench version".split():
            self.assertRegex(result.error, rf"(?m)^  {command} .*boato {command}")

    def test_help_goes_to_stdout(self):
        self.assertEqual(self.lab.run("--help").code, 0)
        for command in ["node", "pub", "sub", "topic", "topic create", "peers", "status", "topo", "key", "key new", "filter", "filter check", "filter explain", "doctor", "config", "version"]:
            result = self.lab.run(*command.split(), "--help")
            self.assertEqual(result.code, 0)
            self.assertIn(f"boato {command} ", result.text + " ")
            self.assertEqual(result.error, "")

    def test_help_of_every_command_has_examples(self):
        for command in "node pub sub topic peers status topo key filter doctor config version".split():
            self.assertRegex(self.lab.run(command, "--help").text, rf"Examples:\n  .*boato.* ?{command}")

    def test_version(self):
        self.assertRegex(self.lab.run("version").text, r"^boato \d+\.\d+\.\d+\n$")
        (version,) = self.lab.run("version", "--json").objects()
        self.assertEqual(version["t"], "version")


class Arguments(lab.LabTest):
    def test_an_unknown_command_names_the_nearest(self):
        self.need_exit(self.lab.run("pbu", "t"), 2, "did you mean pub?")

    def test_an_unknown_option_names_the_nearest(self):
        self.need_exit(self.lab.run("pub", "t", "x", "--jsn"), 2, "--jsn", "did you mean --json?", "boato pub --help")
        self.need_exit(self.lab.run("node", "--lisen", "127.0.0.1:0"), 2, "did you mean --listen?")

    def test_an_unknown_action_names_the_nearest(self):
        self.need_exit(self.lab.run("topic", "crate", "t"), 2, "did you mean create?")

    def test_what_is_missing_or_too_much(self):
        self.need_exit(self.lab.run("pub"), 2, "TOPIC")
        self.need_exit(self.lab.run("sub"), 2, "PATTERN")
        self.need_exit(self.lab.run("pub", "t", "x", "y"), 2, "one argument too many")
        self.need_exit(self.lab.run("topo", "diff", "a.json"), 2, "two files")

    def test_values_that_are_wrong(self):
        self.need_exit(self.lab.run("pub", "t", "x", "-a", "value:f64=warm"), 2, "attribute value", "a number")
        self.need_exit(self.lab.run("pub", "t", "x", "-a", "value:float=1"), 2, "str i64 f64 bool hex")
        self.need_exit(self.lab.run("pub", "t", "x", "-a", "value"), 2, "name=value")
        self.need_exit(self.lab.run("pub", "t", "x", "-W", "10"), 2, "unit")
        self.need_exit(self.lab.run("sub", "t", "--format", "%p %q"), 2, "column 4")
        self.need_exit(self.lab.run("topic", "create", "t", "--order", "totl"), 2, "total")
        self.need_exit(self.lab.run("topic", "create", "t", "--retain", "x"), 2, "10m", "64MiB", "1000")

    def test_what_this_version_does_not_offer_is_refused_in_words(self):
        for args in [("sub", "t", "--from", "5m-ago"), ("sub", "t", "--durable", "d"),
                     ("sub", "t", "--group", "g"), ("sub", "t", "--exit-at-end"), ("sub", "t", "--order", "total"),
                     ("pub", "t", "x", "--expect", "1"), ("pub", "t", "x", "--to", "abcdefgh"), ("pub", "t", "x", "--any", "random"),
                     ("pub", "t", "x", "--receipt", "ordered"), ("topic", "recover", "t", "--from", "x"),
                     ("trace", "t", "x"), ("group", "create", "g"), ("queue", "create", "q"), ("req", "t", "x"), ("set", "a=b"),
                     ("check-order", "a.jsonl")]:
            with self.subTest(args=args):
                self.need_exit(self.lab.run(*args), 4, "version")

    def test_a_program_of_the_tools_that_is_not_there_is_named(self):
        os.mkdir(self.lab.path("bin"))
        alone = shutil.copy(lab.BOATO, self.lab.path("bin/boato"))
        for command in ("sim", "bench"):
            process = lab.Process(self.lab, command, [alone, command, "run"])
            self.assertEqual(process.wait(), 2)
            self.assertIn(f"boato-{command} is not beside boato", process.err())

    def test_errors_are_objects_with_json(self):
        result = self.lab.run("--json", "pub", "t", "x", "--expect", "1")
        self.assertEqual(result.code, 4)
        error = json.loads(result.error)
        self.assertEqual((error["t"], error["code"]), ("error", "not_allowed"))
        self.assertTrue(error["detail"])


class Configuration(lab.LabTest):
    def write(self, text, name="boato.toml"):
        with open(self.lab.path(name), "w", encoding="utf-8") as file:
            file.write(text)
        return self.lab.path(name)

    def values(self, *args, env=None):
        result = self.lab.run(*args, "config", "show", "--json", env=env)
        self.assertEqual(result.code, 0, result.error)
        return {o["key"]: o for o in result.objects() if o["t"] == "setting"}

    def test_the_default_names_every_key_with_its_reason(self):
        text = self.lab.run("config", "default").text
        keys = self.lab.run("config", "default", "--json").objects()
        for key in keys:
            self.assertIn(f"# {key['reason']}", text)
            self.assertRegex(text, rf"(?m)^#{key['key'].split('.', 1)[1]} = ")
        self.assertIn("HUP changes it", text)

    def test_the_default_file_is_accepted_also_with_every_line_uncommented(self):
        text = re.sub(r"(?m)^#(?=[a-z_\[])", "", self.lab.run("config", "default").text)
        text = re.sub(r'(?m)^(cache|hold|partial|outbox)_bytes_max = ""$', r'\1_bytes_max = "32MiB"', text)
        file = self.write(text)
        result = self.lab.run("--config", file, "config", "check")
        self.assertEqual(result.code, 0, result.error)
        # The library takes them all, too: what it does not know it would refuse.
        node = self.lab.node("all", "--config", file)
        self.assertEqual(node.stop(), 0)

    def test_stronger_places_win(self):
        file = self.write('[node]\nname = "file"\n[log]\nlevel = "warn"\nformat = "json"\n')
        got = self.values("--config", file, "--set", "log.level=error", env={"BOATO_LOG_LEVEL": "debug", "BOATO_NODE_NAME": "env"})
        self.assertEqual((got["log.level"]["value"], got["log.level"]["origin"]), ("error", "--set"))
        self.assertEqual((got["node.name"]["value"], got["node.name"]["origin"]), ("env", "BOATO_NODE_NAME"))
        self.assertEqual((got["log.format"]["value"], got["log.format"]["origin"]), ("json", f"{file}:5:1"))
        self.assertEqual(got["node.drain"]["origin"], "default")

    def test_the_file_is_found_where_users_keep_such_files(self):
        os.makedirs(self.lab.path("config/boato"))
        file = self.write('[node]\nname = "mine"\n', "config/boato/boato.toml")
        self.assertEqual(self.values()["node.name"]["origin"], f"{file}:2:1")
        other = self.write('[node]\nname = "named"\n')
        self.assertEqual(self.values(env={"BOATO_CONFIG": other})["node.name"]["value"], "named")

    def test_lists_and_attributes(self):
        got = self.values("--set", "network.join=10.0.0.1:7470,10.0.0.2:7470", env={"BOATO_NODE_LISTEN": "127.0.0.1:1,127.0.0.1:2"})
        self.assertEqual(got["network.join"]["value"], ["10.0.0.1:7470", "10.0.0.2:7470"])
        self.assertEqual(got["network.listen"]["value"], ["127.0.0.1:1", "127.0.0.1:2"])
        file = self.write('[node]\nattributes = { lat = 38.5, site = "lab" }\n')
        self.assertEqual(self.values("--config", file)["node.attributes"]["value"], {"lat": 38.5, "site": "lab"})

    def test_an_unknown_key_is_refused_with_its_place_and_the_nearest_name(self):
        file = self.write('[node]\nname = "a"\ndrian = "1s"\n')
        self.need_exit(self.lab.run("--config", file, "config", "show"), 2, f"{file}:3:1:", "node.drain")
        self.need_exit(self.lab.run("--config", file, "node"), 2, f"{file}:3:1:", "node.drain")
        self.need_exit(self.lab.run("--config", file, "config", "check"), 7, f"{file}:3:1:", "node.drain")
        self.need_exit(self.lab.run("--config", self.write("[nod]\n"), "config", "show"), 2, ":1:2:", "did you mean node?")
        self.need_exit(self.lab.run("--set", "log.levl=debug", "config", "show"), 2, "--set", "log.level")
        self.need_exit(self.lab.run("config", "show", env={"BOATO_LOG_LEVLE": "debug"}), 2, "BOATO_LOG_LEVEL")

    def test_values_without_their_unit_are_refused(self):
        file = self.write('[node]\ndrain = "10"\n')
        self.need_exit(self.lab.run("--config", file, "config", "show"), 2, f"{file}:2:1:", "unit", "10s")
        self.need_exit(self.lab.run("--set", "node.memory_max=64", "config", "show"), 2, "64MiB")

    def test_what_is_not_toml_is_refused_with_its_place(self):
        file = self.write('[node]\nname = "a\n')
        self.need_exit(self.lab.run("--config", file, "config", "check"), 7, f"{file}:2:")

    def test_a_file_that_is_not_there(self):
        self.need_exit(self.lab.run("--config", "nowhere.toml", "config", "show"), 2, "nowhere.toml", "No such file")

    def test_topics_are_contracts(self):
        file = self.write('[topics."orders/eu"]\nreliability = "unreliable"\norder = "none"\n')
        self.assertEqual(self.lab.run("--config", file, "config", "check").code, 0)
        file = self.write('[topics.orders]\nordr = "none"\n')
        self.need_exit(self.lab.run("--config", file, "config", "check"), 7, f"{file}:2:1:", "did you mean order?")


class Keys(lab.LabTest):
    def test_a_network_key_is_made_once_and_readable_by_its_owner_alone(self):
        made = self.lab.run("key", "new", "net.key")
        self.assertEqual(made.code, 0, made.error)
        self.assertRegex(made.text, r"^[0-9a-f]{16}\n$")
        self.assertEqual(stat.S_IMODE(os.stat(self.lab.path("net.key")).st_mode), 0o600)
        self.assertEqual(self.lab.run("key", "show", "net.key").text, made.text)
        self.need_exit(self.lab.run("key", "new", "net.key"), 4, "net.key", "there already")

    def test_the_key_itself_is_never_printed(self):
        self.lab.run("key", "new", "net.key")
        with open(self.lab.path("net.key"), encoding="ascii") as file:
            secret = file.read().strip()
        shown = self.lab.run("key", "show", "net.key")
        self.assertNotIn(secret[:16], shown.text + shown.error)

    def test_an_identity_is_its_peer_id(self):
        made = self.lab.run("key", "new", "--identity", "data")
        self.assertRegex(made.text, r"^[a-z2-7]{52}\n$")
        self.assertEqual(self.lab.run("key", "show", "--identity", "data").text, made.text)
        self.need_exit(self.lab.run("key", "new", "--identity", "data"), 4, "already")
        node = self.lab.node("a", "--data-dir", "data")
        self.assertEqual(node.id, made.text.strip())

    def test_a_key_that_others_can_read_is_refused_with_the_cure(self):
        self.lab.run("key", "new", "net.key")
        os.chmod(self.lab.path("net.key"), 0o644)
        self.need_exit(self.lab.run("key", "show", "net.key"), 2, "chmod 600")
        self.need_exit(self.lab.run("node", "--listen", "127.0.0.1:0", "--set", "network.key_file=net.key"), 2, "chmod 600")

    def test_a_key_that_is_not_there(self):
        self.need_exit(self.lab.run("key", "show", "none.key"), 2, "none.key", "No such file")


if __name__ == "__main__":
    lab.main()
