/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Every single bit of a snapshot flipped, every truncation, and random splices: all refused with
 * exit code 4 and words that say where, both by the section table and front to back, and none at
 * the price of more memory than twice the file.
 *
 * Arguments: number of splices (20000), seed (1), KiB of memory added to the sample (0); of the
 * bits, only those of the bytes from this one (0) up to that one (the end), for several processes.
 */
#include "craft.h"
#include "watch.h"

#include <errno.h>
#include <inttypes.h>

static unsigned int nr_splices = 20000;
static uint64_t seed = 1;
static size_t more_kib;
static size_t first_byte, end_byte = SIZE_MAX;

static void write_sample(struct buffer *buffer, unsigned int variant)
{
    struct sample *sample = sample_new(variant);

    *buffer = (struct buffer){0};
    sample_write(sample, buffer_sink(buffer));
    free(sample);
}

/* The sample, or one with more memory that does not compress. */
static void write_larger(struct buffer *buffer)
{
    struct random random = {.state = seed};
    struct vgic5_snapshot_writer *writer;
    struct vgic5_fields *fields = vgic5_fields_new();
    size_t size = more_kib << 10;
    uint8_t *memory = malloc(size + 1);

    *buffer = (struct buffer){0};
    for (size_t i = 0; i < size; i++)
        memory[i] = (uint8_t)random_next(&random);
    vgic5_fields_put_u64(fields, "MPIDR_EL1", 0xc005, 1ull << 31);
    assert_int_equal(vgic5_snapshot_begin(buffer_sink(buffer), "larger", &writer, NULL), 0);
    assert_int_equal(vgic5_snapshot_put_fields(writer, "vcpu", 0, 1, true, fields, NULL), 0);
    assert_int_equal(vgic5_snapshot_put_memory(writer, 0, memory, size, NULL), 0);
    assert_int_equal(vgic5_snapshot_end(writer, NULL), 0);
    vgic5_fields_free(fields);
    free(memory);
}

static void write_file(struct buffer *buffer)
{
    if (more_kib)
        write_larger(buffer);
    else
        write_sample(buffer, 1);
}

/* What a reader has whatever it reads: a frame, its pages, a decoder. */
#define FIXED 300000u

static int read_by(unsigned int way, const struct buffer *buffer, struct vgic5_error *error)
{
    size_t live = watch.live, nr_live = watch.nr_live;
    struct reading reading;
    int ret;

    watch_from(0, false);
    ret = read_whole(way ? pipe_like(&reading, buffer) : file_like(&reading, buffer), error);
    watch.on = false;
    assert_int_equal(watch.nr_live, nr_live);
    assert_in_range(watch.peak - live, 0, 2 * buffer->size + FIXED);
    return ret;
}

/* The words that a refusal of damage at `at` must have one of: the section, or its offset. */
struct named_place {
    char name[48];
    char offset[48];
};

static struct named_place *find_places(const struct buffer *good, size_t *nr_places,
                                       uint64_t **ends)
{
    struct reading reading;
    struct vgic5_snapshot *snapshot = open_good(file_like(&reading, good));
    size_t nr_sections = vgic5_snapshot_nr_sections(snapshot);
    struct named_place *places = calloc(nr_sections + 2, sizeof(*places));

    *ends = calloc(nr_sections + 2, sizeof(**ends));
    strcpy(places[0].name, "file header");
    strcpy(places[0].offset, "root hash");
    (*ends)[0] = HEADER_SIZE;
    for (size_t i = 0; i < nr_sections; i++) {
        const struct vgic5_section *section = vgic5_snapshot_section(snapshot, i);

        snprintf(places[i + 1].name, sizeof(places->name), "section %s[", section->type);
        snprintf(places[i + 1].offset, sizeof(places->offset), "offset 0x%" PRIx64,
                 section->offset);
        (*ends)[i + 1] = section->offset + section->size;
    }
    snprintf(places[nr_sections + 1].name, sizeof(places->name), "section table");
    /* A table's header that is none looks like a missing section; the end record has its own. */
    snprintf(places[nr_sections + 1].offset, sizeof(places->offset), "offset 0x%" PRIx64,
             (*ends)[nr_sections]);
    (*ends)[nr_sections + 1] = good->size;
    *nr_places = nr_sections + 2;
    vgic5_snapshot_close(snapshot);
    return places;
}

static void expect_refusal(int result, const struct vgic5_error *error,
                           const struct named_place *place, unsigned int way, size_t at)
{
    if (result != -EBADMSG || error->cause != VGIC5_CAUSE_DAMAGED)
        fail_msg("way %u, byte 0x%zx: result %d, exit code %d: %s", way, at, result, error->cause,
                 error->message);
    if (!strstr(error->message, "offset 0x") ||
        (!strstr(error->message, place->name) && !strstr(error->message, place->offset) &&
         !strstr(error->message, "end record at")))
        fail_msg("way %u, byte 0x%zx: \"%s\" names neither %s nor %s", way, at, error->message,
                 place->name, place->offset);
}

static void test_every_bit(void **state)
{
    struct vgic5_error error = {0};
    struct buffer file;
    struct named_place *places;
    uint64_t *ends;
    size_t nr_places, place = 0;

    (void)state;
    write_file(&file);
    places = find_places(&file, &nr_places, &ends);
    for (size_t at = 0; at < file.size; at++) {
        while (at >= ends[place])
            place++;
        assert_true(place < nr_places);
        if (at < first_byte || at >= end_byte)
            continue;
        for (unsigned int bit = 0; bit < 8; bit++) {
            file.bytes[at] ^= (uint8_t)(1u << bit);
            for (unsigned int way = 0; way < 2; way++) {
                memset(&error, 0, sizeof(error));
                int ret = read_by(way, &file, &error);
                expect_refusal(ret, &error, &places[place], way, at);
            }
            file.bytes[at] ^= (uint8_t)(1u << bit);
        }
    }
    for (unsigned int way = 0; way < 2; way++)
        assert_int_equal(read_by(way, &file, &error), 0);
    print_message("the bits of bytes %zu to %zu flipped, each refused twice\n", first_byte,
                  (end_byte < file.size ? end_byte : file.size) - 1);
    free(places);
    free(ends);
    buffer_free(&file);
}

static void test_every_truncation(void **state)
{
    struct buffer file;
    struct named_place *places;
    uint64_t *ends;
    size_t nr_places, place = 0;

    (void)state;
    write_file(&file);
    places = find_places(&file, &nr_places, &ends);
    for (size_t size = 0; size < file.size; size++) {
        while (size >= ends[place])
            place++;
        const struct buffer shorter = {.bytes = file.bytes, .size = size};

        for (unsigned int way = 0; way < 2; way++) {
            struct vgic5_error error = {0};
            int ret = read_by(way, &shorter, &error);

            if (ret != -EBADMSG || error.cause != VGIC5_CAUSE_DAMAGED ||
                !strstr(error.message, "the file ends at offset 0x"))
                fail_msg("way %u, %zu bytes: %d: %s", way, size, ret, error.message);
            /* Within a section's own header its name is not known yet, but what was expected is. */
            if (!strstr(error.message, places[place].name) &&
                !strstr(error.message, "section header is cut off") &&
                !strstr(error.message, "end record is cut off"))
                fail_msg("way %u, %zu bytes: \"%s\" does not name %s", way, size, error.message,
                         places[place].name);
        }
    }
    free(places);
    free(ends);
    buffer_free(&file);
}

static void test_trailing_bytes(void **state)
{
    struct buffer file;
    const struct vgic5_sink *sink = buffer_sink(&file);

    (void)state;
    write_sample(&file, 1);
    for (size_t more = 1; more < 200; more++) {
        static const uint8_t zero;

        sink->write(sink->opaque, more % 2 ? file.bytes : &zero, 1);
        for (unsigned int way = 0; way < 2; way++) {
            struct vgic5_error error = {0};

            assert_int_equal(read_by(way, &file, &error), -EBADMSG);
            assert_int_equal(error.cause, VGIC5_CAUSE_DAMAGED);
            assert_non_null(strstr(error.message, "bytes behind the end of the snapshot"));
        }
    }
    buffer_free(&file);
}

/* ---- Splices --------------------------------------------------------------------------------- */

/* Pieces of files: what a splice takes, moves and leaves out. */
struct piece {
    const struct buffer *from;
    size_t start, end;
};

struct splice {
    struct piece pieces[64];
    size_t nr_pieces;
};

static void add(struct splice *splice, const struct buffer *from, size_t start, size_t end)
{
    assert_true(splice->nr_pieces < 64 && start <= end && end <= from->size);
    splice->pieces[splice->nr_pieces++] = (struct piece){from, start, end};
}

static void assemble(const struct splice *splice, struct buffer *to)
{
    const struct vgic5_sink *sink = buffer_sink(to);

    to->size = 0;
    for (size_t i = 0; i < splice->nr_pieces; i++) {
        const struct piece *piece = &splice->pieces[i];

        sink->write(sink->opaque, piece->from->bytes + piece->start, piece->end - piece->start);
    }
}

/* Two snapshots of the same shape, cut into header, sections and trailer, or finer. */
struct two_files {
    struct buffer one, two;
    struct map one_map, two_map;
};

static void add_whole(struct splice *splice, const struct buffer *file, const struct map *map)
{
    add(splice, file, 0, HEADER_SIZE);
    for (size_t i = 0; i < map->nr_sections; i++)
        add(splice, file, map->sections[i].offset,
            map->sections[i].offset + map->sections[i].total);
    add(splice, file, map->table, file->size);
}

static void swap(struct piece *one, struct piece *two)
{
    struct piece kept = *one;

    *one = *two;
    *two = kept;
}

/* Swap, repeat, drop, replace or move a piece; the other file has the same pieces. */
static void mix_pieces(struct random *random, struct splice *splice, const struct splice *other)
{
    size_t one = random_below(random, splice->nr_pieces);
    size_t two = random_below(random, splice->nr_pieces);
    struct piece kept = splice->pieces[one];

    switch (random_below(random, 5)) {
    case 0:
        swap(&splice->pieces[one], &splice->pieces[two]);
        break;
    case 1: /* repeat */
        memmove(&splice->pieces[one + 1], &splice->pieces[one],
                (splice->nr_pieces++ - one) * sizeof(kept));
        break;
    case 2: /* drop */
        memmove(&splice->pieces[one], &splice->pieces[one + 1],
                (--splice->nr_pieces - one) * sizeof(kept));
        break;
    case 3: /* from the other snapshot */
        splice->pieces[one] = other->pieces[one % other->nr_pieces];
        break;
    default: /* over another */
        splice->pieces[two] = kept;
        break;
    }
}

/* The memory sections cut into frames too. */
static void add_finely(struct splice *splice, const struct buffer *file, const struct map *map)
{
    add(splice, file, 0, HEADER_SIZE);
    for (size_t i = 0; i < map->nr_sections; i++) {
        const struct map_section *section = &map->sections[i];
        size_t start = section->offset;

        for (uint32_t n = 0; section->is_memory && n <= section->nr_frames; n++) {
            add(splice, file, start, section->frames[n]);
            start = section->frames[n];
        }
        add(splice, file, start, section->offset + section->total);
    }
    add(splice, file, map->table, file->size);
}

static void splice_pieces(struct random *random, const struct two_files *files, struct buffer *to)
{
    struct splice splice = {0}, other = {0};
    unsigned int times = 1 + (unsigned int)random_below(random, 3);

    if (random_below(random, 2)) {
        add_whole(&splice, &files->one, &files->one_map);
        add_whole(&other, &files->two, &files->two_map);
    } else {
        add_finely(&splice, &files->one, &files->one_map);
        add_finely(&other, &files->two, &files->two_map);
    }
    while (times--)
        mix_pieces(random, &splice, &other);
    assemble(&splice, to);
}

/* A range of bytes over, into or out of the file, from anywhere in either. */
static void splice_bytes(struct random *random, const struct two_files *files, struct buffer *to)
{
    const struct buffer *from = random_below(random, 2) ? &files->one : &files->two;
    size_t most = random_below(random, 2) ? 64 : from->size;
    size_t start = random_below(random, from->size), target = random_below(random, files->one.size);
    size_t length = 1 + random_below(random, most), skip;
    struct splice splice = {0};

    if (length > from->size - start)
        length = from->size - start;
    skip = random_below(random, most);
    switch (random_below(random, 4)) {
    case 0:
        skip = 0;
        break;
    case 1:
    case 2:
        skip = length;
        break;
    }
    if (skip > files->one.size - target)
        skip = files->one.size - target;
    add(&splice, &files->one, 0, target);
    if (random_below(random, 4))
        add(&splice, from, start, start + length);
    add(&splice, &files->one, target + skip, files->one.size);
    assemble(&splice, to);
}

static bool same(const struct buffer *one, const struct buffer *two)
{
    return one->size == two->size && memcmp(one->bytes, two->bytes, one->size) == 0;
}

static void test_splices(void **state)
{
    struct random random = {.state = seed};
    struct two_files files;
    struct buffer spliced = {0};
    unsigned int unchanged = 0;

    (void)state;
    print_message("%u splices, seed %" PRIu64 "\n", nr_splices, seed);
    write_sample(&files.one, 0);
    write_sample(&files.two, 1);
    map_file(&files.one_map, &files.one);
    map_file(&files.two_map, &files.two);
    for (unsigned int i = 0; i < nr_splices; i++) {
        if (random_below(&random, 2))
            splice_pieces(&random, &files, &spliced);
        else
            splice_bytes(&random, &files, &spliced);
        if (same(&spliced, &files.one) || same(&spliced, &files.two)) {
            unchanged++;
            continue;
        }
        for (unsigned int way = 0; way < 2; way++) {
            struct vgic5_error error = {0};
            int ret = read_by(way, &spliced, &error);

            if (ret != -EBADMSG || error.cause != VGIC5_CAUSE_DAMAGED ||
                !strstr(error.message, "offset 0x"))
                fail_msg("splice %u, way %u: result %d, exit code %d: %s", i, way, ret, error.cause,
                         error.message);
        }
    }
    assert_true(unchanged <= nr_splices / 2);
    map_free(&files.one_map);
    map_free(&files.two_map);
    buffer_free(&files.one);
    buffer_free(&files.two);
    buffer_free(&spliced);
}

/* A splice gets past neither the table nor the root, even where each section is right in itself. */
static void test_sections_of_another_snapshot(void **state)
{
    struct two_files files;
    struct buffer spliced = {0};

    (void)state;
    write_sample(&files.one, 0);
    write_sample(&files.two, 1);
    map_file(&files.one_map, &files.one);
    map_file(&files.two_map, &files.two);
    for (size_t i = 0; i < files.one_map.nr_sections; i++) {
        struct splice splice = {0};
        const struct map_section *section = &files.two_map.sections[i];

        add_whole(&splice, &files.one, &files.one_map);
        splice.pieces[i + 1] =
            (struct piece){&files.two, section->offset, section->offset + section->total};
        assemble(&splice, &spliced);
        for (unsigned int way = 0; way < 2; way++) {
            struct vgic5_error error = {0};

            assert_int_equal(read_by(way, &spliced, &error), -EBADMSG);
            assert_int_equal(error.cause, VGIC5_CAUSE_DAMAGED);
        }
    }
    map_free(&files.one_map);
    map_free(&files.two_map);
    buffer_free(&files.one);
    buffer_free(&files.two);
    buffer_free(&spliced);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_bit),
        cmocka_unit_test(test_every_truncation),
        cmocka_unit_test(test_trailing_bytes),
        cmocka_unit_test(test_splices),
        cmocka_unit_test(test_sections_of_another_snapshot),
    };

    if (argc > 1)
        nr_splices = (unsigned int)strtoul(argv[1], NULL, 0);
    if (argc > 2)
        seed = strtoull(argv[2], NULL, 0);
    if (argc > 3)
        more_kib = strtoul(argv[3], NULL, 0) / 4 * 4;
    if (argc > 5) {
        first_byte = strtoul(argv[4], NULL, 0);
        end_byte = strtoul(argv[5], NULL, 0);
    }
    return cmocka_run_group_tests_name("snapshot damage", tests, NULL, NULL);
}
