#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""64 nodes, each in a network namespace of its own, through kills, stops, cuts and loss, while several of them publish.

  run.py [--minutes 10] [--seed S] [--peers 64] [--quiet 60] [--rate 5] [--keep]      as root, with iproute2 and nftables
  run.py --short                                                                      16 nodes, about a minute

Everybody subscribes to two reliable FIFO topics and writes down what it is told. Judged at the end, after all is healed: nobody
was told anything twice or out of order, every hole is told by an exact gap, and everybody that was never killed was told of
everything; who was killed and came back, of everything since its subscription was ready. Outages shorter than the age of the
caches (60 s) must cost no event at all; in a run of five minutes and more one outage is longer, and its victims may have gaps.

Printed, not judged: bytes on the wire for each delivery, and bytes per second of an idle peer before and after. A failed run
prints the command that repeats its script. Exit 0: passed. 1: failed. 77: this machine cannot run it, and why.
"""
import argparse
import os
import random
import shutil
import signal
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
os.environ.setdefault("BOATO_BIN", os.path.join(HERE, "..", "..", "build", "release", "bin"))
sys.path.insert(0, os.path.join(HERE, "..", "cli"))
import faults  # noqa: E402
import network  # noqa: E402
import swarm  # noqa: E402

TOPICS = ("storm/a", "storm/b")
SETTLE_WITHIN = 90
SKIPPED = 77


class Run:
    def __init__(self, options):
        self.options, self.rng, self.begun, self.faults = options, random.Random(options.seed), time.monotonic(), []
        count = options.peers
        chosen = self.rng.sample(range(count), count // 2)
        self.mortal = set(chosen[: count // 4])
        self.publishers = chosen[: max(1, count // 32)] + chosen[count // 4:][: max(2, count // 16)]
        self.network = network.Network(count)
        self.swarm = swarm.Swarm(self.network)
        self.line_number, self.next_line, self.next_word, self.may_gap = 0, 0.0, 0.0, set()

    def say(self, text):
        print(f"{time.monotonic() - self.begun:6.1f} s  {text}", flush=True)

    def wait(self, seconds, until=lambda: False):
        """Lets time pass: feeds the publishers, brings peers on, reads what was told. True if `until` came about."""
        deadline = time.monotonic() + seconds
        while not until():
            now = time.monotonic()
            if now >= deadline:
                return False
            for peer in self.swarm.peers:
                if not peer.frozen and peer.node is not None:
                    peer.poll()
            if now >= self.next_line:
                self.next_line = max(now, self.next_line + 1 / self.options.rate)
                self.line_number += 1
                for peer in self.swarm.peers:
                    peer.feed(b"%0100d\n" % self.line_number)
            if now >= self.next_word:
                self.next_word = now + 10
                self.say(f"{self.swarm.gather()} delivered, {self.line_number} lines for each publisher, "
                         f"{sum(log.gapped for log in self.logs())} in gaps, {sum(len(log.faults) for log in self.logs())} faults")
            time.sleep(max(0.0, min(0.05, self.next_line - time.monotonic())))
        return True

    def logs(self):
        return [log for peer in self.swarm.peers for log in peer.logs]

    def everybody_ready(self):
        return all(peer.log and peer.log.ready_us is not None for peer in self.swarm.peers)

    def run(self):
        for host in range(self.options.peers):
            place = self.publishers.index(host) if host in self.publishers else None
            peer = self.swarm.add(TOPICS, None if place is None else TOPICS[place % len(TOPICS)], host in self.mortal)
            peer.node = None
        for peer in self.swarm.peers:
            peer.start([] if peer.host == 0 else [0])
        self.need(self.wait(SETTLE_WITHIN, self.everybody_ready), "not everybody is ready")
        self.say(f"{self.options.peers} peers are ready, each in its own network namespace; {len(self.publishers)} publish, "
                 f"{len(self.mortal)} may be killed")
        self.wait(10)
        before = self.idle()

        sent, delivered = sum(self.network.sent().values()), self.swarm.gather()
        for host in self.publishers:
            self.swarm.peers[host].publish()
        self.wait(5)
        script = faults.draw(self.rng, self.options.minutes * 60, self.options.peers, self.mortal, self.publishers)
        for number, act in enumerate(script, 1):
            self.say(f"round {number}/{len(script)}: {act}")
            self.play(act)
        self.settle()
        delivered = self.swarm.gather() - delivered
        sent = sum(self.network.sent().values()) - sent
        self.judge()
        self.wait(10)
        after = self.idle()
        self.say(f"{delivered} deliveries, {sent / max(1, delivered):.0f} B on the wire for each (100 B of payload; faults, repair and upkeep included)")
        self.say(f"an idle peer sent {before:.0f} B/s before and {after:.0f} B/s after, with {len(TOPICS)} idle topics, TCP and IP included")

    def idle(self):
        begun, sent = time.monotonic(), sum(self.network.sent().values())
        self.wait(self.options.quiet)
        return (sum(self.network.sent().values()) - sent) / (time.monotonic() - begun) / self.options.peers

    def play(self, act):
        peers = self.swarm.peers
        if act.long:
            self.may_gap |= {host for hosts in act.victims.values() for host in hosts}
        self.network.cut(act.pairs)
        if "loss" in act.kinds:
            self.network.lose(2)
        killed = [peers[host] for host in act.victims.get("kill", [])]
        for peer in killed:
            peer.kill()
            peer.node = None
        for host in act.victims.get("stop", []):
            peers[host].freeze()
        self.wait(act.seconds / 2)
        for peer in killed:  # they come back while the other faults last
            peer.start(self.rng.sample([other.host for other in peers if other not in killed], 3))
        self.wait(act.seconds / 2)
        for host in act.victims.get("stop", []):
            peers[host].thaw()
        self.network.heal()
        self.wait(act.settle)

    def settle(self):
        """No more lines; every publisher gets its receipts, and everybody what is still on its way."""
        self.need(self.wait(SETTLE_WITHIN, self.everybody_ready), "not everybody came back")
        for peer in self.swarm.peers:
            peer.end_input()
        pubs = [peer.pub for peer in self.swarm.peers if peer.pub]
        self.need(self.wait(SETTLE_WITHIN, lambda: not any(pub.running() for pub in pubs)), "a publisher lacks receipts")
        self.swarm.note_receipts()

        def complete():
            self.swarm.gather()
            return not any(peer.log.absent() for peer in self.swarm.peers)
        self.wait(SETTLE_WITHIN, complete)

    def judge(self):
        self.swarm.gather()
        for peer in self.swarm.peers:
            for log in peer.logs:
                for fault in log.faults:
                    self.faults.append(f"{log.name}: {fault}")
                if log.gapped and peer.host not in self.may_gap:
                    self.faults.append(f"{log.name}: {log.gapped} in gaps ({log.reasons}), though no outage was longer than {faults.CACHE_AGE} s")
            for absent in peer.log.absent() if peer.log else ["it never came back"]:
                self.faults.append(f"{peer.log.name if peer.log else peer.name}: lost without a gap: {absent}")
            for pub in peer.pubs if not peer.mortal else []:
                self.need(pub.process.poll() == 0, f"pub at {peer.name} ended with {pub.process.poll()}: {pub.err()[-300:]}")
        published = sum(self.swarm.truth.last.values())
        self.need(published > 0, "nothing was published")
        self.say(f"{published} events in {len(self.swarm.truth.last)} streams; told as gaps: {sum(log.gapped for log in self.logs())}")

    def need(self, claim, what):
        if not claim:
            self.faults.append(what)

    def close(self):
        kept = self.options.keep and self.faults
        folder = self.swarm.lab.folder
        if kept:
            shutil.copytree(folder, folder + "-kept", ignore=lambda at, names: [n for n in names if n == "run"])
            print(f"kept: {folder}-kept")
        self.swarm.close()
        self.network.close()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, help="of faults (10)")
    parser.add_argument("--seed", type=int, default=int.from_bytes(os.urandom(4), "big"))
    parser.add_argument("--peers", type=int, help="how many (64)")
    parser.add_argument("--quiet", type=float, help="seconds of silence that are measured before and after (60)")
    parser.add_argument("--rate", type=float, default=5, help="events per second of each publisher (5)")
    parser.add_argument("--short", action="store_true", help="16 peers, half a minute of faults")
    parser.add_argument("--keep", action="store_true", help="leave the logs of a failed run")
    options = parser.parse_args()
    defaults = (0.4, 16, 5) if options.short else (10, 64, 60)
    for name, value in zip(("minutes", "peers", "quiet"), defaults):
        if getattr(options, name) is None:
            setattr(options, name, value)
    if options.peers < 8:
        parser.error("--peers: eight or more")
    why = network.missing()
    if why:
        print(f"netns64: skipped: {why}")
        return SKIPPED
    network.sweep()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    signal.signal(signal.SIGINT, signal.default_int_handler)  # in the background it would be ignored
    print(f"netns64: seed {options.seed}", flush=True)
    run = Run(options)
    try:
        run.run()
    except AssertionError as error:
        run.faults.append(str(error))
    except KeyboardInterrupt:
        print("interrupted; cleaning up")
        return 130
    finally:
        run.close()
    if run.faults:
        print(f"FAILED with {len(run.faults)} faults")
        for fault in run.faults[:30]:
            print(f"  {fault[:1000]}")
        print(f"  repeat with: {sys.argv[0]} --minutes {options.minutes:g} --seed {options.seed} --peers {options.peers} "
              f"--quiet {options.quiet:g} --rate {options.rate:g} --keep")
        return 1
    print("ok: nothing lost, nothing twice, nothing out of order")
    return 0


if __name__ == "__main__":
    sys.exit(main())
