#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Checks that includes only go down the table of rooms, and that the pure core stays pure.

  layers.py          check, and write the graph to tools/dev/layers.txt
  layers.py --check  check, and fail if the committed graph differs

The table is ROOMS: which rooms a room may include directly; what those may include, it may too, except for
the rooms in STRICT. Files directly in overlay/ are the composition, the room overlay/peer_core. A folder with
sources and no row is an error: a new room is a decision.
"""
import os
import re
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
GRAPH = os.path.join(ROOT, "tools/dev/layers.txt")
SUFFIXES = (".hpp", ".cpp")

OVERLAY = ["base", "wire", "effects", "link", "membership", "interest", "roster", "stream", "multicast", "order", "queue"]
CORE = ["overlay/" + room for room in OVERLAY] + ["overlay/peer_core"]
ROOMS = {
    "include": [],
    "overlay/base": ["include"],
    "overlay/wire": ["overlay/base"],
    "overlay/effects": ["overlay/wire"],
    "overlay/link": ["overlay/effects"],
    "overlay/membership": ["overlay/effects"],
    "overlay/interest": ["overlay/base"],
    "overlay/roster": ["overlay/effects", "overlay/interest"],
    "overlay/stream": ["overlay/effects"],
    "overlay/multicast": ["overlay/roster", "overlay/interest", "overlay/stream"],
    "overlay/order": ["overlay/stream"],
    "overlay/queue": ["overlay/order"],
    "overlay/peer_core": CORE[:-1],
    "node/store": ["overlay/link", "overlay/stream"],
    "node/host": ["include"] + CORE,
    "node": ["node/host", "node/store", "include"],
    "tools/topo": [],
    "tools/sim": ["tools/topo"] + CORE,
    "tools": ["include", "node", "node/host", "node/store", "tools/sim", "tools/topo"] + CORE,
    "tests": ["include", "node", "node/host", "node/store", "tools", "tools/sim", "tools/topo"] + CORE,
}
STRICT = {"node"}

# Not in overlay/: what is not a function of bytes, time and randomness that were passed in, and what hides cost or order.
BANNED = [
    (r"\b\w+_clock\b", "a clock: time is an argument"),
    (r"\brandom_device\b|\bmt19937|\buniform_(int|real)_distribution\b", "std randomness: use overlay/base/rng.hpp"),
    (r"(?<![\w.>])s?rand\s*\(", "rand: use overlay/base/rng.hpp"),
    (r"\brandombytes\w*", "randomness from the system: entropy is an argument"),
    (r"#\s*include\s*<(thread|mutex|shared_mutex|condition_variable|future)>", "threads live in node/host"),
    (r"\bstd::(jthread|thread|this_thread|mutex|recursive_mutex|shared_mutex|condition_variable)\b", "threads live in node/host"),
    (r"\bunordered_\w+|#\s*include\s*<unordered_\w+>", "hash order must not decide effects"),
    (r"#\s*include\s*<iostream>", "iostream"),
    (r"\bshared_ptr\b", "shared_ptr: ownership is a tree, others hold ids"),
    (r"\bvirtual\b", "virtual: roles are variants, sinks are templates"),
]
# Third-party headers and who may include them; everywhere else in include/ and overlay/ only std is allowed.
ALLOWED_HEADERS = {
    "sodium.h": re.compile(r"overlay/link/sodium\.cpp$"),
    "openssl/": re.compile(r"overlay/link/openssl\w*\.cpp$"),
    "msgpack.hpp": re.compile(r"overlay/wire/codec\w*\.(hpp|cpp)$"),
}
STD_HEADER = re.compile(r"^[a-z_0-9]+$")
POSIX = re.compile(r"^(sys|net|netinet|arpa|linux)/|^(unistd|fcntl|signal|poll|termios|errno|dirent|netdb|pwd|spawn)\.h$")
INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]*([<"])([^>"]+)[>"]', re.M)
CODE = re.compile(r'//[^\n]*|/\*.*?\*/|R"(\w*)\(.*?\)\1"|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])+\'', re.S)


def code_only(text):
    """The text without comments and without what stands in quotes; line numbers stay."""
    def blank(match):
        token = match.group(0)
        if token.startswith('"') or token.startswith("R"):
            start = text.rfind("\n", 0, match.start()) + 1
            if text[start:match.start()].lstrip().startswith("#"):
                return token  # the name in an #include
            return '""' + "\n" * token.count("\n")
        if token.startswith("'"):
            before = text[match.start() - 1 : match.start()]
            return token if before.isalnum() else "' '"  # 1'000'000 is a number
        return "\n" * token.count("\n") + " "

    return CODE.sub(blank, text)


def room_of(path):
    parts = path.split("/")
    if parts[0] == "overlay" and len(parts) == 2:
        return "overlay/effects" if parts[1].startswith("effects.") else "overlay/peer_core"
    if parts[0] in ("include", "tests"):
        return parts[0]
    if parts[0] == "node":
        return "/".join(parts[:2]) if parts[1] in ("host", "store") else "node"
    if parts[0] == "tools":
        return "/".join(parts[:2]) if parts[1] in ("sim", "topo") else "tools"
    return "/".join(parts[:2])


def reach(room):
    if room in STRICT:
        return set(ROOMS[room])
    seen, todo = set(), [room]
    while todo:
        for other in ROOMS[todo.pop()]:
            if other not in seen:
                seen.add(other)
                todo.append(other)
    return seen


def sources():
    for top in ("include", "overlay", "node", "tools", "tests"):
        for folder, dirs, files in os.walk(os.path.join(ROOT, top)):
            dirs[:] = sorted(d for d in dirs if d not in ("install", "build"))
            for name in sorted(files):
                if name.endswith(SUFFIXES):
                    yield os.path.relpath(os.path.join(folder, name), ROOT)


def target_of(path, quote, name):
    """The file of this project that an include names, else None."""
    if name.startswith("boato/"):
        return "include/" + name
    if quote == '"':
        for candidate in (name, os.path.normpath(os.path.join(os.path.dirname(path), name))):
            if os.path.exists(os.path.join(ROOT, candidate)):
                return candidate
    return None


def main():
    errors, arrows, outside, includes = [], {}, {}, {}
    for path in sources():
        with open(os.path.join(ROOT, path), encoding="utf-8") as file:
            text = file.read()
        code = code_only(text)
        room = room_of(path)
        if room not in ROOMS:
            errors.append(f"{path}: the room {room} has no row in tools/dev/layers.py")
            continue
        may = reach(room)
        includes[path] = []
        for match in INCLUDE.finditer(code):
            quote, name = match.groups()
            line = code.count("\n", 0, match.start()) + 1
            target = target_of(path, quote, name)
            if target is None:
                if quote == '"':
                    errors.append(f'{path}:{line}: no file "{name}": includes are rooted at the top of the project')
                elif not STD_HEADER.match(name) and room != "tests" and room != "tools":
                    if not POSIX.match(name):
                        outside.setdefault(room, set()).add(name)
                    if room == "include" or room.startswith("overlay/"):
                        rule = next((r for h, r in ALLOWED_HEADERS.items() if name.startswith(h)), None)
                        if rule is None or not rule.search(path):
                            errors.append(f"{path}:{line}: <{name}> does not belong here")
                continue
            includes[path].append(target)
            other = room_of(target)
            if other == room:
                continue
            arrows.setdefault(room, set()).add(other)
            if other not in may:
                errors.append(f"{path}:{line}: {room} may not include {other} ({name})")
        if room.startswith("overlay/"):
            for pattern, why in BANNED:
                for match in re.finditer(pattern, code):
                    line = code.count("\n", 0, match.start()) + 1
                    errors.append(f"{path}:{line}: {match.group(0).strip()}: {why}")
        if room != "tests" and "msgpack::unpack" in code:
            errors.append(f"{path}: msgpack::unpack is the tests' oracle; the decoder is overlay/wire/cursor.hpp")
    errors += loops(includes)

    lines = ["# The include graph, written by tools/dev/layers.py. A new arrow is a decision."]
    for room in ROOMS:
        for other in sorted(arrows.get(room, ()), key=list(ROOMS).index):
            lines.append(f"{room} -> {other}")
        lines += [f"{room} -> <{name}>" for name in sorted(outside.get(room, ()))]
    graph = "\n".join(lines) + "\n"
    old = ""
    if os.path.exists(GRAPH):
        with open(GRAPH, encoding="utf-8") as file:
            old = file.read()
    if old != graph:
        if "--check" in sys.argv:
            new, known = set(graph.splitlines()[1:]), set(old.splitlines()[1:])
            for line in sorted(new - known):
                errors.append(f"tools/dev/layers.txt: new arrow: {line}")
            for line in sorted(known - new):
                errors.append(f"tools/dev/layers.txt: arrow that is gone: {line}")
            errors.append("tools/dev/layers.txt is not the graph: run tools/dev/layers.py and commit the file")
        elif not errors:
            with open(GRAPH, "w", encoding="utf-8") as file:
                file.write(graph)
    print("\n".join(errors) if errors else f"{sum(len(a) for a in arrows.values())} arrows, all go down")
    return 1 if errors else 0


def loops(includes):
    """Files that include each other in a ring."""
    found, state = [], {}

    def visit(path, trail):
        state[path] = 1
        for target in includes.get(path, ()):
            if state.get(target) == 1:
                ring = trail[trail.index(target):] + [target]
                found.append("include loop: " + " -> ".join(ring))
            elif target not in state:
                visit(target, trail + [target])
        state[path] = 2

    for path in includes:
        if path not in state:
            visit(path, [path])
    return found


if __name__ == "__main__":
    if len(sys.argv) > 1 and sys.argv[1] in ("-h", "--help"):
        print(__doc__)
        sys.exit(0)
    sys.exit(main())
