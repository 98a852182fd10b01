# SPDX-License-Identifier: BSD-3-Clause
"""The libraries, the port to KVM among them, compile for aarch64 without a warning."""
import glob
import os
import shutil
import subprocess
import sys

top = sys.argv[1]
ROOMS = ["facts", "gicv5", "device", "migration", "snapshot", "ram", "kvm", "conform"]
COMPILER = "aarch64-linux-gnu-gcc"
# zstd.h and xxhash.h say the same on every architecture; all else comes from the cross compiler.
FLAGS = ["-std=c11", "-D_GNU_SOURCE", "-Wall", "-Wextra", "-Werror", "-Wshadow", "-Wstrict-prototypes",
         "-Wmissing-prototypes", "-Wvla", "-fsyntax-only", "-I" + os.path.join(top, "include"),
         "-I" + os.path.join(top, "src"), "-idirafter", "/usr/include"]

if not shutil.which(COMPILER):
    print(f"not ok 1 - {COMPILER} is not installed (tools/packages names it)")
    sys.exit(1)
failed = 0
for number, room in enumerate(ROOMS, 1):
    files = sorted(glob.glob(os.path.join(top, "src", room, "*.c")))
    result = subprocess.run([COMPILER, *FLAGS, *files], capture_output=True, text=True)
    failed += result.returncode != 0
    print(result.stderr, end="")
    print(f"{'not ok' if result.returncode else 'ok'} {number} - src/{room} for aarch64")
sys.exit(bool(failed))
