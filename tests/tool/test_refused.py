# SPDX-License-Identifier: BSD-3-Clause
"""A snapshot that is damaged or does not fit is refused, with the exit code and a place."""
import random

import pytest

from conftest import PROBE, vgic5

SEED = 20261122


@pytest.fixture(scope="module")
def snapshot(tmp_path_factory):
    path = tmp_path_factory.mktemp("refused") / "s"
    vgic5("run", "--kernel", PROBE, "--deterministic", "--save", path, "--save-at-insn", 300,
          "--exit-after-save")
    return path.read_bytes()


def restore(tmp_path, data, status):
    path = tmp_path / "bad"
    path.write_bytes(data)
    result = vgic5("restore", path, status=status)
    assert result.out == b"", "the guest ran"
    assert path.read_bytes() == data
    return result


def test_the_sound_one_runs(snapshot, tmp_path):
    path = tmp_path / "good"
    path.write_bytes(snapshot)
    assert "probe: PASS" in vgic5("restore", path).text
    assert vgic5("restore", path, "--check-only").out == b""


@pytest.mark.parametrize("part", [0, 1, 8, 100, 0.25, 0.5, 0.75, 0.999])
def test_truncated_is_4(snapshot, tmp_path, part):
    end = part if isinstance(part, int) else int(len(snapshot) * part)
    assert restore(tmp_path, snapshot[:end], 4).err


def test_flipped_bits_are_4(snapshot, tmp_path):
    print(f"seed {SEED}")
    rng = random.Random(SEED)
    for _ in range(40):
        bit = rng.randrange(len(snapshot) * 8)
        data = bytearray(snapshot)
        data[bit // 8] ^= 1 << bit % 8
        restore(tmp_path, bytes(data), 4)


def test_not_a_snapshot_is_4(tmp_path):
    assert "snapshot" in restore(tmp_path, b"#!/bin/sh\n" * 100, 4).err
