# SPDX-License-Identifier: Apache-2.0
"""What a subscriber was told, against what was published: nothing twice, nothing out of order, every hole told by an exact gap."""
import json


class Stream:
    """One publisher's stream at one subscriber. Of a FIFO stream one number says it all: everything up to it is accounted for."""

    def __init__(self, first):
        self.first, self.last, self.delivered, self.gapped = first, first - 1, 0, 0


class Log:
    """The JSON lines of one `boato sub`, read as they grow."""

    def __init__(self, name, path, truth, correct):
        self.name, self.path, self.truth, self.correct = name, path, truth, correct
        self.offset, self.streams, self.faults, self.reasons = 0, {}, [], {}
        self.ready_us = None  # nothing published after it may be missing; 0: it was there before the first event
        self.delivered = 0

    def update(self):
        with open(self.path, "rb") as file:
            file.seek(self.offset)
            text = file.read()
        text = text[: text.rfind(b"\n") + 1]
        self.offset += len(text)
        for line in text.splitlines():
            item = json.loads(line)
            if item["t"] == "event":
                self.on_event(item)
            elif item["t"] == "gap":
                self.on_gap(item)

    def on_event(self, event):
        key, seq = (event["topic"], event["publisher"], event["incarnation"]), event["seq"]
        self.truth.saw(key, seq, event["time_us"], self.correct)
        stream = self.streams.setdefault(key, Stream(seq))
        self.delivered += 1
        stream.delivered += 1
        if seq <= stream.last:
            self.faults.append(f"{event['id']} of {key[0]} twice or out of order: after {stream.last}")
        elif seq > stream.last + 1:
            self.faults.append(f"lost without a gap: {stream.last + 1} to {seq - 1} of {name_of(key)}")
        stream.last = max(stream.last, seq)

    def on_gap(self, gap):
        if "publisher" not in gap:
            self.faults.append(f"a gap without a stream: {gap}")
            return
        key, first, last = (gap["topic"], gap["publisher"], gap["incarnation"]), gap["first"], gap["last"]
        stream = self.streams.setdefault(key, Stream(first))
        if first <= stream.last:
            self.faults.append(f"a gap {first} to {last} after {stream.last} was delivered or told: {name_of(key)}")
        elif first > stream.last + 1:
            self.faults.append(f"lost without a gap: {stream.last + 1} to {first - 1} of {name_of(key)}, before the gap {first} to {last}")
        stream.gapped += last - first + 1
        stream.last = max(stream.last, last)
        self.reasons[gap["reason"]] = self.reasons.get(gap["reason"], 0) + last - first + 1

    @property
    def gapped(self):
        return sum(stream.gapped for stream in self.streams.values())

    def absent(self):
        """What this subscriber must have been told of by now, and was not: one line for each stream."""
        found = []
        for key, last in self.truth.last.items():
            stream = self.streams.get(key)
            begin = self.truth.first_after(key, self.ready_us)
            if begin is None:
                continue
            if stream is None:
                found.append(f"nothing of {name_of(key)}, {begin} to {last} expected")
                continue
            if stream.first > begin:
                found.append(f"{begin} to {stream.first - 1} at the beginning of {name_of(key)}")
            if stream.last < last:
                found.append(f"{stream.last + 1} to {last} at the end of {name_of(key)}")
        return found


class Truth:
    """What was published: the last number of each stream, and the time of each number that anybody was handed."""

    def __init__(self):
        self.last, self.times = {}, {}

    def published(self, topic, event_id):
        publisher, incarnation, seq = event_id.split(":")
        key = (topic, publisher, int(incarnation))
        self.last[key] = max(self.last.get(key, 0), int(seq))

    def saw(self, key, seq, time_us, correct):
        """Agreement: what one correct subscriber got of a publisher that died, all of them get."""
        if correct:
            self.last[key] = max(self.last.get(key, 0), seq)
        self.times.setdefault(key, {})[seq] = time_us

    def first_after(self, key, ready_us):
        if not ready_us:
            return 1
        return min((seq for seq, time_us in self.times.get(key, {}).items() if time_us > ready_us), default=None)


def name_of(key):
    topic, publisher, incarnation = key
    return f"{topic} {publisher[:8]}:{incarnation}"
