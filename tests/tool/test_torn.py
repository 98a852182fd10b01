# SPDX-License-Identifier: BSD-3-Clause
"""Whatever happens during a save: the old snapshot or the new one, and the guest goes on."""
import os
import signal
import subprocess

import pytest

from conftest import BUILD, PROBE, is_saving, vgic5
from running_guest import guest

INTERPOSE = os.path.join(BUILD, "tests", "tool", "libinterpose.so")
GUEST = ["run", "--kernel", PROBE, "--deterministic", "--save-at-insn", "300"]


class Place:
    """A directory with an old snapshot, and what a save without trouble makes of it."""
    def __init__(self, directory):
        self.directory = directory
        self.target = directory / "s"
        vgic5(*GUEST, "--save", self.target, "--exit-after-save")
        self.new = self.target.read_bytes()
        vgic5(*GUEST[:-1], "200", "--save", self.target, "--exit-after-save")
        self.old = self.target.read_bytes()
        assert self.old != self.new
        self.calls = int(self.run("once", 0)[1])
        assert self.calls > 10

    def run(self, mode, at, *more, status=None):
        """Save over the old snapshot; returns the result and the number of calls."""
        for name in os.listdir(self.directory):
            os.unlink(self.directory / name)
        self.target.write_bytes(self.old)
        count = self.directory.parent / "count"
        env = {**os.environ, "LD_PRELOAD": INTERPOSE, "INTERPOSE_DIR": str(self.directory),
               "INTERPOSE_MODE": mode, "INTERPOSE_AT": str(at), "INTERPOSE_COUNT": str(count)}
        result = vgic5(*GUEST, "--save", self.target, *more, status=status, env=env)
        return result, count.read_text() if count.exists() else "0"


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    directory = tmp_path_factory.mktemp("torn") / "d"
    directory.mkdir()
    return Place(directory)


@pytest.mark.parametrize("mode", ["once", "ever"])
def test_every_call_fails_in_turn(place, mode):
    for at in range(1, place.calls + 1):
        result, _ = place.run(mode, at)
        found = place.target.read_bytes()
        assert b"probe: PASS" in result.out, f"call {at}: the guest did not go on"
        assert found in (place.old, place.new), f"call {at}: the file is torn"
        assert os.listdir(place.directory) == ["s"], f"call {at}: something stays behind"
        # The directory's descriptor may be closed in vain; every other failure is told.
        assert result.status == 6 or found == place.new, f"call {at}: nobody was told"
        assert result.status in (0, 6) and (result.status == 0 or "cannot" in result.err or
                                            "power cut" in result.err)
        if result.status == 0:
            assert found == place.new


def test_short_writes_do_not_matter(place):
    for at in range(1, place.calls + 1):
        result, _ = place.run("short", at, status=0)
        assert place.target.read_bytes() == place.new, f"call {at}"


def has_unnamed_files(directory):
    try:
        os.close(os.open(directory, os.O_TMPFILE | os.O_WRONLY))
    except OSError:
        return False
    return True


def test_killed_at_every_call(place):
    left = 0
    for at in range(1, place.calls + 1):
        result, _ = place.run("kill", at)
        assert result.status == -signal.SIGKILL
        found = place.target.read_bytes()
        assert found in (place.old, place.new), f"call {at}: the file is torn"
        others = [name for name in os.listdir(place.directory) if name != "s"]
        assert all(name.startswith(".s.") and name.endswith(".tmp") for name in others)
        left += len(others)
        vgic5("verify", place.target)
        vgic5(*GUEST, "--save", place.target, "--exit-after-save")
        assert os.listdir(place.directory) == ["s"], f"call {at}: the next save leaves it there"
    assert left <= (2 if has_unnamed_files(place.directory) else place.calls)


def kill_in_mid_save(place):
    """SIGKILL while a write sleeps."""
    place.run("once", 0)
    env = {**os.environ, "LD_PRELOAD": INTERPOSE, "INTERPOSE_DIR": str(place.directory),
           "INTERPOSE_MODE": "sleep", "INTERPOSE_AT": "3"}
    process = subprocess.Popen([os.path.join(BUILD, "vgic5"), *GUEST, "--save", place.target],
                               env=env, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
    while not is_saving(process.pid, place.directory):
        assert process.poll() is None
    process.kill()
    process.wait()


def test_a_save_that_is_killed_leaves_no_file(place):
    if not has_unnamed_files(place.directory):
        pytest.skip("the file system of the temporary directory has no O_TMPFILE")
    kill_in_mid_save(place)
    assert os.listdir(place.directory) == ["s"]


def test_a_full_disk(tmp_path):
    """Not simulated: a file size limit, which write meets as EFBIG."""
    def limit():
        import resource
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (8192, 8192))
    result = vgic5(*GUEST, "--save", tmp_path / "s", status=6, preexec_fn=limit)
    assert b"probe: PASS" in result.out and os.listdir(tmp_path) == []
    assert f"{tmp_path}/s: " in result.err and "File too large" in result.err


def test_a_file_that_cannot_be_made_is_the_one_that_was_named(tmp_path):
    result, path = None, tmp_path / "gone"
    path.mkdir()
    with guest(tmp_path, *GUEST[:-2]) as one:
        os.rmdir(path)
        result = one.save(path / "s", status=6)
        assert f"{path}/s cannot be written" in result.err and "No such file" in result.err
        assert ".tmp" not in result.err


FULL = """mount -t tmpfs -o size=$1 none "$2" && cp "$3" "$2/s" || exit 99
shift 3; "$@"; status=$?
ls -A "$dir" >"$dir.names"; cp "$dir/s" "$dir.found"; exit $status"""


def test_a_disk_that_is_really_full(place, tmp_path):
    """A small tmpfs that holds the old snapshot and all sizes of what is left, page by page."""
    mine = ["unshare", "-rm"]
    if subprocess.run([*mine, "mount", "-t", "tmpfs", "none", tmp_path]).returncode != 0:
        pytest.skip("no file system of one's own: unshare -rm mount")
    (tmp_path / "d").mkdir()
    (tmp_path / "old").write_bytes(place.old)
    outcomes = set()
    pages = -(-len(place.old) // 4096)
    for size in range(4096 * (pages + 1), 4096 * (2 * pages + 4), 4096):
        done = subprocess.run([*mine, "sh", "-c", FULL, "sh", str(size), tmp_path / "d",
                               tmp_path / "old", os.path.join(BUILD, "vgic5"), *GUEST, "--save",
                               tmp_path / "d" / "s"], env={**os.environ, "dir": tmp_path / "d"},
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, timeout=60)
        found = (tmp_path / "d.found").read_bytes()
        assert b"probe: PASS" in done.stdout and (tmp_path / "d.names").read_text() == "s\n"
        assert (done.returncode, found) in ((6, place.old), (0, place.new)), done.stderr
        assert done.returncode == 0 or b"No space left on device" in done.stderr
        outcomes.add(done.returncode)
    assert outcomes == {0, 6}


def test_a_directory_that_vanishes(tmp_path):
    gone = tmp_path / "gone"
    gone.mkdir()
    with guest(tmp_path, *GUEST[:-2], "--save", gone / "s", cwd=gone) as one:
        os.rmdir(gone)
        one.ask({"command": "resume"})
        assert one.finish() == 6
        assert b"probe: PASS" in one.out and b"gone" in one.err
