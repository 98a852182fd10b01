# SPDX-License-Identifier: BSD-3-Clause
"""Snapshots of the whole machine that every later version has to read (tests/golden/make)."""
import glob
import json
import os

import pytest

from conftest import TOP, vgic5

CORPUS = sorted(glob.glob(os.path.join(TOP, "tests", "golden", "*.vgic5")))


def test_there_is_a_corpus():
    assert len(CORPUS) >= 4


@pytest.mark.parametrize("path", CORPUS, ids=os.path.basename)
def test_it_reads_as_it_was_written(path):
    vgic5("verify", path)
    found = json.loads(vgic5("inspect", "--json", path).text)
    with open(path.removesuffix(".vgic5") + ".json", encoding="utf-8") as expected:
        for key, value in json.load(expected).items():
            assert found[key] == value, key


@pytest.mark.parametrize("path", CORPUS, ids=os.path.basename)
def test_its_guest_goes_on(path):
    text = vgic5("restore", path).text
    assert "demo: PASS" in text and "lost 0, duplicated 0, out of order 0" in text
