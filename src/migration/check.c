/* SPDX-License-Identifier: BSD-3-Clause */
/* What can be said about a state without a device: does it contradict itself? */
#include <errno.h>
#include <inttypes.h>

#include "migration/internal.h"

/* ---- The machine's facts --------------------------------------------------------------------- */

static int check_machine(const struct vgic5_state *state, struct vgic5_error *error)
{
    if (!vgic5_abi_name(state->abi))
        return error_set(error, VGIC5_CAUSE_UNFIT, -ENOTSUP, "gic: abi %" PRIu32 " is not known",
                         state->abi);
    if (state->nr_spis < VGIC5_NR_SPIS_MIN || state->nr_spis > VGIC5_NR_SPIS_MAX ||
        state->nr_spis % 32 != 0)
        return error_damaged(error,
                             "gic: nr_spis is %" PRIu32 ", expected a multiple of 32 in 32..1024",
                             state->nr_spis);
    if (state->addr % VGIC5_IRS_FRAME_SIZE != 0 ||
        state->addr + VGIC5_IRS_REGION_SIZE < state->addr)
        return error_damaged(error, "gic: addr is 0x%" PRIx64 ", expected a multiple of 64 KiB",
                             state->addr);
    return 0;
}

static int check_vcpus(const struct vgic5_state *state, struct vgic5_error *error)
{
    if (state->nr_vcpus == 0 || state->nr_vcpus > VGIC5_MAX_VCPUS)
        return error_damaged(error, "gic: %" PRIu32 " vCPUs, expected 1..%u", state->nr_vcpus,
                             VGIC5_MAX_VCPUS);
    for (uint32_t n = 0; n < state->nr_vcpus; n++) {
        uint32_t id = state->vcpus[n].id;

        if (id > UINT16_MAX)
            return error_damaged(error, "gic: vCPU id %" PRIu32 ", expected at most 65535", id);
        if (state_vcpu(state, id) != &state->vcpus[n])
            return error_damaged(error, "gic: vCPU id %" PRIu32 " is there twice", id);
    }
    return 0;
}

/* ---- Registers ------------------------------------------------------------------------------- */

/* Whose RES0 bits must be 0. Other registers may say what this version does not know. */
static const enum irs_row without_surprises[] = {
    IRS_IDR5_ROW,     IRS_IDR6_ROW,    IRS_IDR7_ROW,      IRS_CR0_ROW,      IRS_CR1_ROW,
    IRS_SPI_SELR_ROW, IRS_PE_SELR_ROW, IRS_IST_BASER_ROW, IRS_IST_CFGR_ROW,
};

/* Two fields of IRS_CR1 are kept 0 by every device of this contract. */
static uint64_t bits_that_can_be_set(enum irs_row row)
{
    uint64_t kept_0 = FIELD_MASK(IRS_CR1_VMT_WA) | FIELD_MASK(IRS_CR1_VPET_WA);

    return irs_fields(row) & ~(row == IRS_CR1_ROW ? kept_0 : 0);
}

static int check_width(const struct vgic5_state *state, struct vgic5_error *error)
{
    for (unsigned row = 0; row < IRS_NR_ROWS; row++) {
        if (irs_registers[row].bytes == 4 && state->irs[row] > UINT32_MAX)
            return error_damaged(error, "irs: %s is 0x%" PRIx64 ", it has 32 bits",
                                 irs_registers[row].name, state->irs[row]);
    }
    for (size_t n = 0; n < sizeof(without_surprises) / sizeof(without_surprises[0]); n++) {
        enum irs_row row = without_surprises[n];
        uint64_t reserved = state->irs[row] & ~bits_that_can_be_set(row);

        if (reserved)
            return error_damaged(error,
                                 "irs: %s is 0x%" PRIx64 ", reserved bits 0x%" PRIx64 " are set",
                                 irs_registers[row].name, state->irs[row], reserved);
    }
    return 0;
}

/* A field that the rest of the state fixes. */
static int check_field(const char *name, uint64_t found, uint64_t expected,
                       struct vgic5_error *error)
{
    if (found == expected)
        return 0;
    return error_damaged(error, "irs: %s is %" PRIu64 ", the rest of the state says %" PRIu64, name,
                         found, expected);
}

static uint64_t iaffid_bits(const struct vgic5_state *state)
{
    uint32_t highest = 1;
    uint64_t bits = 0;

    for (uint32_t n = 0; n < state->nr_vcpus; n++)
        highest |= state->vcpus[n].id;
    for (; highest; highest >>= 1)
        bits++;
    return bits;
}

static int check_identity(const struct vgic5_state *state, struct vgic5_error *error)
{
    const uint64_t *irs = state->irs;
    const struct {
        const char *name;
        uint64_t found, expected;
    } fields[] = {
        {"IRS_IDR0.INT_DOM", FIELD_GET(IRS_IDR0_INT_DOM, irs[IRS_IDR0_ROW]), 1},
        {"IRS_IDR1.PE_CNT", FIELD_GET(IRS_IDR1_PE_CNT, irs[IRS_IDR1_ROW]), state->nr_vcpus},
        {"IRS_IDR1.IAFFID_BITS", FIELD_GET(IRS_IDR1_IAFFID_BITS, irs[IRS_IDR1_ROW]),
         iaffid_bits(state) - 1},
        {"IRS_IDR2.LPI", FIELD_GET(IRS_IDR2_LPI, irs[IRS_IDR2_ROW]), 1},
        {"IRS_IDR5.SPI_RANGE", irs[IRS_IDR5_ROW], state->nr_spis},
        {"IRS_IDR6.SPI_IRS_RANGE", irs[IRS_IDR6_ROW], state->nr_spis},
        {"IRS_IDR7.SPI_BASE", irs[IRS_IDR7_ROW], 0},
        {"IRS_CR0.IDLE", FIELD_GET(IRS_CR0_IDLE, irs[IRS_CR0_ROW]), 1},
        {"IRS_SYNC_STATUSR.IDLE", irs[IRS_SYNC_STATUSR_ROW] & 1, 1},
        {"IRS_SPI_STATUSR.IDLE", irs[IRS_SPI_STATUSR_ROW] & 1, 1},
        {"IRS_PE_STATUSR.IDLE", irs[IRS_PE_STATUSR_ROW] & 1, 1},
        {"IRS_IST_STATUSR.IDLE", irs[IRS_IST_STATUSR_ROW] & 1, 1},
    };

    for (size_t n = 0; n < sizeof(fields) / sizeof(fields[0]); n++) {
        int ret = check_field(fields[n].name, fields[n].found, fields[n].expected, error);

        if (ret)
            return ret;
    }
    return 0;
}

static int check_identity_ranges(const struct vgic5_state *state, struct vgic5_error *error)
{
    uint64_t pri_bits = FIELD_GET(IRS_IDR1_PRI_BITS, state->irs[IRS_IDR1_ROW]);
    uint64_t id_bits = FIELD_GET(IRS_IDR2_ID_BITS, state->irs[IRS_IDR2_ROW]);
    uint64_t min = FIELD_GET(IRS_IDR2_MIN_LPI_ID_BITS, state->irs[IRS_IDR2_ROW]);

    if (pri_bits >= CONFIG_PRIORITY_BITS_MAX)
        return error_damaged(error, "irs: IRS_IDR1.PRI_BITS is %" PRIu64 ", expected 0..%d",
                             pri_bits, CONFIG_PRIORITY_BITS_MAX - 1);
    if (id_bits > CONFIG_LPI_ID_BITS_MAX || min > id_bits)
        return error_damaged(error,
                             "irs: IRS_IDR2.ID_BITS is %" PRIu64 " and MIN_LPI_ID_BITS %" PRIu64
                             ", expected MIN_LPI_ID_BITS <= ID_BITS <= %d",
                             id_bits, min, CONFIG_LPI_ID_BITS_MAX);
    return 0;
}

/* ---- The LPI IST ----------------------------------------------------------------------------- */

/* IST_CFGR, in force, against the IDR2 that the guest has read. */
static int check_ist_cfgr(const struct vgic5_state *state, struct vgic5_error *error)
{
    uint32_t idr2 = (uint32_t)state->irs[IRS_IDR2_ROW];
    uint64_t cfgr = state->irs[IRS_IST_CFGR_ROW];
    uint64_t bits = FIELD_GET(IRS_IST_CFGR_LPI_ID_BITS, cfgr);
    uint64_t istsz = FIELD_GET(IRS_IST_CFGR_ISTSZ, cfgr);

    if (bits > FIELD_GET(IRS_IDR2_ID_BITS, idr2))
        return error_damaged(
            error, "irs: IST_CFGR.LPI_ID_BITS is %" PRIu64 ", IDR2.ID_BITS allows %" PRIu64, bits,
            FIELD_GET(IRS_IDR2_ID_BITS, idr2));
    if (bits < FIELD_GET(IRS_IDR2_MIN_LPI_ID_BITS, idr2))
        return error_damaged(
            error, "irs: IST_CFGR.LPI_ID_BITS is %" PRIu64 ", IDR2.MIN_LPI_ID_BITS asks %" PRIu64,
            bits, FIELD_GET(IRS_IDR2_MIN_LPI_ID_BITS, idr2));
    if (istsz != ist_required_istsz(idr2, bits))
        return error_damaged(error,
                             "irs: IST_CFGR.ISTSZ is %" PRIu64 ", IDR2 requires %" PRIu64
                             " for %" PRIu64 " LPI id bits",
                             istsz, ist_required_istsz(idr2, bits), bits);
    if (!ist_structure_is_offered(idr2, cfgr))
        return error_damaged(error,
                             "irs: IST_CFGR is 0x%" PRIx64 ", a two-level table with an L2SZ "
                             "that IDR2 0x%" PRIx32 " does not offer",
                             cfgr, idr2);
    return 0;
}

static int check_ist(const struct vgic5_state *state, struct vgic5_error *error)
{
    size_t expected = state->abi == VGIC5_ABI_7_4 ? state_ist_lpis(state) : 0;
    int ret = 0;

    if (FIELD_GET(IRS_IST_BASER_VALID, state->irs[IRS_IST_BASER_ROW]))
        ret = check_ist_cfgr(state, error);
    if (ret == 0 && state->nr_lpis != expected)
        ret = error_damaged(error, "lpi: iste has %zu entries, expected %zu", state->nr_lpis,
                            expected);
    return ret;
}

/* ---- Entries --------------------------------------------------------------------------------- */

/* The bits of an entry that this state can have: the rest is RES0, or hardware's (HWU), or needs
 * 1ofN (IRM); an IRS with fewer priority bits keeps the upper ones (gicv5.md §1.3). */
uint32_t state_iste_bits(const struct vgic5_state *state)
{
    uint64_t bits = FIELD_GET(IRS_IDR1_PRI_BITS, state->irs[IRS_IDR1_ROW]) + 1;
    uint64_t priority = FIELD_PREP(ISTE_PRIORITY, FIELD_MAX(ISTE_PRIORITY) << (5 - bits));

    return (uint32_t)((ISTE_STATE & ~FIELD_MASK(ISTE_PRIORITY)) | priority);
}

static int check_istes(const struct vgic5_state *state, const char *section, const uint32_t *istes,
                       size_t count, struct vgic5_error *error)
{
    uint32_t bits = state_iste_bits(state);

    for (size_t id = 0; id < count; id++) {
        if (istes[id] & ~bits)
            return error_damaged(
                error, "%s: iste of %s %zu is 0x%08" PRIx32 ", bits 0x%08" PRIx32 " must be 0",
                section, section, id, istes[id], istes[id] & ~bits);
    }
    return 0;
}

static int check_bitmap(const struct vgic5_state *state, const char *name, const uint64_t *words,
                        struct vgic5_error *error)
{
    for (uint32_t id = state->nr_spis; id < VGIC5_NR_SPIS_MAX; id++) {
        if (bit_of(words, id))
            return error_damaged(error, "spi: %s has SPI %" PRIu32 ", there are %" PRIu32, name, id,
                                 state->nr_spis);
    }
    return 0;
}

/* ---- CPU interfaces -------------------------------------------------------------------------- */

/* Without 1ofN a PE is never selected for it: DPS is 1, whatever was written. */
static int check_pe_cr0(const struct vgic5_state *state, const struct state_vcpu *vcpu,
                        struct vgic5_error *error)
{
    bool has_1ofn = FIELD_GET(IRS_IDR0_ONE_N, state->irs[IRS_IDR0_ROW]);

    if (vcpu->pe_cr0 == FIELD_MASK(IRS_PE_CR0_DPS) || (has_1ofn && vcpu->pe_cr0 == 0))
        return 0;
    return error_damaged(error, "icc %" PRIu32 ": IRS_PE_CR0 is 0x%" PRIx64 ", expected 0x%x%s",
                         vcpu->id, vcpu->pe_cr0, (unsigned)FIELD_MASK(IRS_PE_CR0_DPS),
                         has_1ofn ? " or 0" : ", for IRS_IDR0.ONE_N is 0");
}

static int check_icc(const struct state_vcpu *vcpu, struct vgic5_error *error)
{
    for (unsigned n = 0; n < NR_SYSREGS; n++) {
        struct sysreg reg = migration_sysreg(n);

        if (vcpu->icc[n] & ~reg.bits)
            return error_damaged(
                error, "icc %" PRIu32 ": %s is 0x%" PRIx64 ", bits 0x%" PRIx64 " must be 0",
                vcpu->id, reg.name, vcpu->icc[n], vcpu->icc[n] & ~reg.bits);
    }
    return 0;
}

static int check_interfaces(const struct vgic5_state *state, struct vgic5_error *error)
{
    int ret = 0;

    for (uint32_t n = 0; n < state->nr_vcpus && ret == 0; n++)
        ret = check_pe_cr0(state, &state->vcpus[n], error);
    for (uint32_t n = 0; n < state->nr_vcpus && ret == 0; n++)
        ret = check_icc(&state->vcpus[n], error);
    return ret;
}

static int check_registers(const struct vgic5_state *state, struct vgic5_error *error)
{
    int ret = check_width(state, error);

    if (ret == 0)
        ret = check_identity(state, error);
    if (ret == 0)
        ret = check_identity_ranges(state, error);
    return ret;
}

static int check_interrupts(const struct vgic5_state *state, struct vgic5_error *error)
{
    int ret = check_istes(state, "spi", state->spi, state->nr_spis, error);

    if (ret == 0)
        ret = check_bitmap(state, "tm", state->tm, error);
    if (ret == 0)
        ret = check_bitmap(state, "wires", state->wires, error);
    if (ret == 0)
        ret = check_istes(state, "lpi", state->lpis, state->nr_lpis, error);
    return ret;
}

int vgic5_state_check(const struct vgic5_state *state, struct vgic5_error *error)
{
    int (*const parts[])(const struct vgic5_state *, struct vgic5_error *) = {
        check_machine, check_vcpus, check_registers, check_ist, check_interrupts, check_interfaces,
    };

    if (!state)
        return error_misuse(error, "there is no state");
    for (size_t n = 0; n < sizeof(parts) / sizeof(parts[0]); n++) {
        int ret = parts[n](state, error);

        if (ret)
            return ret;
    }
    return 0;
}
