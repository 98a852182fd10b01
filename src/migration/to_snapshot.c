/* SPDX-License-Identifier: BSD-3-Clause */
/* The state as sections of named fields. The same state gives the same bytes. */
#include <errno.h>
#include <stdlib.h>

#include "migration/sections.h"

const char *const *vgic5_state_section_types(void)
{
    static const char *const types[] = {SECTION_GIC, SECTION_IRS, SECTION_SPI,
                                        SECTION_LPI, SECTION_ICC, NULL};

    return types;
}

/* Images are little-endian whatever the host is. */
static void *le32_image(const uint32_t *words, size_t count)
{
    uint8_t *bytes = malloc(count * 4);

    for (size_t n = 0; bytes && n < count; n++) {
        for (unsigned byte = 0; byte < 4; byte++)
            bytes[4 * n + byte] = (uint8_t)(words[n] >> (8 * byte));
    }
    return bytes;
}

static void put_words(struct vgic5_fields *fields, const char *name, uint64_t id,
                      const uint32_t *words, size_t count)
{
    void *image = le32_image(words, count);

    /* Without memory the field cannot be put, and the list must know: no name is a bad name. */
    if (image)
        vgic5_fields_put_bytes(fields, name, id, image, count * 4);
    else
        vgic5_fields_put_bytes(fields, "", id, NULL, 0);
    free(image);
}

static void put_bits(struct vgic5_fields *fields, const char *name, uint64_t id,
                     const uint64_t *words, uint32_t count)
{
    uint8_t bytes[VGIC5_NR_SPIS_MAX / 8];

    for (uint32_t n = 0; n < count / 8; n++)
        bytes[n] = (uint8_t)(words[n / 8] >> (8 * (n % 8)));
    vgic5_fields_put_bytes(fields, name, id, bytes, count / 8);
}

/* ---- The sections ---------------------------------------------------------------------------- */

static void put_gic(struct vgic5_fields *fields, const struct vgic5_state *state, uint64_t instance)
{
    uint32_t ids[VGIC5_MAX_VCPUS];

    (void)instance;
    for (uint32_t n = 0; n < state->nr_vcpus; n++)
        ids[n] = state->vcpus[n].id;
    vgic5_fields_put_text(fields, FIELD_ABI, 0, vgic5_abi_name(state->abi));
    vgic5_fields_put_u64(fields, FIELD_ADDR, VGIC5_ADDR_TYPE_IRS, state->addr);
    vgic5_fields_put_u64(fields, FIELD_NR_SPIS, VGIC5_GRP_NR_IRQS, state->nr_spis);
    put_words(fields, FIELD_VCPU_IDS, 0, ids, state->nr_vcpus);
}

static void put_irs(struct vgic5_fields *fields, const struct vgic5_state *state, uint64_t instance)
{
    (void)instance;
    for (unsigned row = 0; row < IRS_NR_ROWS; row++) {
        if (migration_irs_is_global(row))
            vgic5_fields_put_u64(fields, irs_registers[row].name, irs_registers[row].offset,
                                 state->irs[row]);
    }
}

static void put_spi(struct vgic5_fields *fields, const struct vgic5_state *state, uint64_t instance)
{
    (void)instance;
    put_words(fields, FIELD_ISTE, VGIC5_GRP_IST, state->spi, state->nr_spis);
    put_bits(fields, FIELD_TM, irs_registers[IRS_SPI_CFGR_ROW].offset, state->tm, state->nr_spis);
    if (state->has_wires)
        put_bits(fields, FIELD_WIRES, 0, state->wires, state->nr_spis);
}

static void put_lpi(struct vgic5_fields *fields, const struct vgic5_state *state, uint64_t instance)
{
    (void)instance;
    put_words(fields, FIELD_ISTE, VGIC5_GRP_IST, state->lpis, state->nr_lpis);
}

static void put_icc(struct vgic5_fields *fields, const struct vgic5_state *state, uint64_t instance)
{
    const struct state_vcpu *vcpu = state_vcpu(state, (uint32_t)instance);

    vgic5_fields_put_u64(fields, irs_registers[IRS_PE_CR0_ROW].name,
                         irs_registers[IRS_PE_CR0_ROW].offset, vcpu->pe_cr0);
    for (unsigned n = 0; n < NR_SYSREGS; n++) {
        struct sysreg reg = migration_sysreg(n);

        vgic5_fields_put_u64(fields, reg.name, reg.encoding, vcpu->icc[n]);
    }
}

typedef void put_section(struct vgic5_fields *fields, const struct vgic5_state *state,
                         uint64_t instance);

static int write_section(const struct vgic5_state *state, struct vgic5_snapshot_writer *writer,
                         const char *type, uint64_t instance, put_section *put,
                         struct vgic5_error *error)
{
    struct vgic5_fields *fields = vgic5_fields_new();
    int ret;

    if (!fields)
        return error_set(error, VGIC5_CAUSE_ENVIRONMENT, -ENOMEM, "%s: no memory", type);
    put(fields, state, instance);
    ret = vgic5_fields_error(fields);
    if (ret)
        ret = error_set(error, VGIC5_CAUSE_ENVIRONMENT, ret, "%s: no memory for the fields", type);
    else
        ret =
            vgic5_snapshot_put_fields(writer, type, instance, SECTION_VERSION, true, fields, error);
    vgic5_fields_free(fields);
    return ret;
}

int vgic5_state_to_snapshot(const struct vgic5_state *state, struct vgic5_snapshot_writer *writer,
                            struct vgic5_error *error)
{
    int ret;

    if (!state || !writer)
        return error_misuse(error, "there is no state, or no writer");
    ret = write_section(state, writer, SECTION_GIC, 0, put_gic, error);
    if (ret == 0)
        ret = write_section(state, writer, SECTION_IRS, 0, put_irs, error);
    if (ret == 0)
        ret = write_section(state, writer, SECTION_SPI, 0, put_spi, error);
    if (ret == 0 && state->nr_lpis)
        ret = write_section(state, writer, SECTION_LPI, 0, put_lpi, error);
    for (uint32_t n = 0; n < state->nr_vcpus && ret == 0; n++)
        ret = write_section(state, writer, SECTION_ICC, state->vcpus[n].id, put_icc, error);
    return ret;
}
