# SPDX-License-Identifier: BSD-3-Clause
"""Linux, saved at any instruction and restored in a new process, ends as if nothing had been."""
import random

import pytest

from conftest import LONG
from linux_guest import arguments, in_parallel, kernel, run, saved_at

SEED = 20261122
CONFIGURATIONS = [(smp, ist) for smp in (1, 2, 4) for ist in ("linear", "two-level")]
POINTS_LONG = 204 // len(CONFIGURATIONS)

# From one of these moments a chain goes on for a random number of instructions, and saves again.
MOMENTS = [
    ("Booting Linux", 30_000_000),        # before there is an IST
    ("GICv5 IRS", 10_000_000),            # driver probe
    ("smp: Bringing up", 5_000_000),      # secondary CPUs
    ("Serial: AMBA PL011", 200_000_000),  # drivers
    ("init: begin", 10_000_000),          # user space: timers
    ("init: timers on CPU 0", 3_000_000), # user space: wake-ups
]


class Undisturbed:
    def __init__(self, kernel, smp, ist, scratch):
        final = scratch / f"{smp}-{ist}"
        self.arguments = arguments(kernel, smp, ist)
        result = run(*self.arguments, "--save", final)
        self.console = result.out
        self.final = final.read_bytes()
        self.length = saved_at(result)
        assert b"init: PASS" in self.console


@pytest.fixture(scope="session")
def undisturbed(kernel, tmp_path_factory):
    scratch = tmp_path_factory.mktemp("linux")
    runs = in_parallel(lambda row: Undisturbed(kernel, *row, scratch), CONFIGURATIONS)
    return dict(zip(CONFIGURATIONS, runs))


def step(command, *moment):
    return run(*command, *moment, "--exit-after-save")


def chain(base, moments, rng, scratch):
    """Boot, and for each moment save there, and a random number of instructions later, each time in
    a process of its own. Console and final snapshot."""
    command, console, taken = base.arguments, b"", []
    for n, (text, most) in enumerate(moments):
        at_text, later = scratch / f"{n}-text", scratch / f"{n}-later"
        result = step(command, "--save", at_text, "--save-at-text", text)
        at = saved_at(result)
        count = at + rng.randrange(1, min(most, base.length - at))
        after = step(["restore", at_text], "--save", later, "--save-at-insn", count)
        console += result.out + after.out
        taken += [at, count]
        command = ["restore", later]
        at_text.unlink()
    result = run(*command, "--save", scratch / "final")
    return console + result.out, (scratch / "final").read_bytes(), taken


def test_chains_of_saves(undisturbed, tmp_path):
    """Two random points and two moments for each configuration: 12 points and 12 moments."""
    print(f"seed {SEED}")

    def check(row):
        n, configuration = row
        scratch = tmp_path / str(n)
        scratch.mkdir()
        base = undisturbed[configuration]
        moments = [MOMENTS[n % 3], MOMENTS[3 + n % 3]]
        console, final, taken = chain(base, moments, random.Random(SEED + n), scratch)
        same = console == base.console and final == base.final
        return None if same else (configuration, taken)

    assert [row for row in in_parallel(check, list(enumerate(CONFIGURATIONS))) if row] == []


def test_a_point_before_the_first_instruction_and_the_last(undisturbed, tmp_path):
    base = undisturbed[2, "two-level"]
    for count in (0, base.length):
        first = run(*base.arguments, "--save", tmp_path / "middle", "--save-at-insn", count,
                    "--exit-after-save")
        rest = run("restore", tmp_path / "middle", "--save", tmp_path / "final")
        assert first.out + rest.out == base.console
        assert (tmp_path / "final").read_bytes() == base.final
