/* SPDX-License-Identifier: BSD-3-Clause */
/* The whole state on both sides: every SPI, the table in guest memory, every register. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "random.h"

#define ENTRY_STATE 0xfffff9ffu /* HWU is the IRS's; RES0 and IRM must read 0 */

static void compare_irs(struct world *w)
{
    static const uint16_t offsets[] = {
        VGIC5_IRS_IDR0,        VGIC5_IRS_IDR1,     VGIC5_IRS_IDR2,      VGIC5_IRS_IDR3,
        VGIC5_IRS_IDR4,        VGIC5_IRS_IDR5,     VGIC5_IRS_IDR6,      VGIC5_IRS_IDR7,
        VGIC5_IRS_IIDR,        VGIC5_IRS_AIDR,     VGIC5_IRS_CR0,       VGIC5_IRS_CR1,
        VGIC5_IRS_SPI_DOMAINR, VGIC5_IRS_SPI_SELR, VGIC5_IRS_SPI_CFGR,  VGIC5_IRS_PE_SELR,
        VGIC5_IRS_PE_CR0,      VGIC5_IRS_IST_CFGR, VGIC5_IRS_IST_BASER, VGIC5_IRS_DEVARCH};
    for (size_t i = 0; i < sizeof(offsets) / sizeof(offsets[0]); i++) {
        uint64_t got = 0, expected = 0;
        char what[60];
        snprintf(what, sizeof(what), "attribute IRS_REGS %#x", offsets[i]);
        expect_equal(w, "error of an IRS_REGS get", (uint64_t)irs_get(&w->lib, offsets[i], &got),
                     0);
        ref_mmio(w->ref, offsets[i], offsets[i] == VGIC5_IRS_IST_BASER ? 8 : 4, false, &expected);
        expect_equal(w, what, got, expected);
    }
}

static void compare_sysregs(struct world *w, uint32_t pe)
{
    static const uint16_t encodings[] = {VGIC5_ICC_ICSR,
                                         VGIC5_ICC_PPI_ENABLER(0),
                                         VGIC5_ICC_PPI_ENABLER(1),
                                         VGIC5_ICC_PPI_SACTIVER(0),
                                         VGIC5_ICC_PPI_SACTIVER(1),
                                         VGIC5_ICC_PPI_SPENDR(0),
                                         VGIC5_ICC_PPI_SPENDR(1),
                                         VGIC5_ICC_APR,
                                         VGIC5_ICC_CR0,
                                         VGIC5_ICC_PCR};
    const uint32_t plain = sizeof(encodings) / sizeof(encodings[0]);
    for (uint32_t i = 0; i < plain + 16; i++) {
        uint64_t got = 0, expected = 0;
        char what[60];
        uint16_t encoding =
            i < plain ? encodings[i] : (uint16_t)(VGIC5_ICC_PPI_PRIORITYR(0) + (i - plain));
        snprintf(what, sizeof(what), "attribute CPU_SYSREGS %#x of PE %u", encoding, pe);
        expect_equal(w, "error of a CPU_SYSREGS get",
                     (uint64_t)sysreg_get(&w->lib, pe, encoding, &got), 0);
        ref_cpu(w->ref, pe, encoding, false, &expected);
        expect_equal(w, what, got, expected);
    }
}

static void compare_spis(struct world *w, const uint32_t *words)
{
    uint64_t wires[REF_MAX_SPIS / 64] = {0};
    expect_equal(w, "error of get_spi_wires",
                 (uint64_t)vgic5_get_spi_wires(w->lib.device, wires, REF_MAX_SPIS / 64), 0);
    for (uint32_t i = 0; i < w->ref_config.nr_spis; i++) {
        char what[60];
        snprintf(what, sizeof(what), "entry of SPI %u", i);
        expect_equal(w, what, words[i] & ENTRY_STATE, ref_word(&w->ref->spi[i]));
        snprintf(what, sizeof(what), "wire of SPI %u", i);
        expect_equal(w, what, wires[i / 64] >> (i % 64) & 1, w->ref->spi[i].wire);
    }
}

bool table_is_whole(const struct world *w)
{
    uint64_t ipa;
    if ((w->ref->ist_baser & 1) && ref_ist_two_level(w->ref)) {
        size_t l1;
        if (!ref_ram(w->ref, ref_ist_base(w->ref), 8, &l1))
            return false;
    }
    for (uint32_t i = ref_ist_next(w->ref, 0); i < ref_ist_size(w->ref);
         i = ref_ist_next(w->ref, i + 1))
        if (ref_ist_entry(w->ref, i, &ipa) && !w->ref->lpi[i].reachable)
            return false;
    return true;
}

static uint32_t word_at(const uint8_t *p)
{
    return p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

/* Where those entries of a valid table lie that are in RAM. */
void note_entries(struct world *w)
{
    uint32_t bytes = 4u << (w->ref->ist_cfgr >> 7 & 3);
    w->nr_noted = 0;
    for (uint32_t i = ref_ist_next(w->ref, 0); i < ref_ist_size(w->ref);
         i = ref_ist_next(w->ref, i + 1)) {
        struct noted noted = {.lpi = i};
        uint64_t ipa;
        if (!w->ref->lpi[i].reachable || !ref_ist_entry(w->ref, i, &ipa) ||
            !ref_ram(w->ref, ipa, bytes, &noted.at))
            continue;
        if (w->nr_noted == MAX_NOTED)
            abort();
        w->noted[w->nr_noted++] = noted;
    }
}

/* Both have written back. The entries by their defined bits; the others are the IRS's own. */
void compare_noted_entries(struct world *w)
{
    uint32_t bytes = 4u << (w->ref->ist_cfgr >> 7 & 3);
    for (uint32_t i = 0; i < w->nr_noted; i++) {
        size_t at = w->noted[i].at;
        uint32_t got = word_at(w->lib.ram + at) & ENTRY_STATE;
        if (got != word_at(w->ref->ram + at)) {
            char what[60];
            snprintf(what, sizeof(what), "entry of LPI %u in guest memory", w->noted[i].lpi);
            differ(w, what, got, word_at(w->ref->ram + at));
        }
        memcpy(w->ref->ram + at, w->lib.ram + at, bytes);
    }
}

static void compare_memory(struct world *w)
{
    note_entries(w);
    ref_ist_write_back(w->ref);
    compare_noted_entries(w);
    for (size_t i = 0; memcmp(w->lib.ram, w->ref->ram, w->lib.ram_size) != 0; i++) {
        char what[60];
        snprintf(what, sizeof(what), "guest memory outside entries, RAM+%#zx", i);
        expect_equal(w, what, w->lib.ram[i], w->ref->ram[i]);
    }
}

/* vCPUs stopped. */
void compare_state(struct world *w)
{
    uint32_t words[REF_MAX_SPIS];
    compare_irs(w);
    for (uint32_t i = 0; i < w->ref_config.nr_pes; i++)
        compare_sysregs(w, i);
    int ret = vmm_get(&w->lib, VGIC5_GRP_IST, 0, words);
    if (ret == -EFAULT && !table_is_whole(w))
        return;
    expect_equal(w, "error of an IST get", (uint64_t)ret, 0);
    compare_spis(w, words);
    compare_memory(w);
    compare_lines(w);
    w->statistic[ST_STATE_COMPARED]++;
}
