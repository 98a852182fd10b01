/* SPDX-License-Identifier: BSD-3-Clause */
#include "tool/look/diff.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "tool/json.h"
#include "tool/report.h"

/* Two frames side by side, and the run of differing pages that is open. */
struct comparison {
    struct diff *diff;
    uint8_t *a, *b;
    uint64_t first, pages; /* of the run; pages 0: none */
};

static void close_run(struct comparison *comparison)
{
    char field[48];

    if (comparison->pages == 0)
        return;
    snprintf(field, sizeof(field), "0x%" PRIx64 "+0x%" PRIx64, comparison->first,
             comparison->pages * VGIC5_PAGE_SIZE);
    diff_add(comparison->diff, "memory", field,
             json_pack("{s:I}", "pages", (json_int_t)comparison->pages),
             json_pack("{s:I}", "pages", (json_int_t)comparison->pages));
    comparison->pages = 0;
}

static void compare_frame(struct comparison *comparison, uint64_t address, uint64_t size)
{
    for (uint64_t offset = 0; offset < size; offset += VGIC5_PAGE_SIZE) {
        if (memcmp(comparison->a + offset, comparison->b + offset, VGIC5_PAGE_SIZE) == 0) {
            close_run(comparison);
            continue;
        }
        if (comparison->pages == 0)
            comparison->first = address + offset;
        comparison->pages++;
    }
}

static int load(struct vgic5_chain *chain, uint64_t frame, uint8_t *to, struct vgic5_error *error)
{
    memset(to, 0, VGIC5_FRAME_SIZE);
    return vgic5_chain_load_frame(chain, frame, to, error);
}

/* Two full snapshots whose frames have the same hash have the same content there. */
static bool same_hash(const struct vgic5_chain *a, const struct vgic5_chain *b, uint64_t frame)
{
    struct vgic5_frame one, other;
    size_t i, j;

    if (vgic5_chain_nr_levels(a) != 1 || vgic5_chain_nr_levels(b) != 1 ||
        !section_find_frame(chain_memory(a), frame, &i) ||
        !section_find_frame(chain_memory(b), frame, &j))
        return false;
    vgic5_snapshot_frame(chain_memory(a), i, &one);
    vgic5_snapshot_frame(chain_memory(b), j, &other);
    return memcmp(one.hash, other.hash, 16) == 0;
}

static int compare_all(struct comparison *comparison, struct vgic5_chain *a, struct vgic5_chain *b,
                       struct vgic5_error *error)
{
    const struct vgic5_section *memory = chain_memory(a);
    int ret = 0;

    for (uint64_t offset = 0; offset < memory->memory_size && ret == 0;
         offset += VGIC5_FRAME_SIZE) {
        uint64_t frame = offset / VGIC5_FRAME_SIZE, left = memory->memory_size - offset;

        if ((!vgic5_chain_has_frame(a, frame) && !vgic5_chain_has_frame(b, frame)) ||
            same_hash(a, b, frame)) {
            close_run(comparison);
            continue;
        }
        ret = load(a, frame, comparison->a, error);
        if (ret == 0)
            ret = load(b, frame, comparison->b, error);
        if (ret == 0)
            compare_frame(comparison, memory->memory_base + offset,
                          left < VGIC5_FRAME_SIZE ? left : VGIC5_FRAME_SIZE);
    }
    close_run(comparison);
    return ret;
}

int diff_memory(struct diff *diff, struct vgic5_chain *a, struct vgic5_chain *b,
                struct vgic5_error *error)
{
    const struct vgic5_section *one = chain_memory(a), *other = chain_memory(b);
    struct comparison comparison = {.diff = diff};
    int ret;

    if (one->memory_base != other->memory_base || one->memory_size != other->memory_size) {
        diff_numbers(diff, "memory", "base", one->memory_base, other->memory_base);
        diff_numbers(diff, "memory", "size", one->memory_size, other->memory_size);
        return 0;
    }
    comparison.a = malloc(VGIC5_FRAME_SIZE);
    comparison.b = malloc(VGIC5_FRAME_SIZE);
    ret = comparison.a && comparison.b
              ? compare_all(&comparison, a, b, error)
              : error_set(error, VGIC5_CAUSE_ENVIRONMENT, -EINVAL, "no memory for a frame");
    free(comparison.a);
    free(comparison.b);
    return ret;
}
