#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""What a save and a restore of a Linux guest with 512 MiB cost.

    bench/snapshot.py BUILD-DIRECTORY KERNEL [--rounds N] [--no-huge-pages]

KERNEL is an arm64 Image or EFI zboot vmlinuz that knows GICv5. It boots until it misses its root
file system and is saved there; most of the rest works on that snapshot. A second one boots and is
saved again and again on the way, each time on top of the save before, every eighth time in full. The bytes are synced to disk by
each save. Noise goes upwards only: look at the least and at the middle value.

Limits: 250 ms of standing still for a full save, 20 MB, 60 ms to the first instruction; a line that
misses its limit by its middle value says so, and the exit status is 1. QEMU's figures (a GICv3 guest of
the same size: stop and save, the file, load) are from another machine.
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


missed = []


def line(name, values, unit, scale, limit=None, qemu=""):
    values = sorted(value * scale for value in values)
    middle = statistics.median(values)
    bad = limit is not None and middle > limit
    missed.extend([name] if bad else [])
    print(f"  {name:52} {values[0]:9.2f} {middle:9.2f} {values[-1]:9.2f} {unit:3} "
          f"{'' if limit is None else limit:>6} {qemu:>10}{'   MISSED' if bad else ''}")


def booting(build, kernel, scratch, preexec):
    """(pages copied, microseconds stood still) of saves of a guest that boots, on top of each other."""
    control = os.path.join(scratch, "booting")
    guest = subprocess.Popen(
        [os.path.join(build, "vgic5"), "run", "--kernel", kernel, "--mem", "512M", "--append",
         "console=ttyAMA0 panic=-1", "--control", control], stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, preexec_fn=preexec)
    saves = []
    try:
        while not os.path.exists(control):
            time.sleep(0.01)
        base = []
        for n in range(60):
            time.sleep(0.15 if n else 1)
            path = os.path.join(scratch, f"on-the-way-{n}")
            reply = json.loads(tool(build, "save", "--control", control, path, *base).stdout)
            if base:
                saves.append((reply["pages_copied"], reply["still_microseconds"]))
            base = ["--base", path] if (n + 1) % 8 else []
    except subprocess.CalledProcessError:
        pass  # it has ended
    finally:
        guest.kill()
        guest.wait()
    return saves


def first_save(build, snapshot, scratch):
    """Milliseconds; a hundred instructions after the restore."""
    at = int(json.loads(tool(build, "inspect", snapshot, "--json").stdout)["instructions"], 16) + 100
    words = tool(build, "restore", snapshot, "--save", os.path.join(scratch, "first"),
                 "--save-at-insn", at).stderr.decode()
    return float(words.split("stood still for ")[1].split()[0])


def first_byte(build, snapshot):
    """Until a guest that was saved in the middle of a line goes on with it."""
    guest = subprocess.Popen([os.path.join(build, "vgic5"), "restore", snapshot],
                             stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                             stderr=subprocess.DEVNULL)
    assert guest.stdout.read(1)
    guest.kill()
    guest.communicate()


def measure(build, snapshot, scratch, rounds, preexec):
    guest = RunningGuest(build, snapshot, scratch, preexec)
    full, on_top, compared, sizes, walls = [], [], [], [], []
    foreign = os.path.join(scratch, "early")
    try:
        for n in range(rounds):
            path = os.path.join(scratch, f"again-{n}")  # what something builds on stays
            wall, reply = timed(lambda: guest.save(path))
            full.append(reply["still_microseconds"])
            sizes.append(reply["bytes"])
            walls.append(wall)
            reply = guest.save(os.path.join(scratch, "on-top"), "--base", path)
            on_top.append(reply["still_microseconds"])
            reply = guest.save(os.path.join(scratch, "compared"), "--base", foreign)
            compared.append(reply["still_microseconds"])
    finally:
        guest.end()
    bytes_ = [timed(lambda: first_byte(build, snapshot))[0] for _ in range(rounds)]
    verifies = [timed(lambda: tool(build, "verify", snapshot))[0] for _ in range(rounds)]
    inspects = [timed(lambda: tool(build, "inspect", snapshot))[0] for _ in range(rounds)]
    first = [first_save(build, snapshot, scratch) for _ in range(rounds)]
    line("full save: the vCPUs stand still", full, "ms", 1e-3, 250, "1170-1240")
    line("the same, at once after a restore", first, "ms", 1, 250)
    line("full save: until the file is safe on disk", walls, "ms", 1e3)
    line("full save: size of the file", sizes, "MB", 1e-6, 20, "62")
    line("incremental save, nothing written: they stand still", on_top, "ms", 1e-3, 250)
    line("the same on a base that has to be compared with", compared, "ms", 1e-3, 250)
    line("restore, from exec to the guest's first word*", bytes_, "ms", 1e3, 60, "72")
    line("verify", verifies, "ms", 1e3)
    line("inspect", inspects, "ms", 1e3)


def by_vcpus(build, scratch, rounds):
    """A bare guest: what of a save grows with the vCPUs. Each is proved to be restorable while the
    guest could go on; this one waits for that, and so the whole time has the proof in it."""
    for number, kernel, at in ((1, "probe.elf", 300), (2, "demo.elf", 2000000),
                               (512, "demo.elf", 2000000)):
        still, walls = [], []
        for _ in range(rounds):
            wall, done = timed(lambda: tool(
                build, "run", "--kernel", os.path.join(build, "guests", kernel), "--smp", number,
                "--deterministic", "--save", os.path.join(scratch, "bare"), "--save-at-insn", at,
                "--exit-after-save"))
            still.append(float(done.stderr.decode().split("stood still for ")[1].split()[0]))
            walls.append(wall)
        line(f"a bare guest with {number} vCPUs: they stand still", still, "ms", 1, 250)
        line("  start, run, save and proof in all", walls, "ms", 1e3)


def by_size(saves):
    saves = sorted(saves)
    for name, part in (("small", saves[:len(saves) // 2]), ("large", saves[len(saves) // 2:])):
        if part:
            line(f"incremental saves of a boot, the {name} ones: pages", [n for n, _ in part], "", 1)
            line("  the vCPUs stand still", [us for _, us in part], "ms", 1e-3, 250)
            line("  for each page", [us / n for n, us in part if n], "us", 1)


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("build")
    parser.add_argument("kernel")
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--no-huge-pages", action="store_true")
    arguments = parser.parse_args()
    preexec = without_huge_pages if arguments.no_huge_pages else None
    print(f"  {'':52} {'least':>9} {'middle':>9} {'most':>9}     {'limit':>6} {'QEMU':>10}")
    with tempfile.TemporaryDirectory(prefix="vgic5-bench-", dir=os.environ.get("TMPDIR")) as scratch:
        snapshot = os.path.join(scratch, "linux")
        for path, *moment in ((os.path.join(scratch, "early"), "--save-after", "1"),
                              (snapshot, "--save-at-text", "VFS: Unable")):
            tool(arguments.build, "run", "--kernel", arguments.kernel, "--mem", "512M", "--append",
                 "console=ttyAMA0 panic=-1", "--save", path, *moment, "--exit-after-save",
                 preexec_fn=preexec)
        measure(arguments.build, snapshot, scratch, arguments.rounds, preexec)
        by_vcpus(arguments.build, scratch, arguments.rounds)
        by_size(booting(arguments.build, arguments.kernel, scratch, preexec))
    print("  * on its console; its first instruction came before that")
    return 1 if missed else 0


sys.exit(main())
