/* SPDX-License-Identifier: BSD-3-Clause */
#include "tool/guest_ram.h"

#include <stdio.h>
#include <unistd.h>

#include "tool/report.h"
#include "tool/words.h"

/* The guest cannot go on without this memory, and there is no way to give it. */
static void lost(void *opaque, const struct vgic5_error *error)
{
    (void)opaque;
    say(stderr, "vgic5: the guest's memory is lost: %s\n", error->message);
    _exit((int)exit_of(error->cause));
}

int machine_ram_create(struct machine *machine, struct vgic5_ram **ram, struct vgic5_error *error)
{
    const struct vgic5_ram_options options = {.size = sizeof(options), .lost = lost};
    struct vgic5_ram_range range = {0};

    range.host = machine_ram(machine, &range.base, &range.size);
    return vgic5_ram_create(&range, 1, &options, ram, error);
}

bool machine_ram_fill(struct vgic5_ram *ram, uint64_t most)
{
    struct vgic5_error error = {0};
    int ret = vgic5_ram_fill(ram, most, &error);

    if (ret < 0)
        lost(NULL, &error);
    return ret > 0;
}
