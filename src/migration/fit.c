/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Does a state fit a target? Field by field, before anything is set (kvm-abi §3 says what a device
 * adopts). What the port cannot tell is left to the device's own checks.
 */
#include <errno.h>
#include <inttypes.h>

#include "migration/internal.h"

/* ---- The target's vCPUs, address and SPIs ---------------------------------------------------- */

static bool has_id(const uint32_t *ids, uint32_t number, uint32_t id)
{
    for (uint32_t n = 0; n < number; n++) {
        if (ids[n] == id)
            return true;
    }
    return false;
}

static int fit_vcpus(const struct vgic5_port *port, const struct vgic5_state *state,
                     struct vgic5_error *error)
{
    uint32_t ids[VGIC5_MAX_VCPUS];
    int number = port->vcpus(port->opaque, ids, VGIC5_MAX_VCPUS);

    if (number < 0)
        return error_set(error, VGIC5_CAUSE_ENVIRONMENT, number, "the port cannot list its vCPUs");
    if (number > (int)VGIC5_MAX_VCPUS) /* ids[] has the first of them only */
        return error_unfit(error, "gic: the target has %d vCPUs, at most %u can be", number,
                           VGIC5_MAX_VCPUS);
    if (number == 0 && port->add_vcpu)
        return 0;
    for (uint32_t n = 0; n < state->nr_vcpus; n++) {
        if (!has_id(ids, (uint32_t)number, state->vcpus[n].id))
            return error_unfit(error,
                               "gic: vCPU id %" PRIu32 " is in the state, the target has none "
                               "such; create the vCPUs with the ids of the source",
                               state->vcpus[n].id);
    }
    if ((uint32_t)number != state->nr_vcpus)
        return error_unfit(error, "gic: %" PRIu32 " vCPUs are in the state, the target has %d",
                           state->nr_vcpus, number);
    return 0;
}

static int target_get(const struct vgic5_port *port, uint32_t group, uint64_t attr, void *value,
                      struct vgic5_error *error)
{
    struct vgic5_attr access = {.group = group, .attr = attr, .addr = (uintptr_t)value};
    int ret = port->get_attr(port->opaque, &access);

    if (ret == 0)
        return 0;
    return error_set(error, ret == -ENXIO ? VGIC5_CAUSE_UNFIT : VGIC5_CAUSE_ENVIRONMENT, ret,
                     "the target answers %s when asked for %s", error_name(ret),
                     vgic5_group_name(group));
}

/* A VMM may have set address and number of SPIs already, if to the same values. */
static int fit_machine(const struct vgic5_port *port, const struct vgic5_state *state,
                       struct vgic5_error *error)
{
    uint64_t addr = 0;
    uint32_t nr_spis = 0;
    int ret = target_get(port, VGIC5_GRP_ADDR, VGIC5_ADDR_TYPE_IRS, &addr, error);

    if (ret)
        return ret;
    if (addr != UINT64_MAX && addr != state->addr)
        return error_unfit(error, "gic: addr is 0x%" PRIx64 ", the target's is 0x%" PRIx64,
                           state->addr, addr);
    ret = target_get(port, VGIC5_GRP_NR_IRQS, 0, &nr_spis, error);
    if (ret)
        return ret;
    if (nr_spis != 0 && nr_spis != state->nr_spis)
        return error_unfit(
            error, "gic: nr_spis is %" PRIu32 ", the target has %" PRIu32 "; give it spis=%" PRIu32,
            state->nr_spis, nr_spis, state->nr_spis);
    return 0;
}

/* Neither 0 nor one of two refusals that say something: the target cannot be asked. */
static int unasked(int ret, const char *what, struct vgic5_error *error)
{
    if (ret == 0 || ret == -EBUSY || ret == -EINVAL)
        return 0;
    return error_set(error, ret == -ENXIO ? VGIC5_CAUSE_UNFIT : VGIC5_CAUSE_ENVIRONMENT, ret,
                     "the target answers %s when asked for %s", error_name(ret), what);
}

/* A device that answers EBUSY to a get: its vCPU runs, or it has not had CTRL_INIT, before which
 * USERSPACE_PPIS are zeros (kvm-abi §2). */
static int fit_busy(const struct vgic5_port *port, bool *is_new, struct vgic5_error *error)
{
    uint64_t ppis[2] = {0, 0};
    int ret = target_get(port, VGIC5_GRP_CTRL, VGIC5_CTRL_USERSPACE_PPIS, ppis, error);

    *is_new = ret == 0 && !(ppis[0] | ppis[1]);
    return ret;
}

/*
 * A GRP_IST without a buffer is refused whatever the state is, and how says what that is: EINVAL
 * comes last, after EBUSY for a device that is not initialised, whose vCPU runs, or, for a set,
 * whose vCPU has run (kvm-abi §2).
 */
static int fit_life(const struct vgic5_port *port, const struct vgic5_state *state,
                    struct vgic5_error *error)
{
    const struct vgic5_attr ist = {.group = VGIC5_GRP_IST};
    int set = port->set_attr(port->opaque, &ist);
    int get = set == -EBUSY ? port->get_attr(port->opaque, &ist) : 0;
    bool is_new = set != -EBUSY;
    int ret = unasked(set, "GRP_IST", error);

    (void)state;
    if (ret == 0)
        ret = unasked(get, "GRP_IST", error);
    if (ret == 0 && get == -EBUSY)
        ret = fit_busy(port, &is_new, error);
    if (ret || is_new)
        return ret;
    return error_set(error, VGIC5_CAUSE_UNFIT, -EBUSY,
                     "gic: a vCPU of the target has run, or runs; restore on a new device");
}

/* ---- What the target offers ------------------------------------------------------------------ */

static int misfit(const char *field, uint64_t found, const char *relation, uint64_t own,
                  struct vgic5_error *error)
{
    return error_unfit(error, "irs: %s is 0x%" PRIx64 ", the target %s 0x%" PRIx64, field, found,
                       relation, own);
}

static int fit_generation(const struct vgic5_port *port, const struct vgic5_config *config,
                          struct vgic5_error *error)
{
    if (config->abi == port->abi || !vgic5_abi_name(config->abi)) /* 0: not said */
        return 0;
    return error_unfit(error, "the port says abi %s, and its device is of %s",
                       vgic5_abi_name(port->abi), vgic5_abi_name(config->abi));
}

static int fit_address(const struct vgic5_config *config, const struct vgic5_state *state,
                       struct vgic5_error *error)
{
    if (state->addr + VGIC5_IRS_REGION_SIZE <= UINT64_C(1) << config->ipa_bits)
        return 0;
    return error_unfit(error,
                       "gic: addr is 0x%" PRIx64 ", beyond the target's %u-bit guest physical "
                       "addresses",
                       state->addr, config->ipa_bits);
}

/* What a later IRS may say of itself, and this one would leave out: the guest has seen it. */
static int fit_unknown(const struct vgic5_config *config, const struct vgic5_state *state,
                       struct vgic5_error *error)
{
    static const enum irs_row rows[] = {IRS_IDR0_ROW, IRS_IDR1_ROW, IRS_IDR2_ROW};

    (void)config;
    for (size_t n = 0; n < sizeof(rows) / sizeof(rows[0]); n++) {
        uint64_t unknown = state->irs[rows[n]] & ~irs_fields(rows[n]);

        if (unknown)
            return error_unfit(
                error, "irs: %s is 0x%" PRIx64 ", bits 0x%" PRIx64 " are not known to the target",
                irs_registers[rows[n]].name, state->irs[rows[n]], unknown);
    }
    return 0;
}

static int fit_identity(const struct vgic5_config *config, const struct vgic5_state *state,
                        struct vgic5_error *error)
{
    uint64_t options = state->irs[IRS_IDR0_ROW] & (IRS_IDR0_OPTIONS | FIELD_MASK(IRS_IDR0_MPAM2));
    uint64_t pri_bits = FIELD_GET(IRS_IDR1_PRI_BITS, state->irs[IRS_IDR1_ROW]);
    uint64_t id_bits = FIELD_GET(IRS_IDR2_ID_BITS, state->irs[IRS_IDR2_ROW]);
    uint64_t min = FIELD_GET(IRS_IDR2_MIN_LPI_ID_BITS, state->irs[IRS_IDR2_ROW]);

    if (options)
        return misfit("IRS_IDR0's options", options, "offers", 0, error);
    if (pri_bits >= config->priority_bits)
        return misfit("IRS_IDR1.PRI_BITS", pri_bits, "allows", config->priority_bits - 1u, error);
    if (id_bits > config->lpi_id_bits)
        return error_unfit(error,
                           "irs: IRS_IDR2.ID_BITS is %" PRIu64 ", the target allows %u; restore "
                           "on a device with lpi-bits=%" PRIu64 " or more",
                           id_bits, config->lpi_id_bits, id_bits);
    if (min < config->min_lpi_id_bits)
        return misfit("IRS_IDR2.MIN_LPI_ID_BITS", min, "asks", config->min_lpi_id_bits, error);
    return 0;
}

/* IST_L2SZ says nothing without IST_LEVELS, ISTMD_SZ nothing without ISTMD. A table that is legal
 * for the source's IDR2, which vgic5_state_check has seen to, is legal here once that is adopted.
 */
static int fit_ist_shape(const struct vgic5_config *config, const struct vgic5_state *state,
                         struct vgic5_error *error)
{
    uint64_t idr2 = state->irs[IRS_IDR2_ROW];
    uint64_t l2sz = FIELD_GET(IRS_IDR2_IST_L2SZ, idr2);
    uint64_t metadata = FIELD_GET(IRS_IDR2_ISTMD, idr2);
    uint64_t metadata_size = FIELD_GET(IRS_IDR2_ISTMD_SZ, idr2);

    if (FIELD_GET(IRS_IDR2_IST_LEVELS, idr2) && config->ist_l2sz == 0)
        return error_unfit(error, "irs: IRS_IDR2.IST_LEVELS is 1, the target has linear tables "
                                  "only; restore on a device with ist=two-level");
    if (FIELD_GET(IRS_IDR2_IST_LEVELS, idr2) && (l2sz & ~(uint64_t)config->ist_l2sz))
        return misfit("IRS_IDR2.IST_L2SZ", l2sz, "offers", config->ist_l2sz, error);
    if (metadata > config->istmd)
        return misfit("IRS_IDR2.ISTMD", metadata, "offers", config->istmd, error);
    if (metadata_size != config->istmd_sz && (metadata || metadata_size))
        return misfit("IRS_IDR2.ISTMD_SZ", metadata_size, "has", config->istmd_sz, error);
    return 0;
}

/* ---- The CPU interfaces ---------------------------------------------------------------------- */

/* The PPIs that a register's value speaks of. */
static uint64_t ppis_of(const struct sysreg *reg, uint64_t value)
{
    const uint16_t priorityr0 = VGIC5_ICC_PPI_PRIORITYR(0);
    uint64_t ppis = 0;

    if (reg->bits == UINT64_MAX)
        return value;
    if (reg->encoding < priorityr0 || reg->encoding > priorityr0 + 7)
        return 0;
    for (unsigned n = 0; n < 8; n++) {
        if (value >> (8 * n) & 0x1f)
            ppis |= UINT64_C(1) << (8 * (reg->encoding - priorityr0) + n);
    }
    return ppis;
}

static int fit_ppis(const struct vgic5_config *config, const struct state_vcpu *vcpu,
                    struct vgic5_error *error)
{
    for (unsigned n = 0; n < NR_SYSREGS; n++) {
        struct sysreg reg = migration_sysreg(n);
        uint64_t foreign = ppis_of(&reg, vcpu->icc[n]) & ~config->ppis[0];

        if (foreign)
            return error_unfit(error,
                               "icc %" PRIu32 ": %s has PPI %d, which the target does not "
                               "implement",
                               vcpu->id, reg.name, __builtin_ctzll(foreign));
    }
    return 0;
}

static int fit_interfaces(const struct vgic5_config *config, const struct vgic5_state *state,
                          struct vgic5_error *error)
{
    int ret = 0;

    for (uint32_t n = 0; n < state->nr_vcpus && ret == 0; n++)
        ret = fit_ppis(config, &state->vcpus[n], error);
    return ret;
}

static int fit_offer(const struct vgic5_port *port, const struct vgic5_state *state,
                     struct vgic5_error *error)
{
    int (*const parts[])(const struct vgic5_config *, const struct vgic5_state *,
                         struct vgic5_error *) = {
        fit_address, fit_unknown, fit_identity, fit_ist_shape, fit_interfaces,
    };
    struct vgic5_config config = {.size = sizeof(config)};
    int ret = 0;

    if (!port->describe)
        return 0;
    if (port->describe(port->opaque, &config))
        return error_set(error, VGIC5_CAUSE_ENVIRONMENT, -EIO,
                         "the port cannot describe its device");
    ret = fit_generation(port, &config, error);
    for (size_t n = 0; n < sizeof(parts) / sizeof(parts[0]) && ret == 0; n++)
        ret = parts[n](&config, state, error);
    return ret;
}

/* ---- The whole ------------------------------------------------------------------------------- */

/* The LPIs lie in guest memory under v1 and in the state under 7.4: across the two they are moved,
 * for which the port must reach the guest's table. */
static int fit_abi(const struct vgic5_port *port, const struct vgic5_state *state,
                   struct vgic5_error *error)
{
    if (port->abi == state->abi || state_ist_lpis(state) == 0)
        return 0;
    if (port->read_guest && port->write_guest)
        return 0;
    return error_unfit(error,
                       "gic: abi is %s, the target has %s, and its port cannot reach the LPIs "
                       "in guest memory; restore on a device with abi=%s",
                       vgic5_abi_name(state->abi), vgic5_abi_name(port->abi),
                       vgic5_abi_name(state->abi));
}

int vgic5_restore_check(const struct vgic5_port *given, const struct vgic5_state *state,
                        struct vgic5_error *error)
{
    int (*const parts[])(const struct vgic5_port *, const struct vgic5_state *,
                         struct vgic5_error *) = {fit_abi, fit_vcpus, fit_life, fit_machine,
                                                  fit_offer};
    struct vgic5_port port;
    int ret = migration_port_open(&port, given, error);

    if (ret == 0)
        ret = vgic5_state_check(state, error);
    for (size_t n = 0; n < sizeof(parts) / sizeof(parts[0]) && ret == 0; n++)
        ret = parts[n](&port, state, error);
    return ret;
}
