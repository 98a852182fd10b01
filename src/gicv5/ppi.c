/* SPDX-License-Identifier: BSD-3-Clause */
#include "gicv5/ppi.h"

#include "gicv5/select.h"

static uint64_t implemented(const struct gicv5_pe *pe, uint32_t word)
{
    return pe->gic->config.ppis[word];
}

static uint64_t level_mode(const struct gicv5_pe *pe, uint32_t word)
{
    return pe->gic->config.ppi_hmr[word];
}

/* Descend the planes of both words at once; then the lowest ID of those that are left. */
void ppi_select(struct gicv5_pe *pe)
{
    struct ppis *ppis = &pe->ppis;
    uint64_t low = ppis->pending[0] & ~ppis->active[0] & ppis->enable[0];
    uint64_t high = ppis->pending[1] & ~ppis->active[1] & ppis->enable[1];
    uint32_t priority = 0;
    ppis->priorities = 0;
    if (!(low | high))
        return;
    for (uint32_t b = PRIORITY_PLANES; b-- > 0;) {
        uint64_t low_zero = low & ~ppis->priority[b][0], high_zero = high & ~ppis->priority[b][1];
        if (low_zero | high_zero) {
            low = low_zero;
            high = high_zero;
        } else {
            priority |= 1u << b;
        }
    }
    ppis->priorities = 1u << priority;
    ppis->best = (uint32_t)(low ? __builtin_ctzll(low) : 64 + __builtin_ctzll(high));
}

void ppi_write_enable(struct gicv5_pe *pe, uint32_t word, uint64_t value)
{
    pe->ppis.enable[word] = value & implemented(pe, word);
    ppi_select(pe);
}

void ppi_put_active(struct gicv5_pe *pe, uint32_t word, uint64_t value)
{
    pe->ppis.active[word] = value & implemented(pe, word);
    ppi_select(pe);
}

void ppi_set_active(struct gicv5_pe *pe, uint32_t word, uint64_t mask)
{
    ppi_put_active(pe, word, pe->ppis.active[word] | mask);
}

void ppi_clear_active(struct gicv5_pe *pe, uint32_t word, uint64_t mask)
{
    ppi_put_active(pe, word, pe->ppis.active[word] & ~mask);
}

void ppi_set_pending(struct gicv5_pe *pe, uint32_t word, uint64_t mask)
{
    pe->ppis.pending[word] |= mask & implemented(pe, word) & ~level_mode(pe, word);
    ppi_select(pe);
}

void ppi_clear_pending(struct gicv5_pe *pe, uint32_t word, uint64_t mask)
{
    pe->ppis.pending[word] &= ~mask | level_mode(pe, word);
    ppi_select(pe);
}

void ppi_put_pending(struct gicv5_pe *pe, uint32_t word, uint64_t value)
{
    uint64_t level = level_mode(pe, word);
    value &= implemented(pe, word);
    pe->ppis.pending[word] = value;
    pe->ppis.wire[word] = (pe->ppis.wire[word] & ~level) | (value & level);
    ppi_select(pe);
}

/* Each raise of an edge PPI is an event, as of an edge SPI. */
static void drive(struct gicv5_pe *pe, uint32_t ppi, bool level)
{
    uint32_t word = ppi / 64, bit = ppi % 64;
    struct ppis *ppis = &pe->ppis;
    if (ppi >= NR_PPIS || !test_bit(implemented(pe, word), bit))
        return;
    bool is_edge = !test_bit(level_mode(pe, word), bit);
    if (test_bit(ppis->wire[word], bit) == level && !(level && is_edge))
        return;
    assign_bit(&ppis->wire[word], bit, level);
    if (level || !is_edge)
        assign_bit(&ppis->pending[word], bit, level);
    ppi_select(pe);
    select_update_line(pe);
}

void gicv5_ppi_wire(struct gicv5_pe *pe, uint32_t ppi, bool level)
{
    lock_take(&pe->lock);
    drive(pe, ppi, level);
    lock_drop(&pe->lock);
}

void ppi_acknowledge(struct gicv5_pe *pe, uint32_t ppi)
{
    uint64_t mask = UINT64_C(1) << ppi % 64;
    pe->ppis.active[ppi / 64] |= mask;
    ppi_clear_pending(pe, ppi / 64, mask);
}

void ppi_deactivate(struct gicv5_pe *pe, uint32_t ppi)
{
    if (ppi < NR_PPIS)
        ppi_clear_active(pe, ppi / 64, UINT64_C(1) << ppi % 64);
}

/* ---- Priorities ------------------------------------------------------------------------------ */

/* Bit k of an 8-bit slice at bit 8k, and back. */
static uint64_t spread(uint64_t slice)
{
    uint64_t bytes = (slice & 0xff) * UINT64_C(0x0101010101010101);
    bytes &= UINT64_C(0x8040201008040201);
    return (bytes + UINT64_C(0x7f7f7f7f7f7f7f7f)) >> 7 & UINT64_C(0x0101010101010101);
}

static uint64_t gather(uint64_t bytes)
{
    return (bytes & UINT64_C(0x0101010101010101)) * UINT64_C(0x0102040810204080) >> 56;
}

uint64_t ppi_read_priorityr(const struct gicv5_pe *pe, uint32_t n)
{
    uint32_t word = n / 8, shift = n % 8 * PPIS_PER_PRIORITYR;
    uint64_t value = 0;
    for (uint32_t b = 0; b < PRIORITY_PLANES; b++)
        value |= spread(pe->ppis.priority[b][word] >> shift) << b;
    return value;
}

void ppi_write_priorityr(struct gicv5_pe *pe, uint32_t n, uint64_t value)
{
    uint32_t word = n / 8, shift = n % 8 * PPIS_PER_PRIORITYR;
    uint64_t mask = UINT64_C(0xff) << shift;
    for (uint32_t b = 0; b < PRIORITY_PLANES; b++) {
        uint64_t *plane = &pe->ppis.priority[b][word];
        *plane = (*plane & ~mask) | (gather(value >> b) << shift & implemented(pe, word));
    }
    ppi_select(pe);
}
