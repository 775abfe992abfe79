# SPDX-License-Identifier: Apache-2.0
"""Who reads the pipe of a `boato sub`: one that stamps what comes, as fast as it comes, and can be told to read slowly."""
import os
import re
import threading
import time

FORMAT = "%s %T %p\\n"
GAP = re.compile(r"(\d+) events will not come \((\w+)\), (\d+) to (\d+) of ")


class Reader:
    """Keeps the number of each event, and when it was published and read. A line counts when its end is read."""

    def __init__(self, pipe):
        self.pipe, self.bytes_per_s, self.seqs, self.late_us, self.rest = pipe, None, [], [], b""
        self.thread = threading.Thread(target=self.read, daemon=True)
        self.thread.start()

    def read(self):
        while True:
            limit = self.bytes_per_s
            if limit:
                time.sleep(0.1)
            chunk = os.read(self.pipe, max(1, int(limit * 0.1)) if limit else 1 << 18)
            if not chunk:
                return
            now, lines = time.time(), (self.rest + chunk).split(b"\n")
            self.rest = lines.pop()
            for line in lines:
                seq, when = line.split(b" ", 2)[:2]
                self.seqs.append(int(seq))
                self.late_us.append((now, when))

    def last(self):
        return self.seqs[-1] if self.seqs else 0


def gaps_in(words):
    """[(first, last, reason)] of what `boato sub` said on stderr."""
    return [(int(first), int(last), reason) for _, reason, first, last in GAP.findall(words)]


def judge(seqs, gaps, total):
    """What is wrong with numbers that were handed out in this order, and these gaps, if together they must be 1 to total."""
    wrong = [f"{b} after {a}" for a, b in zip(seqs, seqs[1:]) if b <= a]
    spans = sorted([(seq, seq) for seq in seqs] + [(first, last) for first, last, _ in gaps])
    at = 0
    for first, last in spans:
        if first <= at:
            wrong.append(f"{first} to {min(last, at)} told twice")
        elif first > at + 1:
            wrong.append(f"{at + 1} to {first - 1} lost without a gap")
        at = max(at, last)
    if at < total:
        wrong.append(f"{at + 1} to {total} never came")
    return wrong
