/* SPDX-License-Identifier: BSD-3-Clause */
/* A snapshot file and, if it is incremental, those that it builds on, down to a full one. */
#ifndef SNAPSHOT_CHAIN_H
#define SNAPSHOT_CHAIN_H

#include <pthread.h>
#include <sys/types.h>

#include <vgic5/snapshot.h>

#define CHAIN_MAX 64u

struct chain {
    struct {
        struct vgic5_snapshot *snapshot;
        const struct vgic5_section *memory; /* the one memory section */
        dev_t device;                       /* which file it is, whatever its name */
        ino_t file;
    } levels[CHAIN_MAX]; /* the snapshot itself first */
    size_t nr_levels;
    bool base_is_missing;    /* after a chain_open that failed: for want of a base, the right one */
    pthread_mutex_t loading; /* of frames: a guest that runs may need one while a save does */
};

/* `base` is where the first base is, if not where the snapshot says; may be NULL. */
int chain_open(const char *path, const char *base, struct chain *chain, struct vgic5_error *error);
void chain_close(struct chain *chain);

/* Is the file at `path` one of the chain? To write over it would break the chain. */
bool chain_has_file(const struct chain *chain, const char *path);

static inline struct vgic5_snapshot *chain_top(const struct chain *chain)
{
    return chain->levels[0].snapshot;
}

static inline const struct vgic5_section *chain_memory(const struct chain *chain)
{
    return chain->levels[0].memory;
}

/* The place in the section's index of frame `number`; false: it has none. */
bool section_find_frame(const struct vgic5_section *memory, uint64_t number, size_t *n);
/* Does any snapshot of the chain store something of this frame? */
bool chain_has_frame(const struct chain *chain, uint64_t number);
/* Check frame `number` and put it where it belongs in the memory at `to`, where it is zero. Any
 * thread may. */
int chain_load_frame(struct chain *chain, uint64_t number, void *to, struct vgic5_error *error);
/* Compare every frame of every snapshot with its hash. */
int chain_verify(struct chain *chain, struct vgic5_error *error);

#endif
