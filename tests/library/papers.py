# SPDX-License-Identifier: BSD-3-Clause
"""The papers keep their form, and what they name exists.

1 100 characters a line, code blocks too
2 plain words, and no directory of somebody's workplace
3 every file that a link or `a/path` names exists
4 SPECIFICATION: a promise has at most 40 words, and what holds it
"""
import os
import re
import sys

top = sys.argv[1]
COLUMNS, WORDS = 100, 40
GENERATED = {"doc/CONTRACT.md", "doc/KVM-TABLE.md"}  # made by programs, with tables
# What is said instead: reported, says; does not have.
PLAIN = re.compile(r"\b(is|are|be|was|were) told\b|\b(has|have) not\b(?! (yet|come|had)\b| [a-z]+(ed|n)\b|$)")
WORKPLACE = re.compile(r"\.\./shared|(?<![\w/.])/work/|/root/")
ROOMS = ("src/", "tests/", "doc/", "tools/", "guests/", "bench/", "fuzz/", "examples/", "include/")


def papers():
    for directory, folders, names in os.walk(top):
        folders[:] = [f for f in folders if not f.startswith((".", "build")) and f != "corpus"]
        for name in sorted(names):
            if name.endswith(".md"):
                yield os.path.relpath(os.path.join(directory, name), top)


def read(path):
    with open(os.path.join(top, path), encoding="utf-8") as file:
        return file.read()


def lines_of(path):
    """The lines of text: (number, line), without code blocks and what a program has written."""
    code = generated = False
    for number, line in enumerate(read(path).splitlines(), 1):
        if line.startswith("```"):
            code = not code
        generated = (generated or line == "<!-- figures -->") and line != "<!-- end of figures -->"
        if not (code or generated or line.startswith(("```", "    "))):
            yield number, line


def too_wide():
    for path in papers():
        for number, line in enumerate(read(path).splitlines(), 1):
            if len(line) > COLUMNS:
                yield f"{path}:{number}: {len(line)} columns"


def not_plain():
    for path in papers():
        text = " ".join(f"\x00{n}\x00 {line}" for n, line in lines_of(path))
        flat = re.sub(r"\x00\d+\x00 ", "", text)
        if path not in GENERATED:
            for found in PLAIN.finditer(flat):
                yield f"{path}: '{flat[max(0, found.start() - 30):found.end() + 10]}'"
    for path in sources():
        for line in re.sub(r'"\n\s*"', "", read(path)).splitlines():  # a row of several lines
            if PLAIN.search(line):
                yield f"{path}: {line.strip()}"
    for path in [*papers(), *scripts()]:
        for number, line in enumerate(read(path).splitlines(), 1):
            if WORKPLACE.search(line):
                yield f"{path}:{number}: a workplace: {line.strip()}"


def scripts():
    yield from ("run", "test", "meson.build")
    for room in ("tools", "guests/linux", "bench", "doc", "tests"):
        for directory, _, names in os.walk(os.path.join(top, room)):
            for name in sorted(names):
                path = os.path.relpath(os.path.join(directory, name), top)
                if name.endswith((".py", ".in", ".c", ".h", ".build")) or "." not in name:
                    if path != "tests/library/papers.py" and "golden" not in path:
                        yield path


def sources():
    """What people read of the code: the public headers, and the tables that papers are made of."""
    for room in ("src", "include"):
        for directory, _, names in os.walk(os.path.join(top, room)):
            for name in sorted(names):
                if name.endswith(".def") or room == "include" and name.endswith(".h"):
                    yield os.path.relpath(os.path.join(directory, name), top)


def exists(path):
    return os.path.exists(os.path.join(top, path))


def missing():
    for path in papers():
        folder = os.path.dirname(path)
        for link in re.findall(r"\]\(([^)#:]+)\)", read(path)):
            if not exists(os.path.join(folder, link)):
                yield f"{path}: links to {link}, which is not there"
        if path.startswith("doc/facts/"):
            continue
        for _, line in lines_of(path):
            for name in re.findall(r"`([\w./*-]+)`", line):
                if name.startswith(ROOMS) and not found_somewhere(name):
                    yield f"{path}: names {name}, which is not there"


def found_somewhere(name):
    parts = os.path.join(top, name.split("*")[0])
    return os.path.exists(parts) if "*" not in name else os.path.isdir(os.path.dirname(parts))


def promises():
    """(number, promise, what holds it) of SPECIFICATION."""
    lines = read("SPECIFICATION.md").splitlines()
    number = 0
    while number < len(lines):
        if lines[number].startswith("- "):
            start, promise, held = number + 1, lines[number][2:], None
            number += 1
            while number < len(lines) and lines[number].startswith("  "):
                text = lines[number].strip()
                if text.startswith("held by: "):
                    held = text[len("held by: "):]
                elif held is None:
                    promise += " " + text
                else:
                    held += " " + text
                number += 1
            yield start, promise, held
        else:
            number += 1


def broken_promises():
    rows = list(promises())
    for number, line in enumerate(read("SPECIFICATION.md").splitlines(), 1):
        if line.startswith("|"):
            yield f"SPECIFICATION.md:{number}: a table; a promise is a bullet"
    if len(rows) < 50:
        yield f"SPECIFICATION.md has {len(rows)} promises"
    for number, promise, held in rows:
        where = f"SPECIFICATION.md:{number}"
        if len(promise.split()) > WORDS:
            yield f"{where}: {len(promise.split())} words"
        if not held:
            yield f"{where}: held by nothing"
            continue
        names = re.findall(r"`([^`]+)`", held)
        if not any(is_proof(name) for name in names):
            yield f"{where}: names neither a test nor a benchmark"
        for name in names:
            if not is_proof(name) and not name.startswith("-"):
                yield f"{where}: there is no {name}"


def is_proof(name):
    """A file, a test of tests/tool by its name alone, or a benchmark of the tool."""
    bench = re.match(r"vgic5 bench (\w+)", name)
    if bench:
        return f"BENCH({bench.group(1)}," in re.sub(r"\s", "", read("bench/benches.def"))
    return exists(name) if "/" in name else exists(os.path.join("tests/tool", name))


failed = 0
for number, (check, words) in enumerate([
        (too_wide, f"every paper is wrapped at {COLUMNS} columns"),
        (not_plain, "plain words, and no workplace"),
        (missing, "what a paper names is there"),
        (broken_promises, f"a promise has at most {WORDS} words and something that holds it")], 1):
    found = list(check())
    failed += bool(found)
    print("\n".join(found), end="\n" if found else "")
    print(f"{'not ok' if found else 'ok'} {number} - {words}")
sys.exit(bool(failed))
