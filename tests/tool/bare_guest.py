# SPDX-License-Identifier: BSD-3-Clause
"""Guests of a few instructions: arm64 Images made here."""
import struct

from conftest import vgic5

CODE = 0x40000040  # where the instructions are: behind the header, at the beginning of RAM

NOP, WFE, WFI, B_SELF, ISB = 0xd503201f, 0xd503205f, 0xd503207f, 0x14000000, 0xd5033fdf
UNMASK = 0xd50342ff  # msr daifclr, #2
LAST_WORDS = b"hello\nlast words\n"


def branch(words):
    return B_SELF | words & 0x3ffffff


def mov(register, value, lsl16=0):
    return 0xd2800000 | lsl16 << 21 | value << 5 | register


def movk(register, value):
    return 0xf2800000 | value << 5 | register


def printing(text):
    """Prints the text on the PL011."""
    code = [mov(2, 0x900, 1)]
    for byte in text:
        code += [mov(1, byte), 0x39000041]  # strb w1, [x2]
    return code


HELLO = printing(LAST_WORDS)


def image(*code, text_offset=0, size=0x10000, flags=0xa, magic=b"ARM\x64"):
    header = struct.pack("<IIQQQQQQ4sI", branch(16), 0, text_offset, size, flags, 0, 0, 0, magic, 0)
    return header + struct.pack(f"<{len(code)}I", *code)


def run_image(path, data, *more, **expect):
    path.write_bytes(data)
    return vgic5("run", "--kernel", path, "--mem", "4M", "--deterministic", *more, **expect)
