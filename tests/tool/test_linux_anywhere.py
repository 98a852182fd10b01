# SPDX-License-Identifier: BSD-3-Clause
"""Linux, saved at any instruction and restored in a new process, ends as if nothing had been."""
import random

import pytest

from conftest import LONG
from linux_guest import arguments, in_parallel, kernel, run, saved_at

SEED = 20261122
CONFIGURATIONS = [(smp, ist) for smp in (1, 2, 4) for ist in ("linear", "two-level")]
POINTS_LONG = 204 // len(CONFIGURATIONS)

# From such a moment a chain goes on for a random number of instructions, and saves again.
MOMENTS = [
    ("Booting Linux", 30_000_000),         # before there is an IST
    ("GICv5 IRS", 10_000_000),             # driver probe
    ("smp: Bringing up", 5_000_000),       # secondary CPUs
    ("Serial: AMBA PL011", 200_000_000),   # drivers
    ("init: begin", 10_000_000),           # user space: timers
    ("init: timers on CPU 0", 3_000_000),  # user space: wake-ups, power-off
]
# What these lines of the console begin takes very different numbers of instructions.
PHASES = ["GICv5 IRS", "smp: Bringing up", "smp: Brought up", "Serial: AMBA PL011", "init: begin",
          "init: PASS"]


class Undisturbed:
    def __init__(self, kernel, smp, ist, scratch):
        final = scratch / f"{smp}-{ist}"
        self.arguments = arguments(kernel, smp, ist)
        result = run(*self.arguments, "--save", final)
        self.console = result.out
        self.final = final.read_bytes()
        self.length = saved_at(result)
        assert b"init: PASS" in self.console
        assert b"GICv5-PPI" in self.console, "the counts of /proc/interrupts are part of it"


@pytest.fixture(scope="session")
def undisturbed(kernel, tmp_path_factory):
    scratch = tmp_path_factory.mktemp("linux")
    runs = in_parallel(lambda row: Undisturbed(kernel, *row, scratch), CONFIGURATIONS)
    return dict(zip(CONFIGURATIONS, runs))


class Chain:
    """One process after the other; each ends with a save, from which the next goes on."""
    def __init__(self, base, scratch):
        scratch.mkdir()
        self.base, self.scratch, self.command = base, scratch, base.arguments
        self.console, self.taken, self.last = b"", [], None

    def save(self, *moment):
        path = self.scratch / str(len(self.taken))
        result = run(*self.command, "--save", path, *moment, "--exit-after-save")
        self.console += result.out
        self.taken.append(saved_at(result))
        self.command = ["restore", path]
        if self.last:
            self.last.unlink()
        self.last = path

    def save_at(self, count):
        self.save("--save-at-insn", count)

    def ends_as_undisturbed(self):
        result = run(*self.command, "--save", self.scratch / "final")
        return (self.console + result.out == self.base.console and
                (self.scratch / "final").read_bytes() == self.base.final)


def test_chains_of_saves(undisturbed, tmp_path):
    """Five points for each of six configurations; each moment has its turn at one, two or four
    vCPUs and with either kind of table."""
    print(f"seed {SEED}")

    def check(row):
        n, configuration = row
        base = undisturbed[configuration]
        chain, rng = Chain(base, tmp_path / str(n)), random.Random(SEED + n)
        for text, most in (MOMENTS[n % 3], MOMENTS[3 + n % 3]):
            chain.save("--save-at-text", text)
            at = chain.taken[-1]
            chain.save_at(at + rng.randrange(1, min(most, base.length - at)))
        chain.save_at(base.length - 1)
        return None if chain.ends_as_undisturbed() else (configuration, chain.taken)

    assert [row for row in in_parallel(check, list(enumerate(CONFIGURATIONS))) if row] == []


def spread(base, scratch, rng):
    """As many points in each phase, from before there is an IST to the power-off."""
    chain = Chain(base, scratch / "chain")
    for text in PHASES:
        chain.save("--save-at-text", text)
    bounds = [0, *chain.taken, base.length]
    assert chain.ends_as_undisturbed()
    nr_phases = len(bounds) - 1
    counts = [count for n, (begin, end) in enumerate(zip(bounds, bounds[1:]))
              for count in rng.sample(range(begin, end), len(range(n, POINTS_LONG, nr_phases)))]
    print(f"seed {SEED}, phases from {bounds}, points {sorted(counts)}")
    return sorted(counts)


@pytest.mark.skipif(not LONG, reason="long")
@pytest.mark.parametrize("configuration", CONFIGURATIONS, ids=lambda row: f"{row[0]}-{row[1]}")
def test_points_spread_over_the_run(configuration, undisturbed, tmp_path):
    """One process saves at many points on its way; each is continued in a process of its own."""
    base = undisturbed[configuration]
    counts = spread(base, tmp_path, random.Random(f"{SEED} {configuration}"))
    assert len(counts) == POINTS_LONG
    run(*base.arguments, "--save", tmp_path / "s", "--save-at-insn", ",".join(map(str, counts)),
        "--exit-after-save", timeout=3600)

    def check(count):
        start, final = tmp_path / f"s.{count}", tmp_path / f"final.{count}"
        result = run("restore", start, "--save", final)
        same = base.console.endswith(result.out) and final.read_bytes() == base.final
        start.unlink()
        final.unlink()
        return None if same else count

    assert [count for count in in_parallel(check, counts) if count is not None] == []


@pytest.mark.skipif(not LONG, reason="long")
def test_the_boot_can_be_repeated(undisturbed, tmp_path):
    for base in undisturbed.values():
        again = run(*base.arguments, "--save", tmp_path / "final")
        assert again.out == base.console
        assert (tmp_path / "final").read_bytes() == base.final
        (tmp_path / "final").unlink()
