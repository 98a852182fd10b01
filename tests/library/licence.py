# SPDX-License-Identifier: BSD-3-Clause
"""Every source file says its licence in its first lines."""
import os
import sys

SOURCES = (".c", ".h", ".S", ".def", ".ld", ".py", ".build", ".in")
DIRECTORIES = ("bench", "doc", "examples", "fuzz", "guests", "include", "src", "tests", "tools")
LINE = "SPDX-License-Identifier: BSD-3-Clause"

top = sys.argv[1]
sources = [os.path.join(top, name) for name in ("meson.build", "meson_options.txt", "run", "test")]
for directory in DIRECTORIES:
    for at, _, names in os.walk(os.path.join(top, directory)):
        paths = (os.path.join(at, name) for name in names)
        sources += [path for path in paths if path.endswith(SOURCES) or
                    (os.access(path, os.X_OK) and not path.endswith(".pyc"))]
bare = [path for path in sources if os.path.exists(path) and
        LINE not in "".join(open(path, encoding="utf-8", errors="replace").readlines()[:4])]
print("\n".join(f"no licence: {os.path.relpath(path, top)}" for path in bare))
sys.exit(bool(bare) or len(sources) < 300)
