# SPDX-License-Identifier: BSD-3-Clause
"""vgic5 conform."""
import json
import os
import platform
import re

import pytest

from conftest import vgic5


@pytest.mark.parametrize("abi", ["v1", "7.4"])
def test_the_model_conforms(abi):
    result = json.loads(vgic5("conform", "--abi", abi, "--json").text)
    assert result["schema"] == "vgic5.conform/1"
    assert (result["port"], result["abi"]) == ("model", abi)
    assert result["failed"] == 0 and result["passed"] >= 250
    assert len(result["checks"]) == result["passed"] + result["skipped"]
    assert len({check["name"] for check in result["checks"]}) == len(result["checks"])
    assert all(check["row"] for check in result["checks"])


def test_as_words_and_as_tap():
    words = vgic5("conform").text
    passed = int(re.search(r"abi v1: (\d+) passed, 0 failed, 0 skipped", words).group(1))
    tap = vgic5("conform", "--tap").text.splitlines()
    assert tap[-1] == f"1..{passed}"
    assert all(line.startswith("ok ") for line in tap[:-1])


@pytest.mark.parametrize("arguments, word", [
    (["--abi", "v9"], "v9"), (["--port", "qemu"], "qemu"), (["--json", "--tap"], "--tap"),
])
def test_usage(arguments, word):
    assert word in vgic5("conform", *arguments, status=2).err


@pytest.mark.skipif(platform.machine() == "aarch64", reason="this host could have a VGICv5")
def test_a_host_without_a_vgicv5_is_3_and_says_why():
    result = vgic5("conform", "--port", "kvm", status=3)
    assert "needs an arm64 host" in result.err
    assert os.path.exists("/dev/kvm") or "there is no /dev/kvm" in result.err
    assert result.out == b""
