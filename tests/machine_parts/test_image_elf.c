/* SPDX-License-Identifier: BSD-3-Clause */
/* AArch64 ELF executables, honest ones and others. */
#include "image_files.h"

#include <elf.h>
#include <errno.h>
#include <string.h>

#define NR_SEGMENTS 3u
#define TEXT_AT 0x1000u
#define FILE_SIZE 0x3000u

struct executable {
    Elf64_Ehdr header;
    Elf64_Phdr segments[NR_SEGMENTS];
    uint8_t rest[FILE_SIZE - sizeof(Elf64_Ehdr) - NR_SEGMENTS * sizeof(Elf64_Phdr)];
};

static struct executable elf;

/* Text at the base, data with BSS 1 MiB behind, and a note that is not loaded. */
static void make_elf(void)
{
    uint8_t *bytes = (uint8_t *)&elf;

    for (size_t i = 0; i < sizeof(elf); i++)
        bytes[i] = (uint8_t)(i * 11 + (i >> 8));
    elf.header = (Elf64_Ehdr){.e_ident = {0x7f, 'E', 'L', 'F', ELFCLASS64, ELFDATA2LSB, EV_CURRENT},
                              .e_type = ET_EXEC,
                              .e_machine = EM_AARCH64,
                              .e_version = EV_CURRENT,
                              .e_entry = BASE + 0x40,
                              .e_phoff = sizeof(Elf64_Ehdr),
                              .e_phentsize = sizeof(Elf64_Phdr),
                              .e_phnum = NR_SEGMENTS};
    elf.segments[0] = (Elf64_Phdr){.p_type = PT_LOAD,
                                   .p_offset = TEXT_AT,
                                   .p_vaddr = BASE,
                                   .p_paddr = BASE,
                                   .p_filesz = 0x1000,
                                   .p_memsz = 0x1000};
    elf.segments[1] = (Elf64_Phdr){.p_type = PT_LOAD,
                                   .p_offset = 0x2100,
                                   .p_vaddr = BASE + MIB,
                                   .p_paddr = BASE + MIB,
                                   .p_filesz = 0x123,
                                   .p_memsz = 0x5678};
    elf.segments[2] = (Elf64_Phdr){.p_type = PT_NOTE, .p_offset = UINT64_MAX, .p_filesz = 99};
}

static void loads_segments(void **state)
{
    struct image_bench *b = *state;
    const uint8_t *bytes = (const uint8_t *)&elf;

    make_elf();
    memset(b->memory.host + MIB, 0xaa, 0x6000);
    assert_int_equal(load_kernel(b, &elf, sizeof(elf)), 0);
    assert_int_equal(b->image.entry, BASE + 0x40);
    assert_int_equal(b->image.start, BASE);
    assert_int_equal(b->image.end, BASE + MIB + 0x5678);
    assert_memory_equal(b->memory.host, bytes + TEXT_AT, 0x1000);
    assert_memory_equal(b->memory.host + MIB, bytes + 0x2100, 0x123);
    for (size_t i = 0x123; i < 0x5678; i++)
        assert_int_equal(b->memory.host[MIB + i], 0);
    assert_int_equal(b->memory.host[MIB + 0x5678], 0xaa);
}

/* A kernel linked to virtual addresses starts at the physical address of its entry. */
static void entry_is_translated(void **state)
{
    struct image_bench *b = *state;

    make_elf();
    elf.segments[0].p_vaddr = UINT64_C(0xffff800080000000);
    elf.segments[1].p_vaddr = UINT64_C(0xffff800080100000);
    elf.header.e_entry = UINT64_C(0xffff800080000ffc);
    assert_int_equal(load_kernel(b, &elf, sizeof(elf)), 0);
    assert_int_equal(b->image.entry, BASE + 0xffc);
}

static void segments_may_touch(void **state)
{
    struct image_bench *b = *state;

    make_elf();
    elf.segments[1].p_paddr = BASE + 0x1000;
    assert_int_equal(load_kernel(b, &elf, sizeof(elf)), 0);
    assert_int_equal(b->image.end, BASE + 0x6678);
}

static void bss_up_to_the_end_of_ram(void **state)
{
    struct image_bench *b = *state;

    make_elf();
    elf.segments[1].p_memsz = 3 * MIB;
    assert_int_equal(load_kernel(b, &elf, sizeof(elf)), 0);
    assert_int_equal(b->image.end, BASE + 4 * MIB);
}

/* One lie at a time. */
static const struct {
    size_t offset;
    unsigned size;
    uint64_t value;
    int code;
    const char *words;
} lies[] = {
#define HEADER(member, ...)                                                          \
    {                                                                                \
        offsetof(Elf64_Ehdr, member), sizeof(((Elf64_Ehdr *)0)->member), __VA_ARGS__ \
    }
#define SEGMENT(n, member, ...)                                            \
    {                                                                      \
        offsetof(struct executable, segments) + (n) * sizeof(Elf64_Phdr) + \
            offsetof(Elf64_Phdr, member),                                  \
            sizeof(((Elf64_Phdr *)0)->member), __VA_ARGS__                 \
    }
    {EI_CLASS, 1, ELFCLASS32, -ENOEXEC, "ELF class is 1, expected 2"},
    {EI_DATA, 1, ELFDATA2MSB, -ENOEXEC, "ELF data encoding is 2, expected 1"},
    {EI_VERSION, 1, 9, -ENOEXEC, "ELF version is 9"},
    HEADER(e_type, ET_DYN, -ENOEXEC, "ELF type is 3, expected 2"),
    HEADER(e_type, ET_REL, -ENOEXEC, "ELF type is 1, expected 2"),
    HEADER(e_machine, EM_X86_64, -ENOEXEC, "ELF machine is 62, expected 183"),
    HEADER(e_phentsize, 32, -ENOEXEC, "ELF program header size is 32, expected 56"),
    HEADER(e_phentsize, 0, -ENOEXEC, "ELF program header size is 0"),
    HEADER(e_phnum, 0, -ENOEXEC, "is no instruction of a loaded segment"),
    HEADER(e_phnum, 65, -ENOEXEC, "ELF has 65 program headers"),
    HEADER(e_phnum, 0xffff, -ENOEXEC, "ELF has 65535 program headers"),
    HEADER(e_phoff, FILE_SIZE - 3 * 56 + 1, -ENOEXEC, "beyond the end of the file"),
    HEADER(e_phoff, FILE_SIZE + 1, -ENOEXEC, "program headers at 0x3001"),
    HEADER(e_phoff, UINT64_MAX, -ENOEXEC, "beyond the end of the file"),
    HEADER(e_phoff, UINT64_MAX - 3 * 56 + 1, -ENOEXEC, "beyond the end of the file"),
    HEADER(e_entry, 0, -ENOEXEC, "ELF entry 0x0"),
    HEADER(e_entry, BASE - 4, -ENOEXEC, "ELF entry 0x3ffffffc"),
    HEADER(e_entry, BASE + 0x1000, -ENOEXEC, "is no instruction"),
    HEADER(e_entry, BASE + MIB + 0x124, -ENOEXEC, "is no instruction"), /* BSS */
    HEADER(e_entry, BASE + 0x42, -ENOEXEC, "is no instruction"),
    HEADER(e_entry, UINT64_MAX, -ENOEXEC, "is no instruction"),
    SEGMENT(0, p_filesz, 0x1001, -ENOEXEC, "segment 0: p_filesz 0x1001 is larger"),
    SEGMENT(0, p_filesz, UINT64_MAX, -ENOEXEC, "p_filesz 0xffffffffffffffff is larger"),
    SEGMENT(0, p_memsz, 0, -ENOEXEC, "larger than p_memsz 0x0"),
    SEGMENT(0, p_offset, FILE_SIZE - 0xfff, -ENOEXEC, "beyond the end of the file"),
    SEGMENT(0, p_offset, UINT64_MAX, -ENOEXEC, "beyond the end of the file"),
    SEGMENT(0, p_offset, UINT64_MAX - 0xfff, -ENOEXEC, "beyond the end of the file"),
    SEGMENT(0, p_paddr, 0, -ENOSPC, "segment 0: 0x1000 bytes at address 0x0 are not all in RAM"),
    SEGMENT(0, p_paddr, BASE - 1, -ENOSPC, "not all in RAM"),
    SEGMENT(0, p_paddr, BASE + 4 * MIB - 0xfff, -ENOSPC, "not all in RAM"),
    SEGMENT(0, p_paddr, UINT64_MAX - 0xfff, -ENOSPC, "not all in RAM"),
    SEGMENT(1, p_memsz, 3 * MIB + 1, -ENOSPC, "segment 1: 0x300001 bytes"),
    SEGMENT(1, p_memsz, UINT64_MAX, -ENOSPC, "not all in RAM"),
    SEGMENT(1, p_memsz, -(uint64_t)BASE, -ENOSPC, "not all in RAM"),
    SEGMENT(1, p_paddr, BASE + 0xfff, -ENOEXEC, "0x40000000 and 0x40000fff overlap"),
    SEGMENT(1, p_paddr, BASE, -ENOEXEC, "overlap"),
    SEGMENT(0, p_paddr, BASE + MIB + 0x5677, -ENOEXEC, "overlap"),
};

static void one_lie_at_a_time(void **state)
{
    for (size_t i = 0; i < sizeof(lies) / sizeof(lies[0]); i++) {
        make_elf();
        put_le((uint8_t *)&elf + lies[i].offset, lies[i].value, lies[i].size);
        expect_refused(*state, &elf, sizeof(elf), lies[i].code, lies[i].words);
    }
}

static void truncated(void **state)
{
    make_elf();
    for (size_t size = 4; size < sizeof(Elf64_Ehdr); size++)
        expect_refused(*state, &elf, size, -ENOEXEC, "ELF header is cut off");
    for (size_t size = sizeof(Elf64_Ehdr); size < 0x2223; size += 33)
        expect_refused(*state, &elf, size, -ENOEXEC, "beyond the end of the file");
    expect_refused(*state, &elf, 0x2222, -ENOEXEC, "segment 1: 0x123 bytes at 0x2100");
}

/* Random headers: refused, or loaded within RAM. */
static void noise_in_the_headers(void **state)
{
    static const uint64_t edges[] = {0,          1,          BASE,           BASE + MIB,
                                     UINT64_MAX, INT64_MAX,  UINT64_MAX - 7, FILE_SIZE,
                                     0x2223,     UINT32_MAX, BASE + 4 * MIB, 4 * MIB};
    const size_t headers = sizeof(Elf64_Ehdr) + NR_SEGMENTS * sizeof(Elf64_Phdr);
    struct image_bench *b = *state;
    uint64_t seed = 3;
    unsigned loaded = 0;

    for (unsigned i = 0; i < 20000; i++) {
        make_elf();
        for (unsigned changes = 1 + i % 3; changes-- > 0;) {
            uint64_t r = noise(&seed), value = edges[(r >> 8) % 12] + (r >> 20) % 3 - 1;
            unsigned size = 1u << (r >> 30 & 3);

            put_le((uint8_t *)&elf + (r >> 40) % (headers / size) * size, value, size);
        }
        if (load_kernel(b, &elf, sizeof(elf)) == 0) {
            loaded++;
            assert_non_null(memory_at(&b->memory, b->image.start, b->image.end - b->image.start));
            assert_non_null(memory_at(&b->memory, b->image.entry, 4));
        }
    }
    assert_true(loaded > 1000 && loaded < 19000);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, image_setup, image_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(loads_segments),           TEST(entry_is_translated), TEST(segments_may_touch),
        TEST(bss_up_to_the_end_of_ram), TEST(one_lie_at_a_time),   TEST(truncated),
        TEST(noise_in_the_headers),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
