/* SPDX-License-Identifier: BSD-3-Clause */
/* The configuration of a machine, and with it what definition.c has, as the section "machine" 0. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "machine/definition.h"
#include "machine/snapshot_fields.h"

/* One number of the configuration: its name, where it is, and how wide. */
static const struct config_row {
    const char *name;
    size_t offset;
    size_t size;
} rows[] = {
#define ROW(name, member)                                   \
    {                                                       \
        name, offsetof(struct machine_config, member),      \
            sizeof(((struct machine_config *)NULL)->member) \
    }
    ROW("RAM_SIZE", ram_size),
    ROW("NR_SPIS", nr_spis),
    ROW("DETERMINISTIC", deterministic),
    ROW("GIC_ABI", gic.abi),
    ROW("GIC_IPA_BITS", gic.ipa_bits),
    ROW("GIC_LPI_ID_BITS", gic.lpi_id_bits),
    ROW("GIC_MIN_LPI_ID_BITS", gic.min_lpi_id_bits),
    ROW("GIC_PRIORITY_BITS", gic.priority_bits),
    ROW("GIC_IST_L2SZ", gic.ist_l2sz),
    ROW("GIC_ISTMD", gic.istmd),
    ROW("GIC_ISTMD_SZ", gic.istmd_sz),
    ROW("GIC_PPIS0", gic.ppis[0]),
    ROW("GIC_PPIS1", gic.ppis[1]),
#undef ROW
};

#define NR_ROWS (sizeof(rows) / sizeof(*rows))

static uint64_t get(const struct machine_config *config, const struct config_row *row)
{
    const char *at = (const char *)config + row->offset;
    uint8_t u8;
    uint32_t u32;
    uint64_t u64;

    if (row->size == sizeof(u8))
        return memcpy(&u8, at, sizeof(u8)), u8;
    if (row->size == sizeof(u32))
        return memcpy(&u32, at, sizeof(u32)), u32;
    return memcpy(&u64, at, sizeof(u64)), u64;
}

static void set(struct machine_config *config, const struct config_row *row, uint64_t value)
{
    char *at = (char *)config + row->offset;
    uint8_t u8 = (uint8_t)value;
    uint32_t u32 = (uint32_t)value;

    if (row->size == sizeof(u8))
        memcpy(at, &u8, sizeof(u8));
    else if (row->size == sizeof(u32))
        memcpy(at, &u32, sizeof(u32));
    else
        memcpy(at, &value, sizeof(value));
}

static int fill(const struct machine_config *config, struct vgic5_fields *fields)
{
    uint32_t *ids = calloc(config->nr_vcpus, sizeof(*ids));

    if (!ids)
        return -ENOMEM;
    for (uint32_t i = 0; i < config->nr_vcpus; i++)
        ids[i] = config->vcpu_ids ? config->vcpu_ids[i] : i;
    vgic5_fields_put_bytes(fields, "VCPU_IDS", 0, ids, config->nr_vcpus * sizeof(*ids));
    for (size_t i = 0; i < NR_ROWS; i++)
        vgic5_fields_put_u64(fields, rows[i].name, 0, get(config, &rows[i]));
    free(ids);
    return vgic5_fields_error(fields);
}

int machine_config_save(struct machine *machine, const struct machine_config *config,
                        struct vgic5_snapshot_writer *writer, struct vgic5_error *error)
{
    struct vgic5_fields *fields = vgic5_fields_new();
    int ret = fields ? fill(config, fields) : -ENOMEM;

    if (ret == 0) {
        definition_put(machine, fields);
        ret = vgic5_fields_error(fields);
    }
    if (ret != 0)
        error_set(error, VGIC5_CAUSE_ENVIRONMENT, ret, "section machine 0 cannot be filled: %s",
                  strerror(-ret));
    else
        ret = vgic5_snapshot_put_fields(writer, "machine", 0, MACHINE_SECTION_VERSION, true, fields,
                                        error);
    vgic5_fields_free(fields);
    return ret;
}

static int load_rows(const struct vgic5_fields *fields, struct machine_config *config,
                     struct vgic5_error *error)
{
    for (size_t i = 0; i < NR_ROWS; i++) {
        const struct config_row *row = &rows[i];
        uint64_t value, limit = row->size == 8 ? UINT64_MAX : (UINT64_C(1) << row->size * 8) - 1;
        int ret = vgic5_fields_get_u64(fields, "machine", row->name, &value, error);

        if (row->offset == offsetof(struct machine_config, deterministic))
            limit = 1;
        if (ret != 0)
            return ret;
        if (value > limit)
            return error_set(error, VGIC5_CAUSE_DAMAGED, -EINVAL,
                             "machine %s is %llu, expected at most %llu", row->name,
                             (unsigned long long)value, (unsigned long long)limit);
        set(config, row, value);
    }
    return 0;
}

static int load_ids(const struct vgic5_fields *fields, struct machine_config *config,
                    struct vgic5_error *error)
{
    const struct vgic5_field *ids = vgic5_fields_find(fields, "VCPU_IDS");

    if (!ids || ids->kind != VGIC5_FIELD_BYTES)
        return error_set(error, VGIC5_CAUSE_DAMAGED, -EINVAL, "machine VCPU_IDS is missing");
    if (ids->size == 0 || ids->size % sizeof(uint32_t) != 0 ||
        ids->size / sizeof(uint32_t) > VGIC5_MAX_VCPUS ||
        (uintptr_t)ids->bytes % _Alignof(uint32_t) != 0)
        return error_set(error, VGIC5_CAUSE_DAMAGED, -EINVAL,
                         "machine VCPU_IDS has %zu bytes, expected 4 for each of 1 to %u vCPUs",
                         ids->size, VGIC5_MAX_VCPUS);
    config->nr_vcpus = (uint32_t)(ids->size / sizeof(uint32_t));
    config->vcpu_ids = ids->bytes;
    return 0;
}

int machine_config_load(const struct vgic5_snapshot *snapshot, const struct vcpu_engine_ops *engine,
                        struct machine_config *config, struct vgic5_error *error)
{
    struct machine_config loaded = {.engine = engine, .gic.size = sizeof(loaded.gic)};
    const struct vgic5_fields *fields;
    int ret = section_fields(snapshot, "machine", 0, MACHINE_SECTION_VERSION, &fields, error);

    if (ret == 0)
        ret = definition_check_map(fields, engine, error);
    if (ret == 0)
        ret = load_ids(fields, &loaded, error);
    if (ret == 0)
        ret = load_rows(fields, &loaded, error);
    if (ret == 0)
        ret = fields_expect_count(fields, "machine", NR_ROWS + 1 + definition_count(), error);
    if (ret == 0)
        *config = loaded;
    return ret;
}
