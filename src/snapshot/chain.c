/* SPDX-License-Identifier: BSD-3-Clause */
#include "snapshot/chain.h"

#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "facts/error.h"

/* ---- Opening --------------------------------------------------------------------------------- */

/* The one memory section of a snapshot. */
static const struct vgic5_section *find_memory(const struct vgic5_snapshot *snapshot,
                                               struct vgic5_error *error)
{
    const struct vgic5_section *found = NULL;

    for (size_t n = 0; n < vgic5_snapshot_nr_sections(snapshot); n++) {
        const struct vgic5_section *section = vgic5_snapshot_section(snapshot, n);

        if (section->kind != VGIC5_SECTION_MEMORY)
            continue;
        if (found) {
            error_set(error, VGIC5_CAUSE_UNFIT, -EINVAL,
                      "two memory sections, this machine has one RAM");
            return NULL;
        }
        found = section;
    }
    if (!found)
        error_set(error, VGIC5_CAUSE_DAMAGED, -EINVAL, "there is no memory section");
    return found;
}

static int open_level(struct chain *chain, const char *path, struct vgic5_error *error)
{
    size_t n = chain->nr_levels;
    struct vgic5_error why = {0};
    struct stat status;

    if (n == CHAIN_MAX)
        return error_set(error, VGIC5_CAUSE_DAMAGED, -EINVAL,
                         "more than %u snapshots build on each other", CHAIN_MAX);
    if (vgic5_snapshot_open_file(path, &chain->levels[n].snapshot, &why) != 0)
        return n == 0
                   ? error_set(error, why.cause, -EINVAL, "%s", why.message)
                   : error_set(error, why.cause, -EINVAL, "base %.100s: %.380s", path, why.message);
    chain->nr_levels++;
    if (stat(path, &status) == 0) {
        chain->levels[n].device = status.st_dev;
        chain->levels[n].file = status.st_ino;
    }
    chain->levels[n].memory = find_memory(chain->levels[n].snapshot, error);
    return chain->levels[n].memory ? 0 : -EINVAL;
}

/* A base is named relative to the directory of the snapshot that builds on it. */
static bool path_of_base(const char *path, const char *name, char to[PATH_MAX])
{
    const char *slash = strrchr(path, '/');
    int directory = slash && *name != '/' ? (int)(slash - path) + 1 : 0;

    return snprintf(to, PATH_MAX, "%.*s%s", directory, path, name) < PATH_MAX;
}

static int check_base(const struct chain *chain, const uint8_t *root, const char *path,
                      struct vgic5_error *error)
{
    size_t top = chain->nr_levels - 1;
    const struct vgic5_section *memory = chain->levels[top].memory;

    if (memcmp(vgic5_snapshot_root(chain->levels[top].snapshot), root, VGIC5_SNAPSHOT_ROOT_SIZE) !=
        0)
        return error_set(error, VGIC5_CAUSE_UNFIT, -EINVAL,
                         "base %.300s is another snapshot than the one that was built on", path);
    if (memory->memory_base != chain_memory(chain)->memory_base ||
        memory->memory_size != chain_memory(chain)->memory_size)
        return error_set(error, VGIC5_CAUSE_DAMAGED, -EINVAL,
                         "base %.300s has memory 0x%" PRIx64 "+0x%" PRIx64
                         ", not that of the snapshot that builds on it",
                         path, memory->memory_base, memory->memory_size);
    return 0;
}

static int open_bases(struct chain *chain, const char *path, const char *given,
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
        else if (!name || !path_of_base(here, name, there))
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

int chain_open(const char *path, const char *base, struct chain *chain, struct vgic5_error *error)
{
    int ret;

    chain->nr_levels = 0;
    chain->base_is_missing = false;
    pthread_mutex_init(&chain->loading, NULL);
    ret = open_level(chain, path, error);
    if (ret == 0 && base && !vgic5_snapshot_base(chain_top(chain), NULL))
        ret = error_set(error, VGIC5_CAUSE_REQUEST, -EINVAL,
                        "%.300s is not incremental: it has no base", path);
    if (ret == 0) {
        ret = open_bases(chain, path, base, error);
        chain->base_is_missing = ret != 0;
    }
    if (ret != 0)
        chain_close(chain);
    return ret;
}

bool chain_has_file(const struct chain *chain, const char *path)
{
    struct stat status;
    size_t level = 0;

    if (stat(path, &status) != 0)
        return false;
    while (level < chain->nr_levels && (chain->levels[level].device != status.st_dev ||
                                        chain->levels[level].file != status.st_ino))
        level++;
    return level < chain->nr_levels;
}

void chain_close(struct chain *chain)
{
    while (chain->nr_levels > 0)
        vgic5_snapshot_close(chain->levels[--chain->nr_levels].snapshot);
}

/* ---- Frames ---------------------------------------------------------------------------------- */

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

bool chain_has_frame(const struct chain *chain, uint64_t number)
{
    for (size_t level = 0; level < chain->nr_levels; level++) {
        size_t n;

        if (section_find_frame(chain->levels[level].memory, number, &n))
            return true;
    }
    return false;
}

static int load_frame(struct chain *chain, uint64_t number, void *to, struct vgic5_error *error)
{
    for (size_t level = chain->nr_levels; level-- > 0;) {
        const struct vgic5_section *memory = chain->levels[level].memory;
        size_t n;
        int ret;

        if (!section_find_frame(memory, number, &n))
            continue;
        ret = vgic5_snapshot_load_frame(chain->levels[level].snapshot, memory, n, to, error);
        if (ret != 0)
            return ret;
    }
    return 0;
}

int chain_load_frame(struct chain *chain, uint64_t number, void *to, struct vgic5_error *error)
{
    int ret;

    pthread_mutex_lock(&chain->loading);
    ret = load_frame(chain, number, to, error);
    pthread_mutex_unlock(&chain->loading);
    return ret;
}

int chain_verify(struct chain *chain, struct vgic5_error *error)
{
    int ret = 0;

    for (size_t level = 0; level < chain->nr_levels && ret == 0; level++)
        ret = vgic5_snapshot_verify_memory(chain->levels[level].snapshot,
                                           chain->levels[level].memory, error);
    return ret;
}
