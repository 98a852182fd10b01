/* SPDX-License-Identifier: BSD-3-Clause */
/* ELF64 little-endian AArch64 executables, loaded by the physical addresses of their segments. */
#include <elf.h>
#include <errno.h>
#include <inttypes.h>
#include <stddef.h>
#include <string.h>

#include "machine/boot/image_parts.h"

/* Enough for any linker's output; it bounds the search for overlaps. */
#define MAX_PROGRAM_HEADERS 64u

struct segment {
    uint64_t offset, vaddr, paddr, filesz, memsz;
};

struct elf {
    struct segment segments[MAX_PROGRAM_HEADERS];
    size_t nr_segments;
    uint64_t entry; /* physical */
};

#define EHDR_AT(file, member) ((file).data + offsetof(Elf64_Ehdr, member))

bool image_is_elf(struct image_bytes file)
{
    return file.size >= SELFMAG && memcmp(file.data, ELFMAG, SELFMAG) == 0;
}

/* What must stand in the header for us to load it. */
static int check_header(const char *path, struct image_bytes file, struct vgic5_error *error)
{
    const struct {
        const char *name;
        uint32_t found, expected;
    } rows[] = {
        {"class", file.data[EI_CLASS], ELFCLASS64},
        {"data encoding", file.data[EI_DATA], ELFDATA2LSB},
        {"version", file.data[EI_VERSION], EV_CURRENT},
        {"type", image_le16(EHDR_AT(file, e_type)), ET_EXEC},
        {"machine", image_le16(EHDR_AT(file, e_machine)), EM_AARCH64},
        {"program header size", image_le16(EHDR_AT(file, e_phentsize)), sizeof(Elf64_Phdr)},
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        if (rows[i].found != rows[i].expected)
            return image_fail(error, -ENOEXEC, path,
                              "ELF %s is %" PRIu32 ", expected %" PRIu32
                              " (a little-endian AArch64 executable)",
                              rows[i].name, rows[i].found, rows[i].expected);
    }
    return 0;
}

static int check_program_headers(const char *path, struct image_bytes file,
                                 struct vgic5_error *error)
{
    uint64_t phoff = image_le64(EHDR_AT(file, e_phoff));
    uint64_t phnum = image_le16(EHDR_AT(file, e_phnum));

    if (phnum > MAX_PROGRAM_HEADERS)
        return image_fail(error, -ENOEXEC, path,
                          "ELF has %" PRIu64 " program headers, at most %u are read", phnum,
                          MAX_PROGRAM_HEADERS);
    if (phoff > file.size || phnum * sizeof(Elf64_Phdr) > file.size - phoff)
        return image_fail(error, -ENOEXEC, path,
                          "ELF program headers at 0x%" PRIx64 " lie beyond the end of the file",
                          phoff);
    return 0;
}

static int check_segment(const struct memory *memory, const char *path, struct image_bytes file,
                         unsigned n, const struct segment *s, struct vgic5_error *error)
{
    if (s->filesz > s->memsz)
        return image_fail(error, -ENOEXEC, path,
                          "ELF segment %u: p_filesz 0x%" PRIx64
                          " is larger than p_memsz 0x%" PRIx64,
                          n, s->filesz, s->memsz);
    if (s->offset > file.size || s->filesz > file.size - s->offset)
        return image_fail(error, -ENOEXEC, path,
                          "ELF segment %u: 0x%" PRIx64 " bytes at 0x%" PRIx64
                          " lie beyond the end of the file",
                          n, s->filesz, s->offset);
    if (!memory_at(memory, s->paddr, s->memsz))
        return image_fail(error, -ENOSPC, path,
                          "ELF segment %u: 0x%" PRIx64 " bytes at address 0x%" PRIx64
                          " are not all in RAM (0x%" PRIx64 ", 0x%" PRIx64 " bytes)",
                          n, s->memsz, s->paddr, memory->base, memory->size);
    return 0;
}

/* All segments have passed check_segment, so that no sum overflows. */
static int check_overlaps(const char *path, const struct elf *elf, struct vgic5_error *error)
{
    for (size_t i = 0; i < elf->nr_segments; i++) {
        for (size_t j = 0; j < i; j++) {
            const struct segment *a = &elf->segments[i], *b = &elf->segments[j];

            if (a->paddr < b->paddr + b->memsz && b->paddr < a->paddr + a->memsz)
                return image_fail(error, -ENOEXEC, path,
                                  "ELF segments at 0x%" PRIx64 " and 0x%" PRIx64 " overlap",
                                  b->paddr, a->paddr);
        }
    }
    return 0;
}

/* e_entry is a virtual address; the vCPU starts at the physical one, without an MMU. */
static int find_entry(const char *path, uint64_t entry, struct elf *elf, struct vgic5_error *error)
{
    for (size_t i = 0; i < elf->nr_segments; i++) {
        const struct segment *s = &elf->segments[i];

        if (entry >= s->vaddr && entry - s->vaddr < s->filesz && entry % 4 == 0) {
            elf->entry = s->paddr + (entry - s->vaddr);
            return 0;
        }
    }
    return image_fail(error, -ENOEXEC, path,
                      "ELF entry 0x%" PRIx64 " is no instruction of a loaded segment", entry);
}

static int parse_segments(const struct memory *memory, const char *path, struct image_bytes file,
                          struct elf *elf, struct vgic5_error *error)
{
    const uint8_t *p = file.data + image_le64(EHDR_AT(file, e_phoff));
    unsigned phnum = image_le16(EHDR_AT(file, e_phnum));

    for (unsigned n = 0; n < phnum; n++, p += sizeof(Elf64_Phdr)) {
        struct segment s = {
            .offset = image_le64(p + offsetof(Elf64_Phdr, p_offset)),
            .vaddr = image_le64(p + offsetof(Elf64_Phdr, p_vaddr)),
            .paddr = image_le64(p + offsetof(Elf64_Phdr, p_paddr)),
            .filesz = image_le64(p + offsetof(Elf64_Phdr, p_filesz)),
            .memsz = image_le64(p + offsetof(Elf64_Phdr, p_memsz)),
        };
        int ret;

        if (image_le32(p) != PT_LOAD || (s.memsz == 0 && s.filesz == 0))
            continue;
        ret = check_segment(memory, path, file, n, &s, error);
        if (ret)
            return ret;
        elf->segments[elf->nr_segments++] = s;
    }
    return 0;
}

static int parse(const struct memory *memory, const char *path, struct image_bytes file,
                 struct elf *elf, struct vgic5_error *error)
{
    int ret;

    if (file.size < sizeof(Elf64_Ehdr))
        return image_fail(error, -ENOEXEC, path, "ELF header is cut off after 0x%zx bytes",
                          file.size);
    if ((ret = check_header(path, file, error)) ||
        (ret = check_program_headers(path, file, error)) ||
        (ret = parse_segments(memory, path, file, elf, error)) ||
        (ret = check_overlaps(path, elf, error)))
        return ret;
    return find_entry(path, image_le64(EHDR_AT(file, e_entry)), elf, error);
}

/* BSS. What is zero already is only read, so that untouched RAM costs nothing. */
static void clear(uint8_t *at, uint64_t size)
{
    static const uint8_t zeros[4096];

    while (size != 0) {
        size_t n = size < sizeof(zeros) ? (size_t)size : sizeof(zeros);

        if (memcmp(at, zeros, n) != 0)
            memset(at, 0, n);
        at += n;
        size -= n;
    }
}

int image_load_elf(struct memory *memory, const char *path, struct image_bytes file,
                   struct loaded_image *image, struct vgic5_error *error)
{
    struct elf elf = {0};
    int ret = parse(memory, path, file, &elf, error);

    if (ret)
        return ret;
    *image = (struct loaded_image){.entry = elf.entry, .start = UINT64_MAX};
    for (size_t i = 0; i < elf.nr_segments; i++) {
        const struct segment *s = &elf.segments[i];
        uint8_t *to = memory_at(memory, s->paddr, s->memsz);

        memcpy(to, file.data + s->offset, s->filesz);
        clear(to + s->filesz, s->memsz - s->filesz);
        if (s->paddr < image->start)
            image->start = s->paddr;
        if (s->paddr + s->memsz > image->end)
            image->end = s->paddr + s->memsz;
    }
    return 0;
}
