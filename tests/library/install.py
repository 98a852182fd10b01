# SPDX-License-Identifier: BSD-3-Clause
"""What `meson install` leaves is enough for somebody else: headers, pkg-config, shared and static.

usage: install.py BUILD TOP COMPILER…
"""
import glob
import os
import re
import shutil
import subprocess
import sys
import tempfile

from symbols import declared

build, top, compiler = sys.argv[1], sys.argv[2], sys.argv[3:]
LIBRARIES = {"vgic5": ["device.h"], "vgic5-migration": ["kvm.h", "migration.h", "ram.h", "snapshot.h"],
             "vgic5-conform": ["conform.h"]}
checks = []


def check(good, what, words=""):
    checks.append(good)
    print(f"{'ok' if good else 'not ok'} {len(checks)} - {what}")
    if not good and words:
        print(words)
    return good


def run(command, **more):
    return subprocess.run(command, capture_output=True, text=True, **more)


def pkg_config(root, *arguments):
    paths = glob.glob(root + "/**/pkgconfig", recursive=True)
    env = {**os.environ, "PKG_CONFIG_PATH": ":".join(paths), "PKG_CONFIG_SYSROOT_DIR": root}
    result = run(["pkg-config", *arguments], env=env)
    assert result.returncode == 0, result.stderr
    return result.stdout.split()


def library_directory(root):
    return os.path.dirname(glob.glob(root + "/**/libvgic5.so", recursive=True)[0])


def build_and_run(root, scratch, name, source, libraries, static=False, arguments=(), status=0):
    """A program somewhere else, with nothing but what pkg-config says."""
    program = os.path.join(scratch, name)
    flags = pkg_config(root, *(["--static"] if static else []), "--cflags", "--libs", *libraries)
    if static:
        flags = [f"-l:lib{flag[2:]}.a" if flag.startswith("-lvgic5") else flag for flag in flags]
    made = run([*compiler, "-std=c11", "-Wall", "-Werror", source, "-o", program, *flags], cwd=scratch)
    if not check(made.returncode == 0, f"{name} is built with pkg-config", made.stderr):
        return
    done = run([program, *arguments], cwd=scratch, env={**os.environ, "LD_LIBRARY_PATH": library_directory(root)})
    check(done.returncode == status, f"{name} runs and exits {status}", done.stdout + done.stderr)
    return done.stdout


def every_prototype(scratch):
    """A program that takes the address of every function of the public headers."""
    path = os.path.join(scratch, "every.c")
    with open(path, "w", encoding="utf-8") as file:
        for header in sum(LIBRARIES.values(), []):
            file.write(f"#include <vgic5/{header}>\n")
        file.write("typedef void function(void);\nint main(void)\n{\n    function *const all[] = {\n")
        for name in sorted(declared(top)):
            file.write(f"        (function *){name},\n")
        file.write("    };\n    for (unsigned n = 0; n < sizeof all / sizeof *all; n++)\n"
                   "        if (!all[n])\n            return 1;\n    return 0;\n}\n")
    return path


def sonames(root):
    for library in LIBRARIES:
        path = os.path.join(library_directory(root), f"lib{library}.so")
        text = run(["objdump", "-p", path]).stdout
        check(re.search(rf"SONAME\s+lib{library}\.so\.0$", text, re.M) is not None,
              f"lib{library}.so has the soname lib{library}.so.0")


OPENS_KVM = """
#include <fcntl.h>
#include <sys/ioctl.h>
int main(void) { return ioctl(open("/dev/kvm", O_RDWR), 0xae00, 0) == 12 ? 7 : 1; }
"""


def kvm_of(tool, scratch):
    """`vgic5 kvm` finds its shims beside it, wherever the tree lies."""
    source = os.path.join(scratch, "opens.c")
    with open(source, "w", encoding="utf-8") as file:
        file.write(OPENS_KVM)
    compilers = {"native": compiler}
    if os.path.exists(os.path.join(build, "src", "shim", "vgic5-kvm-shim-aarch64.so")) and \
            (shutil.which("qemu-aarch64-static") or shutil.which("qemu-aarch64")):
        compilers["arm64"] = ["aarch64-linux-gnu-gcc"]
    for name, command in compilers.items():
        program = os.path.join(scratch, "opens-" + name)
        made = run([*command, "-o", program, source])
        done = made if made.returncode else run([tool, "kvm", "--", program])
        refused = "lets accesses to devices leave" in done.stderr # another Unicorn than 2.0
        check(done.returncode == 7 or refused, f"the installed tool gives a {name} program its KVM",
              done.stderr)


with tempfile.TemporaryDirectory(prefix="vgic5-install-") as scratch:
    root = os.path.join(scratch, "root")
    done = run(["meson", "install", "-C", build, "--no-rebuild", "--quiet", "--destdir", root])
    if check(done.returncode == 0, "meson install", done.stdout + done.stderr):
        for header in sum(LIBRARIES.values(), []):
            check(glob.glob(f"{root}/**/include/vgic5/{header}", recursive=True) != [],
                  f"<vgic5/{header}> is installed")
        sonames(root)
        embed = os.path.join(top, "examples", "embed.c")
        every = every_prototype(scratch)
        build_and_run(root, scratch, "embed", embed, ["vgic5-migration"])
        build_and_run(root, scratch, "embed-static", embed, ["vgic5-migration"], static=True)
        build_and_run(root, scratch, "every-prototype", every, LIBRARIES)
        build_and_run(root, scratch, "every-prototype-static", every, LIBRARIES, static=True)
        history = os.path.join(top, "examples", "incremental.c")
        words = build_and_run(root, scratch, "incremental", history, ["vgic5-migration"])
        check("full: 4096 pages, incremental: 2 pages\nthe restored memory is the same" in (words or ""),
              "memory of its own is saved, written, saved on top of that, and restored", words or "")
        build_and_run(root, scratch, "incremental-static", history, ["vgic5-migration"], static=True)
        plug_in = os.path.join(top, "examples", "conform.c")
        build_and_run(root, scratch, "conform", plug_in, ["vgic5-conform"])
        words = build_and_run(root, scratch, "conform-static", plug_in, ["vgic5-conform"], static=True,
                              arguments=["forgetful"], status=1)
        check("addr.set-twice: the call: 0 (0), expected EEXIST" in (words or ""),
              "a plugged-in device that is broken is told by the check's name", words or "")
        tool = glob.glob(f"{root}/**/bin/vgic5", recursive=True)[0]
        check("vgic5 0." in run([tool, "--version"]).stdout, "the installed tool runs")
        if os.path.exists(os.path.join(build, "src", "shim", "vgic5-kvm-shim.so")):
            kvm_of(tool, scratch)
sys.exit(not all(checks))
