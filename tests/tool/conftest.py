# SPDX-License-Identifier: BSD-3-Clause
"""The built tool, from outside."""
import os
import signal
import subprocess

import pytest

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BUILD = os.environ.get("VGIC5_BUILD", os.path.join(TOP, "build"))
LONG = bool(os.environ.get("VGIC5_LONG"))
DEMO = os.path.join(BUILD, "guests", "demo.elf")
PROBE = os.path.join(BUILD, "guests", "probe.elf")

# Where the tests run in the background these may be ignored, and each tool would inherit that.
for number in (signal.SIGHUP, signal.SIGINT):
    if signal.getsignal(number) == signal.SIG_IGN:
        signal.signal(number, signal.SIG_DFL)


class Result:
    def __init__(self, done):
        self.status = done.returncode
        self.out = done.stdout
        self.err = done.stderr.decode(errors="replace")
        self.text = done.stdout.decode(errors="replace")


def vgic5(*arguments, status=0, timeout=120, **more):
    """Run the tool; its exit status must be `status` (None: any)."""
    more.setdefault("stdin", subprocess.DEVNULL)
    done = subprocess.run([os.path.join(BUILD, "vgic5"), *map(str, arguments)],
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=timeout, **more)
    result = Result(done)
    if status is not None:
        assert result.status == status, f"exit {result.status}, expected {status}: {result.err}"
    return result


def is_saving(pid, directory):
    """Does this process write a snapshot there, with a temporary name or none at all?"""
    for number in os.listdir(f"/proc/{pid}/fd"):
        try:
            target = os.readlink(f"/proc/{pid}/fd/{number}")
        except FileNotFoundError:
            continue
        if target.startswith(f"{directory}/") and target.endswith((".tmp", " (deleted)")):
            return True
    return False


@pytest.fixture(scope="session")
def demo_run(tmp_path_factory):
    """The arguments of the demonstration guest, its undisturbed console and its final snapshot."""
    final = tmp_path_factory.mktemp("undisturbed") / "final"
    arguments = ["run", "--kernel", DEMO, "--smp", "2", "--deterministic"]
    result = vgic5(*arguments, "--save", final)
    return arguments, result.out, final.read_bytes()
