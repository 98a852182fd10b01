#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""What a save and a restore of a Linux guest with 512 MiB cost.

    bench/snapshot.py BUILD-DIRECTORY KERNEL [--rounds N] [--no-huge-pages]

KERNEL is an arm64 Image or EFI zboot vmlinuz that knows GICv5. It boots until it misses its root
file system and is saved there; the rest works on that snapshot. The bytes are synced to disk by
each save. Noise goes upwards only: look at the least and at the middle value.
"""
import argparse
import ctypes
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time

PR_SET_THP_DISABLE = 41


def tool(build, *arguments, **more):
    return subprocess.run([os.path.join(build, "vgic5"), *map(str, arguments)], check=True,
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, **more)


def without_huge_pages():
    ctypes.CDLL(None).prctl(PR_SET_THP_DISABLE, 1, 0, 0, 0)


def timed(function):
    start = time.perf_counter()
    result = function()
    return time.perf_counter() - start, result


class RunningGuest:
    """A restored guest, paused, with a control socket."""
    def __init__(self, build, snapshot, directory, preexec):
        self.build, self.path = build, os.path.join(directory, "control")
        self.process = subprocess.Popen(
            [os.path.join(build, "vgic5"), "restore", snapshot, "--control", self.path, "--paused"],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            preexec_fn=preexec)
        while not os.path.exists(self.path):
            time.sleep(0.01)
        time.sleep(0.3)

    def save(self, path, *more):
        return json.loads(tool(self.build, "save", "--control", self.path, path, *more).stdout)

    def end(self):
        self.process.terminate()
        self.process.wait()


def line(name, values, unit, scale):
    values = sorted(value * scale for value in values)
    print(f"  {name:52} {values[0]:9.2f} {statistics.median(values):9.2f} {values[-1]:9.2f} {unit}")


def measure(build, snapshot, scratch, rounds, preexec):
    guest = RunningGuest(build, snapshot, scratch, preexec)
    full, on_top, sizes, walls = [], [], [], []
    try:
        for n in range(rounds):
            path = os.path.join(scratch, "again")
            wall, reply = timed(lambda: guest.save(path))
            full.append(reply["still_microseconds"])
            sizes.append(reply["bytes"])
            walls.append(wall)
            reply = guest.save(os.path.join(scratch, "on-top"), "--base", path)
            on_top.append(reply["still_microseconds"])
    finally:
        guest.end()
    checks = [timed(lambda: tool(build, "restore", snapshot, "--check-only"))[0]
              for _ in range(rounds)]
    verifies = [timed(lambda: tool(build, "verify", snapshot))[0] for _ in range(rounds)]
    inspects = [timed(lambda: tool(build, "inspect", snapshot))[0] for _ in range(rounds)]
    print(f"  {'':52} {'least':>9} {'middle':>9} {'most':>9}")
    line("full save: the vCPUs stand still", full, "ms", 1e-3)
    line("full save: until the file is safe on disk", walls, "ms", 1e3)
    line("full save: size of the file", sizes, "MB", 1e-6)
    line("incremental save: the vCPUs stand still", on_top, "ms", 1e-3)
    line("restore, from exec to just before the first insn*", checks, "ms", 1e3)
    line("verify", verifies, "ms", 1e3)
    line("inspect", inspects, "ms", 1e3)
    print("  * `restore --check-only`: everything but running, and the end of the process")


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("build")
    parser.add_argument("kernel")
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--no-huge-pages", action="store_true")
    arguments = parser.parse_args()
    preexec = without_huge_pages if arguments.no_huge_pages else None
    with tempfile.TemporaryDirectory(prefix="vgic5-bench-", dir=os.environ.get("TMPDIR")) as scratch:
        snapshot = os.path.join(scratch, "linux")
        tool(arguments.build, "run", "--kernel", arguments.kernel, "--mem", "512M", "--append",
             "console=ttyAMA0 panic=-1", "--save", snapshot, "--save-at-text", "VFS: Unable",
             "--exit-after-save", preexec_fn=preexec)
        measure(arguments.build, snapshot, scratch, arguments.rounds, preexec)
    return 0


sys.exit(main())
