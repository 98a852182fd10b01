# SPDX-License-Identifier: BSD-3-Clause
"""The ABI of the shared libraries against what tests/library/abi keeps: what is added is fine, what
is changed or taken away is not. `abi.py --update BUILD TOP` makes a new baseline (HACKING.md).
"""
import os
import shutil
import subprocess
import sys

update = sys.argv[1] == "--update"
build, top = sys.argv[-2:]
BASE = os.path.join(top, "tests", "library", "abi")
HEADERS = ["--headers-dir", os.path.join(top, "include", "vgic5")]
ERRORS, INCOMPATIBLE = 1 | 2, 8  # bits of abidiff's exit status


def compare(number, name):
    library = os.path.join(build, "src", f"lib{name}.so")
    baseline = os.path.join(BASE, f"lib{name}.abi")
    if update:
        subprocess.run(["abidw", "--no-show-locs", "--no-corpus-path", "--no-comp-dir-path",
                        "--drop-private-types", *HEADERS, "--out-file", baseline, library], check=True)
        return True
    result = subprocess.run(["abidiff", "--no-show-locs", "--drop-private-types",
                             "--headers-dir2", HEADERS[1], baseline, library],
                            capture_output=True, text=True)
    good = not result.returncode & (ERRORS | INCOMPATIBLE)
    if not good:
        print(result.stdout + result.stderr)
    print(f"{'ok' if good else 'not ok'} {number} - the ABI of lib{name} is what it was, or more")
    return good


if not shutil.which("abidiff"):
    print("not ok 1 - abidiff is not installed (tools/packages names abigail-tools)")
    sys.exit(1)
good = [compare(n, name) for n, name in enumerate(["vgic5", "vgic5-migration", "vgic5-conform"], 1)]
sys.exit(not all(good))
