/* SPDX-License-Identifier: BSD-3-Clause */
/* What the snapshot tests share: bytes in memory as sink and source, a sample, a random sequence.
 */
#ifndef TESTS_SNAPSHOT_SUPPORT_H
#define TESTS_SNAPSHOT_SUPPORT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <vgic5/snapshot.h>

/* ---- Bytes in memory ------------------------------------------------------------------------- */

struct buffer {
    uint8_t *bytes;
    size_t size, capacity;
    size_t limit; /* writes beyond it fail with -ENOSPC; 0: none */
    struct vgic5_sink sink;
};

const struct vgic5_sink *buffer_sink(struct buffer *buffer);
void buffer_free(struct buffer *buffer);
void buffer_copy(struct buffer *to, const struct buffer *from);

struct reading {
    const uint8_t *bytes;
    size_t size, at;
    size_t most;         /* bytes handed out by one read; 0: all that is asked for */
    unsigned int breaks; /* every n-th read is interrupted; 0: none */
    unsigned int reads;
    struct vgic5_source source;
};

/* Sources over reading->bytes; `reading` is initialised here. */
const struct vgic5_source *file_like(struct reading *reading, const struct buffer *buffer);
const struct vgic5_source *pipe_like(struct reading *reading, const struct buffer *buffer);

/* ---- Random ---------------------------------------------------------------------------------- */

struct random {
    uint64_t state;
};
uint64_t random_next(struct random *random);
static inline uint64_t random_below(struct random *random, uint64_t bound)
{
    return random_next(random) % bound;
}

/* ---- A sample -------------------------------------------------------------------------------- */

/* About 20 KiB: machine, three vCPUs, an IRS, an optional section of an unknown kind, two memory
 * sections. Different variants differ in the content, not in the shape. */
#define SAMPLE_RAM_BASE 0x40000000ull
#define SAMPLE_RAM_SIZE (40u * 4096u)
#define SAMPLE_ROM_BASE 0x1000ull
#define SAMPLE_ROM_SIZE 4096u
struct sample {
    unsigned int variant;
    uint8_t ram[SAMPLE_RAM_SIZE];
    uint8_t rom[SAMPLE_ROM_SIZE];
};
struct sample *sample_new(unsigned int variant);
void sample_write(const struct sample *sample, const struct vgic5_sink *sink);
/* That the snapshot holds this sample and nothing else. */
void check_sample(struct vgic5_snapshot *snapshot, const struct sample *sample);

/* ---- Reading all of a snapshot --------------------------------------------------------------- */

/* Open, check and load everything, and close. */
int read_whole(const struct vgic5_source *source, struct vgic5_error *error);
/* As vgic5_snapshot_open_source, which must succeed. */
struct vgic5_snapshot *open_good(const struct vgic5_source *source);

#endif
