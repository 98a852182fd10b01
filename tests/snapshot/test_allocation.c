/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Memory: every allocation made to fail in turn, once and for ever; nothing leaks; and no file
 * makes the reader allocate what it does not have the bytes for.
 */
#include "craft.h"
#include "watch.h"

#include <errno.h>
#include <unistd.h>

#include "snapshot/bytes.h"

/* ---- Every allocation fails ------------------------------------------------------------------ */

struct task {
    const struct sample *sample;
    const struct buffer *file;
    struct vgic5_error error;
};

static int write_nowhere(void *opaque, const void *bytes, size_t size)
{
    (void)opaque;
    (void)bytes;
    (void)size;
    return 0;
}

static int fill_fields(struct vgic5_fields *fields)
{
    char name[16];

    for (unsigned int i = 0; i < 40; i++) {
        snprintf(name, sizeof(name), "r%u", i);
        vgic5_fields_put_u64(fields, name, i, i);
    }
    return vgic5_fields_error(fields);
}

static int task_write(struct task *task)
{
    const struct vgic5_sink sink = {.size = sizeof(sink), .write = write_nowhere};
    struct vgic5_fields *fields = vgic5_fields_new();
    struct vgic5_snapshot_writer *writer = NULL;
    int ret = fields ? fill_fields(fields) : -ENOMEM;

    task->error =
        (struct vgic5_error){.cause = VGIC5_CAUSE_ENVIRONMENT, .message = "no memory for fields"};
    if (ret == 0)
        ret = vgic5_snapshot_begin(&sink, "p", &writer, &task->error);
    if (ret == 0)
        ret = vgic5_snapshot_put_fields(writer, "a", 1, 1, true, fields, &task->error);
    if (ret == 0)
        ret =
            vgic5_snapshot_put_memory(writer, 0, task->sample->ram, SAMPLE_RAM_SIZE, &task->error);
    if (ret == 0) {
        ret = vgic5_snapshot_end(writer, &task->error);
        writer = NULL;
    }
    vgic5_snapshot_abort(writer);
    vgic5_fields_free(fields);
    return ret;
}

static int load_all(const struct vgic5_source *source, struct task *task)
{
    static uint8_t to[SAMPLE_RAM_SIZE];
    struct vgic5_snapshot *snapshot;
    int ret = vgic5_snapshot_open_source(source, NULL, &snapshot, &task->error);

    if (ret == 0)
        ret = vgic5_snapshot_load_memory(
            snapshot, vgic5_snapshot_find(snapshot, "memory", SAMPLE_RAM_BASE), to, &task->error);
    vgic5_snapshot_close(snapshot);
    return ret;
}

static int task_read_file(struct task *task)
{
    struct reading reading;

    return load_all(file_like(&reading, task->file), task);
}

static int task_read_pipe(struct task *task)
{
    struct reading reading;

    return load_all(pipe_like(&reading, task->file), task);
}

static int task_atomic_file(struct task *task)
{
    struct vgic5_atomic_file *file;
    int ret = vgic5_atomic_file_create("/tmp/vgic5-allocation-test", NULL, &file, &task->error);

    if (ret == 0)
        vgic5_atomic_file_abandon(file);
    return ret;
}

static void test_every_allocation_fails(void **state)
{
    static int (*const tasks[])(struct task * task) = {task_write, task_read_file, task_read_pipe,
                                                       task_atomic_file};
    struct sample *sample = sample_new(1);
    struct buffer file = {0};

    (void)state;
    sample_write(sample, buffer_sink(&file));
    for (size_t i = 0; i < 2 * sizeof(tasks) / sizeof(tasks[0]); i++) {
        unsigned int fail_at = 0;
        int result;

        do {
            struct task task = {.sample = sample, .file = &file};
            size_t live = watch.nr_live;

            watch_from(++fail_at, i % 2);
            result = tasks[i / 2](&task);
            watch.on = false;
            assert_int_equal(watch.nr_live, live);
            assert_int_equal(result, fail_at <= watch.calls ? -ENOMEM : 0);
            if (result != 0) {
                assert_int_equal(task.error.cause, VGIC5_CAUSE_ENVIRONMENT);
                assert_non_null(strstr(task.error.message, "no memory for"));
            }
        } while (result != 0);
        assert_true(fail_at >= 2);
    }
    buffer_free(&file);
    free(sample);
}

/* ---- Claims ---------------------------------------------------------------------------------- */

/* A refusal, and what it took at most on top of what was allocated before. */
static size_t refuse(const struct vgic5_source *source, const char *words)
{
    struct vgic5_error error;
    size_t live = watch.live;

    watch_from(0, false);
    assert_int_equal(read_whole(source, &error), -EBADMSG);
    watch.on = false;
    assert_int_equal(error.cause, VGIC5_CAUSE_DAMAGED);
    if (!strstr(error.message, words))
        fail_msg("%s", error.message);
    assert_int_equal(watch.live, live);
    return watch.peak - live;
}

static void test_claims_cost_nothing(void **state)
{
    static const struct {
        struct section_head head;
        const char *words;
    } cases[] = {
        {{.type = "a", .kind = 1, .length = MAX_PAYLOAD}, "is cut off"},
        {{.type = "a", .kind = 5, .length = MAX_PAYLOAD}, "is cut off"},
        {{.type = "a", .kind = 1, .length = MAX_PAYLOAD + 1}, "at most 0x8000000"},
        {{.type = "a", .kind = 1, .length = UINT64_MAX - 1}, "at most 0x8000000"},
        {{.type = "m", .kind = 2, .length = LENGTH_FRAMED, .size = MAX_MEMORY_IN_ALL}, ""},
        {{.kind = 0, .instance = MAX_SECTIONS, .length = MAX_SECTIONS * TABLE_ENTRY_SIZE},
         "section table is cut off"},
        {{.kind = 0, .instance = MAX_SECTIONS + 1, .length = (MAX_SECTIONS + 1) * TABLE_ENTRY_SIZE},
         "its header is malformed"},
        {{.kind = 0, .instance = UINT64_MAX / 64, .length = 0}, "its header is malformed"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        uint8_t raw[SECTION_HEADER_SIZE], rest[300] = {0};
        struct reading reading;
        const struct vgic5_sink *sink;
        struct craft craft;

        craft_begin(&craft);
        sink = buffer_sink(&craft.file);
        section_head_encode(&cases[i].head, raw);
        sink->write(sink->opaque, raw, sizeof(raw));
        sink->write(sink->opaque, rest, sizeof(rest));
        assert_in_range(refuse(pipe_like(&reading, &craft.file), cases[i].words), 0, 200000);
        assert_in_range(refuse(file_like(&reading, &craft.file), cases[i].words), 0, 200000);
        craft_free(&craft);
    }
}

/* The number of frames in a footer is believed only as far as the section has bytes for it. */
static void test_claimed_frames(void **state)
{
    const struct section_head head = {
        .type = "m", .kind = 2, .length = LENGTH_FRAMED, .size = MAX_MEMORY_IN_ALL};
    struct reading reading;
    struct craft craft;
    struct map map;

    (void)state;
    craft_begin(&craft);
    craft_memory(&craft, &head, NULL, 0, NULL);
    craft_end(&craft);
    map_file(&map, &craft.file);
    put_u32(craft.file.bytes + map.sections[0].total + HEADER_SIZE - SECTION_FOOTER_SIZE + 4,
            1u << 24);
    reseal(&map, &craft.file);
    assert_in_range(refuse(file_like(&reading, &craft.file), "no section footer, or a wrong one"),
                    0, 200000);
    assert_in_range(refuse(pipe_like(&reading, &craft.file), "and 16777216 frames"), 0, 200000);
    map_free(&map);
    craft_free(&craft);
}

/* A large section costs at most twice its size, whatever way it comes. */
static void test_large_sections_cost_twice_their_size(void **state)
{
    enum { SIZE = 24 << 20 };
    struct vgic5_fields *fields = vgic5_fields_new();
    struct vgic5_snapshot_writer *writer;
    struct buffer file = {0};
    struct reading reading;
    uint8_t *bytes = calloc(1, SIZE);

    (void)state;
    assert_int_equal(vgic5_fields_put_bytes(fields, "ist", 0, bytes, SIZE), 0);
    free(bytes);
    assert_int_equal(vgic5_snapshot_begin(buffer_sink(&file), "p", &writer, NULL), 0);
    assert_int_equal(vgic5_snapshot_put_fields(writer, "irs", 0, 1, true, fields, NULL), 0);
    assert_int_equal(vgic5_snapshot_end(writer, NULL), 0);
    vgic5_fields_free(fields);
    for (unsigned int way = 0; way < 2; way++) {
        size_t live = watch.live;

        watch_from(0, false);
        assert_int_equal(
            read_whole(way ? pipe_like(&reading, &file) : file_like(&reading, &file), NULL), 0);
        watch.on = false;
        assert_in_range(watch.peak - live, SIZE, 2 * SIZE + 200000);
    }
    buffer_free(&file);
}

/* Nor do damaged files: the same splices of bytes as elsewhere, with an eye on memory. */
static void test_random_changes_cost_little(void **state)
{
    struct sample *sample = sample_new(0);
    struct random random = {.state = 11};
    struct buffer good = {0}, changed = {0};
    struct map map;

    (void)state;
    sample_write(sample, buffer_sink(&good));
    map_file(&map, &good);
    buffer_copy(&changed, &good);
    for (unsigned int i = 0; i < 3000; i++) {
        size_t live = watch.live, at = HEADER_SIZE + random_below(&random, good.size - HEADER_SIZE);
        struct reading reading;

        buffer_copy(&changed, &good);
        for (unsigned int k = 0; k < 8 && at + k < good.size; k++)
            changed.bytes[at + k] = (uint8_t)(i % 3 ? 0xff : random_next(&random));
        if (i % 2)
            reseal(&map, &changed);
        watch_from(0, false);
        (void)read_whole(i % 4 < 2 ? pipe_like(&reading, &changed) : file_like(&reading, &changed),
                         NULL);
        watch.on = false;
        assert_int_equal(watch.live, live);
        assert_in_range(watch.peak - live, 0, 300000);
    }
    map_free(&map);
    buffer_free(&good);
    buffer_free(&changed);
    free(sample);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_allocation_fails),
        cmocka_unit_test(test_claims_cost_nothing),
        cmocka_unit_test(test_claimed_frames),
        cmocka_unit_test(test_large_sections_cost_twice_their_size),
        cmocka_unit_test(test_random_changes_cost_little),
    };

    return cmocka_run_group_tests_name("snapshot allocation", tests, NULL, NULL);
}
