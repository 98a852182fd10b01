# SPDX-License-Identifier: BSD-3-Clause
"""Incremental saves that know which pages were written: they are what a comparison would have made
of them, whatever happened in between."""
import json
import os
import signal
import subprocess
import threading
import time

import pytest

from conftest import BUILD, DEMO, is_saving, vgic5
from running_guest import TOOL, demo, guest

INTERPOSE = os.path.join(BUILD, "tests", "tool", "libinterpose.so")
MARKS = 8  # RAM_LOG_MARKS


def interposed(directory, mode, at, **more):
    return {**os.environ, "LD_PRELOAD": INTERPOSE, "INTERPOSE_DIR": str(directory),
            "INTERPOSE_MODE": mode, "INTERPOSE_AT": str(at), **more}


def same(full, incremental, scratch):
    """The chain is the full snapshot of the same moment, byte for byte."""
    vgic5("flatten", incremental, scratch)
    assert scratch.read_bytes() == full.read_bytes()


class Pair:
    """A paused guest: at one moment an incremental snapshot and a full one."""
    def __init__(self, one, directory):
        self.one, self.directory, self.number = one, directory, 0

    def take(self, base):
        self.number += 1
        names = [self.directory / f"{kind}{self.number}" for kind in ("inc", "full")]
        replies = [self.one.save(names[0], base), self.one.save(names[1])]
        assert replies[0]["instructions"] == replies[1]["instructions"]
        same(names[1], names[0], self.directory / "flat")
        assert replies[0]["pages_copied"] <= replies[1]["pages_copied"]
        assert not replies[1]["compared"]
        return names[0], replies[0]["compared"]


def test_a_chain(tmp_path, demo_run):
    with demo(tmp_path) as one:
        pair, base = Pair(one, tmp_path), tmp_path / "full0"
        one.save(base)
        for _ in range(8):
            one.run_a_little()
            base, compared = pair.take(base)
            assert not compared
        last = base
        one.ask({"command": "resume"})
        assert one.finish() == 0 and one.out == demo_run[1], "the log changed the run"
    vgic5("restore", last, "--save", tmp_path / "end")
    assert (tmp_path / "end").read_bytes() == demo_run[2]


def test_the_lpi_table_is_written_by_the_save(tmp_path):
    """By the device, into guest memory, while the guest stands still."""
    with demo(tmp_path) as one:
        one.save(tmp_path / "s")
        for n in range(1, 200):
            one.run_a_little()
            inc, compared = Pair(one, tmp_path).take(tmp_path / "s")
            os.rename(inc, tmp_path / "inc")
            assert not compared
            rows = json.loads(vgic5("diff", tmp_path / "s", tmp_path / "inc", "--json",
                                    status=None).text)["differences"]
            if any(row["what"].startswith("lpi ") for row in rows):
                return
            os.rename(tmp_path / "full1", tmp_path / "s")
        assert False, "no LPI changed"


def test_a_paused_guest(tmp_path):
    """Nothing was written but by the saves."""
    with demo(tmp_path) as one:
        one.run_a_little()
        one.save(tmp_path / "a")
        reply = one.save(tmp_path / "b", tmp_path / "a")
        assert reply["pages_copied"] < 8
        memory = json.loads(vgic5("inspect", tmp_path / "b", "--json").text)["memory"]
        assert memory["pages"] == 0 and memory["zero_pages"] == 0


def test_on_any_of_the_last_snapshots(tmp_path):
    """Not only on the last: each day's on Monday's, say. The others are compared with."""
    with demo(tmp_path) as one:
        pair, names = Pair(one, tmp_path), [tmp_path / "s0"]
        one.save(names[0])
        for _ in range(MARKS + 2):
            one.run_a_little()
            inc, compared = pair.take(names[0])
            names.append(inc)
            assert not compared
        one.run_a_little()
        assert not pair.take(names[-1])[1] and not pair.take(names[0])[1]
        assert pair.take(names[1])[1], "how could it know?"


def test_a_base_by_another_name(tmp_path):
    """The log goes by root hash."""
    with demo(tmp_path) as one:
        one.save(tmp_path / "a")
        os.rename(tmp_path / "a", tmp_path / "b")
        one.run_a_little()
        _, compared = Pair(one, tmp_path).take(tmp_path / "b")
        assert not compared


def test_the_name_of_the_base_is_of_another(tmp_path):
    with demo(tmp_path) as one, demo(tmp_path / "..") as _:
        one.save(tmp_path / "a")
        one.run_a_little()
        one.save(tmp_path / "b")
        one.run_a_little()
        one.save(tmp_path / "c")
    os.unlink(tmp_path / "a")
    with demo(tmp_path) as one:
        one.save(tmp_path / "a")
        one.run_a_little()
        os.rename(tmp_path / "b", tmp_path / "a")  # of the other run
        Pair(one, tmp_path).take(tmp_path / "a")


def test_failures_in_between(tmp_path):
    with demo(tmp_path) as one:
        one.save(tmp_path / "a")
        for name, base in [("no/where", "a"), ("x", "missing"), ("no/where", None), ("a", "a")] * 2:
            one.run_a_little()
            one.save(tmp_path / name, base and tmp_path / base, status=6)
        one.run_a_little()
        pair = Pair(one, tmp_path)
        base, compared = pair.take(tmp_path / "a")
        assert not compared
        one.save(tmp_path / "no" / "where", base, status=6)
        one.run_a_little()
        assert not pair.take(base)[1]


def test_a_base_that_is_a_pipe(tmp_path):
    """Nobody will ever write into it: the guest must not wait for that."""
    os.mkfifo(tmp_path / "pipe")
    with demo(tmp_path) as one:
        assert "pipe" in one.save(tmp_path / "s", tmp_path / "pipe", status=6).err
        one.ask({"command": "resume"})
        assert one.finish() == 0


def number_of_calls(tmp_path):
    """Of an incremental save, on its file."""
    directory = tmp_path / "count"
    directory.mkdir()
    env = interposed(directory, "once", 0, INTERPOSE_COUNT=str(tmp_path / "calls"))
    with demo(tmp_path, env=env) as one:
        one.save(tmp_path / "a")
        one.save(directory / "b", tmp_path / "a")
        one.ask({"command": "quit"})
        one.finish()
    return int((tmp_path / "calls").read_text())


def test_every_call_fails_in_turn(tmp_path):
    calls = number_of_calls(tmp_path)
    assert calls >= 6
    for at in range(1, calls + 1):
        scratch = tmp_path / str(at)
        bad = scratch / "bad"
        bad.mkdir(parents=True)
        with demo(scratch, env=interposed(bad, "once", at)) as one:
            one.save(scratch / "a")
            one.run_a_little()
            one.save(bad / "b", scratch / "a", status=None)
            one.run_a_little()
            _, compared = Pair(one, scratch).take(scratch / "a")
            assert not compared, f"call {at}: the log was lost"


def test_killed_at_every_call(tmp_path):
    calls = number_of_calls(tmp_path)
    for at in range(1, calls + 1):
        scratch = tmp_path / str(at)
        bad = scratch / "bad"
        bad.mkdir(parents=True)
        with demo(scratch, env=interposed(bad, "kill", at)) as one:
            one.save(scratch / "a")
            before = (scratch / "a").read_bytes()
            one.run_a_little()
            one.save(bad / "b", scratch / "a", status=3)
            assert one.finish() == -signal.SIGKILL
        assert (scratch / "a").read_bytes() == before
        if (bad / "b").exists():
            vgic5("verify", bad / "b")


def test_given_up_and_asked_for_twice(tmp_path):
    """The save sleeps in a write; another one is refused, the first is cancelled."""
    bad = tmp_path / "bad"
    bad.mkdir()
    with demo(tmp_path, env=interposed(bad, "sleep", 2)) as one:
        one.save(tmp_path / "a")
        one.run_a_little()
        with one.connect() as link, link.makefile("rwb") as lines:
            link.sendall(json.dumps({"command": "save", "file": str(bad / "b"),
                                     "base": str(tmp_path / "a")}).encode() + b"\n")
            for _ in range(600):
                if is_saving(one.process.pid, bad):
                    break
                time.sleep(0.01)
            one.run_a_little()  # pages are written while the save is under way
            refused = one.ask({"command": "save", "file": str(tmp_path / "x"),
                               "base": str(tmp_path / "a")})
            assert refused["exit"] == 6 and "under way" in refused["error"]
            one.ask({"command": "cancel"})
            assert json.loads(lines.readline())["exit"] == 6
        assert os.listdir(bad) == []
        one.run_a_little()
        _, compared = Pair(one, tmp_path).take(tmp_path / "a")
        assert not compared


def test_written_while_the_save_is_written(tmp_path):
    bad = tmp_path / "slow"
    bad.mkdir()
    with demo(tmp_path, env=interposed(bad, "sleep", 2)) as one:
        one.save(tmp_path / "a")
        one.run_a_little()
        replies = []
        save = threading.Thread(target=lambda: replies.append(one.save(bad / "b", tmp_path / "a")))
        save.start()
        while not is_saving(one.process.pid, bad):
            time.sleep(0.01)
        one.run_a_little()
        save.join()
        one.run_a_little()
        _, compared = Pair(one, tmp_path).take(bad / "b")
        assert not compared


@pytest.fixture(scope="module")
def points(tmp_path_factory):
    """Moments of one run: full snapshots, and incremental ones made by comparison."""
    directory = tmp_path_factory.mktemp("points")
    run = ["run", "--kernel", DEMO, "--smp", "2", "--deterministic", "--exit-after-save"]
    vgic5(*run, "--save", directory / "a", "--save-at-insn", 1500000)
    for n, point in enumerate(MOMENTS):
        vgic5(*run, "--save", directory / f"full{n}", "--save-at-insn", point)
        # A run knows nothing of what came before its first save.
        vgic5(*run, "--save", directory / f"inc{n}", "--save-at-insn", point, "--base",
              directory / "a")
    return directory


MOMENTS = [1500000, 1500400, 1900000, 2600000]


@pytest.mark.parametrize("n", range(len(MOMENTS)))
def test_known_and_compared_give_the_same_bytes(points, n):
    vgic5("restore", points / "a", "--save", points / f"known{n}", "--save-at-insn", MOMENTS[n],
          "--exit-after-save", "--base", points / "a")
    assert (points / f"known{n}").read_bytes() == (points / f"inc{n}").read_bytes()


def test_several_on_one_base_some_of_which_fail(points, tmp_path):
    """The guest waits for none of them, or for the last."""
    for at in (2, 8, 14):
        result = vgic5("restore", points / "a", "--save", points / "many", "--save-at-insn",
                       ",".join(map(str, MOMENTS)), "--exit-after-save", "--base", points / "a",
                       env=interposed(points / "many", "once", at), status=None)
        assert result.status in (0, 6)
        good = 0
        for n, point in enumerate(MOMENTS):
            path = points / f"many.{point}"
            if path.exists():
                good += 1
                assert path.read_bytes() == (points / f"inc{n}").read_bytes()
                path.unlink()
        assert good == len(MOMENTS) - (result.status == 6)


def test_after_a_restore(points, tmp_path):
    """What has not been filled in yet is neither read nor copied."""
    for name in ("full1", "inc1"):
        with guest(tmp_path, "restore", points / name) as one:
            pair, base = Pair(one, tmp_path), points / name
            for _ in range(4):
                one.run_a_little()
                base, compared = pair.take(base)
                assert not compared


def test_the_other_profile_after_a_restore(points, tmp_path):
    """7.4 keeps the LPIs; what v1 had in the table is cleaned there, behind the guest's back."""
    with guest(tmp_path, "restore", points / "full2", "--abi", "7.4") as one:
        one.run_a_little()
        Pair(one, tmp_path).take(points / "full2")


@pytest.mark.parametrize("goes_on", [[], ["--exit-after-save"]])
@pytest.mark.parametrize("n", range(1, len(MOMENTS)))
def test_at_once_after_a_restore(points, tmp_path, n, goes_on):
    """Nearly all of RAM is still in the file that was restored: the save finds it there, full or
    incremental, whatever that file builds on, and though the guest goes on meanwhile."""
    for name in (f"full{n}", f"inc{n}"):
        save = ["restore", points / name, "--save-at-insn", MOMENTS[n], *goes_on, "--save"]
        vgic5(*save, tmp_path / "full")
        assert (tmp_path / "full").read_bytes() == (points / f"full{n}").read_bytes()
        vgic5(*save, points / "again", "--base", points / "a")
        assert (points / "again").read_bytes() == (points / f"inc{n}").read_bytes()


def is_watched(*arguments):
    """Is RAM read-only when the guest goes on after its save?"""
    process = subprocess.Popen([TOOL, *map(str, arguments)], stdout=subprocess.DEVNULL,
                               stderr=subprocess.PIPE, stdin=subprocess.DEVNULL)
    try:
        while b"saved at" not in process.stderr.readline():
            assert process.poll() is None
        process.send_signal(signal.SIGSTOP)
        with open(f"/proc/{process.pid}/maps", encoding="ascii") as maps:
            rows = [line.split() for line in maps if len(line.split()) == 5]  # anonymous
    finally:
        process.kill()
        process.communicate()
    sizes = {"r--p": 0, "rw-p": 0, "---p": 0}
    for span, protection, *_ in rows:
        first, end = (int(n, 16) for n in span.split("-"))
        sizes[protection] = sizes.get(protection, 0) + end - first
    assert sizes["r--p"] + sizes["rw-p"] + sizes["---p"] > 512 << 20
    return sizes["r--p"] > 256 << 20


def test_a_guest_that_nobody_saves_again_is_not_watched(tmp_path):
    """It must not pay for what it will not need."""
    run = ["run", "--kernel", DEMO, "--smp", "2", "--mem", "512M", "--save", tmp_path / "s",
           "--save-at-insn", "1000000"]
    assert not is_watched(*run)
    assert is_watched(*run, "--control", tmp_path / "c")
