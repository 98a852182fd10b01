# SPDX-License-Identifier: BSD-3-Clause
"""The demonstration guest says so when an interrupt is lost, comes twice, or out of order: one
entry of a snapshot is changed, as a device would that loses a bit at the restore."""
import json
import random
import re

import pytest

from conftest import DEMO, LONG, vgic5

SEED = 20261126
# Under 7.4 all entries, those of the LPIs too, are in the sections and not in guest memory.
ARGUMENTS = ["run", "--kernel", DEMO, "--smp", "2", "--deterministic", "--gic", "abi=7.4"]
MOMENTS = [("--save-at-text", "demo: in flight"), ("--save-at-insn", 1289173)] + \
    ([("--save-at-insn", n) for n in range(700000, 4400000, 200000)] if LONG else [])

PENDING, ACTIVE, HM, ENABLE = 1, 2, 4, 8
PRIORITY, IAFFID = 0xf800, 0xffff0000


def section(state, kind, instance="0x0"):
    return next(s for s in state["sections"] if s["type"] == kind and s["instance"] == instance)


def field(state, kind, name, instance="0x0"):
    return next(f for f in section(state, kind, instance)["fields"] if f["name"] == name)


class Entries:
    """Those of one kind, as numbers."""

    def __init__(self, state, kind):
        self.field = field(state, kind, "iste")
        self.words = [int(word, 16) for word in self.field["words"]]

    def those(self, choose):
        return [n for n, word in enumerate(self.words) if choose(word)]

    def put(self, n, word):
        self.field["words"][n] = hex(word)


def pending(word):
    """And will be taken: a level that is active is about to be cleared by its handler."""
    return word & PENDING and not (word & ACTIVE and word & HM)


def waiting(word):
    return word & PENDING and not word & ACTIVE and word & ENABLE and word & PRIORITY


def idle(word):
    return word & ENABLE and not word & (PENDING | ACTIVE)


def lose(entries, rng):
    for n in rng.sample(entries.those(pending), 1):
        entries.put(n, entries.words[n] & ~PENDING)
        return "lost"


def double(entries, rng):
    for n in rng.sample(entries.those(idle), 1):
        entries.put(n, entries.words[n] | PENDING)
        return "duplicated"


def elsewhere(entries, rng):
    for n in rng.sample(entries.those(waiting), 1):
        entries.put(n, entries.words[n] ^ 0x10000)
        return "wrong vCPU"


def exchange(entries, rng):
    """Two that wait for the same vCPU get each other's priority."""
    words = entries.words
    pairs = [(a, b) for a in entries.those(waiting) for b in entries.those(waiting)
             if words[a] & PRIORITY < words[b] & PRIORITY and not (words[a] ^ words[b]) & IAFFID]
    for a, b in rng.sample(pairs, min(1, len(pairs))):
        entries.put(a, words[a] & ~PRIORITY | words[b] & PRIORITY)
        entries.put(b, words[b] & ~PRIORITY | words[a] & PRIORITY)
        return "out of order"


def numbers(text):
    """What the verdict counts."""
    found = re.search(r"^verdict: .*lost (\d+), duplicated (\d+), out of order (\d+)$", text, re.M)
    wrong = re.search(r"on the wrong vCPU (\d+)", text)
    assert found and wrong, text
    return dict(zip(("lost", "duplicated", "out of order", "wrong vCPU"),
                    map(int, found.groups() + wrong.groups())))


class Sabotage:
    def __init__(self, moment, scratch):
        self.middle, self.edited, self.json = (scratch / n for n in ("middle", "edited", "json"))
        self.scratch = scratch
        vgic5(*ARGUMENTS, "--save", self.middle, *moment, "--exit-after-save")
        vgic5("convert", self.middle, "--output", self.json)
        self.text = self.json.read_text()

    def outcome(self, state):
        self.json.write_text(json.dumps(state))
        self.edited.unlink(missing_ok=True)
        vgic5("convert", self.json, "--memory", self.middle, "--output", self.edited)
        return vgic5("restore", self.edited, status=None)

    def check(self, state, expected):
        result = self.outcome(state)
        assert result.status == 8 and "demo: FAIL" in result.text, result.text + result.err
        counts = numbers(result.text)
        assert counts[expected], counts


@pytest.fixture(scope="module", params=MOMENTS, ids=lambda moment: str(moment[1]))
def sabotage(request, tmp_path_factory):
    return Sabotage(request.param, tmp_path_factory.mktemp("verdict"))


def test_without_a_change(sabotage):
    result = sabotage.outcome(json.loads(sabotage.text))
    assert result.status == 0 and not any(numbers(result.text).values())


@pytest.mark.parametrize("kind", ["spi", "lpi"])
@pytest.mark.parametrize("change", [lose, double, elsewhere, exchange])
def test_an_entry_is_changed(sabotage, change, kind):
    state = json.loads(sabotage.text)
    rng = random.Random(f"{SEED} {kind} {change.__name__}")
    entries = Entries(state, kind)
    if change is not double and not (entries.those(pending) and entries.those(waiting)):
        pytest.skip("none is pending there")
    expected = change(entries, rng)
    if expected is None:
        pytest.skip("no two of different priority")
    sabotage.check(state, expected)


def test_the_software_ppi_comes_once_more(sabotage):
    state = json.loads(sabotage.text)
    register = field(state, "icc", "ICC_PPI_SPENDR0", "0x1")
    was = int(register["number"], 16)
    register["number"] = hex(was ^ 8)
    sabotage.check(state, "lost" if was & 8 else "duplicated")
