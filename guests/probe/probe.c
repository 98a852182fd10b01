/* SPDX-License-Identifier: BSD-3-Clause */
/* The smallest guest: one vCPU, one LPI; made pending, taken, retired. */
#include "kit.h"

#define THE_LPI LPI(1000)

static volatile uint32_t taken;

static void handler(uint32_t intid)
{
    (void)intid;
    taken++;
}

static const struct irq_range ranges[] = {{THE_LPI, THE_LPI, handler, IRQ_PLAIN}};

int guest_main(void)
{
    uint64_t icsr;

    irq_table(ranges, 1);
    gic_irs_init(16);
    gic_lpi_setup(THE_LPI, 16, this_cpu()->iaffid);
    print("probe: LPI %u, IST_CFGR %x\n", INTID_ID(THE_LPI), ist.cfgr);

    gic_cdpend(THE_LPI, true);
    gsb_sys();
    while (!taken) {
        wfi();
        irq_unmask();
        irq_mask();
    }
    icsr = gic_read_config(THE_LPI);
    if (taken == 1 && !(icsr & (ICSR_F | ICSR_PENDING | ICSR_ACTIVE)) && !read_register(ICC_APR)) {
        print("probe: PASS\n");
        return 0;
    }
    print("probe: FAIL, taken %u, ICSR %lx, APR %lx\n", taken, icsr, read_register(ICC_APR));
    return 1;
}
