# SPDX-License-Identifier: BSD-3-Clause
"""Writes a program that calls each public function with each pointer absent, and each number wrong.

What it calls, it reads from the prototypes of the headers; what it passes beside the argument in
question is good. A pointer that may be NULL has to be in MAY_BE_NULL, and a number in WRONG with
what its header says of a wrong one, so that a new function is held to its header.
"""
import re
import sys

THE_RULE = "A pointer may be NULL where its function says so"  # each header has it
MAY_BE_NULL = {"error", "opaque", "options", "config", "host", "prefix", "report", "summary", "calls",
               "fs", "progress", "result", "content"}
MAY_BE_NULL_IN = {("vgic5_destroy", "device"), ("vgic5_state_free", "state"),
                  ("vgic5_create", "config"), ("vgic5_create", "host"), ("vgic5_why", "vcpu"),
                  ("vgic5_chain_open", "base"), ("vgic5_snapshot_base", "name"),
                  ("vgic5_ram_since", "pages")}
MUST_IN = {("vgic5_get_config", "config"), ("vgic5_saver_read", "opaque"),
           ("vgic5_pages_read", "opaque"), ("vgic5_pages_write", "opaque")}
NO_SUCH = {"vgic5_vcpu_id": "UINT32_MAX", "vgic5_state_vcpu_id": "UINT32_MAX"}
# Of a buffer or an array of the caller's: the caller's word is taken for it.
SIZES = {"size", "words", "frame_size", "nr_known", "nr_ranges"}
# Who frees what, unless the call is refused.
CONSUMED = {"vgic5_atomic_file_commit": "file", "vgic5_snapshot_end": "writer",
            "vgic5_snapshot_end_root": "writer", "vgic5_saver_finish": "saver"}
GOOD = {
    "struct vgic5 **": "&s.made", "struct vgic5 *": "s.device", "struct vgic5_vcpu *": "s.vcpu",
    "struct vgic5_attr *": "&s.attr", "struct vgic5_config *": "&s.config",
    "struct vgic5_host *": "&s.host", "struct vgic5_mmio *": "&s.mmio",
    "struct vgic5_port *": "&s.port", "struct vgic5_step *": "s.step",
    "struct vgic5_state **": "&s.made_state", "struct vgic5_state *": "s.state",
    "struct vgic5_guest_reader *": "&s.reader", "struct vgic5_migration_options *": "&s.options",
    "struct vgic5_conform_check *": "&s.check", "struct vgic5_conform_ops *": "&s.ops",
    "struct vgic5_conform_summary *": "&s.summary", "struct vgic5_kvm *": "&s.kvm",
    "struct vgic5_why *": "&s.why", "struct vgic5_kvm_calls *": "&s.calls",
    "struct vgic5_snapshot *": "s.snapshot", "struct vgic5_snapshot **": "&s.made_snapshot",
    "struct vgic5_snapshot_writer *": "s.writer",
    "struct vgic5_snapshot_writer **": "&s.made_writer",
    "struct vgic5_snapshot_header *": "&s.header", "struct vgic5_section *": "s.memory",
    "struct vgic5_frame *": "&s.frame", "struct vgic5_memory_from *": "&s.from",
    "struct vgic5_fields *": "s.fields", "struct vgic5_sink *": "&s.sink",
    "struct vgic5_source *": "&s.source", "struct vgic5_open_options *": "&s.open",
    "struct vgic5_fs *": "&s.fs", "struct vgic5_atomic_file *": "s.file",
    "struct vgic5_atomic_file **": "&s.made_file", "struct vgic5_chain *": "s.chain",
    "struct vgic5_chain **": "&s.made_chain", "struct vgic5_progress *": "&s.progress",
    "struct vgic5_pages *": "s.pages", "struct vgic5_pages **": "&s.made_pages",
    "struct vgic5_ram *": "s.ram", "struct vgic5_ram **": "&s.made_ram",
    "struct vgic5_ram_range *": "&s.range", "struct vgic5_ram_options *": "&s.ram_options",
    "struct vgic5_saver *": "open_saver(&s)", "struct vgic5_saver **": "&s.made_saver",
    "struct vgic5_save_request *": "&s.request", "struct vgic5_save_result *": "&s.result",
    "struct vgic5_error *": "&s.error", "uint8_t *": "s.root", "uint64_t *": "s.words",
    "uint32_t *": "&s.number", "size_t *": "&s.size", "bool *": "&s.flag", "void *": "s.words",
    "void **": "&s.content", "char **": "&s.text", "char *": '"ICC_PCR"',
}
GOOD_IN = {
    ("vgic5_add_vcpu", "device"): "s.fresh", ("vgic5_pages_read", "opaque"): "s.pages",
    ("vgic5_pages_write", "opaque"): "s.pages", ("vgic5_saver_read", "opaque"): "open_saver(&s)",
    ("vgic5_chain_open", "base"): "NULL", ("vgic5_snapshot_put_memory", "memory"): "s.page",
    ("vgic5_snapshot_load_memory", "to"): "s.page", ("vgic5_snapshot_load_frame", "frame"): "s.page",
    ("vgic5_chain_load_frame", "frame"): "s.page", ("vgic5_snapshot_find", "type"): '"memory"',
    ("vgic5_snapshot_require_known", "known"): "s.known",
    ("vgic5_fields_get_u64", "name"): '"U64"', ("vgic5_fields_get_bytes", "name"): '"BYTES"',
    ("vgic5_fields_get_text", "name"): '"TEXT"', ("vgic5_chain_flatten", "path"): "other_path()",
    ("vgic5_atomic_file_create", "path"): "other_path()", ("vgic5_ram_since", "pages"): "s.words",
}
GOOD_NAMED = {"path": "path()", "type": '"test"', "producer": '"a test"'}
MEMORY = "65536"
NUMBER = {"words": "4", "abi": "1", "id": "3", "vcpu_id": "3", "ppi": "27", "n": "0", "kind": "77",
          "base": "0x400000", "nr_known": "1", "nr_ranges": "1", "ipa": "0x100000",
          "address": "0x100000", "instance": "0x100000", "most": "1", "version": "1",
          "irq": "VGIC5_IRQ_SPI(1)", "encoding": "VGIC5_ICC_PCR",
          "intid": "VGIC5_INTID(VGIC5_SPI, 1)"}
NUMBER_IN = {("vgic5_snapshot_put_memory", "size"): MEMORY,
             ("vgic5_snapshot_put_memory_from", "size"): MEMORY,
             ("vgic5_fields_put_u64", "id"): "0"}
# What the headers say of a number that is none of those that are allowed (all ones, if nothing else
# is said here), or of one that cannot be wrong.
WRONG_VALUE = {("vgic5_group_name", "group"): "VGIC5_STEP_NO_GROUP - 1",
               ("vgic5_snapshot_put_raw", "kind"): "VGIC5_SECTION_MEMORY"}
WRONG = {
    "vgic5_add_vcpu": {"vcpu_id": "-E2BIG"}, "vgic5_vcpu": {"vcpu_id": "NULL"},
    "vgic5_vcpu_id": {"n": "UINT32_MAX"}, "vgic5_irq_line": {"irq": "-EINVAL"},
    "vgic5_ppi_line": {"ppi": "-EINVAL"}, "vgic5_read_guest": {"ipa": "-EFAULT"},
    "vgic5_write_guest": {"ipa": "-EFAULT"}, "vgic5_spi_enabled": {"spi": "false"},
    "vgic5_cpu_access": {"encoding": "VGIC5_UNHANDLED"}, "vgic5_why": {"intid": "-EINVAL"},
    "vgic5_why_word": {"reason": "NULL"},
    "vgic5_plan_step": {"abi": "NULL", "direction": "NULL", "n": "NULL"},
    "vgic5_plan_length": {"abi": "0", "direction": "0"}, "vgic5_step_needs": {"abi": "false"},
    "vgic5_group_name": {"group": "NULL"}, "vgic5_step_action_name": {"action": "NULL"},
    "vgic5_step_loop_name": {"loop": "NULL"}, "vgic5_abi_name": {"abi": "NULL"},
    "vgic5_state_vcpu_id": {"n": "UINT32_MAX"}, "vgic5_state_icc": {"n": "-ENOENT"},
    "vgic5_state_spi": {"id": "0"}, "vgic5_conform_check_at_sized": {"n": "-EINVAL"},
    "vgic5_kvm_conform_sized": {"abi": None},
    "vgic5_fields_put_u64": {"id": "0", "value": "0"}, "vgic5_fields_put_bytes": {"id": "0"},
    "vgic5_fields_put_text": {"id": "0"}, "vgic5_fields_at": {"n": "NULL"},
    "vgic5_snapshot_put_fields": {"instance": "0", "version": "0"},
    "vgic5_snapshot_put_memory": {"base": "-EINVAL", "size": "-EINVAL"},
    "vgic5_snapshot_put_memory_from": {"base": "-EINVAL", "size": "-EINVAL"},
    "vgic5_snapshot_put_raw": {"kind": "-EINVAL", "instance": "0", "version": "0"},
    "vgic5_snapshot_section": {"n": "NULL"}, "vgic5_snapshot_find": {"instance": "NULL"},
    "vgic5_snapshot_frame_sized": {"n": "-ENOENT"}, "vgic5_snapshot_load_frame": {"n": "-EINVAL"},
    "vgic5_chain_snapshot": {"level": "NULL"}, "vgic5_chain_memory": {"level": "NULL",
                                                                      "range": "NULL"},
    "vgic5_chain_has_frame": {"number": "false"}, "vgic5_chain_load_frame": {"number": "-EINVAL"},
    "vgic5_pages_frame": {"number": "-EINVAL"}, "vgic5_pages_read": {"ipa": "-EFAULT"},
    "vgic5_pages_write": {"ipa": "-EFAULT"}, "vgic5_ram_fill": {"most": "0"},
    "vgic5_ram_since": {"range": "false"}, "vgic5_saver_is_done": {"milliseconds": "true"},
    "vgic5_saver_read": {"address": "-EFAULT"},
}


def functions(path):
    text = re.sub(r"/\*.*?\*/", "", open(path, encoding="utf-8").read(), flags=re.S)
    text = "\n".join(line for line in text.split("\n") if not line.startswith("#"))
    pattern = r"^((?:const |struct |enum |int |unsigned |void |bool |uint\d+_t |size_t )[^;{}()=]*?)" \
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
    if (function, name) in GOOD_IN:
        return GOOD_IN[function, name]
    if kind == "()":
        return "NULL"
    if kind == "char *" and name in GOOD_NAMED:
        return GOOD_NAMED[name]
    if "*" in kind:
        return GOOD[kind]
    if name == "size":
        return NUMBER_IN.get((function, name), "0" if function.endswith("_sized") else "8")
    return NUMBER_IN.get((function, name), NUMBER.get(name, "0"))


def may_be_null(function, name):
    if (function, name) in MUST_IN:
        return False
    return name in MAY_BE_NULL or (function, name) in MAY_BE_NULL_IN


def nothing(result, function):
    if function in NO_SUCH:
        return NO_SUCH[function]
    return {"int": "-EINVAL", "bool": "false"}.get(result, "NULL" if "*" in result else "0")


def expected(result, function, kind, name):
    """What the call has to answer; None: it only has to come back."""
    if "*" in kind or kind == "()":
        refused = not may_be_null(function, name) and result != "void"
        return nothing(result, function) if refused else None
    if kind == "bool":
        return None  # none is wrong
    if name not in WRONG.get(function, {}):
        sys.exit(f"{function}: what does a wrong {name} answer? (WRONG)")
    return WRONG[function][name]


def calls_of(result, function, parameters):
    values = [good(kind, name, function) for kind, name in parameters]
    for at, (kind, name) in enumerate(parameters):
        if name in SIZES and name not in WRONG.get(function, {}):
            continue
        if function == "vgic5_kvm_look" and may_be_null(function, name):
            continue  # would look at this host
        wrong = "NULL" if "*" in kind or kind == "()" else "(%s)%s" % (
            kind, WRONG_VALUE.get((function, name), "UINT64_MAX"))
        call = "%s(%s)" % (function, ", ".join(values[:at] + [wrong] + values[at + 1:]))
        answer = expected(result, function, kind, name)
        judged = "(void)%s;" % call if answer is None else \
            'if (%s != %s) fail("%s", "%s", "%s");' % (call, answer, function, name, answer)
        consumed = CONSUMED.get(function)
        if consumed and name != consumed and may_be_null(function, name):
            judged += " s.%s = NULL;" % consumed
        yield "    open_scene(&s); %s close_scene(&s);" % judged


def main(headers):
    calls = []
    for header in headers:
        text = " ".join(open(header, encoding="utf-8").read().replace("\n *", " ").split())
        if THE_RULE not in text:
            sys.exit(f"{header} does not say: {THE_RULE}")
        for result, function, parameters in functions(header):
            calls += calls_of(result, function, parameters)
    print('#include "arguments.h"\n\nunsigned call_each(void)\n{\n    struct scene s;\n')
    print("\n".join(calls))
    print("    return %d;\n}" % len(calls))


main(sys.argv[1:])
