# SPDX-License-Identifier: BSD-3-Clause
"""The walls: ARCHITECTURE.md draws the rooms and what each includes; this compares with src.

A line of the drawing is `room → rooms it includes <public headers it includes>`, the top first.

1 the drawing has every room and every arrow that exists, and no other
2 every arrow points down
3 a system's header is included where it belongs; a table of facts is expanded there alone
"""
import os
import re
import sys

top = sys.argv[1]
ROW = re.compile(r"^[ │]*(\w+) +→ ([^<│]*)(?:<([^>]*)>)?[ │]*$")
# A table of src/facts becomes data there; elsewhere it only gives a row its functions.
EXPANDS_A_TABLE = {"src/gicv5/cpuif.c", "src/gicv5/instructions.c", "src/gicv5/irs_access.c"}
SYSTEM_OF_ONE_ROOM = {"unicorn": ("unicorn", "tool"), "libfdt": ("machine",),
                      "zstd": ("snapshot", "machine"), "xxhash": ("snapshot",), "jansson": ("tool",)}


def drawing():
    """{room: (the rooms, the public headers)}, in the order of the lines."""
    with open(os.path.join(top, "ARCHITECTURE.md"), encoding="utf-8") as file:
        text = file.read()
    part = text[text.index("<!-- rooms -->"):text.index("<!-- end of rooms -->")]
    rooms = {}
    for row in filter(None, (ROW.match(line) for line in part.splitlines())):
        others, headers = rooms.setdefault(row.group(1), (set(), set()))  # a room may have two lines
        others.update(row.group(2).replace("–", "").split())
        headers.update((row.group(3) or "").split())
    return rooms


def includes():
    """(room, path, what is included, in quotes?)"""
    for directory, _, names in os.walk(os.path.join(top, "src")):
        room = os.path.relpath(directory, os.path.join(top, "src")).split(os.sep)[0]
        for name in sorted(names):
            if name.endswith((".c", ".h", ".def")):
                path = os.path.join(directory, name)
                with open(path, encoding="utf-8") as file:
                    for found in re.finditer(r'^\s*#\s*include\s+([<"])([^">]+)', file.read(), re.M):
                        yield room, os.path.relpath(path, top), found.group(2), found.group(1) == '"'


def existing():
    """What drawing() should say, from the files."""
    rooms = {}
    for room, _, what, quoted in includes():
        others, headers = rooms.setdefault(room, (set(), set()))
        if quoted and "/" in what and what.split("/")[0] != room:
            others.add(what.split("/")[0])
        elif what.startswith("vgic5/"):
            headers.add(what[len("vgic5/"):-len(".h")])
    return rooms


def drawn_wrongly():
    drawn, real = drawing(), existing()
    for room in sorted(set(drawn) | set(real)):
        if room not in drawn or room not in real:
            yield f"room {room} is {'not drawn' if room in real else 'drawn, and not there'}"
            continue
        for kind, mark, there in zip(("", "public header "), drawn[room], real[room]):
            for other in sorted(there - mark):
                yield f"{room} → {kind}{other} is not drawn: {who(room, other)}"
            for other in sorted(mark - there):
                yield f"{room} → {kind}{other} is drawn, and does not exist"


def who(room, other):
    return next(path for where, path, what, _ in includes()
                if where == room and (what.startswith(other + "/") or what == f"vgic5/{other}.h"))


def upwards():
    drawn = drawing()
    below = list(drawn)
    for number, room in enumerate(below):
        for other in sorted(drawn[room][0] & set(below[:number + 1])):
            yield f"{room} → {other} points up"
        for other in sorted(drawn[room][0] - set(below) - {"bench"}):
            yield f"{room} → {other}: there is no such room"


def misplaced():
    for room, path, what, quoted in includes():
        if not quoted:
            for word, rooms in SYSTEM_OF_ONE_ROOM.items():
                if word in what and room not in rooms:
                    yield f"{path}: room {room} includes <{what}>"
        elif what.startswith("facts/") and what.endswith(".def"):
            if room != "facts" and path not in EXPANDS_A_TABLE:
                yield f"{path}: expands {what}, which src/facts has as data"


failed = 0
for number, (check, words) in enumerate([
        (drawn_wrongly, "the drawing has every arrow that exists, and no other"),
        (upwards, "every arrow points down"),
        (misplaced, "a system's header is included where it belongs")], 1):
    found = list(check())
    failed += bool(found)
    print("\n".join(found), end="\n" if found else "")
    print(f"{'not ok' if found else 'ok'} {number} - {words}")
sys.exit(bool(failed))
