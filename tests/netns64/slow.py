#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""One subscriber at 1 % of the rate, and what it costs the publisher and the other subscribers.

  slow.py [--only app|link] [--pairs 3] [--seconds 6] [--rate 2000] [--fast 3]       as root, with iproute2 and nftables

app: the program behind the slow peer's `boato sub` reads its pipe at 1 % of the rate. link: the slow peer's link carries 1 % of
the rate. Turns without (A) and with (B) the slow one, all in one run; in each turn first as many events of 1 KiB as the
publisher can, for throughput, and then --rate events per second, for latency. Then the slow one may read again, and is judged:
what it was handed and what it was told as gaps is everything, each once; the fast ones got everything. Figures are printed only.

Exit 0: passed. 1: failed. 77: this machine cannot run it, and why.
"""
import argparse
import datetime
import os
import signal
import subprocess
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
os.environ.setdefault("BOATO_BIN", os.path.join(HERE, "..", "..", "build", "release", "bin"))
sys.path.insert(0, os.path.join(HERE, "..", "cli"))
import network  # noqa: E402
import readers  # noqa: E402
import swarm  # noqa: E402

TOPIC, LINE = "slow/one", b"x" * 1024
WIRE = 1.15  # bytes on the wire for each of the payload, roughly
SHARE = 0.01
CATCH_UP_WITHIN = 120
SKIPPED = 77


class Run:
    def __init__(self, options, mode):
        self.options, self.mode, self.total, self.faults, self.pub_number = options, mode, 0, [], 0
        self.network = network.Network(options.fast + 2)
        self.swarm = swarm.Swarm(self.network)
        self.turns = {"A": [], "B": []}

    def start(self):
        """The publisher at host 0, the slow one last."""
        for host in range(self.options.fast + 2):
            peer = self.swarm.add([], None)
            peer.start([] if host == 0 else [0])
            peer.node.need(peer.node.lines, "its ready line")
        self.subs, self.readers = [], []
        for peer in self.swarm.peers[1:]:
            told, ready = os.pipe()
            read, write = os.pipe()
            err = open(self.swarm.lab.path(f"{peer.name}.err"), "wb")
            self.subs.append(subprocess.Popen([self.swarm.boato, "sub", TOPIC, "--format", readers.FORMAT, "--ready-fd", str(ready)],
                                              stdout=write, stderr=err, env=self.swarm.lab.env(peer.env()), pass_fds=(ready,)))
            os.close(write)
            os.close(ready)
            err.close()
            if not os.read(told, 100).startswith(b"ready"):
                raise AssertionError(f"the subscriber at {peer.name} is not ready")
            os.close(told)
            self.readers.append(readers.Reader(read))
        self.fast, self.slow = self.readers[:-1], self.readers[-1]

    def publish(self, count, *more):
        """Publishes so many events; returns the seconds until all receipts are in, and until the fast ones have them."""
        self.pub_number += 1
        lines = self.swarm.lab.path("lines")
        with open(lines, "wb") as file:
            for _ in range(count):
                file.write(LINE + b"\n")
        begun = time.monotonic()
        with open(lines, "rb") as file:
            pub = self.swarm.process(f"pub-{self.pub_number}", [self.swarm.boato, "pub", TOPIC, "--lines", "-W", "120s", *more], stdin=file,
                                     env=self.swarm.peers[0].env())
        pub.wait(within=240)
        published = time.monotonic() - begun
        if pub.process.returncode != 0:
            raise AssertionError(f"pub ended with {pub.process.returncode}: {pub.err()[-300:]}")
        self.total += count
        swarm.lab.until(lambda: all(reader.last() >= self.total for reader in self.fast), "the fast subscribers have everything", within=120)
        return published, time.monotonic() - begun

    def limit(self, events_per_s):
        if self.mode == "app":
            self.slow.bytes_per_s = None if events_per_s is None else events_per_s * SHARE * len(LINE)
        else:
            self.network.throttle(self.swarm.peers[-1].host, None if events_per_s is None else events_per_s * SHARE * len(LINE) * WIRE * 8)

    def turn(self, name, fastest):
        slow = name == "B"
        if slow:
            self.limit(fastest)
        count = int(fastest * self.options.seconds)
        published, delivered = self.publish(count)
        if slow:
            self.limit(self.options.rate)
        before = [len(reader.seqs) for reader in self.fast]
        self.publish(int(self.options.rate * self.options.seconds), "--rate", str(self.options.rate))
        late = sorted(late_us(stamp) for reader, at in zip(self.fast, before) for stamp in reader.late_us[at:])
        if slow:
            self.limit(None)
        figures = (count / published, count / delivered, late[len(late) // 2], late[len(late) * 99 // 100])
        self.turns[name].append(figures)
        print(f"  {name}  published {figures[0]:8.0f}/s  delivered to each of {len(self.fast)} {figures[1]:8.0f}/s  "
              f"latency at {self.options.rate}/s: median {figures[2]:7.0f} us  p99 {figures[3]:8.0f} us  "
              f"slow one has {len(self.slow.seqs)} of {self.total}, its node {rss(self.swarm.peers[-1].node.pid)} MiB, "
              f"its sub {rss(self.subs[-1].pid)} MiB; publisher's node {rss(self.swarm.peers[0].node.pid)} MiB", flush=True)

    def run(self):
        print(f"slow {self.mode}: {self.options.fast} fast subscribers and one {'whose program reads' if self.mode == 'app' else 'whose link carries'} "
              f"{SHARE:.0%} of the rate (B), and the same without limit (A)", flush=True)
        self.start()
        warm = 5000
        self.publish(warm)
        fastest = 3 * warm / self.publish(3 * warm)[1]
        for _ in range(self.options.pairs):
            for name in "AB":
                self.turn(name, fastest)
        begun = time.monotonic()

        def told():
            return max([self.slow.last(), *(last for _, last, _ in self.gaps(-1))]) >= self.total
        try:
            swarm.lab.until(told, "the slow one is told of everything", within=CATCH_UP_WITHIN)
        except AssertionError as error:
            self.faults.append(str(error))
        took = time.monotonic() - begun
        for index, reader in enumerate(self.readers):
            name = self.swarm.peers[index + 1].name
            gaps = self.gaps(index)
            self.faults += [f"{name}: {wrong}" for wrong in readers.judge(reader.seqs, gaps, self.total)]
            if reader is not self.slow and gaps:
                self.faults.append(f"{name} is fast and has gaps: {gaps[:5]}")
        gapped = {}
        for first, last, reason in self.gaps(-1):
            gapped[reason] = gapped.get(reason, 0) + last - first + 1
        for place, what in enumerate(("published/s", "delivered/s", "median us", "p99 us")):
            a, b = (sorted(turn[place] for turn in self.turns[name])[len(self.turns[name]) // 2] for name in "AB")
            print(f"  {what:12} without {a:9.0f}   with {b:9.0f}   with/without {b / a:.2f}   (medians of {self.options.pairs} turns)")
        print(f"  slow one: {len(self.slow.seqs)} delivered + {sum(gapped.values())} in gaps {gapped} of {self.total}, told {took:.1f} s after its limit went; "
              f"most memory of its node {rss(self.swarm.peers[-1].node.pid, 'VmHWM')} MiB (node.memory_max 256 MiB)", flush=True)

    def gaps(self, index):
        with open(self.swarm.lab.path(f"{self.swarm.peers[1:][index].name}.err"), encoding="utf-8") as file:
            return readers.gaps_in(file.read())

    def close(self):
        for sub in getattr(self, "subs", []):
            sub.kill()
            sub.wait()
        self.swarm.close()
        self.network.close()


def late_us(stamp):
    read_at, published = stamp
    return (read_at - datetime.datetime.fromisoformat(published.decode().replace("Z", "+00:00")).timestamp()) * 1e6


def rss(pid, row="VmRSS"):
    with open(f"/proc/{pid}/status", encoding="ascii") as file:
        return next(int(line.split()[1]) // 1024 for line in file if line.startswith(row))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", choices=("app", "link"))
    parser.add_argument("--pairs", type=int, default=3, help="turns without and with (3)")
    parser.add_argument("--seconds", type=float, default=6, help="of each half of a turn (6)")
    parser.add_argument("--rate", type=int, default=2000, help="events per second where latency is measured (2000)")
    parser.add_argument("--fast", type=int, default=3, help="subscribers beside the slow one (3)")
    options = parser.parse_args()
    why = network.missing()
    if why:
        print(f"slow: skipped: {why}")
        return SKIPPED
    network.sweep()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    signal.signal(signal.SIGINT, signal.default_int_handler)  # in the background it would be ignored
    failed = []
    for mode in (options.only,) if options.only else ("app", "link"):
        run = Run(options, mode)
        try:
            run.run()
        except AssertionError as error:
            run.faults.append(str(error))
        except KeyboardInterrupt:
            print("interrupted; cleaning up")
            return 130
        finally:
            run.close()
        failed += [f"{mode}: {fault}" for fault in run.faults]
    for fault in failed[:30]:
        print(f"FAILED {fault[:1000]}")
    if failed:
        print(f"repeat with: {' '.join(sys.argv)}")
        return 1
    print("ok: what was handed out and what was told as gaps is everything, each once")
    return 0


if __name__ == "__main__":
    sys.exit(main())
