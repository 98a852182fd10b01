/* SPDX-License-Identifier: BSD-3-Clause */
/* The part of the section "machine" 0 that is no choice of whoever starts a machine. */
#ifndef MACHINE_DEFINITION_H
#define MACHINE_DEFINITION_H

#include "machine/machine_parts.h"

#define MACHINE_SECTION_VERSION 1u

size_t definition_count(void); /* fields */
void definition_put(struct machine *machine, struct vgic5_fields *fields);
/* CPU model, addresses and wires: UNFIT and a sentence with every field that differs. */
int definition_check_map(const struct vgic5_fields *fields, const struct vcpu_engine_ops *engine,
                         struct vgic5_error *error);

#endif
