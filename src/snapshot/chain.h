/* SPDX-License-Identifier: BSD-3-Clause */
/* A snapshot file and, if it is incremental, those that it builds on, down to a full one. Memory
 * sections are its ranges, ascending; frames are numbered through all of them. */
#ifndef SNAPSHOT_CHAIN_H
#define SNAPSHOT_CHAIN_H

#include <limits.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/types.h>

#include <vgic5/snapshot.h>

struct chain_range {
    uint64_t base, size; /* guest-physical */
    uint64_t first;      /* the number of its first frame */
};

struct chain_level {
    struct vgic5_snapshot *snapshot;
    const struct vgic5_section **memory; /* of each range */
    dev_t device;                        /* which file it is, whatever its name */
    ino_t file;
};

struct vgic5_chain {
    struct chain_level levels[VGIC5_CHAIN_MAX]; /* the snapshot itself first */
    size_t nr_levels;
    struct chain_range *ranges;
    size_t nr_ranges;
    uint64_t nr_frames;
    pthread_mutex_t loading; /* of frames: a guest that runs may need one while a save does */
    atomic_uint users;       /* the last one closes */
};

/* Where the base called `name` of the snapshot at `path` is. False: the name is too long. */
bool chain_path_of_base(const char *path, const char *name, char to[PATH_MAX]);

static inline struct vgic5_snapshot *chain_top(const struct vgic5_chain *chain)
{
    return chain->levels[0].snapshot;
}

static inline uint64_t chain_frames_of(uint64_t size)
{
    return (size + VGIC5_FRAME_SIZE - 1) / VGIC5_FRAME_SIZE;
}

/* The range of a frame. */
size_t chain_range_of(const struct vgic5_chain *chain, uint64_t number);
/* Bytes of guest memory in a frame: the last one of a range may have less than the others. */
uint32_t chain_frame_size(const struct vgic5_chain *chain, uint64_t number);

/* Allocate now what loading frames needs: then it allocates nothing, and a signal handler may. */
int chain_prepare(struct vgic5_chain *chain, struct vgic5_error *error);

/* The place in the section's index of its frame `number`; false: it has none. */
bool section_find_frame(const struct vgic5_section *memory, uint64_t number, size_t *n);

#endif
