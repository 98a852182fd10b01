/* SPDX-License-Identifier: BSD-3-Clause */
/* A machine as a snapshot in host memory, and back: what the tool does with files. */
#ifndef TESTS_MACHINE_REBUILD_H
#define TESTS_MACHINE_REBUILD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "machine/machine.h"

struct image {
    uint8_t *bytes;
    size_t size, room;
    struct vgic5_sink sink;
};

/* What a run of the guest is made with. */
struct setup {
    const char *guest;
    uint32_t nr_vcpus;
    uint64_t slice_length; /* instructions */
    bool deterministic;
    uint64_t ram_size;
    uint64_t most_code; /* 0: the usual */
};

/* All of these end the process with a message when they cannot do it. */
struct machine_config setup_config(const struct setup *setup);
struct machine *booted(const struct setup *setup);
struct machine *rebuilt(const struct setup *setup, const struct image *image);
struct image saved(struct machine *machine, const struct setup *setup);

/* Prints the first things that differ, as comments. */
void explain(const struct image *a, const struct image *b);
/* An image as a sink, and opened as a snapshot; `reader` must live as long as that. */
struct reader {
    const struct image *image;
    size_t at;
};
const struct vgic5_sink *sink_of(struct image *image);
struct vgic5_snapshot *opened(const struct image *image, struct reader *reader);

bool same(const struct image *a, const struct image *b);
void image_free(struct image *image);
void die(const char *what, const char *why);

#endif
