# SPDX-License-Identifier: BSD-3-Clause
"""Linux in real time: many generations of one guest; and how a guest ends."""
import os
import re

import pytest

from conftest import LONG
from linux_guest import arguments, kernel, run, saved_at

GENERATIONS = 50 if LONG else 5
TICKS_PER_GENERATION = 10
BAD = re.compile(rb"stall|soft lockup|hung|blocked for more|clocksource:.*unstable|time went|BUG:"
                 rb"|WARNING:|Call trace", re.I)


def ticks(console):
    return [(int(n), float(at)) for n, at in
            re.findall(rb"init: tick (\d+) at (\d+\.\d+)", console)]


def test_generations_in_real_time(kernel, tmp_path):
    """The guest wakes up every 20 ms, and every CPU with it; its clocks agree with each other, and
    no time passes for it between a save and the restore. Its own verdict says so, and its ticks."""
    count = GENERATIONS * TICKS_PER_GENERATION
    command = arguments(kernel, 2, words=f"ticks={count + TICKS_PER_GENERATION}",
                        deterministic=False)
    console = b""
    for n in range(1, GENERATIONS + 1):
        path = tmp_path / str(n)
        result = run(*command, "--save", path, "--save-at-text",
                     f"init: tick {n * TICKS_PER_GENERATION} ", "--exit-after-save")
        console += result.out
        command = ["restore", path]
        if n > 1:
            (tmp_path / str(n - 1)).unlink()
    console += run(*command).out
    assert b"init: PASS" in console
    assert not BAD.search(console.split(b"Run /init", 1)[1])
    seen = ticks(console)
    assert [n for n, _ in seen] == list(range(1, count + TICKS_PER_GENERATION + 1))
    assert all(before[1] < after[1] for before, after in zip(seen, seen[1:]))


def test_the_guest_takes_input(kernel, tmp_path):
    """In deterministic mode from a file, and the place in it belongs to the snapshot."""
    words, lines = tmp_path / "words", [f"line {n}" for n in range(1000)]
    words.write_text("".join(line + "\n" for line in lines))
    command = arguments(kernel, words=f"read={len(lines)}")
    undisturbed = run(*command, "--input", words, "--save", tmp_path / "undisturbed")
    assert re.findall("init: read '(.*)'", undisturbed.text) == lines
    assert b"init: PASS" in undisturbed.out, "the UART's interrupts were counted"
    before = run(*command, "--input", words, "--save", tmp_path / "middle", "--save-at-text",
                 "init: read 'line 300'", "--exit-after-save")
    after = run("restore", tmp_path / "middle", "--input", words, "--save", tmp_path / "end")
    assert before.out + after.out == undisturbed.out
    assert (tmp_path / "end").read_bytes() == (tmp_path / "undisturbed").read_bytes()
    words.write_text("too short")
    result = run("restore", tmp_path / "middle", "--input", words, status=5)
    assert "shorter" in result.err and result.out == b""


def test_piped_input_waits_for_the_guest_and_a_reset_is_said(kernel):
    """All of it is there before the guest has executed an instruction."""
    read, write = os.pipe()
    os.write(write, b"piped\nas well\n")
    os.close(write)
    result = run(*arguments(kernel, words="read=2 reset", deterministic=False), stdin=read)
    os.close(read)
    assert re.findall("init: read '(.*)'", result.text) == ["piped", "as well"]
    assert "asked for a reset" in result.err


def test_a_panic_without_restart_is_8(kernel, tmp_path):
    command = arguments(kernel, 2, words="return")
    result = run(*command, "--save", tmp_path / "middle", "--save-at-text", "end Kernel panic",
                 status=8)
    again = run("restore", tmp_path / "middle", status=8)
    for err in (result.err, again.err):
        assert re.search(r"vCPU \d: the guest's kernel has panicked.* PC 0x\w+ .*ESR_EL1 0x", err)
    assert "Attempted to kill init" in result.err, "the last lines of the console"
