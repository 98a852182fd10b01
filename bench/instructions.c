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

#define PATH __attribute__((noinline))
#define DISTINCT __asm__ volatile("" : : "i"(__LINE__)) /* no two of them are one function */

/* Two PEs, every LPI enabled in memory, some SPIs. */
static struct machine *ready(uint32_t abi, bool threads)
{
    struct machine_shape shape = {.nr_pes = 2, .lpi_id_bits = ID_BITS, .abi = abi,
                                  .threads = threads, .ram_size = 4u << ID_BITS};
    struct machine *m = machine_new(&shape);
    if (!m)
        exit(3);
    machine_fill_table(m, ALL, ISTE_ENABLE | ISTE_PRIORITY(LOW));
    machine_linear_table(m, ID_BITS);
    machine_enable(m);
    mmio_write(m, 0x108, 4, SPI_LEVEL);
    mmio_write(m, 0x114, 4, 1);
    for (uint32_t spi = SPI_EDGE; spi <= SPI_LEVEL; spi++)
        msr(m->pe[0], CDEN, VGIC5_INTID(VGIC5_SPI, spi));
    msr(m->pe[0], CDPRI, (uint64_t)HIGH << 35 | LPI(0));
    return m;
}

static void rounds(struct machine *m, uint32_t step)
{
    for (uint32_t i = 0; i < TIMES; i++)
        machine_round(m->pe[0], i * step % ALL);
}

PATH static void path_round(struct machine *m)
{
    DISTINCT;
    rounds(m, 0);
}

PATH static void path_round_with_locks(struct machine *m)
{
    DISTINCT;
    rounds(m, 0);
}

PATH static void path_round_of_another_lpi(struct machine *m)
{
    DISTINCT;
    rounds(m, 67);
}

PATH static void path_round_with_65534_pending(struct machine *m)
{
    DISTINCT;
    rounds(m, 0);
}

PATH static void path_end(void)
{
    DISTINCT;
}

/* The first touch of a block each. */
PATH static void path_load(struct machine *m)
{
    DISTINCT;
    for (uint32_t i = 0; i < TIMES; i++)
        msr(m->pe[0], CDRCFG, LPI(i * BLOCK));
}

PATH static void path_make_pending(struct machine *m)
{
    DISTINCT;
    for (uint32_t i = 0; i < TIMES; i++)
        msr(m->pe[0], CDPEND, LPI(1 + i) | 1ull << 32);
}

PATH static void path_cdpri(struct machine *m)
{
    DISTINCT;
    for (uint32_t i = 0; i < TIMES; i++)
        msr(m->pe[0], CDPRI, (uint64_t)(9 + i % 2) << 35 | LPI(5));
}

PATH static void path_cdaff(struct machine *m)
{
    DISTINCT;
    for (uint32_t i = 0; i < TIMES; i++)
        msr(m->pe[0], CDAFF, (uint64_t)((i + 1) % 2) << 32 | LPI(5));
}

PATH static void path_spi_edge(struct machine *m)
{
    DISTINCT;
    for (uint32_t i = 0; i < TIMES; i++)
        vgic5_irq_line(m->device, VGIC5_IRQ_SPI(SPI_EDGE), i & 1);
}

PATH static void path_spi_level(struct machine *m)
{
    DISTINCT;
    for (uint32_t i = 0; i < TIMES; i++)
        vgic5_irq_line(m->device, VGIC5_IRQ_SPI(SPI_LEVEL), i & 1);
}

PATH static void path_ppi_level(struct machine *m)
{
    DISTINCT;
    for (uint32_t i = 0; i < TIMES; i++)
        vgic5_ppi_line(m->pe[0], VGIC5_PPI_CNTV, i & 1);
}

PATH static void path_frame_read(struct machine *m)
{
    DISTINCT;
    for (uint32_t i = 0; i < TIMES; i++)
        mmio_read(m, IRS_IST_STATUSR, 4);
}

PATH static void path_irsen(struct machine *m)
{
    DISTINCT;
    for (uint32_t i = 0; i < TIMES; i++)
        mmio_write(m, IRS_CR0, 4, i & 1);
}

static uint32_t spis[VGIC5_NR_SPIS_DEFAULT];

PATH static void path_save(struct machine *m)
{
    DISTINCT;
    attr_get(m, VGIC5_GRP_IST, 0, spis);
}

PATH static void path_restore(struct machine *m)
{
    DISTINCT;
    attr_set(m, VGIC5_GRP_IST, 0, spis);
}

#define COUNT(path, machine) (path(machine), path_end())

static void everyday(void)
{
    struct machine *m = ready(VGIC5_ABI_V1, false);
    COUNT(path_load, m);
    COUNT(path_round, m);
    COUNT(path_round_of_another_lpi, m);
    COUNT(path_make_pending, m);
    COUNT(path_cdpri, m);
    COUNT(path_cdaff, m);
    COUNT(path_spi_edge, m);
    COUNT(path_spi_level, m);
    COUNT(path_ppi_level, m);
    COUNT(path_frame_read, m);
    for (uint32_t id = 1; id < ALL - 1; id++)
        msr(m->pe[0], CDPEND, LPI(id) | 1ull << 32);
    COUNT(path_round_with_65534_pending, m);
    COUNT(path_irsen, m);
    machine_drop(m);
    m = ready(VGIC5_ABI_V1, true);
    COUNT(path_round_with_locks, m);
    machine_drop(m);
}

/* All of 2^16 LPIs touched, 64 of them pending; then into a device that has not run. */
static void transfer(void)
{
    struct machine *from = ready(VGIC5_ABI_V1, false), *to = ready(VGIC5_ABI_V1, false);
    for (uint32_t id = 0; id < ALL; id += BLOCK)
        msr(from->pe[0], CDPRI, 3ull << 35 | LPI(id));
    for (uint32_t n = 0; n < 64; n++)
        msr(from->pe[0], CDPEND, LPI(n * 1021) | 1ull << 32);
    COUNT(path_save, from);
    for (uint32_t i = 0; i < ALL; i++)
        machine_words(to)[i] = machine_words(from)[i];
    COUNT(path_restore, to);
    machine_drop(from);
    machine_drop(to);
}

int main(void)
{
    everyday();
    transfer();
    return 0;
}
