#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The lines that README.md shows, run as they stand: each `sh` block with the words [run] behind it.

A line that ends in `&` runs in the background; `# prints: TEXT` behind a line is what it prints on stdout: a node at once,
others by the end; ... stands for anything. Port 7470 becomes a free one, since the host may have a node of its own.
"""
import os
import re
import socket

import lab

README = os.path.join(os.environ["BOATO_SOURCE"], "README.md")


class Readme(lab.LabTest):
    def test_the_lines_of_the_first_minute(self):
        with open(README, encoding="utf-8") as file:
            blocks = re.findall(r"```sh run\n(.*?)```", file.read(), re.S)
        self.assertTrue(blocks)
        env = {"PATH": lab.BIN + os.pathsep + os.environ["PATH"]}
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            port = str(taken.getsockname()[1])
        count, later = 0, []
        for block in blocks:
            for line in block.splitlines():
                command, _, printed = line.partition("# prints: ")
                command = command.strip().replace("7470", port)
                if not command or command.startswith("#"):
                    continue
                count += 1
                background = command.endswith("&")
                process = lab.Process(self.lab, f"line-{count}", ["bash", "-c", "exec " + command.rstrip("& ")], env=env)
                if not background:
                    self.assertEqual(process.wait(), 0, f"{command}\n{process.err()}")
                if printed:
                    pattern = re.escape(printed.strip()).replace(r"\.\.\.", ".*")
                    later.append((process, pattern, f"{command} prints {printed}"))
                if command.startswith("boato node"):
                    self.await_prints(later)
        self.await_prints(later)
        self.assertGreaterEqual(count, 4)

    def await_prints(self, expected):
        while expected:
            process, pattern, what = expected.pop(0)
            process.need(lambda p=process, r=pattern: re.search(r, p.out()), what)


if __name__ == "__main__":
    lab.main()
