/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The last steps of a restore: what was set is read back and compared. A set that a device accepts
 * and ignores is found here, before a guest runs that would find it.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "migration/ist_guest.h"
#include "migration/ist_payload.h"
#include "migration/plan.h"

/* ---- What a device is known to change -------------------------------------------------------- */

enum kind { OF_MACHINE, OF_IRS, OF_PE, OF_ICC, OF_SPI, OF_LPI };

#define EVERY_ROW UINT32_MAX

/* A difference in these bits stops nothing: it is a warning. HWU is not even that (kvm-abi §4). */
static const struct known {
    uint32_t profiles;
    enum kind kind;
    uint32_t row;    /* enum irs_row, encoding, or EVERY_ROW */
    uint8_t carried; /* OF_IRS: all rows that are carried so */
    uint64_t bits;
    const char *why;
} known[] = {
    {EVERY, OF_IRS, EVERY_ROW, IRS_CARRIED_STATUS, UINT64_MAX,
     "status and identification are the target's own"},
    {EVERY, OF_PE, EVERY_ROW, 0, FIELD_MASK(IRS_PE_CR0_DPS), "it is read-only without 1ofN"},
    {EVERY, OF_ICC, VGIC5_ICC_CR0, 0, FIELD_MASK(ICC_CR0_LINK) | FIELD_MASK(ICC_CR0_LINK_IDLE),
     "LINK and LINK_IDLE are read-only"},
    {V7_4, OF_SPI, EVERY_ROW, 0, FIELD_MASK(ISTE_HM),
     "abi 7.4 has one bit for the trigger mode, which is compared by itself, and for HM"},
};

static bool is_known(const struct known *row, uint32_t abi, enum kind kind, uint32_t which)
{
    if (row->kind != kind || !(row->profiles & VGIC5_PROFILE(abi)))
        return false;
    if (kind == OF_IRS && row->carried != irs_registers[which].carried)
        return false;
    return row->row == EVERY_ROW || row->row == which;
}

/* Bits of this item that may differ, and why. */
static uint64_t known_bits(uint32_t abi, enum kind kind, uint32_t which, const char **why)
{
    for (size_t n = 0; n < sizeof(known) / sizeof(known[0]); n++) {
        if (!is_known(&known[n], abi, kind, which))
            continue;
        *why = known[n].why;
        return known[n].bits;
    }
    return 0;
}

/* ---- One comparison -------------------------------------------------------------------------- */

struct item {
    enum kind kind;
    uint32_t which; /* enum irs_row, encoding, id */
    const char *name;
    const char *of; /* "vCPU", "SPI"; NULL: there is one */
    uint32_t owner; /* which of them */
};

static void name_item(const struct item *item, char *name, size_t size)
{
    if (item->of)
        snprintf(name, size, "%s of %s %u", item->name, item->of, item->owner);
    else
        snprintf(name, size, "%s", item->name);
}

static int compare(struct engine *engine, const struct item *item, uint64_t set, uint64_t now)
{
    const char *why = "";
    uint64_t may_differ;
    char name[64];

    if (set == now)
        return 0;
    may_differ = known_bits(engine->port->abi, item->kind, item->which, &why);
    name_item(item, name, sizeof(name));
    if ((set ^ now) & ~may_differ)
        return engine_fail(engine, -ENOTSUP, "%s was set to 0x%llx, and reads 0x%llx", name,
                           (unsigned long long)set, (unsigned long long)now);
    engine_warn(engine, "%s was 0x%llx on the source and is 0x%llx on the target: %s", name,
                (unsigned long long)set, (unsigned long long)now, why);
    return 0;
}

/* ---- Registers of the frame ------------------------------------------------------------------ */

static int compare_irs(struct engine *engine, enum irs_row row)
{
    const struct item item = {.kind = OF_IRS, .which = row, .name = irs_registers[row].name};
    uint64_t now = 0;
    int ret = engine_get_irs(engine, row, &now);

    return ret ? ret : compare(engine, &item, engine->restored->irs[row], now);
}

/* Never set: only compared. */
int restore_status(struct engine *engine, const struct vgic5_step *row)
{
    int ret = 0;

    (void)row;
    for (unsigned n = 0; n < IRS_NR_ROWS && ret == 0; n++) {
        if (irs_registers[n].carried == IRS_CARRIED_STATUS)
            ret = compare_irs(engine, (enum irs_row)n);
    }
    return ret;
}

static int compare_frame(struct engine *engine)
{
    int ret = 0;

    for (unsigned n = 0; n < IRS_NR_ROWS && ret == 0; n++) {
        if (migration_irs_is_global((enum irs_row)n) &&
            irs_registers[n].carried != IRS_CARRIED_STATUS)
            ret = compare_irs(engine, (enum irs_row)n);
    }
    return ret;
}

static int compare_pe(struct engine *engine, uint32_t n)
{
    const struct state_vcpu *vcpu = &engine->restored->vcpus[n];
    const struct item item = {OF_PE, 0, irs_registers[IRS_PE_CR0_ROW].name, "PE", vcpu->id};
    uint64_t now = 0;
    int ret = engine_get_irs(engine, IRS_PE_CR0_ROW, &now);

    return ret ? ret : compare(engine, &item, vcpu->pe_cr0, now);
}

static int compare_pes(struct engine *engine)
{
    return engine_each_pe(engine, compare_pe);
}

/* The trigger mode: v1 was given it here, 7.4 as HM. */
static int compare_mode(struct engine *engine, uint32_t id)
{
    bool tm = bit_of(engine->restored->tm, id);
    uint64_t now = 0;
    int ret = engine_get_irs(engine, IRS_SPI_CFGR_ROW, &now);

    if (ret || FIELD_GET(IRS_SPI_CFGR_TM, now) == tm)
        return ret;
    return engine_fail(engine, -ENOTSUP, "SPI %u was set to be %s-triggered, and is %s", id,
                       tm ? "level" : "edge", tm ? "edge" : "level");
}

static int compare_modes(struct engine *engine)
{
    return engine_each_spi(engine, compare_mode);
}

/* The loops above have moved them: as R9d and R9e. */
static int put_selectors_back(struct engine *engine)
{
    const enum irs_row selectors[] = {IRS_PE_SELR_ROW, IRS_SPI_SELR_ROW};
    int ret = 0;

    for (size_t n = 0; n < 2 && ret == 0; n++) {
        ret = engine_set_irs(engine, selectors[n], engine->restored->irs[selectors[n]]);
        if (ret == 0)
            ret = compare_irs(engine, selectors[n]);
    }
    return ret;
}

/* ---- The machine, the wires and the tables --------------------------------------------------- */

static int compare_machine(struct engine *engine)
{
    static const struct item address = {.kind = OF_MACHINE, .name = "GRP_ADDR"};
    static const struct item number = {.kind = OF_MACHINE, .name = "GRP_NR_IRQS"};
    uint64_t addr = 0;
    uint32_t nr_spis = 0;
    int ret = engine_get(engine, VGIC5_GRP_ADDR, VGIC5_ADDR_TYPE_IRS, &addr);

    if (ret == 0)
        ret = compare(engine, &address, engine->restored->addr, addr);
    if (ret == 0)
        ret = engine_get(engine, VGIC5_GRP_NR_IRQS, 0, &nr_spis);
    return ret ? ret : compare(engine, &number, engine->restored->nr_spis, nr_spis);
}

static int compare_wires(struct engine *engine)
{
    const struct vgic5_state *state = engine->restored;
    const struct vgic5_port *port = engine->port;
    uint64_t now[SPI_WORDS] = {0};
    int ret;

    if (!state->has_wires || !port->set_spi_wires || !port->get_spi_wires)
        return 0;
    ret = port->get_spi_wires(port->opaque, now, SPI_WORDS);
    if (ret)
        return engine_fail(engine, ret, "the port answers %s", error_name(ret));
    for (uint32_t id = 0; id < state->nr_spis && ret == 0; id++) {
        const struct item item = {OF_MACHINE, 0, "the wire", "SPI", id};

        ret = compare(engine, &item, bit_of(state->wires, id), bit_of(now, id));
    }
    return ret;
}

/* What an entry has beside what was set: HWU, and an event where R10b has raised the line. */
static uint32_t made_since(const struct engine *engine, enum kind kind, size_t id)
{
    const struct vgic5_state *state = engine->restored;
    uint64_t bits = FIELD_MASK(ISTE_HWU);

    if (kind == OF_SPI && restore_lines_applies(engine->port) && state->has_wires &&
        bit_of(state->tm, (uint32_t)id) && bit_of(state->wires, (uint32_t)id))
        bits |= FIELD_MASK(ISTE_PENDING) | FIELD_MASK(ISTE_HM);
    return (uint32_t)bits;
}

static int compare_istes(struct engine *engine, enum kind kind, const uint32_t *set,
                         const uint32_t *now, size_t count)
{
    int ret = 0;

    for (size_t id = 0; id < count && ret == 0; id++) {
        const struct item item = {kind, 0, "the entry", kind == OF_SPI ? "SPI" : "LPI",
                                  (uint32_t)id};
        uint32_t kept = ~made_since(engine, kind, id);

        ret = compare(engine, &item, set[id] & kept, now[id] & kept);
    }
    return ret;
}

static int read_tables(struct engine *engine, uint32_t *spis, uint32_t *lpis)
{
    bool is_7_4 = engine->port->abi == VGIC5_ABI_7_4;
    const struct ist_images images = {.spis = spis,
                                      .nr_spis = engine->restored->nr_spis,
                                      .lpis = is_7_4 ? lpis : NULL,
                                      .nr_lpis = is_7_4 ? engine->given.nr_lpis : 0};
    int ret = ist_payload_get(engine, &images);

    if (ret || is_7_4 || !lpis)
        return ret;
    ret = ist_image_from_guest(engine->port, engine->restored, lpis);
    return ret ? engine_fail(engine, ret, "the guest's IST is not in guest memory") : 0;
}

static int compare_tables(struct engine *engine)
{
    const struct ist_given *given = &engine->given;
    uint32_t spis[VGIC5_NR_SPIS_MAX] = {0};
    uint32_t *lpis = given->lpis ? calloc(given->nr_lpis, sizeof(*lpis)) : NULL;
    int ret;

    if (!given->is_known)
        return engine_fail(engine, -ENOTSUP, "GRP_IST was not set");
    if (given->lpis && !lpis)
        return engine_fail(engine, -ENOMEM, "no memory for %zu LPIs", given->nr_lpis);
    ret = read_tables(engine, spis, lpis);
    if (ret == 0)
        ret = compare_istes(engine, OF_SPI, given->spis, spis, engine->restored->nr_spis);
    if (ret == 0 && lpis)
        ret = compare_istes(engine, OF_LPI, given->lpis, lpis, given->nr_lpis);
    free(lpis);
    return ret;
}

/* ---- CPU interfaces -------------------------------------------------------------------------- */

static int compare_icc(struct engine *engine, uint32_t n, unsigned index)
{
    const struct state_vcpu *vcpu = &engine->restored->vcpus[n];
    struct sysreg reg = migration_sysreg(index);
    const struct item item = {OF_ICC, reg.encoding, reg.name, "vCPU", vcpu->id};
    uint64_t now = 0;
    int ret = engine_get_icc(engine, vcpu->id, index, &now);

    return ret ? ret : compare(engine, &item, vcpu->icc[index], now);
}

static int compare_interfaces(struct engine *engine)
{
    return engine_each_icc(engine, compare_icc);
}

/* ---- The step -------------------------------------------------------------------------------- */

bool restore_read_back_applies(const struct vgic5_port *port)
{
    return port->reads_back;
}

int restore_read_back(struct engine *engine, const struct vgic5_step *row)
{
    int (*const parts[])(struct engine *) = {
        compare_machine,    compare_frame, compare_pes,    compare_modes,
        put_selectors_back, compare_wires, compare_tables, compare_interfaces,
    };
    int ret = 0;

    (void)row;
    for (size_t n = 0; n < sizeof(parts) / sizeof(parts[0]) && ret == 0; n++)
        ret = parts[n](engine);
    return ret;
}
