/* SPDX-License-Identifier: BSD-3-Clause */
#include "rebuild.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <vgic5/migration.h>

#include "machine/machine_parts.h"
#include "unicorn/unicorn_engine.h"

void die(const char *what, const char *why)
{
    printf("Bail out! %s: %s\n", what, why);
    exit(2);
}

struct machine_config setup_config(const struct setup *setup)
{
    return (struct machine_config){
        .engine = &unicorn_engine,
        .nr_vcpus = setup->nr_vcpus,
        .ram_size = setup->ram_size,
        .nr_spis = 64,
        .gic = {.size = sizeof(struct vgic5_config)},
        .deterministic = setup->deterministic,
    };
}

static struct machine *created(const struct setup *setup)
{
    struct machine_config config = setup_config(setup);
    struct vgic5_error error = {0};
    struct machine *machine;

    if (machine_create(&config, &machine, &error) != 0)
        die("create", error.message);
    if (setup->most_code > 0)
        unicorn_limit_code(machine->engine, setup->most_code);
    if (setup->slice_length > 0)
        machine->slice_length = setup->slice_length;
    return machine;
}

struct machine *booted(const struct setup *setup)
{
    struct machine *machine = created(setup);
    struct vgic5_error error = {0};

    if (machine_boot(machine, setup->guest, NULL, NULL, &error) != 0)
        die("boot", error.message);
    return machine;
}

/* ---- Saving ------------------------------------------------------------------------------------
 */

static int append(void *opaque, const void *bytes, size_t size)
{
    struct image *image = opaque;

    if (image->size + size > image->room) {
        size_t room = (image->size + size) * 2;
        uint8_t *larger = realloc(image->bytes, room);

        if (larger == NULL)
            return -ENOMEM;
        image->bytes = larger;
        image->room = room;
    }
    memcpy(image->bytes + image->size, bytes, size);
    image->size += size;
    return 0;
}

const struct vgic5_sink *sink_of(struct image *image)
{
    image->sink =
        (struct vgic5_sink){.size = sizeof(image->sink), .write = append, .opaque = image};
    return &image->sink;
}

static int write_sections(struct machine *machine, const struct setup *setup,
                          const struct vgic5_state *state, struct vgic5_snapshot_writer *writer,
                          struct vgic5_error *error)
{
    struct machine_config config = setup_config(setup);
    uint64_t base, size;
    const void *ram = machine_ram(machine, &base, &size);
    int ret = machine_config_save(machine, &config, writer, error);

    if (ret == 0)
        ret = vgic5_state_to_snapshot(state, writer, error);
    if (ret == 0)
        ret = machine_save(machine, writer, error);
    return ret == 0 ? vgic5_snapshot_put_memory(writer, base, ram, size, error) : ret;
}

struct image saved(struct machine *machine, const struct setup *setup)
{
    struct image image = {0};
    struct vgic5_error error = {0};
    struct vgic5_snapshot_writer *writer;
    struct vgic5_state *state;
    struct vgic5_port port;

    vgic5_port_model(machine_gic(machine), &port);
    if (vgic5_save(&port, NULL, &state, &error) != 0)
        die("save", error.message);
    if (vgic5_snapshot_begin(sink_of(&image), "exact-stop", &writer, &error) != 0 ||
        write_sections(machine, setup, state, writer, &error) != 0 ||
        vgic5_snapshot_end(writer, &error) != 0)
        die("write", error.message);
    vgic5_state_free(state);
    return image;
}

/* ---- Restoring ---------------------------------------------------------------------------------
 */

static long read_image(void *opaque, void *to, size_t size)
{
    struct reader *reader = opaque;
    size_t left = reader->image->size - reader->at;
    size_t n = size < left ? size : left;

    memcpy(to, reader->image->bytes + reader->at, n);
    reader->at += n;
    return (long)n;
}

static int seek_image(void *opaque, uint64_t offset)
{
    struct reader *reader = opaque;

    if (offset > reader->image->size)
        return -EINVAL;
    reader->at = offset;
    return 0;
}

static const struct vgic5_section *memory_of(const struct vgic5_snapshot *snapshot)
{
    for (size_t n = 0; n < vgic5_snapshot_nr_sections(snapshot); n++)
        if (vgic5_snapshot_section(snapshot, n)->fields == NULL)
            return vgic5_snapshot_section(snapshot, n);
    die("restore", "no memory section");
    return NULL;
}

struct vgic5_snapshot *opened(const struct image *image, struct reader *reader)
{
    const struct vgic5_source source = {sizeof(source), read_image, seek_image, image->size,
                                        reader};
    struct vgic5_error error = {0};
    struct vgic5_snapshot *snapshot;

    *reader = (struct reader){.image = image};
    if (vgic5_snapshot_open_source(&source, NULL, &snapshot, &error) != 0)
        die("open", error.message);
    return snapshot;
}

static void restore(struct machine *machine, struct vgic5_snapshot *snapshot)
{
    struct vgic5_error error = {0};
    struct vgic5_state *state = NULL;
    struct vgic5_port port;
    uint64_t base, size;
    void *ram = machine_ram(machine, &base, &size);

    vgic5_port_model(machine_gic(machine), &port);
    if (vgic5_snapshot_load_memory(snapshot, memory_of(snapshot), ram, &error) != 0 ||
        vgic5_state_from_snapshot(snapshot, &state, &error) != 0 ||
        vgic5_restore(&port, state, NULL, &error) != 0 ||
        machine_load(machine, snapshot, &error) != 0)
        die("restore", error.message);
    vgic5_state_free(state);
}

struct machine *rebuilt(const struct setup *setup, const struct image *image)
{
    struct reader reader;
    struct vgic5_snapshot *snapshot = opened(image, &reader);
    struct setup fresh = *setup;
    struct machine *machine;

    fresh.slice_length = 0; /* the snapshot knows it */
    machine = created(&fresh);
    restore(machine, snapshot);
    vgic5_snapshot_close(snapshot);
    return machine;
}

/* ---- What differs ------------------------------------------------------------------------------
 */

static void explain_fields(const struct vgic5_section *a, const struct vgic5_section *b)
{
    for (size_t i = 0; i < vgic5_fields_count(a->fields); i++) {
        const struct vgic5_field *f = vgic5_fields_at(a->fields, i);
        const struct vgic5_field *g = vgic5_fields_find(b->fields, f->name);

        if (g == NULL || f->u64 != g->u64 || f->size != g->size ||
            (f->size > 0 && memcmp(f->bytes, g->bytes, f->size) != 0))
            printf("#   %s %" PRIu64 " %s: 0x%" PRIx64 ", 0x%" PRIx64 "\n", a->type, a->instance,
                   f->name, f->u64, g != NULL ? g->u64 : 0);
    }
}

static uint8_t *loaded_memory(struct vgic5_snapshot *snapshot, const struct vgic5_section *section)
{
    uint8_t *memory = calloc(1, section->memory_size);
    struct vgic5_error error = {0};

    if (memory == NULL || vgic5_snapshot_load_memory(snapshot, section, memory, &error) != 0)
        die("memory", error.message);
    return memory;
}

static void explain_memory(struct vgic5_snapshot *a, struct vgic5_snapshot *b)
{
    const struct vgic5_section *section = memory_of(a);
    uint8_t *x = loaded_memory(a, section), *y = loaded_memory(b, memory_of(b));
    unsigned n = 0;

    for (uint64_t i = 0; i < section->memory_size && n < 8; i += 8) {
        if (memcmp(x + i, y + i, 8) == 0)
            continue;
        printf("#   memory 0x%" PRIx64 "\n", section->memory_base + i);
        n++;
    }
    free(x);
    free(y);
}

void explain(const struct image *a, const struct image *b)
{
    struct reader readers[2];
    struct vgic5_snapshot *x = opened(a, &readers[0]), *y = opened(b, &readers[1]);

    for (size_t n = 0; n < vgic5_snapshot_nr_sections(x); n++) {
        const struct vgic5_section *section = vgic5_snapshot_section(x, n);
        const struct vgic5_section *other =
            vgic5_snapshot_find(y, section->type, section->instance);

        if (section->fields != NULL && other != NULL)
            explain_fields(section, other);
    }
    explain_memory(x, y);
    vgic5_snapshot_close(x);
    vgic5_snapshot_close(y);
}

bool same(const struct image *a, const struct image *b)
{
    return a->size == b->size && memcmp(a->bytes, b->bytes, a->size) == 0;
}

void image_free(struct image *image)
{
    free(image->bytes);
    *image = (struct image){0};
}
