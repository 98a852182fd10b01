/* SPDX-License-Identifier: BSD-3-Clause */
/* What the steps of the save do: each fills its part of the state. */
#include <errno.h>
#include <string.h>

#include "migration/engine.h"
#include "migration/ist_guest.h"
#include "migration/ist_payload.h"

/* ---- S1 -------------------------------------------------------------------------------------- */

int save_vcpus(struct engine *engine, const struct vgic5_step *row)
{
    uint32_t ids[VGIC5_MAX_VCPUS];
    int number = engine->port->vcpus(engine->port->opaque, ids, VGIC5_MAX_VCPUS);
    int ret;

    (void)row;
    if (number <= 0 || number > (int)VGIC5_MAX_VCPUS)
        return engine_fail(engine, number < 0 ? number : -ENODEV, "the port has %d vCPUs", number);
    ret = state_set_nr_vcpus(engine->saved, (uint32_t)number, engine->error);
    for (uint32_t n = 0; n < engine->saved->nr_vcpus; n++) {
        engine->saved->vcpus[n].id = ids[n];
        /* Without 1ofN a valid PE's DPS reads 1, also where no loop can ask it (kvm-abi §3). */
        engine->saved->vcpus[n].pe_cr0 = FIELD_MASK(IRS_PE_CR0_DPS);
    }
    return ret;
}

int save_nr_irqs(struct engine *engine, const struct vgic5_step *row)
{
    uint32_t number = 0;
    int ret = engine_get(engine, row->group, row->attr, &number);

    if (ret)
        return ret;
    if (number > VGIC5_NR_SPIS_MAX)
        return engine_fail(engine, -EINVAL, "the device has %u SPIs, at most %u can be", number,
                           VGIC5_NR_SPIS_MAX);
    engine->saved->nr_spis = number;
    return 0;
}

int save_addr(struct engine *engine, const struct vgic5_step *row)
{
    return engine_get(engine, row->group, row->attr, &engine->saved->addr);
}

/* ---- Registers of the frame ------------------------------------------------------------------ */

int save_irs(struct engine *engine, const struct vgic5_step *row)
{
    enum irs_row reg = plan_irs_row(row);
    int ret = engine_get_irs(engine, reg, &engine->saved->irs[reg]);

    if (reg == IRS_SPI_SELR_ROW && ret == 0)
        engine->selectors_known = true; /* the second of the two that S2 reads */
    return ret;
}

int save_irs_again(struct engine *engine, const struct vgic5_step *row)
{
    enum irs_row reg = plan_irs_row(row);
    uint64_t now = 0;
    int ret = engine_get_irs(engine, reg, &now);

    if (ret == 0 && now != engine->saved->irs[reg])
        ret = engine_fail(engine, -EBUSY,
                          "%s was 0x%llx and is 0x%llx: the VM does not stand still", row->name,
                          (unsigned long long)engine->saved->irs[reg], (unsigned long long)now);
    return ret;
}

int save_status(struct engine *engine, const struct vgic5_step *row)
{
    int ret = 0;

    (void)row;
    for (unsigned n = 0; n < IRS_NR_ROWS && ret == 0; n++) {
        if (irs_registers[n].carried == IRS_CARRIED_STATUS)
            ret = engine_get_irs(engine, (enum irs_row)n, &engine->saved->irs[n]);
    }
    return ret;
}

/* ---- Wires and tables ------------------------------------------------------------------------ */

int save_wires(struct engine *engine, const struct vgic5_step *row)
{
    int ret;

    (void)row;
    if (!engine->port->get_spi_wires)
        return 0; /* the VMM knows its lines, and re-asserts them */
    ret = engine->port->get_spi_wires(engine->port->opaque, engine->saved->wires, SPI_WORDS);
    if (ret)
        return engine_fail(engine, ret, "the port answers %s", error_name(ret));
    engine->saved->has_wires = true;
    return 0;
}

/* Under v1 the LPIs go to guest memory. */
static int set_room_for_lpis(struct engine *engine)
{
    struct vgic5_state *state = engine->saved;
    size_t lpis = state->abi == VGIC5_ABI_7_4 ? state_ist_lpis(state) : 0;

    if (lpis > (size_t)1 << CONFIG_LPI_ID_BITS_MAX)
        return engine_fail(engine, -EINVAL, "IST_CFGR 0x%llx has more than %d LPI id bits",
                           (unsigned long long)state->irs[IRS_IST_CFGR_ROW],
                           CONFIG_LPI_ID_BITS_MAX);
    return lpis ? state_set_nr_lpis(state, lpis, engine->error) : 0;
}

static int get_images(struct engine *engine)
{
    struct vgic5_state *state = engine->saved;
    struct ist_images images = {.spis = state->spi, .nr_spis = state->nr_spis};
    int ret = set_room_for_lpis(engine);

    images.lpis = state->lpis;
    images.nr_lpis = state->nr_lpis;
    return ret ? ret : ist_payload_get(engine, &images);
}

/* HWU is the hardware's own, and differs between two saves of the same state (kvm-abi §4). */
static void drop_hwu(uint32_t *istes, size_t count)
{
    for (size_t id = 0; id < count; id++)
        istes[id] &= (uint32_t)~FIELD_MASK(ISTE_HWU);
}

/* 7.4 carries an SPI's trigger mode as HM: SPI_CFGR cannot be asked once a vCPU has run. */
static void tm_from_hm(struct vgic5_state *state)
{
    for (uint32_t id = 0; id < state->nr_spis; id++) {
        if (FIELD_GET(ISTE_HM, state->spi[id]))
            set_bit_of(state->tm, id);
    }
}

/* The LPIs of a v1 snapshot are where the guest has put its table. A device that has touched none
 * of a missing part saves without complaint; no restore would take it. */
static int check_guest_table(struct engine *engine)
{
    const struct vgic5_port *port = engine->port;

    if (!port->read_guest || !ist_guest_is_there(port, engine->saved))
        return 0;
    return engine_fail(engine, -EFAULT,
                       "a part of the guest's IST is not in guest memory: no "
                       "restore would take it");
}

int save_ist(struct engine *engine, const struct vgic5_step *row)
{
    struct vgic5_state *state = engine->saved;
    bool is_7_4 = state->abi == VGIC5_ABI_7_4;
    int ret = get_images(engine);

    (void)row;
    if (ret)
        return ret;
    if (!is_7_4 && check_guest_table(engine))
        return -EFAULT;
    drop_hwu(state->spi, state->nr_spis);
    drop_hwu(state->lpis, state->nr_lpis);
    if (is_7_4)
        tm_from_hm(state);
    return 0;
}

/* The port knows every SPI's modes; through the attributes only the one that the guest has selected
 * can be asked, since 7.4 takes no IRS_SPI_SELR from the VMM after a run. */
static int ask_modes(struct engine *engine, uint64_t *tm, uint64_t *hm, uint64_t *known)
{
    const struct vgic5_port *port = engine->port;
    struct vgic5_state *state = engine->saved;
    uint64_t selected = state->irs[IRS_SPI_SELR_ROW], cfgr = 0;
    int ret;

    if (port->get_spi_modes) {
        memset(known, 0xff, SPI_WORDS * sizeof(*known));
        ret = port->get_spi_modes(port->opaque, tm, hm, SPI_WORDS);
        return ret ? engine_fail(engine, ret, "the port answers %s", error_name(ret)) : 0;
    }
    if (selected >= state->nr_spis)
        return 0;
    ret = engine_get_irs(engine, IRS_SPI_CFGR_ROW, &cfgr);
    set_bit_of(known, (uint32_t)selected);
    if (FIELD_GET(IRS_SPI_CFGR_TM, cfgr))
        set_bit_of(tm, (uint32_t)selected);
    if (FIELD_GET(ISTE_HM, state->spi[selected]))
        set_bit_of(hm, (uint32_t)selected);
    return ret;
}

/* A kernel takes the mode from HM, which a guest that never used CDHM has left 0 (kvm-abi §4). */
static void compare_mode(struct engine *engine, uint32_t id, bool tm, bool hm)
{
    bool carried = FIELD_GET(ISTE_HM, engine->saved->spi[id]);

    if (tm && !carried)
        engine_warn(engine,
                    "SPI %u is level-triggered, but its entry has HM = 0: the restored "
                    "guest will have it edge-triggered",
                    id);
    else if (tm != hm)
        engine_warn_modes(engine, id, tm);
}

int save_modes(struct engine *engine, const struct vgic5_step *row)
{
    uint64_t tm[SPI_WORDS] = {0}, hm[SPI_WORDS] = {0}, known[SPI_WORDS] = {0};
    int ret = ask_modes(engine, tm, hm, known);

    (void)row;
    for (uint32_t id = 0; ret == 0 && id < engine->saved->nr_spis; id++) {
        if (bit_of(known, id))
            compare_mode(engine, id, bit_of(tm, id), bit_of(hm, id));
    }
    return ret;
}

/* ---- The selector loops of v1 ---------------------------------------------------------------- */

static int save_pe(struct engine *engine, uint32_t n)
{
    return engine_get_irs(engine, IRS_PE_CR0_ROW, &engine->saved->vcpus[n].pe_cr0);
}

int save_pes(struct engine *engine, const struct vgic5_step *row)
{
    (void)row;
    engine->selectors_moved = true;
    return engine_each_pe(engine, save_pe);
}

static int save_spi(struct engine *engine, uint32_t id)
{
    uint64_t cfgr = 0;
    int ret = engine_get_irs(engine, IRS_SPI_CFGR_ROW, &cfgr);

    if (FIELD_GET(IRS_SPI_CFGR_TM, cfgr))
        set_bit_of(engine->saved->tm, id);
    return ret;
}

int save_spis(struct engine *engine, const struct vgic5_step *row)
{
    (void)row;
    engine->selectors_moved = true;
    return engine_each_spi(engine, save_spi);
}

int save_selector_back(struct engine *engine, const struct vgic5_step *row)
{
    enum irs_row reg = plan_irs_row(row);

    return engine_set_irs(engine, reg, engine->saved->irs[reg]);
}

/* ---- CPU interfaces -------------------------------------------------------------------------- */

static int save_icc(struct engine *engine, uint32_t n, unsigned index)
{
    struct state_vcpu *vcpu = &engine->saved->vcpus[n];

    return engine_get_icc(engine, vcpu->id, index, &vcpu->icc[index]);
}

int save_sysregs(struct engine *engine, const struct vgic5_step *row)
{
    (void)row;
    return engine_each_icc(engine, save_icc);
}
