/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Paths whose instructions are counted: tools/instructions runs this under callgrind, which writes
 * a count at the start of each function whose name begins with path_, and so of each path at the
 * start of path_end.
 */
#include <stdio.h>
#include <stdlib.h>

#include "subject.h"
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
#define PATH(name) static __attribute__((noinline)) void path_##name(struct vmm *vmm)

#define DISTINCT __asm__ volatile("" : : "i"(__LINE__))

#define EACH_TIME for (uint32_t i = 0; i < TIMES; i++)

PATH(end)
{
    (void)vmm;
    DISTINCT;
}

#define COUNT(name, vmm) (path_##name(vmm), path_end(vmm))

static struct vmm *open_or_end(const struct subject_shape *shape)
{
    struct vmm *vmm = subject_open(shape);

    if (!vmm)
        exit(EXIT_FAILURE);
    return vmm;
}

/* Two PEs, every LPI enabled in memory, some SPIs, a PPI. */
static struct vmm *ready(uint32_t abi, bool threads)
{
    struct subject_shape shape = {.nr_pes = 2,
                                  .lpi_id_bits = ID_BITS,
                                  .abi = abi,
                                  .threads = threads,
                                  .ram_size = 4u << ID_BITS};
    struct vmm *vmm = open_or_end(&shape);

    subject_fill_table(vmm, ALL, VGIC5_ISTE_ENABLE | VGIC5_FIELD(ISTE_PRIORITY, LOW));
    subject_linear_table(vmm, ID_BITS);
    subject_enable(vmm);
    vmm_mmio_write(vmm, VGIC5_IRS_SPI_SELR, 4, SPI_LEVEL);
    vmm_mmio_write(vmm, VGIC5_IRS_SPI_CFGR, 4, 1);
    for (uint32_t spi = SPI_EDGE; spi <= SPI_LEVEL; spi++)
        vmm_msr(vmm->vcpu[0], VGIC5_CDEN, VGIC5_INTID(VGIC5_SPI, spi));
    vmm_msr(vmm->vcpu[0], VGIC5_ICC_PPI_ENABLER(0), 1ull << VGIC5_PPI_CNTV);
    vmm_msr(vmm->vcpu[0], VGIC5_CDPRI, (uint64_t)HIGH << 35 | LPI(0));
    return vmm;
}

/* ---- Rounds, as a whole and their parts ------------------------------------------------------ */

static void rounds(struct vmm *vmm, uint32_t step)
{
    EACH_TIME
    subject_round(vmm->vcpu[0], i * step % ALL);
}

PATH(round)
{
    DISTINCT;
    rounds(vmm, 0);
}

PATH(round_with_locks)
{
    DISTINCT;
    rounds(vmm, 0);
}

PATH(round_of_another_lpi)
{
    DISTINCT;
    rounds(vmm, 67);
}

PATH(round_with_65534_pending)
{
    DISTINCT;
    rounds(vmm, 0);
}

/* The first touch of a block each. */
PATH(load)
{
    DISTINCT;
    EACH_TIME
    vmm_msr(vmm->vcpu[0], VGIC5_CDRCFG, LPI(i * BLOCK));
}

PATH(make_pending)
{
    DISTINCT;
    EACH_TIME
    vmm_msr(vmm->vcpu[0], VGIC5_CDPEND, LPI(1 + i) | VGIC5_CDPEND_PENDING);
}

PATH(select)
{
    DISTINCT;
    EACH_TIME
    vmm_mrs(vmm->vcpu[0], VGIC5_ICC_HPPIR);
}

/* Of what path_make_pending has made pending. */
PATH(acknowledge_and_drop)
{
    DISTINCT;
    for (uint32_t i = 0; i < PENDED; i++) {
        vmm_mrs(vmm->vcpu[0], VGIC5_CDIA);
        vmm_msr(vmm->vcpu[0], VGIC5_CDEOI, 0);
    }
}

PATH(deactivate)
{
    DISTINCT;
    for (uint32_t i = 0; i < PENDED; i++)
        vmm_msr(vmm->vcpu[0], VGIC5_CDDI, LPI(1 + i));
}

static void retire(struct vmm *vmm)
{
    uint64_t taken = vmm_mrs(vmm->vcpu[0], VGIC5_CDIA);
    vmm_msr(vmm->vcpu[0], VGIC5_CDEOI, 0);
    vmm_msr(vmm->vcpu[0], VGIC5_CDDI, taken & 0xffffffffu);
}

PATH(spi_round)
{
    DISTINCT;
    EACH_TIME
    {
        vgic5_irq_line(vmm->device, VGIC5_IRQ_SPI(SPI_EDGE), true);
        retire(vmm);
        vgic5_irq_line(vmm->device, VGIC5_IRQ_SPI(SPI_EDGE), false);
    }
}

PATH(ppi_round)
{
    DISTINCT;
    EACH_TIME
    {
        vgic5_ppi_line(vmm->vcpu[0], VGIC5_PPI_CNTV, true);
        uint64_t taken = vmm_mrs(vmm->vcpu[0], VGIC5_CDIA);
        vgic5_ppi_line(vmm->vcpu[0], VGIC5_PPI_CNTV, false);
        vmm_msr(vmm->vcpu[0], VGIC5_CDEOI, 0);
        vmm_msr(vmm->vcpu[0], VGIC5_CDDI, taken & 0xffffffffu);
    }
}

/* ---- Configuration of an LPI that is pending ------------------------------------------------- */

PATH(cdpri)
{
    DISTINCT;
    EACH_TIME
    vmm_msr(vmm->vcpu[0], VGIC5_CDPRI, (uint64_t)(9 + i % 2) << 35 | LPI(5));
}

PATH(cdaff)
{
    DISTINCT;
    EACH_TIME
    vmm_msr(vmm->vcpu[0], VGIC5_CDAFF, (uint64_t)((i + 1) % 2) << 32 | LPI(5));
}

PATH(cdaff_with_locks)
{
    DISTINCT;
    EACH_TIME
    vmm_msr(vmm->vcpu[0], VGIC5_CDAFF, (uint64_t)((i + 1) % 2) << 32 | LPI(5));
}

PATH(cden)
{
    DISTINCT;
    EACH_TIME
    vmm_msr(vmm->vcpu[0], i & 1 ? VGIC5_CDEN : VGIC5_CDDIS, LPI(5));
}

PATH(cdrcfg)
{
    DISTINCT;
    EACH_TIME
    {
        vmm_msr(vmm->vcpu[0], VGIC5_CDRCFG, LPI(5));
        vmm_mrs(vmm->vcpu[0], VGIC5_ICC_ICSR);
    }
}

/* ---- Wires and registers --------------------------------------------------------------------- */

PATH(spi_edge)
{
    DISTINCT;
    EACH_TIME
    vgic5_irq_line(vmm->device, VGIC5_IRQ_SPI(SPI_EDGE), i & 1);
}

PATH(spi_level)
{
    DISTINCT;
    EACH_TIME
    vgic5_irq_line(vmm->device, VGIC5_IRQ_SPI(SPI_LEVEL), i & 1);
}

PATH(ppi_level)
{
    DISTINCT;
    EACH_TIME
    vgic5_ppi_line(vmm->vcpu[0], VGIC5_PPI_CNTV, i & 1);
}

PATH(frame_read)
{
    uint64_t value;

    DISTINCT;
    EACH_TIME
    vmm_mmio_read(vmm, VGIC5_IRS_IST_STATUSR, 4, &value);
}

PATH(frame_read_with_locks)
{
    uint64_t value;

    DISTINCT;
    EACH_TIME
    vmm_mmio_read(vmm, VGIC5_IRS_IST_STATUSR, 4, &value);
}

PATH(frame_write)
{
    DISTINCT;
    EACH_TIME
    vmm_mmio_write(vmm, VGIC5_IRS_SPI_SELR, 4, i % 32);
}

PATH(irsen)
{
    DISTINCT;
    EACH_TIME
    vmm_mmio_write(vmm, VGIC5_IRS_CR0, 4, i & 1);
}

PATH(register_read)
{
    DISTINCT;
    EACH_TIME
    vmm_mrs(vmm->vcpu[0], VGIC5_ICC_PCR);
}

PATH(register_write)
{
    DISTINCT;
    EACH_TIME
    vmm_msr(vmm->vcpu[0], VGIC5_ICC_PCR, i & 1 ? 31 : 0);
}

PATH(ppi_register_write)
{
    DISTINCT;
    EACH_TIME
    vmm_msr(vmm->vcpu[0], VGIC5_ICC_PPI_ENABLER(0), (uint64_t)(i & 1) << VGIC5_PPI_CNTV);
}

PATH(enter_and_leave)
{
    DISTINCT;
    EACH_TIME
    {
        vgic5_vcpu_enter(vmm->vcpu[0]);
        vgic5_vcpu_leave(vmm->vcpu[0]);
    }
}

/* ---- Tables ---------------------------------------------------------------------------------- */

static uint32_t spis[VGIC5_NR_SPIS_DEFAULT], image[ALL];
static const uint64_t buffers[4] = {(uintptr_t)spis, sizeof(spis), (uintptr_t)image, sizeof(image)};

PATH(save)
{
    DISTINCT;
    vmm_get(vmm, VGIC5_GRP_IST, 0, spis);
}

PATH(restore)
{
    DISTINCT;
    vmm_set(vmm, VGIC5_GRP_IST, 0, spis);
}

PATH(save_in_flight)
{
    DISTINCT;
    vmm_get(vmm, VGIC5_GRP_IST, 0, spis);
}

PATH(restore_in_flight)
{
    DISTINCT;
    vmm_set(vmm, VGIC5_GRP_IST, 0, spis);
}

PATH(image_save)
{
    DISTINCT;
    vmm_get(vmm, VGIC5_GRP_IST, 0, (void *)(uintptr_t)buffers);
}

PATH(image_restore)
{
    DISTINCT;
    vmm_set(vmm, VGIC5_GRP_IST, 0, buffers);
}

PATH(take_down)
{
    DISTINCT;
    vmm_mmio_write(vmm, VGIC5_IRS_IST_BASER, 8, 0);
}

/* ---- In which order -------------------------------------------------------------------------- */

static void everyday(void)
{
    struct vmm *vmm = ready(VGIC5_ABI_V1, false);
    COUNT(load, vmm);
    COUNT(round, vmm);
    COUNT(round_of_another_lpi, vmm);
    COUNT(spi_round, vmm);
    COUNT(ppi_round, vmm);
    COUNT(make_pending, vmm);
    COUNT(select, vmm);
    COUNT(acknowledge_and_drop, vmm);
    COUNT(deactivate, vmm);
    vmm_msr(vmm->vcpu[0], VGIC5_CDPEND, LPI(5) | VGIC5_CDPEND_PENDING);
    COUNT(cdpri, vmm);
    COUNT(cdaff, vmm);
    COUNT(cden, vmm);
    COUNT(cdrcfg, vmm);
    COUNT(spi_edge, vmm);
    COUNT(spi_level, vmm);
    COUNT(ppi_level, vmm);
    COUNT(frame_read, vmm);
    COUNT(frame_write, vmm);
    COUNT(register_read, vmm);
    COUNT(register_write, vmm);
    COUNT(ppi_register_write, vmm);
    COUNT(enter_and_leave, vmm);
    for (uint32_t id = 1; id < ALL - 1; id++)
        vmm_msr(vmm->vcpu[0], VGIC5_CDPEND, LPI(id) | VGIC5_CDPEND_PENDING);
    COUNT(round_with_65534_pending, vmm);
    COUNT(irsen, vmm);
    COUNT(take_down, vmm);
    subject_close(vmm);
}

static void with_locks(void)
{
    struct vmm *vmm = ready(VGIC5_ABI_V1, true);
    COUNT(round_with_locks, vmm);
    vmm_msr(vmm->vcpu[0], VGIC5_CDPEND, LPI(5) | VGIC5_CDPEND_PENDING);
    COUNT(cdaff_with_locks, vmm);
    COUNT(frame_read_with_locks, vmm);
    subject_close(vmm);
}

/* All of 2^16 LPIs touched, every so many-th of them pending. */
static struct vmm *ready_to_save(uint32_t abi, uint32_t distance)
{
    struct vmm *vmm = ready(abi, false);
    for (uint32_t id = 0; id < ALL; id += BLOCK)
        vmm_msr(vmm->vcpu[0], VGIC5_CDPRI, 3ull << 35 | LPI(id));
    for (uint32_t id = 0; id < ALL; id += distance)
        vmm_msr(vmm->vcpu[0], VGIC5_CDPEND, LPI(id) | VGIC5_CDPEND_PENDING);
    return vmm;
}

/* A device that has not run takes what has been saved. */
static struct vmm *ready_to_restore(const struct vmm *from)
{
    struct vmm *vmm = ready(VGIC5_ABI_V1, false);
    for (uint32_t i = 0; i < ALL; i++)
        subject_words(vmm)[i] = ((const uint32_t *)(const void *)from->ram)[i];
    return vmm;
}

static void transfer(void)
{
    struct vmm *from = ready_to_save(VGIC5_ABI_V1, 1024);
    COUNT(save, from);
    struct vmm *to = ready_to_restore(from);
    COUNT(restore, to);
    subject_close(from);
    subject_close(to);
    from = ready_to_save(VGIC5_ABI_V1, IN_FLIGHT);
    COUNT(save_in_flight, from);
    to = ready_to_restore(from);
    COUNT(restore_in_flight, to);
    subject_close(from);
    subject_close(to);
}

static void transfer_image(void)
{
    const struct subject_shape shape = {
        .nr_pes = 2, .lpi_id_bits = ID_BITS, .abi = VGIC5_ABI_7_4, .ram_size = 4096};
    const uint64_t cfgr = ID_BITS, baser = VMM_RAM_BASE | 1;
    struct vmm *from = ready_to_save(VGIC5_ABI_7_4, 1024), *to = open_or_end(&shape);

    COUNT(image_save, from);
    vmm_set(to, VGIC5_GRP_IRS_REGS, VGIC5_IRS_IST_CFGR, &cfgr);
    vmm_set(to, VGIC5_GRP_IRS_REGS, VGIC5_IRS_IST_BASER, &baser);
    COUNT(image_restore, to);
    subject_close(from);
    subject_close(to);
}

int main(void)
{
    everyday();
    with_locks();
    transfer();
    transfer_image();
    return 0;
}
