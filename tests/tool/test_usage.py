# SPDX-License-Identifier: BSD-3-Clause
"""Exit codes and words of the command line."""
import json
import os
import stat

import pytest

from conftest import BUILD, DEMO, LONG, PROBE, vgic5
from running_guest import guest


@pytest.mark.parametrize("arguments, word", [
    ([], "usage"),
    (["walk"], "walk"),
    (["run", "--frobnicate"], "--frobnicate"),
    (["run"], "--kernel"),
    (["run", "--kernel"], "no argument"),
    (["run", "--kernel", PROBE, "--smp", "0"], "--smp"),
    (["run", "--kernel", PROBE, "--smp", "two"], "two"),
    (["run", "--kernel", PROBE, "--smp", "513"], "--smp"),
    (["run", "--kernel", PROBE, "--mem", "0"], "2M"),
    (["run", "--kernel", PROBE, "--mem", "3M"], "2M"),
    (["run", "--kernel", PROBE, "--append", 2048 * "a"], "2047"),
    (["run", "--kernel", PROBE, "--gic", "spis=33"], "spis"),
    (["run", "--kernel", PROBE, "--gic", "lpi-bits=25"], "lpi-bits"),
    (["run", "--kernel", PROBE, "--gic", "colour=red"], "colour"),
    (["run", "--kernel", PROBE, "--gic", "ist"], "ist"),
    (["run", "--kernel", PROBE, "--save-at-insn", "5"], "--save"),
    (["run", "--kernel", PROBE, "--save", "x", "--save-at-insn", "5", "--save-at-text", "a"], "one of"),
    (["run", "--kernel", PROBE, "--save", "x", "--save-at-text", ""], "empty"),
    (["run", "--kernel", PROBE, "--save", "x", "--save-at-insn", "5,4"], "5,4"),
    (["run", "--kernel", PROBE, "--save", "x", "--save-at-insn", "5,"], "5,"),
    (["run", "--kernel", PROBE, "--save", "x", "--save-at-insn", "5,,6"], "5,,6"),
    (["run", "--kernel", PROBE, "extra"], "extra"),
    (["run", "--deterministic=yes", "--kernel", PROBE], "--deterministic"),
    (["restore"], "FILE"),
    (["plan", "sideways"], "sideways"),
    (["plan", "save", "--abi", "v9"], "v9"),
])
def test_usage_errors_are_2_and_name_the_word(arguments, word):
    result = vgic5(*arguments, status=2)
    assert word in result.err
    assert result.out == b""


@pytest.mark.parametrize("option, value, words", [
    ("--smp", "two", "not a number, expected 1 to 512"),
    ("--smp", "0", "out of range, expected 1 to 512"),
    ("--smp", "4294967297", "out of range, expected 1 to 512"),
    ("--smp", "2M", "something follows the number, expected 1 to 512"),
    ("--smp", "-1", "not a number"),
    ("--smp", "", "not a number"),
    ("--mem", "256X", "only K, M, G or T may follow the number, expected a multiple of 2M"),
    ("--mem", "256MB", "only K, M, G or T may follow"),
    ("--mem", "17179869184G", "does not fit into 64 bits, expected a multiple of 2M from 2M to 15T"),
    ("--mem", "18446744073709551616", "does not fit into 64 bits"),
    ("--mem", "1025k", "out of range, expected a multiple of 2M"),
    ("--mem", "17T", "out of range, expected a multiple of 2M from 2M to 15T"),
    ("--save-at-insn", "5,4", "a count is not greater than the one before it, expected"),
    ("--save-at-insn", "5,5", "a count is not greater than the one before it, expected"),
    ("--save-at-insn", "5;6", "something follows a number, expected"),
    ("--save-at-insn", "5,", "not a number, expected"),
    ("--save-at-insn", "18446744073709551616", "does not fit into 64 bits, expected N or N,N"),
    ("--save-after", "1s", "something follows the number, expected 0 to 4294967295 seconds"),
])
def test_item_23_a_number_that_is_none_names_its_option_and_the_limits(option, value, words, tmp_path):
    save = ["--save", tmp_path / "s"] if option.startswith("--save") else []
    result = vgic5("run", "--kernel", PROBE, *save, f"{option}={value}", status=2)
    assert f"{option} is '{value}': {words}" in result.err and result.err.count("\n") == 1


@pytest.mark.parametrize("size, bytes_", [("262144k", 256), ("256m", 256), ("0.5g", None), ("1g", 1024),
                                          ("0x10000000", 256), ("010M", 10), ("1T", 1 << 20),
                                          ("1t", 1 << 20)])
def test_item_23_suffixes_of_either_case_up_to_t(size, bytes_, tmp_path):
    result = vgic5("run", "--kernel", PROBE, "--deterministic", "--mem", size, "--save", tmp_path / "s",
                   "--save-at-insn", "10", "--exit-after-save", status=0 if bytes_ else 2)
    if bytes_:
        assert f" {bytes_} MiB RAM" in vgic5("inspect", tmp_path / "s").text
    assert bytes_ or "--mem is '0.5g'" in result.err


@pytest.mark.parametrize("gic, words", [
    ("spis=64,spis=96", "the key 'spis' twice"), ("ist=linear,abi=v1,ist=linear", "the key 'ist' twice"),
    ("spis=64,", "no key ''"), (",spis=64", "no key ''"), ("", "no key ''"),
    ("spis=18446744073709551616", "spis is '18446744073709551616', expected a multiple of 32"),
])
def test_item_23_keys_of_gic(gic, words):
    assert words in vgic5("run", "--kernel", PROBE, "--gic", gic, status=2).err


@pytest.mark.parametrize("arguments, word", [
    (["run", "--kernel", "/nonexistent/kernel"], "/nonexistent/kernel"),
    (["run", "--kernel", "/"], "/"),
    (["run", "--kernel", "/etc/hostname"], "/etc/hostname"),
    (["run", "--kernel", PROBE, "--input", "/nonexistent/input"], "/nonexistent/input"),
    (["restore", "/nonexistent/snapshot"], "/nonexistent/snapshot"),
    (["inspect", "/nonexistent/snapshot"], "/nonexistent/snapshot"),
])
def test_environment_errors_are_3_and_name_the_file(arguments, word):
    assert word in vgic5(*arguments, status=3).err


def test_version_names_the_licences():
    text = vgic5("--version").text
    assert "vgic5 0." in text and "BSD-3-Clause" in text and "GPL-2" in text


def test_help_lists_every_verb():
    text = vgic5("--help").text
    for verb in ("run", "restore", "save", "inspect", "verify", "diff", "convert", "flatten", "plan",
                 "conform"):
        assert f"  {verb} " in text
        assert "--" in vgic5(verb, "--help").text


def test_probe_passes():
    assert "probe: PASS" in vgic5("run", "--kernel", PROBE, "--deterministic").text


@pytest.mark.parametrize("mode", ["--deterministic", None])
@pytest.mark.parametrize("guest", ["ids", "ist_halves", "encodings", "signals"])
def test_small_guests_pass(guest, mode):
    kernel = os.path.join(BUILD, "guests", guest + ".elf")
    arguments = ["run", "--kernel", kernel, "--smp", "2"] + ([mode] if mode else [])
    assert f"{guest}: PASS" in vgic5(*arguments).text


def test_no_register_keeps_what_no_snapshot_has():
    kernel = os.path.join(BUILD, "guests", "registers.elf")
    every = ["--append", "all"] if LONG else []
    assert "registers: PASS" in vgic5("run", "--kernel", kernel, "--deterministic", *every).text


def test_probe_passes_in_real_time():
    assert "probe: PASS" in vgic5("run", "--kernel", PROBE).text


@pytest.mark.parametrize("gic", ["ist=linear", "ist=two-level", "spis=32", "spis=1024",
                                 "lpi-bits=24", "lpi-bits=14,ist=linear"])
def test_demo_passes_on_every_configuration(gic):
    result = vgic5("run", "--kernel", DEMO, "--smp", "2", "--deterministic", "--gic", gic)
    assert "demo: PASS" in result.text


@pytest.mark.parametrize("smp", [2, 3, 8])
def test_demo_passes_on_more_vcpus(smp):
    result = vgic5("run", "--kernel", DEMO, "--smp", smp, "--deterministic")
    assert "demo: PASS" in result.text


def test_demo_passes_in_real_time():
    assert "demo: PASS" in vgic5("run", "--kernel", DEMO, "--smp", "2").text


def test_snapshot_has_mode_0600(tmp_path):
    vgic5("run", "--kernel", PROBE, "--deterministic", "--save", tmp_path / "s")
    assert stat.S_IMODE(os.stat(tmp_path / "s").st_mode) == 0o600
    assert os.listdir(tmp_path) == ["s"]


def test_save_that_fails_is_6_and_the_guest_goes_on(tmp_path):
    """What is wrong at the start is refused there; this directory goes while the guest runs."""
    directory = tmp_path / "such"
    directory.mkdir()
    with guest(tmp_path, "run", "--kernel", DEMO, "--smp", "2", "--deterministic", "--save",
               directory / "s", "--save-at-insn", "1000", "--exit-after-save") as one:
        directory.rmdir()
        one.ask({"command": "resume"})
        assert one.finish() == 6
        assert b"demo: PASS" in one.out and str(directory).encode() in one.err


def test_moment_that_never_comes_is_6(tmp_path):
    result = vgic5("run", "--kernel", PROBE, "--deterministic", "--save", tmp_path / "s",
                   "--save-at-text", "never printed", status=6)
    assert "before the moment" in result.err
    assert not os.listdir(tmp_path)


@pytest.mark.parametrize("abi", ["v1", "7.4"])
@pytest.mark.parametrize("direction", ["save", "restore"])
def test_plan_as_json_and_as_words(direction, abi):
    rows = json.loads(vgic5("plan", direction, "--abi", abi, "--json").text)
    assert rows["schema"] == "vgic5.plan/1"
    words = vgic5("plan", direction, "--abi", abi).text
    ids = [row["id"] for row in rows["steps"]]
    for number, row in enumerate(rows["steps"]):
        assert row["id"] in words
        for need in row["needs"]:
            assert ids.index(need) < number
