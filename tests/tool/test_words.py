# SPDX-License-Identifier: BSD-3-Clause
"""What comes from a snapshot, a file's name or a peer does not steer its reader's terminal."""
import contextlib
import json
import os
import re
import socket
import threading

import pytest

from conftest import BUILD, PROBE, TOP, vgic5
from running_guest import demo
from test_verify import middle, state  # noqa: F401 (fixtures)

EVIL = "a\x1b]0;owned\x07\x1b[2J\rb\nc\x7f\x85d\u202eevil\u2028z…é"
SHOWN = r"a\x1b]0;owned\a\x1b[2J\rb\nc\x7f\u{85}d\u{202e}evil\u{2028}z…é"
RAW = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u200e\u200f\u061c\u2028-\u202e\u2066-\u2069]")


def is_clean(result, lines=None):
    """Both streams are UTF-8 without anything that steers; the messages are as many lines."""
    for stream in (result.out, result.err.encode(errors="surrogateescape")):
        assert not RAW.search(stream.decode("utf-8").replace("\ufffd", "\x00")), stream
    assert lines is None or result.err.count("\n") == lines, result.err
    return result


def with_text(state, middle, name, text, tmp_path):  # noqa: F811
    copy = json.loads(json.dumps(state))
    field = next(f for s in copy["sections"] for f in s.get("fields", []) if f["name"] == name)
    field["text"] = text
    (tmp_path / "e.json").write_text(json.dumps(copy))
    vgic5("convert", tmp_path / "e.json", "--memory", middle, "--output", tmp_path / "e")
    return tmp_path / "e"


def test_item_22_cpu_model(state, middle, tmp_path):  # noqa: F811
    path = with_text(state, middle, "CPU_MODEL", EVIL, tmp_path)
    for arguments in (["verify", path], ["restore", path, "--check-only"], ["restore", path],
                      ["inspect", path], ["diff", path, middle]):
        assert SHOWN[:30] in is_clean(vgic5(*arguments, status=5), 1).err
    assert SHOWN in is_clean(vgic5("inspect", path, "--section", "machine")).text
    for arguments in (["verify", path, "--json"], ["inspect", path, "--json"], ["convert", path]):
        result = is_clean(vgic5(*arguments, status=None))
        assert json.loads(result.text)
    back = json.loads(vgic5("convert", path).text)
    assert EVIL in [f.get("text") for s in back["sections"] for f in s.get("fields", [])]


def evil_directory(tmp_path):
    """Its name is not even UTF-8."""
    directory = os.fsencode(tmp_path) + b"/" + EVIL.replace("/", "").encode() + b"\xff\xc3"
    os.mkdir(directory)
    return directory


def say(path, *arguments, status):
    """The command line takes bytes."""
    return is_clean(vgic5(*[os.fsdecode(word) for word in arguments], status=status), None)


def test_item_22_the_name_of_a_base(tmp_path):
    name = EVIL.replace("/", "")
    base, top = tmp_path / name, tmp_path / "top"
    probe = ["run", "--kernel", PROBE, "--deterministic", "--save-at-insn"]
    vgic5(*probe, "300", "--save", base, "--exit-after-save")
    vgic5(*probe, "600", "--base", base, "--save", top, "--exit-after-save")
    assert SHOWN in is_clean(vgic5("inspect", top, "--section", "base")).text
    base.unlink()
    for arguments in (["verify", top], ["restore", top], ["diff", top, top]):
        assert SHOWN in is_clean(vgic5(*arguments, status=3), 1).err
    report = json.loads(is_clean(vgic5("verify", top, "--json", status=3)).text)
    assert SHOWN in report["faults"][0]["message"]


def test_item_22_names_of_files(middle, tmp_path):  # noqa: F811
    directory = evil_directory(tmp_path)
    there, missing = directory + b"/s", directory + b"/missing"
    with open(there, "wb") as file:
        file.write(middle.read_bytes())
    for arguments, status in (
            (["inspect", missing], 3), (["verify", missing], 3), (["restore", missing], 3),
            (["convert", missing], 3), (["flatten", middle, directory], 3),
            (["run", "--kernel", missing], 3), (["run", "--kernel", there], 3),
            (["run", "--kernel", PROBE, "--input", missing], 3),
            (["run", "--kernel", PROBE, "--trace", missing + b"/x"], 3),
            (["run", "--kernel", PROBE, "--control", missing + b"/x"], 3),
            (["run", "--kernel", PROBE, "--deterministic", "--save", missing + b"/x"], 3),
            (["inspect", there, "--html", missing + b"/x"], 3),
            (["run", "--" + EVIL], 2), ([EVIL], 2), (["plan", EVIL], 2), (["bench", EVIL], 2),
            (["run", "--kernel", PROBE, "--gic", EVIL], 2),
            (["run", "--kernel", PROBE, "--smp", EVIL], 2),
            (["inspect", there, "--intid", EVIL], 2), (["inspect", there, "--section", EVIL], 2)):
        result = say(None, *[word if isinstance(word, bytes) else os.fsencode(str(word))
                             for word in arguments], status=status)
        assert r"\x1b[2J" in result.err, arguments
    say(None, b"inspect", there, b"--html", directory + b"/page", status=0)
    with open(directory + b"/page", "rb") as page:
        assert not RAW.search(page.read().decode())


def test_item_22_what_a_client_says(tmp_path):
    """In a refusal that `vgic5 save` prints, in the guest's own words, and in its answer."""
    with demo(tmp_path) as one:
        reply = one.ask({"command": "save", "file": "x", EVIL: 1})
        assert SHOWN in reply["error"]
        name = EVIL.replace("/", "") + "/s"
        assert r"\x1b[2J" in is_clean(vgic5("save", "--control", one.path, name, cwd=tmp_path,
                                            status=6)).err
        assert "UTF-8" in is_clean(vgic5("save", "--control", one.path, os.fsdecode(b"\xff\x1b"),
                                         cwd=tmp_path, status=2)).err
        os.mkdir(tmp_path / os.path.dirname(name))
        result = is_clean(vgic5("save", "--control", one.path, name, cwd=tmp_path))
        assert json.loads(result.text)["file"] == str(tmp_path / name)
        one.ask({"command": "quit"})
        one.finish()
        assert not RAW.search(one.err.decode()) and r"\x1b[2J" in one.err.decode()


def test_item_22_what_a_peer_says(tmp_path):
    """A control socket that is none of ours."""
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(tmp_path / "control"))
        listener.listen(1)

        def answer():
            link, _ = listener.accept()
            with contextlib.closing(link):
                link.recv(10000)
                link.sendall(json.dumps({"ok": False, "exit": 6, "error": EVIL}).encode() + b"\n")
        thread = threading.Thread(target=answer)
        thread.start()
        result = vgic5("save", "--control", tmp_path / "control", "x", status=6)
        thread.join()
        assert SHOWN in is_clean(result, 1).err


@pytest.mark.parametrize("room", ["tool"])
def test_item_22_nothing_is_said_another_way(room):
    """printf and its kin are for words.c, the page, and what has no text from outside."""
    allowed = {"words.c", "options.c", "progress.c", "trace.c", "watch.c", "console.c", "json.c"}
    prints = re.compile(r"\b(?:f|v|vf|d)?printf *\(|\bf?puts *\(|\bf?putc(?:har)? *\(|"
                        r"\bperror *\(")
    found = {}
    for directory, _, names in os.walk(os.path.join(TOP, "src", room)):
        for name in names:
            if name.endswith(".c") and "html" not in name:
                with open(os.path.join(directory, name), encoding="utf-8") as source:
                    found.setdefault(name, []).extend(prints.findall(source.read()))
    assert {name for name, calls in found.items() if calls} == allowed
    assert os.path.exists(os.path.join(BUILD, "vgic5"))
