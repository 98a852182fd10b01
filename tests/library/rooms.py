# SPDX-License-Identifier: BSD-3-Clause
"""A room includes only rooms below it, and only its own public headers (ARCHITECTURE.md)."""
import os
import re
import sys

BELOW = {
    "facts": {"facts"},
    "gicv5": {"gicv5", "facts"},
    "device": {"device", "gicv5", "facts"},
    "migration": {"migration", "facts"},
    "snapshot": {"snapshot", "facts"},
    "ram": {"ram", "snapshot", "facts"},
    "kvm": {"kvm", "facts"},
    "conform": {"conform", "device", "facts"},  # device's table
    "vcpu": {"vcpu", "facts"},
    "unicorn": {"unicorn", "vcpu", "facts"},
    "machine": {"machine", "vcpu", "facts"},
    "tool": {"tool", "snapshot", "ram", "machine", "bench", "facts", "vcpu", "unicorn"},
}
PUBLIC = {
    "facts": {"arch.h", "device.h", "error.h"},
    "gicv5": {"device.h", "error.h"},
    "device": {"device.h", "error.h"},
    "migration": {"device.h", "error.h", "migration.h", "snapshot.h"},
    "snapshot": {"error.h", "snapshot.h"},
    "ram": {"error.h", "ram.h", "snapshot.h"},
    "kvm": {"conform.h", "device.h", "error.h", "kvm.h", "migration.h"},
    "conform": {"conform.h", "device.h"},
    "vcpu": {"device.h", "error.h"},
    "unicorn": {"device.h"},
    "machine": {"device.h", "error.h", "snapshot.h"},
    "tool": {"conform.h", "device.h", "kvm.h", "migration.h", "ram.h", "snapshot.h"},
}
# A table of src/facts becomes data there; elsewhere it only gives a row its functions.
EXPANDS_A_TABLE = {"src/gicv5/cpuif.c", "src/gicv5/instructions.c", "src/gicv5/irs_access.c"}
SYSTEM_OF_ONE_ROOM = {"unicorn": ("unicorn", "tool"), "libfdt": ("machine",), "zstd": ("snapshot", "machine"),
                      "xxhash": ("snapshot",), "jansson": ("tool",)}


def complaints(top):
    for directory, _, names in os.walk(os.path.join(top, "src")):
        room = os.path.relpath(directory, os.path.join(top, "src")).split(os.sep)[0]
        for name in names:
            if not name.endswith((".c", ".h", ".def")):
                continue
            path = os.path.join(directory, name)
            for line in open(path, encoding="utf-8"):
                yield from of_line(room, os.path.relpath(path, top), line)


def of_line(room, path, line):
    quoted = re.match(r'\s*#\s*include\s+"([^"]+)"', line)
    angled = re.match(r"\s*#\s*include\s+<([^>]+)>", line)
    if quoted and "/" in quoted.group(1):
        other = quoted.group(1).split("/")[0]
        if other not in BELOW[room]:
            yield f"{path}: room {room} includes room {other}"
        if other == "facts" != room and quoted.group(1).endswith(".def") and path not in EXPANDS_A_TABLE:
            yield f"{path}: expands {quoted.group(1)}, which src/facts has as data"
    if angled and angled.group(1).startswith("vgic5/"):
        header = angled.group(1).split("/", 1)[1]
        if header not in PUBLIC[room]:
            yield f"{path}: room {room} includes <vgic5/{header}>"
    if angled:
        for word, rooms in SYSTEM_OF_ONE_ROOM.items():
            if word in angled.group(1) and room not in rooms:
                yield f"{path}: room {room} includes <{angled.group(1)}>"


found = list(complaints(sys.argv[1]))
print("\n".join(found))
print(("not ok" if found else "ok") + " 1 - every room includes only rooms below it")
sys.exit(bool(found))
