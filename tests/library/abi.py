# SPDX-License-Identifier: BSD-3-Clause
"""The ABI of the shared libraries against what tests/library/abi keeps: functions may be added;
whatever else changes, a struct that grows too, needs a new baseline, which a reviewer sees:
`python3 tests/library/abi.py --update BUILD TOP` (HACKING.md).
"""
import os
import shutil
import subprocess
import sys
import tempfile

update = sys.argv[1] == "--update"
build, top = sys.argv[-2:]
BASE = os.path.join(top, "tests", "library", "abi")
HEADERS = ["--headers-dir", os.path.join(top, "include", "vgic5")]
NAMES = ["vgic5", "vgic5-migration", "vgic5-conform"]


def library(name):
    return os.path.join(build, "src", f"lib{name}.so")


def baseline(name):
    return os.path.join(BASE, f"lib{name}.abi")


def dump(what, out):
    """With locations: by them the types of the public headers are told from private ones."""
    subprocess.run(["abidw", "--no-corpus-path", "--no-comp-dir-path", *HEADERS, "--out-file", out,
                    what], check=True)


def difference(what, old):
    """What abidiff says, or nothing."""
    result = subprocess.run(["abidiff", "--no-show-locs", "--no-added-syms", "--headers-dir1",
                             HEADERS[1], "--headers-dir2", HEADERS[1], old, what], capture_output=True, text=True)
    return "" if result.returncode == 0 else result.stdout + result.stderr + "differs"


def port_alone(directory, change):
    """The port to the model as a library of its own, with a header of which `change` was made."""
    shutil.copytree(os.path.join(top, "include"), os.path.join(directory, "include"))
    header = os.path.join(directory, "include", "vgic5", "migration.h")
    text = open(header, encoding="utf-8").read()
    with open(header, "w", encoding="utf-8") as file:
        file.write(text.replace(*change))
    made = os.path.join(directory, "libport.so")
    subprocess.run(["cc", "-g", "-shared", "-fPIC", "-I" + os.path.join(directory, "include"),
                    os.path.join(top, "src", "migration", "model.c"), "-o", made], check=True)
    return made


def can_fail():
    """A struct with a member more in the middle must be told from what it was."""
    with tempfile.TemporaryDirectory() as one, tempfile.TemporaryDirectory() as other:
        old = os.path.join(one, "old.abi")
        dump(port_alone(one, ("", "")), old)
        same = difference(os.path.join(one, "libport.so"), old)
        wrong = port_alone(other, ("    int (*add_vcpu)", "    int filler;\n    int (*add_vcpu)"))
        return same == "" and difference(wrong, old) != ""


def main():
    results = []
    for name in NAMES:
        words = difference(library(name), baseline(name))
        print(words, end="\n" if words else "")
        results.append((not words, f"the ABI of lib{name} is that of the baseline"))
    results.append((can_fail(), "a struct that has changed is told"))
    for number, (good, words) in enumerate(results, 1):
        print(f"{'ok' if good else 'not ok'} {number} - {words}")
    return not all(good for good, _ in results)


if not shutil.which("abidiff"):
    print("not ok 1 - abidiff is not installed (tools/packages names abigail-tools)")
    sys.exit(1)
if update:
    for each in NAMES:
        dump(library(each), baseline(each))
    sys.exit(0)
sys.exit(main())
