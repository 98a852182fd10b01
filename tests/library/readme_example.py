# SPDX-License-Identifier: BSD-3-Clause
"""README.md leads to the programs of examples/, and each of them is compiled and run."""
import os
import re
import sys

top = sys.argv[1]


def read(path):
    with open(os.path.join(top, path), encoding="utf-8") as file:
        return file.read()


links = set(re.findall(r"\]\(examples/(\w+)\.c\)", read("README.md")))
programs = {name[:-2] for name in os.listdir(os.path.join(top, "examples")) if name.endswith(".c")}
build = read("examples/meson.build")
run = {name for name in programs
       if re.search(rf"= executable\('{name}', '{name}\.c'", build)
       and re.search(rf"^(\w+) = executable\('{name}',", build, re.M)
       and re.search(r"^test\('[\w-]+', " + re.search(
           rf"^(\w+) = executable\('{name}',", build, re.M).group(1) + r"\b", build, re.M)}
# incremental needs an installed library: tests/library/install.py compiles and runs it there.
run |= {name for name in programs if f'"{name}.c"' in read("tests/library/install.py")}
failed = 0
for number, (good, words) in enumerate([
        (links == programs, "README.md leads to every program of examples/"),
        (run == programs, "each of them is compiled and run")], 1):
    failed += not good
    print(f"{'ok' if good else 'not ok'} {number} - {words}")
if failed:
    print("links", sorted(links), "programs", sorted(programs), "run", sorted(run))
sys.exit(bool(failed))
