# SPDX-License-Identifier: BSD-3-Clause
"""One word for one thing: the tag of a struct or union is defined once.

In all of the project's own code: a struct of one file, too, is read beside those of others. A
program of the guest or of an example is a world of its own.
"""
import collections
import os
import re
import sys

top = sys.argv[1]
ROOMS = ("include", "src", "tests", "bench", "fuzz")
TAG = re.compile(r"\b(?:struct|union)\s+(\w+)\s*\{")
# What an interface only declares, and each who offers it defines.
OFFERED = {
    "vcpu": {"src/unicorn/engine.h", "tests/machine_parts/stub_engine.c"},
    "vcpu_engine": {"src/unicorn/engine.h", "tests/machine_parts/stub_engine.c"},
}


def code(path):
    """Without comments and strings; each line is where it was."""
    with open(path, encoding="utf-8") as file:
        text = file.read()
    return re.sub(r'/\*.*?\*/|//[^\n]*|"(?:\\.|[^"\\\n])*"',
                  lambda found: "\n" * found.group().count("\n"), text, flags=re.S)


def definitions():
    places = collections.defaultdict(list)
    for room in ROOMS:
        for directory, _, names in os.walk(os.path.join(top, room)):
            for name in names:
                if name.endswith((".c", ".h")):
                    path = os.path.join(directory, name)
                    text = code(path)
                    for found in TAG.finditer(text):
                        line = text.count("\n", 0, found.start()) + 1
                        places[found.group(1)].append((os.path.relpath(path, top), line))
    return places


def main():
    places = definitions()
    twice = []
    for tag, where in sorted(places.items()):
        offered = OFFERED.get(tag, set())
        if len(where) > 1 and {path for path, _ in where} != offered:
            twice.append(f"struct {tag}: " + ", ".join(f"{path}:{line}" for path, line in where))
    idle = [f"struct {tag} is defined once" for tag in OFFERED if len(places[tag]) < 2]
    few = [] if len(places) > 400 else [f"only {len(places)} structs found"]
    for number, (words, wrong) in enumerate((("each tag is defined once", twice),
                                             ("each exception is needed", idle),
                                             ("there are as many as the code has", few)), 1):
        print(f"{'not ' if wrong else ''}ok {number} - {words}")
        for one in wrong:
            print("#", one)
    print("1..3")
    return 1 if twice or idle or few else 0


sys.exit(main())
