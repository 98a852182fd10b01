# SPDX-License-Identifier: BSD-3-Clause
"""Saved at any instruction and restored in a new process, the guest ends as if nothing had been."""
import json
import os

import pytest

from conftest import LONG, vgic5

POINTS = 200 if LONG else 40
WINDOW = 50 if LONG else 10


def restored(arguments, point, scratch):
    """Console and final snapshot of a run that is saved at `point` and continued elsewhere."""
    middle, final = scratch / "middle", scratch / "final"
    before = vgic5(*arguments, "--save", middle, "--save-at-insn", point, "--exit-after-save")
    after = vgic5("restore", middle, "--save", final)
    return before.out + after.out, final.read_bytes()


def check(demo_run, points, scratch):
    arguments, console, final = demo_run
    different = []
    for point in points:
        got_console, got_final = restored(arguments, point, scratch)
        if got_console != console or got_final != final:
            different.append(point)
    assert not different


@pytest.fixture(scope="session")
def run_length(demo_run, tmp_path_factory):
    path = tmp_path_factory.mktemp("length") / "final"
    path.write_bytes(demo_run[2])
    return int(json.loads(vgic5("inspect", "--json", path).text)["instructions"], 16)


def test_the_run_can_be_repeated(demo_run, tmp_path):
    arguments, console, final = demo_run
    again = vgic5(*arguments, "--save", tmp_path / "final")
    assert again.out == console
    assert (tmp_path / "final").read_bytes() == final


def test_the_undisturbed_guest_passes(demo_run):
    assert b"demo: PASS" in demo_run[1]


def test_points_spread_over_the_run(demo_run, run_length, tmp_path):
    check(demo_run, [1 + n * (run_length - 2) // (POINTS - 1) for n in range(POINTS)], tmp_path)


@pytest.mark.parametrize("instruction", ["CDIA", "CDEOI"])
def test_every_count_around(instruction, demo_run, tmp_path):
    trace = tmp_path / "trace"
    vgic5(*demo_run[0], "--trace", trace)
    counts = [int(row["instructions"], 16) for row in map(json.loads, trace.open())
              if row["what"] == instruction]
    middle = counts[len(counts) // 2]
    check(demo_run, range(middle - WINDOW // 2, middle + (WINDOW + 1) // 2), tmp_path)


def test_a_chain_of_saves(demo_run, run_length, tmp_path):
    """Each process saves, the next continues."""
    arguments, console, final = demo_run
    steps = 40 if LONG else 6
    command, got = arguments, b""
    for n in range(1, steps):
        path = tmp_path / f"{n}"
        got += vgic5(*command, "--save", path, "--save-at-insn", run_length * n // steps,
                     "--exit-after-save").out
        command = ["restore", path]
    got += vgic5(*command, "--save", tmp_path / "final").out
    assert got == console
    assert (tmp_path / "final").read_bytes() == final


def test_saving_does_not_disturb(demo_run, run_length, tmp_path):
    """The run goes on after a save, and ends as if there had been none."""
    arguments, console, _ = demo_run
    result = vgic5(*arguments, "--save", tmp_path / "middle", "--save-at-insn", run_length // 2)
    assert result.out == console


def test_several_saves_in_one_run(demo_run, run_length, tmp_path):
    """Each has a file of its own, and is what a single save there is."""
    arguments, console, _ = demo_run
    counts = [run_length * n // 4 for n in (1, 2, 3)]
    result = vgic5(*arguments, "--save", tmp_path / "s", "--save-at-insn",
                   ",".join(map(str, counts)))
    assert result.out == console
    assert sorted(os.listdir(tmp_path)) == sorted(f"s.{count}" for count in counts)
    for count in counts:
        vgic5(*arguments, "--save", tmp_path / "single", "--save-at-insn", count,
              "--exit-after-save")
        assert (tmp_path / "single").read_bytes() == (tmp_path / f"s.{count}").read_bytes()


def test_a_moment_in_the_past_is_refused(demo_run, run_length, tmp_path):
    vgic5(*demo_run[0], "--save", tmp_path / "middle", "--save-at-insn", run_length // 2,
          "--exit-after-save")
    result = vgic5("restore", tmp_path / "middle", "--save", tmp_path / "x", "--save-at-insn", 1,
                   status=2)
    assert "past" in result.err
    assert not os.path.exists(tmp_path / "x")
