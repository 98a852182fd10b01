# SPDX-License-Identifier: BSD-3-Clause
"""The console on a terminal, as a person uses it."""
import os
import pty
import select
import subprocess
import termios
import time

from conftest import BUILD
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
        end = time.time() + TIMEOUT
        while text not in self.output:
            assert time.time() < end and self.tool.poll() is None, self.output[-2000:]
            self.read_some()

    def type(self, text):
        os.write(self.master, text)

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
