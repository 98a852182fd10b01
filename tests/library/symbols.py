# SPDX-License-Identifier: BSD-3-Clause
"""The shared libraries export the prototypes of the public headers, and nothing else."""
import glob
import re
import subprocess
import sys

VERSION = "VGIC5_0.1"  # src/public.map


def exported(library):
    """Its symbols, each with its version."""
    listing = subprocess.run(["nm", "-D", "--defined-only", library], capture_output=True, text=True,
                             check=True).stdout
    names = {line.split()[-1] for line in listing.splitlines()}
    return {tuple(name.partition("@@")[::2]) for name in names if name != VERSION}


def declared(top):
    names = set()
    for path in glob.glob(top + "/include/vgic5/*.h"):
        text = re.sub(r"/\*.*?\*/", "", open(path, encoding="utf-8").read(), flags=re.S)
        text = re.sub(r"static inline[^{]*\{.*?\n\}", "", text, flags=re.S)
        text = re.sub(r"#define(?:[^\n]*\\\n)*[^\n]*", "", text)
        names |= set(re.findall(r"^[a-z][\w\s*]*?\b(vgic5_\w+)\(", text, flags=re.M))
    return names


def main(libraries, top):
    there = set().union(*map(exported, libraries))
    names = {name for name, _ in there}
    wanted = declared(top)
    faults = [("every declared function is exported", wanted - names),
              ("nothing but declared functions is exported", names - wanted),
              (f"each has the version {VERSION}", {n for n, version in there if version != VERSION})]
    for number, (words, wrong) in enumerate(faults, 1):
        print(f"{'not ok' if wrong else 'ok'} {number} - {words} {sorted(wrong) if wrong else ''}")
    return any(wrong for _, wrong in faults)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:-1], sys.argv[-1]))
