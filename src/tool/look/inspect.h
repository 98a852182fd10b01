/* SPDX-License-Identifier: BSD-3-Clause */
/* What `inspect` has found, as words, as JSON, as a page. */
#ifndef TOOL_LOOK_INSPECT_H
#define TOOL_LOOK_INSPECT_H

#include <jansson.h>

#include "tool/options.h"
#include "tool/look/picture.h"

struct memory_summary {
    uint64_t base, size;                       /* of the guest */
    uint64_t frames, pages, zero_pages, bytes; /* that this file stores; compressed bytes */
    size_t nr_bases;                           /* snapshots that it builds on */
};

struct inspection {
    const struct cli_options *options;
    struct vgic5_snapshot_header header; /* always */
    struct vgic5_error error;            /* why there is no more; cause NONE: there is */
    struct vgic5_chain *chain;           /* the sections; NULL: not even those */
    bool has_picture;                    /* the rest: everything is sound */
    struct loaded loaded;
    struct picture picture;
};

/* The sections are those of the picture if there is one. */
const struct vgic5_snapshot *inspection_snapshot(const struct inspection *inspection);
struct memory_summary inspection_memory(const struct vgic5_chain *chain);
uint64_t inspection_instructions(const struct vgic5_snapshot *snapshot);
/* What --vcpu and --intid ask for; true when they are not given. */
bool inspection_wants_vcpu(const struct inspection *inspection, uint32_t n);
bool inspection_wants_interrupt(const struct inspection *inspection,
                                const struct picture_interrupt *interrupt);

int inspect_words(const struct inspection *inspection);
int inspect_json(const struct inspection *inspection);
/* The sections that --section names, register by register. */
int inspect_sections(const struct inspection *inspection);
/* One self-contained page at `path`. */
int inspect_html(const struct inspection *inspection, const char *path);

#endif
