# SPDX-License-Identifier: BSD-3-Clause
"""Linux guests for the tests: the kernel, how one is started, and several at a time."""
import concurrent.futures
import os
import re
import subprocess

import pytest

from conftest import BUILD, LONG, TOP, vgic5

INITRD = os.path.join(BUILD, "guests", "linux-initrd")
AT_A_TIME = min(2, os.cpu_count() or 1)
TIMEOUT = 900
# Without the self-tests of the kernel's ciphers, which keep its CPUs busy for a second after boot.
COMMAND_LINE = "console=ttyAMA0 earlycon cryptomgr.notests"


@pytest.fixture(scope="session")
def kernel():
    """The one that VGIC5_LINUX names, or that was fetched before (./test does; here nothing is)."""
    found = subprocess.run([os.path.join(TOP, "guests", "linux", "find-kernel"),
                            os.path.join(BUILD, "linux")], stdout=subprocess.PIPE,
                           stderr=subprocess.PIPE, text=True)
    if found.returncode == 3:
        pytest.skip("no Linux kernel: " + " ".join(found.stderr.split()))
    assert found.returncode == 0, found.stderr
    return found.stdout.strip()


def arguments(kernel, smp=1, ist="two-level", words="", deterministic=True, initrd=INITRD):
    return ["run", "--kernel", kernel, "--initrd", initrd, "--smp", smp, "--mem", "512M",
            "--gic", f"ist={ist}", "--append", f"{COMMAND_LINE} -- cpus={smp} {words}",
            *(["--deterministic"] if deterministic else [])]


def run(*words, **more):
    more.setdefault("timeout", TIMEOUT)
    return vgic5(*words, **more)


def saved_at(result):
    return int(re.search(r"saved at instruction (\d+)", result.err).group(1))


def in_parallel(function, rows):
    with concurrent.futures.ThreadPoolExecutor(AT_A_TIME) as pool:
        return list(pool.map(function, rows))
