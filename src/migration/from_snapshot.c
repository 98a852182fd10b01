/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A state from sections of named fields. Every field that the state needs must be there, once, with
 * its kind and size; a field that this version does not know is refused, since it would be lost.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "migration/sections.h"

#define MOST_FIELDS 64u /* that this program knows of one section */

/* A section that is being read: where it is, and which of its fields were taken. */
struct section_reading {
    const struct vgic5_fields *fields;
    struct vgic5_error *error;
    char where[32]; /* "icc 17" */
    const struct vgic5_field *taken[MOST_FIELDS];
    size_t nr_taken;
};

static int begin(struct section_reading *reading, const struct vgic5_snapshot *snapshot,
                 const char *type, uint64_t instance, struct vgic5_error *error)
{
    const struct vgic5_section *section = vgic5_snapshot_find(snapshot, type, instance);

    *reading = (struct section_reading){.error = error};
    snprintf(reading->where, sizeof(reading->where), "%s %" PRIu64, type, instance);
    if (!section || !section->fields)
        return error_damaged(error, "section %s is missing", reading->where);
    if (section->version != SECTION_VERSION)
        return error_unfit(error, "section %s has version %" PRIu32 ", this program reads %u",
                           reading->where, section->version, SECTION_VERSION);
    reading->fields = section->fields;
    return 0;
}

static bool was_taken(const struct section_reading *reading, const struct vgic5_field *field)
{
    for (size_t n = 0; n < reading->nr_taken; n++) {
        if (reading->taken[n] == field)
            return true;
    }
    return false;
}

static int end(const struct section_reading *reading, int ret)
{
    for (size_t n = 0; ret == 0 && n < vgic5_fields_count(reading->fields); n++) {
        const struct vgic5_field *field = vgic5_fields_at(reading->fields, n);

        if (!was_taken(reading, field))
            ret = error_unfit(reading->error,
                              "section %s has a field %s, which this program does not know",
                              reading->where, field->name);
    }
    return ret;
}

static const struct vgic5_field *take(struct section_reading *reading, const char *name,
                                      enum vgic5_field_kind kind)
{
    const struct vgic5_field *field = vgic5_fields_find(reading->fields, name);

    if (!field)
        error_damaged(reading->error, "section %s has no field %s", reading->where, name);
    else if (field->kind != kind)
        error_damaged(reading->error, "section %s: field %s is of kind %d, expected %d",
                      reading->where, name, field->kind, kind);
    else if (reading->nr_taken < MOST_FIELDS)
        reading->taken[reading->nr_taken++] = field;
    return field && field->kind == kind ? field : NULL;
}

/* A number that must be within `limit`, and whose id says again which it is. */
static int take_u64(struct section_reading *reading, const char *name, uint64_t id, uint64_t limit,
                    uint64_t *value)
{
    const struct vgic5_field *field = take(reading, name, VGIC5_FIELD_U64);

    if (!field)
        return -EBADMSG;
    if (field->id != id)
        return error_damaged(reading->error,
                             "section %s: field %s has id 0x%" PRIx64 ", expected 0x%" PRIx64,
                             reading->where, name, field->id, id);
    if (field->u64 > limit)
        return error_damaged(reading->error,
                             "section %s: field %s is 0x%" PRIx64 ", expected at most 0x%" PRIx64,
                             reading->where, name, field->u64, limit);
    *value = field->u64;
    return 0;
}

static const uint8_t *take_bytes(struct section_reading *reading, const char *name, size_t size)
{
    const struct vgic5_field *field = take(reading, name, VGIC5_FIELD_BYTES);

    if (!field)
        return NULL;
    if (field->size == size)
        return field->bytes;
    error_damaged(reading->error, "section %s: field %s has %zu bytes, expected %zu",
                  reading->where, name, field->size, size);
    return NULL;
}

static uint32_t le32_at(const uint8_t *bytes)
{
    return bytes[0] | (uint32_t)bytes[1] << 8 | (uint32_t)bytes[2] << 16 | (uint32_t)bytes[3] << 24;
}

static int take_words(struct section_reading *reading, const char *name, uint32_t *words,
                      size_t count)
{
    const uint8_t *bytes = take_bytes(reading, name, count * 4);

    for (size_t n = 0; bytes && n < count; n++)
        words[n] = le32_at(bytes + 4 * n);
    return bytes ? 0 : -EBADMSG;
}

static int take_bits(struct section_reading *reading, const char *name, uint64_t *words,
                     uint32_t count)
{
    const uint8_t *bytes = take_bytes(reading, name, count / 8);

    for (uint32_t n = 0; bytes && n < count / 8; n++)
        words[n / 8] |= (uint64_t)bytes[n] << (8 * (n % 8));
    return bytes ? 0 : -EBADMSG;
}

/* ---- The sections ---------------------------------------------------------------------------- */

static int read_abi(struct section_reading *reading, struct vgic5_state *state)
{
    const struct vgic5_field *field = take(reading, FIELD_ABI, VGIC5_FIELD_TEXT);

    if (!field)
        return -EBADMSG;
    for (uint32_t abi = VGIC5_ABI_V1; vgic5_abi_name(abi); abi++) {
        const char *name = vgic5_abi_name(abi);

        if (strlen(name) == field->size && memcmp(name, field->bytes, field->size) == 0) {
            state->abi = abi;
            return 0;
        }
    }
    return error_unfit(reading->error, "section %s: abi is \"%.*s\", which is not known",
                       reading->where, (int)(field->size < 32 ? field->size : 32),
                       (const char *)field->bytes);
}

static int read_vcpu_ids(struct section_reading *reading, struct vgic5_state *state)
{
    const struct vgic5_field *field = take(reading, FIELD_VCPU_IDS, VGIC5_FIELD_BYTES);
    size_t number = field ? field->size / 4 : 0;
    int ret;

    if (!field)
        return -EBADMSG;
    if (field->size % 4 != 0 || number == 0 || number > VGIC5_MAX_VCPUS)
        return error_damaged(reading->error,
                             "section %s: vcpu_ids has %zu bytes, expected 4 for each of 1..%u",
                             reading->where, field->size, VGIC5_MAX_VCPUS);
    ret = state_set_nr_vcpus(state, (uint32_t)number, reading->error);
    for (uint32_t n = 0; n < state->nr_vcpus; n++)
        state->vcpus[n].id = le32_at((const uint8_t *)field->bytes + (size_t)4 * n);
    return ret;
}

static int read_gic(struct vgic5_state *state, const struct vgic5_snapshot *snapshot,
                    struct vgic5_error *error)
{
    struct section_reading reading;
    uint64_t nr_spis = 0;
    int ret = begin(&reading, snapshot, SECTION_GIC, 0, error);

    if (ret == 0)
        ret = read_abi(&reading, state);
    if (ret == 0)
        ret = take_u64(&reading, FIELD_ADDR, VGIC5_ADDR_TYPE_IRS, UINT64_MAX, &state->addr);
    if (ret == 0)
        ret = take_u64(&reading, FIELD_NR_SPIS, VGIC5_GRP_NR_IRQS, VGIC5_NR_SPIS_MAX, &nr_spis);
    if (ret == 0)
        ret = read_vcpu_ids(&reading, state);
    if (ret == 0 && nr_spis % 32 != 0) /* bitmaps below have whole bytes */
        ret = error_damaged(error,
                            "section gic 0: nr_spis is %" PRIu64 ", expected a multiple "
                            "of 32",
                            nr_spis);
    state->nr_spis = (uint32_t)nr_spis;
    return end(&reading, ret);
}

static int read_irs(struct vgic5_state *state, const struct vgic5_snapshot *snapshot,
                    struct vgic5_error *error)
{
    struct section_reading reading;
    int ret = begin(&reading, snapshot, SECTION_IRS, 0, error);

    for (unsigned row = 0; row < IRS_NR_ROWS && ret == 0; row++) {
        const struct irs_register *reg = &irs_registers[row];

        if (migration_irs_is_global(row))
            ret = take_u64(&reading, reg->name, reg->offset,
                           reg->bytes == 4 ? UINT32_MAX : UINT64_MAX, &state->irs[row]);
    }
    return end(&reading, ret);
}

static int read_spi(struct vgic5_state *state, const struct vgic5_snapshot *snapshot,
                    struct vgic5_error *error)
{
    struct section_reading reading;
    int ret = begin(&reading, snapshot, SECTION_SPI, 0, error);

    if (ret == 0)
        ret = take_words(&reading, FIELD_ISTE, state->spi, state->nr_spis);
    if (ret == 0)
        ret = take_bits(&reading, FIELD_TM, state->tm, state->nr_spis);
    if (ret == 0 && vgic5_fields_find(reading.fields, FIELD_WIRES)) {
        ret = take_bits(&reading, FIELD_WIRES, state->wires, state->nr_spis);
        state->has_wires = true;
    }
    return end(&reading, ret);
}

/* Where guest memory holds the LPIs (v1), or there is no LPI IST, there is no such section. */
static int read_lpi(struct vgic5_state *state, const struct vgic5_snapshot *snapshot,
                    struct vgic5_error *error)
{
    size_t expected = state->abi == VGIC5_ABI_7_4 ? state_ist_lpis(state) : 0;
    struct section_reading reading;
    int ret;

    if (expected == 0 && !vgic5_snapshot_find(snapshot, SECTION_LPI, 0))
        return 0;
    if (expected == 0)
        return error_damaged(error, "section lpi 0 is there, but %s",
                             state->abi == VGIC5_ABI_7_4 ? "IST_BASER.VALID is 0"
                                                         : "guest memory has the LPIs of abi v1");
    if (expected > (size_t)1 << CONFIG_LPI_ID_BITS_MAX)
        return error_damaged(error, "section irs 0: IST_CFGR.LPI_ID_BITS is above %d",
                             CONFIG_LPI_ID_BITS_MAX);
    ret = begin(&reading, snapshot, SECTION_LPI, 0, error);
    if (ret == 0 && !take_bytes(&reading, FIELD_ISTE, expected * 4))
        ret = -EBADMSG;
    if (ret == 0)
        ret = state_set_nr_lpis(state, expected, error);
    if (ret)
        return ret;
    reading.nr_taken = 0;
    return end(&reading, take_words(&reading, FIELD_ISTE, state->lpis, expected));
}

static int read_icc(struct state_vcpu *vcpu, const struct vgic5_snapshot *snapshot,
                    struct vgic5_error *error)
{
    const struct irs_register *pe_cr0 = &irs_registers[IRS_PE_CR0_ROW];
    struct section_reading reading;
    int ret = begin(&reading, snapshot, SECTION_ICC, vcpu->id, error);

    if (ret == 0)
        ret = take_u64(&reading, pe_cr0->name, pe_cr0->offset, UINT32_MAX, &vcpu->pe_cr0);
    for (unsigned n = 0; n < NR_SYSREGS && ret == 0; n++) {
        struct sysreg reg = migration_sysreg(n);

        ret = take_u64(&reading, reg.name, reg.encoding, UINT64_MAX, &vcpu->icc[n]);
    }
    return end(&reading, ret);
}

/* Every vCPU has its section, and no section is of another vCPU. */
static int read_iccs(struct vgic5_state *state, const struct vgic5_snapshot *snapshot,
                     struct vgic5_error *error)
{
    int ret = 0;

    for (size_t n = 0; n < vgic5_snapshot_nr_sections(snapshot); n++) {
        const struct vgic5_section *section = vgic5_snapshot_section(snapshot, n);

        if (strcmp(section->type, SECTION_ICC) != 0)
            continue;
        if (section->instance > UINT32_MAX || !state_vcpu(state, (uint32_t)section->instance))
            return error_damaged(error, "section icc %" PRIu64 " is of no vCPU in vcpu_ids",
                                 section->instance);
    }
    for (uint32_t n = 0; n < state->nr_vcpus && ret == 0; n++)
        ret = read_icc(&state->vcpus[n], snapshot, error);
    return ret;
}

int vgic5_state_from_snapshot(const struct vgic5_snapshot *snapshot, struct vgic5_state **state,
                              struct vgic5_error *error)
{
    int (*const parts[])(struct vgic5_state *, const struct vgic5_snapshot *,
                         struct vgic5_error *) = {read_gic, read_irs, read_spi, read_lpi,
                                                  read_iccs};
    struct vgic5_state *made = snapshot && state ? state_new() : NULL;
    int ret = 0;

    if (!snapshot || !state)
        return error_misuse(error, "there is no snapshot, or no place for the state");
    if (!made)
        return error_set(error, VGIC5_CAUSE_ENVIRONMENT, -ENOMEM, "no memory for the state");
    for (size_t n = 0; n < sizeof(parts) / sizeof(parts[0]) && ret == 0; n++)
        ret = parts[n](made, snapshot, error);
    if (ret == 0)
        ret = vgic5_state_check(made, error);
    if (ret) {
        vgic5_state_free(made);
        return ret;
    }
    *state = made;
    return 0;
}
