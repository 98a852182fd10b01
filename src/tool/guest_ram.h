/* SPDX-License-Identifier: BSD-3-Clause */
/* The RAM of a machine, as the library of RAM and its history has it (vgic5/ram.h). */
#ifndef TOOL_GUEST_RAM_H
#define TOOL_GUEST_RAM_H

#include <vgic5/ram.h>

#include "machine/machine.h"

/* The account of the machine's RAM. That its content is lost ends the process, with the exit code
 * of what happened to it. */
int machine_ram_create(struct machine *machine, struct vgic5_ram **ram, struct vgic5_error *error);
/* Fill some frames of a restored guest; false: nothing is left to fill. Ends the process likewise.
 */
bool machine_ram_fill(struct vgic5_ram *ram, uint64_t most);

#endif
