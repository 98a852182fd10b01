/* SPDX-License-Identifier: BSD-3-Clause */
#include "support.h"

#include <errno.h>

#include "facts/map.h"

/* ---- Bytes in memory ------------------------------------------------------------------------- */

static int buffer_write(void *opaque, const void *bytes, size_t size)
{
    struct buffer *buffer = opaque;

    if (size == 0)
        return 0;
    if (buffer->limit && buffer->size + size > buffer->limit)
        return -ENOSPC;
    while (buffer->size + size > buffer->capacity) {
        buffer->capacity = buffer->capacity ? 2 * buffer->capacity : 4096;
        buffer->bytes = realloc(buffer->bytes, buffer->capacity);
        assert_non_null(buffer->bytes);
    }
    memcpy(buffer->bytes + buffer->size, bytes, size);
    buffer->size += size;
    return 0;
}

const struct vgic5_sink *buffer_sink(struct buffer *buffer)
{
    buffer->sink =
        (struct vgic5_sink){.size = sizeof(buffer->sink), .write = buffer_write, .opaque = buffer};
    return &buffer->sink;
}

void buffer_free(struct buffer *buffer)
{
    free(buffer->bytes);
    *buffer = (struct buffer){0};
}

void buffer_copy(struct buffer *to, const struct buffer *from)
{
    to->size = 0;
    buffer_write(to, from->bytes, from->size);
}

static long reading_read(void *opaque, void *to, size_t size)
{
    struct reading *reading = opaque;
    size_t left = reading->size - reading->at;

    if (reading->breaks && ++reading->reads % reading->breaks == 0)
        return -EINTR;
    if (size > left)
        size = left;
    if (reading->most && size > reading->most)
        size = reading->most;
    if (size)
        memcpy(to, reading->bytes + reading->at, size);
    reading->at += size;
    return (long)size;
}

static int reading_seek(void *opaque, uint64_t offset)
{
    struct reading *reading = opaque;

    /* A reader that checks never comes here with an offset outside of the file. */
    if (offset > reading->size)
        return -EINVAL;
    reading->at = offset;
    return 0;
}

const struct vgic5_source *file_like(struct reading *reading, const struct buffer *buffer)
{
    *reading = (struct reading){.bytes = buffer->bytes, .size = buffer->size};
    reading->source = (struct vgic5_source){.size = sizeof(reading->source),
                                            .read = reading_read,
                                            .seek = reading_seek,
                                            .length = buffer->size,
                                            .opaque = reading};
    return &reading->source;
}

const struct vgic5_source *pipe_like(struct reading *reading, const struct buffer *buffer)
{
    *reading = (struct reading){.bytes = buffer->bytes, .size = buffer->size};
    reading->source = (struct vgic5_source){.size = sizeof(reading->source),
                                            .read = reading_read,
                                            .length = UINT64_MAX,
                                            .opaque = reading};
    return &reading->source;
}

/* ---- Random ---------------------------------------------------------------------------------- */

/* splitmix64 */
uint64_t random_next(struct random *random)
{
    uint64_t z = random->state += 0x9e3779b97f4a7c15u;

    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

/* ---- A sample -------------------------------------------------------------------------------- */

static void fill(uint8_t *page, struct random *random, size_t entropy)
{
    for (size_t i = 0; i < 4096; i++)
        page[i] = i < entropy ? (uint8_t)random_next(random) : (uint8_t)(i >> 6);
}

struct sample *sample_new(unsigned int variant)
{
    struct random random = {.state = variant};
    struct sample *sample = calloc(1, sizeof(*sample));

    assert_non_null(sample);
    sample->variant = variant;
    /* RAM: frame 0 has single pages, frame 1 none, frame 2 (half a frame) is full. */
    fill(sample->ram + 1 * 4096, &random, 700);
    fill(sample->ram + 2 * 4096, &random, 4096);
    fill(sample->ram + 9 * 4096, &random, 10);
    for (size_t page = 32; page < 40; page++)
        fill(sample->ram + page * 4096, &random, 900);
    fill(sample->rom, &random, 4096); /* not compressible: stored as it is */
    return sample;
}

static void put_list(struct vgic5_snapshot_writer *writer, const char *type, uint64_t instance,
                     bool required, size_t nr_fields, unsigned int variant)
{
    struct random random = {.state = variant * 1000 + instance};
    struct vgic5_fields *fields = vgic5_fields_new();
    struct vgic5_error error = {0};

    assert_non_null(fields);
    vgic5_fields_put_text(fields, "model", 0, variant ? "cortex-a76" : "cortex-a57");
    for (size_t i = 0; i < nr_fields; i++) {
        uint64_t value = random_next(&random);
        char name[32];

        snprintf(name, sizeof(name), "%s_REG%zu_EL1", type, i);
        vgic5_fields_put_u64(fields, name, 0xc000 + i, value >> (value & 63));
    }
    vgic5_fields_put_bytes(fields, "ist", 0, "\0\1\2\3\4\5\6\7", 8);
    assert_int_equal(vgic5_fields_error(fields), 0);
    assert_int_equal(vgic5_snapshot_put_fields(writer, type, instance, 1 + (uint32_t)instance,
                                               required, fields, &error),
                     0);
    vgic5_fields_free(fields);
}

void sample_write(const struct sample *sample, const struct vgic5_sink *sink)
{
    struct vgic5_snapshot_writer *writer;
    struct vgic5_error error = {0};

    assert_int_equal(vgic5_snapshot_begin(sink, "sample 1.0", &writer, &error), 0);
    put_list(writer, "machine", 0, true, 5, sample->variant);
    for (unsigned int i = 0; i < 3; i++)
        put_list(writer, "vcpu", 7 * i, true, 20, sample->variant);
    put_list(writer, "irs", MAP_IRS_BASE, true, 12, sample->variant);
    assert_int_equal(vgic5_snapshot_put_raw(writer, 77, "later", 1, 9, false,
                                            sample->variant ? "abcdefgh" : "ABCDEFGH", 8, &error),
                     0);
    assert_int_equal(
        vgic5_snapshot_put_memory(writer, SAMPLE_RAM_BASE, sample->ram, SAMPLE_RAM_SIZE, &error),
        0);
    assert_int_equal(
        vgic5_snapshot_put_memory(writer, SAMPLE_ROM_BASE, sample->rom, SAMPLE_ROM_SIZE, &error),
        0);
    assert_int_equal(vgic5_snapshot_end(writer, &error), 0);
}

static void check_memory(struct vgic5_snapshot *snapshot, uint64_t base, const uint8_t *right,
                         size_t size)
{
    const struct vgic5_section *section = vgic5_snapshot_find(snapshot, "memory", base);
    struct vgic5_error error = {0};
    uint8_t *loaded = calloc(1, size);

    assert_non_null(section);
    assert_true(section->memory_base == base && section->memory_size == size);
    assert_true(section->required);
    assert_null(section->fields);
    assert_int_equal(vgic5_snapshot_verify_memory(snapshot, section, &error), 0);
    assert_int_equal(vgic5_snapshot_load_memory(snapshot, section, loaded, &error), 0);
    assert_memory_equal(loaded, right, size);
    free(loaded);
}

void check_sample(struct vgic5_snapshot *snapshot, const struct sample *sample)
{
    const struct vgic5_section *vcpu = vgic5_snapshot_find(snapshot, "vcpu", 14);
    const struct vgic5_section *later = vgic5_snapshot_find(snapshot, "later", 1);

    assert_int_equal(vgic5_snapshot_nr_sections(snapshot), 8);
    assert_string_equal(vgic5_snapshot_header(snapshot)->producer, "sample 1.0");
    assert_int_equal(vgic5_snapshot_header(snapshot)->major, 1);
    assert_non_null(vcpu);
    assert_int_equal(vcpu->version, 15);
    assert_int_equal(vcpu->kind, VGIC5_SECTION_FIELDS);
    assert_int_equal(vgic5_fields_count(vcpu->fields), 22);
    assert_int_equal(vgic5_fields_find(vcpu->fields, "vcpu_REG3_EL1")->id, 0xc003);
    assert_non_null(later);
    assert_false(later->required);
    assert_int_equal(later->kind, 77);
    assert_int_equal(later->raw_size, 8);
    assert_memory_equal(later->raw, sample->variant ? "abcdefgh" : "ABCDEFGH", 8);
    assert_null(vgic5_snapshot_find(snapshot, "vcpu", 1));
    assert_null(vgic5_snapshot_section(snapshot, 8));
    check_memory(snapshot, SAMPLE_RAM_BASE, sample->ram, SAMPLE_RAM_SIZE);
    check_memory(snapshot, SAMPLE_ROM_BASE, sample->rom, SAMPLE_ROM_SIZE);
}

/* ---- Reading all of a snapshot --------------------------------------------------------------- */

int read_whole(const struct vgic5_source *source, struct vgic5_error *error)
{
    struct vgic5_snapshot *snapshot;
    int ret = vgic5_snapshot_open_source(source, NULL, &snapshot, error);

    if (ret != 0) {
        assert_null(snapshot);
        return ret;
    }
    for (size_t i = 0; i < vgic5_snapshot_nr_sections(snapshot) && ret == 0; i++) {
        const struct vgic5_section *section = vgic5_snapshot_section(snapshot, i);

        if (section->kind == VGIC5_SECTION_MEMORY)
            ret = vgic5_snapshot_verify_memory(snapshot, section, error);
    }
    vgic5_snapshot_close(snapshot);
    return ret;
}

struct vgic5_snapshot *open_good(const struct vgic5_source *source)
{
    struct vgic5_error error = {0};
    struct vgic5_snapshot *snapshot;

    if (vgic5_snapshot_open_source(source, NULL, &snapshot, &error) != 0)
        fail_msg("%s", error.message);
    return snapshot;
}
