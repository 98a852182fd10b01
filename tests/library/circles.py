# SPDX-License-Identifier: BSD-3-Clause
"""Of the files of src none uses another that uses it, be it by way of others.

What a file uses is what its object leaves undefined and another file's object defines, and the
headers that it includes; a header is one with the source of its name.

1 no file uses itself by way of another
2 no header includes itself by way of another
"""
import collections
import json
import os
import re
import subprocess
import sys

build, top = sys.argv[1:]


def objects():
    """{object: its source}, one of each source of src that has been built."""
    with open(os.path.join(build, "compile_commands.json"), encoding="utf-8") as file:
        commands = json.load(file)
    of_source = {}
    for command in commands:
        source = os.path.normpath(os.path.join(command["directory"], command["file"]))
        path = os.path.join(command["directory"], command["output"])
        if source.startswith(os.path.join(top, "src") + os.sep) and os.path.exists(path):
            of_source.setdefault(os.path.relpath(source, top), path)
    return {path: source for source, path in of_source.items()}


def symbols():
    """{source: (what it defines, what it leaves undefined)}"""
    sources = objects()
    found = {source: (set(), set()) for source in sources.values()}
    shown = subprocess.run(["nm", "-A", "-g", *sources], capture_output=True, text=True, check=True)
    for line in shown.stdout.splitlines():
        path, rest = line.split(":", 1)
        *_, kind, name = rest.split()
        found[sources[path]][kind in "Uw"].add(name)
    return found


def uses():
    """{source: {the sources whose functions and tables it names}}"""
    found = symbols()
    where = collections.defaultdict(set)
    for source, (defined, _) in found.items():
        for name in defined:
            where[name].add(source)
    return {source: set().union(*(where[name] for name in undefined)) - {source}
            for source, (_, undefined) in found.items()}


def stem(path):
    return re.sub(r"\.[ch]$", "", path)


def headers():
    """{file without its ending: {the files that it includes, without theirs}}"""
    arrows = collections.defaultdict(set)
    for directory, _, names in os.walk(os.path.join(top, "src")):
        for name in (name for name in names if name.endswith(".h")):
            path = os.path.relpath(os.path.join(directory, name), top)
            with open(os.path.join(top, path), encoding="utf-8") as file:
                for other in re.findall(r'^\s*#\s*include\s+"([^"]+\.h)"', file.read(), re.M):
                    arrows[stem(path)].add(stem(os.path.join("src", other)))
    return arrows


def reached(arrows, start):
    seen, left = set(), [start]
    while left:
        for other in arrows.get(left.pop(), ()):
            if other not in seen:
                seen.add(other)
                left.append(other)
    return seen


def circles(arrows):
    """A line for each arrow of a circle."""
    beyond = {source: reached(arrows, source) for source in arrows}
    for source in sorted(arrows):
        for other in sorted(arrows[source]):
            if source in beyond.get(other, ()):
                yield source, other


def lines(arrows):
    assert len(arrows) > 20, "src has not been looked at"
    return [f"{source} → {other}" for source, other in circles(arrows)]


failed = 0
for number, (found, words) in enumerate([
        (lines(uses()), "no file uses itself by way of another"),
        (lines(headers()), "no header includes itself by way of another")], 1):
    failed += bool(found)
    print("\n".join(found), end="\n" if found else "")
    print(f"{'not ok' if found else 'ok'} {number} - {words}")
sys.exit(bool(failed))
