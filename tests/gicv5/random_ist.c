/* SPDX-License-Identifier: BSD-3-Clause */
/* What a guest does about its Interrupt State Table: lay it out, make it valid, map L2 tables. */
#include "random.h"

static uint32_t required_istsz(const struct ref_config *c, uint32_t bits)
{
    if (!c->istmd)
        return 0;
    return bits < c->istmd_sz ? 1 : 2;
}

static uint32_t half_of_ram(const struct world *w)
{
    return (uint32_t)(w->ref_config.ram_size / 2);
}

static uint32_t legal_cfgr(struct world *w)
{
    const struct ref_config *c = &w->ref_config;
    uint32_t bits = c->id_bits, l2sz = random_below(w, 4);
    if (random_percent(w, 40))
        bits = c->min_bits + random_below(w, c->id_bits - c->min_bits + 1u);
    uint32_t cfgr = bits | required_istsz(c, bits) << 7;
    bool fits = 4ull << required_istsz(c, bits) << bits <= half_of_ram(w);
    if (!c->l2sz || (fits && random_percent(w, 40)))
        return cfgr | l2sz << 5; /* L2SZ does not count for a linear table */
    while (l2sz == 3 || !(c->l2sz >> l2sz & 1))
        l2sz = random_below(w, 3);
    return cfgr | l2sz << 5 | 1u << 16;
}

/* One that no configuration allows: an entry size that is not the required one, too few or too
 * many LPI_ID_BITS, the reserved L2SZ. */
static uint32_t illegal_cfgr(struct world *w)
{
    switch (random_below(w, 4)) {
    case 0:
        return w->geometry ^ (1 + random_below(w, 3)) << 7;
    case 1:
        return w->geometry | 0x1f;
    case 2:
        return w->geometry & ~0x1fu;
    default:
        return w->geometry | 1u << 16 | 3u << 5;
    }
}

static struct op store(uint32_t offset, uint32_t size, uint64_t value)
{
    return (struct op){.kind = OP_STORE, .where = offset, .size = size, .value = value};
}

/* A preset entry; RES0 bits stay 0. */
static uint32_t random_entry(struct world *w)
{
    const struct ref_config *c = &w->ref_config;
    uint32_t bits = (uint32_t)random_word(w) & 0x61b;
    uint32_t hm = random_percent(w, 50);
    uint32_t priority = w->priority[random_below(w, 4)];
    uint32_t iaffid = c->pe_id[random_below(w, c->nr_pes)];
    return bits | hm << 2 | priority << 11 | iaffid << 16;
}

static uint32_t entry_bytes(const struct world *w)
{
    return 4u << (w->geometry >> 7 & 3);
}

static uint32_t l2_bits(const struct world *w)
{
    return 10 - (w->geometry >> 7 & 3) + 2 * (w->geometry >> 5 & 3);
}

static uint32_t l2_bytes(const struct world *w)
{
    return 0x1000u << 2 * (w->geometry >> 5 & 3);
}

/* The place of an L2 table among those of the LPIs in play. */
static uint32_t l2_slot(const struct world *w, uint32_t index)
{
    uint32_t slot = 0;
    for (uint32_t i = 0; i < IN_PLAY; i++) {
        uint32_t other = w->lpi[i] >> l2_bits(w);
        bool again = false;
        for (uint32_t j = 0; j < i; j++)
            again |= w->lpi[j] >> l2_bits(w) == other;
        slot += other < index && !again;
    }
    return slot;
}

/* Where this LPI's entry lies in memory, once the L1 entry points there. */
static uint32_t entry_offset(const struct world *w, uint32_t lpi)
{
    if (!(w->geometry >> 16))
        return lpi * entry_bytes(w);
    uint32_t in_l2 = lpi & ((1u << l2_bits(w)) - 1);
    return half_of_ram(w) + l2_slot(w, lpi >> l2_bits(w)) * l2_bytes(w) + in_l2 * entry_bytes(w);
}

static bool in_table(const struct world *w, uint32_t lpi)
{
    return lpi >> (w->geometry & 0x1f) == 0;
}

static void enqueue_l1_entry(struct world *w, uint32_t lpi, bool valid)
{
    uint32_t index = lpi >> l2_bits(w);
    uint64_t l2 = w->ref_config.ram_base + half_of_ram(w) + l2_slot(w, index) * l2_bytes(w);
    enqueue(w, store(8 * index, 8, l2 | valid));
}

static void enqueue_presets(struct world *w)
{
    for (uint32_t i = 0; i < IN_PLAY; i++) {
        if (!in_table(w, w->lpi[i]))
            continue;
        if (random_percent(w, 60))
            enqueue(w, store(entry_offset(w, w->lpi[i]), 4, random_entry(w)));
        if (w->geometry >> 16 && random_percent(w, 50))
            enqueue_l1_entry(w, w->lpi[i], random_percent(w, 70));
    }
}

static void enqueue_baser(struct world *w, uint64_t value)
{
    struct op high = op_mmio_write(VGIC5_IRS_IST_BASER + 4, value >> 32);
    struct op low = op_mmio_write(VGIC5_IRS_IST_BASER, value & 0xffffffff);
    struct op both = {OP_MMIO, 0, VGIC5_IRS_IST_BASER, 8, true, value};
    uint32_t how = random_below(w, 20);
    if (how < 12) {
        enqueue(w, both);
    } else if (how < 18) {
        enqueue(w, high);
        enqueue(w, low);
    } else { /* the wrong order: live with the high half as it was */
        enqueue(w, low);
        enqueue(w, high);
    }
}

/* Mostly the place of the tables, with bits below the alignment, or a place without memory. */
static uint64_t random_base(struct world *w)
{
    uint64_t base = w->ref_config.ram_base;
    if (random_percent(w, 4))
        return random_percent(w, 50) ? base - 0x10000 : random_word(w);
    if (random_percent(w, 30))
        base |= random_word(w) & 0x3e;
    bool big = !(w->geometry >> 16) && (w->geometry & 0x1f) > 6;
    if (big && random_percent(w, 20))
        base |= (uint64_t)random_below(w, 1u << ((w->geometry & 0x1f) - 5)) << 6;
    return base;
}

/* Take the table down, lay out a new one or keep the old memory, and make it valid. */
void enqueue_new_table(struct world *w)
{
    uint32_t cfgr = w->geometry;
    bool same = w->ref->ist_cfgr == cfgr && random_percent(w, 50) && w->operation > 0;
    enqueue_baser(w, random_percent(w, 50) ? random_word(w) & ~1ull : 0);
    if (!same) {
        enqueue(w, (struct op){.kind = OP_ZERO});
        w->geometry = legal_cfgr(w);
        cfgr = w->geometry | ((uint32_t)random_word(w) & ~0x101ffu);
    }
    enqueue(w, op_mmio_write(VGIC5_IRS_IST_CFGR, cfgr));
    enqueue_presets(w);
    uint64_t valid = random_base(w) | 1;
    if (random_percent(w, 8)) { /* refused, then put right */
        enqueue(w, op_mmio_write(VGIC5_IRS_IST_CFGR, illegal_cfgr(w)));
        enqueue_baser(w, valid);
        enqueue(w, op_mmio_write(VGIC5_IRS_IST_CFGR, cfgr));
    }
    enqueue_baser(w, valid);
    for (uint32_t i = 0; i < IN_PLAY; i++)
        if (random_percent(w, 60))
            enqueue_route(w, REF_INTID(2, w->lpi[i]));
}

/* The guest's protocol: store the address, with VALID or without, then tell the IRS. */
void enqueue_map_l2(struct world *w)
{
    uint32_t lpi = w->lpi[random_below(w, IN_PLAY)];
    bool ours = ref_ist_two_level(w->ref) && w->ref->ist_cfgr == w->geometry &&
                ref_ist_base(w->ref) == w->ref_config.ram_base;
    if (ours && in_table(w, lpi) && !w->ref->l1_mapped[lpi >> l2_bits(w)] && random_percent(w, 95))
        enqueue_l1_entry(w, lpi, random_percent(w, 30));
    enqueue(w, op_mmio_write(VGIC5_IRS_MAP_L2_ISTR, lpi | (random_word(w) & 0xff000000)));
}
