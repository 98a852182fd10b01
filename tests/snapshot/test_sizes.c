/* SPDX-License-Identifier: BSD-3-Clause */
/* Callers that are older and newer than the library: no struct is read or filled beyond its size.
 */
#include <errno.h>
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

#include "support.h"

#define LATER 64u /* bytes that a later version of a struct has more */
#define CANARY 0xa5

/* The caller's struct: `size` bytes that end where nothing is mapped. */
static void *at_a_cliff(const void *from, size_t size)
{
    char *pages = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    char *at = pages + 4096 - size;

    assert_true(pages != MAP_FAILED);
    assert_int_equal(mprotect(pages + 4096, 4096, PROT_NONE), 0);
    return memcpy(at, from, size);
}

static void leave_the_cliff(void *at)
{
    munmap((void *)((uintptr_t)at & ~(uintptr_t)4095), 8192);
}

/* A struct whose first member says that it has so many bytes, of which we fill what we know. */
#define LATER_VERSION(type)             \
    union {                             \
        type known;                     \
        char all[sizeof(type) + LATER]; \
    }

static void test_a_sink_has_a_size(void **state)
{
    struct buffer buffer = {0};
    struct vgic5_sink *sink = at_a_cliff(buffer_sink(&buffer), sizeof(*sink));
    struct vgic5_snapshot_writer *writer;
    struct vgic5_error error = {0};
    LATER_VERSION(struct vgic5_sink) later = {.known = *sink};

    (void)state;
    assert_int_equal(vgic5_snapshot_begin(sink, "p", &writer, &error), 0);
    vgic5_snapshot_abort(writer);
    sink->size = sizeof(*sink) - 1;
    assert_int_equal(vgic5_snapshot_begin(sink, "p", &writer, &error), -EINVAL);
    assert_int_equal(error.cause, VGIC5_CAUSE_BUG);
    assert_null(writer);
    memset(later.all + sizeof(later.known), CANARY, LATER);
    later.known.size = sizeof(later);
    assert_int_equal(vgic5_snapshot_begin(&later.known, "p", &writer, &error), 0);
    vgic5_snapshot_abort(writer);
    leave_the_cliff(sink);
    buffer_free(&buffer);
}

static void test_a_source_has_a_size(void **state)
{
    struct sample *sample = sample_new(1);
    struct buffer buffer = {0};
    struct reading reading;
    struct vgic5_source *source;
    struct vgic5_snapshot *snapshot;
    struct vgic5_snapshot_header header;
    struct vgic5_error error = {0};

    (void)state;
    sample_write(sample, buffer_sink(&buffer));
    source = at_a_cliff(file_like(&reading, &buffer), sizeof(*source));
    assert_int_equal(vgic5_snapshot_open_source(source, NULL, &snapshot, &error), 0);
    vgic5_snapshot_close(snapshot);
    source->size = sizeof(*source) - 1;
    assert_int_equal(vgic5_snapshot_open_source(source, NULL, &snapshot, &error), -EINVAL);
    assert_int_equal(error.cause, VGIC5_CAUSE_BUG);
    assert_null(snapshot);
    assert_int_equal(vgic5_snapshot_read_header(source, &header, &error), -EINVAL);
    leave_the_cliff(source);
    buffer_free(&buffer);
    free(sample);
}

static int no_pages(void *opaque, const struct vgic5_snapshot *snapshot,
                    const struct vgic5_section *memory, uint64_t offset, const void *bytes,
                    size_t size)
{
    (void)opaque, (void)snapshot, (void)memory, (void)offset, (void)bytes, (void)size;
    return 0;
}

static void test_a_memory_sink_has_a_size(void **state)
{
    const struct vgic5_memory_sink sink = {.size = sizeof(sink), .pages = no_pages};
    struct vgic5_memory_sink *mine = at_a_cliff(&sink, sizeof(sink));
    const struct vgic5_open_options options = {.size = sizeof(options), .memory_sink = mine};
    struct sample *sample = sample_new(2);
    struct buffer buffer = {0};
    struct reading reading;
    struct vgic5_snapshot *snapshot;

    (void)state;
    sample_write(sample, buffer_sink(&buffer));
    assert_int_equal(
        vgic5_snapshot_open_source(pipe_like(&reading, &buffer), &options, &snapshot, NULL), 0);
    vgic5_snapshot_close(snapshot);
    mine->size = 8;
    assert_int_equal(
        vgic5_snapshot_open_source(pipe_like(&reading, &buffer), &options, &snapshot, NULL),
        -EINVAL);
    leave_the_cliff(mine);
    buffer_free(&buffer);
    free(sample);
}

static void test_file_system_calls_have_a_size(void **state)
{
    const struct vgic5_fs system = {.size = sizeof(system)};
    struct vgic5_fs *fs = at_a_cliff(&system, sizeof(system));
    char path[] = P_tmpdir "/vgic5-sizes-XXXXXX", name[64];
    struct vgic5_atomic_file *file;
    struct vgic5_error error = {0};

    (void)state;
    assert_non_null(mkdtemp(path));
    snprintf(name, sizeof(name), "%s/file", path);
    assert_int_equal(vgic5_atomic_file_create(name, fs, &file, &error), 0);
    vgic5_atomic_file_abandon(file);
    fs->size = 0;
    assert_int_equal(vgic5_atomic_file_create(name, fs, &file, &error), -EINVAL);
    assert_int_equal(error.cause, VGIC5_CAUSE_BUG);
    assert_null(file);
    assert_int_equal(rmdir(path), 0);
    leave_the_cliff(fs);
}

/* Beyond `size` a struct is as the test left it; what of it the library does not know is 0. */
static void expect_filled(const char *bytes, size_t known, size_t size, size_t all)
{
    for (size_t n = size; n < all; n++)
        assert_int_equal((unsigned char)bytes[n], CANARY);
    for (size_t n = known; n < size; n++)
        assert_int_equal(bytes[n], 0);
}

static const struct vgic5_section *memory_of(const struct vgic5_snapshot *snapshot)
{
    size_t n = 0;

    while (vgic5_snapshot_section(snapshot, n)->kind != VGIC5_SECTION_MEMORY)
        n++;
    return vgic5_snapshot_section(snapshot, n);
}

static void test_a_frame_is_filled_by_its_size(void **state)
{
    struct sample *sample = sample_new(3);
    struct buffer buffer = {0};
    struct reading reading;
    struct vgic5_snapshot *snapshot;
    const struct vgic5_section *memory;
    LATER_VERSION(struct vgic5_frame) frame;
    const size_t sizes[] = {offsetof(struct vgic5_frame, zero), sizeof(frame.known), sizeof(frame)};

    (void)state;
    sample_write(sample, buffer_sink(&buffer));
    snapshot = open_good(file_like(&reading, &buffer));
    memory = memory_of(snapshot);
    for (size_t n = 0; n < 3; n++) {
        memset(&frame, CANARY, sizeof(frame));
        assert_int_equal(vgic5_snapshot_frame_sized(memory, 0, &frame.known, sizes[n]), 0);
        expect_filled(frame.all, sizeof(frame.known), sizes[n], sizeof(frame));
        assert_int_equal(frame.known.offset % VGIC5_FRAME_SIZE, 0);
        assert_int_not_equal(frame.known.data, 0);
    }
    vgic5_snapshot_close(snapshot);
    buffer_free(&buffer);
    free(sample);
}

static void test_a_header_is_filled_by_its_size(void **state)
{
    struct sample *sample = sample_new(4);
    struct buffer buffer = {0};
    struct reading reading;
    LATER_VERSION(struct vgic5_snapshot_header) header;
    const size_t sizes[] = {offsetof(struct vgic5_snapshot_header, producer), sizeof(header.known),
                            sizeof(header)};

    (void)state;
    sample_write(sample, buffer_sink(&buffer));
    for (size_t n = 0; n < 3; n++) {
        memset(&header, CANARY, sizeof(header));
        assert_int_equal(vgic5_snapshot_read_header_sized(pipe_like(&reading, &buffer),
                                                          &header.known, sizes[n], NULL),
                         0);
        expect_filled(header.all, sizeof(header.known), sizes[n], sizeof(header));
        assert_int_equal(header.known.major, 1);
    }
    buffer_free(&buffer);
    free(sample);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_sink_has_a_size),
        cmocka_unit_test(test_a_source_has_a_size),
        cmocka_unit_test(test_a_memory_sink_has_a_size),
        cmocka_unit_test(test_file_system_calls_have_a_size),
        cmocka_unit_test(test_a_frame_is_filled_by_its_size),
        cmocka_unit_test(test_a_header_is_filled_by_its_size),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
