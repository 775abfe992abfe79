#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The judges of this folder see each fault they are there for, and no fault where there is none."""
import json
import os
import random
import tempfile
import unittest

import faults
import judge
import readers


def event(seq, time_us=0):
    return {"t": "event", "topic": "t", "publisher": "p", "incarnation": 1, "seq": seq, "id": f"p:1:{seq}", "time_us": time_us or seq}


def gap(first, last):
    return {"t": "gap", "topic": "t", "publisher": "p", "incarnation": 1, "first": first, "last": last, "reason": "lost"}


class OfTheStorm(unittest.TestCase):
    def log(self, *items, last=0, ready_us=0, others=()):
        truth = judge.Truth()
        if last:
            truth.published("t", f"p:1:{last}")
        for seq in others:
            truth.saw(("t", "p", 1), seq, seq, True)
        with tempfile.NamedTemporaryFile("w") as file:
            file.write("".join(json.dumps(item) + "\n" for item in items) + '{"t":"half a li')
            file.flush()
            log = judge.Log("n", file.name, truth, correct=True)
            log.ready_us = ready_us
            log.update()
        return log

    def test_everything_once_in_order(self):
        log = self.log(event(1), event(2), gap(3, 5), event(6), last=6)
        self.assertEqual((log.faults, log.absent(), log.delivered, log.gapped), ([], [], 3, 3))

    def test_a_hole_that_nobody_told(self):
        self.assertIn("lost without a gap: 2 to 3", self.log(event(1), event(4)).faults[0])
        self.assertIn("lost without a gap: 2 to 2", self.log(event(1), gap(3, 4)).faults[0])

    def test_twice_and_out_of_order(self):
        self.assertIn("twice or out of order", self.log(event(1), event(2), event(2)).faults[0])
        self.assertIn("twice or out of order", self.log(event(1), gap(2, 3), event(3)).faults[0])

    def test_a_gap_over_what_was_delivered(self):
        self.assertIn("was delivered or told", self.log(event(1), event(2), gap(2, 4)).faults[0])

    def test_absent_at_both_ends(self):
        self.assertEqual(len(self.log(event(2), event(3), last=4).absent()), 2)
        self.assertEqual(len(self.log(last=4).absent()), 1)

    def test_what_another_one_was_handed_is_owed_to_all(self):
        self.assertEqual(len(self.log(event(1), others=[1, 2]).absent()), 1)

    def test_who_came_later_is_owed_what_was_published_after(self):
        self.assertEqual(self.log(event(3), event(4), last=4, ready_us=2, others=[1, 2]).absent(), [])
        self.assertEqual(len(self.log(event(4), last=4, ready_us=2, others=[1, 2, 3]).absent()), 1)
        self.assertEqual(len(self.log(last=4, ready_us=2, others=[1, 2, 3, 4]).absent()), 1)


class OfTheSlow(unittest.TestCase):
    def test_exact(self):
        self.assertEqual(readers.judge([1, 2, 6], [(3, 5, "overflow")], 6), [])

    def test_each_fault(self):
        for seqs, gaps, total in (([1, 3], [], 3), ([1, 2], [], 3), ([1, 2, 2, 3], [], 3), ([1, 2, 3], [(3, 3, "lost")], 3), ([2, 1, 3], [], 3)):
            self.assertNotEqual(readers.judge(seqs, gaps, total), [], (seqs, gaps))

    def test_gaps_in_words(self):
        self.assertEqual(readers.gaps_in("slow/one: 3 events will not come (lost), 4 to 6 of q3f\nother words\n"), [(4, 6, "lost")])


class OfTheScript(unittest.TestCase):
    def test_a_seed_repeats_its_rounds(self):
        texts = [[str(act) for act in faults.draw(random.Random(5), 600, 64, set(range(16)), [1, 20, 30])] for _ in range(2)]
        self.assertEqual(*texts)

    def test_short_outages_stay_below_the_age_of_the_caches_and_the_long_one_spares_publishers(self):
        for seed in range(20):
            script = faults.draw(random.Random(seed), 600, 64, set(range(16)), [1, 20, 30])
            self.assertEqual(sum(act.long for act in script), 1)
            before = set()
            for act in script:
                hit = {host for hosts in act.victims.values() for host in hosts}
                self.assertFalse(hit & before)
                self.assertTrue(act.seconds < faults.CACHE_AGE / 2 or act.long and not hit & {1, 20, 30})
                before = hit
            self.assertEqual({kind for act in script for kind in act.kinds}, set(faults.KINDS))


if __name__ == "__main__":
    os.chdir(os.path.dirname(os.path.abspath(__file__)))
    unittest.main()
