# SPDX-License-Identifier: BSD-3-Clause
"""An option that a message names is one that the verb takes which prints the message.

A library's words name no option: its caller may be another program than the tool."""
import os
import re
import sys

top = sys.argv[1]
LIBRARY = ["facts", "gicv5", "device", "migration", "snapshot", "ram", "kvm", "conform", "vcpu",
           "unicorn", "machine"]
EVERY_VERB = {"help", "version", "print-man", "print-completion"}
# Which verbs print the words of a file of the tool that is not a verb's own.
VERBS_OF = [
    ("gic_option.c", {"run", "kvm"}),
    ("kvm/lint.c", {"lint"}),
    ("kvm/", {"kvm"}),
    ("run/steer.c", {"run", "restore"}),
    ("run/", {"run", "restore"}),
    ("look/inspect", {"inspect"}),
    ("look/load.c", {"restore", "inspect", "verify", "convert", "flatten"}),  # load_chain asks
    ("options.c", set()),
    ("main.c", set()),
]
LITERALS = re.compile(r'"(?:[^"\\\n]|\\.)*"(?:\s*(?:PRI\w+\s*)?"(?:[^"\\\n]|\\.)*")*')
CSS = re.compile(r"var\(--[\w-]+\)|(?<=[{;])--[\w-]+:")  # the page's variables
COMMAND = re.compile(r"vgic5 (\w+) --([a-z][a-z-]*)")  # a whole command: its own verb counts
OPTION = re.compile(r"(?<![\w-])--([a-z][a-z-]*)")


def table():
    """The verbs of each option."""
    options = {}
    text = open(os.path.join(top, "src/tool/options.def"), encoding="utf-8").read()
    for row in re.split(r"^OPTION\(", text, flags=re.M)[1:]:
        name = re.match(r'\w+,\s*"([\w-]+)"', row).group(1)
        verbs = options.setdefault(name, set())  # an option may have a row for each verb
        verbs.update(re.findall(r"FOR\((\w+)\)", row))
    return options


def words_of(path):
    """The strings of a C file, those that stand side by side joined, with their lines."""
    text = open(path, encoding="utf-8").read()
    text = re.sub(r"/\*.*?\*/", lambda m: "\n" * m.group(0).count("\n"), text, flags=re.S)
    for found in LITERALS.finditer(text):
        words = re.sub(r'"\s*"', "", found.group(0))
        yield text.count("\n", 0, found.start()) + 1, CSS.sub("", words)


def sources(*rooms):
    for room in rooms:
        for directory, _, names in os.walk(os.path.join(top, room)):
            for name in sorted(names):
                if name.endswith((".c", ".h", ".def")) and name not in ("options.def", "verbs.def"):
                    yield os.path.relpath(os.path.join(directory, name), top)


def verbs_of(path):
    name = os.path.relpath(path, "src/tool")
    own = re.match(r"verb_(\w+)\.c$", name)
    if own:
        return {own.group(1)}
    return next((verbs for start, verbs in VERBS_OF if name.startswith(start)), None)


def complaints():
    options = table()
    for path in sources(*(os.path.join("src", room) for room in LIBRARY)):
        for line, words in words_of(os.path.join(top, path)):
            for option in OPTION.findall(words):
                yield f"{path}:{line}: a library names the option --{option}"
    for path in [*sources("src/tool"), *sources("bench")]:
        verbs = {"bench"} if path.startswith("bench/") else verbs_of(path)
        for line, words in words_of(os.path.join(top, path)):
            for verb, option in COMMAND.findall(words):
                if option not in EVERY_VERB and verb not in options.get(option, ()):
                    yield f"{path}:{line}: vgic5 {verb} has no --{option}"
            for option in OPTION.findall(COMMAND.sub("", words)):
                if option in EVERY_VERB:
                    continue
                if verbs is None:
                    yield f"{path}:{line}: names --{option}; which verbs print it? (VERBS_OF)"
                elif option not in options:
                    yield f"{path}:{line}: there is no option --{option}"
                elif not verbs <= options[option]:
                    missing = ", ".join(sorted(verbs - options[option]))
                    yield f"{path}:{line}: --{option} is not for {missing}"


found = list(complaints())
print("\n".join(found))
print(("not ok" if found else "ok") + " 1 - every option that a message names is one of its verb")
sys.exit(bool(found))
