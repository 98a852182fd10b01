/* SPDX-License-Identifier: BSD-3-Clause */
#include "snapshot/chain.h"

#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "facts/error.h"
#include "snapshot/reader.h"

/* ---- Its memory ------------------------------------------------------------------------------ */

static int by_base(const void *a, const void *b)
{
    const struct vgic5_section *one = *(const struct vgic5_section *const *)a;
    const struct vgic5_section *other = *(const struct vgic5_section *const *)b;

    return (one->memory_base > other->memory_base) - (one->memory_base < other->memory_base);
}

static size_t count_memory(const struct vgic5_snapshot *snapshot)
{
    size_t count = 0;

    for (size_t n = 0; n < vgic5_snapshot_nr_sections(snapshot); n++)
        count += vgic5_snapshot_section(snapshot, n)->kind == VGIC5_SECTION_MEMORY;
    return count;
}

/* The memory sections of a level, ascending. */
static int find_memory(struct chain_level *level, size_t nr_ranges, struct vgic5_error *error)
{
    size_t found = 0;

    level->memory = calloc(nr_ranges + 1, sizeof(*level->memory));
    if (!level->memory)
        return error_no_memory(error, "the list of memory sections");
    for (size_t n = 0; n < vgic5_snapshot_nr_sections(level->snapshot); n++) {
        const struct vgic5_section *section = vgic5_snapshot_section(level->snapshot, n);

        if (section->kind == VGIC5_SECTION_MEMORY)
            level->memory[found++] = section;
    }
    qsort(level->memory, nr_ranges, sizeof(*level->memory), by_base);
    return 0;
}

static int take_ranges(struct vgic5_chain *chain, struct vgic5_error *error)
{
    const struct vgic5_section *const *memory = chain->levels[0].memory;

    chain->ranges = calloc(chain->nr_ranges + 1, sizeof(*chain->ranges));
    if (!chain->ranges)
        return error_no_memory(error, "the list of memory sections");
    for (size_t n = 0; n < chain->nr_ranges; n++) {
        if (n > 0 &&
            memory[n]->memory_base - memory[n - 1]->memory_base < memory[n - 1]->memory_size)
            return error_damaged(error,
                                 "the memory sections at 0x%" PRIx64 " and 0x%" PRIx64 " overlap",
                                 memory[n - 1]->memory_base, memory[n]->memory_base);
        chain->ranges[n] =
            (struct chain_range){memory[n]->memory_base, memory[n]->memory_size, chain->nr_frames};
        chain->nr_frames += chain_frames_of(memory[n]->memory_size);
    }
    return 0;
}

/* ---- Opening --------------------------------------------------------------------------------- */

static int open_level(struct vgic5_chain *chain, const char *path, struct vgic5_error *error)
{
    struct chain_level *level = &chain->levels[chain->nr_levels];
    struct vgic5_error why = {0};
    struct stat status;
    int ret;

    if (chain->nr_levels == VGIC5_CHAIN_MAX)
        return error_damaged(error, "more than %u snapshots build on each other", VGIC5_CHAIN_MAX);
    /* Of a pipe nobody would know how much to wait for, and it could not be read twice. */
    if (chain->nr_levels > 0 && stat(path, &status) == 0 && !S_ISREG(status.st_mode))
        return error_set(error, VGIC5_CAUSE_ENVIRONMENT, -ENOLINK,
                         "base %.400s is not a regular file", path);
    ret = vgic5_snapshot_open_file(path, &level->snapshot, &why);
    if (ret != 0 && chain->nr_levels == 0)
        return error_set(error, why.cause, ret, "%s", why.message);
    if (ret != 0)
        return error_set(error, why.cause, ret, "base %.100s: %.380s", path, why.message);
    if (stat(path, &status) == 0) {
        level->device = status.st_dev;
        level->file = status.st_ino;
    }
    if (chain->nr_levels++ == 0)
        chain->nr_ranges = count_memory(level->snapshot);
    return 0;
}

/* It is named relative to the directory of the snapshot that builds on it. */
bool chain_path_of_base(const char *path, const char *name, char to[PATH_MAX])
{
    const char *slash = strrchr(path, '/');
    int directory = slash && *name != '/' ? (int)(slash - path) + 1 : 0;

    return snprintf(to, PATH_MAX, "%.*s%s", directory, path, name) < PATH_MAX;
}

static int check_memory(const struct vgic5_chain *chain, const char *path,
                        struct vgic5_error *error)
{
    const struct chain_level *top = &chain->levels[chain->nr_levels - 1];

    for (size_t n = 0; n < chain->nr_ranges; n++)
        if (top->memory[n]->memory_base != chain->ranges[n].base ||
            top->memory[n]->memory_size != chain->ranges[n].size)
            return error_damaged(error,
                                 "base %.300s has memory 0x%" PRIx64 "+0x%" PRIx64
                                 ", not that of the snapshot that builds on it",
                                 path, top->memory[n]->memory_base, top->memory[n]->memory_size);
    return 0;
}

static int check_base(struct vgic5_chain *chain, const uint8_t *root, const char *path,
                      struct vgic5_error *error)
{
    struct chain_level *top = &chain->levels[chain->nr_levels - 1];
    size_t nr_memory = count_memory(top->snapshot);
    int ret;

    if (memcmp(vgic5_snapshot_root(top->snapshot), root, VGIC5_SNAPSHOT_ROOT_SIZE) != 0)
        return error_set(error, VGIC5_CAUSE_UNFIT, -EINVAL,
                         "base %.300s is another snapshot than the one that was built on", path);
    if (nr_memory != chain->nr_ranges)
        return error_damaged(error, "base %.300s has %zu memory sections, expected %zu", path,
                             nr_memory, chain->nr_ranges);
    ret = find_memory(top, chain->nr_ranges, error);
    return ret == 0 ? check_memory(chain, path, error) : ret;
}

static int open_bases(struct vgic5_chain *chain, const char *path, const char *given,
                      struct vgic5_error *error)
{
    char here[PATH_MAX], there[PATH_MAX];
    const uint8_t *root;
    const char *name;

    snprintf(here, sizeof(here), "%s", path);
    while ((root = vgic5_snapshot_base(chain->levels[chain->nr_levels - 1].snapshot, &name)) !=
           NULL) {
        int ret;

        if (given)
            snprintf(there, sizeof(there), "%s", given);
        else if (!name || !chain_path_of_base(here, name, there))
            return error_set(error, VGIC5_CAUSE_ENVIRONMENT, -EINVAL,
                             "%.300s does not say where its base is", here);
        ret = open_level(chain, there, error);
        if (ret == 0)
            ret = check_base(chain, root, there, error);
        if (ret != 0)
            return ret;
        memcpy(here, there, sizeof(here));
        given = NULL;
    }
    return 0;
}

static int open_all(struct vgic5_chain *chain, const char *path, const char *base,
                    struct vgic5_error *error)
{
    int ret = open_level(chain, path, error);

    if (ret == 0)
        ret = find_memory(&chain->levels[0], chain->nr_ranges, error);
    if (ret == 0)
        ret = take_ranges(chain, error);
    if (ret == 0 && base && !vgic5_snapshot_base(chain_top(chain), NULL))
        ret = error_set(error, VGIC5_CAUSE_REQUEST, -EINVAL,
                        "%.300s is not incremental: it has no base", path);
    if (ret == 0 && open_bases(chain, path, base, error) != 0)
        ret = -ENOLINK;
    return ret;
}

int vgic5_chain_open(const char *path, const char *base, struct vgic5_chain **chain,
                     struct vgic5_error *error)
{
    struct vgic5_chain *fresh;
    int ret;

    if (!path || !chain)
        return error_absent(error, !path ? "path" : "place for the chain");
    *chain = NULL;
    fresh = calloc(1, sizeof(*fresh));
    if (!fresh)
        return error_no_memory(error, "the snapshot reader");
    pthread_mutex_init(&fresh->loading, NULL);
    atomic_init(&fresh->users, 1);
    ret = open_all(fresh, path, base, error);
    if (ret == 0)
        *chain = fresh;
    else
        vgic5_chain_close(fresh);
    return ret;
}

struct vgic5_chain *vgic5_chain_share(struct vgic5_chain *chain)
{
    if (chain)
        atomic_fetch_add(&chain->users, 1);
    return chain;
}

void vgic5_chain_close(struct vgic5_chain *chain)
{
    if (!chain || atomic_fetch_sub(&chain->users, 1) > 1)
        return;
    while (chain->nr_levels > 0) {
        vgic5_snapshot_close(chain->levels[--chain->nr_levels].snapshot);
        free(chain->levels[chain->nr_levels].memory);
    }
    pthread_mutex_destroy(&chain->loading);
    free(chain->ranges);
    free(chain);
}

/* ---- Asking ---------------------------------------------------------------------------------- */

bool vgic5_chain_has_file(const struct vgic5_chain *chain, const char *path)
{
    struct stat status;
    size_t level = 0;

    if (!chain || !path || stat(path, &status) != 0)
        return false;
    while (level < chain->nr_levels && (chain->levels[level].device != status.st_dev ||
                                        chain->levels[level].file != status.st_ino))
        level++;
    return level < chain->nr_levels;
}

size_t vgic5_chain_nr_levels(const struct vgic5_chain *chain)
{
    return chain ? chain->nr_levels : 0;
}

struct vgic5_snapshot *vgic5_chain_snapshot(const struct vgic5_chain *chain, size_t level)
{
    return chain && level < chain->nr_levels ? chain->levels[level].snapshot : NULL;
}

size_t vgic5_chain_nr_ranges(const struct vgic5_chain *chain)
{
    return chain ? chain->nr_ranges : 0;
}

const struct vgic5_section *vgic5_chain_memory(const struct vgic5_chain *chain, size_t level,
                                               size_t range)
{
    return chain && level < chain->nr_levels && range < chain->nr_ranges
               ? chain->levels[level].memory[range]
               : NULL;
}

/* ---- Frames ---------------------------------------------------------------------------------- */

uint64_t vgic5_chain_nr_frames(const struct vgic5_chain *chain)
{
    return chain ? chain->nr_frames : 0;
}

size_t chain_range_of(const struct vgic5_chain *chain, uint64_t number)
{
    size_t n = chain->nr_ranges - 1;

    while (chain->ranges[n].first > number)
        n--;
    return n;
}

uint32_t chain_frame_size(const struct vgic5_chain *chain, uint64_t number)
{
    const struct chain_range *range = &chain->ranges[chain_range_of(chain, number)];
    uint64_t left = range->size - (number - range->first) * VGIC5_FRAME_SIZE;

    return left < VGIC5_FRAME_SIZE ? (uint32_t)left : VGIC5_FRAME_SIZE;
}

bool section_find_frame(const struct vgic5_section *memory, uint64_t number, size_t *n)
{
    size_t low = 0, high = vgic5_snapshot_nr_frames(memory);
    struct vgic5_frame frame;

    while (low < high) {
        size_t middle = low + (high - low) / 2;

        vgic5_snapshot_frame(memory, middle, &frame);
        if (frame.offset / VGIC5_FRAME_SIZE < number)
            low = middle + 1;
        else
            high = middle;
    }
    *n = low;
    return vgic5_snapshot_frame(memory, low, &frame) == 0 &&
           frame.offset / VGIC5_FRAME_SIZE == number;
}

/* The same by the number in the chain. */
static bool find_frame(const struct vgic5_chain *chain, size_t level, uint64_t number, size_t *n)
{
    size_t range = chain_range_of(chain, number);

    return section_find_frame(chain->levels[level].memory[range],
                              number - chain->ranges[range].first, n);
}

bool vgic5_chain_has_frame(const struct vgic5_chain *chain, uint64_t number)
{
    size_t n;

    if (!chain)
        return false;
    for (size_t level = 0; number < chain->nr_frames && level < chain->nr_levels; level++)
        if (find_frame(chain, level, number, &n))
            return true;
    return false;
}

static int load_frame(struct vgic5_chain *chain, uint64_t number, void *frame,
                      struct vgic5_error *error)
{
    size_t range = chain_range_of(chain, number);

    for (size_t level = chain->nr_levels; level-- > 0;) {
        size_t n;
        int ret;

        if (!find_frame(chain, level, number, &n))
            continue;
        ret = vgic5_snapshot_load_frame(chain->levels[level].snapshot,
                                        chain->levels[level].memory[range], n, frame, error);
        if (ret != 0)
            return ret;
    }
    return 0;
}

int vgic5_chain_load_frame(struct vgic5_chain *chain, uint64_t number, void *frame,
                           struct vgic5_error *error)
{
    int ret;

    if (!chain || !frame)
        return error_absent(error, !chain ? "chain" : "memory");
    if (number >= chain->nr_frames)
        return error_misuse(error, "there is no frame %" PRIu64, number);
    pthread_mutex_lock(&chain->loading);
    ret = load_frame(chain, number, frame, error);
    pthread_mutex_unlock(&chain->loading);
    return ret;
}

int chain_prepare(struct vgic5_chain *chain, struct vgic5_error *error)
{
    int ret = 0;

    pthread_mutex_lock(&chain->loading);
    for (size_t level = 0; level < chain->nr_levels && ret == 0; level++)
        ret = reader_make_space(chain->levels[level].snapshot, true, error);
    pthread_mutex_unlock(&chain->loading);
    return ret;
}

static int verify_level(const struct vgic5_chain *chain, const struct chain_level *level,
                        struct vgic5_error *error)
{
    int ret = 0;

    for (size_t n = 0; n < chain->nr_ranges && ret == 0; n++)
        ret = vgic5_snapshot_verify_memory(level->snapshot, level->memory[n], error);
    return ret;
}

int vgic5_chain_verify(struct vgic5_chain *chain, struct vgic5_error *error)
{
    int ret = 0;

    if (!chain)
        return error_absent(error, "chain");
    pthread_mutex_lock(&chain->loading);
    for (size_t level = 0; level < chain->nr_levels && ret == 0; level++)
        ret = verify_level(chain, &chain->levels[level], error);
    pthread_mutex_unlock(&chain->loading);
    return ret;
}
