# SPDX-License-Identifier: BSD-3-Clause
"""Incremental snapshots of Linux while it boots and works, on two CPUs in real time; the process
changes in the middle of the chain."""
import os
import time

from linux_guest import arguments, kernel
from running_guest import guest
from test_written_pages import Pair

SAVES = 8


def follow(one, pair, base):
    """Save by save on top of each other, with the guest running in between."""
    small, whole = [], []
    for n in range(SAVES):
        one.ask({"command": "resume"})
        time.sleep(0.2)
        one.ask({"command": "pause"})
        if n % 3 == 2:
            one.save(pair.directory / "no" / "where", base, status=6)
            one.run_a_little()
        base, compared = pair.take(base)
        assert not compared
        small.append(os.stat(base).st_size)
        whole.append(os.stat(pair.directory / f"full{pair.number}").st_size)
    assert min(small) < max(whole) / 4
    return base


def test_a_chain(kernel, tmp_path):
    with guest(tmp_path, *arguments(kernel, 2, words="ticks=100000", deterministic=False)) as one:
        pair = Pair(one, tmp_path)
        one.ask({"command": "resume"})
        time.sleep(2)
        one.ask({"command": "pause"})
        one.save(tmp_path / "first")
        base = follow(one, pair, tmp_path / "first")
    with guest(tmp_path, "restore", base) as one:
        pair.one = one
        follow(one, pair, base)
