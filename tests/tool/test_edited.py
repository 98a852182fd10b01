# SPDX-License-Identifier: BSD-3-Clause
"""States that somebody edited at random, in files without damage: refused in words or run, and
nothing worse. verify, --check-only and restore agree."""
import json
import random

from conftest import LONG, vgic5
from test_verify import middle, state  # noqa: F401 (fixtures)

SEED = 20261122
TIMES = 1500 if LONG else 60
FRAMES_OF_INSNS = 20000


def other_number(rng, text):
    value = int(text, 16)
    return hex(rng.choice([0, 1, 2**32 - 1, 2**64 - 1, rng.getrandbits(64), rng.getrandbits(16),
                           value ^ 1 << rng.randrange(64), (value + 1) % 2**64]))


def other_field(rng, field):
    if "number" in field:
        field["number"] = other_number(rng, field["number"])
    elif "words" in field and field["words"]:
        at = rng.randrange(len(field["words"]))
        field["words"][at] = hex(int(field["words"][at], 16) ^ 1 << rng.randrange(32))
    elif "bytes" in field and field["bytes"]:
        data = bytearray.fromhex(field["bytes"])
        data[rng.randrange(len(data))] ^= 1 << rng.randrange(8)
        field["bytes"] = data.hex()
    elif "text" in field:
        field["text"] = rng.choice(["", "v1", "7.4", "v2", "x" * 3000])


def edit(rng, copy):
    sections = [s for s in copy["sections"] if "fields" in s]
    section = rng.choice(sections)
    field = rng.choice(section["fields"])
    what = rng.randrange(20)
    if what == 0:
        section["fields"].remove(field)
    elif what == 1:
        section["instance"] = hex(rng.choice([0, 1, 2, 2**32, 2**64 - 1]))
    elif what == 2:
        field["id"] = hex(rng.getrandbits(16))
    elif what == 3:
        copy["sections"].remove(section)
    elif what == 4:
        field["name"] += "X"
    elif what == 5:
        section["version"] += 1
    elif what == 6 and "words" in field:
        field["words"] = field["words"][:-1]
    else:
        other_field(rng, field)


def run_on(path, insn, tmp_path):
    """Does the guest run on from there? What becomes of it is its own affair."""
    result = vgic5("restore", path, "--save", tmp_path / "later", "--save-at-insn",
                   min(insn + FRAMES_OF_INSNS, 2**64 - 1), "--exit-after-save", status=None)
    assert result.status in (0, 2, 6, 8), f"{result.status}: {result.err}"


def test_edited_states(state, middle, tmp_path):  # noqa: F811
    print(f"seed {SEED}")
    rng = random.Random(SEED)
    outcomes = {}
    for n in range(TIMES):
        copy = json.loads(json.dumps(state))
        for _ in range(rng.choice([1, 1, 1, 3])):
            edit(rng, copy)
        (tmp_path / "e.json").write_text(json.dumps(copy))
        made = vgic5("convert", tmp_path / "e.json", "--memory", middle, "--output", tmp_path / "e",
                     status=None)
        if made.status != 0:
            assert made.status in (4, 5) and made.err.count("\n") == 1, f"case {n}: {made.err}"
            continue
        verdict = vgic5("verify", tmp_path / "e", status=None)
        check = vgic5("restore", tmp_path / "e", "--check-only", status=None)
        assert verdict.status in (0, 4, 5), f"case {n}: {verdict.status} {verdict.err}"
        assert check.status == verdict.status, f"case {n}: {check.err} but {verdict.err}"
        # One refusal; another PIDR or CIDR on the target is a warning before it.
        assert verdict.status == 0 or (check.err.count("vgic5: restore: ") == 1 and verdict.err)
        if verdict.status == 0:
            clock = next(s for s in copy["sections"] if s["type"] == "clock")
            insn = next(f for f in clock["fields"] if f["name"] == "INSTRUCTIONS")["number"]
            run_on(tmp_path / "e", int(insn, 16), tmp_path)
        outcomes[verdict.status] = outcomes.get(verdict.status, 0) + 1
    assert outcomes.get(0) and outcomes.get(4) and outcomes.get(5)
