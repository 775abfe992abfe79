#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What tools/dev/layers.py and tools/dev/tidy.py must refuse: each test plants one fault in a small copy of the house."""
import os
import shutil
import subprocess
import tempfile
import unittest

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
SPDX = "// SPDX-License-Identifier: Apache-2.0\n"
HEADER = SPDX + "#pragma once\n"


class House(unittest.TestCase):
    def setUp(self):
        self.root = tempfile.mkdtemp()
        self.addCleanup(shutil.rmtree, self.root)
        for name in ("layers.py", "tidy.py"):
            os.makedirs(os.path.join(self.root, "tools/dev"), exist_ok=True)
            shutil.copy(os.path.join(ROOT, "tools/dev", name), os.path.join(self.root, "tools/dev"))
        for top in ("overlay", "node", "tools", "tests"):
            self.plant(f"{top}/CMakeLists.txt", "# SPDX-License-Identifier: Apache-2.0\n")
        self.plant("include/boato/types.hpp", HEADER + "#include <array>\n")
        self.plant("overlay/base/a.hpp", HEADER + "#include <boato/types.hpp>\n")
        self.plant("build/dev/generated/boato/version.hpp", HEADER)

    def plant(self, path, text):
        path = os.path.join(self.root, path)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)

    def script(self, *command):
        return subprocess.run([os.path.join(self.root, command[0]), *command[1:]], capture_output=True, text=True)

    def refused(self, what, *command):
        run = self.script(*command)
        self.assertEqual(run.returncode, 1, run.stdout + run.stderr)
        self.assertIn(what, run.stdout)

    def passes(self, *command):
        run = self.script(*command)
        self.assertEqual(run.returncode, 0, run.stdout + run.stderr)


class Layers(House):
    def in_core(self, line):
        self.plant("overlay/base/b.hpp", HEADER + line + "\n")

    def test_pass_a_sound_house(self):
        self.passes("tools/dev/layers.py")
        self.passes("tools/dev/layers.py", "--check")

    def test_refuse_an_arrow_that_goes_up(self):
        self.plant("overlay/wire/w.hpp", HEADER)
        self.in_core('#include "overlay/wire/w.hpp"')
        self.refused("overlay/base may not include overlay/wire", "tools/dev/layers.py")

    def test_refuse_a_sibling(self):
        self.plant("overlay/roster/r.hpp", HEADER)
        self.plant("overlay/link/l.hpp", HEADER + '#include "overlay/roster/r.hpp"\n')
        self.refused("overlay/link may not include overlay/roster", "tools/dev/layers.py")

    def test_refuse_the_core_in_the_program(self):
        self.plant("node/n.cpp", SPDX + '#include "overlay/base/a.hpp"\n')
        self.refused("node may not include overlay/base", "tools/dev/layers.py")

    def test_refuse_a_loop(self):
        self.in_core('#include "overlay/base/c.hpp"')
        self.plant("overlay/base/c.hpp", HEADER + '#include "overlay/base/b.hpp"\n')
        self.refused("include loop", "tools/dev/layers.py")

    def test_refuse_a_room_without_a_row(self):
        self.plant("overlay/attic/a.hpp", HEADER)
        self.refused("overlay/attic has no row", "tools/dev/layers.py")

    def test_refuse_an_arrow_that_is_not_in_the_committed_graph(self):
        self.passes("tools/dev/layers.py")
        self.plant("overlay/wire/w.hpp", HEADER + '#include "overlay/base/a.hpp"\n')
        self.refused("new arrow: overlay/wire -> overlay/base", "tools/dev/layers.py", "--check")

    def test_refuse_what_is_not_pure(self):
        for line in ("#include <uv.h>", "#include <sqlite3.h>", "#include <sodium.h>", "#include <msgpack.hpp>",
                     "#include <thread>", "#include <mutex>", "#include <iostream>", "#include <unordered_map>",
                     "auto t = std::chrono::steady_clock::now();", "std::random_device d;", "int r = rand();",
                     "void f() { randombytes_buf(nullptr, 0); }", "std::shared_ptr<int> p;", "struct V { virtual void f(); };",
                     "std::unordered_set<int> s;", "std::mutex m;"):
            with self.subTest(line):
                self.in_core(line)
                self.assertEqual(self.script("tools/dev/layers.py").returncode, 1)

    def test_let_words_in_comments_and_strings_be(self):
        self.in_core('// virtual std::mutex rand()\n/* steady_clock\n shared_ptr */\nconst char* s = "virtual";\nint n = 1\'000;')
        self.passes("tools/dev/layers.py")

    def test_let_the_one_file_have_its_library(self):
        self.plant("overlay/link/sodium.cpp", SPDX + "#include <sodium.h>\n")
        self.plant("overlay/wire/codec.hpp", HEADER + "#include <msgpack.hpp>\n")
        self.passes("tools/dev/layers.py")

    def test_refuse_the_oracle_outside_the_tests(self):
        self.plant("tools/t.cpp", SPDX + "auto x = msgpack::unpack(nullptr, 0);\n")
        self.refused("msgpack::unpack", "tools/dev/layers.py")


class Tidy(House):
    def test_passes_a_sound_house(self):
        self.passes("tools/dev/tidy.py")

    def test_refuses_a_header_that_does_not_compile_alone(self):
        self.plant("overlay/base/b.hpp", HEADER + "inline std::string s;\n")
        self.refused("b.hpp: does not compile alone", "tools/dev/tidy.py")

    def test_looks_again_at_a_header_whose_includes_changed(self):
        self.plant("overlay/base/b.hpp", HEADER + '#include "overlay/base/a.hpp"\ninline std::array<int, 1> s;\n')
        self.passes("tools/dev/tidy.py")
        self.plant("include/boato/types.hpp", HEADER)
        self.refused("b.hpp: does not compile alone", "tools/dev/tidy.py")

    def test_refuses_a_source_that_is_in_no_list(self):
        self.plant("overlay/base/b.cpp", SPDX)
        self.refused("base/b.cpp: not listed", "tools/dev/tidy.py")

    def test_refuses_a_fault_that_is_planted_nowhere(self):
        self.plant("overlay/base/b.hpp", HEADER + "#define BOATO_MUTANT(n) false\ninline bool b = BOATO_MUTANT(101);\n")
        self.plant("tools/CMakeLists.txt", "# SPDX-License-Identifier: Apache-2.0\nsim/mutants.cpp\n")
        self.plant("tools/sim/mutants.cpp", SPDX + '    {101, "base", "x"},\n    {102, "base", "y"},\n')
        self.refused("fault 102 is planted nowhere", "tools/dev/tidy.py")

    def test_refuses_a_file_without_its_licence(self):
        self.plant("overlay/base/b.hpp", "#pragma once\n")
        self.refused("the first line is not the SPDX line", "tools/dev/tidy.py")

    def test_refuses_white_space_at_the_end_of_a_line(self):
        self.plant("overlay/base/b.hpp", HEADER + "int x; \n")
        self.refused("b.hpp:3: white space", "tools/dev/tidy.py")

    def test_refuses_what_is_left_for_later(self):
        self.plant("overlay/base/b.hpp", HEADER + "// TO" + "DO: more\n")
        self.refused("b.hpp:3: TO" + "DO", "tools/dev/tidy.py")

    def test_refuses_links_that_lead_nowhere(self):
        self.plant("README.md", "# Top\n[a](overlay/nothing.md)\n[b](#bottom)\n")
        self.refused("README.md:2: no such file", "tools/dev/tidy.py")
        self.refused("README.md:3: no such heading", "tools/dev/tidy.py")

    def test_takes_links_that_lead_somewhere(self):
        self.plant("README.md", "# The Top, and more\n[a](overlay/base/a.hpp) [b](#the-top-and-more) [c](https://example.org/x)\n")
        self.passes("tools/dev/tidy.py")

    def test_refuses_a_public_header_that_the_umbrella_forgot(self):
        self.plant("include/boato/boato.hpp", HEADER)
        self.refused("types.hpp: not in boato.hpp", "tools/dev/tidy.py")


if __name__ == "__main__":
    unittest.main()
