/* SPDX-License-Identifier: BSD-3-Clause */
#include "save.h"

#include <errno.h>
#include <stdio.h>

/* The VGICv5 first, memory last: saving the device writes the LPI IST into memory (kvm-abi §5). */
static int write_sections(struct machine *machine, const struct machine_config *config,
                          const struct vgic5_state *state, struct vgic5_snapshot_writer *writer,
                          struct vgic5_error *error)
{
    uint64_t base, size;
    const void *ram = machine_ram(machine, &base, &size);
    int status = machine_config_save(config, writer, error);

    if (status == 0)
        status = vgic5_state_to_snapshot(state, writer, error);
    if (status == 0)
        status = machine_save(machine, writer, error);
    if (status == 0)
        status = vgic5_snapshot_put_memory(writer, base, ram, size, error);
    return status;
}

static int write_snapshot(struct machine *machine, const struct machine_config *config,
                          const struct vgic5_state *state, struct vgic5_sink sink,
                          struct vgic5_error *error)
{
    struct vgic5_snapshot_writer *writer;
    int status = vgic5_snapshot_begin(sink, vgic5_version(), &writer, error);

    if (status != 0)
        return status;
    status = write_sections(machine, config, state, writer, error);
    if (status == 0)
        return vgic5_snapshot_end(writer, error);
    vgic5_snapshot_abort(writer);
    return status;
}

static int write_file(struct machine *machine, const struct machine_config *config,
                      const struct vgic5_state *state, const char *path, struct vgic5_error *error)
{
    struct vgic5_atomic_file *file;
    int status = vgic5_atomic_file_create(path, NULL, &file, error);

    if (status != 0)
        return status;
    status = write_snapshot(machine, config, state, vgic5_atomic_file_sink(file), error);
    if (status == 0)
        return vgic5_atomic_file_commit(file, error);
    vgic5_atomic_file_abandon(file);
    return status;
}

static void warn(void *opaque, const char *message)
{
    (void)opaque;
    fprintf(stderr, "vgic5: %s\n", message);
}

static const struct vgic5_migration_options told = { .size = sizeof told, .warn = warn };

int save_snapshot(struct machine *machine, const struct machine_config *config, const char *path,
                  struct vgic5_error *error)
{
    struct vgic5_port port;
    struct vgic5_state *state;
    int status;

    vgic5_port_model(machine_gic(machine), &port);
    status = vgic5_save(&port, &told, &state, error);
    if (status != 0)
        return status;
    status = write_file(machine, config, state, path, error);
    vgic5_state_free(state);
    return status;
}

/* ---- Loading ----------------------------------------------------------------------------------- */

static int refuse(struct vgic5_error *error, int exit_code, const char *message)
{
    error->exit_code = exit_code;
    snprintf(error->message, sizeof error->message, "%s", message);
    return -EINVAL;
}

static int check_sections(const struct vgic5_snapshot *snapshot, struct vgic5_error *error)
{
    const char *known[32] = { "machine", "clock", "pl011", "pl031", "panic", "cpu",
                              "memory" };
    size_t n = 7;

    for (const char *const *name = vgic5_state_section_types(); *name != NULL && n < 32; name++)
        known[n++] = *name;
    return vgic5_snapshot_require_known(snapshot, known, n, error);
}

/* The one memory section must be the RAM that the machine section speaks of. */
static int find_memory(struct loaded *loaded, struct vgic5_error *error)
{
    loaded->memory = NULL;
    for (size_t n = 0; n < vgic5_snapshot_nr_sections(loaded->snapshot); n++) {
        const struct vgic5_section *section = vgic5_snapshot_section(loaded->snapshot, n);

        if (section->kind != VGIC5_SECTION_MEMORY)
            continue;
        if (loaded->memory != NULL)
            return refuse(error, 5, "two memory sections, this machine has one RAM");
        loaded->memory = section;
    }
    if (loaded->memory == NULL)
        return refuse(error, 4, "no memory section");
    if (loaded->memory->memory_size != loaded->config.ram_size)
        return refuse(error, 4, "the memory section's size is not that of the machine's RAM");
    return 0;
}

/* The VGICv5's own account must agree with the machine it is put into. */
static int check_agreement(const struct loaded *loaded, struct vgic5_error *error)
{
    if (vgic5_state_nr_spis(loaded->state) != loaded->config.nr_spis)
        return refuse(error, 4, "gic: the number of SPIs is not that of the machine section");
    if (vgic5_state_nr_vcpus(loaded->state) != loaded->config.nr_vcpus)
        return refuse(error, 4, "gic: the number of vCPUs is not that of the machine section");
    for (uint32_t n = 0; n < loaded->config.nr_vcpus; n++)
        if (vgic5_state_vcpu_id(loaded->state, n) != loaded->config.vcpu_ids[n])
            return refuse(error, 4, "gic: a vCPU id is not that of the machine section");
    return 0;
}

int load_open(const char *path, struct loaded *loaded, struct vgic5_error *error)
{
    int status;

    *loaded = (struct loaded){ 0 };
    status = vgic5_snapshot_open_file(path, &loaded->snapshot, error);
    if (status == 0)
        status = check_sections(loaded->snapshot, error);
    if (status == 0)
        status = machine_config_load(loaded->snapshot, &loaded->config, error);
    if (status == 0)
        status = vgic5_state_from_snapshot(loaded->snapshot, &loaded->state, error);
    if (status == 0)
        status = find_memory(loaded, error);
    if (status == 0)
        status = check_agreement(loaded, error);
    if (status != 0)
        load_close(loaded);
    return status;
}

void load_close(struct loaded *loaded)
{
    vgic5_state_free(loaded->state);
    vgic5_snapshot_close(loaded->snapshot);
    *loaded = (struct loaded){ 0 };
}

int load_into(const struct loaded *loaded, struct machine *machine, struct vgic5_error *error)
{
    struct vgic5_port port;
    uint64_t base, size;
    void *ram = machine_ram(machine, &base, &size);
    int status;

    if (base != loaded->memory->memory_base || size != loaded->memory->memory_size)
        return refuse(error, 4, "memory: its address or size is not that of the machine's RAM");
    status = vgic5_snapshot_load_memory(loaded->snapshot, loaded->memory, ram, error);
    if (status != 0)
        return status;
    vgic5_port_model(machine_gic(machine), &port);
    status = vgic5_restore(&port, loaded->state, &told, error);
    if (status != 0)
        return status;
    return machine_load(machine, loaded->snapshot, error);
}
