# SPDX-License-Identifier: BSD-3-Clause
"""Each field of each section, changed by one bit: verify and restore agree, in code and words."""
import json
import random

import pytest

from conftest import DEMO, LONG, vgic5

SEED = 20261201
PROFILES = ["v1", "7.4"]


@pytest.fixture(scope="module", params=PROFILES)
def saved(request, tmp_path_factory):
    """The demonstration guest in mid-interrupt; and its state."""
    path = tmp_path_factory.mktemp("each") / "middle"
    vgic5("run", "--kernel", DEMO, "--smp", "2", "--deterministic", "--gic",
          f"abi={request.param}", "--save", path, "--save-at-text", "demo: in flight",
          "--exit-after-save")
    return path, json.loads(vgic5("convert", path).text)


def places(state):
    """Section and field, by number. A second vCPU has what the first one has: once is enough."""
    seen = set()
    for i, section in enumerate(state["sections"]):
        for j, field in enumerate(section.get("fields", [])):
            key = section["type"], field["id"], section["instance"] if LONG else ""
            if key not in seen:
                seen.add(key)
                yield i, j


def change(rng, field):
    """One bit. False: it has none."""
    if "number" in field:
        field["number"] = hex(int(field["number"], 16) ^ 1 << rng.randrange(64))
    elif field.get("words"):
        at = rng.randrange(len(field["words"]))
        field["words"][at] = hex(int(field["words"][at], 16) ^ 1 << rng.randrange(32))
    elif field.get("bytes"):
        data = bytearray.fromhex(field["bytes"])
        data[rng.randrange(len(data))] ^= 1 << rng.randrange(8)
        field["bytes"] = data.hex()
    elif field.get("text"):
        field["text"] = chr(ord(field["text"][0]) ^ 1) + field["text"][1:]
    else:
        return False
    return True


def try_field(path, state, place, rng, tmp_path):
    """The exit code on which both agree, or None: this field has no bit."""
    copy = json.loads(json.dumps(state))
    section = copy["sections"][place[0]]
    field = section["fields"][place[1]]
    before = json.dumps(field)
    if not change(rng, field):
        return None
    case = f"{section['type']} {section['instance']}: {before} -> {json.dumps(field)}"
    (tmp_path / "e.json").write_text(json.dumps(copy))
    made = vgic5("convert", tmp_path / "e.json", "--memory", path, "--output", tmp_path / "e",
                 status=None)
    if made.status != 0:
        assert made.status in (4, 5) and made.err.count("\n") == 1, f"{case}: {made.err}"
        return made.status
    verdict = json.loads(vgic5("verify", tmp_path / "e", "--json", status=None).text)
    check = vgic5("restore", tmp_path / "e", "--check-only", status=None)
    words = verdict["faults"][0]["message"] if verdict["faults"] else ""
    code = verdict["faults"][0]["exit"] if verdict["faults"] else 0
    assert check.status == code, f"{case}: restore: {check.err} verify: {words}"
    assert words in check.err, f"{case}: restore: {check.err} verify: {words}"
    return code


def test_verify_and_restore_agree_on_each_field(saved, tmp_path):
    path, state = saved
    print(f"seed {SEED}")
    rng = random.Random(SEED)
    codes = [try_field(path, state, place, rng, tmp_path)
             for place in places(state) for _ in range(8 if LONG else 1)]
    assert {0, 4, 5} <= set(codes) and len([c for c in codes if c is not None]) > 130
