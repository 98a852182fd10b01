# SPDX-License-Identifier: BSD-3-Clause
"""Snapshots through pipes: written to one, and read from one by every verb."""
import fcntl
import os
import signal
import struct
import subprocess
import termios
import threading
import time

import pytest

from conftest import BUILD, PROBE, vgic5
from test_verify import middle  # noqa: F401 (fixture)

TOOL = os.path.join(BUILD, "vgic5")
GUEST = ["run", "--kernel", PROBE, "--deterministic", "--save-at-insn", "300"]


def through(path, *arguments, status=0):
    """The file comes through a pipe, as /dev/stdin."""
    with open(path, "rb") as file:
        cat = subprocess.Popen(["cat"], stdin=file, stdout=subprocess.PIPE)
        result = vgic5(*arguments, stdin=cat.stdout, status=status)
        cat.stdout.close()
        cat.wait()
    return result


def test_every_verb_reads_from_one(middle, tmp_path):  # noqa: F811
    for arguments in (["inspect", "{}"], ["inspect", "{}", "--json", "--intid", "lpi:475"],
                      ["inspect", "{}", "--section", "cpu:1"], ["verify", "{}"],
                      ["convert", "{}"], ["diff", "{}", str(middle)],
                      ["restore", "{}", "--check-only"]):
        piped = through(middle, *(word.format("/dev/stdin") for word in arguments))
        plain = vgic5(*(word.format(middle) for word in arguments))
        assert piped.out == plain.out and piped.err == plain.err, arguments
    assert "demo: PASS" in through(middle, "restore", "/dev/stdin").text
    through(middle, "flatten", "/dev/stdin", tmp_path / "flat")
    assert (tmp_path / "flat").read_bytes() == middle.read_bytes()


def test_damage_that_comes_through_one(middle, tmp_path):  # noqa: F811
    data = bytearray(middle.read_bytes())
    data[-1] ^= 1
    (tmp_path / "bad").write_bytes(data)
    for verb in ("inspect", "verify", "convert", "restore"):
        result = through(tmp_path / "bad", verb, "/dev/stdin", status=4)
        assert "end record" in result.err
        assert verb != "inspect" or "format 1.0" in result.text
    assert "1 GiB" in vgic5("verify", "/dev/zero", status=3).err


def test_json_comes_and_goes_through_one(middle, tmp_path):  # noqa: F811
    (tmp_path / "s.json").write_bytes(vgic5("convert", middle).out)
    result = through(tmp_path / "s.json", "convert", "/dev/stdin", "--memory", middle, "--output",
                     "/dev/stdout")
    assert result.out == middle.read_bytes()
    assert os.path.islink("/dev/stdout"), "the link has been replaced"


class Reader:
    """Takes what comes out of a pipe, and how much of it."""
    def __init__(self, most=None, size=None):
        self.end, self.pipe = os.pipe()
        if size is not None:
            fcntl.fcntl(self.pipe, fcntl.F_SETPIPE_SZ, size)
        self.path, self.data, self.most = f"/dev/fd/{self.pipe}", b"", most
        self.thread = threading.Thread(target=self.read)

    def read(self):
        while self.most is None or len(self.data) < self.most:
            piece = os.read(self.end, 4096)
            self.data += piece
            if not piece:
                break
        os.close(self.end)

    def run(self, *arguments, **more):
        self.thread.start()
        result = vgic5(*arguments, "--save", self.path, pass_fds=[self.pipe], **more)
        os.close(self.pipe)
        self.thread.join()
        return result


def test_a_save_into_one_is_the_file(tmp_path):
    vgic5(*GUEST, "--save", tmp_path / "s")
    reader = Reader()
    result = reader.run(*GUEST)
    assert "probe: PASS" in result.text
    assert reader.data == (tmp_path / "s").read_bytes()


def test_from_guest_to_guest_without_a_file(tmp_path, demo_run):
    """One process saves into a FIFO, from which the other restores."""
    fifo = tmp_path / "fifo"
    os.mkfifo(fifo)
    with subprocess.Popen([TOOL, "restore", str(fifo), "--save", str(tmp_path / "end")],
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE) as target:
        console = vgic5(*demo_run[0], "--save", fifo, "--save-at-insn", "1000000",
                        "--exit-after-save").out
        assert console + target.communicate(timeout=120)[0] == demo_run[1]
        assert target.returncode == 0
    assert (tmp_path / "end").read_bytes() == demo_run[2]


def test_a_reader_that_goes_away(tmp_path):
    reader = Reader(most=4096, size=4096)
    result = reader.run(*GUEST, status=6)
    assert "probe: PASS" in result.text and "Broken pipe" in result.err
    (tmp_path / "part").write_bytes(reader.data)
    assert "cut off" in vgic5("verify", tmp_path / "part", status=4).err


def fill(tmp_path, *more):
    """A guest that has put a whole snapshot into a pipe, of which nobody has read a byte."""
    end, pipe = os.pipe()
    process = subprocess.Popen([TOOL, *GUEST, "--save", f"/dev/fd/{pipe}", *more], pass_fds=[pipe],
                               stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                               stderr=subprocess.PIPE)
    os.close(pipe)
    vgic5(*GUEST, "--save", tmp_path / "s")
    size = os.path.getsize(tmp_path / "s")
    for _ in range(3000):
        if struct.unpack("i", fcntl.ioctl(end, termios.FIONREAD, b"    "))[0] == size:
            break
        time.sleep(0.01)
    else:
        raise AssertionError("the snapshot does not fit into the pipe, or never came")
    return process, end, size


@pytest.mark.parametrize("read", [0, 100, -1])
def test_a_reader_that_goes_with_bytes_unread(tmp_path, read):
    """The last write has gone well; the guest is still there, though it was to end."""
    process, end, size = fill(tmp_path, "--exit-after-save")
    time.sleep(0.3)
    assert process.poll() is None, "it has ended before anybody has read"
    if read != 0:
        os.read(end, read % size)
    os.close(end)
    out, err = process.communicate(timeout=60)
    assert process.returncode == 6 and b"probe: PASS" in out
    assert b"reader has gone, with %d bytes" % (size - read % size) in err and b"goes on" in err


def test_a_reader_that_has_read_everything(tmp_path):
    """It need not have closed: it waits for the end, which comes when the writer has gone."""
    process, end, size = fill(tmp_path, "--exit-after-save")
    assert os.read(end, size) == (tmp_path / "s").read_bytes()
    out, err = process.communicate(timeout=60)
    assert process.returncode == 0 and b"PASS" not in out
    assert b"from the pipe has not said that it can be restored" in err
    assert os.read(end, 1) == b""
    os.close(end)


def test_nobody_reads(tmp_path):
    os.mkfifo(tmp_path / "fifo")
    result = vgic5(*GUEST, "--save", tmp_path / "fifo", status=6)
    assert "probe: PASS" in result.text and "nobody reads" in result.err


def test_a_reader_that_does_not_read_is_given_up(tmp_path):
    end, pipe = os.pipe()
    fcntl.fcntl(pipe, fcntl.F_SETPIPE_SZ, 4096)
    with subprocess.Popen([TOOL, *GUEST, "--save", f"/dev/fd/{pipe}"], pass_fds=[pipe],
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE) as guest:
        while b"probe: PASS" not in guest.stdout.readline():
            pass
        guest.send_signal(signal.SIGINT)
        _, err = guest.communicate(timeout=60)
        assert guest.returncode == 6 and b"given up" in err
    os.close(end)
    os.close(pipe)
