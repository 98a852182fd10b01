# SPDX-License-Identifier: BSD-3-Clause
"""What guests write by hand says what the tables of src/facts say.

A guest has no header of the library: what it calls a register, a field or an instruction is a list
of its own. It is compared with vgic5/arch.h, which is made from the tables, and with facts/map.h.
"""
import os
import re
import sys

top = sys.argv[1]
NOT_OURS = {"ICC_HAPR"}  # removed from the architecture: guests see that it is UNDEFINED


def read(path):
    with open(os.path.join(top, path), encoding="utf-8") as file:
        return file.read()


def numbers(words):
    return tuple(int(word) for word in re.findall(r"\d+", words))


def encodings(arch):
    named = {name: numbers(words) for name, words in
             re.findall(r"#define VGIC5_(\w+) +VGIC5_ENCODING\(([\d, ]+)\)", arch)}
    for name, words, last in re.findall(r"#define VGIC5_(\w+)\(n\) +\(VGIC5_ENCODING\(([\d, ]+)\)"
                                        r" \+ \(n\)\) /\* 0\.\.(\d+)", arch):
        op0, op1, crn, crm, op2 = numbers(words)
        for n in range(int(last) + 1):
            named[f"{name}{n}"] = (op0, op1, crn, crm + (op2 + n) // 8, (op2 + n) % 8)
    return named


ARCH = read("include/vgic5/arch.h")
ENCODING = encodings(ARCH)
NUMBER = {name: int(value, 16) for name, value in
          re.findall(r"#define VGIC5_(\w+) +(?:UINT64_C\()?(0x[0-9a-f]+)u?\b", ARCH)}
IRS_BASE = int(re.search(r"MAP_IRS_BASE (0x[0-9a-f]+)", read("src/facts/map.h"))[1], 16)


def of_header(text):
    """guests/kit/gic.h: (name, what it says, what the tables say)"""
    for name, words in re.findall(r'#define (ICC_\w+) "S([^"]+)"', text):
        yield name, numbers(words), ENCODING.get(name)
    for name, bit in re.findall(r"#define (ICSR_\w+) \(1u << (\d+)\)", text):
        yield name, 1 << int(bit), NUMBER.get("ICC_" + name)
    for name, value in re.findall(r"^    (IRS_\w+) = (0x[0-9a-f]+),", text, re.M):
        yield name, int(value, 16), NUMBER.get(name)
    for name, words in re.findall(r"gic_(cd\w+)\([^)]*\)\n\{\n    GIC\((\d, \d),", text):
        yield name, (1, 0, 12, *numbers(words)), ENCODING.get(name.upper())
    for name, words in re.findall(r'(g?sb_\w+|gic_\w+)\(void\)\n\{[^}]*?"sysl? ([^"]+)"', text):
        words = re.sub(r"%\d", "", words)
        yield name, (1, *numbers(words)), ENCODING.get(name.removeprefix("gic_").upper())
    for value in re.findall(r"#define IRS_BASE (0x[0-9a-f]+)", text):
        yield "IRS_BASE", int(value, 16), IRS_BASE


def of_assembly(text):
    """#define NAME SYS(…), and an instruction whose comment is its name."""
    for name, words in re.findall(r"#define (\w+) SYS\(([\d, ]+)\)", text):
        yield name, numbers(words), ENCODING.get(name)
    for words, name in re.findall(r"^ +sysl? +(?:x\d+, )?(#0, c12, c\d+, #\d)[^\n/]*// (CD\w+)",
                                  text, re.M):
        yield name, (1, *numbers(words)), ENCODING.get(name)
    for words, name in re.findall(r"^ +msr s(\w+), x\d+ +// (ICC_\w+)_EL1", text, re.M):
        yield name, numbers(words.replace("_", " ")), ENCODING.get(name)
    for value in re.findall(r"#define IRS (0x[0-9a-f]+)", text):
        yield "IRS", int(value, 16), IRS_BASE
    for value, name in re.findall(r"#(0x[0-9a-f]+)\] +// (IRS_\w+)", text):
        yield name, int(value, 16), NUMBER.get(name)


LISTS = [("guests/kit/gic.h", of_header, 55), ("tests/machine/guest.S", of_assembly, 14),
         ("tests/kvmd/guest.S", of_assembly, 11)]
failed = False
for number, (path, names, least) in enumerate(LISTS, 1):
    rows = [row for row in names(read(path)) if row[0] not in NOT_OURS]
    wrong = [f"{path}: {name} is {here}, in the tables {there}" for name, here, there in rows
             if here != there]
    if len(rows) < least:
        wrong.append(f"{path}: {len(rows)} names are recognised, expected {least} or more")
    failed |= bool(wrong)
    print("\n".join(wrong), end="\n" if wrong else "")
    print(f"{'not ok' if wrong else 'ok'} {number} - {path}: {len(rows)} names")
sys.exit(failed)
