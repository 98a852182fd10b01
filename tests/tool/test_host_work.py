# SPDX-License-Identifier: BSD-3-Clause
"""In real time: what the host does while a guest is paused is no time of the guest's."""
import json
import time

from bare_guest import branch, image
from conftest import vgic5
from running_guest import guest

ADD = 0x91000400  # add x0, x0, #1
HOPS = 5


def clock(path):
    """The fields of the section "clock", by name."""
    found = json.loads(vgic5("inspect", path, "--json", "--section", "clock").text)["sections"]
    return {field["name"]: int(field["number"], 16) for field in found[0]["fields"]}


def hop(tmp_path, snapshot, to):
    """Restored, paused, saved twice, and gone, none of it in no time."""
    with guest(tmp_path, "restore", snapshot) as one:
        one.save(tmp_path / "before")
        time.sleep(0.05)
        one.save(to)
        assert one.ask({"command": "quit"})["ok"] and one.finish() == 0
    assert clock(tmp_path / "before") == clock(to)


def test_no_time_passes_in_a_chain_of_paused_restores(tmp_path):
    (tmp_path / "kernel").write_bytes(image(ADD, branch(-1)))
    with guest(tmp_path, "run", "--kernel", tmp_path / "kernel", "--mem", "4M") as one:
        one.run_a_little()
        one.save(tmp_path / "0")
        one.ask({"command": "quit"})
        assert one.finish() == 0
    began = clock(tmp_path / "0")
    assert not began["DETERMINISTIC"] and began["COUNTER"] > 0 and began["INSTRUCTIONS"] >= 100000
    for n in range(HOPS):
        hop(tmp_path, tmp_path / str(n), tmp_path / str(n + 1))
        assert clock(tmp_path / str(n + 1)) == began
    with guest(tmp_path, "restore", tmp_path / str(HOPS)) as one:  # and it does pass when it runs
        one.run_a_little()
        one.save(tmp_path / "end")
    assert clock(tmp_path / "end")["COUNTER"] > began["COUNTER"]
