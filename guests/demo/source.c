/* SPDX-License-Identifier: BSD-3-Clause */
/* The sources, their shapes, and how one makes an interrupt pending. */
#include "demo.h"

#define FIRST_FREE_SPI 8u
#define PRIORITY_CNTV 10u
#define PRIORITY_CNTP 14u
#define PRIORITY_SW 12u
#define LPI_TABLES 8u /* parts of the id space that the LPIs are spread over */
#define LPIS_PER_TABLE (NR_LPIS / LPI_TABLES)
#define STRIDE_MAX 25u

struct source ppis[MAX_CPUS][NR_PPIS];
struct source spis[NR_SPIS];
struct source lpis[NR_LPIS];
static uint32_t spi_stride, lpi_stride;

/* ---- Raising --------------------------------------------------------------------------------- */

static void raise_pending(struct source *source)
{
    gic_cdpend(source->intid, true);
}

static void raise_sw_ppi(struct source *source)
{
    (void)source;
    write_register(ICC_PPI_SPENDR0, 1u << PPI_SW);
    isb();
}

/* The book says when; see wait.c for the timers that run by themselves. */
static void raise_cntv(struct source *source)
{
    (void)source;
    timer_virtual_set(my_book()->deadline[CNTV]);
}

static void raise_cntp(struct source *source)
{
    (void)source;
    timer_physical_set(my_book()->deadline[CNTP]);
}

bool source_is_idle(const struct source *source)
{
    return load_acquire(&source->retired) == source->caused;
}

/* An edge may come again while its predecessor is active. A level may not: the handler's CDPEND
 * would take the new one away as well. Masked: a handler here may want the same source. */
bool cause(struct source *source)
{
    uint64_t daif = irq_save();
    bool free =
        source->level ? source_is_idle(source) : load_acquire(&source->taken) == source->caused;

    if (free) {
        store_release(&source->caused, source->caused + 1);
        dsb();
        source->raise(source);
        gsb_sys();
    }
    irq_restore(daif);
    return free;
}

void must_cause(struct source *source)
{
    if (!cause(source))
        anomaly(&my_book()->late, "still on its way", source);
}

void withdraw(struct source *source)
{
    store_release(&source->caused, source->caused - 1);
    my_book()->withdrawn++;
}

/* ---- Configuring ----------------------------------------------------------------------------- */

void source_set_priority(struct source *source, uint32_t priority)
{
    source->priority = (uint8_t)priority;
    if (source->kind == KIND_PPI) {
        gic_ppi_setup(INTID_ID(source->intid), priority);
        return;
    }
    gic_cdpri(source->intid, priority);
    gsb_sys();
}

void source_set_target(struct source *source, uint32_t vcpu)
{
    source->target = vcpu;
    dsb();
    gic_cdaff(source->intid, cpus[vcpu].iaffid);
    gsb_sys();
}

void source_set_level(struct source *source, bool level)
{
    source->level = level;
    dsb();
    gic_cdhm(source->intid, level);
    gsb_sys();
}

void source_set_disabled(struct source *source, bool disabled)
{
    source->disabled = disabled;
    if (disabled)
        gic_cddis(source->intid);
    else
        gic_cden(source->intid);
    gsb_sys();
}

void source_usual(struct source *source)
{
    source->handle = NULL;
    source->policy = source->usual.policy;
    source_set_priority(source, source->usual.priority);
    if (source->kind == KIND_PPI)
        return;
    source_set_level(source, source->usual.level);
    source_set_target(source, source->owner);
}

/* ---- Making ---------------------------------------------------------------------------------- */

uint32_t spis_each(void)
{
    return (NR_SPIS - 1) / nr_cpus;
}

struct source *spi_of(uint32_t vcpu, uint32_t n)
{
    return &spis[1 + vcpu * spis_each() + n];
}

uint32_t lpis_each(void)
{
    return NR_LPIS / nr_cpus;
}

struct source *lpi_of(uint32_t vcpu, uint32_t n)
{
    return &lpis[vcpu * lpis_each() + n];
}

/* Rising with the index, in several L2 tables. */
static uint32_t lpi_id(uint32_t index)
{
    uint32_t part = 1u << (ist.id_bits - 3);

    return index / LPIS_PER_TABLE * part + index % LPIS_PER_TABLE * lpi_stride;
}

static void make_spi(uint32_t index)
{
    uint32_t owner = index ? (index - 1) / spis_each() : 0;
    struct source *spi = &spis[index];

    *spi = (struct source){
        .intid = SPI(index ? FIRST_FREE_SPI + (index - 1) * spi_stride : UART_SPI),
        .kind = KIND_SPI,
        .owner = owner < nr_cpus ? owner : 0,
        .usual = {.priority = (uint8_t)(4 + index * 5 % 27),
                  .policy = index % 2 ? IRQ_NESTED : IRQ_PLAIN,
                  .level = index % 2 == 0},
        .raise = raise_pending,
    };
    gic_spi_setup(spi->intid, spi->usual.priority, cpus[spi->owner].iaffid, spi->usual.level);
    source_usual(spi);
}

/* Superpriority for the wake-up, so that it passes PCR = 0 and preempts everything else. */
static uint8_t lpi_priority(uint32_t n)
{
    if (n == LPI_WAKE)
        return 0;
    if (n < LPI_GENERAL)
        return (uint8_t)(1 + n % 8);
    return (uint8_t)(9 + n * 7 % 23);
}

static enum irq_policy lpi_policy(uint32_t n)
{
    static const enum irq_policy policies[] = {IRQ_PLAIN, IRQ_NESTED, IRQ_SPLIT};

    if (n == LPI_WAKE)
        return IRQ_PLAIN;
    return n < LPI_GENERAL ? IRQ_NESTED : policies[n % 3];
}

static void make_lpi(uint32_t index)
{
    uint32_t owner = index / lpis_each();
    uint32_t n = index % lpis_each();
    struct source *lpi = &lpis[index];

    *lpi = (struct source){
        .intid = LPI(lpi_id(index)),
        .kind = KIND_LPI,
        .owner = owner < nr_cpus ? owner : 0,
        .usual = {.priority = lpi_priority(n), .policy = lpi_policy(n)},
        .raise = raise_pending,
    };
    gic_lpi_setup(lpi->intid, lpi->usual.priority, cpus[lpi->owner].iaffid);
    source_usual(lpi);
}

void sources_make(void)
{
    uint32_t part = 1u << (ist.id_bits - 3);

    spi_stride = (gic_nr_spis() - FIRST_FREE_SPI) / (NR_SPIS - 1);
    lpi_stride = (part - 1) / LPIS_PER_TABLE;
    if (lpi_stride == 0 || spi_stride == 0 || (irs_read(IRS_IDR1) >> 20 & 7) != 4)
        panic("the demonstration needs 9 LPI id bits, 32 SPIs and 5 priority bits");
    if (lpi_stride > STRIDE_MAX)
        lpi_stride = STRIDE_MAX;
    for (uint32_t i = 0; i < NR_SPIS; i++)
        make_spi(i);
    for (uint32_t i = 0; i < NR_LPIS; i++)
        make_lpi(i);
}

void sources_make_ppis(void)
{
    static const struct source shapes[NR_PPIS] = {
        [SW] = {.intid = PPI(PPI_SW),
                .usual = {PRIORITY_SW, IRQ_NESTED, false},
                .raise = raise_sw_ppi},
        [CNTV] = {.intid = PPI(PPI_CNTV),
                  .usual = {PRIORITY_CNTV, IRQ_PLAIN, false},
                  .raise = raise_cntv},
        [CNTP] = {.intid = PPI(PPI_CNTP),
                  .usual = {PRIORITY_CNTP, IRQ_PLAIN, false},
                  .raise = raise_cntp},
    };

    for (uint32_t i = 0; i < NR_PPIS; i++) {
        ppis[me()][i] = shapes[i];
        ppis[me()][i].owner = ppis[me()][i].target = me();
        source_usual(&ppis[me()][i]);
    }
}

/* ---- Finding --------------------------------------------------------------------------------- */

static struct source *ppi_source(uint32_t id)
{
    return &ppis[me()][id == PPI_SW ? SW : id == PPI_CNTV ? CNTV : CNTP];
}

struct source *source_of(uint32_t intid)
{
    uint32_t id = INTID_ID(intid), part = ist.id_bits - 3;

    if (INTID_TYPE(intid) == INTID_TYPE(PPI(0)))
        return ppi_source(id);
    if (INTID_TYPE(intid) == INTID_TYPE(SPI(0)))
        return id == UART_SPI ? UART_SOURCE : &spis[1 + (id - FIRST_FREE_SPI) / spi_stride];
    return &lpis[(id >> part) * LPIS_PER_TABLE + (id & ((1u << part) - 1)) / lpi_stride];
}
