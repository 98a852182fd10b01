# SPDX-License-Identifier: BSD-3-Clause
"""vgic5 bench, from outside. No test looks at a time: those are the benchmarks' own business."""
import json

import pytest

from conftest import vgic5


def test_an_unknown_benchmark_is_2_and_the_others_are_named():
    result = vgic5("bench", "speed", status=2)
    for name in ("rounds", "accesses", "transfer", "memory", "threads", "guest"):
        assert name in result.err


def test_memory_keeps_its_limits():
    figures = json.loads(vgic5("bench", "memory", "--json").text)
    assert figures["schema"] == "vgic5.bench/1" and figures["bench"] == "memory"
    assert len(figures["figures"]) == 5
    for figure in figures["figures"]:
        assert figure["met"] and 0 < figure["value"] <= figure["limit"]
    assert "at most 8" in vgic5("bench", "memory").text


@pytest.mark.parametrize("name", ["accesses", "guest"])
def test_a_benchmark_runs_to_its_end(name):
    result = vgic5("bench", name, "--json", status=None)
    assert result.status in (0, 1)
    figures = json.loads(result.text)["figures"]
    assert result.status == (0 if all(f.get("met", True) for f in figures) else 1)
    assert all(f["value"] > 0 for f in figures)


def test_a_guest_that_is_not_there_is_3():
    assert "/nonexistent" in vgic5("bench", "guest", "--kernel", "/nonexistent", status=3).err


def qemu(directory, polled):
    """A program that says what the guest would say on a QEMU that needs `polled` ns."""
    script = directory / "qemu"
    lines = [f"rounds: {way}, {pending} pending: {polled * (500 if pending else 1)} ns"
             for pending in (0, 65534) for way in ("polled", "in C", "by exception")]
    lines += ["rounds: making 65534 pending: 1 ns", "rounds: done"]
    script.write_text("#!/bin/sh\ncat <<END\n" + "\n".join(lines) + "\nEND\n")
    script.chmod(0o755)
    return script


@pytest.mark.parametrize("polled,met", [(1, False), (1000000, True)])
def test_the_reference_emulator_of_this_run_sets_the_limits(tmp_path, polled, met):
    result = vgic5("bench", "guest", "--qemu", qemu(tmp_path, polled), "--json", status=None)
    figures = json.loads(result.text)["figures"]
    rounds = [f for f in figures if f["name"].startswith("round ") and "limit" in f]
    assert len(rounds) == 3 and all(f["limit"] == polled and f["met"] == met for f in rounds)
    faster = [f for f in figures if "faster" in f["name"]]
    assert len(faster) == 3 and all(f["met"] == met for f in faster)
    assert result.status == 1 if not met else result.status in (0, 1)


def test_a_reference_emulator_that_is_not_there_is_3():
    assert "/nonexistent" in vgic5("bench", "guest", "--qemu", "/nonexistent", status=3).err
