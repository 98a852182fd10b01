/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Files that come from anywhere. The first byte of an input says what the rest is: a file as it is,
 * the recipe of one in which every hash is right (forge.c), or edits to the state of a VGICv5. Both
 * ways of reading must agree, and what is accepted must be what it says: written again it is the
 * same, and a device that it was restored into saves the same state.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <vgic5/migration.h>

#include "forge.h"
#include "fuzz.h"
#include "state_edits.h"

#define MOST_MEMORY (4u << 20) /* of a section, to be loaded */

static void complain(const char *what)
{
    printf("# %s\n", what);
    fuzz_failed();
}

/* ---- Both ways agree ------------------------------------------------------------------------- */

static bool same_fields(const struct vgic5_fields *a, const struct vgic5_fields *b)
{
    if (!a || !b)
        return a == b;
    for (size_t n = 0; n < vgic5_fields_count(a) && vgic5_fields_at(b, n); n++) {
        const struct vgic5_field *one = vgic5_fields_at(a, n), *other = vgic5_fields_at(b, n);

        if (strcmp(one->name, other->name) || one->id != other->id || one->kind != other->kind ||
            one->u64 != other->u64 || one->size != other->size ||
            (one->size && memcmp(one->bytes, other->bytes, one->size)))
            return false;
    }
    return vgic5_fields_count(a) == vgic5_fields_count(b);
}

static bool same_section(const struct vgic5_section *a, const struct vgic5_section *b)
{
    return strcmp(a->type, b->type) == 0 && a->instance == b->instance &&
           a->version == b->version && a->required == b->required && a->kind == b->kind &&
           a->memory_base == b->memory_base && a->memory_size == b->memory_size &&
           a->raw_size == b->raw_size && same_fields(a->fields, b->fields) &&
           (!a->raw_size || memcmp(a->raw, b->raw, a->raw_size) == 0);
}

/* The memory of a section, as both have it; NULL if it is too much, or damaged in both. */
static uint8_t *load_both(struct vgic5_snapshot *const both[2], size_t n)
{
    uint8_t *memory[2] = {NULL, NULL};
    int result[2];

    for (int way = 0; way < 2; way++) {
        const struct vgic5_section *section = vgic5_snapshot_section(both[way], n);
        struct vgic5_error error = {0};

        result[way] = vgic5_snapshot_verify_memory(both[way], section, &error);
        if (section->memory_size <= MOST_MEMORY)
            memory[way] = calloc(1, section->memory_size);
        if (memory[way] && result[way] == 0)
            result[way] = vgic5_snapshot_load_memory(both[way], section, memory[way], &error);
        if (result[way] && error.cause != VGIC5_CAUSE_DAMAGED)
            complain("memory is refused with another exit code than 4");
    }
    if (result[0] != result[1])
        complain("memory is read in one way, and not in the other");
    else if (result[0] == 0 && memory[0] && memory[1] &&
             memcmp(memory[0], memory[1], vgic5_snapshot_section(both[0], n)->memory_size))
        complain("memory has two contents");
    free(memory[1]);
    if (result[0] == 0)
        return memory[0];
    free(memory[0]);
    return NULL;
}

/* ---- Written again --------------------------------------------------------------------------- */

static int write_section(struct vgic5_snapshot_writer *writer, const struct vgic5_section *section,
                         struct vgic5_snapshot *const both[2], size_t n)
{
    uint8_t *memory;
    int ret;

    if (section->fields)
        return vgic5_snapshot_put_fields(writer, section->type, section->instance, section->version,
                                         section->required, section->fields, NULL);
    if (section->kind != VGIC5_SECTION_MEMORY)
        return vgic5_snapshot_put_raw(writer, section->kind, section->type, section->instance,
                                      section->version, section->required, section->raw,
                                      section->raw_size, NULL);
    memory = load_both(both, n);
    ret = memory && strcmp(section->type, "memory") == 0 &&
                  section->instance == section->memory_base && section->version == 1 &&
                  section->required
              ? vgic5_snapshot_put_memory(writer, section->memory_base, memory,
                                          section->memory_size, NULL)
              : -ECANCELED; /* not one that this writer makes */
    free(memory);
    return ret;
}

/* The sections that a writer takes come back. */
static void write_again(struct vgic5_snapshot *const both[2])
{
    size_t nr_sections = vgic5_snapshot_nr_sections(both[0]), written = 0;
    const struct vgic5_section *list[64];
    struct vgic5_snapshot_writer *writer;
    struct vgic5_snapshot *again = NULL;
    struct fuzz_file file = {0};
    struct fuzz_reading reading;

    if (vgic5_snapshot_base(both[0], NULL) || nr_sections > 64 ||
        vgic5_snapshot_begin(fuzz_sink(&file), "again", &writer, NULL))
        return;
    for (size_t n = 0; n < nr_sections; n++) {
        const struct vgic5_section *section = vgic5_snapshot_section(both[0], n);
        int ret = write_section(writer, section, both, n);

        if (ret == 0)
            list[written++] = section;
        else if (ret != -ECANCELED)
            complain("a section was read, and cannot be written");
    }
    if (vgic5_snapshot_end(writer, NULL) || fuzz_open(false, &reading, &file, &again, NULL))
        complain("what was read and written cannot be read");
    for (size_t n = 0; again && n < written; n++)
        if (!same_section(list[n], vgic5_snapshot_section(again, n)))
            complain("a section is not what it was");
    vgic5_snapshot_close(again);
    free(file.bytes);
}

/* ---- The file -------------------------------------------------------------------------------- */

static void check_both(struct vgic5_snapshot *const both[2])
{
    size_t nr_sections = vgic5_snapshot_nr_sections(both[0]);

    if (nr_sections != vgic5_snapshot_nr_sections(both[1]) ||
        memcmp(vgic5_snapshot_root(both[0]), vgic5_snapshot_root(both[1]),
               VGIC5_SNAPSHOT_ROOT_SIZE)) {
        complain("the two ways of reading find two snapshots");
        return;
    }
    for (size_t n = 0; n < nr_sections; n++) {
        const struct vgic5_section *section = vgic5_snapshot_section(both[0], n);

        if (!same_section(section, vgic5_snapshot_section(both[1], n)))
            complain("the two ways of reading find two sections");
        if (section->kind == VGIC5_SECTION_MEMORY)
            free(load_both(both, n));
    }
    write_again(both);
}

/* By the table frames are checked when they are read. */
static int check_frames(struct vgic5_snapshot *snapshot, struct vgic5_error *error)
{
    int ret = 0;

    for (size_t n = 0; n < vgic5_snapshot_nr_sections(snapshot) && ret == 0; n++) {
        const struct vgic5_section *section = vgic5_snapshot_section(snapshot, n);

        if (section->kind == VGIC5_SECTION_MEMORY)
            ret = vgic5_snapshot_verify_memory(snapshot, section, error);
    }
    return ret;
}

/* The snapshot by its table, or NULL. */
static struct vgic5_snapshot *read_both_ways(struct fuzz_reading reading[2], struct fuzz_file *file)
{
    struct vgic5_error error[2] = {{0}, {0}};
    struct vgic5_snapshot *both[2];
    int result[2];

    for (int way = 0; way < 2; way++) {
        result[way] = fuzz_open(way, &reading[way], file, &both[way], &error[way]);
        if (result[way] && error[way].cause != VGIC5_CAUSE_DAMAGED &&
            error[way].cause != VGIC5_CAUSE_UNFIT)
            complain("a file is refused with another exit code than 4 and 5");
        if (result[way] && !*error[way].message)
            complain("a file is refused without words");
    }
    if (both[0] && !both[1])
        check_frames(both[0], &error[0]);
    if (error[0].cause != error[1].cause)
        complain("a file is good in one way of reading, and not in the other");
    if (both[0] && both[1])
        check_both(both);
    vgic5_snapshot_close(both[1]);
    return both[0];
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fuzz_input input = {data, size};
    struct fuzz_file file = {0};
    struct fuzz_reading reading[2];
    struct vgic5_snapshot *snapshot;
    struct fuzz_guest guest = {0};

    switch (fuzz_take(&input, 1) % 3) {
    case 0:
        fuzz_append(&file, input.bytes, input.left);
        break;
    case 1:
        fuzz_forge(&input, &file);
        break;
    default:
        fuzz_edit_state(&input, &guest, &file);
        break;
    }
    snapshot = file.failed ? NULL : read_both_ways(reading, &file);
    if (snapshot)
        fuzz_restore(snapshot, &guest, complain);
    vgic5_snapshot_close(snapshot);
    free(file.bytes);
    free(guest.ram);
    return 0;
}
