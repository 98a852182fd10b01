/* SPDX-License-Identifier: BSD-3-Clause */
/* The Interrupt State Table (§3): where an LPI's entry is, and when it is read and written. */
#include <string.h>

#include "reference.h"

static uint32_t lpi_id_bits(const struct ref *r)
{
    return r->ist_cfgr & 0x1f;
}

static uint32_t l2sz(const struct ref *r)
{
    return r->ist_cfgr >> 5 & 3;
}

static uint32_t istsz(const struct ref *r)
{
    return r->ist_cfgr >> 7 & 3;
}

bool ref_ist_two_level(const struct ref *r)
{
    return r->ist_cfgr >> 16 & 1;
}

uint32_t ref_ist_l2bits(const struct ref *r)
{
    return 10 - istsz(r) + 2 * l2sz(r);
}

bool ref_ram(const struct ref *r, uint64_t ipa, size_t size, size_t *offset)
{
    if (ipa < r->config.ram_base || ipa - r->config.ram_base > r->config.ram_size - size)
        return false;
    *offset = (size_t)(ipa - r->config.ram_base);
    return true;
}

static bool read_le(const struct ref *r, uint64_t ipa, uint32_t bytes, uint64_t *value)
{
    size_t at;
    if (!ref_ram(r, ipa, bytes, &at))
        return false;
    *value = 0;
    for (uint32_t i = 0; i < bytes; i++)
        *value |= (uint64_t)r->ram[at + i] << (8 * i);
    return true;
}

static bool write_le(struct ref *r, uint64_t ipa, uint32_t bytes, uint64_t value)
{
    size_t at;
    if (!ref_ram(r, ipa, bytes, &at))
        return false;
    for (uint32_t i = 0; i < bytes; i++)
        r->ram[at + i] = (uint8_t)(value >> (8 * i));
    return true;
}

bool ref_ist_cfgr_legal(const struct ref *r)
{
    uint32_t need = 0;
    if (lpi_id_bits(r) < r->config.min_bits || lpi_id_bits(r) > r->config.id_bits)
        return false;
    if (r->config.istmd)
        need = lpi_id_bits(r) < r->config.istmd_sz ? 1 : 2;
    if (istsz(r) != need)
        return false;
    return !ref_ist_two_level(r) || (l2sz(r) < 3 && (r->config.l2sz >> l2sz(r) & 1));
}

/* Alignment rule 10.2.1.13: bits [n:0] count as zero. */
uint64_t ref_ist_base(const struct ref *r)
{
    int n = ref_ist_two_level(r) ? (int)lpi_id_bits(r) - (int)ref_ist_l2bits(r) + 2
                                 : (int)(lpi_id_bits(r) + 1 + istsz(r));
    if (n < 5)
        n = 5;
    uint64_t address = r->ist_baser & 0x00ffffffffffffc0;
    return address >> (n + 1) << (n + 1);
}

static uint64_t l1_entry(const struct ref *r, uint32_t index)
{
    return ref_ist_base(r) + 8 * (uint64_t)index;
}

/* §3.3. False: not in the table, or the walk ends at an L1 entry that is not valid or not there. */
bool ref_ist_entry(const struct ref *r, uint32_t lpi, uint64_t *ipa)
{
    uint32_t bytes = 4u << istsz(r);
    uint64_t l1;
    if (!(r->ist_baser & 1) || lpi >> lpi_id_bits(r))
        return false;
    if (!ref_ist_two_level(r)) {
        *ipa = ref_ist_base(r) + (uint64_t)lpi * bytes;
        return true;
    }
    uint32_t bits = ref_ist_l2bits(r);
    if (!r->l1_mapped[lpi >> bits] || !read_le(r, l1_entry(r, lpi >> bits), 8, &l1) || !(l1 & 1))
        return false;
    *ipa = (l1 & 0x00fffffffffff000) + (uint64_t)(lpi & ((1u << bits) - 1)) * bytes;
    return true;
}

/* Pending and HWU in memory do not count when the guest makes a table valid; IRM without 1ofN
 * neither. */
static void load_entry(struct ref *r, uint32_t lpi)
{
    struct ref_irq *irq = &r->lpi[lpi];
    uint64_t ipa, word;
    if (!ref_ist_entry(r, lpi, &ipa) || !read_le(r, ipa, 4, &word))
        return;
    irq->reachable = true;
    irq->pending = false;
    irq->active = word >> 1 & 1;
    irq->hm = word >> 2 & 1;
    irq->enable = word >> 3 & 1;
    irq->priority = ref_mask_priority(r, word >> 11 & 0x1f);
    irq->iaffid = (uint16_t)(word >> 16);
}

static void load_l2(struct ref *r, uint32_t index)
{
    uint32_t bits = ref_ist_l2bits(r);
    r->l1_mapped[index] = true;
    for (uint32_t i = 0; i < 1u << bits; i++)
        if ((index << bits) + i < 1u << lpi_id_bits(r))
            load_entry(r, (index << bits) + i);
}

static uint32_t nr_l1(const struct ref *r)
{
    uint32_t bits = ref_ist_l2bits(r);
    return lpi_id_bits(r) > bits ? 1u << (lpi_id_bits(r) - bits) : 1;
}

void ref_ist_make_valid(struct ref *r)
{
    uint64_t l1;
    r->ist_baser |= 1;
    if (!ref_ist_two_level(r)) {
        for (uint32_t i = 0; i < 1u << lpi_id_bits(r); i++)
            load_entry(r, i);
        return;
    }
    for (uint32_t i = 0; i < nr_l1(r); i++)
        if (read_le(r, l1_entry(r, i), 8, &l1) && (l1 & 1))
            load_l2(r, i);
}

uint32_t ref_ist_size(const struct ref *r)
{
    return r->ist_baser & 1 ? 1u << lpi_id_bits(r) : 0;
}

uint32_t ref_ist_next(const struct ref *r, uint32_t lpi)
{
    uint32_t bits = ref_ist_l2bits(r);
    while (ref_ist_two_level(r) && lpi < ref_ist_size(r) && !r->l1_mapped[lpi >> bits])
        lpi = ((lpi >> bits) + 1) << bits;
    return lpi < ref_ist_size(r) ? lpi : ref_ist_size(r);
}

void ref_ist_write_back(struct ref *r)
{
    uint64_t ipa;
    for (uint32_t i = ref_ist_next(r, 0); i < ref_ist_size(r); i = ref_ist_next(r, i + 1))
        if (r->lpi[i].reachable && ref_ist_entry(r, i, &ipa))
            write_le(r, ipa, 4, ref_word(&r->lpi[i]));
}

void ref_ist_make_invalid(struct ref *r)
{
    ref_ist_write_back(r);
    for (uint32_t i = ref_ist_next(r, 0); i < ref_ist_size(r); i = ref_ist_next(r, i + 1)) {
        bool listed = r->lpi[i].listed;
        r->lpi[i] = (struct ref_irq){.listed = listed};
    }
    r->ist_baser &= ~1ull;
    memset(r->l1_mapped, 0, sizeof(r->l1_mapped));
}

/* IRS_MAP_L2_ISTR: set VALID in the L1 entry that covers this LPI. */
void ref_ist_map_l2(struct ref *r, uint32_t lpi)
{
    uint64_t l1;
    if (!(r->ist_baser & 1) || !ref_ist_two_level(r) || lpi >> lpi_id_bits(r))
        return;
    uint32_t index = lpi >> ref_ist_l2bits(r);
    if (r->l1_mapped[index] || !read_le(r, l1_entry(r, index), 8, &l1))
        return;
    if (write_le(r, l1_entry(r, index), 8, l1 | 1))
        load_l2(r, index);
}
