/* SPDX-License-Identifier: BSD-3-Clause */
/* A snapshot file to a machine: everything is checked before anything is changed. */
#ifndef TOOL_LOOK_LOAD_H
#define TOOL_LOOK_LOAD_H

#include <vgic5/migration.h>
#include <vgic5/ram.h>

#include "snapshot/chain.h"
#include "machine/machine.h"
#include "tool/options.h"

/* A snapshot file, opened, and everything in it but memory decoded and checked. */
struct loaded {
    struct vgic5_chain *chain;
    const struct vgic5_snapshot *snapshot; /* the chain's top */
    const struct vgic5_section *memory;
    struct machine_config config; /* vcpu_ids point into the snapshot */
    struct vgic5_state *state;
    struct vgic5_pages *pages; /* the memory, as far as somebody asked for it */
};

/* vgic5_chain_open of what has one RAM; what is missing is said with the option that names it,
 * where the verb has that. */
int load_chain(enum cli_verb verb, const char *path, const char *base, struct vgic5_chain **chain,
               struct vgic5_error *error);
/* `base`: see vgic5_chain_open. Of memory only the LPI IST is looked at. */
int load_open(enum cli_verb verb, const char *path, const char *base, struct loaded *loaded,
              struct vgic5_error *error);
void load_close(struct loaded *loaded);

/* What load_open and load_into check, of a save that is under way: of `loaded` only the snapshot
 * (which stays the caller's) is there, and `memory` reads what will be its memory. */
int load_prove(struct loaded *loaded, const struct vgic5_guest_reader *memory,
               struct vgic5_error *error);

/* Is it one of those that a restore knows? */
bool load_knows_section(const struct vgic5_section *section);

/*
 * Fill a machine that was created with loaded->config (console and all), and make `*ram` its RAM.
 * Nothing runs. Every frame has been compared with its hash; what it holds is put into RAM when the
 * guest first touches it. With `logged`: what is written from then on is known as what was written
 * since this snapshot. `*ram` is the caller's to destroy, whatever the outcome; NULL: there is
 * none.
 */
int load_into(struct loaded *loaded, struct machine *machine, struct vgic5_ram **ram, bool logged,
              struct vgic5_error *error);

/* The RAM of the one range that a machine has. */
static inline const struct vgic5_section *chain_memory(const struct vgic5_chain *chain)
{
    return vgic5_chain_memory(chain, 0, 0);
}

#endif
