# SPDX-License-Identifier: BSD-3-Clause
"""doc/FORMAT.md is enough to read a snapshot: a reader made from it agrees with the program."""
import glob
import json
import os
import random

import pytest

import format_reader
from conftest import LONG, TOP, vgic5

SEED = 20261126
MACHINES = sorted(glob.glob(os.path.join(TOP, "tests", "golden", "*.vgic5")))
CONTAINERS = sorted(glob.glob(os.path.join(TOP, "tests", "snapshot", "golden", "*.vgic5")))
with open(os.path.join(TOP, "doc", "FORMAT.md"), encoding="utf-8") as format_md:
    TEXT = format_md.read()


def read(path):
    with open(path, "rb") as file:
        return format_reader.read(file.read())


def as_convert_has_it(section):
    """As `vgic5 convert` prints it."""
    found = {"type": section["type"], "instance": hex(section["instance"]),
             "version": section["version"], "required": section["required"]}
    if section["kind"] == 2:
        found["memory"] = {"base": hex(section["address"]), "size": hex(section["size"])}
    elif section["kind"] != 1:
        found.update(kind=section["kind"], raw=section["raw"].hex())
    else:
        found["fields"] = [field(name, *value) for name, value in section["fields"].items()]
    return found


def field(name, number, value):
    row = {"name": name, "id": hex(number)}
    if isinstance(value, int):
        row["number"] = hex(value)
    elif isinstance(value, str):
        row["text"] = value
    elif name.lower() in ("iste", "vcpu_ids"):
        row["words"] = [hex(int.from_bytes(value[n:n + 4], "little"))
                        for n in range(0, len(value), 4)]
    else:
        row["bytes"] = value.hex()
    return row


@pytest.mark.parametrize("path", MACHINES + CONTAINERS, ids=os.path.basename)
def test_the_reader_and_the_program_agree(path):
    found = read(path)
    converted = json.loads(vgic5("convert", path).text)
    assert found["root"].hex() == converted["root"]
    assert found["header"]["producer"] == converted["producer"]
    assert [as_convert_has_it(s) for s in found["sections"]] == converted["sections"]


@pytest.mark.parametrize("path", MACHINES, ids=os.path.basename)
def test_every_field_is_in_the_text(path):
    format_reader.check_names(read(path), TEXT)


def test_every_field_of_the_text_is_in_a_file():
    """But for what only other machines have."""
    tables = format_reader.documented(TEXT)
    seen = {kind: set() for kind in tables}
    for path in MACHINES:
        for section in read(path)["sections"]:
            if section["type"] in seen:
                seen[section["type"]] |= set(section["fields"])
    for kind, names in tables.items():
        others = {name for name, _ in names} - seen[kind]
        shared = {"spi", "lpi"}, {"pl011", "pl031"}
        for group in shared:
            if kind in group:
                others -= set().union(*(seen[one] for one in group))
        assert not others, f"{kind}: {others}"


def memory_of(path):
    memory, = (s for s in read(path)["sections"] if s["kind"] == 2)
    return memory["pages"]


def test_a_chain_is_what_flatten_makes_of_it(tmp_path):
    top, base = (os.path.join(TOP, "tests", "golden", f"1-{name}.vgic5")
                 for name in ("incremental", "v1-two-level"))
    fields = next(s for s in read(top)["sections"] if s["type"] == "base")["fields"]
    assert fields["ROOT"][1] == read(base)["root"]
    assert fields["NAME"][1] == os.path.basename(base)
    pages = {**memory_of(base), **memory_of(top)}
    vgic5("flatten", top, tmp_path / "whole")
    assert memory_of(tmp_path / "whole") == {n: page for n, page in pages.items() if any(page)}


def test_the_reader_refuses_damage_too():
    """So it does check what the text says; every byte of a file matters to it."""
    print(f"seed {SEED}")
    rng = random.Random(SEED)
    for path in MACHINES + CONTAINERS:
        with open(path, "rb") as file:
            good = file.read()
        for _ in range(1000 if LONG else 60):
            bit = rng.randrange(len(good) * 8)
            bad = bytearray(good)
            bad[bit // 8] ^= 1 << bit % 8
            with pytest.raises(format_reader.Refused):
                format_reader.read(bytes(bad))
        for size in [0, 1, 127, 128, *(rng.randrange(len(good)) for _ in range(20))]:
            with pytest.raises(format_reader.Refused):
                format_reader.read(good[:size])
