/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The library's device saved and restored into a fresh one through attributes, written out by hand
 * in the order that satisfies every generation of the contract. The model goes on undisturbed.
 */
#include <stdlib.h>
#include <string.h>

#include "random.h"

static const uint16_t sysregs[26] = {VGIC5_ICC_ICSR,
                                     VGIC5_ICC_PPI_ENABLER(0),
                                     VGIC5_ICC_PPI_ENABLER(1),
                                     VGIC5_ICC_PPI_SACTIVER(0),
                                     VGIC5_ICC_PPI_SACTIVER(1),
                                     VGIC5_ICC_PPI_SPENDR(0),
                                     VGIC5_ICC_PPI_SPENDR(1),
                                     VGIC5_ICC_PPI_PRIORITYR(0),
                                     VGIC5_ICC_PPI_PRIORITYR(1),
                                     VGIC5_ICC_PPI_PRIORITYR(2),
                                     VGIC5_ICC_PPI_PRIORITYR(3),
                                     VGIC5_ICC_PPI_PRIORITYR(4),
                                     VGIC5_ICC_PPI_PRIORITYR(5),
                                     VGIC5_ICC_PPI_PRIORITYR(6),
                                     VGIC5_ICC_PPI_PRIORITYR(7),
                                     VGIC5_ICC_PPI_PRIORITYR(8),
                                     VGIC5_ICC_PPI_PRIORITYR(9),
                                     VGIC5_ICC_PPI_PRIORITYR(10),
                                     VGIC5_ICC_PPI_PRIORITYR(11),
                                     VGIC5_ICC_PPI_PRIORITYR(12),
                                     VGIC5_ICC_PPI_PRIORITYR(13),
                                     VGIC5_ICC_PPI_PRIORITYR(14),
                                     VGIC5_ICC_PPI_PRIORITYR(15),
                                     VGIC5_ICC_APR,
                                     VGIC5_ICC_CR0,
                                     VGIC5_ICC_PCR};

static const uint16_t id_registers[] = {VGIC5_IRS_IDR0, VGIC5_IRS_IDR1, VGIC5_IRS_IDR2,
                                        VGIC5_IRS_IDR5, VGIC5_IRS_IDR6, VGIC5_IRS_IDR7};
#define NR_IDS (sizeof(id_registers) / sizeof(id_registers[0]))

struct saved {
    uint64_t ids[NR_IDS];
    uint64_t ist_cfgr, ist_baser, cr0, cr1, pe_selr, spi_selr;
    uint64_t spi_cfgr[REF_MAX_SPIS];
    uint64_t pe_cr0[REF_MAX_PES];
    uint32_t spi_words[REF_MAX_SPIS];
    uint64_t wires[REF_MAX_SPIS / 64];
    uint64_t sysreg[REF_MAX_PES][26];
};

static void must(const struct world *w, const char *what, int err)
{
    expect_equal(w, what, (uint64_t)err, 0);
}

static void set_irs(struct world *w, uint32_t offset, uint64_t value)
{
    must(w, "error of an IRS_REGS set", irs_set(&w->lib, offset, value));
}

static uint64_t get_irs(struct world *w, uint32_t offset)
{
    uint64_t value = 0;
    must(w, "error of an IRS_REGS get", irs_get(&w->lib, offset, &value));
    return value;
}

static void save_loops(struct world *w, struct saved *s)
{
    for (uint32_t i = 0; i < w->ref_config.nr_pes; i++) {
        set_irs(w, VGIC5_IRS_PE_SELR, w->ref_config.pe_id[i]);
        s->pe_cr0[i] = get_irs(w, VGIC5_IRS_PE_CR0);
    }
    for (uint32_t i = 0; i < w->ref_config.nr_spis; i++) {
        set_irs(w, VGIC5_IRS_SPI_SELR, i);
        s->spi_cfgr[i] = get_irs(w, VGIC5_IRS_SPI_CFGR);
    }
    set_irs(w, VGIC5_IRS_PE_SELR, s->pe_selr);
    set_irs(w, VGIC5_IRS_SPI_SELR, s->spi_selr);
}

static void save(struct world *w, struct saved *s)
{
    s->pe_selr = get_irs(w, VGIC5_IRS_PE_SELR);
    s->spi_selr = get_irs(w, VGIC5_IRS_SPI_SELR);
    must(w, "error of an IST get", vmm_get(&w->lib, VGIC5_GRP_IST, 0, s->spi_words));
    for (size_t i = 0; i < NR_IDS; i++)
        s->ids[i] = get_irs(w, id_registers[i]);
    s->ist_cfgr = get_irs(w, VGIC5_IRS_IST_CFGR);
    s->ist_baser = get_irs(w, VGIC5_IRS_IST_BASER);
    s->cr0 = get_irs(w, VGIC5_IRS_CR0);
    s->cr1 = get_irs(w, VGIC5_IRS_CR1);
    save_loops(w, s);
    for (uint32_t i = 0; i < w->ref_config.nr_pes; i++)
        for (uint32_t n = 0; n < 26; n++)
            must(w, "error of a CPU_SYSREGS get",
                 sysreg_get(&w->lib, i, sysregs[n], &s->sysreg[i][n]));
    must(w, "error of get_spi_wires",
         vgic5_get_spi_wires(w->lib.device, s->wires, REF_MAX_SPIS / 64));
}

static void restore_loops(struct world *w, const struct saved *s)
{
    for (uint32_t i = 0; i < w->ref_config.nr_pes; i++) {
        set_irs(w, VGIC5_IRS_PE_SELR, w->ref_config.pe_id[i]);
        set_irs(w, VGIC5_IRS_PE_CR0, s->pe_cr0[i]);
    }
    for (uint32_t i = 0; i < w->ref_config.nr_spis; i++) {
        set_irs(w, VGIC5_IRS_SPI_SELR, i);
        set_irs(w, VGIC5_IRS_SPI_CFGR, s->spi_cfgr[i]);
    }
    set_irs(w, VGIC5_IRS_PE_SELR, s->pe_selr);
    set_irs(w, VGIC5_IRS_SPI_SELR, s->spi_selr);
}

static void restore(struct world *w, const struct saved *s)
{
    must(w, "error while the new device is made", vmm_build(&w->lib, &w->options));
    for (size_t i = 0; i < NR_IDS; i++)
        set_irs(w, id_registers[i], s->ids[i]);
    set_irs(w, VGIC5_IRS_IST_CFGR, s->ist_cfgr);
    set_irs(w, VGIC5_IRS_IST_BASER, s->ist_baser);
    must(w, "error of set_spi_wires",
         vgic5_set_spi_wires(w->lib.device, s->wires, REF_MAX_SPIS / 64));
    must(w, "error of an IST set", vmm_set(&w->lib, VGIC5_GRP_IST, 0, s->spi_words));
    set_irs(w, VGIC5_IRS_CR1, s->cr1);
    restore_loops(w, s);
    set_irs(w, VGIC5_IRS_CR0, s->cr0);
    for (uint32_t i = 0; i < w->ref_config.nr_pes; i++) {
        for (uint32_t n = 0; n < 26; n++)
            must(w, "error of a CPU_SYSREGS set",
                 sysreg_set(&w->lib, i, sysregs[n], s->sysreg[i][n]));
        vgic5_vcpu_set_nmi(w->lib.vcpu[i], w->ref->pe[i].nmi);
    }
}

/* No attribute carries the level of a userspace PPI: a VMM lowers it before it saves. */
static void lower_userspace_ppis(struct world *w)
{
    for (uint32_t i = 0; i < w->ref_config.nr_pes; i++) {
        const struct op lower = {.kind = OP_SW_PPI_LINE, .pe = i, .where = 3};
        apply_operation(w, &lower);
    }
}

static void drop_old_device(struct world *w)
{
    uint8_t *before = malloc(w->lib.ram_size);
    if (!before)
        abort();
    memcpy(before, w->lib.ram, w->lib.ram_size);
    expect_equal(w, "memory given back at destroy", vmm_drop_device(&w->lib), true);
    expect_equal(w, "guest memory changed by destroy",
                 memcmp(before, w->lib.ram, w->lib.ram_size) != 0, false);
    free(before);
}

/* vCPUs stopped, before and after. */
void save_and_restore(struct world *w)
{
    struct saved *s = calloc(1, sizeof(*s));
    if (!s)
        abort();
    lower_userspace_ppis(w);
    save(w, s);
    compare_state(w); /* the source can resume: its selectors are back */
    drop_old_device(w);
    restore(w, s);
    compare_lines(w);
    must(w, "error of the first run", machine_enter(&w->lib));
    compare_lines(w);
    machine_leave(&w->lib);
    compare_state(w);
    w->statistic[ST_RESTORED]++;
    free(s);
}
