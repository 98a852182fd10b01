# SPDX-License-Identifier: BSD-3-Clause
"""guests/linux: where a kernel and a shell come from. Nothing is downloaded here."""
import os
import shutil
import subprocess

import pytest

from conftest import TOP


@pytest.fixture
def tree(tmp_path):
    """The scripts, in a source tree beside which there is nothing."""
    top = tmp_path / "beside" / "tree"
    shutil.copytree(os.path.join(TOP, "guests", "linux"), top / "guests" / "linux")
    (top / "tools").mkdir()
    shutil.copy(os.path.join(TOP, "tools", "make-initrd"), top / "tools")
    return top


def script(tree, name, *words, status=0, **variables):
    environment = {key: value for key, value in os.environ.items() if key != "VGIC5_LINUX"}
    done = subprocess.run([tree / "guests" / "linux" / name, *map(str, words)], text=True,
                          env={**environment, **variables}, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, stdin=subprocess.DEVNULL)
    assert done.returncode == status, done.stderr
    return done.stderr if status else done.stdout.rstrip("\n")


def package(path, *files):
    """A Debian package with these files."""
    root = path.parent / "root"
    (root / "DEBIAN").mkdir(parents=True)
    (root / "DEBIAN" / "control").write_text(
        "Package: linux-test\nVersion: 7\nArchitecture: arm64\nMaintainer: nobody\nDescription: -\n")
    for name in files:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(b"content of " + name.encode())
    subprocess.run(["dpkg-deb", "-b", root, path], check=True, stdout=subprocess.DEVNULL)
    shutil.rmtree(root)
    return path


def test_a_kernel_that_the_environment_names(tree, tmp_path):
    (tmp_path / "vmlinuz").write_bytes(b"kernel")
    assert script(tree, "find-kernel", VGIC5_LINUX=str(tmp_path / "vmlinuz")) == str(tmp_path / "vmlinuz")
    assert "no such file" in script(tree, "find-kernel", status=2, VGIC5_LINUX=str(tmp_path / "none"))


@pytest.mark.parametrize("named", ["packages", "packages/linux-test_7_arm64.deb"])
@pytest.mark.parametrize("place", ["usr/lib/modules/7.2/vmlinuz", "boot/vmlinuz-7.2"])
def test_a_package_that_the_environment_names(place, named, tree, tmp_path):
    """The file, or a directory of several, of which the newest counts."""
    data = tmp_path / "packages"
    data.mkdir()
    package(data / "linux-test_6_arm64.deb", "boot/vmlinuz-6")
    package(data / "linux-test_7_arm64.deb", place)
    for _ in range(2):  # extracted, and found again
        kernel = script(tree, "find-kernel", VGIC5_LINUX=str(tmp_path / named))
        assert kernel == str(tree / "build" / "linux" / "linux-test_7_arm64" / place)
        with open(kernel, "rb") as file:
            assert file.read() == b"content of " + place.encode()
    assert os.listdir(tree / "build" / "linux") == ["linux-test_7_arm64"]
    assert script(tree, "find-kernel") == kernel  # kept
    assert script(tree, "find-kernel", tree / "there",
                  VGIC5_LINUX=str(tmp_path / named)).startswith(str(tree / "there"))


def test_packages_that_are_of_no_use(tree, tmp_path):
    data = tmp_path / "packages"
    data.mkdir()
    named = {"VGIC5_LINUX": str(data)}
    assert "no linux-*_arm64.deb" in script(tree, "find-kernel", status=2, **named)
    package(data / "linux-test_7_arm64.deb", "usr/share/doc/README")
    assert "holds no kernel" in script(tree, "find-kernel", status=3, **named)
    (data / "linux-test_7_arm64.deb").write_bytes(b"garbage")
    shutil.rmtree(tree / "build")
    assert "cannot be extracted" in script(tree, "find-kernel", status=3, **named)
    assert os.listdir(tree / "build" / "linux") == []


def test_what_lies_beside_the_tree_is_not_looked_at(tree):
    """A kernel is what somebody named; no directory of a workplace is known."""
    data = tree.parent / "shared" / "data"
    data.mkdir(parents=True)
    package(data / "linux-test_7_arm64.deb", "boot/vmlinuz-7.2")
    assert "no kernel" in script(tree, "find-kernel", status=3)


def test_no_kernel_says_what_to_do(tree):
    words = script(tree, "find-kernel", status=3)
    assert "VGIC5_LINUX" in words and "--suite sid" in words
    assert "usage" in script(tree, "find-kernel", "--help", status=2)
    assert "--suite" in script(tree, "find-kernel", "--suite", status=2)


def fetch(tree, script_text):
    path = tree / "guests" / "linux" / "fetch-deb"
    path.write_text("#!/bin/sh\n" + script_text)


def test_a_suite_that_the_user_names(tree, tmp_path):
    deb = package(tmp_path / "linux-binary_7_arm64.deb", "usr/lib/modules/7.2/vmlinuz")
    fetch(tree, f"[ $1 = trixie ] && echo {deb}\n")
    assert script(tree, "find-kernel", "--suite", "trixie").endswith("modules/7.2/vmlinuz")
    fetch(tree, "echo the reason >&2; exit 3\n")
    words = script(tree, "find-kernel", "--suite", "trixie", status=3)
    assert "the reason" in words and "no kernel from Debian trixie" in words


def test_a_suite_is_fetched_once(tree, tmp_path):
    """What was downloaded is kept, and found without a network."""
    fetch(tree, f"""mkdir -p "$3"; cp {tmp_path}/linux-binary_7_arm64.deb "$3"
        echo "$3"/linux-binary_7_arm64.deb\n""")
    package(tmp_path / "linux-binary_7_arm64.deb", "usr/lib/modules/7.2/vmlinuz")
    kernel = script(tree, "find-kernel", "--suite", "sid")
    fetch(tree, "echo no network >&2; exit 3\n")
    assert script(tree, "find-kernel", "--suite", "sid") == kernel
    assert script(tree, "find-kernel") == kernel
    assert "no network" in script(tree, "find-kernel", "--suite", "trixie", status=3)


def test_a_mirror_that_is_not_there(tree):
    words = script(tree, "find-kernel", "--suite", "sid", status=3,
                   VGIC5_MIRROR=f"file://{tree}/nowhere")
    assert "fetch-deb: " in words and "no kernel from Debian sid" in words


ARM64 = b"\x7fELF\2\1\1".ljust(16, b"\0") + b"\2\0\xb7\0" + b"the rest"


def test_a_shell_from_a_program(tree, tmp_path):
    (tmp_path / "busybox").write_bytes(ARM64)
    script(tree, "make-shell", tmp_path / "shell.cpio", tmp_path / "busybox")
    archive = (tmp_path / "shell.cpio").read_bytes()
    assert archive.startswith(b"070701") and ARM64 in archive
    for name in (b"init\0", b"bin/busybox\0", b"bin/sh\0", b"dev/console\0", b"TRAILER!!!\0"):
        assert name in archive


@pytest.mark.parametrize("words, why, status", [
    ([], "usage", 2),
    (["{}/shell.cpio", "{}/other"], "no arm64 program", 3),
    (["{}/shell.cpio", "/etc/hostname"], "no arm64 program", 3),
    (["{}/shell.cpio", "{}/none"], "no busybox", 3),
    (["{}/shell.cpio", "{}/none.deb"], "cannot be extracted", 3),
    (["{}/no/shell.cpio", "{}/busybox"], "No such file", 3),
])
def test_no_shell(words, why, status, tree, tmp_path):
    (tmp_path / "busybox").write_bytes(ARM64)
    (tmp_path / "other").write_bytes(ARM64.replace(b"\xb7", b"\x3e"))
    assert why in script(tree, "make-shell", *(word.format(tmp_path) for word in words),
                         status=status)
    assert not (tmp_path / "shell.cpio").exists()
