/* SPDX-License-Identifier: BSD-3-Clause */
#include "tool/saver.h"

#include <vgic5/migration.h>

#include "facts/error.h"
#include "tool/look/load.h"
#include "tool/report.h"

struct collected {
    struct machine *machine;
    const struct machine_config *config;
};

/* The VGICv5 first: saving it writes the LPI IST into memory (kvm-abi §5). */
static int collect(void *opaque, struct vgic5_snapshot_writer *writer, struct vgic5_error *error)
{
    const struct collected *from = opaque;
    struct vgic5_port port;
    struct vgic5_state *state;
    int ret;

    vgic5_port_model(machine_gic(from->machine), &port);
    ret = vgic5_save(&port, &report_warnings, &state, error);
    if (ret != 0)
        return ret;
    ret = machine_config_save(from->machine, from->config, writer, error);
    if (ret == 0)
        ret = vgic5_state_to_snapshot(state, writer, error);
    if (ret == 0)
        ret = machine_save(from->machine, writer, error);
    vgic5_state_free(state);
    return ret;
}

/* On the saver's thread. */
static int prove(void *opaque, const struct vgic5_snapshot *state, struct vgic5_saver *saver,
                 struct vgic5_error *error)
{
    const struct vgic5_guest_reader memory = {sizeof(memory), vgic5_saver_read, saver};
    struct loaded loaded = {.snapshot = state};
    struct vgic5_error why = {0};
    int ret = load_prove(&loaded, &memory, &why);

    (void)opaque; /* collect's, and gone by now */
    if (ret != 0)
        error_set(error, why.cause, ret, "what was saved could not be restored: %.440s",
                  why.message);
    return ret;
}

int saver_start(struct machine *machine, const struct machine_config *config, struct vgic5_ram *ram,
                const struct saver_request *request, struct saver *saver, struct vgic5_error *error)
{
    struct collected from = {machine, config};
    const struct vgic5_save_request all = {
        .size = sizeof(all),
        .path = request->path,
        .base = request->base,
        .producer = vgic5_version(),
        .guest_waits = request->guest_waits,
        .followed = request->followed,
        .collect = collect,
        .opaque = &from,
        .prove = prove,
    };

    saver->instructions = machine_instructions(machine);
    return vgic5_saver_start(ram, &all, &saver->of, error);
}
