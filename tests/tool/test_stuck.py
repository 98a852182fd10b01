# SPDX-License-Identifier: BSD-3-Clause
"""A guest that cannot leave its state: exit 8, and words that say where, why and what it said last."""
import re

import pytest

from bare_guest import B_SELF, CODE, HELLO, ISB, LAST_WORDS, NOP, UNMASK, WFE, WFI, branch, image, \
    mov, movk, run_image
from conftest import vgic5

AFTER_HELLO = CODE + 4 * len(HELLO)
EMPTY_LOOP = "a loop that does nothing, and no interrupt can end it"
NO_VECTORS = "exceptions in a row without one instruction executed, beginning at "
WAITS = "every vCPU waits for an interrupt or is off, and nothing can wake one"
VECTORS = [mov(0, 0x4000, 1), 0x91404000, 0xd518c000]  # add x0, x0, #0x10000; msr vbar_el1, x0


def at(n, words=""):
    return f"PC {AFTER_HELLO + 4 * n:#x}{words}"


@pytest.mark.parametrize("code, why, where", [
    ([B_SELF], EMPTY_LOOP, at(0)),
    ([NOP, branch(-1)], EMPTY_LOOP, at(0)),
    ([WFE, branch(-1)], EMPTY_LOOP, "PC 0x4000"),
    ([WFE, ISB, branch(-2)], EMPTY_LOOP, "PC 0x4000"),
    ([UNMASK, B_SELF], EMPTY_LOOP, at(1)),
    ([WFI, branch(-1)], WAITS, at(1)),
    ([UNMASK, WFI, branch(-1)], WAITS, at(2)),
    ([mov(0, 0x8400, 1), movk(0, 2), 0xd4000002], WAITS, "the last one, vCPU 0, is off"),  # CPU_OFF
    ([mov(0, 0x1000, 1), 0xd61f0000], NO_VECTORS + "PC 0x10000000 (no RAM there) with ESR_EL1 "
     "0x2000000;", "PC 0x200"),
    ([mov(0, 0x900, 1), 0xd61f0000], NO_VECTORS + "PC 0x9000000 (no RAM there)", "PC 0x200"),
    ([0x92800000, 0xd61f0000], "with ESR_EL1 0x86000000 FAR_EL1 0xffffffffffffffff;", "PC 0x200"),
    ([0], NO_VECTORS + at(0, " with ESR_EL1 0x2000000;"), "PC 0x200"),
    ([0xd4200000], NO_VECTORS + at(0, " with ESR_EL1 0xf2000000;"), "PC 0x200"),  # brk
    ([0xd4000003], NO_VECTORS + at(0, " with ESR_EL1 0x2000000;"), "PC 0x200"),  # smc
    ([0x92800000, 0xf9400001], NO_VECTORS + at(1, " with ESR_EL1 0x96000000 FAR_EL1 "
     "0xffffffffffffffff;"), "PC 0x200"),
    (VECTORS + [0], "the same exception, beginning at " + at(3), "ELR_EL1 0x40010204"),
    ([mov(0, 0x10), 0xd5184000, 0xd69f03e0], "a return to AArch32", at(2)),
])
@pytest.mark.parametrize("real_time", [False, True], ids=["deterministic", "real-time"])
def test_a_guest_that_cannot_leave_its_state_is_8(code, why, where, real_time, tmp_path):
    # Vectors at 64 KiB, whose handler of synchronous exceptions is undefined in its second word.
    data = image(*HELLO, *code).ljust(0x10200, b"\0") + NOP.to_bytes(4, "little")
    (tmp_path / "guest").write_bytes(data)
    result = vgic5("run", "--kernel", tmp_path / "guest", "--mem", "4M",
                   *([] if real_time else ["--deterministic"]), status=8)
    assert result.out == LAST_WORDS
    told, last = result.err.rsplit("vgic5: run: ", 1)
    assert told == "the last lines of the console:\n  | hello\n  | last words\n"
    assert "vCPU 0" in last and why in last and where in last
    assert "is off" in last or re.search(r"ESR_EL1 0x\w+ FAR_EL1 0x\w+$", last.strip())


def test_the_second_vcpu_is_named(tmp_path):
    """vCPU 0 starts vCPU 1 and waits; that one executes a zero."""
    entry = AFTER_HELLO + 4 * 9
    code = [mov(0, 0xc400, 1), movk(0, 3), mov(1, 1), mov(2, entry >> 16, 1),
            movk(2, entry & 0xffff), mov(3, 0), 0xd4000002, WFI, branch(-1)]  # CPU_ON
    result = run_image(tmp_path / "guest", image(*HELLO, *code, 0), "--smp", "2", status=8)
    assert "vCPU 1: 1000 " + NO_VECTORS + f"PC {entry:#x}" in result.err


def test_a_restored_guest_says_the_same(tmp_path):
    guest = image(*HELLO, *VECTORS, 0).ljust(0x10200, b"\0") + NOP.to_bytes(4, "little")
    first = run_image(tmp_path / "guest", guest, "--save", tmp_path / "s", "--save-at-insn", 10,
                      status=8)
    again = vgic5("restore", tmp_path / "s", status=8)
    assert first.out == LAST_WORDS and first.out.endswith(again.out)
    assert again.err.split("vCPU 0")[1] in first.err
