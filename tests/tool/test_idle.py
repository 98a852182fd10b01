# SPDX-License-Identifier: BSD-3-Clause
"""A guest that waits, in real time, with nothing of its own to come: only the host can wake it."""
import contextlib
import fcntl
import os
import signal
import struct
import subprocess
import termios
import time

from bare_guest import WFI, branch, image, mov, printing
from conftest import vgic5
from running_guest import TOOL, Guest

# With a FIFO: str w1, [x2, #0x2c]; and it asks for the flags, ldr w1, [x2, #0x18].
LISTEN = [mov(2, 0x900, 1), mov(1, 0x70), 0xb9002c41] + 16 * [0xb9401841]
CODE = printing(b"ready\n") + LISTEN + [WFI, branch(-1)]


def sleeps(guest):
    """How often the process has gone to sleep."""
    total = 0
    for task in os.listdir(f"/proc/{guest.process.pid}/task"):
        with open(f"/proc/{guest.process.pid}/task/{task}/status", encoding="ascii") as status:
            total += sum(int(line.split()[1]) for line in status
                         if line.startswith("voluntary_ctxt_switches"))
    return total


def settled(guest):
    """Until it has nothing to do; then how often it had slept."""
    deadline = time.monotonic() + 60
    while True:
        before = sleeps(guest)
        time.sleep(0.5)
        if sleeps(guest) - before <= 5:
            return before
        assert time.monotonic() < deadline, "it wakes up again and again"


@contextlib.contextmanager
def idle(tmp_path, *more):
    (tmp_path / "kernel").write_bytes(image(*CODE))
    reader, writer = os.pipe()
    with subprocess.Popen([TOOL, "run", "--kernel", str(tmp_path / "kernel"), "--mem", "4M",
                           "--control", str(tmp_path / "control"), *map(str, more)],
                          stdin=reader, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        one = Guest(process, tmp_path / "control")
        one.reader, one.writer = reader, writer
        try:
            assert process.stdout.readline() == b"ready\n"
            yield one
        finally:
            process.kill()
            os.close(reader)
            os.close(writer)


def unread(guest):
    return struct.unpack("i", fcntl.ioctl(guest.reader, termios.FIONREAD, b"    "))[0]


def wait_until(condition):
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.001)


def test_an_idle_guest_sleeps_and_each_thing_of_the_host_wakes_it(tmp_path):
    with idle(tmp_path) as one:
        settled(one)
        for _ in range(10):
            assert one.ask({"command": "status"})["state"] == "running"
        settled(one)
        os.write(one.writer, b"typed")
        wait_until(lambda: unread(one) == 0)
        settled(one)
        assert one.save(tmp_path / "a")["ok"]
        settled(one)
        assert one.ask({"command": "pause"})["state"] == "paused"
        assert one.ask({"command": "resume"})["state"] == "running"
        settled(one)
        one.process.send_signal(signal.SIGUSR1)
        assert b"running" in one.process.stderr.readline() + one.process.stderr.readline()
        settled(one)
        one.process.terminate()
        assert one.process.wait(timeout=60) == -signal.SIGTERM
    vgic5("verify", tmp_path / "a")


def test_a_guest_that_waits_is_saved_when_the_seconds_are_over(tmp_path):
    with idle(tmp_path, "--save", tmp_path / "s", "--save-after", 1, "--exit-after-save") as one:
        assert one.finish() == 0
    vgic5("verify", tmp_path / "s")

