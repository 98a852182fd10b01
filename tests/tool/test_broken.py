# SPDX-License-Identifier: BSD-3-Clause
"""An engine that aborts under a guest, and not at an instruction that is none: exit 70, and an
emergency snapshot beside, if what the guest was is all known."""
import os
import stat
import struct

import pytest

from bare_guest import HELLO, LAST_WORDS, image, mov, movk
from conftest import BUILD, vgic5

CRC32X = 0x9ac24c20  # crc32x w0, w1, w2: where the preloaded Unicorn aborts, or will
NEXT_BLOCK = 0x14000001  # b . + 4
GUEST = image(*HELLO, CRC32X, NEXT_BLOCK, mov(0, 0x8400, 1), movk(0, 0x0008), 0xd4000002)

LIBRARY = os.path.join(BUILD, "tests", "machine", "libaborting_unicorn.so")
pytestmark = pytest.mark.skipif(not os.path.exists(LIBRARY),
                                reason="functions of this Unicorn cannot be replaced")


def broken(tmp_path, how, *options):
    (tmp_path / "guest").write_bytes(GUEST)
    result = vgic5("run", "--kernel", tmp_path / "guest", "--mem", "4M", "--deterministic", *options,
                   status=70, cwd=tmp_path,
                   env={**os.environ, "LD_PRELOAD": LIBRARY, "ABORTS": how})
    assert result.out == LAST_WORDS
    assert "has aborted while it" in result.err
    return result


def emergencies(directory):
    return [directory / name for name in os.listdir(directory) if "emergency" in name]


@pytest.mark.parametrize("where", ["here", "save", "control", "both"])
def test_an_abort_in_the_translator_leaves_an_exact_snapshot(tmp_path, where):
    beside, other = tmp_path / "beside", tmp_path / "other"
    beside.mkdir(), other.mkdir()
    old = beside / "vm"
    old.write_bytes(b"what was there")
    options = {"here": [], "save": ["--save", old], "control": ["--control", beside / "socket"],
               "both": ["--save", old, "--control", other / "socket"]}[where]
    result = broken(tmp_path, "translating", *options)
    found = emergencies(tmp_path if where == "here" else beside)
    assert len(found) == 1 and not emergencies(other)
    assert found[0].name in result.err and "emergency snapshot" in result.err
    assert stat.S_IMODE(os.stat(found[0]).st_mode) == 0o600
    assert old.read_bytes() == b"what was there"
    vgic5("verify", found[0])
    vgic5("restore", found[0])  # the rest of the guest; its words are out already


def test_an_abort_while_executing_leaves_none(tmp_path):
    result = broken(tmp_path, "executing", "--save", tmp_path / "vm")
    assert not emergencies(tmp_path) and not (tmp_path / "vm").exists()
    assert "no emergency snapshot" in result.err
