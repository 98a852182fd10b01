/* SPDX-License-Identifier: BSD-3-Clause */
/* A snapshot file to a machine: everything is checked before anything is changed. */
#ifndef TOOL_LOOK_LOAD_H
#define TOOL_LOOK_LOAD_H

#include <vgic5/migration.h>

#include "snapshot/chain.h"
#include "machine/machine.h"
#include "snapshot/pages.h"
#include "ram/log.h"
#include "tool/options.h"

/* A snapshot file, opened, and everything in it but memory decoded and checked. */
struct loaded {
    struct chain chain;
    struct vgic5_snapshot *snapshot; /* the chain's top */
    const struct vgic5_section *memory;
    struct machine_config config; /* vcpu_ids point into the snapshot */
    struct vgic5_state *state;
    struct pager pager; /* the memory, as far as somebody asked for it */
};

/* chain_open; what is missing is said with the option that names it, where the verb has that. */
int load_chain(enum cli_verb verb, const char *path, const char *base, struct chain *chain,
               struct vgic5_error *error);
/* `base`: see chain_open. Of memory only the LPI IST is looked at. */
int load_open(enum cli_verb verb, const char *path, const char *base, struct loaded *loaded,
              struct vgic5_error *error);
void load_close(struct loaded *loaded);

/* Is it one of those that a restore knows? */
bool load_knows_section(const struct vgic5_section *section);

/*
 * Fill a machine that was created with loaded->config (console and all). Nothing runs. Every frame
 * has been compared with its hash; what it holds is put into RAM when the guest first touches it,
 * so `loaded` must live until ram_log_end (lazy_ram.h). With `logged`: what is written from then on
 * is known as what was written since this snapshot.
 */
int load_into(struct loaded *loaded, struct machine *machine, struct ram_log *log, bool logged,
              struct vgic5_error *error);

#endif
