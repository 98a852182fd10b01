/* SPDX-License-Identifier: BSD-3-Clause */
/* What differs between two snapshots: a list of named differences, some of them ignored. */
#ifndef TOOL_LOOK_DIFF_H
#define TOOL_LOOK_DIFF_H

#include <jansson.h>

#include "tool/look/load.h"
#include "tool/options.h"

struct diff {
    const struct cli_list *ignored; /* names, or patterns with * and ? */
    json_t *found;                  /* [{"what", "field", "a", "b"}] */
    size_t nr_ignored;
};

/* Is "what.field" (or "field" alone, or "what") to be ignored? Counts it. */
bool diff_is_ignored(struct diff *diff, const char *what, const char *field);
/* Takes both references. */
void diff_add(struct diff *diff, const char *what, const char *field, json_t *a, json_t *b);
void diff_numbers(struct diff *diff, const char *what, const char *field, uint64_t a, uint64_t b);

/* Sections of fields, register by register, but for what the other two tell better. */
void diff_sections(struct diff *diff, const struct vgic5_snapshot *a,
                   const struct vgic5_snapshot *b);
/* Interrupt by interrupt. */
int diff_interrupts(struct diff *diff, struct loaded *a, struct loaded *b,
                    struct vgic5_error *error);
/* Runs of pages. */
int diff_memory(struct diff *diff, struct vgic5_chain *a, struct vgic5_chain *b,
                struct vgic5_error *error);

#endif
