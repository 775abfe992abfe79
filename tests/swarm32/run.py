#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""32 real processes join through one seed; 8 of them are killed with SIGKILL and started again while everybody publishes.

  run.py [--runs N] [--seed S] [--peers 32] [--kill 8] [--seconds 6] [--keep]

Judged in each run: all joined within 10 s; every subscriber that stayed up got every event of a reliable topic from every
publisher that stayed up, each once, in the order of its stream; of publishers that were killed no event twice and none out of
order. A failed run prints the command that repeats its choices. Exit 0 only if all runs passed.
"""
import argparse
import collections
import json
import os
import random
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "cli"))
import lab  # noqa: E402

TOPIC = "swarm/reliable"
JOIN_WITHIN = 10


class Run:
    def __init__(self, seed, options):
        self.rng, self.options, self.lab = random.Random(seed), options, lab.Lab()
        self.nodes, self.pubs, self.subs, self.faults = {}, {}, {}, []
        self.stop_path = self.lab.path("stop")

    def start_node(self, name, seeds):
        return self.lab.node(name, *[part for address in seeds for part in ("--join", address)], "--data-dir", self.lab.path(name),
                             "--set", "log.level=warn", wait=False)

    def at(self, node):
        return {"BOATO_NODE_NAME": node}

    def publish(self, name):
        """Numbered lines at a steady rate, until the stop file is there."""
        words = f"i=0; while [ ! -e '{self.stop_path}' ]; do i=$((i+1)); echo $i; sleep 0.02; done"
        return lab.Process(self.lab, f"pub-{name}", ["bash", "-c", f"({words}) | exec '{lab.BOATO}' pub {TOPIC} --lines --json -W 60s"],
                           env=self.at(name))

    def run(self):
        names = [f"n{i}" for i in range(self.options.peers)]
        begun = time.monotonic()
        seed = self.nodes["n0"] = self.start_node("n0", [])
        seed.ready()
        for name in names[1:]:
            self.nodes[name] = self.start_node(name, [seed.address])
        for name in names[1:]:
            self.nodes[name].ready()
        self.joined_in = time.monotonic() - begun

        chosen = names[1:]
        self.rng.shuffle(chosen)
        victims, staying = chosen[: self.options.kill], chosen[self.options.kill:]
        subscribers = staying[:6]
        publishers = staying[4:9] + victims[:2]  # two that also subscribe, and two that will be killed
        for name in subscribers:
            self.subs[name] = self.lab.sub(name, TOPIC, "--json", env=self.at(name))
        for name in victims[2:4]:
            self.lab.sub(f"victim-{name}", TOPIC, env=self.at(name))
        for name in publishers:
            self.pubs[name] = self.publish(name)
        for name in publishers:
            pub = self.pubs[name]
            pub.need(lambda p=pub: p.lines(), "a first receipt")

        # Killed one after the other, started again after a while under the same identity, through any peers that stay.
        deadline = time.monotonic() + self.options.seconds
        gone = []
        for name in victims:
            self.nodes[name].kill()
            gone.append(name)
            time.sleep(self.rng.uniform(0, self.options.seconds / len(victims) / 2))
            if self.rng.random() < 0.5 or len(gone) > 3:
                self.revive(gone.pop(self.rng.randrange(len(gone))), staying)
            time.sleep(self.rng.uniform(0, self.options.seconds / len(victims) / 2))
        while gone:
            self.revive(gone.pop(), staying)
        for name in victims:
            self.nodes[name].ready()
        time.sleep(max(0.0, deadline - time.monotonic()))

        with open(self.stop_path, "w", encoding="utf-8"):
            pass
        self.correct = {self.nodes[name].id: name for name in publishers if name in staying}
        for name in self.correct.values():
            self.need(self.pubs[name].wait() == 0, f"pub at {name} ended with {self.pubs[name].process.returncode}: {self.pubs[name].err()}")
        self.sent = {peer: {o["id"] for o in self.pubs[name].objects("receipt")} for peer, name in self.correct.items()}
        self.judge()

    def revive(self, name, staying):
        seeds = [self.nodes[other].address for other in self.rng.sample(staying, 3)]
        self.nodes[name] = self.start_node(name, seeds)

    def need(self, claim, what):
        if not claim:
            self.faults.append(what)

    def judge(self):
        self.need(self.joined_in <= JOIN_WITHIN, f"joining took {self.joined_in:.1f} s")
        total = sum(len(ids) for ids in self.sent.values())
        self.delivered = 0
        for name, sub in self.subs.items():
            def complete(s=sub):
                have = {o["id"] for o in s.objects("event")}
                return all(ids <= have for ids in self.sent.values())
            try:
                sub.need(complete, f"all {total} events of publishers that stayed up")
            except AssertionError as error:
                have = {o["id"] for o in sub.objects("event")}
                missing = {self.correct[p]: len(ids - have) for p, ids in self.sent.items() if ids - have}
                self.faults.append(f"{error}; missing {missing}; gaps {sub.objects('gap')}")
            last, seen = collections.defaultdict(int), set()
            for event in sub.objects("event"):
                self.delivered += 1
                self.need(event["id"] not in seen, f"{name} got {event['id']} twice")
                seen.add(event["id"])
                stream = (event["publisher"], event["incarnation"])
                steps = event["seq"] - last[stream]
                exact = event["publisher"] in self.correct
                self.need(steps == 1 or (steps > 0 and not exact), f"{name}: {event['id']} after {last[stream]}")
                last[stream] = event["seq"]
        self.need(total > 0, "nothing was published")
        self.total = total

    def close(self):
        if self.options.keep and self.faults:
            print(f"kept: {self.lab.folder}")
            for process in self.lab.processes:
                process.kill()
        else:
            self.lab.close()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--runs", type=int, default=1)
    parser.add_argument("--seed", type=int, default=int.from_bytes(os.urandom(4), "big"))
    parser.add_argument("--peers", type=int, default=32)
    parser.add_argument("--kill", type=int, default=8)
    parser.add_argument("--seconds", type=float, default=6)
    parser.add_argument("--keep", action="store_true", help="leave the folder of a failed run")
    options = parser.parse_args()
    failed = 0
    for number in range(options.runs):
        seed = options.seed + number
        run = Run(seed, options)
        try:
            run.run()
            if not run.faults:
                print(f"run {number + 1}/{options.runs} seed {seed}: ok, joined in {run.joined_in:.1f} s, {run.total} events, {run.delivered} delivered",
                      flush=True)
        except AssertionError as error:
            run.faults.append(str(error))
        finally:
            run.close()
        if run.faults:
            failed += 1
            print(f"run {number + 1}/{options.runs} seed {seed}: FAILED")
            for fault in run.faults[:20]:
                print(f"  {fault[:2000]}")
            print(f"  repeat with: {sys.argv[0]} --seed {seed} --peers {options.peers} --kill {options.kill} --seconds {options.seconds}", flush=True)
    print(json.dumps({"runs": options.runs, "failed": failed}))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
