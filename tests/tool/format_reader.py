# SPDX-License-Identifier: BSD-3-Clause
"""A reader of snapshots that was written from doc/FORMAT.md alone: front to back, in one pass.

It knows nothing of the library's code, so that the text is tested and not only the program. XXH3 and
zstd come from their libraries. `read` checks what the text says of a container; `check_names` what
it says of the sections of a machine.
"""
import ctypes
import re
import struct

xxhash = ctypes.CDLL("libxxhash.so.0")
zstd = ctypes.CDLL("libzstd.so.1")


class U128(ctypes.Structure):
    _fields_ = [("low", ctypes.c_uint64), ("high", ctypes.c_uint64)]


xxhash.XXH3_64bits.restype = ctypes.c_uint64
xxhash.XXH3_64bits.argtypes = [ctypes.c_char_p, ctypes.c_size_t]
xxhash.XXH3_128bits.restype = U128
xxhash.XXH3_128bits.argtypes = [ctypes.c_char_p, ctypes.c_size_t]
zstd.ZSTD_getFrameContentSize.restype = ctypes.c_ulonglong
zstd.ZSTD_getFrameContentSize.argtypes = [ctypes.c_char_p, ctypes.c_size_t]
for name, arguments in (("ZSTD_findFrameCompressedSize", [ctypes.c_char_p, ctypes.c_size_t]),
                        ("ZSTD_decompress", [ctypes.c_char_p, ctypes.c_size_t] * 2)):
    getattr(zstd, name).restype = ctypes.c_size_t
    getattr(zstd, name).argtypes = arguments

PAGE, FRAME, FRAMED = 4096, 65536, 2**64 - 1
TYPE = re.compile(rb"[a-z0-9_.-]{1,31}\Z")


class Refused(Exception):
    def __init__(self, exit_code, words):
        super().__init__(words)
        self.exit_code = exit_code


def need(condition, words, exit_code=4):
    if not condition:
        raise Refused(exit_code, words)


def hash_64(data):
    return xxhash.XXH3_64bits(data, len(data))


def hash_128(data):
    found = xxhash.XXH3_128bits(data, len(data))
    return found.high.to_bytes(8, "big") + found.low.to_bytes(8, "big")


class Stream:
    """Bytes in one direction."""
    def __init__(self, data):
        self.data, self.at = data, 0

    def take(self, size, what):
        need(size <= len(self.data) - self.at, f"{what} at {self.at:#x} is cut off")
        self.at += size
        return self.data[self.at - size:self.at]


def padded_text(raw, what):
    text = raw.rstrip(b"\0")
    need(b"\0" not in text, f"{what} is not padded with zeros")
    return text


def read_header(stream):
    raw = stream.take(128, "file header")
    need(raw[:8] == b"\x89VGIC5\r\n", "magic")
    need(struct.unpack_from("<Q", raw, 120)[0] == hash_64(raw[:120]), "header checksum")
    major, minor, size, incompatible, compatible, autoclear = struct.unpack_from("<HHIQQQ", raw, 8)
    producer = padded_text(raw[40:104], "producer")
    need(len(producer) < 64 and all(0x20 <= c <= 0x7e for c in producer), "producer")
    need(major == 1, f"major version {major}", 5)
    need(not incompatible & ~1, f"incompatible features {incompatible:#x}", 5)
    need(128 <= size <= 4096 and size % 8 == 0, f"header size {size}")
    need(raw[104:120] == bytes(16), "reserved bytes of the header")
    return {"raw": raw + stream.take(size - 128, "file header"), "minor": minor,
            "incremental": bool(incompatible & 1), "producer": producer.decode(),
            "compatible": compatible, "autoclear": autoclear}


def leb128(stream):
    value = shift = 0
    while True:
        byte = stream.take(1, "LEB128")[0]
        value |= (byte & 0x7f) << shift
        shift += 7
        if not byte & 0x80:
            need(value < 2**64 and (byte or shift == 7), "LEB128 is too long")
            return value
        need(shift < 70, "LEB128 is too long")


def read_fields(payload):
    stream, fields = Stream(payload), {}
    while stream.at < len(payload):
        kind, length = stream.take(2, "field")
        name = stream.take(length, "name")
        need(1 <= length <= 63 and all(0x21 <= c <= 0x7e for c in name), f"field name {name}")
        name = name.decode()
        need(name not in fields, f"field {name} twice")
        number = leb128(stream)
        need(kind in (1, 2, 3), f"field {name}: kind {kind}")
        value = leb128(stream)
        if kind != 1:
            value = stream.take(value, f"field {name}")
        if kind == 3:
            try:
                value = value.decode("utf-8")
            except UnicodeDecodeError as why:
                raise Refused(4, f"field {name}: {why}") from why
            need("\0" not in value, f"field {name}: NUL")
        fields[name] = (number, value)
    need(len(fields) <= 65536, "fields")
    return fields


def read_pages(record, stored, size, incremental):
    """{page: content} of one frame; zero pages of an incremental one are there too."""
    number, length, data, zero, encoding = struct.unpack_from("<IIHHI", record)
    need(number < (size + FRAME - 1) // FRAME, f"frame {number} is behind the memory")
    pages = [n for n in range(16) if data >> n & 1]
    room = min(FRAME, size - number * FRAME) // PAGE
    need(data | zero and not data & zero and not (data | zero) >> room, f"frame {number}: pages")
    need(incremental or not zero, f"frame {number}: zero pages in a full snapshot")
    need(record[16:] == hash_128(record[:16] + stored), f"frame {number}: hash")
    if encoding == 0:
        need(length == len(pages) * PAGE, f"frame {number}: length")
    else:
        need(encoding == 1 and 1 <= length < len(pages) * PAGE, f"frame {number}: encoding")
        need(zstd.ZSTD_getFrameContentSize(stored, length) == len(pages) * PAGE and
             zstd.ZSTD_findFrameCompressedSize(stored, length) == length, f"frame {number}: zstd")
        to = ctypes.create_string_buffer(len(pages) * PAGE)
        need(zstd.ZSTD_decompress(to, len(pages) * PAGE, stored, length) == len(pages) * PAGE,
             f"frame {number}: zstd")
        stored = to.raw
    found = {number * 16 + page: stored[at * PAGE:(at + 1) * PAGE]
             for at, page in enumerate(pages)}
    need(all(any(content) for content in found.values()), f"frame {number}: a page of zeros")
    return number, {**found, **{number * 16 + n: bytes(PAGE) for n in range(16) if zero >> n & 1}}


def read_memory(stream, section, incremental):
    index, last = b"", -1
    section["pages"] = {}
    while True:
        record = stream.take(32, "frame")
        number, length, data, zero, encoding = struct.unpack_from("<IIHHI", record)
        if number == 0xffffffff:
            break
        number, pages = read_pages(record, stream.take(length, "frame"), section["size"],
                                   incremental)
        need(number > last, f"frame {number} is out of order")
        last = number
        index += record
        section["pages"].update(pages)
    need((length, data, zero, encoding) == (len(index), 0, 0, 0), "the index's record")
    need(stream.take(length, "index") == index, "the index")
    need(record[16:] == hash_128(record[:16] + index), "the index's hash")
    section["nr_frames"] = len(index) // 32
    return index


def read_section(stream, raw, incremental):
    start = stream.at - 96
    need(struct.unpack_from("<Q", raw, 88)[0] == hash_64(raw[:88]), "section header's checksum")
    kind, = struct.unpack_from("<I", raw, 4)
    name = padded_text(raw[8:40], "type")
    instance, version, flags, length, address, size, reserved = struct.unpack_from("<QIIQQQQ", raw,
                                                                                    40)
    need(TYPE.match(name) and kind >= 1 and not flags & ~1 and not reserved, "section header")
    section = {"type": name.decode(), "instance": instance, "version": version, "kind": kind,
               "required": bool(flags), "address": address, "size": size, "nr_frames": 0}
    if kind == 2:
        need(length == FRAMED and size and not address % PAGE and not size % PAGE and
             size <= 2**40 and address + size <= 2**56, "memory section's header")
        payload = read_memory(stream, section, incremental)
    else:
        need(length <= 128 << 20 and not address and not size, "section header")
        payload = stream.take(length, f"section {section['type']}")
    foot = stream.take(32, "section footer")
    need(foot[:4] == b"ENDS" and
         struct.unpack_from("<IQ", foot, 4) == (section["nr_frames"], stream.at - start) and
         foot[16:] == hash_128(raw + payload + foot[:16]), f"section {section['type']}: footer")
    if kind == 1:
        section["fields"] = read_fields(payload)
    elif kind != 2:
        section["raw"] = payload
    section["length"] = length
    section["entry"] = raw + struct.pack("<QQ", start, stream.at - start) + foot[16:]
    return section


def check_sections(sections, incremental):
    need(len(sections) <= 4096, "sections")
    need(len({(s["type"], s["instance"]) for s in sections}) == len(sections), "a section twice")
    memory = sorted((s["address"], s["size"]) for s in sections if s["kind"] == 2)
    need(len(memory) <= 64 and sum(size for _, size in memory) <= 2**40, "memory")
    need(all(a[0] + a[1] <= b[0] for a, b in zip(memory, memory[1:])), "memory overlaps")
    need(sum(s["length"] for s in sections if s["kind"] != 2) <= 256 << 20, "payload")
    need(sum(len(s.get("fields", ())) for s in sections) <= 1048576, "fields")
    base = [s for s in sections if (s["type"], s["instance"]) == ("base", 0)]
    need(bool(base) == incremental, "base and its feature bit")
    need(not base or len(base[0]["fields"]["ROOT"][1]) == 16, "base")


def read(data):
    """The snapshot in `data`, or Refused with its exit code."""
    stream = Stream(data)
    header = read_header(stream)
    sections = []
    while True:
        raw = stream.take(96, "section header")
        if raw[:4] != b"SECT":
            break
        sections.append(read_section(stream, raw, header["incremental"]))
    entries = b"".join(section["entry"] for section in sections)
    table = bytearray(96)
    struct.pack_into("<4sI", table, 0, b"TABL", 0)
    struct.pack_into("<Q", table, 40, len(sections))
    struct.pack_into("<Q", table, 56, len(entries))
    struct.pack_into("<Q", table, 88, hash_64(bytes(table[:88])))
    need(raw == bytes(table), "section table's header")
    at = stream.at - 96
    need(stream.take(len(entries), "section table") == entries, "section table")
    end = stream.take(48, "end record")
    need(end[:8] == b"\x89V5END\r\n" and struct.unpack_from("<QQ", end, 8) == (at, len(data)) and
         struct.unpack_from("<Q", end, 40)[0] == hash_64(end[:40]), "end record")
    root = hash_128(header["raw"] + raw + entries)
    need(end[24:40] == root, "root hash")
    need(stream.at == len(data), "bytes behind the end")
    check_sections(sections, header["incremental"])
    return {"header": header, "sections": sections, "root": root}


# ---- What the text says of a machine's sections


def names_in(text):
    """`A`, and `A0`–`A3` for each of them."""
    for first, last in re.findall(r"`(\w+)`(?:–`(\w+)`)?", text):
        if not last:
            yield first
            continue
        stem, low = re.match(r"(.*?)(\d+)$", first).groups()
        for n in range(int(low), int(last[len(stem):]) + 1):
            yield f"{stem}{n}"


def documented(text):
    """{type: {(name, kind): id or word}} of the tables and lists of FORMAT.md."""
    found, types = {}, ()
    part = text[text.index("## What a machine"):text.index("## Versions")]
    for line in re.sub(r"\n  +", " ", part).splitlines():  # a row in one line
        if line.startswith("**`"):
            types = re.findall(r"\*\*`(\w+)`\*\*", line)
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if not line.startswith("| `") or len(cells) < 4:
            cells = re.findall(r"^- (`.*?): id (\w+), ([nbt])\b", line)
            cells = [cells[0][0], cells[0][1], cells[0][2]] if cells else None
        for kind in types if cells else ():
            for name in names_in(cells[0]):
                found.setdefault(kind, {})[name, cells[2]] = cells[1]
    return found


def check_names(snapshot, text):
    """Every field of the sections that the text names is in it, with its kind and id."""
    tables = documented(text)
    for section in snapshot["sections"]:
        if section["type"] not in tables:
            assert section["type"] in ("memory", "base"), section["type"]
            continue
        assert section["version"] == 1 and section["required"]
        for name, (number, value) in section["fields"].items():
            kind = "t" if isinstance(value, str) else "b" if isinstance(value, bytes) else "n"
            where = f"{section['type']} {name}"
            assert (name, kind) in tables[section["type"]], f"{where} is not in FORMAT.md"
            said = tables[section["type"]][name, kind]
            if said == "enc":
                assert number >> 14 in (2, 3), f"{where}: id {number:#x} is no encoding"
            elif said == "offset":
                assert number % 4 == 0 and number < 0x10000, f"{where}: id {number:#x}"
            else:
                assert number == int(said), f"{where}: id {number:#x}, FORMAT.md says {said}"
    return tables
