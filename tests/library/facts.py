# SPDX-License-Identifier: BSD-3-Clause
"""The fact sheets in doc/facts: what the tree cites is there, and what is there is somewhere.

1 every "§" and every rule label that a file cites is one of a sheet
2 every row and every rule label of the sheets stands in matrix.tsv, once, and nothing else does
3 each names a place of the code and a test that exist, or says 'not implemented' in CAVEATS's words
"""
import os
import re
import sys

top = sys.argv[1]
SHEETS = ("gicv5", "kvm-abi")
LABEL = re.compile(r"(?<![A-Z_])[RDI]_[A-Z]{5}(?![A-Z_])")
HEADING = re.compile(r"^#+ (\d+(?:\.\d+)?)\.? ", re.M)
ROW = re.compile(r"^- (\*\*[^*]+\*\*(?:, \*\*[^*]+\*\*)*)", re.M)
# A "§" of somebody else's document says whose.
FOREIGN = re.compile(r"(RFC \d+|Devicetree Specification [\d.]+,?)\s*$")


def read(path):
    with open(os.path.join(top, path), encoding="utf-8", errors="replace") as file:
        return file.read()


def sources():
    for room in ("src", "include", "tests", "guests", "bench", "fuzz", "examples", "doc"):
        for directory, _, names in os.walk(os.path.join(top, room)):
            for name in sorted(names):
                path = os.path.relpath(os.path.join(directory, name), top)
                if name.endswith((".c", ".h", ".S", ".def", ".py", ".md", ".in")):
                    if path != "tests/library/facts.py":
                        yield path
    yield from (name for name in sorted(os.listdir(top)) if name.endswith(".md"))


def rows_of(sheet):
    """(section, row) for each row that begins with a name in bold, and each rule label."""
    section = "0"
    text = read(f"doc/facts/{sheet}.md")
    for line in text.splitlines():
        heading = HEADING.match(line)
        section = heading.group(1) if heading else section
        row = ROW.match(line)
        if row:
            for name in re.findall(r"\*\*([^*]+)\*\*", row.group(1)):
                yield section, name
    for label in sorted(set(LABEL.findall(text)) if sheet == "gicv5" else ()):
        yield "rule", label  # the other sheet cites them


def citations(text):
    """(sheet, section, line) for each § of the text."""
    sheet = None
    for found in re.finditer(r"§(\d+(?:\.\d+)?)", text):
        before = re.sub(r"\s*\n[\s*/#]*", " ", text[max(0, found.start() - 60):found.start()])
        if FOREIGN.search(before):
            continue
        named = re.findall(r"kvm-abi|gicv5|§", before)
        if not re.search(r"§[\d.]+(, | and |,)$", before) or sheet is None:
            sheet = "kvm-abi" if named and named[-1] == "kvm-abi" else "gicv5"
        yield sheet, found.group(1), text.count("\n", 0, found.start()) + 1


def uncited():
    sections = {sheet: set(HEADING.findall(read(f"doc/facts/{sheet}.md"))) for sheet in SHEETS}
    labels = {label for sheet in SHEETS for label in LABEL.findall(read(f"doc/facts/{sheet}.md"))}
    for path in sources():
        text = read(path)
        own = re.match(r"doc/facts/([\w-]+)\.md$", path)
        for sheet, section, line in citations(text):
            sheet = own.group(1) if own and "gicv5.md" not in text.splitlines()[line - 1] else sheet
            if section not in sections[sheet]:
                yield f"{path}:{line}: {sheet}.md has no §{section}"
        for label in sorted(set(LABEL.findall(text)) - labels):
            yield f"{path}: {label} is in no sheet"


def matrix():
    for number, line in enumerate(read("doc/facts/matrix.tsv").splitlines(), 1):
        if line and not line.startswith("#"):
            yield number, line.split("\t")


def incomplete():
    wanted = [(sheet, *row) for sheet in SHEETS for row in rows_of(sheet)]
    there = [tuple(cells[:3]) for _, cells in matrix()]
    for name, rows in (("the sheet", wanted), ("the matrix", there)):
        for row in sorted(set(row for row in rows if rows.count(row) > 1)):
            yield f"{' '.join(row)}: twice in {name}"
    for row in sorted(set(wanted) - set(there)):
        yield f"{' '.join(row)}: not in matrix.tsv"
    for row in sorted(set(there) - set(wanted)):
        yield f"{' '.join(row)}: in matrix.tsv, and in no sheet"


def place(what, rooms):
    """Why this is no place of the tree, or None."""
    path, _, word = what.partition(":")
    if not path.startswith(rooms):
        return f"{path} is in none of {', '.join(rooms)}"
    if not os.path.exists(os.path.join(top, path)):
        return f"there is no {path}"
    if len(word) < 2 or word not in read(path):
        return f"{path} does not say '{word}'"
    return None


def misplaced():
    uncovered = " ".join(read("CAVEATS.md").split("\n## ")[1].split())
    for number, cells in matrix():
        if len(cells) != 6:
            yield f"matrix.tsv:{number}: {len(cells)} cells"
            continue
        _, _, row, code, test, caveat = cells
        why = [] if code == "not implemented" else [place(code, ("src/", "include/"))]
        if test or code != "not implemented":
            why.append(place(test, ("tests/", "src/conform/", "guests/")))
        if code == "not implemented" and not caveat:
            why.append("not implemented, and no words of CAVEATS")
        if caveat and caveat not in uncovered:
            why.append(f"CAVEATS does not say '{caveat}' under 'Not covered'")
        yield from (f"matrix.tsv:{number}: {row}: {words}" for words in why if words)


failed = 0
for number, (check, words) in enumerate([
        (uncited, "every § and rule label that is cited is in the sheets"),
        (incomplete, "every row and rule label of the sheets is in the matrix"),
        (misplaced, "every row has code and test, or a caveat")], 1):
    found = list(check())
    failed += bool(found)
    print("\n".join(found), end="\n" if found else "")
    print(f"{'not ok' if found else 'ok'} {number} - {words}")
sys.exit(bool(failed))
