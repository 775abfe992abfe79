#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What boato doctor says of a data folder, sound and hurt, with and without a node on it."""
import os
import subprocess

import lab


class Doctor(lab.LabTest):
    def data(self, store_mib=0):
        """A data folder with an identity, and a store of so many MiB."""
        folder = self.lab.path("data")
        self.assertEqual(self.lab.run("key", "new", "--identity", folder).code, 0)
        if store_mib:
            subprocess.run([os.path.join(lab.BIN, "boato-bench-store"), "fill", os.path.join(folder, "store"), str(store_mib)],
                           check=True, env=self.lab.env())
        return folder

    def checks(self, folder, code):
        """What was found, by what was looked at; the space of this machine aside."""
        result = self.lab.run("doctor", folder, "--json")
        objects = result.objects()
        found = {o["what"]: o for o in objects if o["t"] == "check"}
        self.assertEqual(objects[-1]["t"], "doctor")
        wrong = [what for what, o in found.items() if o["state"] == "wrong" and what != "space"]
        self.assertEqual(bool(wrong), code == 7, result.text)
        if found.get("space", {"state": "ok"})["state"] == "ok":
            self.assertEqual(result.code, code, result.text)
        for o in found.values():
            self.assertTrue(o["detail"])
        self.end = objects[-1]
        return found

    def flip(self, path, at):
        with open(path, "r+b") as file:
            file.seek(at)
            byte = file.read(1)
            file.seek(at)
            file.write(bytes([byte[0] ^ 4]))

    def test_a_folder_without_a_store(self):
        folder = self.data()
        found = self.checks(folder, 0)
        self.assertEqual(found["lock"]["detail"], "no peer has it open")
        self.assertEqual(found["identity"]["detail"], self.lab.run("key", "show", "--identity", folder).text.strip())
        self.assertIn("in memory", found["store"]["detail"])
        text = self.lab.run("doctor", folder).text
        self.assertRegex(text, r"(?m)^ok    folder ")
        self.assertTrue(text.endswith("nothing is wrong\n"))

    def test_a_sound_store_is_read_to_its_last_batch(self):
        found = self.checks(self.data(1), 0)
        self.assertIn("every digest holds", found["store events"]["detail"])
        self.assertEqual({found[f"store {what}"]["state"] for what in ("format", "mark", "sums")}, {"ok"})
        self.assertEqual(self.end["store"]["bad"], 0)
        self.assertGreater(self.end["store"]["events"], 900)

    def test_a_flipped_bit_is_named_with_what_to_do(self):
        folder = self.data(1)
        path = os.path.join(folder, "store", "events.db")
        open(path + "-wal", "wb").close()  # all of it is in the database
        self.flip(path, 400_000)  # most of the file is payload
        self.checks(folder, 7)
        result = self.lab.run("doctor", folder, "-q")
        self.assertRegex(result.text, r"(?m)^wrong store ")
        self.assertRegex(result.text, r"(?m)^      -> ")
        self.assertNotIn("ok ", result.text)

    def test_a_rescue_carries_what_checks_into_a_new_store(self):
        folder = self.data(1)
        path = os.path.join(folder, "store", "events.db")
        open(path + "-wal", "wb").close()
        self.checks(folder, 0)
        before = self.end["store"]
        os.remove(os.path.join(folder, "store", "events.mark"))
        self.flip(path, 400_000)
        self.checks(folder, 7)
        (said,) = self.lab.run("doctor", folder, "--rescue", "--json").objects()
        self.assertGreaterEqual(said["bad"] + said["unreadable"], 1)
        self.checks(folder, 0)
        after = self.end["store"]
        self.assertEqual(after["batches"], said["batches"])
        self.assertLess(before["batches"] - after["batches"], 30)
        self.assertGreater(after["incarnation"], before["incarnation"])
        self.assertTrue(os.path.exists(os.path.join(folder, "store.lost-1", "events.db")))

    def test_no_rescue_beside_a_node_or_without_a_store(self):
        folder = self.lab.path("a")
        self.lab.node("a", "--data-dir", folder)
        os.mkdir(os.path.join(folder, "store"))
        self.need_exit(self.lab.run("doctor", folder, "--rescue"), 2, "in use by another peer")
        self.need_exit(self.lab.run("doctor", self.data(), "--rescue"), 5, "no store")

    def test_a_database_that_lost_its_end_or_is_none(self):
        folder = self.data(1)
        path = os.path.join(folder, "store", "events.db")
        open(path + "-wal", "wb").close()
        os.truncate(path, os.path.getsize(path) // 2)
        self.checks(folder, 7)
        with open(path, "wb") as file:
            file.write(b"nothing of ours" * 1000)
        found = self.checks(folder, 7)
        self.assertIn("--rescue", found["store database"]["do"])

    def test_a_missing_mark(self):
        folder = self.data(1)
        os.remove(os.path.join(folder, "store", "events.mark"))
        self.assertEqual(self.checks(folder, 7)["store mark"]["state"], "wrong")
        self.assertFalse(os.path.exists(os.path.join(folder, "store", "events.mark")))

    def test_secrets_that_others_can_read(self):
        folder = self.data()
        os.chmod(folder, 0o755)
        os.chmod(os.path.join(folder, "identity"), 0o644)
        with open(os.path.join(folder, "incarnation"), "w", encoding="ascii") as file:
            file.write("soon\n")
        found = self.checks(folder, 7)
        self.assertIn("chmod 700", found["folder"]["do"])
        self.assertIn("chmod 600", found["identity"]["detail"])
        self.assertEqual(found["incarnation"]["state"], "wrong")

    def test_beside_a_node_that_runs_on_it(self):
        folder = self.lab.path("a")
        node = self.lab.node("a", "--data-dir", folder)
        found = self.checks(folder, 0)
        self.assertEqual(found["lock"]["state"], "note")
        self.assertEqual(found["identity"]["detail"], node.id)
        self.assertEqual(self.lab.run("doctor", env={"BOATO_NODE_DATA_DIR": folder}).code, 0)
        self.assertEqual(node.stop(), 0)

    def test_no_folder(self):
        self.need_exit(self.lab.run("doctor"), 2, "which data folder", "node.data_dir")
        self.need_exit(self.lab.run("doctor", self.lab.path("none")), 5, "no data folder")


if __name__ == "__main__":
    lab.main()
