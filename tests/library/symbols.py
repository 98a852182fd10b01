# SPDX-License-Identifier: BSD-3-Clause
"""The shared libraries export the prototypes of the public headers, and nothing else."""
import glob
import re
import subprocess
import sys

def exported(library):
    listing = subprocess.run(["nm", "-D", "--defined-only", library], capture_output=True, text=True,
                             check=True).stdout
    return {line.split()[-1] for line in listing.splitlines()}


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
    wanted = declared(top)
    for number, (words, names) in enumerate([
            ("every declared function is exported", wanted - there),
            ("nothing but declared functions is exported", there - wanted)], 1):
        print(f"{'not ok' if names else 'ok'} {number} - {words} {sorted(names) if names else ''}")
    return bool(there ^ wanted)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:-1], sys.argv[-1]))
