/* SPDX-License-Identifier: BSD-3-Clause */
/* The state of a busy VGICv5, edited, and what becomes of it in another device. */
#ifndef FUZZ_STATE_EDITS_H
#define FUZZ_STATE_EDITS_H

#include <vgic5/snapshot.h>

#include "forge.h"

struct fuzz_guest {
    uint8_t *ram; /* NULL: none */
};

/* A snapshot of the state after the edits that the input has. */
void fuzz_edit_state(struct fuzz_input *input, struct fuzz_guest *guest, struct fuzz_file *file);
/* If there is a state in it that can be restored: does the device then save the same one? */
void fuzz_restore(const struct vgic5_snapshot *snapshot, const struct fuzz_guest *guest,
                  void (*complain)(const char *what));

#endif
