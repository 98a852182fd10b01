/* SPDX-License-Identifier: BSD-3-Clause */
/* The CONFIG frame (§2). */
#include "reference.h"

#define IST_BASER 0x180u

static uint32_t idr0(const struct ref *r)
{
    static const uint8_t bits[] = {32, 36, 40, 42, 44, 48, 52, 56};
    uint32_t code = 0;
    while (bits[code] != r->config.ipa_bits)
        code++;
    return 1 | code << 2; /* INT_DOM: Non-secure */
}

static uint32_t idr1(const struct ref *r)
{
    uint32_t highest = 0, n = 1;
    for (uint32_t i = 0; i < r->config.nr_pes; i++)
        if (r->config.pe_id[i] > highest)
            highest = r->config.pe_id[i];
    while (highest >> n)
        n++;
    return r->config.nr_pes | (n - 1) << 16 | (r->config.pri_bits - 1u) << 20;
}

static uint32_t idr2(const struct ref *r)
{
    const struct ref_config *c = &r->config;
    uint32_t levels = c->l2sz != 0;
    return c->id_bits | 1u << 5 | (uint32_t)c->min_bits << 6 | levels << 10 |
           (uint32_t)c->l2sz << 11 | (uint32_t)c->istmd << 14 | (uint32_t)c->istmd_sz << 15;
}

/* PIDR4..7 at 0xffd0, PIDR0..3 at 0xffe0, CIDR0..3 at 0xfff0; the PIDRs repeat IIDR. */
static uint32_t id_block(const struct ref *r, uint32_t offset)
{
    uint32_t implementer = r->config.iidr & 0xfff, revision = r->config.iidr >> 12 & 0xf;
    uint32_t variant = r->config.iidr >> 16 & 0xf, product = r->config.iidr >> 20;
    const uint32_t words[12] = {
        implementer >> 8,
        0,
        0,
        0,
        product & 0xff,
        (implementer & 0xf) << 4 | product >> 8,
        revision << 4 | 8 | (implementer >> 4 & 7),
        variant << 4,
        0x0d,
        0xf0,
        0x05,
        0xb1,
    };
    return words[(offset - 0xffd0) / 4];
}

static bool spi_selected(const struct ref *r)
{
    return r->spi_selr < r->config.nr_spis;
}

static bool pe_selected(const struct ref *r)
{
    for (uint32_t i = 0; i < r->config.nr_pes; i++)
        if (r->config.pe_id[i] == r->pe_selr)
            return true;
    return false;
}

static uint32_t read32(const struct ref *r, uint32_t offset)
{
    if (offset >= 0xffd0)
        return id_block(r, offset);
    switch (offset) {
    case 0x0000:
        return idr0(r);
    case 0x0004:
        return idr1(r);
    case 0x0008:
        return idr2(r);
    case 0x0014:
        return r->config.nr_spis;
    case 0x0018:
        return r->config.nr_spis;
    case 0x0040:
        return r->config.iidr;
    case 0x0080:
        return 2u | r->irsen; /* IDLE */
    case 0x0084:
        return r->cr1;
    case 0x00c4:
        return 1; /* SYNC_STATUSR.IDLE */
    case 0x0108:
        return r->spi_selr;
    case 0x010c:
        return 1; /* SPI_DOMAINR: Non-secure */
    case 0x0114:
        return spi_selected(r) ? r->spi[r->spi_selr].tm : 0;
    case 0x0118:
        return spi_selected(r) ? 3 : 1;
    case 0x0140:
        return r->pe_selr;
    case 0x0144:
        return pe_selected(r) ? 7 : 1;
    case 0x0148:
        return pe_selected(r) ? 1 : 0;
    case 0x0180:
        return (uint32_t)r->ist_baser;
    case 0x0184:
        return (uint32_t)(r->ist_baser >> 32);
    case 0x0190:
        return r->ist_cfgr;
    case 0x0194:
        return 1; /* IST_STATUSR.IDLE */
    case 0xffbc:
        return 0x47705a19;
    default:
        return 0;
    }
}

/* R_KBPXL */
static void write_spi_cfgr(struct ref *r, bool tm)
{
    if (!spi_selected(r) || r->spi[r->spi_selr].tm == tm)
        return;
    struct ref_irq *irq = &r->spi[r->spi_selr];
    irq->tm = tm;
    if (tm && !irq->wire)
        irq->pending = false; /* edge to level, wire low: CLEAR */
    else if (tm)
        ref_wire_event(r, r->spi_selr); /* edge to level, wire high: SET_LEVEL */
    else if (irq->wire)
        irq->pending = false; /* level to edge, wire high: CLEAR */
}

static void write_ist_baser(struct ref *r, uint64_t value)
{
    bool valid = value & 1;
    if (r->ist_baser & 1) {
        if (!valid)
            ref_ist_make_invalid(r);
        return;
    }
    r->ist_baser = value & 0x00ffffffffffffc0; /* ADDR[55:6] */
    if (valid && ref_ist_cfgr_legal(r))
        ref_ist_make_valid(r);
}

static void write32(struct ref *r, uint32_t offset, uint32_t value)
{
    uint64_t old = r->ist_baser;
    switch (offset) {
    case 0x0080:
        r->irsen = value & 1;
        break;
    case 0x0084:
        r->cr1 = value & 0xf5ff;
        break;
    case 0x0108:
        r->spi_selr = value & 0xffffff;
        break;
    case 0x0110:
        if ((value & 0xffffff) < r->config.nr_spis)
            ref_wire_event(r, value & 0xffffff); /* R_DMTFM */
        break;
    case 0x0114:
        write_spi_cfgr(r, value & 1);
        break;
    case 0x0140:
        r->pe_selr = value & 0xffff;
        break;
    case 0x0180:
        write_ist_baser(r, (old & 0xffffffff00000000) | value);
        break;
    case 0x0184:
        write_ist_baser(r, (old & 0xffffffff) | (uint64_t)value << 32);
        break;
    case 0x0190:
        if (!(old & 1))
            r->ist_cfgr = value & 0x101ff;
        break;
    case 0x01c0:
        ref_ist_map_l2(r, value & 0xffffff);
        break;
    default:
        break;
    }
}

/* Aligned words; the one 64-bit register that does anything also takes a double word. */
void ref_mmio(struct ref *r, uint64_t offset, uint32_t size, bool is_write, uint64_t *value)
{
    bool whole_baser = size == 8 && offset == IST_BASER;
    bool word = size == 4 && offset % 4 == 0 && offset < 0x10000;
    if (!is_write)
        *value = whole_baser ? r->ist_baser : word ? read32(r, (uint32_t)offset) : 0;
    else if (whole_baser)
        write_ist_baser(r, *value);
    else if (word)
        write32(r, (uint32_t)offset, (uint32_t)*value);
}
