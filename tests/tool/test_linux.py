# SPDX-License-Identifier: BSD-3-Clause
"""Linux in real time: many generations of one guest; and how a guest ends."""
import gzip
import os
import random
import re
import struct
import time

import pytest

from conftest import DEMO, LONG, vgic5
from linux_guest import arguments, kernel, run, saved_at

SEED = 20261126
GENERATIONS = 50 if LONG else 5
TICKS = 100 + 8 * GENERATIONS
MOST_INSTRUCTIONS = 1_500_000  # of one generation: nine ticks
PAUSE = 8  # seconds between two of the generations
LATE = 5   # seconds; a busy host delays a guest in real time, but not by so much
BAD = re.compile(rb"stall|soft lockup|hung|blocked for more|clocksource:.*unstable|time went|BUG:"
                 rb"|WARNING:|Call trace", re.I)


def ticks(console):
    return [(int(n), float(at)) for n, at in
            re.findall(rb"init: tick (\d+) at (\d+\.\d+)\r\n", console)]


def test_generations_in_real_time(kernel, tmp_path):
    """The guest wakes up every 20 ms, and every CPU with it; its clocks agree with each other.
    It is saved at any instruction, and no time passes for it until the restore. Its own verdict says
    so, and its ticks."""
    print(f"seed {SEED}")
    rng = random.Random(SEED)
    command = arguments(kernel, 2, words=f"ticks={TICKS}", deterministic=False)
    moment, console, before = ["--save-at-text", "init: tick 2 "], b"", []
    for n in range(1, GENERATIONS + 1):
        path = tmp_path / str(n)
        result = run(*command, "--save", path, *moment, "--exit-after-save")
        console += result.out
        before.append(len(ticks(console)))
        command = ["restore", path]
        moment = ["--save-at-insn", saved_at(result) + rng.randrange(1, MOST_INSTRUCTIONS)]
        if n > 1:
            (tmp_path / str(n - 1)).unlink()
        if n == 3:
            time.sleep(PAUSE)
    console += run(*command).out
    assert b"init: PASS" in console
    assert not BAD.search(console.split(b"Run /init", 1)[1])
    seen = ticks(console)
    assert [n for n, _ in seen] == list(range(1, TICKS + 1))
    steps = [after[1] - before[1] for before, after in zip(seen, seen[1:])]
    assert 0.02 <= min(steps) and max(steps) < LATE
    print(f"ticks {max(steps):.3f} s apart at most, across a save {[steps[n - 1] for n in before]}")


def counter(path):
    return int(re.search(r"COUNTER +(0x\w+)", vgic5("inspect", path, "--section", "clock").text)[1], 16)


def test_no_time_passes_while_the_guest_is_a_file(tmp_path):
    """By the guest's counter: one instruction before and after."""
    first, second = tmp_path / "first", tmp_path / "second"
    at = saved_at(vgic5("run", "--kernel", DEMO, "--smp", "2", "--save", first, "--save-at-text",
                        "demo: in flight", "--exit-after-save"))
    time.sleep(PAUSE)
    vgic5("restore", first, "--save", second, "--save-at-insn", at + 1, "--exit-after-save")
    assert counter(first) < counter(second) < counter(first) + LATE * 62_500_000


@pytest.mark.parametrize("smp, ist", [(3, "linear"), (8, "two-level")])
def test_more_cpus_in_real_time(smp, ist, kernel, tmp_path):
    """Saved while the kernel brings CPUs up, while it takes them away, and before an alarm."""
    command, console = arguments(kernel, smp, ist, words="replug alarm", deterministic=False), ""
    for text in ("CPU2: Booted", "psci: CPU2 killed", "init: the alarm is set"):
        console += run(*command, "--save", tmp_path / text, "--save-at-text", text,
                       "--exit-after-save").text
        command = ["restore", tmp_path / text]
    console += run(*command).text
    assert re.findall(r"init: CPU (\d) was off", console) == [str(n) for n in range(1, smp)]
    assert f"init: {smp} CPUs" in console and "init: PASS" in console
    assert len(re.search(r"((?:\d+ +)+)GICv5-PPI +27", console)[1].split()) == smp


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


def zboot(image):
    packed = gzip.compress(image, 1)
    return struct.pack("<4s4sII8s32s", b"MZ", b"zimg", 64, len(packed), b"", b"gzip").ljust(64, b"\0") \
        + packed


def elf(image):
    """One segment, linked elsewhere, as large as the Image's header says."""
    size, = struct.unpack_from("<Q", image, 16)
    header = struct.pack("<16sHHIQQQIHHHHHH", b"\x7fELF\2\1\1", 2, 183, 1, 0xffff800080000000, 64, 0, 0,
                         64, 56, 1, 0, 0, 0)
    segment = struct.pack("<IIQQQQQQ", 1, 7, 120, 0xffff800080000000, 0x40000000, len(image),
                          max(size, len(image)), 8)
    return header + segment + image


def plain_image(data):
    """The kernel without what it is packed in."""
    if data[4:8] == b"zimg":
        start, size = struct.unpack_from("<II", data, 8)
        data = data[start:start + size]
    if data[:2] == b"\x1f\x8b":
        data = gzip.decompress(data)
    assert data[56:60] == b"ARM\x64", "neither an Image nor one packed with gzip"
    return data


def test_the_same_kernel_in_every_form(kernel, tmp_path):
    """Plain, gzip, EFI zboot and ELF: the same machine boots."""
    with open(kernel, "rb") as file:
        image = file.read()
    image = plain_image(image)
    forms = {"plain": image, "gzip": gzip.compress(image, 1), "zboot": zboot(image), "elf": elf(image)}
    for name, data in forms.items():
        (tmp_path / "kernel").write_bytes(data)
        run("run", "--kernel", tmp_path / "kernel", "--deterministic", "--append", "earlycon", "--save",
            tmp_path / name, "--save-at-text", "Booting Linux on physical", "--exit-after-save")
    plain = (tmp_path / "plain").read_bytes()
    assert [name for name in forms if (tmp_path / name).read_bytes() != plain] == []
