# SPDX-License-Identifier: BSD-3-Clause
"""Save anywhere under each profile of the device contract, and from one to the other."""
import json

import pytest

from conftest import BUILD, DEMO, LONG, vgic5

ABIS = ["v1", "7.4"]
POINTS = 40 if LONG else 3


def run_of(abi):
    return ["run", "--kernel", DEMO, "--smp", "2", "--deterministic", "--gic", f"abi={abi}"]


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory):
    """By profile: console, final snapshot, length."""
    runs = {}
    for abi in ABIS:
        final = tmp_path_factory.mktemp("undisturbed") / "final"
        result = vgic5(*run_of(abi), "--save", final)
        length = int(json.loads(vgic5("inspect", "--json", final).text)["instructions"], 16)
        runs[abi] = result.out, final.read_bytes(), length
    return runs


def points(length, phase):
    step = length // (POINTS + 1)
    return [step * (n + 1) + phase for n in range(POINTS)]


def test_the_guest_sees_no_difference(undisturbed):
    assert undisturbed["v1"][0] == undisturbed["7.4"][0]
    assert b"demo: PASS" in undisturbed["7.4"][0]


@pytest.mark.parametrize("second", ABIS)
@pytest.mark.parametrize("first", ABIS)
def test_from_one_to_the_other(first, second, undisturbed, tmp_path):
    """The final snapshot too, which holds guest memory with the ISTs."""
    _, final, _ = undisturbed[second]
    console, _, length = undisturbed[first]
    for point in points(length, 12345):
        before = vgic5(*run_of(first), "--save", tmp_path / "middle", "--save-at-insn", point,
                       "--exit-after-save")
        after = vgic5("restore", tmp_path / "middle", "--abi", second, "--save", tmp_path / "final")
        assert before.out + after.out == console, f"at {point}"
        if first == second:
            assert (tmp_path / "final").read_bytes() == final, f"at {point}"


@pytest.mark.parametrize("there, back", [ABIS, ABIS[::-1]])
def test_there_and_back_again(there, back, undisturbed, tmp_path):
    """Saved under one, again under the other, finished under the first: the guest sees nothing."""
    console, final, length = undisturbed[there]
    for point in points(length, 777):
        got = vgic5(*run_of(there), "--save", tmp_path / "one", "--save-at-insn", point,
                    "--exit-after-save").out
        got += vgic5("restore", tmp_path / "one", "--abi", back, "--save", tmp_path / "two",
                     "--save-at-insn", (point + length) // 2, "--exit-after-save").out
        got += vgic5("restore", tmp_path / "two", "--abi", there, "--save", tmp_path / "final").out
        assert got == console, f"at {point}"
        if there == "v1":  # the tables in guest memory are live again
            assert (tmp_path / "final").read_bytes() == final, f"at {point}"
        else:
            (tmp_path / "undisturbed").write_bytes(final)
            vgic5("diff", tmp_path / "undisturbed", tmp_path / "final", "--ignore", "memory")


# ---- Every shape of machine ------------------------------------------------------------------

SHAPES = [  # guest, vCPUs, --gic, --append
    ("shapes", 1, "spis=32,lpi-bits=4", ""),
    ("shapes", 1, "spis=1024,lpi-bits=4,ist=linear", ""),
    ("shapes", 3, "spis=1024,lpi-bits=14", ""),
    ("shapes", 8, "spis=992,lpi-bits=14,ist=linear", ""),
    ("shapes", 2, "spis=512,lpi-bits=24", ""),
    ("shapes", 64, "spis=1024,lpi-bits=16", ""),
    ("shapes", 64, "spis=96,lpi-bits=16,ist=linear", ""),
    ("shapes", 4, "spis=64", "ist=none"),  # the IST is never made valid
    ("demo", 2, "spis=32,lpi-bits=14,ist=linear", ""),
    ("demo", 8, "spis=1024,lpi-bits=9", ""),
] + ([("shapes", 2, "spis=32,lpi-bits=24,ist=linear", "")] if LONG else [])


class Shape:
    """One machine under one profile, and how it ends when nobody touches it."""

    def __init__(self, shape, abi, scratch):
        guest, smp, gic, append = shape
        self.scratch = scratch
        self.arguments = ["run", "--kernel", f"{BUILD}/guests/{guest}.elf", "--smp", smp,
                          "--deterministic", "--gic", f"abi={abi},{gic}"]
        if append:
            self.arguments += ["--append", append]
        self.console = vgic5(*self.arguments, "--save", scratch / "end").out
        self.end = (scratch / "end").read_bytes()
        header = vgic5("inspect", "--json", scratch / "end").text
        self.length = int(json.loads(header)["instructions"], 16)
        assert b"PASS" in self.console

    def save(self, point):
        return vgic5(*self.arguments, "--save", self.scratch / "0", "--save-at-insn", point,
                     "--exit-after-save").out

    def finish(self, before, *hops):
        """Console and last snapshot after hops of (abi, where it is saved again)."""
        for n, (abi, point) in enumerate(hops):
            stop = ["--save-at-insn", point, "--exit-after-save"] if point else []
            before += vgic5("restore", self.scratch / f"{n}", "--abi", abi, "--save",
                            self.scratch / f"{n + 1}", *stop).out
        return before, (self.scratch / f"{len(hops)}").read_bytes()


@pytest.mark.parametrize("abi", ABIS)
@pytest.mark.parametrize("shape", SHAPES, ids=lambda shape: f"{shape[0]}-{shape[1]}-{shape[2]}{shape[3]}")
def test_every_shape(shape, abi, tmp_path):
    """Saved, restored under the same profile; and there and back again."""
    machine = Shape(shape, abi, tmp_path)
    other = ABIS[1 - ABIS.index(abi)]
    for n in range(1, (10 if LONG else 1) + 1):
        point = machine.length * n // (11 if LONG else 2) + 5
        before = machine.save(point)
        assert machine.finish(before, (abi, None)) == (machine.console, machine.end), f"at {point}"
        console, end = machine.finish(before, (other, (point + machine.length) // 2), (abi, None))
        assert console == machine.console, f"at {point}"
        if abi == "7.4":  # under v1 the LPIs were in guest memory: only there is a difference
            vgic5("diff", tmp_path / "end", tmp_path / "2", "--ignore", "memory")
        else:
            assert end == machine.end, f"at {point}"


def test_no_such_profile_is_2(tmp_path):
    assert "v9" in vgic5("restore", tmp_path / "none", "--abi", "v9", status=2).err
