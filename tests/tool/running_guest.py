# SPDX-License-Identifier: BSD-3-Clause
"""A guest that runs, and is steered through its control socket."""
import contextlib
import json
import os
import socket
import subprocess
import time

from conftest import BUILD, DEMO, vgic5

TOOL = os.path.join(BUILD, "vgic5")


class Guest:
    def __init__(self, process, path):
        self.process, self.path = process, path
        self.out = self.err = None

    def connect(self):
        link = socket.socket(socket.AF_UNIX)
        link.settimeout(60)
        link.connect(str(self.path))
        return link

    def ask(self, *requests):
        with self.connect() as link, link.makefile("rwb") as lines:
            replies = []
            for request in requests:
                data = request if isinstance(request, bytes) else json.dumps(request).encode()
                lines.write(data + b"\n")
                lines.flush()
                replies.append(json.loads(lines.readline()))
        return replies if len(replies) > 1 else replies[0]

    def save(self, path, base=None, status=0):
        """The reply."""
        more = ["--base", base] if base else []
        result = vgic5("save", "--control", self.path, path, *more, status=status)
        return json.loads(result.text) if status == 0 else result

    def run_a_little(self):
        """It is paused again, long before its end."""
        self.ask({"command": "resume", "instructions": 100000})
        while self.ask({"command": "status"})["state"] != "paused":
            time.sleep(0.001)

    def finish(self):
        self.out, self.err = self.process.communicate(timeout=120)
        return self.process.returncode


@contextlib.contextmanager
def guest(tmp_path, *arguments, **more):
    """A guest that is paused before its first instruction."""
    path = tmp_path / "control"
    process = subprocess.Popen([TOOL, *map(str, arguments), "--control", str(path),
                                "--paused"],
                               stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                               stderr=subprocess.PIPE, **more)
    one = Guest(process, path)
    try:
        for _ in range(600):
            if path.exists():
                with contextlib.suppress(ConnectionRefusedError):
                    one.connect().close()
                    break
            time.sleep(0.01)
        yield one
    finally:
        process.kill()
        process.wait()


def demo(tmp_path, *more, **keywords):
    return guest(tmp_path, "run", "--kernel", DEMO, "--smp", "2", "--deterministic", *more,
                 **keywords)
