# SPDX-License-Identifier: BSD-3-Clause
"""The control socket, progress and signals."""
import contextlib
import json
import os
import signal
import socket
import stat
import subprocess
import time

import pytest

from conftest import BUILD, DEMO, PROBE, vgic5
from running_guest import TOOL, demo, guest

def test_status_pause_resume(tmp_path, demo_run):
    with demo(tmp_path) as one:
        assert stat.S_IMODE(os.stat(one.path).st_mode) == 0o600
        first = one.ask({"command": "status"})
        time.sleep(0.1)
        second = one.ask({"command": "status"})
        assert first["instructions"] == second["instructions"] and first["state"] == "paused"
        assert first["vcpus"] == 2 and first["saving"] is None
        one.ask(b'{"command": "resume"}\n{"command": "pause"}')
        assert one.ask({"command": "status"}, {"command": "resume"})[0]["state"] == "paused"
        assert one.finish() == 0
        assert one.out == demo_run[1], "being paused changed the run"
        assert not one.path.exists()


def test_save_of_a_running_and_of_a_paused_guest(tmp_path, demo_run):
    arguments, console, final = demo_run
    with demo(tmp_path) as one:
        result = vgic5("save", "--control", one.path, "a.vgic5", cwd=tmp_path)
        reply = json.loads(result.text)
        assert reply["file"] == str(tmp_path / "a.vgic5") and reply["ok"]
        vgic5("save", "--control", one.path, tmp_path / "b.vgic5", "--base", tmp_path / "a.vgic5")
        one.ask({"command": "resume"})
        assert one.finish() == 0 and one.out == console
    for name in ("a.vgic5", "b.vgic5"):
        vgic5("restore", tmp_path / name, "--save", tmp_path / "end")
        assert (tmp_path / "end").read_bytes() == final
    assert sorted(os.listdir(tmp_path)) == ["a.vgic5", "b.vgic5", "end"]


def test_a_pipe_of_the_client_is_none_of_the_guest(tmp_path):
    with demo(tmp_path) as one:
        assert "mkfifo" in vgic5("save", "--control", one.path, "/dev/stdout", status=2).err
        os.mkfifo(tmp_path / "fifo")
        with subprocess.Popen(["cat", str(tmp_path / "fifo")], stdout=subprocess.PIPE) as cat:
            vgic5("save", "--control", one.path, tmp_path / "fifo")
            (tmp_path / "s").write_bytes(cat.communicate()[0])
        vgic5("verify", tmp_path / "s")
        assert one.ask({"command": "quit"})["ok"] and one.finish() == 0


def test_resume_for_so_many_instructions(tmp_path, demo_run):
    with demo(tmp_path) as one:
        for n in (1, 999, 100000):
            before = int(one.ask({"command": "status"})["instructions"], 16)
            assert one.ask({"command": "resume", "instructions": n})["state"] == "running"
            while one.ask({"command": "status"})["state"] != "paused":
                time.sleep(0.001)
            assert int(one.ask({"command": "status"})["instructions"], 16) == before + n
        for bad in (0, -1, "many"):
            assert one.ask({"command": "resume", "instructions": bad})["exit"] == 2
        one.ask({"command": "resume"})
        assert one.finish() == 0 and one.out == demo_run[1]


def test_quit(tmp_path):
    with demo(tmp_path) as one:
        assert one.ask({"command": "quit"})["ok"]
        assert one.finish() == 0


def test_a_restored_guest_has_one_too(tmp_path, demo_run):
    vgic5(*demo_run[0], "--save", tmp_path / "s", "--save-at-insn", "1000000", "--exit-after-save")
    with guest(tmp_path, "restore", tmp_path / "s") as one:
        reply = one.ask({"command": "status"})
        assert int(reply["instructions"], 16) >= 1000000
        one.ask({"command": "resume"})
        assert one.finish() == 0


@pytest.mark.parametrize("line", [b"", b"hello", b"[1]", b"{\"command\": 5}", b"{}",
                                  b"{\"command\": \"explode\"}", b"{\"command\": \"save\"}",
                                  b"{\"command\": \"save\", \"file\": \"\"}"])
def test_requests_that_are_none(line, tmp_path):
    with demo(tmp_path) as one:
        reply = one.ask(line)
        assert reply["ok"] is False and reply["exit"] == 2 and reply["error"]
        assert one.ask({"command": "status"})["state"] == "paused"


def test_a_client_that_never_ends_its_line(tmp_path):
    with demo(tmp_path) as one, one.connect() as rude:
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            rude.sendall(b"x" * 100000)
        assert one.ask({"command": "status"})["ok"]


def test_a_save_that_fails_is_6_and_the_guest_goes_on(tmp_path, demo_run):
    with demo(tmp_path) as one:
        result = vgic5("save", "--control", one.path, tmp_path / "no" / "where", status=6)
        assert "where" in result.err
        one.ask({"command": "resume"})
        assert one.finish() == 0 and one.out == demo_run[1]


def test_paused_without_a_socket(tmp_path):
    assert "--control" in vgic5("run", "--kernel", PROBE, "--paused", status=2).err


def test_nobody_listens(tmp_path):
    assert "control" in vgic5("save", "--control", tmp_path / "control", "x", status=3).err
    assert "--control" in vgic5("save", "x", status=2).err


def test_a_socket_in_the_way(tmp_path):
    (tmp_path / "file").write_text("mine")
    arguments = ["run", "--kernel", PROBE, "--deterministic", "--control"]
    vgic5(*arguments, tmp_path / "file", status=3)
    assert (tmp_path / "file").read_text() == "mine"
    with socket.socket(socket.AF_UNIX) as left_behind:
        left_behind.bind(str(tmp_path / "old"))
    assert "probe: PASS" in vgic5(*arguments, tmp_path / "old").text
    with demo(tmp_path) as one:
        assert "in use" in vgic5(*arguments, one.path, status=3).err
        assert one.ask({"command": "status"})["ok"]


def test_a_socket_of_another_guest_is_left_alone(tmp_path):
    """Somebody removed the first one's, and started a second guest there."""
    with demo(tmp_path) as first:
        link = first.connect()
        os.unlink(first.path)
        with demo(tmp_path) as second:
            link.sendall(b'{"command": "quit"}\n')
            assert first.finish() == 0
            assert second.ask({"command": "status"})["ok"]
            link.close()


def test_many_clients_and_half_a_line(tmp_path):
    """All places taken: one more is turned away, and the others are served."""
    with demo(tmp_path) as one:
        links = [one.connect() for _ in range(8)]
        for link in links:
            link.sendall(b'{"command": "sta')
        time.sleep(0.3)
        with one.connect() as late, contextlib.suppress(ConnectionResetError, BrokenPipeError):
            late.sendall(b'{"command": "status"}\n')
            assert late.recv(100) == b""
        for link in links:
            link.sendall(b'tus"}\n')
            assert json.loads(link.makefile("rb").readline())["ok"]
            link.close()
        assert one.ask({"command": "quit"})["ok"]
        assert one.finish() == 0


def test_sigusr1_prints_a_line(tmp_path):
    with demo(tmp_path) as one:
        one.process.send_signal(signal.SIGUSR1)
        one.ask({"command": "status"})
        time.sleep(0.2)
        one.ask({"command": "quit"})
        one.finish()
        assert b"paused, at instruction" in one.err


def test_sigint_without_a_save_ends_the_process(tmp_path):
    with demo(tmp_path) as one:
        one.process.send_signal(signal.SIGINT)
        assert one.finish() == -signal.SIGINT
        assert not one.path.exists()


def test_sigint_gives_a_save_up(tmp_path, demo_run):
    """The write of the snapshot sleeps (interposed); SIGINT comes meanwhile."""
    env = {**os.environ, "LD_PRELOAD": os.path.join(BUILD, "tests", "tool", "libinterpose.so"),
           "INTERPOSE_DIR": str(tmp_path), "INTERPOSE_MODE": "sleep", "INTERPOSE_AT": "3"}
    process = subprocess.Popen([TOOL, "run", "--kernel", DEMO, "--smp", "2", "--deterministic",
                                "--save", str(tmp_path / "s"), "--save-at-insn", "1000000"], env=env,
                               stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                               stderr=subprocess.PIPE)
    for _ in range(600):
        if any(name.endswith(".tmp") for name in os.listdir(tmp_path)):
            break
        time.sleep(0.01)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=120)
    assert process.returncode == 6, err
    assert b"given up" in err and out == demo_run[1]
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize("form, lines", [("json", True), ("none", False)])
def test_progress(form, lines, tmp_path):
    result = vgic5("run", "--kernel", PROBE, "--deterministic", "--save", tmp_path / "s",
                   "--save-at-insn", "300", "--exit-after-save", "--progress", form)
    rows = [json.loads(line) for line in result.err.splitlines() if line.startswith("{")]
    assert bool(rows) == lines
    assert not lines or rows[-1] == {"done": True, "progress": "save"}


def test_progress_of_no_kind(tmp_path):
    assert "loud" in vgic5("run", "--kernel", PROBE, "--progress", "loud", status=2).err


def test_an_answer_is_for_who_asked(tmp_path):
    """A client asks for a save and goes; who comes into its place gets its own answers only."""
    with demo(tmp_path) as one:
        with one.connect() as hasty:
            hasty.sendall(json.dumps({"command": "save", "file": str(tmp_path / "s")}).encode()
                          + b"\n")
        for _ in range(30):
            assert one.ask({"command": "status"})["state"] == "paused"
        for _ in range(600):
            if (tmp_path / "s").exists():
                break
            time.sleep(0.01)
        vgic5("verify", tmp_path / "s")
        assert one.ask({"command": "quit"})["ok"]
        assert one.finish() == 0
