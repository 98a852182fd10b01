/* SPDX-License-Identifier: BSD-3-Clause */
/* First runs, numbers of SPIs, userspace PPIs, and lines. */
#include "conform/trial.h"

/* ---- Running --------------------------------------------------------------------------------- */

static void enter(struct trial *trial, uint32_t id, int expected, const char *what)
{
    int ret = trial->over ? 0 : trial->ops->enter(trial->vm, id, false);

    expect_errno(trial, ret, expected, what);
    if (ret == 0 && !trial->over)
        trial->ops->leave(trial->vm, id);
}

static void run_before_init(struct trial *trial)
{
    enter(trial, 3, EBUSY, "a run before CTRL_INIT");
}

static void run_without_addr(struct trial *trial)
{
    enter(trial, 3, ENXIO, "a run without GRP_ADDR");
}

/* What is set afterwards does not mend it; a kernel whose VM is dead may refuse that as well. */
static void run_after_a_failed_one(struct trial *trial)
{
    enter(trial, 3, ENXIO, "a run without GRP_ADDR");
    if (!trial->over)
        try_set_u64(trial, VGIC5_GRP_ADDR, VGIC5_ADDR_TYPE_IRS, MAP_IRS_BASE);
    if (!trial->over && trial->ops->enter(trial->vm, 3, false) == 0)
        trial_fail(trial, "a VM whose first run has failed runs");
}

static void run_both(struct trial *trial)
{
    enter(trial, 3, 0, "vCPU 3");
    enter(trial, 17, 0, "vCPU 17");
    enter(trial, 3, 0, "vCPU 3 again");
}

/* Our own: a vCPU is not entered twice. */
static void run_twice(struct trial *trial)
{
    expect_errno(trial, trial->ops->enter(trial->vm, 17, true), EBUSY, "the same vCPU once more");
    if (!trial->over)
        trial->ops->leave(trial->vm, 17);
}

static void run_baser_without_ist(struct trial *trial)
{
    name_ist(trial);
    enter(trial, 3, ENXIO, "a run with IST_BASER.VALID and no GRP_IST");
}

/* ---- Numbers --------------------------------------------------------------------------------- */

static uint32_t nr_irqs(struct trial *trial)
{
    uint32_t number = 0x55555555;

    expect_errno(trial, try_get(trial, VGIC5_GRP_NR_IRQS, 0, &number), 0, "get GRP_NR_IRQS");
    return number;
}

static void nr_irqs_before(struct trial *trial)
{
    expect_value(trial, nr_irqs(trial), 0, "GRP_NR_IRQS before it is set");
}

static void nr_irqs_default(struct trial *trial)
{
    expect_errno(trial, try_set(trial, VGIC5_GRP_CTRL, VGIC5_CTRL_INIT, NULL), 0, "CTRL_INIT");
    expect_value(trial, nr_irqs(trial), 32, "GRP_NR_IRQS after CTRL_INIT");
    expect_errno(trial, try_set(trial, VGIC5_GRP_NR_IRQS, 0, &(uint32_t){32}), EBUSY,
                 "set GRP_NR_IRQS after CTRL_INIT");
}

static void nr_irqs_most(struct trial *trial)
{
    expect_errno(trial, try_set(trial, VGIC5_GRP_NR_IRQS, 0, &(uint32_t){1024}), 0, "1024 SPIs");
    expect_errno(trial, try_set(trial, VGIC5_GRP_NR_IRQS, 0, &(uint32_t){1024}), EBUSY,
                 "a second set");
    expect_value(trial, nr_irqs(trial), 1024, "GRP_NR_IRQS");
}

static void addr_reads(struct trial *trial)
{
    uint64_t addr = 0;

    expect_errno(trial, try_get(trial, VGIC5_GRP_ADDR, VGIC5_ADDR_TYPE_IRS, &addr), 0, "get");
    expect_value(trial, addr, UINT64_MAX, "GRP_ADDR before it is set");
    expect_errno(trial, try_set_u64(trial, VGIC5_GRP_ADDR, VGIC5_ADDR_TYPE_IRS, MAP_IRS_BASE), 0,
                 "set");
    expect_errno(trial, try_get(trial, VGIC5_GRP_ADDR, VGIC5_ADDR_TYPE_IRS, &addr), 0, "get");
    expect_value(trial, addr, MAP_IRS_BASE, "GRP_ADDR");
}

static void ppis(struct trial *trial)
{
    uint64_t mask[2] = {UINT64_MAX, UINT64_MAX};

    expect_errno(trial, try_get(trial, VGIC5_GRP_CTRL, VGIC5_CTRL_USERSPACE_PPIS, mask), 0, "get");
    expect_value(trial, mask[0], 1 << VGIC5_PPI_SW, "USERSPACE_PPIS[0]");
    expect_value(trial, mask[1], 0, "USERSPACE_PPIS[1]");
}

static void ppis_before(struct trial *trial)
{
    uint64_t mask[2] = {UINT64_MAX, UINT64_MAX};

    expect_errno(trial, try_get(trial, VGIC5_GRP_CTRL, VGIC5_CTRL_USERSPACE_PPIS, mask), 0, "get");
    expect_value(trial, mask[0] | mask[1], 0, "USERSPACE_PPIS before CTRL_INIT");
}

static void no_memory(struct trial *trial)
{
    if (!trial->ops->fault || trial->ops->fault(trial->vm, VGIC5_FAULT_NO_MEMORY, 1)) {
        trial_skip(trial, "the port cannot make memory run out");
        return;
    }
    expect_errno(trial, try_set(trial, VGIC5_GRP_CTRL, VGIC5_CTRL_INIT, NULL), ENOMEM,
                 "CTRL_INIT without memory");
    expect_errno(trial, try_set(trial, VGIC5_GRP_CTRL, VGIC5_CTRL_INIT, NULL), 0, "and with it");
}

/* What the host lacks is reported, and the next try can succeed. */
static void host_refuses(struct trial *trial, enum vgic5_conform_fault fault, int expected)
{
    if (!trial->ops->fault || trial->ops->fault(trial->vm, fault, 1)) {
        trial_skip(trial, "the port cannot make the host refuse a VM");
        return;
    }
    expect_errno(trial, try_set(trial, VGIC5_GRP_CTRL, VGIC5_CTRL_INIT, NULL), expected,
                 "CTRL_INIT");
    expect_value(trial, nr_irqs(trial), 0, "GRP_NR_IRQS after it");
    expect_errno(trial, try_set(trial, VGIC5_GRP_CTRL, VGIC5_CTRL_INIT, NULL), 0, "and again");
}

static void no_vm_id(struct trial *trial)
{
    host_refuses(trial, VGIC5_FAULT_NO_VM_ID, ENOSPC);
}
static void no_room(struct trial *trial)
{
    host_refuses(trial, VGIC5_FAULT_NO_ROOM, E2BIG);
}
static void no_answer(struct trial *trial)
{
    host_refuses(trial, VGIC5_FAULT_INIT_TIMEOUT, ETIMEDOUT);
}

static void another_device(struct trial *trial, uint32_t type, int expected, const char *what)
{
    if (!trial->ops->create_device)
        trial_skip(trial, "the port has no KVM_CREATE_DEVICE");
    if (!trial->over)
        expect_errno(trial, trial->ops->create_device(trial->vm, type), expected, what);
}

static void second_vgic(struct trial *trial)
{
    another_device(trial, VGIC5_DEV_TYPE, EEXIST, "a second VGICv5");
}

static void unknown_device(struct trial *trial)
{
    another_device(trial, 0x7ffffff0, ENODEV, "a device of type 0x7ffffff0");
}

/* ---- Lines ----------------------------------------------------------------------------------- */

static int line(struct trial *trial, uint32_t irq, bool level)
{
    return trial->ops->irq_line(trial->vm, irq, level);
}

static bool is_pending(struct trial *trial, uint32_t spi)
{
    uint32_t spis[NR_SPIS] = {0};

    ist_get(trial, spis, NULL);
    return spis[spi] & 1;
}

static void line_before_init(struct trial *trial)
{
    expect_errno(trial, line(trial, VGIC5_IRQ_SPI(0), true), EBUSY, "an SPI before CTRL_INIT");
    expect_errno(trial, line(trial, VGIC5_IRQ_PPI(3u, 3u), true), EBUSY, "and a PPI");
}

static void line_cpu(struct trial *trial)
{
    expect_errno(trial, line(trial, 0, true), ENXIO, "type CPU");
}

static void line_type(struct trial *trial)
{
    expect_errno(trial, line(trial, 3u << 24, true), EINVAL, "type 3");
    expect_errno(trial, line(trial, 15u << 24, true), EINVAL, "type 15");
}

static void line_spi_number(struct trial *trial)
{
    expect_errno(trial, line(trial, VGIC5_IRQ_SPI(NR_SPIS), true), EINVAL, "SPI 64 of 64");
    expect_errno(trial, line(trial, VGIC5_IRQ_SPI(0xffff), true), EINVAL, "SPI 65535");
}

static void line_spi_range(struct trial *trial)
{
    expect_errno(trial, line(trial, VGIC5_IRQ_SPI(0), true), 0, "SPI 0");
    expect_errno(trial, line(trial, VGIC5_IRQ_SPI(NR_SPIS - 1), true), 0, "SPI 63");
    expect_value(trial, is_pending(trial, 0), 1, "SPI 0 pending");
    expect_value(trial, is_pending(trial, NR_SPIS - 1), 1, "SPI 63 pending");
    expect_value(trial, is_pending(trial, 32), 0, "SPI 32 pending");
}

static void line_ppi_number(struct trial *trial)
{
    expect_errno(trial, line(trial, VGIC5_IRQ_PPI(3u, 27u), true), EINVAL, "PPI 27");
    expect_errno(trial, line(trial, VGIC5_IRQ_PPI(3u, 64u), true), EINVAL, "PPI 64");
    expect_errno(trial, line(trial, VGIC5_IRQ_PPI(4u, 3u), true), EINVAL, "a PPI of vCPU 4");
    expect_errno(trial, line(trial, VGIC5_IRQ_PPI(0u, 3u), true), EINVAL, "a PPI of vCPU 0");
}

static void line_ppi_vcpu(struct trial *trial)
{
    expect_errno(trial, line(trial, VGIC5_IRQ_PPI(17u, 3u), true), 0, "SW_PPI of vCPU 17");
    expect_value(trial, sysreg_get(trial, 17, VGIC5_ICC_PPI_SPENDR(0)), 1 << VGIC5_PPI_SW,
                 "vCPU 17's SPENDR0");
    expect_value(trial, sysreg_get(trial, 3, VGIC5_ICC_PPI_SPENDR(0)), 0, "vCPU 3's SPENDR0");
}

static void line_edge(struct trial *trial)
{
    expect_errno(trial, line(trial, VGIC5_IRQ_SPI(5), true), 0, "raise");
    expect_value(trial, is_pending(trial, 5), 1, "pending after raise");
    expect_errno(trial, line(trial, VGIC5_IRQ_SPI(5), false), 0, "lower");
    expect_value(trial, is_pending(trial, 5), 1, "pending after lower");
}

/* What was pending is taken away as a restore would, so that no guest is needed. */
static void line_again(struct trial *trial)
{
    const uint32_t nothing[NR_SPIS] = {0};

    for (unsigned n = 0; n < 3; n++) {
        ist_set(trial, nothing, NULL);
        expect_value(trial, is_pending(trial, 5), 0, "pending before the raise");
        expect_errno(trial, line(trial, VGIC5_IRQ_SPI(5), true), 0, "raise, never lowered");
        expect_value(trial, is_pending(trial, 5), 1, "pending after it");
    }
}

static void line_again_ppi(struct trial *trial)
{
    for (unsigned n = 0; n < 3; n++) {
        sysreg_set(trial, 17, VGIC5_ICC_PPI_SPENDR(0), 0);
        expect_value(trial, sysreg_get(trial, 17, VGIC5_ICC_PPI_SPENDR(0)), 0,
                     "SPENDR0 before the raise");
        expect_errno(trial, line(trial, VGIC5_IRQ_PPI(17u, 3u), true), 0, "raise, never lowered");
        expect_value(trial, sysreg_get(trial, 17, VGIC5_ICC_PPI_SPENDR(0)), 1 << VGIC5_PPI_SW,
                     "SPENDR0 after it");
    }
}

/* The mode comes by SPI_CFGR in v1, and by HM in 7.4. */
static void make_level(struct trial *trial, uint32_t spi)
{
    uint32_t spis[NR_SPIS] = {0};

    if (trial->ops->abi == VGIC5_ABI_7_4) {
        spis[spi] = 1 << 2;
        ist_set(trial, spis, NULL);
        return;
    }
    spis[spi] = 1 << 2;
    ist_set(trial, spis, NULL);
    irs_set(trial, IRS_SPI_SELR_ROW, spi);
    irs_set(trial, IRS_SPI_CFGR_ROW, 1);
}

static void line_level(struct trial *trial)
{
    make_level(trial, 6);
    expect_value(trial, is_pending(trial, 6), 0, "pending before");
    expect_errno(trial, line(trial, VGIC5_IRQ_SPI(6), true), 0, "raise");
    expect_value(trial, is_pending(trial, 6), 1, "pending after raise");
    expect_errno(trial, line(trial, VGIC5_IRQ_SPI(6), false), 0, "lower");
    expect_value(trial, is_pending(trial, 6), 0, "pending after lower");
}

static void line_latch(struct trial *trial)
{
    uint32_t spis[NR_SPIS] = {[6] = 1 | 1 << 2}; /* pending, level */

    if (trial->ops->abi == VGIC5_ABI_V1)
        make_level(trial, 6);
    ist_set(trial, spis, NULL);
    expect_value(trial, is_pending(trial, 6), 1, "pending after the restore");
    expect_errno(trial, line(trial, VGIC5_IRQ_SPI(6), false), 0, "lower");
    expect_value(trial, is_pending(trial, 6), 1, "pending after a line that was low is lowered");
    expect_errno(trial, line(trial, VGIC5_IRQ_SPI(6), true), 0, "raise");
    expect_errno(trial, line(trial, VGIC5_IRQ_SPI(6), false), 0, "lower");
    expect_value(trial, is_pending(trial, 6), 0, "pending after it was raised and lowered");
}

/* vcpu2_index counts 256. */
static void line_vcpu2(struct trial *trial)
{
    const uint32_t id = 259;
    int ret = trial->ops->add_vcpu(trial->vm, id);

    if (ret == 0)
        ret = try_set(trial, VGIC5_GRP_CTRL, VGIC5_CTRL_INIT, NULL);
    if (ret == -E2BIG || ret == -EINVAL)
        trial_skip(trial, "this host has no vCPU id 259");
    expect_errno(trial, ret, 0, "vCPU 259, and CTRL_INIT");
    if (!trial->over)
        expect_errno(trial, line(trial, VGIC5_IRQ_PPI(id, 3u), true), 0, "SW_PPI of vCPU 259");
    expect_value(trial, sysreg_get(trial, id, VGIC5_ICC_PPI_SPENDR(0)), 1 << VGIC5_PPI_SW,
                 "vCPU 259's SPENDR0");
    expect_value(trial, sysreg_get(trial, 3, VGIC5_ICC_PPI_SPENDR(0)), 0, "vCPU 3's SPENDR0");
}

/* ---- The table ------------------------------------------------------------------------------- */

static const struct named_check life_checks[] = {
    {"run.before-init", "run_early", EVERY, LIFE_VCPUS, run_before_init},
    {"run.without-addr", "run_no_addr", EVERY, LIFE_INIT, run_without_addr},
    {"run.after-a-failed-one", "run_unusable", EVERY, LIFE_INIT, run_after_a_failed_one},
    {"run.sparse-ids", "run", EVERY, LIFE_READY, run_both},
    {"run.twice", "run_twice", EVERY, LIFE_RUNNING, run_twice},
    {"run.baser-without-ist", "run_ist_never_set", V7_4, LIFE_READY, run_baser_without_ist},
    {"nr_irqs.reads-0-before", "nr_irqs", EVERY, LIFE_CREATED, nr_irqs_before},
    {"nr_irqs.default-is-32", "nr_irqs", EVERY, LIFE_VCPUS, nr_irqs_default},
    {"nr_irqs.set-twice", "nr_irqs_set_late", EVERY, LIFE_CREATED, nr_irqs_most},
    {"addr.reads-all-ones-before", "addr", EVERY, LIFE_CREATED, addr_reads},
    {"ctrl.ppis", "ppis", EVERY, LIFE_INIT, ppis},
    {"ctrl.ppis-before-init", "ppis", EVERY, LIFE_CREATED, ppis_before},
    {"ctrl.init-without-memory", "init_memory", EVERY, LIFE_VCPUS, no_memory},
    {"ctrl.init-without-vm-id", "init_vm_ids", EVERY, LIFE_VCPUS, no_vm_id},
    {"ctrl.init-without-room", "init_vcpus", EVERY, LIFE_VCPUS, no_room},
    {"ctrl.init-timeout", "init_timeout", EVERY, LIFE_VCPUS, no_answer},
    {"device.second", "create_twice", EVERY, LIFE_CREATED, second_vgic},
    {"device.second-after-init", "create_twice", EVERY, LIFE_INIT, second_vgic},
    {"device.unknown-type", "create_type", EVERY, LIFE_CREATED, unknown_device},
    {"line.before-init", "line_early", EVERY, LIFE_VCPUS, line_before_init},
    {"line.cpu", "line_cpu", EVERY, LIFE_READY, line_cpu},
    {"line.type", "line_type", EVERY, LIFE_READY, line_type},
    {"line.spi-number", "line_spi", EVERY, LIFE_READY, line_spi_number},
    {"line.spi-range", "line_number", EVERY, LIFE_READY, line_spi_range},
    {"line.ppi-number", "line_ppi", EVERY, LIFE_READY, line_ppi_number},
    {"line.ppi-vcpu", "line_vcpu", EVERY, LIFE_READY, line_ppi_vcpu},
    {"line.ppi-vcpu2", "line_vcpu", EVERY, LIFE_ADDRESS, line_vcpu2},
    {"line.restored-latch", "line_latch", EVERY, LIFE_READY, line_latch},
    {"line.edge", "line_edge", EVERY, LIFE_READY, line_edge},
    {"line.edge-again", "line_again", EVERY, LIFE_READY, line_again},
    {"line.ppi-again", "line_again", EVERY, LIFE_READY, line_again_ppi},
    {"line.level", "line_level", EVERY, LIFE_READY, line_level},
};

NAMED_FAMILY(family_life, life_checks);
