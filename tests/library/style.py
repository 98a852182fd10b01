# SPDX-License-Identifier: BSD-3-Clause
"""The code looks as .clang-format says, and has one accent (HACKING.md, Style)."""
import os
import re
import shutil
import subprocess
import sys

COLUMNS, LINES_OF_A_FUNCTION, LINES_OF_A_FILE = 100, 40, 500
ROOMS = ("src", "include", "tests", "bench", "fuzz", "examples", "guests")
FORMATTER = "clang-format-14"  # another version has other ideas
# What clang-format does not see. Tests compare with NULL where it is the expected value.
ACCENT = [
    (re.compile(r"\bsizeof [*A-Za-z]"), "sizeof takes parentheses", ROOMS),
    (re.compile(r"^\s*(?:\} else )?if \(.*[!=]= NULL"), "a pointer is tested by itself",
     ("src", "bench", "fuzz", "examples")),
    (re.compile(r"#define \w+ +VGIC5_ENCODING\((?:1, 0, 12, [0-3]|3, 0, 12, 1[0345]|3, 1, 12, 0),"),
     "vgic5/arch.h has a name for it", ("src", "tests", "bench", "fuzz", "examples")),
    (re.compile(r"(?:=|UINT64_C\(|#define (?!MAP_)\w+)\s*0x0?(8010000|9000000|9010000)"),
     "facts/map.h has a name for it", ("src", "tests", "fuzz")),
    (re.compile(r'^#include "[^/"]+"'), "an include names the room", ("src",)),
]
# What a call answers is `ret`. A process's status is what wait() fills and exit() takes.
LOCAL = re.compile(r"^\s+(?:int|long|ssize_t) ([^;]*);", re.M)
RESULT = re.compile(r"(?:^|,\s+)(status|r|result|rc|res|err|error|rv|retval|code|answer|outcome)"
                    r"(?= =|,|$)")
PROCESS = r"&{0}\b|\bW[A-Z]+\({0}\)|exit\w*\([^;]*\b{0}\b"
ANSWER = r"(?<![\w.>]){0} = [^;,]*\w\(|return {0};|return [^;(]*\? [^;(]*: {0};"


def sources(top, rooms=ROOMS, ends=(".c", ".h")):
    for room in rooms:
        for directory, _, names in os.walk(os.path.join(top, room)):
            yield from (os.path.join(directory, n) for n in sorted(names) if n.endswith(ends))


def too_wide(top):
    """clang-format breaks neither a string nor a table's rows."""
    for path in sources(top, (*ROOMS, "doc"), (".c", ".h", ".def")):
        for number, line in enumerate(open(path, encoding="utf-8"), 1):
            if len(line.rstrip("\n")) > COLUMNS:
                yield f"{os.path.relpath(path, top)}:{number}: {len(line) - 1} columns"


def accents(top, paths):
    for path in paths:
        name = os.path.relpath(path, top)
        for number, line in enumerate(open(path, encoding="utf-8"), 1):
            for pattern, words, rooms in ACCENT:
                if name.split(os.sep)[0] in rooms and pattern.search(line):
                    yield f"{name}:{number}: {words}"


def functions(text):
    """The number of a function's first line, and its body."""
    start = None
    lines = text.split("\n")
    for number, line in enumerate(lines, 1):
        if line == "{":
            start = number
        elif line == "}" and start:
            yield start, "\n".join(lines[start:number - 1])
            start = None


def results(top, paths):
    for path in paths:
        for start, body in functions(open(path, encoding="utf-8").read()):
            for local in LOCAL.finditer(body):
                for name in RESULT.findall(local[1]):
                    if (not re.search(PROCESS.format(name), body)
                            and re.search(ANSWER.format(name), body)):
                        number = start + 1 + body[:local.start(1)].count("\n")
                        yield f"{os.path.relpath(path, top)}:{number}: {name}"


def too_long(top):
    for path in sources(top, ("src",)):
        name, text = os.path.relpath(path, top), open(path, encoding="utf-8").read()
        if text.count("\n") > LINES_OF_A_FILE:
            yield f"{name}: {text.count(chr(10))} lines"
        for head in re.finditer(r"^[A-Za-z_](?:[^;{}/#]|\n)*\n\{\n(?:.*\n)*?\}\n", text, re.M):
            if head[0].count("\n") > LINES_OF_A_FUNCTION:
                number = text.count("\n", 0, head.start()) + 1
                yield f"{name}:{number}: a function of {head[0].count(chr(10))} lines"


def verdict(number, what, found):
    print("\n".join(found))
    print(f"{'not ok' if found else 'ok'} {number} - {what}")
    return not found


top = sys.argv[1]
paths = list(sources(top))
good = verdict(1, "one accent", list(accents(top, paths)))
good = verdict(2, "what a call answers is ret", list(results(top, paths))) and good
good = verdict(3, f"{COLUMNS} columns, in tables too", list(too_wide(top))) and good
good = verdict(4, "functions and files are short", list(too_long(top))) and good
if shutil.which(FORMATTER):
    result = subprocess.run([FORMATTER, "-n", "--style=file", *paths], capture_output=True,
                            text=True, check=False)
    places = [line for line in result.stderr.splitlines() if "warning:" in line]
    good = verdict(5, f"the layout is {FORMATTER}'s", places) and good
else:
    print(f"ok 5 # SKIP {FORMATTER} is not installed")
sys.exit(not good)
