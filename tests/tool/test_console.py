# SPDX-License-Identifier: BSD-3-Clause
"""The console on a terminal, as a person uses it."""
import os
import pty
import re
import select
import signal
import subprocess
import termios
import time

import pytest

from conftest import BUILD, DEMO, is_saving
from linux_guest import TIMEOUT, arguments, kernel


class Terminal:
    """The tool on a terminal of its own."""
    def __init__(self, *words):
        self.master, self.slave = pty.openpty()
        self.before = termios.tcgetattr(self.slave)
        self.tool = subprocess.Popen([os.path.join(BUILD, "vgic5"), *map(str, words)],
                                     stdin=self.slave, stdout=self.slave, stderr=self.slave)
        self.output = b""

    def read_some(self):
        if select.select([self.master], [], [], 0.2)[0]:
            self.output += os.read(self.master, 65536)

    def wait_for(self, text):
        self.wait_until(lambda: text in self.output)

    def type(self, text):
        self.wait_until(lambda: select.select([], [self.master], [], 0)[1])
        os.write(self.master, text)

    def is_raw(self):
        return not termios.tcgetattr(self.slave)[3] & termios.ICANON

    def wait_until(self, condition):
        end = time.time() + TIMEOUT
        while not condition():
            assert time.time() < end and self.tool.poll() is None, self.output[-2000:]
            self.read_some()

    def end(self):
        """The exit status; the terminal is as it was."""
        end = time.time() + TIMEOUT
        while self.tool.poll() is None:
            assert time.time() < end
            self.read_some()
        self.read_some()
        assert termios.tcgetattr(self.slave) == self.before
        os.close(self.master)
        os.close(self.slave)
        return self.tool.returncode


def test_lines_are_typed_early_and_late(kernel):
    terminal = Terminal(*arguments(kernel, words="read=2", deterministic=False))
    terminal.wait_for(b"Booting Linux")
    terminal.type(b"typed early\r")
    terminal.wait_for(b"init: read 'typed early'")
    terminal.type(b"\x03late, with \x01\x01\r")  # Ctrl-C is the guest's
    terminal.wait_for(b"late, with \x01'")
    assert terminal.end() == 0
    assert b"Power down" in terminal.output


def test_ctrl_a_x_quits_a_guest_that_does_not_listen(kernel):
    terminal = Terminal(*arguments(kernel, deterministic=False))
    terminal.wait_for(b"Booting Linux")
    terminal.type(b"\x01x")
    assert terminal.end() == 0
    assert b"Run /init" not in terminal.output


def paused(tmp_path, *more):
    terminal = Terminal("run", "--kernel", DEMO, "--control", tmp_path / "control", "--paused",
                        *more)
    terminal.wait_until(lambda: terminal.is_raw() and (tmp_path / "control").exists())
    return terminal


def test_ctrl_a_x_quits_a_guest_that_is_paused(tmp_path):
    terminal = paused(tmp_path)
    terminal.type(b"\x01x")
    assert terminal.end() == 0
    assert terminal.output == b"" and not (tmp_path / "control").exists()


def test_ctrl_a_x_is_heard_behind_more_than_anybody_reads(tmp_path):
    terminal = paused(tmp_path)
    for _ in range(20):
        terminal.type(b"y" * 1024)
    terminal.type(b"\x01x")
    assert terminal.end() == 0


def test_words_do_not_overwrite_the_line_of_the_guest(tmp_path):
    terminal = Terminal("run", "--kernel", DEMO, "--smp", "2", "--save", tmp_path / "s",
                        "--save-at-text", "demo: in", "--exit-after-save")
    assert terminal.end() == 0
    assert re.search(rb"demo: in[^\n]*\n[^\n]*vgic5: run: saved at", terminal.output)


def slow_save(tmp_path, monkeypatch, *more):
    """A guest whose snapshot takes long to write (interposed), while it waits for that."""
    for name, value in {"LD_PRELOAD": os.path.join(BUILD, "tests", "tool", "libinterpose.so"),
                        "INTERPOSE_DIR": str(tmp_path), "INTERPOSE_MODE": "sleep",
                        "INTERPOSE_AT": "3"}.items():
        monkeypatch.setenv(name, value)
    terminal = Terminal("run", "--kernel", DEMO, "--smp", "2", "--save", tmp_path / "s",
                        "--save-at-text", "demo: in flight", *more)
    terminal.wait_until(lambda: is_saving(terminal.tool.pid, tmp_path))
    return terminal


@pytest.mark.parametrize("more", [[], ["--exit-after-save"]])
def test_ctrl_a_x_gives_up_a_save_that_takes_long(more, tmp_path, monkeypatch):
    terminal = slow_save(tmp_path, monkeypatch, *more)
    terminal.type(b"\x01x")
    assert terminal.end() == 6
    assert b"given up" in terminal.output and os.listdir(tmp_path) == []


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGINT])
def test_a_signal_leaves_the_terminal_as_it_was(number, tmp_path):
    terminal = paused(tmp_path)
    terminal.tool.send_signal(number)
    assert terminal.end() == -number
    assert not (tmp_path / "control").exists()


def test_sigterm_during_a_save_leaves_no_half_of_it(tmp_path, monkeypatch):
    terminal = slow_save(tmp_path, monkeypatch)
    terminal.tool.send_signal(signal.SIGTERM)
    assert terminal.end() == -signal.SIGTERM
    assert os.listdir(tmp_path) == []
