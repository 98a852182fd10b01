# SPDX-License-Identifier: BSD-3-Clause
"""inspect: why an interrupt is delivered or not, of sound, damaged and future files."""
import ctypes
import json
import os

import pytest

from conftest import DEMO, PROBE, vgic5
from test_verify import edited, field, middle, section, state  # noqa: F401 (fixtures)

PPI, LPI, SPI = 1, 2, 3


def inspect(path, *more):
    return json.loads(vgic5("inspect", path, "--json", *more).text)


def interrupt(path, name):
    rows = inspect(path, "--intid", name)["interrupts"]
    return rows[0]


def quiet(copy):
    """Nothing pending or active, everything open: one SPI then shows one reason."""
    spi = field(copy, "spi", "iste")
    spi["words"] = ["0x0"] * len(spi["words"])
    for vcpu in (0, 1):
        for name in ("ICC_PPI_SPENDR0", "ICC_PPI_SACTIVER0", "ICC_APR"):
            field(copy, "icc", name, vcpu)["number"] = "0x0"
        field(copy, "icc", "ICC_CR0", vcpu)["number"] = "0x7"
        field(copy, "icc", "ICC_PCR", vcpu)["number"] = "0x1f"
        field(copy, "cpu", "PSTATE", vcpu)["number"] = "0x345"
    field(copy, "irs", "IRS_IST_BASER")["number"] = "0x0"


def iste(pending=1, active=0, enable=1, priority=4, iaffid=0):
    return hex(pending | active << 1 | enable << 3 | priority << 11 | iaffid << 16)


def with_spi(**how):
    def edit(copy):
        quiet(copy)
        field(copy, "spi", "iste")["words"][70] = iste(**how)
    return edit


def also(edit, *more):
    def both(copy):
        edit(copy)
        for one in more:
            one(copy)
    return both


def icc(name, value):
    return lambda copy: field(copy, "icc", name, 0).update(number=hex(value))


def other_spi(copy):
    field(copy, "spi", "iste")["words"][60] = iste(priority=3)


@pytest.mark.parametrize("reason, edit", [
    ("delivered", with_spi()),
    ("not-pending", with_spi(pending=0, active=1)),
    ("active", with_spi(active=1)),
    ("disabled", with_spi(enable=0)),
    ("no-pe", with_spi(iaffid=9)),
    ("irsen", also(with_spi(), lambda s: field(s, "irs", "IRS_CR0").update(number="0x2"))),
    ("en", also(with_spi(), icc("ICC_CR0", 6))),
    ("pcr", also(with_spi(priority=9), icc("ICC_PCR", 8))),
    ("delivered", also(with_spi(priority=8), icc("ICC_PCR", 8))),
    ("running-priority", also(with_spi(priority=8), icc("ICC_APR", 1 << 8))),
    ("delivered", also(with_spi(priority=7), icc("ICC_APR", 1 << 8))),
    ("behind", also(with_spi(), other_spi)),
    ("pstate-i", also(with_spi(), lambda s: field(s, "cpu", "PSTATE", 0).update(number="0x3c5"))),
])
def test_why(reason, edit, state, middle, tmp_path):  # noqa: F811
    path = edited(state, middle, tmp_path, edit)
    row = interrupt(path, "spi:70")
    assert row["reason"] == reason, row["why"]
    assert row["why"] in vgic5("inspect", path, "--intid", hex(SPI << 29 | 70)).text
    vcpu = next(v for v in inspect(path)["vcpus"] if v["id"] == 0)
    if reason not in ("not-pending", "no-pe", "behind"):
        assert vcpu["next"]["reason"] == reason and vcpu["next"]["id"] == 70
    assert (vcpu["line"] == "irq") == (reason in ("delivered", "behind", "pstate-i"))


def test_an_unreachable_lpi(middle):  # noqa: F811
    found = inspect(middle)
    assert found["irs"]["unreachable_lpis"] > 0
    assert "not reachable" in vgic5("inspect", middle, "--intid", "lpi:65000").text


def test_one_vcpu(middle):  # noqa: F811
    found = inspect(middle, "--vcpu", "1")
    assert [v["id"] for v in found["vcpus"]] == [1]
    assert found["interrupts"] and all(i["vcpu"] == 1 for i in found["interrupts"])
    assert "no vCPU 9" in vgic5("inspect", middle, "--vcpu", "9", status=2).err


def test_counts_agree(middle):  # noqa: F811
    found = inspect(middle)
    for kind in ("ppi", "spi", "lpi"):
        rows = [i for i in found["interrupts"] if i["type"] == kind]
        assert found["in_flight"][kind]["pending"] == sum(i["pending"] for i in rows)
        assert found["in_flight"][kind]["active"] == sum(i["active"] for i in rows)


def test_one_section(middle):  # noqa: F811
    rows = json.loads(vgic5("inspect", middle, "--json", "--section", "cpu").text)["sections"]
    assert [int(r["instance"], 16) for r in rows] == [0, 1]
    text = vgic5("inspect", middle, "--section", "cpu:1").text
    assert "cpu 1:" in text and "cpu 0:" not in text and "VBAR_EL1" in text
    assert "nothing" in vgic5("inspect", middle, "--section", "nothing", status=2).err


@pytest.mark.parametrize("bad", ["ppi", "spi:", "lpi:x", "17", "0xffffffff", "lpi:0x1000000"])
def test_words_that_are_no_intid(bad, middle):  # noqa: F811
    assert bad in vgic5("inspect", middle, "--intid", bad, status=2).err


def test_a_damaged_file_shows_its_header(middle, tmp_path):  # noqa: F811
    data = bytearray(middle.read_bytes())
    data[200] ^= 1
    (tmp_path / "bad").write_bytes(data)
    result = vgic5("inspect", tmp_path / "bad", status=4)
    assert "format 1.0, written by \"vgic5" in result.text and "section" in result.err
    found = json.loads(vgic5("inspect", "--json", tmp_path / "bad", status=4).text)
    assert found["header"]["major"] == 1 and found["error"]


def test_a_state_that_cannot_be_restored_shows_its_sections(state, middle, tmp_path):  # noqa: F811
    path = edited(state, middle, tmp_path,
                  lambda s: field(s, "irs", "IRS_CR0").update(number="0x0"))
    result = vgic5("inspect", path, status=4)
    assert "section irs" in result.text and "IDLE" in result.err
    assert "IRS_CR0" in vgic5("inspect", path, "--section", "irs").text


def test_a_snapshot_of_a_large_guest_costs_what_is_printed(tmp_path):
    """16 GiB of RAM: the address space that inspect may have is far below it."""
    vgic5("run", "--kernel", PROBE, "--deterministic", "--mem", "16G", "--save", tmp_path / "s",
          "--save-at-insn", "1000", "--exit-after-save")
    assert os.stat(tmp_path / "s").st_size < 1 << 20
    usage = os.wait4(os.spawnv(os.P_NOWAIT, "/bin/sh", [
        "sh", "-c", f"{os.environ.get('VGIC5_BUILD', 'build')}/vgic5 inspect {tmp_path}/s >/dev/null"]),
        0)
    assert usage[1] == 0
    assert usage[2].ru_maxrss < 64 << 10, "KiB resident"


def resealed(data):
    """With the header's own checksum made right again."""
    library = ctypes.CDLL("libxxhash.so.0")
    library.XXH3_64bits.restype = ctypes.c_uint64
    library.XXH3_64bits.argtypes = [ctypes.c_char_p, ctypes.c_size_t]
    data[120:128] = library.XXH3_64bits(bytes(data[:120]), 120).to_bytes(8, "little")
    return bytes(data)


@pytest.mark.parametrize("at, value, says", [
    (8, 2, "format 2.0"), (16, 0x80, "incompatible 0x80"), (23, 0x40, "incompatible 0x4000"),
])
def test_a_file_of_the_future_shows_its_header(at, value, says, middle, tmp_path):  # noqa: F811
    data = bytearray(middle.read_bytes())
    data[at] = value
    (tmp_path / "future").write_bytes(resealed(data))
    result = vgic5("inspect", tmp_path / "future", status=5)
    assert says in result.text and "written by \"vgic5" in result.text and result.err
    for verb in ("restore", "verify"):
        assert vgic5(verb, tmp_path / "future", status=5).err
