#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""House rules that a machine can check.

  tidy.py [--build DIR]   DIR is a configured build folder (default build/dev): generated headers, compile commands, cache
  tidy.py --clang-tidy [--all] [--build DIR]   clang-tidy on the files changed since the upstream branch, or on all

Without --clang-tidy: each header compiles alone, each .cpp is listed in its top folder's CMakeLists.txt, the umbrella
header has every public header, each fault of boato-sim mutants is planted, links in *.md resolve, the first line is the SPDX line, no white space at line ends, and
nothing is left to be done later in a comment.
"""
import concurrent.futures
import hashlib
import json
import os
import re
import subprocess
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
TOPS = ("include", "overlay", "node", "tools", "tests")
TEXT = (".hpp", ".cpp", ".py", ".md", ".cmake", ".json", ".toml", ".sh", ".in", ".txt", ".yml", ".yaml")
SPDX = "SPDX-License-Identifier: Apache-2.0"
LEFT = re.compile(r"\b(" + "FIX" + "ME|TO" + "DO|X" + r"XX)\b")
INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]*[<"]((?:boato|overlay|node|tools|tests)/[^">]+)[>"]', re.M)
JOBS = 2


def read(path):
    with open(os.path.join(ROOT, path), encoding="utf-8", errors="replace") as file:
        return file.read()


def project_files():
    git = subprocess.run(["git", "ls-files", "-co", "--exclude-standard"], cwd=ROOT, capture_output=True, text=True)
    if git.returncode == 0:
        return sorted({f for f in git.stdout.split("\n") if f and os.path.isfile(os.path.join(ROOT, f))})
    found = []
    for folder, dirs, files in os.walk(ROOT):
        dirs[:] = [d for d in dirs if d not in (".git", "build", "__pycache__")]
        found += [os.path.relpath(os.path.join(folder, f), ROOT) for f in files]
    return sorted(found)


def is_script(path):
    if os.path.splitext(path)[1]:
        return False
    with open(os.path.join(ROOT, path), "rb") as file:
        return file.read(2) == b"#!"


def check_text(path, errors):
    name, suffix = os.path.basename(path), os.path.splitext(path)[1]
    script = is_script(path)
    if not script and suffix not in TEXT and name not in (".clang-format", ".clang-tidy", ".gitignore"):
        return
    text = read(path)
    lines = text.split("\n")
    source = suffix in (".hpp", ".cpp", ".py", ".cmake", ".sh") or name == "CMakeLists.txt" or script
    if source and SPDX not in lines[0] and not (lines[0].startswith("#!") and len(lines) > 1 and SPDX in lines[1]):
        errors.append(f"{path}:1: the first line is not the SPDX line")
    for number, line in enumerate(lines, 1):
        if line != line.rstrip() and suffix != ".md":
            errors.append(f"{path}:{number}: white space at the end of the line")
        if LEFT.search(line):
            errors.append(f"{path}:{number}: {LEFT.search(line).group(0)}: say what is, or do it")
    if text and not text.endswith("\n"):
        errors.append(f"{path}: no end of line at the end of the file")
    if suffix == ".hpp" and "#pragma once" not in text:
        errors.append(f"{path}: no #pragma once")
    if suffix in (".hpp", ".cpp") and "\t" in text:
        errors.append(f"{path}: a tab")


def check_listed(files, errors):
    lists = {top: set(re.split(r"[\s()]+", read(f"{top}/CMakeLists.txt"))) for top in TOPS if top != "include"}
    for path in files:
        top, _, rest = path.partition("/")
        if path.endswith(".cpp") and top in lists and not path.startswith("tests/install/") and rest not in lists[top]:
            errors.append(f"{path}: not listed in {top}/CMakeLists.txt")


def check_umbrella(files, errors):
    if "include/boato/boato.hpp" not in files:
        return
    umbrella = read("include/boato/boato.hpp")
    for path in files:
        if path.startswith("include/boato/") and path.endswith(".hpp") and not path.endswith("/boato.hpp"):
            if f"<{path[len('include/'):]}>" not in umbrella:
                errors.append(f"{path}: not in boato.hpp")


def check_planted(files, errors):
    """A rewrite that drops a planted fault would leave its row of the table, and a judge nobody tests."""
    table = "tools/sim/mutants.cpp"
    if table not in files:
        return
    planted = {n for f in files if f.startswith("overlay/") for n in re.findall(r"BOATO_MUTANT\((\d+)\)", read(f))}
    rows = set(re.findall(r"^ *\{(\d+), \"", read(table), re.M))
    errors.extend(f"{table}: fault {n} is planted nowhere" for n in sorted(rows - planted))


def slug(heading):
    heading = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading.strip().lower())
    return re.sub(r"[^\w\- ]", "", heading).replace(" ", "-")


def anchors(path):
    found, fenced = set(), False
    for line in read(path).split("\n"):
        if line.startswith("```"):
            fenced = not fenced
        if not fenced and line.startswith("#"):
            found.add(slug(line.lstrip("#")))
    return found


def check_links(files, errors):
    for path in (f for f in files if f.endswith(".md")):
        text = re.sub(r"```.*?```", lambda m: "\n" * m.group(0).count("\n"), read(path), flags=re.S)
        text = re.sub(r"`[^`\n]*`", "", text)
        for match in re.finditer(r"\[[^\]]*\]\(([^)\s]+)\)", text):
            link = match.group(1)
            line = text.count("\n", 0, match.start()) + 1
            if re.match(r"[a-z]+:", link):
                continue
            target, _, anchor = link.partition("#")
            place = os.path.normpath(os.path.join(os.path.dirname(path), target)) if target else path
            if not os.path.exists(os.path.join(ROOT, place)):
                errors.append(f"{path}:{line}: no such file: {link}")
            elif anchor and place.endswith(".md") and anchor not in anchors(place):
                errors.append(f"{path}:{line}: no such heading: {link}")


class Headers:
    """Compiles each header alone. What compiled once, with all it includes unchanged, is not compiled again."""

    def __init__(self, build):
        self.generated = os.path.join(build, "generated")
        self.cache = os.path.join(build, "headers-that-compile")
        self.command = ["g++", "-std=c++20", "-fsyntax-only", "-Wall", "-Wextra", "-DMSGPACK_NO_BOOST", "-DBOATO_INVARIANTS",
                        "-Iinclude", "-I.", "-I" + self.generated, "-x", "c++", "-"]
        self.digests = {}

    def file_of(self, name):
        for folder in ("include", ".", self.generated):
            path = os.path.join(ROOT, folder, name)
            if os.path.exists(path):
                return path
        return None

    def closure(self, name):
        seen, todo = set(), [name]
        while todo:
            path = self.file_of(todo.pop())
            if path is None or path in seen:
                continue
            seen.add(path)
            with open(path, encoding="utf-8", errors="replace") as file:
                todo += INCLUDE.findall(file.read())
        return sorted(seen)

    def key(self, name, how=""):
        digest = hashlib.sha256(" ".join(self.command + [name, how]).encode())
        for path in self.closure(name):
            if path not in self.digests:
                with open(path, "rb") as file:
                    self.digests[path] = hashlib.sha256(file.read()).digest()
            digest.update(self.digests[path])
        return digest.hexdigest()

    def compile(self, name):
        run = subprocess.run(self.command, cwd=ROOT, input=f'#include "{name}"\n', capture_output=True, text=True)
        return None if run.returncode == 0 and not run.stderr else run.stderr

    def check(self, files, errors):
        names = [f[len("include/"):] if f.startswith("include/") else f
                 for f in files if f.endswith(".hpp") and f.split("/")[0] in TOPS and not f.startswith("tests/install/")]
        known = set()
        if os.path.exists(self.cache):
            with open(self.cache, encoding="ascii") as file:
                known = set(file.read().split())
        keys = {name: self.key(name) for name in names}
        todo = [name for name in names if keys[name] not in known]
        with concurrent.futures.ThreadPoolExecutor(JOBS) as pool:
            for name, trouble in zip(todo, pool.map(self.compile, todo)):
                if trouble is not None:
                    first = "\n".join(trouble.split("\n")[:8])
                    errors.append(f"{name}: does not compile alone, without warnings:\n{first}")
                    keys.pop(name)
        with open(self.cache, "w", encoding="ascii") as file:
            file.write("\n".join(sorted(keys.values())) + "\n")
        return len(names), len(todo)


def changed_files():
    """Files that differ from where this branch left its upstream; without an upstream, from the last commit."""
    git = lambda *args: subprocess.run(["git", *args], cwd=ROOT, capture_output=True, text=True)
    base = "HEAD"
    for upstream in (os.environ.get("BOATO_BASE"), "@{upstream}", "origin/main", "origin/HEAD"):
        if upstream:
            found = git("merge-base", "HEAD", upstream)
            if found.returncode == 0:
                base = found.stdout.strip()
                break
    names = git("diff", "--name-only", base).stdout + git("ls-files", "-o", "--exclude-standard").stdout
    return set(names.split("\n"))


def clang_tidy(build, everything):
    """Own compile commands: clang cannot read GCC's precompiled headers, nor all its flags."""
    commands = os.path.join(build, "compile_commands.json")
    if not os.path.exists(commands):
        print(f"{commands} is not there: cmake --preset dev")
        return 1
    with open(commands, encoding="utf-8") as file:
        database = json.load(file)
    wanted, entries = changed_files(), []
    headers = {f for f in wanted if f.endswith(".hpp")}
    scan = Headers(build)
    for entry in database:
        path = os.path.relpath(os.path.join(entry["directory"], entry["file"]), ROOT)
        if path.startswith("..") or path.split("/")[0] not in TOPS:
            continue
        uses = {os.path.relpath(f, ROOT) for f in scan.closure(path)} if headers else set()
        if not (everything or path in wanted or uses & headers):
            continue
        command = re.sub(r"^.*?(\S*(?:g|c|clang)\+\+(?:-\d+)?) ", r"\1 ", entry["command"], count=1)
        command = re.sub(r" (-Winvalid-pch|-fpch-preprocess|-fsanitize=\S+|-include \S*cmake_pch\.hxx)", "", command)
        command = command.replace(" -Wconversion ", " -Wconversion -Wno-sign-conversion ")  # as in boato_build.cmake
        entries.append(dict(entry, command=command))
    folder = os.path.join(build, "clang-tidy")
    os.makedirs(folder, exist_ok=True)
    with open(os.path.join(folder, "compile_commands.json"), "w", encoding="utf-8") as file:
        json.dump(entries, file)

    def run(path):
        return subprocess.run(["clang-tidy-14", "--quiet", "-p", folder, path], cwd=ROOT, capture_output=True, text=True)

    # What was clean, with all it includes and the rules unchanged, is not looked at again.
    cache, known = os.path.join(folder, "clean"), set()
    if os.path.exists(cache):
        with open(cache, encoding="ascii") as file:
            known = set(file.read().split())
    rules = read(".clang-tidy")
    keys = {e["file"]: scan.key(os.path.relpath(e["file"], ROOT), e["command"] + rules) for e in entries}
    bad, paths = 0, sorted(path for path in keys if keys[path] not in known)
    with concurrent.futures.ThreadPoolExecutor(JOBS) as pool:
        for path, result in zip(paths, pool.map(run, paths)):
            if result.returncode == 0:
                known.add(keys[path])
            else:
                bad += 1
                print(result.stdout.strip() or result.stderr.strip())
    with open(cache, "w", encoding="ascii") as file:
        file.write("\n".join(sorted(known)) + "\n")
    print(f"clang-tidy: {len(keys)} files, {len(paths)} looked at, {bad} with findings")
    return 1 if bad else 0


def main(args):
    if "-h" in args or "--help" in args:
        print(__doc__)
        return 0
    build = os.path.abspath(args[args.index("--build") + 1]) if "--build" in args else os.path.join(ROOT, "build/dev")
    if "--clang-tidy" in args:
        return clang_tidy(build, "--all" in args)
    if not os.path.isdir(os.path.join(build, "generated")):
        print(f"{build} is not configured: cmake --preset dev")
        return 1
    files, errors = project_files(), []
    for path in files:
        check_text(path, errors)
    check_listed(files, errors)
    check_umbrella(files, errors)
    check_planted(files, errors)
    check_links(files, errors)
    headers, compiled = Headers(build).check(files, errors)
    print("\n".join(errors) if errors else f"{len(files)} files tidy; {headers} headers, {compiled} compiled")
    return 1 if errors else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
