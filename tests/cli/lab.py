# SPDX-License-Identifier: Apache-2.0
"""What black-box tests of the program share: nodes as processes, commands with their output, a folder of their own.

Nothing here sleeps and hopes: nodes are waited for by their ready line, subscriptions by theirs, and everything else
by a condition with a deadline. The program is found in $BOATO_BIN.
"""
import json
import os
import select
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import unittest

BIN = os.environ.get("BOATO_BIN") or sys.exit("BOATO_BIN names the folder with the programs")
BOATO = os.path.join(BIN, "boato")
PATIENCE = 60  # for what is sure to come; machines are slow at times


def until(condition, what, within=PATIENCE):
    """Waits for a condition on other processes, and returns what it gave."""
    deadline = time.monotonic() + within
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > deadline:
            raise AssertionError(f"did not come about within {within} s: {what}")
        time.sleep(0.02)


class Process:
    """A program with its output in files, so that nobody blocks on a pipe nobody reads."""

    def __init__(self, lab, name, args, stdin=subprocess.DEVNULL, env=None, pass_fds=()):
        self.out_path, self.err_path = lab.path(f"{name}.out"), lab.path(f"{name}.err")
        with open(self.out_path, "wb") as out, open(self.err_path, "wb") as err:
            self.process = subprocess.Popen(args, stdin=stdin, stdout=out, stderr=err, env=lab.env(env), cwd=lab.folder,
                                            pass_fds=pass_fds)
        self.name = name
        lab.processes.append(self)

    @property
    def pid(self):
        return self.process.pid

    def out(self):
        with open(self.out_path, "rb") as file:
            return file.read().decode("utf-8", "replace")

    def err(self):
        with open(self.err_path, "rb") as file:
            return file.read().decode("utf-8", "replace")

    def lines(self):
        text = self.out()
        return text[: text.rfind("\n") + 1].splitlines()

    def objects(self, t=None):
        found = [json.loads(line) for line in self.lines()]
        return [o for o in found if t is None or o["t"] == t]

    def running(self):
        return self.process.poll() is None

    def wait(self, within=PATIENCE):
        try:
            return self.process.wait(within)
        except subprocess.TimeoutExpired:
            raise AssertionError(f"{self.name} does not end\n{self.err()}") from None

    def send(self, number):
        self.process.send_signal(number)

    def stop(self, number=signal.SIGTERM, within=PATIENCE):
        if self.running():
            self.send(number)
        return self.wait(within)

    def kill(self):
        if self.running():
            self.process.kill()
        self.process.wait()

    def need(self, condition, what):
        """Waits for a condition while the process lives."""
        def check():
            if condition():
                return True
            if not self.running() and not condition():
                raise AssertionError(f"{self.name} ended with {self.process.returncode} before: {what}\n{self.err()}")
            return False
        return until(check, f"{self.name}: {what}")


class Node(Process):
    def __init__(self, lab, name, *args, join=None, env=None, listen="127.0.0.1:0", wait=True):
        words = [BOATO, "node", "--name", name, "--listen", listen]
        if join:
            words += ["--join", join.address if isinstance(join, Node) else join]
        self.address = self.id = None
        super().__init__(lab, f"node-{name}", words + list(args), env=env)
        if wait:
            self.ready()

    def ready(self):
        self.need(lambda: self.lines(), "its ready line")
        word = dict(part.split("=", 1) for part in self.lines()[0].split()[1:])
        self.address, self.id = word["listen"].split(",")[0], word["id"]
        return word


class Result:
    def __init__(self, process):
        self.code, self.out, self.err = process.returncode, process.stdout, process.stderr

    @property
    def text(self):
        return self.out.decode()

    @property
    def error(self):
        return self.err.decode()

    def objects(self):
        return [json.loads(line) for line in self.text.splitlines()]


class Lab:
    def __init__(self):
        self.folder = tempfile.mkdtemp(prefix="boato-test-")
        self.processes = []
        os.mkdir(self.path("run"), 0o700)

    def path(self, name):
        return os.path.join(self.folder, name)

    def env(self, more=None):
        # Nothing of the user's own configuration, and no other node of his.
        env = {k: v for k, v in os.environ.items() if not k.startswith(("BOATO_", "XDG_"))}
        env.update(XDG_RUNTIME_DIR=self.path("run"), XDG_CONFIG_HOME=self.path("config"), XDG_CONFIG_DIRS=self.path("etc"),
                   HOME=self.folder)
        env.update(more or {})
        return env

    def run(self, *args, stdin=b"", env=None, within=PATIENCE):
        return Result(subprocess.run([BOATO, *args], input=stdin, capture_output=True, env=self.env(env), cwd=self.folder,
                                     timeout=within))

    def node(self, name, *args, **more):
        return Node(self, name, *args, **more)

    def sub(self, name, *args, env=None, **more):
        """A subscriber that is ready: nothing published from here on is missed."""
        read, write = os.pipe()
        process = Process(self, f"sub-{name}", [BOATO, "sub", *args, "--ready-fd", str(write)], env=env, pass_fds=(write,), **more)
        os.close(write)
        try:
            if not select.select([read], [], [], PATIENCE)[0] or not os.read(read, 100).startswith(b"ready"):
                raise AssertionError(f"sub {args} is not ready\n{process.err()}")
        finally:
            os.close(read)
        return process

    def start(self, name, *args, stdin=subprocess.DEVNULL, env=None):
        return Process(self, name, [BOATO, *args], stdin=stdin, env=env)

    def close(self):
        for process in self.processes:
            process.kill()
        shutil.rmtree(self.folder, ignore_errors=True)


class LabTest(unittest.TestCase):
    def setUp(self):
        self.lab = Lab()
        self.addCleanup(self.lab.close)

    def need_exit(self, result, code, *words):
        """Ends with this code and says one line on stderr, with these words in it."""
        self.assertEqual(result.code, code, result.error)
        self.assertEqual(len(result.error.splitlines()), 1, result.error)
        for word in words:
            self.assertIn(word, result.error)


def main():
    unittest.main(verbosity=2, failfast=False)
