# SPDX-License-Identifier: BSD-3-Clause
"""Incremental snapshots: a chain is the full snapshot, in fewer bytes."""
import json
import os
import shutil

import pytest

from conftest import DEMO, vgic5


class Chain:
    """Moments of one run: full snapshots, and incremental ones that build on each other."""
    def __init__(self, directory):
        self.at = lambda name: directory / name
        run = ["run", "--kernel", DEMO, "--smp", "2", "--deterministic", "--exit-after-save"]
        self.points = [1500000, 1500400, 1900000, 2600000]
        for n, point in enumerate(self.points):
            vgic5(*run, "--save", self.at(f"full{n}"), "--save-at-insn", point)
        shutil.copy(self.at("full0"), self.at("chain0"))
        for n in range(1, len(self.points)):
            vgic5("restore", self.at(f"chain{n - 1}"), "--save", self.at(f"chain{n}"),
                  "--save-at-insn", self.points[n], "--exit-after-save", "--base",
                  self.at(f"chain{n - 1}"))


@pytest.fixture(scope="module")
def chain(tmp_path_factory):
    return Chain(tmp_path_factory.mktemp("chain"))


@pytest.mark.parametrize("n", [1, 2, 3])
def test_it_is_the_full_snapshot(chain, n, tmp_path):
    vgic5("verify", chain.at(f"chain{n}"))
    assert vgic5("diff", chain.at(f"chain{n}"), chain.at(f"full{n}")).out == b""
    vgic5("flatten", chain.at(f"chain{n}"), tmp_path / "flat")
    assert (tmp_path / "flat").read_bytes() == chain.at(f"full{n}").read_bytes()


def test_it_is_smaller(chain):
    """Between the first two there are 400 instructions."""
    assert os.stat(chain.at("chain1")).st_size < os.stat(chain.at("full1")).st_size / 2
    memory = json.loads(vgic5("inspect", chain.at("chain1"), "--json").text)["memory"]
    assert memory["builds_on"] == 1 and memory["pages"] < 8


def test_it_ends_as_the_undisturbed_run(chain, demo_run, tmp_path):
    """Whatever the chain left out, the IST above all, would be missed here."""
    vgic5("restore", chain.at("chain3"), "--save", tmp_path / "final")
    assert (tmp_path / "final").read_bytes() == demo_run[2]


def test_the_lpi_table_is_in_it(chain):
    """The saves wrote LPI state into guest memory, behind the guest's back."""
    rows = json.loads(vgic5("diff", chain.at("chain1"), chain.at("full3"), "--json",
                            status=1).text)["differences"]
    assert any(row["what"].startswith("lpi ") for row in rows)


def test_moved_together_it_is_found_moved_alone_it_is_named(chain, tmp_path):
    for name in ("chain0", "chain1"):
        shutil.copy(chain.at(name), tmp_path / name)
    vgic5("restore", tmp_path / "chain1", "--check-only")
    os.rename(tmp_path / "chain0", tmp_path / "elsewhere")
    assert "chain0" in vgic5("restore", tmp_path / "chain1", "--check-only", status=3).err
    vgic5("restore", tmp_path / "chain1", "--check-only", "--on-base", tmp_path / "elsewhere")


def test_another_snapshot_is_not_the_base(chain, tmp_path):
    shutil.copy(chain.at("chain1"), tmp_path / "chain1")
    shutil.copy(chain.at("full2"), tmp_path / "chain0")
    result = vgic5("restore", tmp_path / "chain1", status=5)
    assert "another snapshot" in result.err and result.out == b""
    assert "another snapshot" in vgic5("verify", tmp_path / "chain1", status=5).err


def test_what_is_advised_is_what_the_verb_takes(chain, tmp_path):
    """A reader reads of its option; a verb that has none names none."""
    shutil.copy(chain.at("chain1"), tmp_path / "chain1")
    shutil.copy(chain.at("full2"), tmp_path / "chain0")
    shutil.copy(chain.at("chain0"), tmp_path / "elsewhere")
    for verb, more in (("restore", ["--check-only"]), ("inspect", []), ("verify", []),
                       ("flatten", [tmp_path / "whole"])):
        words = vgic5(verb, tmp_path / "chain1", *more, status=5).err
        assert "; --on-base FILE says where" in words, verb
        vgic5(verb, tmp_path / "chain1", *more, "--on-base", tmp_path / "elsewhere")
    assert "--" not in vgic5("diff", tmp_path / "chain1", tmp_path / "chain1", status=5).err
    words = vgic5("verify", chain.at("chain0"), "--on-base", chain.at("chain0"), status=2).err
    assert "is not incremental: it has no base" in words


def test_a_base_that_is_damaged(chain, tmp_path):
    shutil.copy(chain.at("chain1"), tmp_path / "chain1")
    data = bytearray(chain.at("chain0").read_bytes())
    data[len(data) // 2] ^= 1
    (tmp_path / "chain0").write_bytes(data)
    result = vgic5("restore", tmp_path / "chain1", status=4)
    assert "section" in result.err and result.out == b""


@pytest.mark.parametrize("target", ["chain1", "../{}/chain1", "chain0", "link"])
def test_a_snapshot_does_not_replace_what_it_builds_on(chain, tmp_path, target):
    """By whatever name, and however far down."""
    for name in ("chain0", "chain1"):
        shutil.copy(chain.at(name), tmp_path / name)
    os.symlink("chain0", tmp_path / "link")
    result = vgic5("restore", tmp_path / "chain1", "--save",
                   tmp_path / target.format(tmp_path.name), "--base", tmp_path / "chain1",
                   "--save-at-insn", "1500500", "--exit-after-save", status=2)
    assert "cannot be written over" in result.err
    for name in ("chain0", "chain1"):
        assert (tmp_path / name).read_bytes() == chain.at(name).read_bytes()


def test_a_base_of_another_machine(chain, tmp_path):
    result = vgic5("run", "--kernel", DEMO, "--smp", "2", "--deterministic", "--mem", "128M",
                   "--save", tmp_path / "s", "--base", chain.at("full0"), "--save-at-insn", "1000",
                   status=5)
    assert "other memory" in result.err and os.listdir(tmp_path) == []


def test_json_and_back(chain, tmp_path):
    shutil.copy(chain.at("chain0"), tmp_path / "chain0")
    vgic5("convert", chain.at("chain1"), "--output", tmp_path / "s.json")
    vgic5("convert", tmp_path / "s.json", "--memory", chain.at("chain1"), "--output",
          tmp_path / "back")
    assert (tmp_path / "back").read_bytes() == chain.at("chain1").read_bytes()


def test_an_unchanged_guest(chain, tmp_path):
    """Nothing ran in between: no page is stored."""
    vgic5("restore", chain.at("full2"), "--save", tmp_path / "s", "--base", chain.at("full2"),
          "--save-at-insn", chain.points[2], "--exit-after-save")
    memory = json.loads(vgic5("inspect", tmp_path / "s", "--json").text)["memory"]
    assert memory["pages"] == 0 and memory["zero_pages"] == 0
    assert vgic5("diff", tmp_path / "s", chain.at("full2")).out == b""


def test_progress_of_flatten_and_verify(chain, tmp_path):
    for arguments in (["flatten", chain.at("chain1"), tmp_path / "flat"],
                      ["verify", chain.at("chain1")]):
        rows = [json.loads(line) for line in
                vgic5(*arguments, "--progress", "json").err.splitlines()]
        assert rows[0]["percent"] == 0 and rows[-1] == {"done": True, "progress": arguments[0]}
        assert "loud" in vgic5(*arguments, "--progress", "loud", status=2).err
