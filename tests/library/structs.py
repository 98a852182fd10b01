# SPDX-License-Identifier: BSD-3-Clause
"""A public struct that can grow says how: it begins with `size`, or HACKING.md says why not.

The list of HACKING.md (Public headers) has three kinds, and each is looked at: what is filled for a
caller by a function that is given the size, what is the library's own and seen through a pointer,
and what is fixed for ever.
"""
import glob
import os
import re
import sys

top = sys.argv[1]
STRUCT = re.compile(r"^(?:typedef )?struct (\w+)\s*\{(.*?)^\}", re.S | re.M)


def read(path):
    with open(os.path.join(top, path), encoding="utf-8") as file:
        return file.read()


headers = "".join(re.sub(r"/\*.*?\*/", "", read(path), flags=re.S)
                  for path in sorted(glob.glob(os.path.join(top, "include/vgic5/*.h"))))
structs = dict(STRUCT.findall(headers))
unsized = {name for name, body in structs.items() if not re.match(r"\s*uint32_t\s+size;", body)}

section = re.search(r"^## Public headers\n(.*?)^## ", read("HACKING.md"), re.S | re.M).group(1)
kinds = {}
for point in re.findall(r"^- (.*?)(?=^- |\n\n)", section, re.S | re.M):
    kinds[point.split()[0]] = set(re.findall(r"`(vgic5_\w+)`", point)) & set(structs)
    for name in set(re.findall(r"`(vgic5_\w+)`", point)) - set(structs):
        kinds.setdefault("unknown", set()).add(name)
listed = set().union(*kinds.values())


def given_the_size(name):
    """By each function that fills one."""
    fills = re.findall(rf"(\w+)\([^;{{}}]*(?<!const )struct {name} \*\w+[^;{{}}]*\)(?=;|\s*\{{)",
                       headers)
    sized = {one[:-len("_sized")] for one in fills if one.endswith("_sized")}
    return sized and {one for one in fills if not one.endswith("_sized")} <= sized


def through_a_pointer(name):
    """Not by value, not to be filled, not an array."""
    return not re.search(rf"(?<!const )struct {name} (?!\{{)|struct {name} (?!\*|\{{)", headers)


checks = [
    ("begins with size, or stands in HACKING.md", sorted(unsized - listed)),
    ("what stands there is a public struct", sorted(kinds.pop("unknown", set()))),
    ("and has no size", sorted(listed - unsized)),
    ("what is filled for a caller is filled by its size",
     [name for name in sorted(kinds["filled"]) if not given_the_size(name)]),
    ("the library's own is seen through a pointer",
     [name for name in sorted(kinds["the"]) if not through_a_pointer(name)]),
    ("there are as many structs as the headers have", [] if len(structs) >= 30 else [len(structs)]),
]
assert set(kinds) == {"filled", "the", "fixed"}, kinds
for number, (words, wrong) in enumerate(checks, 1):
    for name in wrong:
        print(f"struct {name}")
    print(f"{'not ok' if wrong else 'ok'} {number} - {words}")
sys.exit(any(wrong for _, wrong in checks))
