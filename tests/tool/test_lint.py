# SPDX-License-Identifier: BSD-3-Clause
"""`vgic5 lint`: the record of a VMM that saves and restores in the plan's order has no findings, and
each way to depart from it has its sentence. The records are minivmm's, with Linux or without."""
import json

import pytest

from conftest import vgic5
from linux_guest import kernel  # noqa: F401 (a fixture)
from test_kvm import boot, image, minivmm, pytestmark  # noqa: F401 (fixtures)

DEVICE = ("KVM_GET_DEVICE_ATTR", "KVM_SET_DEVICE_ATTR")


@pytest.fixture(scope="module", params=["v1", "7.4"])
def records(request, image, tmp_path_factory):  # noqa: F811
    """abi, and the lines of a save and of a restore."""
    place = tmp_path_factory.mktemp("lint")
    options = ["--abi", request.param, "--record"]
    boot(image, 2, "--save", place / "s", "--at", "init: begin", "--exit",
         options=[*options, place / "save"])
    minivmm("--restore", place / "s", options=[*options, place / "restore"])
    return request.param, *([json.loads(line) for line in (place / name).read_text().splitlines()]
                            for name in ("save", "restore"))


def lint(tmp_path, events, status=1):
    path = tmp_path / "record"
    path.write_text("".join(json.dumps(event) + "\n" for event in events))
    result = vgic5("lint", "--json", path, status=status)
    assert vgic5("lint", path, status=status).text != ""
    return [words for part in json.loads(result.text)["parts"] for words in part["findings"]]


def is_access(event, ioctl, name):
    return event.get("ioctl") == DEVICE[ioctl] and name in (event.get("name"), event.get("group"))


def place_of(events, ioctl, name, last=False):
    """The VM that saves and restores is the second: the first is the look for a VGICv5. What is
    refused there (of GRP_IST, to see its generation) is no step."""
    places = [n for n, event in enumerate(events) if event.get("vm") == 2 and
              "error" not in event and is_access(event, ioctl, name)]
    return places[-1 if last else 0]


def moved(events, begin, end):
    rest = events[:begin] + events[begin + 1:]
    return rest[:end] + [events[begin]] + rest[end:]


def without(events, ioctl, name):
    return [event for event in events if event.get("vm") != 2 or not is_access(event, ioctl, name)]


def without_read_back(events):
    """What a VMM does that does not look at what it has set: nothing behind the last register."""
    end = place_of(events, 1, "GRP_CPU_SYSREGS", last=True)
    return events[:end + 1] + [event for event in events[end + 1:] if event["object"] != "device"]


def test_the_plans_order_has_no_findings(records, tmp_path):
    _, save, restore = records
    assert lint(tmp_path, save, 0) == []
    assert lint(tmp_path, restore, 0) == []


def test_what_is_missing(records, tmp_path):
    _, save, restore = records
    for events, ioctl, name in ((save, 0, "IRS_IDR1"), (save, 0, "GRP_IST"), (save, 0, "IRS_CR0"),
                                (restore, 1, "IRS_CR0"), (restore, 1, "IRS_IST_CFGR"),
                                (restore, 1, "GRP_NR_IRQS"), (restore, 1, "GRP_IST")):
        found = lint(tmp_path, without(events, ioctl, name))
        assert any(words.startswith("missing: ") and name in words for words in found), (name, found)


def test_a_register_of_an_interface(records, tmp_path):
    _, save, restore = records
    for events, ioctl in ((save, 0), (restore, 1)):
        at = place_of(events, ioctl, "GRP_CPU_SYSREGS")
        found = lint(tmp_path, events[:at] + events[at + 1:])
        assert len(found) == 1 and events[at]["name"] in found[0] and "26 registers" in found[0]


def test_what_is_in_the_wrong_place(records, tmp_path):
    abi, save, restore = records
    cfgr = place_of(restore, 1, "IRS_IST_CFGR")
    ist = place_of(restore, 1, "GRP_IST")
    found = lint(tmp_path, moved(restore, cfgr, ist + 1))
    assert any("wrong place: R8b GRP_IST" in words and "after R6 IRS_IST_CFGR" in words
               for words in found), found
    init = place_of(restore, 1, "CTRL_INIT")
    found = lint(tmp_path, moved(restore, place_of(restore, 1, "GRP_NR_IRQS"), init + 1))
    assert any("wrong place: R4 CTRL_INIT" in words and "R3 GRP_NR_IRQS" in words
               for words in found), found
    if abi == "v1":
        plain = without_read_back(restore)
        assert lint(tmp_path, plain, 0) == []
        selector = place_of(plain, 1, "IRS_SPI_SELR", last=True)
        found = lint(tmp_path, moved(plain, selector, place_of(plain, 1, "IRS_SPI_SELR")))
        assert any("wrong place: R9e IRS_SPI_SELR" in words for words in found), found


def test_what_was_refused(records, tmp_path):
    _, _, restore = records
    events = [dict(event) for event in restore]
    at = place_of(events, 1, "IRS_IDR2")
    del events[at]["value"]
    events[at].update(error="EINVAL", payload="0x41")
    found = lint(tmp_path, events)
    assert any("refused: set of GRP_IRS_REGS IRS_IDR2 to 0x41 answered EINVAL" in words
               for words in found), found


def test_a_vm_that_moved(records, tmp_path):
    _, save, _ = records
    events = [dict(event) for event in save]
    events[place_of(events, 0, "IRS_IST_BASER", last=True)]["payload"] = "0x1001"
    assert any("did not stand still" in words for words in lint(tmp_path, events))


def test_for_which_generation_it_was_written(records, tmp_path):
    abi, save, restore = records
    events = [dict(event) for event in (restore if abi == "v1" else save)]
    at = place_of(events, abi == "v1", "GRP_IST")
    if abi == "v1":
        size = len(events[at]["spis"]) // 2
        events[at]["spis"] = (bytes(8) + size.to_bytes(8, "little")).hex().ljust(2 * size, "0")
    else:
        del events[at]["value"]
        events[at]["error"] = "EINVAL"
    assert any(words.startswith("written for " + ("7.4" if abi == "v1" else "v1"))
               for words in lint(tmp_path, events))


def test_what_is_no_record(tmp_path):
    strace = tmp_path / "strace"
    strace.write_text("execve(\"/usr/bin/vmm\", [\"vmm\"], 0x7ffd /* 9 vars */) = 0\n"
                      "ioctl(5, KVM_SET_DEVICE_ATTR, 0x7ffc) = 0\n")
    assert "only a pointer" in vgic5("lint", strace, status=5).err
    for text in ("", "{}\n", "[" * 5000, "not at all\n"):
        strace.write_text(text)
        assert "no record" in vgic5("lint", strace, status=5).err
    head = '{"abi": "7.4", "schema": "vgic5.kvm-record/1"}\n'
    strace.write_text(head + "{\n")
    assert "line 2" in vgic5("lint", strace, status=4).err
    strace.write_text(head + '{"vm": "x", "ioctl": 5}\n{"vm": 9e9, "ioctl": "KVM_RUN"}\n')
    assert "neither a save nor a restore" in vgic5("lint", strace, status=1).err
    strace.write_text(head.replace("7.4", "7.1"))
    assert "no interface" in vgic5("lint", strace, status=5).err
    assert "none" in vgic5("lint", tmp_path / "none", status=3).err
