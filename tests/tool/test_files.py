# SPDX-License-Identifier: BSD-3-Clause
"""The files of a command line: no output is an input, and what can be known at the start is."""
import json
import os
import shutil
import signal
import socket
import stat
import subprocess
import time

import pytest

from conftest import BUILD, DEMO, PROBE, vgic5
from running_guest import demo, guest

TOOL = os.path.join(BUILD, "vgic5")
RUN = ["run", "--kernel", PROBE, "--deterministic"]


@pytest.fixture(scope="module")
def chain(tmp_path_factory):
    """a; b builds on it; c builds on b; s.json is a's."""
    directory = tmp_path_factory.mktemp("chain")
    vgic5(*RUN, "--save", directory / "a", "--save-at-insn", "300", "--exit-after-save")
    for insn, name, base in (("400", "b", "a"), ("500", "c", "b")):
        vgic5(*RUN, "--save", directory / name, "--base", directory / base, "--save-at-insn", insn,
              "--exit-after-save")
    vgic5("convert", directory / "a", "--output", directory / "s.json")
    shutil.copy(PROBE, directory / "kernel")
    (directory / "input").write_text("x")
    return directory


@pytest.fixture
def place(chain, tmp_path):
    for name in os.listdir(chain):
        shutil.copy(chain / name, tmp_path / name)
    os.link(tmp_path / "a", tmp_path / "hard")
    os.symlink("a", tmp_path / "soft")
    os.symlink(".", tmp_path / "here")
    return tmp_path


def contents(directory):
    return {name: (directory / name).read_bytes() for name in sorted(os.listdir(directory))
            if stat.S_ISREG(os.stat(directory / name).st_mode)}


# Each of these would lose a file.
LOSING = [
    "convert a --output a", "convert a --output hard", "convert a --output soft",
    "convert a --output here/a", "convert b --output a", "convert c --output a",
    "convert c --output b", "convert s.json --memory a --output s.json",
    "convert s.json --memory a --output a", "convert s.json --memory b --output a",
    "convert b --on-base a --output hard",
    "inspect a --html a", "inspect a --html hard", "inspect c --html a", "inspect c --html b",
    "inspect a --json --html a",
    "flatten b b", "flatten b a", "flatten c a", "flatten c hard", "flatten c soft",
    "restore a --trace a", "restore c --trace a", "restore a --save a", "restore c --save a",
    "restore c --save b", "restore c --save here/hard", "restore a --input input --trace input",
    "restore a --input input --save input", "restore a --save x --base b --save-at-insn 600 --trace b",
    "restore a --save b --base c", "restore a --save a --base c", "restore a --base b --save hard",
    "run --kernel kernel --trace kernel", "run --kernel kernel --save kernel",
    "run --kernel kernel --initrd input --save input", "run --kernel kernel --input input --trace input",
    "run --kernel kernel --save b --base c", "run --kernel kernel --save a --base c",
    "run --kernel kernel --save x --trace x", "run --kernel kernel --save x --trace here/x",
    "run --kernel kernel --save a --trace soft", "run --kernel kernel --control x --save x",
    "run --kernel kernel --control x --trace here/x",
    "run --kernel kernel --save x --save-at-insn 5,6 --trace x.6",
    "run --kernel kernel --save x --save-at-insn 5,6 --control here/x.5",
]


@pytest.mark.parametrize("line", LOSING)
def test_item_17_no_output_is_an_input(line, place):
    before = contents(place)
    result = vgic5(*line.split(), cwd=place, status=2)
    assert "cannot be written over" in result.err or "are the same file" in result.err
    assert result.err.count("\n") == 1 and result.out == b""
    assert contents(place) == before


def test_item_17_one_of_several_saves(place):
    os.rename(place / "a", place / "x.700")
    os.unlink(place / "soft")
    before = contents(place)
    result = vgic5("restore", "x.700", "--save", "x", "--save-at-insn", "600,700", cwd=place, status=2)
    assert "x.700 cannot be written over" in result.err
    assert contents(place) == before


def test_item_17_other_files_are_written_over(place):
    vgic5("convert", "b", "--output", "s.json", cwd=place)
    vgic5("inspect", "a", "--html", "c", cwd=place)
    vgic5("flatten", "b", "c", cwd=place)
    vgic5("restore", "a", "--save", "c", "--trace", "input", "--save-at-insn", "600", cwd=place)
    vgic5("verify", "c", cwd=place)
    assert json.loads((place / "s.json").read_text())["schema"] == "vgic5.snapshot/1"


def test_item_17_by_the_control_socket(place):
    """Of a guest that was restored from c, and of what it saves itself."""
    with guest(place, "restore", place / "c") as one:
        for name in ("a", "b", "c", "hard", "soft"):
            for base in (None, place / "b"):
                assert "cannot be written over" in one.save(place / name, base, status=6).err
        one.save(place / "d")
        one.save(place / "e", place / "d")
        assert "e builds on it" in one.save(place / "d", status=6).err
        one.save(place / "e")
        one.ask({"command": "quit"})
        assert one.finish() == 0
    for name in ("a", "b", "c", "d", "e"):
        vgic5("verify", place / name)


IMPOSSIBLE = [
    (RUN + ["--save", "no/where"], "--save no/where cannot be written: no/: No such file"),
    (RUN + ["--save", "input/x"], "input/: Not a directory"),
    (RUN + ["--save", "/"], "--save / cannot be written: it is a directory"),
    (RUN + ["--save", "here"], "it is a directory"), (RUN + ["--save", "x/"], "not the name of a file"),
    (RUN + ["--save", 256 * "x"], "File name too long"),
    (RUN + ["--save", 254 * "x", "--save-at-insn", "5,6"], "File name too long"),
    (["flatten", "b", 256 * "x"], "File name too long"),
    (RUN + ["--save", ""], "not the name of a file"), (RUN + ["--save", "/dev/null"], "it is a device"),
    (RUN + ["--save", "/proc/self/fd/77"], "it is a file that is open already"),
    (RUN + ["--save", "socket"], "it is a socket"),
    (RUN + ["--save", "no/x", "--save-at-insn", "5,6"], "no/x.5 cannot be written"),
    (RUN + ["--save", "x", "--base", "missing"], "--base missing: No such file"),
    (RUN + ["--save", "x", "--base", "here"], "--base here is a directory"),
    (RUN + ["--save", "x", "--base", "fifo"], "--base fifo is not a regular file"),
    (RUN + ["--save", "x", "--base", "input"], "--base input: "),
    (RUN + ["--save", "x", "--base", "elsewhere/orphan"], "--base elsewhere/orphan: "),
    (RUN + ["--trace", "no/where"], "--trace no/where cannot be written"),
    (RUN + ["--trace", "here"], "it is a directory"),
    (RUN + ["--initrd", "missing"], "--initrd missing: No such file"),
    (RUN + ["--input", "here"], "--input here is a directory"),
    (["restore", "a", "--save", "no/where"], "no/: No such file"),
    (["restore", "a", "--save", "x", "--base", "missing"], "--base missing: No such file"),
    (["restore", "a", "--check-only", "--save", "no/where"], "no/: No such file"),
    (["convert", "a", "--output", "no/where"], "no/: No such file"),
    (["convert", "a", "--output", "here"], "it is a directory"),
    (["convert", "s.json", "--memory", "missing", "--output", "x"], "--memory missing: No such"),
    (["convert", "s.json", "--memory", "fifo", "--output", "x"], "--memory fifo is not a regular file"),
    (["inspect", "a", "--html", "no/where"], "no/: No such file"),
    (["inspect", "a", "--html", "/"], "it is a directory"),
    (["flatten", "b", "no/where"], "no/: No such file"), (["flatten", "b", "/"], "it is a directory"),
    (["flatten", "b", "/dev/null"], "it is a device"),
    (["verify", "c", "--on-base", "fifo"], "--on-base fifo is not a regular file"),
    (["verify", "on-fifo"], "base fifo is not a regular file"),
    (["restore", "on-fifo"], "base fifo is not a regular file"),
    (["inspect", "on-fifo"], "base fifo is not a regular file"),
]


@pytest.fixture
def odd_place(place):
    os.mkfifo(place / "fifo")
    (place / "elsewhere").mkdir()
    shutil.copy(place / "b", place / "elsewhere" / "orphan")  # its base is not beside it
    with socket.socket(socket.AF_UNIX) as there:
        there.bind(str(place / "socket"))
    # A snapshot whose base is where a FIFO stands.
    shutil.copy(place / "a", place / "plain")
    vgic5(*RUN, "--save", "on-fifo", "--base", "plain", "--save-at-insn", "400", "--exit-after-save",
          cwd=place)
    os.unlink(place / "plain")
    os.mkfifo(place / "plain")
    return place


@pytest.mark.parametrize("arguments, words", IMPOSSIBLE)
def test_item_19_what_can_be_known_at_the_start(arguments, words, odd_place):
    before = contents(odd_place)
    words = words.replace("base fifo", "base plain") if "on-fifo" in arguments else words
    result = vgic5(*arguments, cwd=odd_place, status=None, timeout=20)
    assert result.status in (3, 4, 5) and words in result.err, result.err
    assert result.err.count("\n") == 1 and (b"PASS" not in result.out)
    assert contents(odd_place) == before


def test_item_19_a_file_that_is_open_already(place):
    """A rename would replace the link /dev/stdout, or fail when the guest has ended."""
    with open(place / "out", "wb") as out:
        done = subprocess.run([TOOL, "flatten", "b", "/dev/stdout"], cwd=place, stdout=out,
                              stderr=subprocess.PIPE, timeout=60)
    assert done.returncode == 3 and b"open already" in done.stderr
    assert os.path.islink("/dev/stdout")


def test_item_19_a_directory_without_permission(place):
    if os.geteuid() == 0:
        pytest.skip("root may write anywhere")
    os.chmod(place, 0o500)
    try:
        assert "Permission" in vgic5(*RUN, "--save", "x", cwd=place, status=3).err
    finally:
        os.chmod(place, 0o700)


def interrupted(number, *arguments, cwd):
    with subprocess.Popen([TOOL, *map(str, arguments)], cwd=cwd, stdin=subprocess.DEVNULL,
                          stdout=subprocess.DEVNULL, stderr=subprocess.PIPE) as tool:
        time.sleep(0.4)
        assert tool.poll() is None, "it does not wait"
        tool.send_signal(number)
        tool.communicate(timeout=20)
        return tool.returncode


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("line", [
    "run --kernel fifo", "run --kernel kernel --initrd fifo", "run --kernel kernel --input fifo",
    "restore fifo", "inspect fifo", "verify fifo", "convert fifo", "flatten fifo x", "diff a fifo",
    "restore a --input fifo"])
def test_item_18_every_wait_ends(line, number, place):
    os.mkfifo(place / "fifo")
    assert interrupted(number, *line.split(), cwd=place) == -number


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_item_18_a_pipe_that_never_ends(number, place):
    """Somebody has it open, and says nothing."""
    os.mkfifo(place / "fifo")
    end = os.open(place / "fifo", os.O_RDWR)
    for line in ("run --kernel fifo", "restore fifo", "run --kernel kernel --deterministic --input fifo"):
        assert interrupted(number, *line.split(), cwd=place) == -number
    os.close(end)


def test_item_18_inputs_come_through_pipes_too(place):
    """What is not a file is read whole before the guest begins."""
    def through(data, *arguments):
        return subprocess.run([TOOL, *arguments], cwd=place, input=data, stdout=subprocess.PIPE,
                              timeout=60).stdout
    kernel = (place / "kernel").read_bytes()
    plain = vgic5(*RUN).out
    assert through(kernel, "run", "--kernel", "/dev/stdin", "--deterministic") == plain
    echo = os.path.join(BUILD, "guests", "demo.elf")
    (place / "words").write_text("hello")
    by_file = vgic5("run", "--kernel", echo, "--smp", "2", "--deterministic", "--input", place / "words")
    by_pipe = through(b"hello", "run", "--kernel", echo, "--smp", "2", "--deterministic", "--input",
                      "/dev/stdin")
    assert by_pipe == by_file.out and b"PASS" in by_pipe


def test_item_18_a_base_that_is_a_device(tmp_path):
    with demo(tmp_path) as one:
        for base in ("/dev/zero", "/dev/tty"):
            assert "base" in one.save(tmp_path / "s", base, status=6).err
        assert one.ask({"command": "status"})["ok"] and DEMO
        one.ask({"command": "quit"})
        assert one.finish() == 0


@pytest.mark.parametrize("verb", [["run", "--kernel", "kernel", "--deterministic"], ["restore", "a"]])
def test_item_20_a_trace_that_cannot_be_written(verb, chain):
    plain = vgic5(*verb, cwd=chain)
    result = vgic5(*verb, "--trace", "/dev/full", cwd=chain, status=3)
    assert "--trace /dev/full is not whole: No space left on device" in result.err
    assert result.out == plain.out, "the guest goes on"
    assert result.err.count("vgic5:") == plain.err.count("vgic5:") + 1


def test_item_20_the_guest_s_own_failure_comes_first(chain):
    """Exit 8 with a trace that is not whole stays 8."""
    failing = os.path.join(BUILD, "guests", "demo.elf")
    arguments = ["run", "--kernel", failing, "--deterministic", "--append", "x", "--mem", "2M"]
    plain = vgic5(*arguments, status=None)
    result = vgic5(*arguments, "--trace", "/dev/full", status=None)
    assert result.status == (plain.status or 3)


@pytest.mark.parametrize("line", ["convert a --output /dev/full", "inspect a --html /dev/full"])
def test_item_20_other_outputs_that_cannot_be_written(line, chain):
    assert "No space left" in vgic5(*line.split(), cwd=chain, status=3).err


@pytest.mark.parametrize("arguments", [
    ["inspect", "a"], ["inspect", "a", "--json"], ["verify", "a"], ["convert", "a"], ["plan", "save"],
    ["diff", "a", "c"], ["inspect", "a", "--section", "machine"], ["conform"]])
def test_item_20_data_that_nobody_got(arguments, chain):
    with open("/dev/full", "wb") as full:
        done = subprocess.run([TOOL, *arguments], cwd=chain, stdout=full, stderr=subprocess.PIPE,
                              timeout=100)
    assert done.returncode == 3 and b"stdout" in done.stderr
