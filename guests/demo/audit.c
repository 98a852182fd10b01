/* SPDX-License-Identifier: BSD-3-Clause */
/* Is the interrupt controller in exactly the state that the book says? */
#include "demo.h"

#define COUNTER_JUMP 62500000u /* a second */

/* ---- Each source: CDRCFG against the book ---------------------------------------------------- */

static uint64_t expected_icsr(const struct source *source)
{
    return (source->disabled ? 0 : ICSR_ENABLED) |
           (source->caused != source->taken ? ICSR_PENDING : 0) |
           (source->taken != source->retired ? ICSR_ACTIVE : 0) | (source->level ? ICSR_HM : 0) |
           (uint64_t)source->priority << 11 | (uint64_t)cpus[source->target].iaffid << 32;
}

static void audit(struct source *source)
{
    if (gic_read_config(source->intid) != expected_icsr(source))
        anomaly(&my_book()->wrong_state, "configured otherwise", source);
}

static void audit_spi(struct source *source)
{
    audit(source);
    if (gic_spi_trigger_is_level(source->intid) != source->usual.level)
        anomaly(&my_book()->wrong_state, "the other trigger mode", source);
}

/* A level PPI is pending while its wire is high: a timer's is until its handler stops it. */
static void audit_ppis(void)
{
    struct source *own = ppis[me()];

    for (uint32_t i = 0; i < NR_PPIS; i++) {
        uint32_t id = INTID_ID(own[i].intid);
        bool active = read_register(ICC_PPI_SACTIVER0) >> id & 1;
        bool pending = read_register(ICC_PPI_SPENDR0) >> id & 1;
        bool due = own[i].caused != own[i].taken || (i != SW && own[i].taken != own[i].retired);

        if (!(read_register(ICC_PPI_ENABLER0) >> id & 1) ||
            active != (own[i].taken != own[i].retired) || pending != due ||
            gic_ppi_priority(id) != own[i].priority)
            anomaly(&my_book()->wrong_state, "PPI in another state", &own[i]);
    }
    if (read_register(ICC_APR) != my_book()->running || read_register(ICC_PCR) != my_book()->pcr)
        anomaly(&my_book()->wrong_state, "APR or PCR", &own[SW]);
}

/* All that this vCPU owns, and its CPU interface. Nobody else changes any of it meanwhile. */
void audit_own(void)
{
    audit_ppis();
    for (uint32_t i = 0; i < spis_each(); i++)
        audit_spi(spi_of(me(), i));
    for (uint32_t i = 0; i < lpis_each(); i++)
        audit(lpi_of(me(), i));
    if (me() == 0)
        audit_spi(UART_SOURCE);
}

/* ---- Registers that must read the same before and after -------------------------------------- */

static const uint32_t irs_witnesses[] = {IRS_IDR2,      IRS_CR0,          IRS_CR1,
                                         IRS_SPI_SELR,  IRS_PE_SELR,      IRS_IST_CFGR,
                                         IRS_IST_BASER, IRS_IST_BASER + 4};
static const uint32_t uart_witnesses[] = {UARTLCR_H, UARTCR, UARTIMSC, UARTRIS};

#define WITNESS(name) *at++ = read_register(name)

static uint64_t *read_cpu(uint64_t *at)
{
    WITNESS(ICC_CR0);
    WITNESS(ICC_PCR);
    WITNESS(ICC_APR);
    WITNESS(ICC_ICSR);
    WITNESS(ICC_HPPIR);
    WITNESS(ICC_IAFFIDR);
    WITNESS(ICC_PPI_HMR0);
    WITNESS(ICC_PPI_ENABLER0);
    WITNESS(ICC_PPI_ENABLER1);
    WITNESS(ICC_PPI_SPENDR0);
    WITNESS(ICC_PPI_SACTIVER0);
    WITNESS(ICC_PPI_PRIORITYR0);
    WITNESS(ICC_PPI_PRIORITYR3);
    WITNESS("cntv_ctl_el0");
    WITNESS("cntv_cval_el0");
    WITNESS("cntp_ctl_el0");
    WITNESS("cntp_cval_el0");
    WITNESS("mpidr_el1");
    WITNESS("vbar_el1");
    WITNESS("sctlr_el1");
    WITNESS("tcr_el1");
    WITNESS("ttbr0_el1");
    WITNESS("mair_el1");
    return at;
}

#define COUNT(array) (sizeof(array) / sizeof(*(array)))

void witness(struct witness *witness)
{
    uint64_t *at = read_cpu(witness->values);

    for (uint32_t i = 0; i < COUNT(irs_witnesses); i++)
        *at++ = irs_read(irs_witnesses[i]);
    for (uint32_t i = 0; i < COUNT(uart_witnesses); i++)
        *at++ = uart_read(uart_witnesses[i]);
    witness->n = (uint32_t)(at - witness->values);
    witness->counter = counter();
}

void witness_again(const struct witness *before)
{
    struct witness now;

    witness(&now);
    for (uint32_t i = 0; i < before->n; i++) {
        if (now.values[i] == before->values[i])
            continue;
        print("demo: vCPU %u: register %u of audit.c was %lx and is %lx\n", me(), i,
              before->values[i], now.values[i]);
        my_book()->wrong_state++;
    }
    if (now.counter - before->counter > COUNTER_JUMP)
        anomaly(&my_book()->wrong_state, "the counter jumped", &ppis[me()][CNTV]);
}
