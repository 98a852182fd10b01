/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A file of format 1.0, kept for ever: it reads as what was put into it, and, with the same zstd,
 * the writer still makes the same bytes.
 *
 * Arguments: the golden file; or --write FILE, to make the one of a new version.
 */
#include "support.h"

#include <zstd.h>

#define WRITTEN_WITH_ZSTD 10504u

static const char *golden_path;

static void test_golden_file_reads(void **state)
{
    struct sample *sample = sample_new(1);
    struct vgic5_error error = {0};
    struct vgic5_snapshot *snapshot;

    (void)state;
    if (vgic5_snapshot_open_file(golden_path, &snapshot, &error) != 0)
        fail_msg("%s", error.message);
    check_sample(snapshot, sample);
    vgic5_snapshot_close(snapshot);
    free(sample);
}

/* Up to the first memory section nothing is compressed: these bytes are the same everywhere. */
static void test_writer_makes_the_golden_bytes(void **state)
{
    struct sample *sample = sample_new(1);
    struct buffer file = {0};
    struct reading reading;
    uint8_t *golden = malloc(1 << 20);
    FILE *stream = fopen(golden_path, "rb");
    struct vgic5_snapshot *snapshot;
    size_t size;

    (void)state;
    assert_non_null(stream);
    size = fread(golden, 1, 1 << 20, stream);
    fclose(stream);
    sample_write(sample, buffer_sink(&file));
    snapshot = open_good(file_like(&reading, &file));
    assert_memory_equal(file.bytes, golden,
                        vgic5_snapshot_find(snapshot, "memory", SAMPLE_RAM_BASE)->offset);
    vgic5_snapshot_close(snapshot);
    if (ZSTD_versionNumber() == WRITTEN_WITH_ZSTD) {
        assert_int_equal(size, file.size);
        assert_memory_equal(golden, file.bytes, size);
    }
    buffer_free(&file);
    free(golden);
    free(sample);
}

static int write_golden(const char *path)
{
    struct sample *sample = sample_new(1);
    struct vgic5_atomic_file *file;
    struct vgic5_error error = {0};
    int ret = vgic5_atomic_file_create(path, NULL, &file, &error);

    if (ret == 0) {
        sample_write(sample, vgic5_atomic_file_sink(file));
        ret = vgic5_atomic_file_commit(file, &error);
    }
    if (ret != 0)
        fprintf(stderr, "%s\n", error.message);
    free(sample);
    return ret != 0;
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_golden_file_reads),
        cmocka_unit_test(test_writer_makes_the_golden_bytes),
    };

    if (argc == 3 && strcmp(argv[1], "--write") == 0)
        return write_golden(argv[2]);
    if (argc != 2) {
        fprintf(stderr, "usage: %s GOLDEN | --write FILE\n", argv[0]);
        return 2;
    }
    golden_path = argv[1];
    return cmocka_run_group_tests_name("snapshot golden", tests, NULL, NULL);
}
