# SPDX-License-Identifier: BSD-3-Clause
"""The main job says so when the guest, the tool or the snapshot is not what it has to be."""
import os
import subprocess

import pytest

from conftest import BUILD, DEMO, LONG, TOP

TOOL = os.path.join(BUILD, "vgic5")
FULL = pytest.mark.skipif(not LONG, reason="long")


def main_job(build):
    done = subprocess.run([os.path.join(TOP, "tools", "main-job"), build], timeout=300, text=True,
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    return done.returncode, done.stdout.splitlines()[-1]


@pytest.fixture
def with_tool(tmp_path):
    """A build directory with another tool."""
    def make(script):
        (tmp_path / "guests").mkdir()
        os.symlink(DEMO, tmp_path / "guests" / "demo.elf")
        (tmp_path / "vgic5").write_text("#!/bin/sh\n" + script)
        (tmp_path / "vgic5").chmod(0o755)
        return tmp_path
    return make


def test_without_a_tool(tmp_path):
    status, line = main_job(tmp_path)
    assert status == 1 and line.startswith("restored guest: FAILED: ")


@pytest.mark.parametrize("script, why", [
    (f'{TOOL} "$@" || exit; [ "$1" = run ] && [ "$7" = --save ] && : > "$8"; exit 0\n', "ended with 4"),
    (f'case $1 in restore) {TOOL} "$@" | sed /move/d;; *) exec {TOOL} "$@";; esac\n', "differs"),
    (f'case $1 in restore) {TOOL} "$@" | sed "s/lost 0/lost 1/; s/PASS/FAIL/"; exit 8;; '
     f'*) exec {TOOL} "$@";; esac\n', "lost 1"),
    (f'case $1 in restore) exit 8;; *) exec {TOOL} "$@";; esac\n', "no verdict"),
    pytest.param(f'{TOOL} "$@" | sed "s/lost 0/lost 1/"\n', "verdict", marks=FULL),
    pytest.param(f'{TOOL} "$@" | sed /verdict:/d\n', "no verdict", marks=FULL),
])
def test_a_tool_that_lies(with_tool, script, why):
    status, line = main_job(with_tool(script))
    assert status == 1
    assert line.startswith("restored guest: FAILED: ") and why in line
