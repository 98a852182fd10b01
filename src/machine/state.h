/* SPDX-License-Identifier: BSD-3-Clause */
/* The machine's own state as sections of named fields: "clock" 0, "pl011" 0, "pl031" 0, "panic" 0,
 * "cpu" <vCPU id>. It is saved, read, and then believed. */
#ifndef MACHINE_STATE_H
#define MACHINE_STATE_H

#include "machine/machine_parts.h"
#include "machine/parts.h"

#define STATE_VERSION 1u /* of each section */

/* The fields of each timer: control, compare, level. */
extern const char *const state_timer_names[NR_PE_TIMERS][3];

struct loaded_clock {
    uint64_t deterministic, instructions, skew, counter, current_id, slice_position, slice_length;
    uint64_t input_bytes, ended, exit_status;
    uint32_t current; /* index of current_id */
};

struct loaded_cpu {
    uint64_t on, waiting;
    struct timer timers[NR_PE_TIMERS];
    struct vcpu_value *values;
};

/* What a snapshot says, read and checked. */
struct loaded_machine {
    struct loaded_clock clock;
    struct loaded_cpu *cpus;
    const struct vgic5_fields *parts[NR_BOARD_PARTS];
};

/* Of a machine that says how many `cpus` there are, with room for their registers. */
int state_read(const struct machine *machine, const struct vgic5_snapshot *snapshot,
               struct loaded_machine *loaded, struct vgic5_error *error);

#endif
