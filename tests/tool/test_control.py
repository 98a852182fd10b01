# SPDX-License-Identifier: BSD-3-Clause
"""The control socket, progress and signals."""
import contextlib
import json
import os
import re
import signal
import socket
import stat
import subprocess
import time

import pytest

from conftest import BUILD, DEMO, PROBE, TOP, is_saving, vgic5
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
    """All places taken: one more is turned away in words, and the others are served."""
    with demo(tmp_path) as one:
        links = [one.connect() for _ in range(8)]
        for link in links:
            link.sendall(b'{"command": "sta')
        time.sleep(0.3)
        with one.connect() as late:
            late.sendall(b'{"command": "status", "id": 9}\n')
            lines = late.makefile("rb")
            reply = json.loads(lines.readline())
            assert reply["ok"] is False and "busy" in reply["error"] and reply["exit"] == 6
            assert reply["id"] == 9 and lines.read() == b""
        result = vgic5("save", "--control", one.path, tmp_path / "s", status=6)
        assert "busy: 8 clients" in result.err and not (tmp_path / "s").exists()
        for link in links:
            link.sendall(b'tus"}\n')
            assert json.loads(link.makefile("rb").readline())["ok"]
            link.close()
        assert one.ask({"command": "quit"})["ok"]
        assert one.finish() == 0


def test_item_21_who_waits_for_a_place_gets_one(tmp_path):
    with demo(tmp_path) as one:
        links = [one.connect() for _ in range(14)]
        time.sleep(0.2)
        links[13].sendall(b'{"command": "status"}\n')
        links[13].settimeout(0.3)
        with pytest.raises(TimeoutError):
            links[13].recv(1)
        links[13].settimeout(30)
        for link in links[:13]:
            link.close()
        assert json.loads(links[13].makefile("rb").readline())["state"] == "paused"


def test_item_21_pipelined_requests_are_answered_all(tmp_path):
    """Nothing is taken before all has been asked: the guest reads no more until answers are taken."""
    with demo(tmp_path) as one, one.connect() as link:
        link.setblocking(False)
        asked, data = 0, b""
        for _ in range(300):  # as much as goes in while nobody reads
            line = b"".join(b'{"command": "status", "id": %d}\n' % n
                            for n in range(asked, asked + 50))
            try:
                sent = link.send(data + line)
            except BlockingIOError:
                time.sleep(0.01)
                continue
            data, asked = (data + line)[sent:], asked + 50
        resident = int(open(f"/proc/{one.process.pid}/statm").read().split()[1])
        assert asked > 1000 and resident * 4096 < 300 << 20
        assert one.ask({"command": "status"})["ok"], "the others are served"
        link.setblocking(True)
        got = b""
        answers = []
        while len(answers) < asked:
            if data:
                link.settimeout(0.05)
                try:
                    data = data[link.send(data):]
                except TimeoutError:
                    pass
            link.settimeout(30)
            got += link.recv(65536)
            *whole, got = got.split(b"\n")
            answers += [json.loads(line)["id"] for line in whole]
        assert answers == list(range(asked))


def test_item_21_who_has_said_all_gets_its_answers(tmp_path):
    with demo(tmp_path) as one, one.connect() as link:
        link.sendall(json.dumps({"command": "save", "file": str(tmp_path / "s"),
                                 "id": "mine"}).encode() + b'\n{"command": "status"}\n')
        link.shutdown(socket.SHUT_WR)
        answers = [json.loads(line) for line in link.makefile("rb").read().splitlines()]
        assert [answer.get("id") for answer in answers] == [None, "mine"]
        assert answers[1]["file"] == str(tmp_path / "s")


def test_item_21_a_line_too_long(tmp_path):
    with demo(tmp_path) as one:
        longest = json.dumps({"command": "status", "id": ""}).encode()
        longest = longest[:-2] + b"x" * (8192 - len(longest)) + longest[-2:]
        replies = one.ask(longest, longest + b" ", b"{" * 100000, {"command": "status", "id": 1})
        assert [reply["ok"] for reply in replies] == [True, False, False, True]
        assert len(replies[0]["id"]) > 8000 and replies[3]["id"] == 1
        assert all("at most 8192 bytes" in reply["error"] for reply in replies[1:3])


@pytest.mark.parametrize("request_, words", [
    ({"command": "save", "file": "x", "base": 5}, '"base" is a number, expected a string'),
    ({"command": "save", "file": "x", "base": None}, '"base" is null, expected a string'),
    ({"command": "save", "file": "x", "base": ""}, "empty"),
    ({"command": "save", "file": "x", "bsae": "y"}, 'save has no key "bsae"; its keys are command, id, file, base'),
    ({"command": "save", "file": ["x"]}, '"file" is a list, expected a string'),
    ({"command": "save"}, 'save without "file"'),
    ({"command": "pause", "file": "x"}, 'pause has no key "file"'),
    ({"command": "resume", "instructions": "5"}, '"instructions" is a string, expected a number'),
    ({"command": "resume", "instructions": 1.5}, '"instructions" is a fraction'),
    ({"command": "status", "id": {}}, '"id" is an object, expected a string or a number'),
    ({"command": "stat"}, '"command" is one of status, pause, resume, save, cancel, quit'),
    (b'{"command": "status", "command": "quit"}', "duplicate"),
    (b'{"command": "status"', "a request is one JSON object a line: "),
])
def test_item_21_keys_and_types(request_, words, tmp_path):
    with demo(tmp_path) as one:
        reply = one.ask(request_)
        assert reply["ok"] is False and reply["exit"] == 2 and words in reply["error"]
        assert one.ask({"command": "status"})["state"] == "paused"
        assert sorted(os.listdir(tmp_path)) == ["control"]


def test_item_24_the_control_commands_of_the_man_page_are_json_and_are_taken(tmp_path):
    """roff takes quotes away that are not escaped."""
    source = open(os.path.join(TOP, "doc", "vgic5.1.in")).read()
    section = source.split(".SH CONTROL SOCKET")[1].split(".SH ")[0]
    assert not re.search(r'^\.B [^"\n]*\S"', section, re.M), "a bare quote"
    examples = [text.replace(r"\(dq", '"')
                for text in re.findall(r"\{\\\(dqcommand.*?\}", section)]
    assert len(examples) == 7
    with demo(tmp_path) as one:
        for text in sorted(examples, key=lambda text: "quit" in text):
            request = json.loads(text)
            request.update({key: str(tmp_path / "s") for key in ("file",) if key in request})
            request.pop("base", None)
            assert one.ask(json.dumps(request).encode())["ok"], text


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_item_18_a_save_to_a_stopped_guest_ends(number, tmp_path):
    with demo(tmp_path) as one:
        one.process.send_signal(signal.SIGSTOP)
        with subprocess.Popen([TOOL, "save", "--control", one.path, str(tmp_path / "s"), "--progress=json"],
                              stderr=subprocess.PIPE) as client:
            time.sleep(0.5)
            client.send_signal(number)
            _, err = client.communicate(timeout=20)
            assert client.returncode == 6 and b"does not answer" in err
        one.process.send_signal(signal.SIGCONT)
        assert one.ask({"command": "status"})["state"] == "paused"


def test_item_21_a_stopped_guest_is_waited_for(tmp_path):
    """Longer than its socket holds questions about the progress."""
    with demo(tmp_path) as one:
        one.process.send_signal(signal.SIGSTOP)
        with subprocess.Popen([TOOL, "save", "--control", one.path, str(tmp_path / "s"), "--progress=json"],
                              stderr=subprocess.PIPE, stdout=subprocess.PIPE) as client:
            time.sleep(2)
            one.process.send_signal(signal.SIGCONT)
            out, err = client.communicate(timeout=60)
            assert client.returncode == 0, err
            assert json.loads(out)["file"] == str(tmp_path / "s")


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
        if is_saving(process.pid, tmp_path):
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
