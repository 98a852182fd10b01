/* SPDX-License-Identifier: BSD-3-Clause */
/* The order of a VMM's save or restore, compared with the plan. */
#ifndef TOOL_KVM_LINT_H
#define TOOL_KVM_LINT_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include <vgic5/migration.h>

/* What a VM did between two runs; the lines of its record, in order. */
struct lint_part {
    json_int_t vm;
    enum vgic5_direction direction;
    uint32_t abi;  /* of the device */
    json_t *lines; /* array */
};

/* Adds a sentence for each fault to the array `findings`; how many of the plan's steps were there,
 * of how many that can be seen. */
void lint_part(const struct lint_part *part, json_t *findings, size_t *there, size_t *of);

#endif
