# SPDX-License-Identifier: BSD-3-Clause
"""Standard streams that are closed, or that nobody reads any more."""
import json
import os
import subprocess

from conftest import BUILD, PROBE, vgic5

TOOL = os.path.join(BUILD, "vgic5")


def test_the_guest_goes_on_when_nobody_reads_its_console(tmp_path):
    reader, writer = os.pipe()
    os.close(reader)
    done = subprocess.run([TOOL, "run", "--kernel", PROBE, "--deterministic", "--save",
                           tmp_path / "end"], stdin=subprocess.DEVNULL, stdout=writer,
                          stderr=subprocess.PIPE, timeout=120)
    os.close(writer)
    assert done.returncode == 0, done.stderr
    assert vgic5("inspect", tmp_path / "end").text


def test_closed_streams_are_not_taken_for_the_files_that_are_opened(tmp_path):
    done = subprocess.run(["sh", "-c", 'exec "$@" </dev/null >&- 2>&-', "sh", TOOL, "run", "--kernel", PROBE,
                           "--deterministic", "--trace", tmp_path / "trace", "--save",
                           tmp_path / "end"], timeout=120)
    assert done.returncode == 0
    assert all(map(json.loads, (tmp_path / "trace").open()))
    vgic5("restore", tmp_path / "end", "--check-only")
