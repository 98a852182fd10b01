# SPDX-License-Identifier: BSD-3-Clause
"""verify, diff, convert: what a person does with a snapshot; and what a restore refuses."""
import json
import os
import random
import stat

import pytest

from conftest import DEMO, LONG, PROBE, vgic5

SEED = 20261122


@pytest.fixture(scope="module")
def middle(tmp_path_factory):
    """The demonstration guest in mid-interrupt."""
    path = tmp_path_factory.mktemp("middle") / "middle"
    vgic5("run", "--kernel", DEMO, "--smp", "2", "--deterministic", "--save", path,
          "--save-at-text", "demo: in flight", "--exit-after-save")
    return path


@pytest.fixture(scope="module")
def state(middle):
    return json.loads(vgic5("convert", middle).text)


def section(state, kind, instance=0):
    return next(s for s in state["sections"]
                if s["type"] == kind and int(s["instance"], 16) == instance)


def field(state, kind, name, instance=0):
    return next(f for f in section(state, kind, instance)["fields"] if f["name"] == name)


def edited(state, middle, tmp_path, edit):
    """A snapshot of the state after `edit`."""
    copy = json.loads(json.dumps(state))
    edit(copy)
    (tmp_path / "edited.json").write_text(json.dumps(copy))
    vgic5("convert", tmp_path / "edited.json", "--memory", middle, "--output", tmp_path / "edited")
    return tmp_path / "edited"


# ---- convert


def test_json_and_back_is_the_same_file(middle, tmp_path):
    (tmp_path / "s.json").write_text(vgic5("convert", middle).text)
    vgic5("convert", tmp_path / "s.json", "--memory", middle, "--output", tmp_path / "back")
    assert (tmp_path / "back").read_bytes() == middle.read_bytes()


def test_json_of_a_snapshot_is_for_its_owner(middle, tmp_path):
    vgic5("convert", middle, "--output", tmp_path / "s.json")
    assert stat.S_IMODE(os.stat(tmp_path / "s.json").st_mode) == 0o600


def test_an_edited_state_runs(state, middle, tmp_path):
    """The guest reads a counter that a person has moved."""
    def edit(copy):
        field(copy, "cpu", "X28", 0)["number"] = "0x1234"
    path = edited(state, middle, tmp_path, edit)
    assert "cpu 0 X28" in vgic5("diff", middle, path, status=1).text
    vgic5("restore", path, "--check-only")


@pytest.mark.parametrize("break_it, word", [
    (lambda s: s["sections"][0].pop("type"), "sections[0]"),
    (lambda s: s["sections"][0].pop("fields"), "sections[0]"),
    (lambda s: s["sections"][1]["fields"][1].update(number="soon"), "addr"),
    (lambda s: s["sections"][1]["fields"][1].update(text="two values"), "addr"),
    (lambda s: s["sections"][1]["fields"].append(s["sections"][1]["fields"][0]), "there already"),
    (lambda s: s["sections"].append(s["sections"][0]), "there already"),
    (lambda s: s["sections"][-1]["memory"].update(size="0x1000"), "--memory"),
    (lambda s: s.update(schema="vgic5.snapshot/9"), "schema"),
])
def test_json_that_is_no_snapshot(state, middle, tmp_path, break_it, word):
    copy = json.loads(json.dumps(state))
    break_it(copy)
    (tmp_path / "bad.json").write_text(json.dumps(copy))
    result = vgic5("convert", tmp_path / "bad.json", "--memory", middle, "--output",
                   tmp_path / "out", status=None)
    assert result.status in (4, 5) and word in result.err
    assert os.listdir(tmp_path) == ["bad.json"]


def test_text_that_is_no_json(tmp_path):
    (tmp_path / "bad.json").write_text("{\n  no\n")
    assert "line 2" in vgic5("convert", tmp_path / "bad.json", "--memory", PROBE, "--output",
                             tmp_path / "y", status=4).err


# ---- what a restore refuses

def number(kind, name, value, instance=0):
    return lambda s: field(s, kind, name, instance).update(number=hex(value))


def word(kind, name, n, value):
    def edit(s):
        field(s, kind, name)["words"][n] = hex(value)
    return edit


REFUSED = [
    (number("irs", "IRS_IST_CFGR", 17 | 1 << 16), 4, "LPI_ID_BITS is 17"),
    (number("irs", "IRS_IDR2", 0x3f), 4, "ID_BITS is 31"),
    (number("irs", "IRS_IDR1", 0), 4, "PE_CNT"),
    (number("irs", "IRS_IDR5", 64), 4, "SPI_RANGE"),
    (number("irs", "IRS_CR1", 1 << 20), 4, "IRS_CR1"),
    (number("irs", "IRS_CR1", 1 << 9), 4, "IRS_CR1"),
    (number("irs", "IRS_CR0", 0), 4, "IDLE"),
    (number("irs", "IRS_IST_BASER", 0x7ffffffff001), 4, "no memory"),
    (number("irs", "IRS_IST_BASER", 1 | 1 << 60), 4, "IRS_IST_BASER"),
    (number("gic", "addr", 0x9010000), 5, "addr"),
    (number("gic", "addr", 0x8010100), 4, "addr"),
    (number("gic", "nr_spis", 96), 4, "bytes"),
    (word("gic", "vcpu_ids", 1, 0), 4, "icc 1"),
    (word("gic", "vcpu_ids", 1, 7), 4, "icc"),
    (word("machine", "VCPU_IDS", 1, 7), 4, "vCPU"),
    (word("spi", "iste", 8, 1 << 5), 4, "spi 8"),
    (word("spi", "iste", 9, 1 << 10), 4, "spi 9"),
    (number("icc", "ICC_APR", 1 << 32), 4, "ICC_APR"),
    (number("icc", "ICC_PCR", 32), 4, "ICC_PCR"),
    (number("icc", "ICC_PPI_ENABLER1", 1), 4, "ICC_PPI_ENABLER1"),
    (number("icc", "ICC_PPI_ENABLER0", 1), 5, "PPI 0"),
    (number("cpu", "PSTATE", 0x3cd), 4, "PSTATE"),
    (number("cpu", "ON", 2), 4, "ON"),
    (number("clock", "CURRENT_VCPU", 9), 4, "CURRENT_VCPU"),
    (number("clock", "COUNTER", 0), 4, "COUNTER"),
    (number("clock", "ENDED", 9), 4, "ENDED"),
    (number("machine", "RAM_SIZE", 0x8000000), 4, "RAM_SIZE"),
    (number("machine", "DETERMINISTIC", 2), 4, "DETERMINISTIC"),
    (number("machine", "GIC_LPI_ID_BITS", 12), 5, "lpi-bits=16"),
    (number("machine", "GIC_LPI_ID_BITS", 25), 4, "GIC_LPI_ID_BITS is 25"),
    (number("machine", "GIC_PRIORITY_BITS", 6), 4, "GIC_PRIORITY_BITS is 6"),
    (number("machine", "GIC_ISTMD", 2), 4, "GIC_ISTMD is 2"),
    (number("machine", "GIC_ABI", 9), 5, "GIC_ABI is 9"),
    (lambda s: field(s, "machine", "CPU_MODEL").update(text="cortex-a57"), 5,
     'CPU_MODEL is "cortex-a57", this machine has "max"'),
    (number("machine", "RAM_BASE", 0x80000000), 5, "RAM_BASE is 0x80000000, this machine has 0x40"),
    (number("machine", "ID_AA64ISAR0_EL1", 0), 5, "ID_AA64ISAR0_EL1 is 0x0, this machine has 0x"),
    (number("machine", "DCZID_EL0", 3), 5, "DCZID_EL0 is 0x3"),
    (number("machine", "IRS_IDR2", 0x3c71), 4, "IRS_IDR2 is 0x3c71, section irs says 0x3c70"),
    (number("machine", "IRS_IDR1", 3), 4, "IRS_IDR1"),
    (lambda s: section(s, "machine")["fields"].pop(), 4, "machine"),
    (lambda s: s["sections"].append({**section(s, "clock"), "instance": "0x1"}), 5, "clock[1]"),
    (lambda s: s["sections"].append({**section(s, "irs"), "instance": "0x7"}), 5, "irs[7]"),
    (lambda s: section(s, "cpu", 1).update(instance="0x5"), 4, "cpu[5]"),
    (lambda s: section(s, "irs").update(version=9), 5, "version 9"),
    (lambda s: section(s, "irs")["fields"].append(
        {"name": "IRS_NEW", "id": "0x0", "number": "0x1"}), 5, "IRS_NEW"),
    (lambda s: section(s, "irs")["fields"].pop(), 4, "irs"),
    (lambda s: s["sections"].remove(section(s, "pl011")), 4, "pl011"),
    (lambda s: s["sections"].append({"type": "tomorrow", "instance": "0x0", "version": 1,
                                     "required": True, "fields": []}), 5, "tomorrow"),
]


@pytest.mark.parametrize("number_of_case", range(len(REFUSED)))
def test_a_state_that_contradicts_itself(state, middle, tmp_path, number_of_case):
    edit, status, words = REFUSED[number_of_case]
    path = edited(state, middle, tmp_path, edit)
    for arguments in (["restore", path], ["restore", path, "--check-only"]):
        result = vgic5(*arguments, status=status)
        assert words in result.err and result.out == b""
    verdict = json.loads(vgic5("verify", path, "--json", status=status).text)
    assert not verdict["sound"] and words in verdict["faults"][0]["message"]


def test_every_field_of_the_machine_that_differs_is_told(state, middle, tmp_path):
    """Compared first: nothing else of the file matters then, and no machine is built."""
    def edit(copy):
        for name in ("RAM_BASE", "IRS_BASE", "PL011_SPI", "CNTFRQ_EL0"):
            field(copy, "machine", name)["number"] = "0x7"
        field(copy, "machine", "CPU_MODEL")["text"] = "other"
        field(copy, "machine", "GIC_PRIORITY_BITS")["number"] = "0x9"
        field(copy, "irs", "IRS_CR0")["number"] = "0x0"
    error = vgic5("restore", edited(state, middle, tmp_path, edit), status=5).err
    for name in ("CPU_MODEL", "RAM_BASE", "IRS_BASE", "PL011_SPI", "CNTFRQ_EL0"):
        assert f" {name} is " in error
    assert error.count("\n") == 1 and "PL031" not in error and "IDLE" not in error

    def all_of_it(copy):
        for one in section(copy, "machine")["fields"]:
            if "_BASE" in one["name"] or "_SPI" in one["name"] or "_PPI" in one["name"]:
                one["number"] = "0x" + 15 * "7"
        field(copy, "machine", "CPU_MODEL")["text"] = "x" * 1000
    error = vgic5("restore", edited(state, middle, tmp_path, all_of_it), status=5).err
    assert "more fields differ" in error and error.count("\n") == 1


def test_an_optional_section_of_tomorrow_is_kept_and_reported(state, middle, tmp_path):
    def edit(copy):
        copy["sections"].append({"type": "tomorrow", "instance": "0x0", "version": 1,
                                 "required": False, "fields": []})
        copy["sections"].append({"type": "raw", "instance": "0x1", "version": 3, "kind": 9,
                                 "required": False, "raw": "00ff10"})
    path = edited(state, middle, tmp_path, edit)
    vgic5("verify", path)
    assert "tomorrow[0]" in vgic5("restore", path, "--check-only").err
    assert "not known" in vgic5("inspect", path).text
    vgic5("flatten", path, tmp_path / "flat")
    for one in (path, tmp_path / "flat"):
        again = json.loads(vgic5("convert", one).text)
        assert [s["type"] for s in again["sections"][-2:]] == ["tomorrow", "raw"]
        assert again["sections"][-1]["raw"] == "00ff10"
    assert "tomorrow 0 section: missing -> there" in vgic5("diff", middle, path, status=1).text


# ---- verify

def test_sound(middle):
    verdict = json.loads(vgic5("verify", middle, "--json").text)
    assert verdict["sound"] and verdict["frames"] > 0 and not verdict["faults"]


def test_every_fault_is_named(middle, tmp_path):
    """Two frames damaged: both are told, with their guest addresses."""
    data = bytearray(middle.read_bytes())
    memory = next(s for s in json.loads(vgic5("inspect", middle, "--json").text)["sections"]
                  if s["type"] == "memory")
    first = int(memory["offset"], 16) + 96
    stored = int.from_bytes(data[first + 4:first + 8], "little")
    for at in (first + 40, first + 32 + stored + 40):
        data[at] ^= 1
    (tmp_path / "bad").write_bytes(data)
    verdict = json.loads(vgic5("verify", "--json", tmp_path / "bad", status=4).text)
    assert len(verdict["faults"]) == 2
    assert all("frame" in f["message"] and "guest address" in f["message"]
               for f in verdict["faults"])


def test_damage_anywhere_is_4_and_has_words(middle, tmp_path):
    rng = random.Random(SEED)
    print(f"seed {SEED}")
    good = middle.read_bytes()
    for _ in range(2000 if LONG else 25):
        data = bytearray(good)
        bit = rng.randrange(len(data) * 8)
        data[bit // 8] ^= 1 << bit % 8
        (tmp_path / "bad").write_bytes(data)
        assert "vgic5: verify: " in vgic5("verify", tmp_path / "bad", status=4).err


# ---- diff

def test_a_snapshot_is_itself(middle):
    assert vgic5("diff", middle, middle).out == b""
    assert json.loads(vgic5("diff", middle, middle, "--json").text)["same"]


def test_each_difference_has_its_name(state, middle, tmp_path):
    def edit(copy):
        field(copy, "cpu", "X3", 1)["number"] = "0x77"
        words = field(copy, "spi", "iste")["words"]
        words[100] = hex(int(words[100], 16) ^ 0x1)
        field(copy, "irs", "IRS_CR1")["number"] = "0x1"
        field(copy, "icc", "ICC_PPI_SPENDR0")["number"] = "0x0"
    path = edited(state, middle, tmp_path, edit)
    rows = json.loads(vgic5("diff", middle, path, "--json", status=1).text)["differences"]
    names = {(row["what"], row["field"]) for row in rows}
    assert ("cpu 1", "X3") in names and ("irs 0", "IRS_CR1") in names
    assert ("spi 100", "PENDING") in names or ("spi 100", "ACTIVE") in names
    assert ("ppi 27 of vCPU 0", "PENDING") in names
    assert not any(row["what"] == "memory" for row in rows)
    ignored = ["--ignore", "X3", "--ignore", "irs.IRS_CR1", "--ignore", "spi 100", "--ignore",
               "ppi*", "--ignore", "icc"]
    assert vgic5("diff", middle, path, *ignored).out == b""
    assert vgic5("diff", middle, path, *ignored[2:], status=1).text.startswith("cpu 1 X3: ")


def test_memory_by_page_range(middle, tmp_path):
    """A later moment of the same run."""
    insn = int(json.loads(vgic5("inspect", middle, "--json").text)["instructions"], 16)
    vgic5("restore", middle, "--save", tmp_path / "later", "--save-at-insn", insn + 300,
          "--exit-after-save")
    rows = json.loads(vgic5("diff", middle, tmp_path / "later", "--json", status=1).text)
    assert any(row["what"] == "memory" and row["field"].startswith("0x40")
               for row in rows["differences"])
    assert vgic5("diff", middle, tmp_path / "later", "--ignore", "cpu", "--ignore", "clock",
                 "--ignore", "memory", "--ignore", "pl011", "--ignore", "lpi", "--ignore", "spi",
                 "--ignore", "ppi", "--ignore", "icc", "--ignore", "irs").out == b""
