# SPDX-License-Identifier: BSD-3-Clause
"""README.md shows examples/embed.c as it is compiled and run."""
import re
import sys

top = sys.argv[1]
shown = re.search(r"```c\n(.*?)```", open(top + "/README.md", encoding="utf-8").read(), re.S)
source = open(top + "/examples/embed.c", encoding="utf-8").read()
same = shown is not None and shown.group(1) == source
print(("ok" if same else "not ok") + " 1 - README.md shows examples/embed.c")
sys.exit(not same)
