# SPDX-License-Identifier: BSD-3-Clause
"""Every header stands alone, in C; the public ones in C++ too where a C++ compiler is at hand."""
import glob
import os
import shutil
import subprocess
import sys

top, compiler = sys.argv[1], sys.argv[2:]
FLAGS = ["-D_GNU_SOURCE", "-Wall", "-Wextra", "-Werror", "-fsyntax-only",
         "-I" + os.path.join(top, "include"), "-I" + os.path.join(top, "src")]


def compiles(command, language, path):
    result = subprocess.run([*command, *FLAGS, "-include", path, "-x", language, os.devnull],
                            capture_output=True, text=True)
    if result.returncode:
        print(result.stderr)
    return result.returncode == 0


cases = [(compiler + ["-std=c11"], "c", path) for path in
         sorted(glob.glob(top + "/include/vgic5/*.h") + glob.glob(top + "/src/*/*.h"))]
if shutil.which("g++"):
    cases += [(["g++", "-std=c++17"], "c++", path)
              for path in sorted(glob.glob(top + "/include/vgic5/*.h"))]
failed = 0
for number, (command, language, path) in enumerate(cases, 1):
    good = compiles(command, language, path)
    failed += not good
    print(f"{'ok' if good else 'not ok'} {number} - {os.path.relpath(path, top)} alone in {language}")
sys.exit(bool(failed))
