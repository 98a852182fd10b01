/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Paths whose instructions are counted: tools/instructions runs this under callgrind, which writes
 * a count at the start of each function whose name begins with path_, and so of each path at the
 * start of path_end.
 */
#include <stdio.h>
#include <stdlib.h>

#include "machine.h"
#include "report.h"

#define ID_BITS 16u
#define ALL (1u << ID_BITS)
#define TIMES 1000u
#define SPI_EDGE 3u
#define SPI_LEVEL 4u
#define BLOCK 64u /* LPIs */
#define HIGH 8u
#define LOW 24u
#define IN_FLIGHT 16u /* every so many-th LPI is pending */
#define PENDED 900u

/* A function of its own, of which no two are one, and in which each thing happens `TIMES` times. */
#define PATH(name) static __attribute__((noinline)) void path_##name(struct machine *m)

#define DISTINCT __asm__ volatile("" : : "i"(__LINE__))

#define EACH_TIME for (uint32_t i = 0; i < TIMES; i++)

PATH(end)
{
    (void)m;
    DISTINCT;
}

#define COUNT(name, machine) (path_##name(machine), path_end(machine))

/* Two PEs, every LPI enabled in memory, some SPIs, a PPI. */
static struct machine *ready(uint32_t abi, bool threads)
{
    struct machine_shape shape = {.nr_pes = 2,
                                  .lpi_id_bits = ID_BITS,
                                  .abi = abi,
                                  .threads = threads,
                                  .ram_size = 4u << ID_BITS};
    struct machine *m = machine_new(&shape);
    if (!m)
        exit(3);
    machine_fill_table(m, ALL, VGIC5_ISTE_ENABLE | VGIC5_FIELD(ISTE_PRIORITY, LOW));
    machine_linear_table(m, ID_BITS);
    machine_enable(m);
    mmio_write(m, VGIC5_IRS_SPI_SELR, 4, SPI_LEVEL);
    mmio_write(m, VGIC5_IRS_SPI_CFGR, 4, 1);
    for (uint32_t spi = SPI_EDGE; spi <= SPI_LEVEL; spi++)
        msr(m->pe[0], VGIC5_CDEN, VGIC5_INTID(VGIC5_SPI, spi));
    msr(m->pe[0], VGIC5_ICC_PPI_ENABLER(0), 1ull << VGIC5_PPI_CNTV);
    msr(m->pe[0], VGIC5_CDPRI, (uint64_t)HIGH << 35 | LPI(0));
    return m;
}

/* ---- Rounds, as a whole and their parts ------------------------------------------------------ */

static void rounds(struct machine *m, uint32_t step)
{
    EACH_TIME
    machine_round(m->pe[0], i * step % ALL);
}

PATH(round)
{
    DISTINCT;
    rounds(m, 0);
}

PATH(round_with_locks)
{
    DISTINCT;
    rounds(m, 0);
}

PATH(round_of_another_lpi)
{
    DISTINCT;
    rounds(m, 67);
}

PATH(round_with_65534_pending)
{
    DISTINCT;
    rounds(m, 0);
}

/* The first touch of a block each. */
PATH(load)
{
    DISTINCT;
    EACH_TIME
    msr(m->pe[0], VGIC5_CDRCFG, LPI(i * BLOCK));
}

PATH(make_pending)
{
    DISTINCT;
    EACH_TIME
    msr(m->pe[0], VGIC5_CDPEND, LPI(1 + i) | VGIC5_CDPEND_PENDING);
}

PATH(select)
{
    DISTINCT;
    EACH_TIME
    mrs(m->pe[0], VGIC5_ICC_HPPIR);
}

/* Of what path_make_pending has made pending. */
PATH(acknowledge_and_drop)
{
    DISTINCT;
    for (uint32_t i = 0; i < PENDED; i++) {
        mrs(m->pe[0], VGIC5_CDIA);
        msr(m->pe[0], VGIC5_CDEOI, 0);
    }
}

PATH(deactivate)
{
    DISTINCT;
    for (uint32_t i = 0; i < PENDED; i++)
        msr(m->pe[0], VGIC5_CDDI, LPI(1 + i));
}

static void retire(struct machine *m)
{
    uint64_t taken = mrs(m->pe[0], VGIC5_CDIA);
    msr(m->pe[0], VGIC5_CDEOI, 0);
    msr(m->pe[0], VGIC5_CDDI, taken & 0xffffffffu);
}

PATH(spi_round)
{
    DISTINCT;
    EACH_TIME
    {
        vgic5_irq_line(m->device, VGIC5_IRQ_SPI(SPI_EDGE), true);
        retire(m);
        vgic5_irq_line(m->device, VGIC5_IRQ_SPI(SPI_EDGE), false);
    }
}

PATH(ppi_round)
{
    DISTINCT;
    EACH_TIME
    {
        vgic5_ppi_line(m->pe[0], VGIC5_PPI_CNTV, true);
        uint64_t taken = mrs(m->pe[0], VGIC5_CDIA);
        vgic5_ppi_line(m->pe[0], VGIC5_PPI_CNTV, false);
        msr(m->pe[0], VGIC5_CDEOI, 0);
        msr(m->pe[0], VGIC5_CDDI, taken & 0xffffffffu);
    }
}

/* ---- Configuration of an LPI that is pending ------------------------------------------------- */

PATH(cdpri)
{
    DISTINCT;
    EACH_TIME
    msr(m->pe[0], VGIC5_CDPRI, (uint64_t)(9 + i % 2) << 35 | LPI(5));
}

PATH(cdaff)
{
    DISTINCT;
    EACH_TIME
    msr(m->pe[0], VGIC5_CDAFF, (uint64_t)((i + 1) % 2) << 32 | LPI(5));
}

PATH(cdaff_with_locks)
{
    DISTINCT;
    EACH_TIME
    msr(m->pe[0], VGIC5_CDAFF, (uint64_t)((i + 1) % 2) << 32 | LPI(5));
}

PATH(cden)
{
    DISTINCT;
    EACH_TIME
    msr(m->pe[0], i & 1 ? VGIC5_CDEN : VGIC5_CDDIS, LPI(5));
}

PATH(cdrcfg)
{
    DISTINCT;
    EACH_TIME
    {
        msr(m->pe[0], VGIC5_CDRCFG, LPI(5));
        mrs(m->pe[0], VGIC5_ICC_ICSR);
    }
}

/* ---- Wires and registers --------------------------------------------------------------------- */

PATH(spi_edge)
{
    DISTINCT;
    EACH_TIME
    vgic5_irq_line(m->device, VGIC5_IRQ_SPI(SPI_EDGE), i & 1);
}

PATH(spi_level)
{
    DISTINCT;
    EACH_TIME
    vgic5_irq_line(m->device, VGIC5_IRQ_SPI(SPI_LEVEL), i & 1);
}

PATH(ppi_level)
{
    DISTINCT;
    EACH_TIME
    vgic5_ppi_line(m->pe[0], VGIC5_PPI_CNTV, i & 1);
}

PATH(frame_read)
{
    DISTINCT;
    EACH_TIME
    mmio_read(m, VGIC5_IRS_IST_STATUSR, 4);
}

PATH(frame_read_with_locks)
{
    DISTINCT;
    EACH_TIME
    mmio_read(m, VGIC5_IRS_IST_STATUSR, 4);
}

PATH(frame_write)
{
    DISTINCT;
    EACH_TIME
    mmio_write(m, VGIC5_IRS_SPI_SELR, 4, i % 32);
}

PATH(irsen)
{
    DISTINCT;
    EACH_TIME
    mmio_write(m, VGIC5_IRS_CR0, 4, i & 1);
}

PATH(register_read)
{
    DISTINCT;
    EACH_TIME
    mrs(m->pe[0], VGIC5_ICC_PCR);
}

PATH(register_write)
{
    DISTINCT;
    EACH_TIME
    msr(m->pe[0], VGIC5_ICC_PCR, i & 1 ? 31 : 0);
}

PATH(ppi_register_write)
{
    DISTINCT;
    EACH_TIME
    msr(m->pe[0], VGIC5_ICC_PPI_ENABLER(0), (uint64_t)(i & 1) << VGIC5_PPI_CNTV);
}

PATH(enter_and_leave)
{
    DISTINCT;
    EACH_TIME
    {
        vgic5_vcpu_enter(m->pe[0]);
        vgic5_vcpu_leave(m->pe[0]);
    }
}

/* ---- Tables ---------------------------------------------------------------------------------- */

static uint32_t spis[VGIC5_NR_SPIS_DEFAULT], image[ALL];
static const uint64_t buffers[4] = {(uintptr_t)spis, sizeof(spis), (uintptr_t)image, sizeof(image)};

PATH(save)
{
    DISTINCT;
    attr_get(m, VGIC5_GRP_IST, 0, spis);
}

PATH(restore)
{
    DISTINCT;
    attr_set(m, VGIC5_GRP_IST, 0, spis);
}

PATH(save_in_flight)
{
    DISTINCT;
    attr_get(m, VGIC5_GRP_IST, 0, spis);
}

PATH(restore_in_flight)
{
    DISTINCT;
    attr_set(m, VGIC5_GRP_IST, 0, spis);
}

PATH(image_save)
{
    DISTINCT;
    attr_get(m, VGIC5_GRP_IST, 0, (void *)(uintptr_t)buffers);
}

PATH(image_restore)
{
    DISTINCT;
    attr_set(m, VGIC5_GRP_IST, 0, buffers);
}

PATH(take_down)
{
    DISTINCT;
    mmio_write(m, VGIC5_IRS_IST_BASER, 8, 0);
}

/* ---- In which order -------------------------------------------------------------------------- */

static void everyday(void)
{
    struct machine *m = ready(VGIC5_ABI_V1, false);
    COUNT(load, m);
    COUNT(round, m);
    COUNT(round_of_another_lpi, m);
    COUNT(spi_round, m);
    COUNT(ppi_round, m);
    COUNT(make_pending, m);
    COUNT(select, m);
    COUNT(acknowledge_and_drop, m);
    COUNT(deactivate, m);
    msr(m->pe[0], VGIC5_CDPEND, LPI(5) | VGIC5_CDPEND_PENDING);
    COUNT(cdpri, m);
    COUNT(cdaff, m);
    COUNT(cden, m);
    COUNT(cdrcfg, m);
    COUNT(spi_edge, m);
    COUNT(spi_level, m);
    COUNT(ppi_level, m);
    COUNT(frame_read, m);
    COUNT(frame_write, m);
    COUNT(register_read, m);
    COUNT(register_write, m);
    COUNT(ppi_register_write, m);
    COUNT(enter_and_leave, m);
    for (uint32_t id = 1; id < ALL - 1; id++)
        msr(m->pe[0], VGIC5_CDPEND, LPI(id) | VGIC5_CDPEND_PENDING);
    COUNT(round_with_65534_pending, m);
    COUNT(irsen, m);
    COUNT(take_down, m);
    machine_drop(m);
}

static void with_locks(void)
{
    struct machine *m = ready(VGIC5_ABI_V1, true);
    COUNT(round_with_locks, m);
    msr(m->pe[0], VGIC5_CDPEND, LPI(5) | VGIC5_CDPEND_PENDING);
    COUNT(cdaff_with_locks, m);
    COUNT(frame_read_with_locks, m);
    machine_drop(m);
}

/* All of 2^16 LPIs touched, every so many-th of them pending. */
static struct machine *ready_to_save(uint32_t abi, uint32_t distance)
{
    struct machine *m = ready(abi, false);
    for (uint32_t id = 0; id < ALL; id += BLOCK)
        msr(m->pe[0], VGIC5_CDPRI, 3ull << 35 | LPI(id));
    for (uint32_t id = 0; id < ALL; id += distance)
        msr(m->pe[0], VGIC5_CDPEND, LPI(id) | VGIC5_CDPEND_PENDING);
    return m;
}

/* A device that has not run takes what has been saved. */
static struct machine *ready_to_restore(const struct machine *from)
{
    struct machine *m = ready(VGIC5_ABI_V1, false);
    for (uint32_t i = 0; i < ALL; i++)
        machine_words(m)[i] = ((const uint32_t *)(const void *)from->ram)[i];
    return m;
}

static void transfer(void)
{
    struct machine *from = ready_to_save(VGIC5_ABI_V1, 1024);
    COUNT(save, from);
    struct machine *to = ready_to_restore(from);
    COUNT(restore, to);
    machine_drop(from);
    machine_drop(to);
    from = ready_to_save(VGIC5_ABI_V1, IN_FLIGHT);
    COUNT(save_in_flight, from);
    to = ready_to_restore(from);
    COUNT(restore_in_flight, to);
    machine_drop(from);
    machine_drop(to);
}

static void transfer_image(void)
{
    const struct machine_shape shape = {
        .nr_pes = 2, .lpi_id_bits = ID_BITS, .abi = VGIC5_ABI_7_4, .ram_size = 4096};
    const uint64_t cfgr = ID_BITS, baser = MACHINE_RAM | 1;
    struct machine *from = ready_to_save(VGIC5_ABI_7_4, 1024), *to = machine_new(&shape);
    if (!to)
        exit(3);
    COUNT(image_save, from);
    attr_set(to, VGIC5_GRP_IRS_REGS, VGIC5_IRS_IST_CFGR, &cfgr);
    attr_set(to, VGIC5_GRP_IRS_REGS, VGIC5_IRS_IST_BASER, &baser);
    COUNT(image_restore, to);
    machine_drop(from);
    machine_drop(to);
}

int main(void)
{
    everyday();
    with_locks();
    transfer();
    transfer_image();
    return 0;
}
