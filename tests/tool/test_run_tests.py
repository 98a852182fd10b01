# SPDX-License-Identifier: BSD-3-Clause
"""What ./test says about the tests that it did not run, and where the kernel comes from."""
import importlib.machinery
import importlib.util
import os
import shutil

import pytest

from conftest import TOP


@pytest.fixture
def run_tests():
    path = os.path.join(TOP, "tools", "run-tests")
    loader = importlib.machinery.SourceFileLoader("run_tests", path)
    module = importlib.util.module_from_spec(importlib.util.spec_from_loader("run_tests", loader))
    loader.exec_module(module)
    return module


def test_what_pytest_skips(run_tests):
    output = """1 passed, 6 skipped
SKIPPED [2] tests/tool/test_a.py:12: long
SKIPPED [3] tests/tool/test_b.py:153: no Linux kernel: find-kernel: no kernel: a reason
SKIPPED [1] tests/tool/test_c.py: unshare -rm mount: none
"""
    assert list(run_tests.skipped_by_pytest(output)) == [
        (2, "only in ./test --long"),
        (3, "no Linux kernel: find-kernel: no kernel: a reason"),
        (1, "unshare -rm mount: none")]


def test_what_cmocka_skips(run_tests, capsys):
    output = "ok 1 - a\nnot ok 2 # SKIP b\nok 3 # SKIP c\nnot ok 4 - d\n"
    run_tests.run_program("gcc", ".", {"name": "n", "cmd": ["printf", output], "env": {},
                                       "timeout": 30})
    assert run_tests.tally.skipped == {"gcc n says so itself": 2}
    assert (run_tests.tally.passed, run_tests.tally.failed) == (1, 1)
    run_tests.tally.skip("other", 3)
    capsys.readouterr()
    run_tests.tally.report_skipped()
    assert capsys.readouterr().out == "5 skipped:\n  3: other\n  2: gcc n says so itself\n"


def tree(tmp_path, script):
    """A source tree whose find-kernel is this script."""
    (tmp_path / "guests" / "linux").mkdir(parents=True)
    (tmp_path / "guests" / "linux" / "find-kernel").write_text("#!/bin/sh\n" + script)
    (tmp_path / "guests" / "linux" / "find-kernel").chmod(0o755)
    (tmp_path / "tools").mkdir()
    shutil.copy(os.path.join(TOP, "tools", "linux-suite"), tmp_path / "tools")
    return str(tmp_path)


def test_the_kernel_of_the_suite(run_tests, tmp_path, monkeypatch):
    monkeypatch.setattr(run_tests, "TOP", tree(tmp_path, 'echo "$3/$1$2"'))
    assert run_tests.find_linux() == {"VGIC5_LINUX": f"{tmp_path}/build/linux/--suitesid"}


def test_no_kernel_is_said(run_tests, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(run_tests, "TOP", tree(tmp_path, "echo no network >&2; exit 3"))
    assert run_tests.find_linux() == {}
    assert capsys.readouterr().out == "no network\n"
