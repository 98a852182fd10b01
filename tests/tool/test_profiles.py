# SPDX-License-Identifier: BSD-3-Clause
"""Save anywhere under each profile of the device contract, and from one to the other."""
import json

import pytest

from conftest import DEMO, LONG, vgic5

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


def test_no_such_profile_is_2(tmp_path):
    assert "v9" in vgic5("restore", tmp_path / "none", "--abi", "v9", status=2).err
