# SPDX-License-Identifier: Apache-2.0
"""Peers on hosts of their own: a node, its subscriber with a log, perhaps a publisher; killed, stopped and started again."""
import os
import signal
import time

import judge
import lab

PORT = 7470


class Peer:
    """Moves on by poll(), so that a peer that comes back within a cut holds up nobody."""

    def __init__(self, swarm, host, topics, publishes, mortal):
        self.swarm, self.host, self.name, self.topics, self.publishes, self.mortal = swarm, host, f"n{host}", topics, publishes, mortal
        self.lives, self.log, self.sub, self.pub, self.pub_input, self.ready_fd = 0, None, None, None, None, None
        self.logs, self.pubs = [], []
        self.frozen = False

    def start(self, seeds):
        self.lives += 1
        lab, address = self.swarm.lab, self.swarm.network.address(self.host)
        words = [*self.swarm.network.inside(self.host), self.swarm.boato, "node", "--name", self.name, "--listen", f"{address}:{PORT}"]
        for seed in seeds:
            words += ["--join", f"{self.swarm.network.address(seed)}:{PORT}"]
        words += ["--data-dir", lab.path(self.name), "--set", f"network.key_file={self.swarm.key}", "--set", "log.level=warn"]
        self.node = self.swarm.process(f"{self.name}-node-{self.lives}", words)

    def poll(self):
        """One step further towards a subscriber that is ready; true if it is."""
        if self.log and self.log.ready_us is not None:
            return True
        if not self.node.running():
            raise AssertionError(f"the node {self.name} ended with {self.node.process.returncode}\n{self.node.err()}")
        if self.sub is None and self.node.lines():
            read, write = os.pipe()
            os.set_blocking(read, False)
            self.sub = self.swarm.process(f"{self.name}-sub-{self.lives}", [self.swarm.boato, "sub", *self.topics, "--json", "--ready-fd", str(write)],
                                          env=self.env(), pass_fds=(write,))
            os.close(write)
            self.ready_fd = read
            self.log = judge.Log(f"{self.name}, life {self.lives}", self.sub.out_path, self.swarm.truth, correct=not self.mortal)
            self.logs.append(self.log)
        if self.ready_fd is not None:
            try:
                told = os.read(self.ready_fd, 100)
            except BlockingIOError:
                return False
            os.close(self.ready_fd)
            self.ready_fd = None
            if not told.startswith(b"ready"):
                raise AssertionError(f"the subscriber at {self.name} is not ready\n{self.sub.err()}")
            self.log.ready_us = int(time.time() * 1e6) if self.lives > 1 else 0
            if self.lives > 1 and self.publishes:
                self.publish()
            return True
        return False

    def env(self):
        return {"BOATO_NODE_NAME": self.name}

    def publish(self):
        read, self.pub_input = os.pipe()
        os.set_blocking(self.pub_input, False)
        self.pub = self.swarm.process(f"{self.name}-pub-{self.lives}", [self.swarm.boato, "pub", self.publishes, "--lines", "--json", "-W", "300s"],
                                      stdin=read, env=self.env())
        os.close(read)
        self.pubs.append(self.pub)

    def feed(self, line):
        if self.pub_input is None or self.frozen:
            return
        try:
            os.write(self.pub_input, line)
        except BlockingIOError:
            pass  # it is cut off and its window is full

    def end_input(self):
        if self.pub_input is not None:
            os.close(self.pub_input)
            self.pub_input = None

    def kill(self):
        self.node.kill()
        self.end_input()
        for client in (self.sub, self.pub):
            if client:
                client.wait()
        if self.ready_fd is not None:
            os.close(self.ready_fd)
        if self.log:
            self.log.update()  # what it was told in this life is judged too, but no longer awaited
        self.log = self.sub = self.pub = self.ready_fd = None

    def freeze(self):
        self.frozen = True
        self.node.send(signal.SIGSTOP)

    def thaw(self):
        self.node.send(signal.SIGCONT)
        self.frozen = False


class Swarm:
    def __init__(self, network):
        self.network, self.lab, self.truth = network, lab.Lab(), judge.Truth()
        self.boato, self.key = lab.BOATO, self.lab.path("network.key")
        self.peers = []
        made = self.lab.run("key", "new", self.key)
        if made.code != 0:
            raise AssertionError(made.error)

    def process(self, name, words, **more):
        return lab.Process(self.lab, name, words, **more)

    def add(self, topics, publishes=None, mortal=False):
        host = len(self.peers)
        self.network.add(host)
        self.peers.append(Peer(self, host, topics, publishes, mortal))
        return self.peers[-1]

    def gather(self):
        """Reads what has been told since; returns how many events all subscribers have been handed."""
        logs = [log for peer in self.peers for log in peer.logs]
        for log in logs:
            log.update()
        return sum(log.delivered for log in logs)

    def note_receipts(self):
        for peer in (peer for peer in self.peers if not peer.mortal):
            for pub in peer.pubs:
                for receipt in pub.objects("receipt"):
                    self.truth.published(receipt["topic"], receipt["id"])

    def close(self):
        for process in self.lab.processes:
            if process.running():
                process.send(signal.SIGCONT)
        self.lab.close()
