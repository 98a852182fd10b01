# SPDX-License-Identifier: BSD-3-Clause
"""Saved means restorable: a state that no restore would take is not saved, in any way of saving."""
import os
import subprocess

import pytest

from conftest import BUILD, PROBE, vgic5
from running_guest import TOOL, guest

UNKEPT = os.path.join(BUILD, "tests", "tool", "libunkept.so")
GUEST = ["run", "--kernel", PROBE, "--deterministic"]
SAVE = [*GUEST, "--save-at-insn", "300"]
WORDS = "what was saved could not be restored: cpu 0 X5 is 0x"


@pytest.fixture(scope="module")
def lossy():
    """The environment in which an engine loses a bit of what a save is proved with."""
    linked = subprocess.run(["ldd", TOOL], stdout=subprocess.PIPE, text=True).stdout
    if "libunicorn" not in linked or "libasan" in linked:
        pytest.skip("nothing can be put before Unicorn here")
    return {**os.environ, "LD_PRELOAD": UNKEPT}


@pytest.fixture
def old(tmp_path):
    """A snapshot, of an earlier moment, that a save would write over."""
    vgic5(*SAVE[:-1], "200", "--save", tmp_path / "s", "--exit-after-save")
    return (tmp_path / "s").read_bytes()


@pytest.mark.parametrize("more", [[], ["--exit-after-save"]])
@pytest.mark.parametrize("incremental", [False, True])
def test_by_an_option(lossy, old, tmp_path, more, incremental):
    target = "t" if incremental else "s"
    if incremental:
        more = [*more, "--base", tmp_path / "s"]
    result = vgic5(*SAVE, "--save", tmp_path / target, *more, status=6, env=lossy)
    assert WORDS in result.err and "probe: PASS" in result.text, "the guest did not go on"
    assert os.listdir(tmp_path) == ["s"] and (tmp_path / "s").read_bytes() == old


def test_by_the_socket_and_at_the_end(lossy, old, tmp_path):
    with guest(tmp_path, *GUEST, "--save", tmp_path / "s", env=lossy) as one:
        for base in (None, tmp_path / "s"):
            result = one.save(tmp_path / "t", base=base, status=6)
            assert WORDS in result.err, result.err
            one.ask({"command": "resume", "instructions": 50})
            while one.ask({"command": "status"})["state"] != "paused":
                pass
        assert not (tmp_path / "t").exists()
        one.ask({"command": "resume"})
        assert one.finish() == 6 and b"probe: PASS" in one.out
        assert (tmp_path / "s").read_bytes() == old and WORDS.encode() in one.err


def test_nothing_comes_out_of_a_pipe(lossy, tmp_path):
    os.mkfifo(tmp_path / "f")
    with subprocess.Popen(["cat", tmp_path / "f"], stdout=subprocess.PIPE) as reader:
        result = vgic5(*SAVE, "--save", tmp_path / "f", "--exit-after-save", status=6, env=lossy)
        assert WORDS in result.err and "probe: PASS" in result.text
        assert reader.communicate(timeout=60)[0] == b""


def test_an_engine_that_keeps_everything_is_believed(old, tmp_path):
    """The same saves, without the fault."""
    vgic5(*SAVE, "--save", tmp_path / "t", "--base", tmp_path / "s", "--exit-after-save")
    assert "probe: PASS" in vgic5("restore", tmp_path / "t").text
