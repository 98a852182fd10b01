# SPDX-License-Identifier: BSD-3-Clause
"""Who fills a vgic5_error: facts/error.c alone.

A name is an error's where a file, or a header of its room, declares it as one.
"""
import os
import re
import sys

top = sys.argv[1]
FILLS = "src/facts/error.c"
DECLARED = re.compile(r"\bstruct vgic5_error (?:\*(?:const )?)?(\w+)((?:, \*?\w+)*)")
WRITERS = r"(?:v?s?n?printf|mem(?:cpy|move|set)|st[rp]n?c(?:py|at)|strn?cat|strn?cpy|stpcpy)"


def sources():
    for directory, _, names in os.walk(os.path.join(top, "src")):
        for name in sorted(names):
            if name.endswith((".c", ".h")):
                yield os.path.join(directory, name)


def without_comments(text):
    return re.sub(r"/\*.*?\*/", lambda m: "\n" * m.group(0).count("\n"), text, flags=re.S)


def names_in(text):
    names = set()
    for first, others in DECLARED.findall(text):
        names.update([first, *re.findall(r"\w+", others)])
    return names


def writes(text, names):
    """(line, what is written)"""
    error = r"\b(?:" + "|".join(sorted(names)) + r")(?:->|\.)"
    member = error + r"(?:cause|message(?:\[[^]]*\])?)"
    for pattern in (member + r"\s*[|&^]?=(?!=)", WRITERS + r"\(\s*&?[\w.>-]*?" + member,
                    r"[{,]\s*\.cause = "):
        for found in re.finditer(pattern, text):
            yield text.count("\n", 0, found.start()) + 1, " ".join(found.group(0).split())


def found():
    texts = {path: without_comments(open(path, encoding="utf-8").read()) for path in sources()}
    members = set().union(*(names_in(text) for path, text in texts.items() if path.endswith(".h")))
    for path, text in texts.items():
        for line, what in writes(text, names_in(text) | members):
            yield os.path.relpath(path, top), line, what


places = list(found())
elsewhere = [f"{path}:{line}: {what}" for path, line, what in places if path != FILLS]
print("\n".join(elsewhere), end="\n" if elsewhere else "")
print(f"{'not ok' if elsewhere else 'ok'} 1 - an error is filled by {FILLS} alone")
seen = sum(path == FILLS for path, _, _ in places)  # the patterns see what there is to see
print(f"{'ok' if seen >= 5 else 'not ok'} 2 - which is seen to fill it ({seen} times)")
sys.exit(bool(elsewhere) or seen < 5)
