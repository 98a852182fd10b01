/* SPDX-License-Identifier: BSD-3-Clause */
#include "tool/look/load.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "facts/config_ranges.h"
#include "machine/bus.h"
#include "tool/engine.h"
#include "tool/guest_ram.h"
#include "tool/report.h"

static const char *const machine_sections[] = {"machine", "clock", "pl011",  "pl031",
                                               "panic",   "cpu",   "memory", "base"};

#define NR_MACHINE_SECTIONS (sizeof(machine_sections) / sizeof(*machine_sections))

static bool knows_type(const char *type)
{
    for (size_t n = 0; n < NR_MACHINE_SECTIONS; n++)
        if (strcmp(machine_sections[n], type) == 0)
            return true;
    for (const char *const *name = vgic5_state_section_types(); *name; name++)
        if (strcmp(*name, type) == 0)
            return true;
    return false;
}

/* Of all others there is one, the instance 0. */
static bool has_instances(const char *type)
{
    return strcmp(type, "cpu") == 0 || strcmp(type, "icc") == 0 || strcmp(type, "memory") == 0;
}

bool load_knows_section(const struct vgic5_section *section)
{
    return section->kind <= VGIC5_SECTION_MEMORY && knows_type(section->type) &&
           (section->instance == 0 || has_instances(section->type));
}

static int check_sections(const struct vgic5_snapshot *snapshot, struct vgic5_error *error)
{
    const struct vgic5_snapshot_header *header = vgic5_snapshot_header(snapshot);

    for (size_t n = 0; n < vgic5_snapshot_nr_sections(snapshot); n++) {
        const struct vgic5_section *section = vgic5_snapshot_section(snapshot, n);

        if (section->required && !load_knows_section(section))
            return error_set(error, VGIC5_CAUSE_UNFIT, -EINVAL,
                             "section %s[%" PRIu64 "] at offset 0x%" PRIx64 " (kind %" PRIu32
                             ", version %" PRIu32 ") is required and not known to this program; "
                             "written by \"%s\", format %u.%u",
                             section->type, section->instance, section->offset, section->kind,
                             section->version, header->producer, header->major, header->minor);
    }
    return 0;
}

/* What the device would refuse with one errno for all of them (device.h, vgic5_config). */
static int check_gic_config(const struct vgic5_config *config, struct vgic5_error *error)
{
    if (config->abi != 0 && !vgic5_abi_name(config->abi))
        return error_set(error, VGIC5_CAUSE_UNFIT, -EINVAL,
                         "machine GIC_ABI is %" PRIu32 ", which is not known", config->abi);
    for (size_t n = 0; n < nr_config_ranges; n++) {
        const struct config_range *range = &config_ranges[n];
        uint8_t value = ((const uint8_t *)config)[range->offset]; /* 0 stands for the default */

        if (value != 0 && (value < range->min || value > range->max))
            return error_set(error, VGIC5_CAUSE_DAMAGED, -EINVAL,
                             "machine GIC_%s is %u, expected %u to %u", range->name, value,
                             range->min, range->max);
    }
    if (config->ppis[1] != 0)
        return error_set(error, VGIC5_CAUSE_DAMAGED, -EINVAL,
                         "machine GIC_PPIS1 is %" PRIu64 ", expected 0 to 0", config->ppis[1]);
    return 0;
}

/* Every "cpu" section is of a vCPU of this machine. */
static int check_cpus(const struct loaded *loaded, struct vgic5_error *error)
{
    for (size_t n = 0; n < vgic5_snapshot_nr_sections(loaded->snapshot); n++) {
        const struct vgic5_section *section = vgic5_snapshot_section(loaded->snapshot, n);
        bool found = strcmp(section->type, "cpu") != 0;

        for (uint32_t i = 0; i < loaded->config.nr_vcpus && !found; i++)
            found = loaded->config.vcpu_ids[i] == section->instance;
        if (!found)
            return error_set(error, VGIC5_CAUSE_DAMAGED, -EINVAL,
                             "section cpu[%" PRIu64 "] at offset 0x%" PRIx64 " is of no vCPU in "
                             "machine VCPU_IDS",
                             section->instance, section->offset);
    }
    return 0;
}

/* The memory section must be the RAM that the machine section speaks of. */
static int check_memory(const struct loaded *loaded, struct vgic5_error *error)
{
    if (loaded->memory->memory_size != loaded->config.ram_size)
        return error_set(error, VGIC5_CAUSE_DAMAGED, -EINVAL,
                         "the memory section at offset 0x%" PRIx64 " has 0x%" PRIx64
                         " bytes, machine RAM_SIZE is 0x%" PRIx64,
                         loaded->memory->offset, loaded->memory->memory_size,
                         loaded->config.ram_size);
    if (loaded->memory->memory_base != MAP_RAM_BASE)
        return error_set(error, VGIC5_CAUSE_UNFIT, -EINVAL,
                         "the memory section at offset 0x%" PRIx64 " is at address 0x%" PRIx64
                         ", this machine has its RAM at 0x%" PRIx64,
                         loaded->memory->offset, loaded->memory->memory_base,
                         (uint64_t)MAP_RAM_BASE);
    return 0;
}

static int differs(const char *what, uint64_t gic, uint64_t machine, struct vgic5_error *error)
{
    return error_set(error, VGIC5_CAUSE_DAMAGED, -EINVAL,
                     "gic: %s is 0x%" PRIx64 ", the machine section says 0x%" PRIx64, what, gic,
                     machine);
}

/* IRS_IDR0 … are in both. */
static int check_irs(const struct loaded *loaded, struct vgic5_error *error)
{
    const struct vgic5_fields *fields = vgic5_snapshot_find(loaded->snapshot, "machine", 0)->fields;

    for (size_t n = 0; n < vgic5_fields_count(fields); n++) {
        const struct vgic5_field *field = vgic5_fields_at(fields, n);
        uint64_t value;

        if (vgic5_state_irs(loaded->state, field->name, &value) == 0 && value != field->u64)
            return error_set(error, VGIC5_CAUSE_DAMAGED, -EINVAL,
                             "machine %s is 0x%" PRIx64 ", section irs says 0x%" PRIx64,
                             field->name, field->u64, value);
    }
    return 0;
}

/* The VGICv5's own account must agree with the machine it is put into. */
static int check_agreement(const struct loaded *loaded, struct vgic5_error *error)
{
    const struct vgic5_state *state = loaded->state;
    const struct machine_config *config = &loaded->config;

    if (vgic5_state_abi(state) != config->gic.abi)
        return differs("abi", vgic5_state_abi(state), config->gic.abi, error);
    if (vgic5_state_nr_spis(state) != config->nr_spis)
        return differs("nr_spis", vgic5_state_nr_spis(state), config->nr_spis, error);
    if (vgic5_state_nr_vcpus(state) != config->nr_vcpus)
        return differs("the number of vCPUs", vgic5_state_nr_vcpus(state), config->nr_vcpus, error);
    for (uint32_t n = 0; n < config->nr_vcpus; n++)
        if (vgic5_state_vcpu_id(state, n) != config->vcpu_ids[n])
            return differs("a vCPU id", vgic5_state_vcpu_id(state, n), config->vcpu_ids[n], error);
    if (vgic5_state_addr(state) != MAP_IRS_BASE)
        return error_set(error, VGIC5_CAUSE_UNFIT, -EINVAL,
                         "gic: addr is 0x%" PRIx64 ", this machine has its IRS at 0x%" PRIx64,
                         vgic5_state_addr(state), (uint64_t)MAP_IRS_BASE);
    return check_irs(loaded, error);
}

static int check_ist(struct loaded *loaded, struct vgic5_error *error)
{
    struct vgic5_guest_reader reader = {sizeof(reader), vgic5_pages_read, NULL};
    int ret = vgic5_pages_open(loaded->chain, &loaded->pages, error);

    reader.opaque = loaded->pages;
    if (ret == 0)
        ret = vgic5_state_check_memory(loaded->state, &reader, error);
    if (ret != 0 && loaded->pages && vgic5_pages_error(loaded->pages)->cause != VGIC5_CAUSE_NONE)
        error_copy(error, vgic5_pages_error(loaded->pages)); /* a damaged frame says more */
    return ret;
}

/* Everything but memory. */
static int decode_state(struct loaded *loaded, struct vgic5_error *error)
{
    int ret = check_sections(loaded->snapshot, error);

    if (ret == 0)
        ret = machine_config_load(loaded->snapshot, tool_engine, &loaded->config, error);
    if (ret == 0)
        ret = check_gic_config(&loaded->config.gic, error);
    if (ret == 0)
        ret = vgic5_state_from_snapshot(loaded->snapshot, &loaded->state, error);
    if (ret == 0)
        ret = check_cpus(loaded, error);
    return ret == 0 ? check_agreement(loaded, error) : ret;
}

static int decode(struct loaded *loaded, struct vgic5_error *error)
{
    int ret = decode_state(loaded, error);

    if (ret == 0)
        ret = check_memory(loaded, error);
    return ret == 0 ? check_ist(loaded, error) : ret;
}

/* This machine has one RAM. */
static int check_one_memory(const struct vgic5_chain *chain, struct vgic5_error *error)
{
    if (vgic5_chain_nr_ranges(chain) > 1)
        return error_set(error, VGIC5_CAUSE_UNFIT, -EINVAL,
                         "two memory sections, this machine has one RAM");
    if (vgic5_chain_nr_ranges(chain) == 0)
        return error_set(error, VGIC5_CAUSE_DAMAGED, -EINVAL, "there is no memory section");
    return 0;
}

int load_chain(enum cli_verb verb, const char *path, const char *base, struct vgic5_chain **chain,
               struct vgic5_error *error)
{
    int ret = vgic5_chain_open(path, base, chain, error);

    if (ret == -ENOLINK && cli_takes(verb, OPTION_on_base))
        error_add(error, "; --on-base FILE says where a base is");
    if (ret != 0)
        return ret;
    ret = check_one_memory(*chain, error);
    if (ret != 0) {
        vgic5_chain_close(*chain);
        *chain = NULL;
    }
    return ret;
}

int load_open(enum cli_verb verb, const char *path, const char *base, struct loaded *loaded,
              struct vgic5_error *error)
{
    int ret;

    memset(loaded, 0, sizeof(*loaded));
    ret = load_chain(verb, path, base, &loaded->chain, error);
    if (ret != 0)
        return ret;
    loaded->snapshot = chain_top(loaded->chain);
    loaded->memory = chain_memory(loaded->chain);
    ret = decode(loaded, error);
    if (ret != 0)
        load_close(loaded);
    return ret;
}

void load_close(struct loaded *loaded)
{
    vgic5_pages_close(loaded->pages);
    vgic5_state_free(loaded->state);
    vgic5_chain_close(loaded->chain);
    loaded->pages = NULL;
    loaded->chain = NULL;
    loaded->state = NULL;
}

/* RAM is the snapshot's as long as nothing has run: what restoring the VGICv5 writes comes later.
 */
static int fill_ram(const struct loaded *loaded, struct vgic5_ram *ram, bool logged,
                    struct vgic5_error *error)
{
    int ret = vgic5_ram_restore(ram, loaded->chain, error);

    if (ret == 0 && logged) {
        vgic5_ram_mark(ram);
        vgic5_ram_keep(ram, vgic5_snapshot_root(loaded->snapshot));
    }
    return ret;
}

int load_into(struct loaded *loaded, struct machine *machine, struct vgic5_ram **ram, bool logged,
              struct vgic5_error *error)
{
    struct vgic5_port port;
    int ret = machine_check_cpu(machine, loaded->snapshot, error);

    if (ret == 0)
        ret = vgic5_chain_verify(loaded->chain, error);
    if (ret == 0)
        ret = machine_ram_create(machine, ram, error);
    if (ret == 0)
        ret = fill_ram(loaded, *ram, logged, error);
    if (ret != 0)
        return ret;
    vgic5_port_model(machine_gic(machine), &port);
    ret = vgic5_restore(&port, loaded->state, &report_warnings, error);
    return ret == 0 ? machine_load(machine, loaded->snapshot, error) : ret;
}

/* ---- A save that is under way ---------------------------------------------------------------- */

/* Its memory, and the RAM of the machine that it is tried in: what the check of the LPI IST reads
 * is what a restore needs of it. */
struct tried {
    const struct vgic5_guest_reader *memory;
    uint8_t *ram;
    uint64_t base;
};

static int read_and_fill(void *opaque, uint64_t address, void *to, size_t size)
{
    const struct tried *tried = opaque;
    int ret = tried->memory->read(tried->memory->opaque, address, to, size);

    if (ret == 0 && size != 0)
        memcpy(tried->ram + (address - tried->base), to, size);
    return ret;
}

static int prove_in(struct loaded *loaded, struct machine *machine,
                    const struct vgic5_guest_reader *memory, struct vgic5_error *error)
{
    struct tried tried = {.memory = memory};
    const struct vgic5_guest_reader reader = {sizeof(reader), read_and_fill, &tried};
    struct vgic5_port port;
    uint64_t size;
    int ret = machine_check_cpu(machine, loaded->snapshot, error);

    tried.ram = machine_ram(machine, &tried.base, &size);
    if (ret == 0)
        ret = vgic5_state_check_memory(loaded->state, &reader, error);
    vgic5_port_model(machine_gic(machine), &port);
    if (ret == 0) /* warnings are for the restore itself */
        ret = vgic5_restore(&port, loaded->state, NULL, error);
    return ret == 0 ? machine_prove(machine, loaded->snapshot, error) : ret;
}

/* Nothing will run, so it needs no clock of the host's. */
static uint64_t no_time(void *opaque)
{
    (void)opaque;
    return 0;
}

static void no_alarm(void *opaque, uint64_t at)
{
    (void)opaque, (void)at;
}

static bool has_not_rung(void *opaque)
{
    (void)opaque;
    return false;
}

int load_prove(struct loaded *loaded, const struct vgic5_guest_reader *memory,
               struct vgic5_error *error)
{
    struct machine *machine = NULL;
    int ret = decode_state(loaded, error);

    loaded->config.time = (struct machine_time){no_time, no_alarm, no_alarm, has_not_rung, NULL};
    if (ret == 0)
        ret = machine_create(&loaded->config, &machine, error);
    if (ret == 0)
        ret = prove_in(loaded, machine, memory, error);
    machine_destroy(machine);
    vgic5_state_free(loaded->state);
    loaded->state = NULL;
    return ret;
}
