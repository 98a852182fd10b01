# SPDX-License-Identifier: BSD-3-Clause
"""What the papers and the man page show can be used as it stands.

Every command line is compared with the tool's tables, in code blocks and in a sentence, and what
can run here runs. Every JSON object is parsed, and every control command is sent to a guest."""
import json
import os
import re
import shlex
import subprocess

import pytest

from conftest import BUILD, TOP, vgic5
from running_guest import demo

PAPERS = [os.path.join(folder, name) for folder in ("", "doc", "doc/facts", "bench", "guests")
          for name in sorted(os.listdir(os.path.join(TOP, folder))) if name.endswith(".md")]
OPTIONS = open(os.path.join(TOP, "src/tool/options.def"), encoding="utf-8").read()
VERBS = re.findall(r"^VERB\((\w+),", open(os.path.join(TOP, "src/tool/verbs.def"),
                                         encoding="utf-8").read(), re.M)


def takes_an_argument():
    """{option: (does it take an argument?, its verbs)}"""
    options = {}
    for row in re.split(r"^OPTION\(", OPTIONS, flags=re.M)[1:]:
        name, kind = re.match(r'\w+,\s*"([\w-]+)",\s*(\w+),', row).groups()
        _, verbs = options.get(name, (None, set()))  # some have a row for each verb
        options[name] = (kind != "FLAG", verbs | set(re.findall(r"FOR\((\w+)\)", row)))
    return options


def man_page():
    """The man page as a reader sees it."""
    page = os.path.join(BUILD, "doc", "vgic5.1")
    shown = subprocess.run(["groff", "-man", "-Tutf8", "-P-c", "-rLL=500n", page],
                           stdout=subprocess.PIPE, check=True).stdout.decode()
    return re.sub(r"\x1b\[[\d;]*m|.\x08", "", shown)


def text_of(name):
    if name == "the man page":
        return man_page()  # its synopsis comes from the table of options
    with open(os.path.join(TOP, name), encoding="utf-8") as file:
        return file.read()


def command_lines(text):
    """Each line of a code block that calls the tool, continuations joined."""
    text = text[text.find("\nPIPES") + 1:]  # of the man page: before that stand no examples
    for line in code_lines(text):
        for part in re.split(r" \| (?:ssh \w+ )?", re.sub(r"^\$ |\s+#.*| &$", "", line)):
            if re.match(r"(build/)?vgic5 \w", part):
                yield part


def code_lines(text):
    """The lines of code blocks, continuations joined; of the man page all."""
    fenced = False
    for line in re.sub(r"\\\n\s*", " ", text).splitlines():
        if line.startswith("```"):
            fenced = not fenced
        elif fenced or line.startswith((" " * 4, "$ ")):
            yield line.strip()


def spans(text):
    """What stands between backquotes in a sentence, which may go on in the next line."""
    text = re.sub(r"^```.*?^```", "", text, flags=re.M | re.S)
    for span in re.findall(r"(?<!`)`([^`]+)`(?!`)", text):
        yield " ".join(span.split())


def is_an_example(words):
    return len(words) > 1 and words[1] in VERBS


def check(words):
    """Do the verb and its options exist, with their arguments, and so many operands?"""
    options, verb, operands = takes_an_argument(), words[1], 0
    rest = iter(words[2:])
    for word in rest:
        if word in ("|", ">"):
            break
        if word == "--":  # a command of somebody else's
            operands += 1 + (next(rest, None) is not None)
            break
        if not word.startswith("--"):
            operands += 1
            continue
        name, equals, _ = word[2:].partition("=")
        assert name in options, f"{verb} has no option --{name}"
        argument, verbs = options[name]
        assert verb in verbs, f"--{name} is not for {verb}"
        if argument and not equals:
            assert next(rest, None) is not None, f"--{name} without its argument"
    row = re.search(rf'^VERB\({verb},\s*"([^"]*)"', open(
        os.path.join(TOP, "src/tool/verbs.def"), encoding="utf-8").read(), re.M)
    assert operands == len(row.group(1).split()), f"{verb} with {operands} operands"


@pytest.mark.parametrize("name", [*PAPERS, "the man page"])
def test_every_command_line(name):
    for line in command_lines(text_of(name)):
        words = shlex.split(line)
        if is_an_example(words) and not any(word.isupper() or "[" in word for word in words):
            check(words)


# Of the project's other programs, and of somebody else's.
OTHER_OPTIONS = {"--long", "--only", "--shared", "--suite", "--update",
                 "--vex-iropt-register-updates"}


@pytest.mark.parametrize("name", PAPERS)
def test_every_command_and_option_in_a_sentence(name):
    options = takes_an_argument()
    for span in spans(text_of(name)):
        words = span.split()
        if words[0] == "vgic5" and len(words) > 1 and not words[1].startswith("-"):
            assert words[1] in [*VERBS, "VERB"], span
            for word in words[2:]:
                if word.startswith("--") and len(word) > 2:
                    option = word[2:].partition("=")[0]
                    assert option == "help" or words[1] in options[option][1], span
        elif re.match(r"--[a-z]", span):
            option = re.split(r"[ =\[]", span)[0]
            assert option[2:] in options or option in OTHER_OPTIONS, span


@pytest.mark.parametrize("name", PAPERS)
def test_every_script_that_a_command_calls(name):
    for line in code_lines(text_of(name)):
        for path in re.findall(r"(?:^|[\s(\"])((?:\./|guests/|tools/|bench/)[\w./-]+)", line):
            if not path.startswith("./build"):
                assert os.access(os.path.join(TOP, path), os.X_OK) or path.endswith(
                    (".c", ".def", ".py", ".json", "/")), f"{path}: {line}"


def test_there_are_examples():
    assert sum(1 for _ in command_lines(text_of("README.md"))) >= 15
    assert sum(1 for _ in command_lines(man_page())) >= 5


def test_the_examples_of_the_tool_run(tmp_path):
    """README's, in their order, as they are written, in a directory of its own."""
    (tmp_path / "build").symlink_to(BUILD)
    ran = 0
    text = text_of("README.md")
    section = text[text.index("\n## The tool"):text.index("\nA guest that runs takes commands")]
    for line in command_lines(section):
        words = shlex.split(line)
        if words[1] == "bench":
            continue  # a measurement
        status = 1 if words[1] == "diff" else 0  # the two are not the same
        done = subprocess.run([os.path.join(BUILD, "vgic5"), *words[1:]], cwd=tmp_path, timeout=120,
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE)
        assert done.returncode == status, (line, done.stderr.decode())
        ran += 1
    assert ran >= 10


def objects(text):
    """The JSON objects that a text shows, whole: others may stand in them, over several lines."""
    decoder, at = json.JSONDecoder(), 0
    while found := re.compile(r'\{\s*"').search(text, at):
        shown, at = decoder.raw_decode(text, found.start())
        yield shown


def control_commands(text):
    return [request for request in objects(text) if "command" in request]


@pytest.mark.parametrize("name", [*PAPERS, "the man page"])
def test_every_JSON_object(name):
    list(objects(text_of(name)))
    assert not re.search(r'\{\w+: ', text_of(name)), "an object whose quotes are lost"


def test_what_is_not_JSON_is_found():
    assert list(objects('a {"b": {"c":\n [1, {"d": 2}]}} {"e": 3}.')) == [
        {"b": {"c": [1, {"d": 2}]}}, {"e": 3}]
    for wrong in ('{"a": b}', '{ "a" }', '{"a": 1', '{"a": "b"c"}'):
        with pytest.raises(json.JSONDecodeError):
            list(objects(wrong))


def test_every_control_command(tmp_path):
    """The man page has all; each, of any paper, is sent as shown, and none makes no sense (2)."""
    commands = control_commands(man_page())
    assert {request["command"] for request in commands} == {
        "status", "pause", "resume", "save", "cancel", "quit"}
    commands += [request for name in PAPERS for request in control_commands(text_of(name))]
    with demo(tmp_path, "--paused") as running:
        for request in sorted(commands, key=lambda request: request["command"] == "quit"):
            if request["command"] == "save":
                request = {**request, "file": str(tmp_path / "saved")}
                request.pop("base", None)
            answer = running.ask(request)
            assert answer["ok"] or answer["exit"] != 2, (request, answer)
