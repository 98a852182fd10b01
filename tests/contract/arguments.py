# SPDX-License-Identifier: BSD-3-Clause
"""Writes a program that calls each public function with each pointer absent, and each number wrong.

What it calls, it reads from the prototypes of the headers; what it passes beside the argument in
question is good. A pointer that may be NULL has to be in MAY_BE_NULL, so that a new function is
held to the rule of device.h until its header says otherwise.
"""
import re
import sys

MAY_BE_NULL = {"error", "opaque", "options", "config", "host", "prefix", "report", "summary", "calls"}
MAY_BE_NULL_IN = {("vgic5_destroy", "device"), ("vgic5_state_free", "state"),
                  ("vgic5_create", "config"), ("vgic5_create", "host"), ("vgic5_why", "vcpu")}
MUST_IN = {("vgic5_get_config", "config")}
NO_SUCH = {"vgic5_vcpu_id": "UINT32_MAX", "vgic5_state_vcpu_id": "UINT32_MAX"}
SIZES = {"size", "words"}  # of a buffer: the caller's word is taken for it
GOOD = {
    "struct vgic5 **": "&s.made", "struct vgic5 *": "s.device", "struct vgic5_vcpu *": "s.vcpu",
    "struct vgic5_attr *": "&s.attr", "struct vgic5_config *": "&s.config",
    "struct vgic5_host *": "&s.host", "struct vgic5_mmio *": "&s.mmio",
    "struct vgic5_port *": "&s.port", "struct vgic5_step *": "s.step",
    "struct vgic5_state **": "&s.made_state", "struct vgic5_state *": "s.state",
    "struct vgic5_guest_reader *": "&s.reader", "struct vgic5_migration_options *": "&s.options",
    "struct vgic5_conform_check *": "&s.check", "struct vgic5_conform_ops *": "&s.ops",
    "struct vgic5_conform_summary *": "&s.summary", "struct vgic5_kvm *": "&s.kvm",
    "struct vgic5_why *": "&s.why", "struct vgic5_kvm_calls *": "&s.calls", "struct vgic5_snapshot *": "s.snapshot",
    "struct vgic5_snapshot_writer *": "s.writer", "struct vgic5_error *": "&s.error",
    "uint64_t *": "s.words", "uint32_t *": "&s.number", "size_t *": "&s.size", "bool *": "&s.flag",
    "void *": "s.words", "char *": '"ICC_PCR"',
}
NUMBER = {"size": "8", "words": "4", "abi": "1", "id": "3", "vcpu_id": "3", "ppi": "27", "n": "0",
          "irq": "VGIC5_IRQ_SPI(1)", "encoding": "VGIC5_ICC_PCR",
          "intid": "VGIC5_INTID(VGIC5_SPI, 1)"}


def functions(path):
    text = re.sub(r"/\*.*?\*/", "", open(path, encoding="utf-8").read(), flags=re.S)
    text = "\n".join(line for line in text.split("\n") if not line.startswith("#"))
    pattern = r"^((?:const |struct |enum |int |void |bool |uint\d+_t |size_t )[^;{}()=]*?)" \
              r"\b(vgic5_\w+)\(([^;{}]*?)\);"
    for result, name, parameters in re.findall(pattern, text, flags=re.M | re.S):
        yield " ".join(result.split()), name, list(split(" ".join(parameters.split())))


def split(text):
    """(type, name) of each parameter; a function's type is "()"."""
    depth, start = 0, 0
    for at, letter in enumerate(text + ","):
        depth += (letter == "(") - (letter == ")")
        if letter == "," and depth == 0:
            one = text[start:at].strip()
            start = at + 1
            if one in ("", "void"):
                continue
            pointer = re.search(r"\(\*(\w+)\)", one)
            if pointer:
                yield "()", pointer[1]
            else:
                match = re.match(r"(.*?)(\w+)$", one)
                yield match[1].replace("const ", "").strip(), match[2]


def good(kind, name, function):
    if kind == "()":
        return "NULL"
    if "*" in kind:
        return GOOD[kind]
    if name == "size" and function.endswith("_sized"):
        return "0"
    return NUMBER.get(name, "0")


def may_be_null(function, name):
    if (function, name) in MUST_IN:
        return False
    return name in MAY_BE_NULL or (function, name) in MAY_BE_NULL_IN


def nothing(result, function):
    if function in NO_SUCH:
        return NO_SUCH[function]
    return {"int": "-EINVAL", "bool": "false"}.get(result, "NULL" if "*" in result else "0")


def main(headers):
    checks, calls = [], 0
    for header in headers:
        for result, function, parameters in functions(header):
            values = [good(kind, name, function) for kind, name in parameters]
            for at, (kind, name) in enumerate(parameters):
                is_pointer = "*" in kind or kind == "()"
                if name in SIZES or kind == "":
                    continue
                if function == "vgic5_kvm_look" and may_be_null(function, name):
                    continue  # would look at this host
                if function.endswith("_free") or function == "vgic5_destroy":
                    continue  # NULL is what other tests pass
                wrong = "NULL" if is_pointer else "(%s)UINT64_MAX" % kind
                call = "%s(%s)" % (function, ", ".join(values[:at] + [wrong] + values[at + 1:]))
                calls += 1
                if is_pointer and not may_be_null(function, name) and result != "void":
                    checks.append('    open_scene(&s); if (%s != %s) fail("%s", "%s"); '
                                  'close_scene(&s);' % (call, nothing(result, function), function, name))
                else:
                    checks.append("    open_scene(&s); (void)%s; close_scene(&s);" % call)
    print('#include "arguments.h"\n\nunsigned call_each(void)\n{\n    struct scene s;\n')
    print("\n".join(checks))
    print("    return %d;\n}" % calls)


main(sys.argv[1:])
