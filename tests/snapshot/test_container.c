/* SPDX-License-Identifier: BSD-3-Clause */
/* What is written comes back; what does not fit is refused with the right exit code. */
#include "support.h"

#include <errno.h>
#include <unistd.h>
#include <sys/wait.h>

#include "craft.h"
#include "snapshot/frame.h"
#include "snapshot/bytes.h"

static void write_sample(struct buffer *buffer, unsigned int variant)
{
    struct sample *sample = sample_new(variant);

    *buffer = (struct buffer){0};
    sample_write(sample, buffer_sink(buffer));
    free(sample);
}

/* ---- Round trips ----------------------------------------------------------------------------- */

static void test_round_trip(void **state)
{
    struct sample *sample = sample_new(1);
    struct buffer buffer = {0};
    struct reading reading;
    uint8_t root[16];
    struct vgic5_snapshot *snapshot;

    (void)state;
    sample_write(sample, buffer_sink(&buffer));
    snapshot = open_good(file_like(&reading, &buffer));
    check_sample(snapshot, sample);
    memcpy(root, vgic5_snapshot_root(snapshot), 16);
    vgic5_snapshot_close(snapshot);
    /* The same through a source that cannot seek, in pieces and with interruptions. */
    for (size_t most = 1; most < 70000; most = most * 3 + 1) {
        const struct vgic5_source *source = pipe_like(&reading, &buffer);

        reading.most = most;
        reading.breaks = 7;
        snapshot = open_good(source);
        check_sample(snapshot, sample);
        assert_memory_equal(vgic5_snapshot_root(snapshot), root, 16);
        vgic5_snapshot_close(snapshot);
    }
    buffer_free(&buffer);
    free(sample);
}

static void test_empty_snapshot(void **state)
{
    struct vgic5_snapshot_writer *writer;
    struct vgic5_snapshot *snapshot;
    struct vgic5_error error = {0};
    struct buffer buffer = {0};
    struct reading reading;

    (void)state;
    assert_int_equal(vgic5_snapshot_begin(buffer_sink(&buffer), "", &writer, &error), 0);
    assert_int_equal(vgic5_snapshot_end(writer, &error), 0);
    assert_int_equal(buffer.size, HEADER_SIZE + SECTION_HEADER_SIZE + END_SIZE);
    snapshot = open_good(file_like(&reading, &buffer));
    assert_int_equal(vgic5_snapshot_nr_sections(snapshot), 0);
    vgic5_snapshot_close(snapshot);
    snapshot = open_good(pipe_like(&reading, &buffer));
    vgic5_snapshot_close(snapshot);
    buffer_free(&buffer);
}

static void test_same_state_same_bytes(void **state)
{
    struct buffer one, two, other;

    (void)state;
    write_sample(&one, 1);
    write_sample(&two, 1);
    write_sample(&other, 0);
    assert_int_equal(one.size, two.size);
    assert_memory_equal(one.bytes, two.bytes, one.size);
    assert_true(one.size != other.size || memcmp(one.bytes, other.bytes, one.size) != 0);
    assert_in_range(one.size, 15000, 25000);
    buffer_free(&one);
    buffer_free(&two);
    buffer_free(&other);
}

/* A frame's bytes depend on its content alone, not on what the same encoder compressed before. */
static void test_frames_do_not_depend_on_each_other(void **state)
{
    enum { COUNT = 64, SIZE = COUNT * FRAME_BYTES };
    struct random random = {.state = 3};
    uint8_t *memory = malloc(SIZE);
    struct vgic5_snapshot_writer *writer;
    struct vgic5_snapshot *snapshot;
    const struct vgic5_section *section;
    struct buffer buffer = {0};
    struct reading reading;
    struct vgic5_frame frame;

    (void)state;
    for (size_t i = 0; i < SIZE; i++) {
        uint64_t value = random_next(&random);

        memory[i] = (uint8_t)(value >> (value & 63));
    }
    assert_int_equal(vgic5_snapshot_begin(buffer_sink(&buffer), "", &writer, NULL), 0);
    assert_int_equal(vgic5_snapshot_put_memory(writer, 0, memory, SIZE, NULL), 0);
    assert_int_equal(vgic5_snapshot_end(writer, NULL), 0);
    snapshot = open_good(file_like(&reading, &buffer));
    section = vgic5_snapshot_section(snapshot, 0);
    assert_int_equal(vgic5_snapshot_nr_frames(section), COUNT);
    for (uint32_t n = 0; n < COUNT; n += 9) {
        struct frame_encoder *encoder = frame_encoder_new();
        const uint8_t *bytes;
        size_t length;

        assert_int_equal(vgic5_snapshot_frame(section, n, &frame), 0);
        const struct frame_pages pages = {n, memory + (size_t)n * FRAME_BYTES, FRAME_BYTES, 0xffff,
                                          false};

        assert_int_equal(frame_encode(encoder, &pages, &bytes, &length), 0);
        assert_int_equal(length, RECORD_SIZE + frame.stored);
        assert_memory_equal(bytes, buffer.bytes + frame.file_offset, length);
        frame_encoder_free(encoder);
    }
    vgic5_snapshot_close(snapshot);
    buffer_free(&buffer);
    free(memory);
}

/* Frames in any order, each where it belongs, and nothing else touched. */
static void test_lazy_frames(void **state)
{
    struct sample *sample = sample_new(1);
    struct buffer buffer = {0};
    struct reading reading;
    uint8_t *loaded = calloc(1, SAMPLE_RAM_SIZE);
    struct vgic5_snapshot *snapshot;
    const struct vgic5_section *section;
    struct vgic5_frame first, last;

    (void)state;
    sample_write(sample, buffer_sink(&buffer));
    snapshot = open_good(file_like(&reading, &buffer));
    section = vgic5_snapshot_find(snapshot, "memory", SAMPLE_RAM_BASE);
    assert_int_equal(vgic5_snapshot_nr_frames(section), 2); /* the frame of zeros is not there */
    assert_int_equal(vgic5_snapshot_frame(section, 0, &first), 0);
    assert_int_equal(vgic5_snapshot_frame(section, 1, &last), 0);
    assert_int_equal(vgic5_snapshot_frame(section, 2, &last), -ENOENT);
    assert_true(first.offset == 0 && first.size == FRAME_BYTES && first.data == 0x206);
    assert_true(last.offset == 2 * FRAME_BYTES && last.size == FRAME_BYTES / 2 &&
                last.data == 0xff);
    assert_int_equal(vgic5_snapshot_load_frame(snapshot, section, 1, loaded + last.offset, NULL),
                     0);
    assert_memory_equal(loaded + 2 * FRAME_BYTES, sample->ram + 2 * FRAME_BYTES, FRAME_BYTES / 2);
    for (size_t i = 0; i < 2 * FRAME_BYTES; i++)
        assert_int_equal(loaded[i], 0);
    memset(loaded, 0xaa, 4096);
    assert_int_equal(vgic5_snapshot_load_frame(snapshot, section, 0, loaded, NULL), 0);
    assert_int_equal(loaded[0], 0xaa); /* a page that the frame does not hold */
    memset(loaded, 0, 4096);
    assert_memory_equal(loaded, sample->ram, SAMPLE_RAM_SIZE);
    assert_true(vgic5_snapshot_load_frame(snapshot, section, 2, loaded, NULL) < 0);
    vgic5_snapshot_close(snapshot);
    buffer_free(&buffer);
    free(loaded);
    free(sample);
}

/* ---- Pipes and files ------------------------------------------------------------------------- */

struct landing {
    uint8_t *ram;
    uint64_t last;
    bool saw_machine;
    int result;
};

static int land(void *opaque, const struct vgic5_snapshot *snapshot,
                const struct vgic5_section *memory, uint64_t offset, const void *bytes, size_t size)
{
    struct landing *landing = opaque;
    const struct vgic5_section *machine = vgic5_snapshot_find(snapshot, "machine", 0);

    landing->saw_machine = machine && machine->fields;
    if (memory->memory_base == SAMPLE_RAM_BASE) {
        assert_true(offset >= landing->last && offset + size <= SAMPLE_RAM_SIZE);
        landing->last = offset + size;
        memcpy(landing->ram + offset, bytes, size);
    }
    return landing->result;
}

static void test_memory_sink(void **state)
{
    struct sample *sample = sample_new(1);
    struct landing landing = {.ram = calloc(1, SAMPLE_RAM_SIZE)};
    const struct vgic5_memory_sink sink = {.size = sizeof(sink), .pages = land, .opaque = &landing};
    struct vgic5_open_options options = {.size = sizeof(options), .memory_sink = &sink};
    struct vgic5_error error = {0};
    struct vgic5_snapshot *snapshot;
    struct buffer buffer = {0};
    struct reading reading;

    (void)state;
    sample_write(sample, buffer_sink(&buffer));
    assert_int_equal(
        vgic5_snapshot_open_source(pipe_like(&reading, &buffer), &options, &snapshot, &error), 0);
    assert_true(landing.saw_machine);
    assert_memory_equal(landing.ram, sample->ram, SAMPLE_RAM_SIZE);
    assert_int_equal(vgic5_snapshot_load_memory(
                         snapshot, vgic5_snapshot_find(snapshot, "memory", SAMPLE_RAM_BASE),
                         landing.ram, &error),
                     -EINVAL);
    vgic5_snapshot_close(snapshot);
    landing.result = -EFAULT;
    landing.last = 0;
    assert_int_equal(
        vgic5_snapshot_open_source(pipe_like(&reading, &buffer), &options, &snapshot, &error),
        -EFAULT);
    assert_int_equal(error.cause, VGIC5_CAUSE_ENVIRONMENT);
    buffer_free(&buffer);
    free(landing.ram);
    free(sample);
}

static void test_keep_limit(void **state)
{
    struct vgic5_open_options options = {.size = sizeof(options), .keep_limit = 4096};
    struct vgic5_error error = {0};
    struct vgic5_snapshot *snapshot;
    struct buffer buffer;
    struct reading reading;

    (void)state;
    write_sample(&buffer, 0);
    assert_int_equal(
        vgic5_snapshot_open_source(pipe_like(&reading, &buffer), &options, &snapshot, &error),
        -ENOMEM);
    assert_int_equal(error.cause, VGIC5_CAUSE_ENVIRONMENT);
    options.size = 4; /* a caller that knows no further member */
    assert_int_equal(
        vgic5_snapshot_open_source(pipe_like(&reading, &buffer), &options, &snapshot, &error), 0);
    vgic5_snapshot_close(snapshot);
    buffer_free(&buffer);
}

static int write_fd(void *opaque, const void *bytes, size_t size)
{
    const char *at = bytes;

    while (size) {
        ssize_t ret = write(*(int *)opaque, at, size);

        if (ret < 0)
            return -errno;
        at += ret;
        size -= (size_t)ret;
    }
    return 0;
}

static void test_real_pipe(void **state)
{
    struct sample *sample = sample_new(1);
    struct vgic5_error error = {0};
    struct vgic5_snapshot *snapshot;
    char path[64];
    int fds[2], status;
    pid_t child;

    (void)state;
    assert_int_equal(pipe(fds), 0);
    child = fork();
    if (child == 0) {
        sample_write(sample, &(struct vgic5_sink){.size = sizeof(struct vgic5_sink),
                                                  .write = write_fd,
                                                  .opaque = &fds[1]});
        _exit(0);
    }
    close(fds[1]);
    snprintf(path, sizeof(path), "/proc/self/fd/%d", fds[0]);
    assert_int_equal(vgic5_snapshot_open_file(path, &snapshot, &error), 0);
    check_sample(snapshot, sample);
    vgic5_snapshot_close(snapshot);
    close(fds[0]);
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    free(sample);
}

static void test_real_file(void **state)
{
    char path[] = "/tmp/vgic5-snapshot-XXXXXX";
    struct sample *sample = sample_new(1);
    struct vgic5_error error = {0};
    struct vgic5_snapshot *snapshot;
    int fd = mkstemp(path);

    (void)state;
    assert_true(fd >= 0);
    sample_write(sample, &(struct vgic5_sink){
                             .size = sizeof(struct vgic5_sink), .write = write_fd, .opaque = &fd});
    close(fd);
    assert_int_equal(vgic5_snapshot_open_file(path, &snapshot, &error), 0);
    check_sample(snapshot, sample);
    vgic5_snapshot_close(snapshot);
    unlink(path);
    assert_int_equal(vgic5_snapshot_open_file(path, &snapshot, &error), -ENOENT);
    assert_int_equal(error.cause, VGIC5_CAUSE_ENVIRONMENT);
    assert_non_null(strstr(error.message, path));
    assert_int_equal(vgic5_snapshot_open_file("/", &snapshot, &error), -EISDIR);
    assert_int_equal(error.cause, VGIC5_CAUSE_ENVIRONMENT);
    free(sample);
}

/* ---- Versions and features ------------------------------------------------------------------- */

static void expect(const struct buffer *buffer, enum vgic5_cause cause, const char *words)
{
    struct reading reading;

    for (unsigned int way = 0; way < 2; way++) {
        struct vgic5_error error = {0};
        int result =
            read_whole(way ? pipe_like(&reading, buffer) : file_like(&reading, buffer), &error);

        if (result == 0 || error.cause != cause || !strstr(error.message, words))
            fail_msg("way %u: %d, cause %d: %s; expected %d: %s", way, result, error.cause,
                     error.message, cause, words);
    }
}

static void test_header_of_later_versions(void **state)
{
    struct vgic5_snapshot_header header;
    struct vgic5_error error = {0};
    struct buffer good, buffer = {0};
    struct reading reading;
    struct map map;

    (void)state;
    write_sample(&good, 0);
    map_file(&map, &good);
    buffer_copy(&buffer, &good);
    put_u16(buffer.bytes + 8, 2);
    put_u16(buffer.bytes + 10, 3);
    put_u32(buffer.bytes + 12, 160);
    expect(&buffer, VGIC5_CAUSE_DAMAGED, "file header at offset 0x0: checksum");
    put_u64(buffer.bytes + 120, hash_64(buffer.bytes, 120));
    expect(&buffer, VGIC5_CAUSE_UNFIT,
           "format 2.3, written by \"sample 1.0\"; this program reads 1.x");
    buffer.size = HEADER_SIZE; /* the rest may be anything */
    assert_int_equal(vgic5_snapshot_read_header(pipe_like(&reading, &buffer), &header, &error), 0);
    assert_true(header.major == 2 && header.minor == 3 && header.header_size == 160);
    assert_string_equal(header.producer, "sample 1.0");

    buffer_copy(&buffer, &good);
    put_u64(buffer.bytes + 16, 1ull << 63);
    reseal(&map, &buffer);
    expect(&buffer, VGIC5_CAUSE_UNFIT, "incompatible features 0x8000000000000000");

    buffer_copy(&buffer, &good);
    put_u16(buffer.bytes + 8, 0);
    reseal(&map, &buffer);
    expect(&buffer, VGIC5_CAUSE_UNFIT, "format 0.0");

    /* A later minor version, and features that an older reader may ignore. */
    buffer_copy(&buffer, &good);
    put_u16(buffer.bytes + 10, 9);
    put_u64(buffer.bytes + 24, 5);
    put_u64(buffer.bytes + 32, 6);
    reseal(&map, &buffer);
    assert_int_equal(read_whole(file_like(&reading, &buffer), &error), 0);
    assert_int_equal(read_whole(pipe_like(&reading, &buffer), &error), 0);
    assert_int_equal(vgic5_snapshot_read_header(pipe_like(&reading, &buffer), &header, &error), 0);
    assert_true(header.minor == 9 && header.compatible == 5 && header.autoclear == 6);

    buffer_copy(&buffer, &good);
    buffer.bytes[104] = 1;
    reseal(&map, &buffer);
    expect(&buffer, VGIC5_CAUSE_DAMAGED, "reserved bytes");

    buffer_copy(&buffer, &good);
    put_u32(buffer.bytes + 12, 120);
    reseal(&map, &buffer);
    expect(&buffer, VGIC5_CAUSE_DAMAGED, "header size 120");
    map_free(&map);
    buffer_free(&buffer);
    buffer_free(&good);
}

/* A longer header of a later minor version is read over, and still covered by the root hash. */
static void test_longer_header(void **state)
{
    struct section_head head = {.type = "a", .kind = SECTION_FIELDS, .length = 0};
    struct file_end end;
    struct vgic5_error error = {0};
    struct reading reading;
    struct craft craft;
    uint8_t *bytes;

    (void)state;
    craft_begin(&craft);
    put_u16(craft.file.bytes + 10, 1);
    put_u32(craft.file.bytes + 12, HEADER_SIZE + 32);
    put_u64(craft.file.bytes + 120, hash_64(craft.file.bytes, 120));
    const struct vgic5_sink *sink = buffer_sink(&craft.file);
    sink->write(sink->opaque, "thirty-two bytes of a later time", 32);
    craft_payload(&craft, &head, "");
    craft_end(&craft);
    bytes = craft.file.bytes + craft.file.size - END_SIZE;
    assert_true(file_end_decode(bytes, &end));
    const struct hash_part header = {craft.file.bytes, HEADER_SIZE + 32};
    const struct hash_part entries = {craft.table.bytes, craft.table.size};
    root_hash(&header, craft.file.bytes + end.table_offset, &entries, end.root);
    file_end_encode(&end, bytes);
    assert_int_equal(read_whole(file_like(&reading, &craft.file), &error), 0);
    assert_int_equal(read_whole(pipe_like(&reading, &craft.file), &error), 0);
    craft.file.bytes[HEADER_SIZE + 5] ^= 1;
    expect(&craft.file, VGIC5_CAUSE_DAMAGED, "do not match the root hash");
    craft_free(&craft);
}

static void test_required_sections(void **state)
{
    static const char *const all[] = {"machine", "vcpu", "irs", "memory"};
    static const char *const less[] = {"machine", "vcpu", "memory", "later"};
    struct vgic5_error error = {0};
    struct vgic5_snapshot *snapshot;
    struct buffer buffer;
    struct reading reading;

    (void)state;
    write_sample(&buffer, 0);
    snapshot = open_good(file_like(&reading, &buffer));
    assert_int_equal(vgic5_snapshot_require_known(snapshot, all, 4, &error), 0);
    assert_true(vgic5_snapshot_require_known(snapshot, less, 4, &error) < 0);
    assert_int_equal(error.cause, VGIC5_CAUSE_UNFIT);
    assert_non_null(strstr(error.message, "section irs[0x8010000] at offset 0x"));
    vgic5_snapshot_close(snapshot);
    buffer_free(&buffer);
}

/* A required section of an unknown kind stays unknown, whatever its name. */
static void test_required_section_of_a_later_kind(void **state)
{
    static const char *const known[] = {"vcpu"};
    const struct section_head head = {
        .type = "vcpu", .kind = 3, .required = true, .version = 4, .length = 2};
    struct vgic5_error error = {0};
    struct vgic5_snapshot *snapshot;
    struct reading reading;
    struct craft craft;

    (void)state;
    craft_begin(&craft);
    craft_payload(&craft, &head, "ab");
    craft_end(&craft);
    snapshot = open_good(file_like(&reading, &craft.file));
    assert_true(vgic5_snapshot_require_known(snapshot, known, 1, &error) < 0);
    assert_int_equal(error.cause, VGIC5_CAUSE_UNFIT);
    assert_non_null(strstr(error.message, "kind 3, version 4"));
    vgic5_snapshot_close(snapshot);
    craft_free(&craft);
}

/* ---- The writer's refusals ------------------------------------------------------------------- */

static void test_writer_refuses_misuse(void **state)
{
    static const uint8_t page[2 * 4096];
    struct vgic5_fields *fields = vgic5_fields_new(), *bad = vgic5_fields_new();
    struct vgic5_snapshot_writer *w;
    struct vgic5_error e = {0};
    struct buffer buffer = {0};
    struct reading reading;
    size_t before;

    (void)state;
    vgic5_fields_put_u64(bad, "", 0, 0);
    assert_int_equal(vgic5_snapshot_begin(buffer_sink(&buffer), "a\n", &w, &e), -EINVAL);
    assert_null(w);
    assert_int_equal(vgic5_snapshot_begin(buffer_sink(&buffer), "p", &w, &e), 0);
    assert_int_equal(vgic5_snapshot_put_fields(w, "a", 1, 1, true, fields, &e), 0);
    assert_int_equal(vgic5_snapshot_put_memory(w, 0x2000, page, 0x2000, &e), 0);
    before = buffer.size;
    assert_int_equal(vgic5_snapshot_put_fields(w, "a", 1, 2, true, fields, &e), -EINVAL);
    assert_int_equal(e.cause, VGIC5_CAUSE_BUG);
    assert_non_null(strstr(e.message, "a[0x1] is there already"));
    assert_int_equal(vgic5_snapshot_put_fields(w, "A", 1, 1, true, fields, &e), -EINVAL);
    assert_int_equal(vgic5_snapshot_put_fields(w, "", 1, 1, true, fields, &e), -EINVAL);
    assert_int_equal(
        vgic5_snapshot_put_fields(w, "a234567890123456789012345678901x", 1, 1, true, fields, &e),
        -EINVAL);
    assert_int_equal(vgic5_snapshot_put_fields(w, "b", 1, 1, true, bad, &e), -EINVAL);
    assert_int_equal(vgic5_snapshot_put_raw(w, 2, "b", 1, 1, true, "", 0, &e), -EINVAL);
    assert_int_equal(vgic5_snapshot_put_raw(w, 3, "b", 1, 1, true, "", SIZE_MAX, &e), -EINVAL);
    assert_int_equal(vgic5_snapshot_put_memory(w, 0x3000, page, 0x1000, &e), -EINVAL);
    assert_non_null(strstr(e.message, "overlaps"));
    assert_int_equal(vgic5_snapshot_put_memory(w, 0x1000, page, 0x2000, &e), -EINVAL);
    assert_int_equal(vgic5_snapshot_put_memory(w, 0x5001, page, 0x1000, &e), -EINVAL);
    assert_int_equal(vgic5_snapshot_put_memory(w, 0x5000, page, 0x1001, &e), -EINVAL);
    assert_int_equal(vgic5_snapshot_put_memory(w, 0x5000, page, 0, &e), -EINVAL);
    assert_int_equal(vgic5_snapshot_put_memory(w, 0x5000, page, 1ull << 41, &e), -EINVAL);
    assert_int_equal(vgic5_snapshot_put_memory(w, 1ull << 56, page, 0x1000, &e), -EINVAL);
    assert_int_equal(buffer.size, before); /* refused before the first byte */
    assert_int_equal(vgic5_snapshot_put_fields(w, "a", 2, 1, true, fields, &e), 0);
    assert_int_equal(vgic5_snapshot_end(w, &e), 0);
    assert_int_equal(read_whole(file_like(&reading, &buffer), &e), 0);
    vgic5_fields_free(fields);
    vgic5_fields_free(bad);
    buffer_free(&buffer);
}

/* A full disk at any byte: every call after it fails too, and what is there is not a snapshot. */
static void test_writer_stays_failed(void **state)
{
    struct vgic5_fields *fields = vgic5_fields_new();
    struct random random = {.state = 1};
    uint8_t page[4096];
    size_t whole = 0;

    (void)state;
    for (size_t i = 0; i < sizeof(page); i++)
        page[i] = (uint8_t)random_next(&random);
    for (size_t limit = 1; !whole; limit += 13) {
        struct buffer buffer = {.limit = limit};
        struct vgic5_snapshot_writer *w;
        struct vgic5_error e = {0};
        struct reading reading;
        int ret = vgic5_snapshot_begin(buffer_sink(&buffer), "p", &w, &e);

        if (ret == 0) {
            int fields_result = vgic5_snapshot_put_fields(w, "a", 1, 1, true, fields, &e);
            int memory_result = vgic5_snapshot_put_memory(w, 0, page, sizeof(page), &e);

            ret = vgic5_snapshot_end(w, &e);
            assert_true(fields_result == 0 || memory_result == -ENOSPC);
            assert_true(memory_result == 0 || ret == -ENOSPC);
        }
        if (ret == 0) {
            whole = buffer.size;
        } else {
            assert_int_equal(ret, -ENOSPC);
            assert_int_equal(e.cause, VGIC5_CAUSE_ENVIRONMENT);
            assert_true(read_whole(file_like(&reading, &buffer), &e) < 0);
            assert_int_equal(e.cause, VGIC5_CAUSE_DAMAGED);
        }
        buffer_free(&buffer);
    }
    assert_true(whole > 4096);
    vgic5_fields_free(fields);
}

/* One write fails, the next would not: what has a hole is not ended as if it were whole. */
static int fail_once(void *opaque, const void *bytes, size_t size)
{
    int *writes_left = opaque;

    (void)bytes;
    (void)size;
    return --*writes_left == 0 ? -EIO : 0;
}

static void test_one_failed_write_is_not_forgotten(void **state)
{
    struct vgic5_fields *fields = vgic5_fields_new();
    struct sample *sample = sample_new(0);
    int ret = -EIO;

    (void)state;
    for (int fail_at = 2; ret != 0; fail_at++) {
        int writes_left = fail_at, results[3];
        const struct vgic5_sink sink = {
            .size = sizeof(sink), .write = fail_once, .opaque = &writes_left};
        struct vgic5_snapshot_writer *w;
        struct vgic5_error e = {0};

        assert_int_equal(vgic5_snapshot_begin(&sink, "p", &w, &e), 0);
        results[0] = vgic5_snapshot_put_fields(w, "a", 1, 1, true, fields, &e);
        results[1] = vgic5_snapshot_put_memory(w, 0, sample->ram, SAMPLE_RAM_SIZE, &e);
        results[2] = vgic5_snapshot_put_fields(w, "a", 2, 1, true, fields, &e);
        ret = vgic5_snapshot_end(w, &e);
        assert_int_equal(ret, writes_left <= 0 ? -EIO : 0);
        for (unsigned int i = 0; i < 2; i++)
            assert_true(results[i] == 0 || results[i + 1] == -EIO);
        assert_true(ret == 0 || e.cause == VGIC5_CAUSE_ENVIRONMENT);
    }
    vgic5_fields_free(fields);
    free(sample);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_round_trip),
        cmocka_unit_test(test_empty_snapshot),
        cmocka_unit_test(test_same_state_same_bytes),
        cmocka_unit_test(test_frames_do_not_depend_on_each_other),
        cmocka_unit_test(test_lazy_frames),
        cmocka_unit_test(test_memory_sink),
        cmocka_unit_test(test_keep_limit),
        cmocka_unit_test(test_real_pipe),
        cmocka_unit_test(test_real_file),
        cmocka_unit_test(test_header_of_later_versions),
        cmocka_unit_test(test_longer_header),
        cmocka_unit_test(test_required_sections),
        cmocka_unit_test(test_required_section_of_a_later_kind),
        cmocka_unit_test(test_writer_refuses_misuse),
        cmocka_unit_test(test_writer_stays_failed),
        cmocka_unit_test(test_one_failed_write_is_not_forgotten),
    };

    return cmocka_run_group_tests_name("snapshot container", tests, NULL, NULL);
}
