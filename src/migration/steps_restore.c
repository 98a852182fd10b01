/* SPDX-License-Identifier: BSD-3-Clause */
/* What the steps of the restore do: each hands its part of the state to the device. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "migration/engine.h"
#include "migration/ist_guest.h"
#include "migration/ist_payload.h"

/* ---- R1 to R4 -------------------------------------------------------------------------------- */

/* The VMM has created the vCPUs, or the port can. */
int restore_vcpus(struct engine *engine, const struct vgic5_step *row)
{
    const struct vgic5_state *state = engine->restored;
    const struct vgic5_port *port = engine->port;
    int there = port->vcpus(port->opaque, NULL, 0);
    int ret = 0;

    (void)row;
    if (there < 0)
        return engine_fail(engine, there, "the port cannot list its vCPUs");
    if (there > 0 || !port->add_vcpu)
        return 0;
    for (uint32_t n = 0; n < state->nr_vcpus && ret == 0; n++) {
        ret = port->add_vcpu(port->opaque, state->vcpus[n].id);
        if (ret)
            ret = engine_fail(engine, ret, "vCPU %u cannot be added: %s", state->vcpus[n].id,
                              error_name(ret));
    }
    return ret;
}

/* A VMM may have set it already; then to the same value (vgic5_restore_check). */
int restore_addr(struct engine *engine, const struct vgic5_step *row)
{
    uint64_t now = 0;
    int ret = engine_get(engine, row->group, row->attr, &now);

    if (ret == 0 && now != engine->restored->addr)
        ret = engine_set(engine, row->group, row->attr, &engine->restored->addr);
    return ret;
}

int restore_nr_irqs(struct engine *engine, const struct vgic5_step *row)
{
    uint32_t now = 0;
    int ret = engine_get(engine, row->group, row->attr, &now);

    if (ret == 0 && now != engine->restored->nr_spis)
        ret = engine_set(engine, row->group, row->attr, &engine->restored->nr_spis);
    return ret;
}

/* The last moment at which GRP_IST can be asked without a word of guest memory being written: the
 * next set of it would hand a device of the other generation what it takes for something else. */
static int check_generation(struct engine *engine)
{
    uint32_t abi = 0;
    int ret;

    if (engine->port->describe)
        return 0; /* vgic5_restore_check knows */
    ret = ist_payload_probe(engine->port, &abi);
    if (ret)
        return engine_fail(engine, ret, "the device answers %s to get GRP_IST", error_name(ret));
    return abi == engine->port->abi ? 0 : engine_wrong_generation(engine, abi);
}

int restore_init(struct engine *engine, const struct vgic5_step *row)
{
    int ret = engine_set(engine, row->group, row->attr, NULL);

    return ret ? ret : check_generation(engine);
}

/* ---- Registers of the frame ------------------------------------------------------------------ */

int restore_irs(struct engine *engine, const struct vgic5_step *row)
{
    enum irs_row reg = plan_irs_row(row);

    return engine_set_irs(engine, reg, engine->restored->irs[reg]);
}

static int restore_pe(struct engine *engine, uint32_t n)
{
    return engine_set_irs(engine, IRS_PE_CR0_ROW, engine->restored->vcpus[n].pe_cr0);
}

int restore_pes(struct engine *engine, const struct vgic5_step *row)
{
    (void)row;
    return engine_each_pe(engine, restore_pe);
}

static int restore_spi(struct engine *engine, uint32_t id)
{
    bool tm = bit_of(engine->restored->tm, id);

    return engine_set_irs(engine, IRS_SPI_CFGR_ROW, FIELD_PREP(IRS_SPI_CFGR_TM, tm));
}

int restore_spis(struct engine *engine, const struct vgic5_step *row)
{
    (void)row;
    return engine_each_spi(engine, restore_spi);
}

/* ---- Wires and tables ------------------------------------------------------------------------ */

int restore_wires(struct engine *engine, const struct vgic5_step *row)
{
    const struct vgic5_state *state = engine->restored;
    int ret;

    (void)row;
    if (state->has_wires && restore_lines_applies(engine->port))
        return 0; /* step R10b */
    if (!state->has_wires || !engine->port->set_spi_wires) {
        engine_warn(engine, "the levels of the SPI wires are %s: re-assert the lines",
                    state->has_wires ? "not the port's to set" : "not in the state");
        return 0;
    }
    ret = engine->port->set_spi_wires(engine->port->opaque, state->wires, SPI_WORDS);
    return ret ? engine_fail(engine, ret, "the port answers %s", error_name(ret)) : 0;
}

static int guest_table_fails(struct engine *engine, int ret)
{
    if (ret == -ENXIO)
        return engine_fail(engine, ret,
                           "an LPI has state, but the guest's IST has no L2 table "
                           "for it");
    return engine_fail(engine, ret, "the guest's IST is not in guest memory");
}

/* 7.4 has one bit for the trigger mode and the handling mode, and takes the first (kvm-abi §4). */
static void hm_from_tm(struct engine *engine, uint32_t *spis)
{
    const struct vgic5_state *state = engine->restored;

    for (uint32_t id = 0; id < state->nr_spis; id++) {
        uint64_t tm = bit_of(state->tm, id);

        if (FIELD_GET(ISTE_HM, spis[id]) != tm)
            engine_warn_modes(engine, id, tm);
        spis[id] = (uint32_t)((spis[id] & ~FIELD_MASK(ISTE_HM)) | FIELD_PREP(ISTE_HM, tm));
    }
}

/* The image is the state's own, or comes from the guest's table, where v1 has left it: for 7.4, or
 * to know after the set what was in it. */
static int give_lpis(struct engine *engine)
{
    const struct vgic5_state *state = engine->restored;
    const struct vgic5_port *port = engine->port;
    struct ist_given *given = &engine->given;
    int ret;

    given->nr_lpis = state_ist_lpis(state);
    given->lpis = state->lpis;
    if (given->nr_lpis == 0 || state->lpis)
        return 0;
    if (port->abi == VGIC5_ABI_V1 && !(port->reads_back && port->read_guest))
        return 0;
    given->made = calloc(given->nr_lpis, sizeof(*given->made));
    if (!given->made)
        return engine_fail(engine, -ENOMEM, "no memory for %zu LPIs", given->nr_lpis);
    given->lpis = given->made;
    ret = ist_image_from_guest(port, state, given->made);
    return ret ? guest_table_fails(engine, ret) : 0;
}

static int set_ist_7_4(struct engine *engine)
{
    struct ist_given *given = &engine->given;
    /* A set only reads its payload. */
    struct ist_images images = {given->spis, engine->restored->nr_spis,
                                (uint32_t *)(uintptr_t)given->lpis, given->nr_lpis};

    hm_from_tm(engine, given->spis);
    return ist_payload_set(engine, &images);
}

static int set_ist_v1(struct engine *engine)
{
    const struct vgic5_state *state = engine->restored;
    struct ist_images images = {engine->given.spis, state->nr_spis, NULL, 0};
    int ret = state->lpis ? ist_image_to_guest(engine->port, state, state->lpis) : 0;

    return ret ? guest_table_fails(engine, ret) : ist_payload_set(engine, &images);
}

int restore_ist(struct engine *engine, const struct vgic5_step *row)
{
    int ret = give_lpis(engine);

    (void)row;
    if (ret)
        return ret;
    memcpy(engine->given.spis, engine->restored->spi, sizeof(engine->given.spis));
    engine->given.is_known = true;
    return engine->port->abi == VGIC5_ABI_7_4 ? set_ist_7_4(engine) : set_ist_v1(engine);
}

/* ---- Lines of a kernel's device -------------------------------------------------------------- */

/* Our own device takes the levels as such, at R8a. */
bool restore_lines_applies(const struct vgic5_port *port)
{
    return port->irq_line && !port->set_spi_wires;
}

/* The lines of level SPIs that are high, and no others (kvm-abi §4): Pending over a low wire is a
 * guest's CDPEND, which a pulse would clear; each raise of an edge SPI is one more interrupt. */
int restore_lines(struct engine *engine, const struct vgic5_step *row)
{
    const struct vgic5_state *state = engine->restored;
    const struct vgic5_port *port = engine->port;
    int ret = 0;

    (void)row;
    for (uint32_t id = 0; state->has_wires && id < state->nr_spis && ret == 0; id++) {
        if (bit_of(state->tm, id) && bit_of(state->wires, id))
            ret = port->irq_line(port->opaque, VGIC5_IRQ_SPI(id), true);
    }
    return ret ? engine_fail(engine, ret, "the port answers %s", error_name(ret)) : 0;
}

/* ---- CPU interfaces -------------------------------------------------------------------------- */

static int restore_icc(struct engine *engine, uint32_t n, unsigned index)
{
    const struct state_vcpu *vcpu = &engine->restored->vcpus[n];

    return engine_set_icc(engine, vcpu->id, index, vcpu->icc[index]);
}

int restore_sysregs(struct engine *engine, const struct vgic5_step *row)
{
    (void)row;
    return engine_each_icc(engine, restore_icc);
}
