/* SPDX-License-Identifier: BSD-3-Clause */
#include "conform/trial.h"

#include <stdarg.h>
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

/* ---- Verdicts -------------------------------------------------------------------------------- */

static void decide(struct trial *trial, enum vgic5_conform_verdict verdict, const char *format,
                   va_list arguments)
{
    if (trial->over)
        return;
    trial->over = true;
    trial->verdict = verdict;
    vsnprintf(trial->message, sizeof(trial->message), format, arguments);
}

void trial_fail(struct trial *trial, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    decide(trial, VGIC5_CONFORM_FAIL, format, arguments);
    va_end(arguments);
}

void trial_skip(struct trial *trial, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    decide(trial, VGIC5_CONFORM_SKIP, format, arguments);
    va_end(arguments);
}

static const char *errno_name(int value)
{
    static const struct {
        int value;
        const char *name;
    } names[] = {
        {0, "0"},           {EBUSY, "EBUSY"},   {EEXIST, "EEXIST"}, {EINVAL, "EINVAL"},
        {ENXIO, "ENXIO"},   {EFAULT, "EFAULT"}, {ENOENT, "ENOENT"}, {ENODEV, "ENODEV"},
        {ENOMEM, "ENOMEM"}, {E2BIG, "E2BIG"},   {EIO, "EIO"},       {ETIMEDOUT, "ETIMEDOUT"},
        {ENOSPC, "ENOSPC"},
    };

    for (size_t n = 0; n < sizeof(names) / sizeof(names[0]); n++) {
        if (names[n].value == value || names[n].value == -value)
            return names[n].name;
    }
    return "another errno";
}

void expect_errno(struct trial *trial, int found, int expected, const char *what)
{
    if (found != -expected)
        trial_fail(trial, "%s: %s (%d), expected %s", what, errno_name(found), found,
                   errno_name(expected));
}

void expect_value(struct trial *trial, uint64_t found, uint64_t expected, const char *what)
{
    if (found != expected)
        trial_fail(trial, "%s: 0x%llx, expected 0x%llx", what, (unsigned long long)found,
                   (unsigned long long)expected);
}

/* ---- Calls ----------------------------------------------------------------------------------- */

int try_has(struct trial *trial, uint32_t group, uint64_t attr)
{
    return trial->ops->has_attr(trial->vm, &(struct vgic5_attr){.group = group, .attr = attr});
}

int try_get(struct trial *trial, uint32_t group, uint64_t attr, void *payload)
{
    struct vgic5_attr access = {.group = group, .attr = attr, .addr = (uintptr_t)payload};

    return trial->ops->get_attr(trial->vm, &access);
}

int try_set(struct trial *trial, uint32_t group, uint64_t attr, const void *payload)
{
    struct vgic5_attr access = {.group = group, .attr = attr, .addr = (uintptr_t)payload};

    return trial->ops->set_attr(trial->vm, &access);
}

int try_set_u64(struct trial *trial, uint32_t group, uint64_t attr, uint64_t value)
{
    return try_set(trial, group, attr, &value);
}

static const char *irs_name(enum irs_row row)
{
    return irs_registers[row].name;
}

uint64_t irs_get(struct trial *trial, enum irs_row row)
{
    uint64_t value = 0;

    if (!trial->over)
        expect_errno(trial, try_get(trial, VGIC5_GRP_IRS_REGS, irs_registers[row].offset, &value),
                     0, irs_name(row));
    return value;
}

int try_irs_set(struct trial *trial, enum irs_row row, uint64_t value)
{
    return try_set(trial, VGIC5_GRP_IRS_REGS, irs_registers[row].offset, &value);
}

void irs_set(struct trial *trial, enum irs_row row, uint64_t value)
{
    if (!trial->over)
        expect_errno(trial, try_irs_set(trial, row, value), 0, irs_name(row));
}

uint64_t sysreg_get(struct trial *trial, uint32_t vcpu_id, uint16_t encoding)
{
    uint64_t attr = VGIC5_SYSREG_ATTR(vgic5_mpidr_of_vcpu(vcpu_id), encoding), value = 0;

    if (!trial->over)
        expect_errno(trial, try_get(trial, VGIC5_GRP_CPU_SYSREGS, attr, &value), 0,
                     "get of a CPU register");
    return value;
}

void sysreg_set(struct trial *trial, uint32_t vcpu_id, uint16_t encoding, uint64_t value)
{
    uint64_t attr = VGIC5_SYSREG_ATTR(vgic5_mpidr_of_vcpu(vcpu_id), encoding);

    if (!trial->over)
        expect_errno(trial, try_set(trial, VGIC5_GRP_CPU_SYSREGS, attr, &value), 0,
                     "set of a CPU register");
}

/* ---- The guest's doors ----------------------------------------------------------------------- */

uint64_t guest(struct trial *trial, uint32_t vcpu, uint16_t encoding, bool is_write, uint64_t value)
{
    if (!trial->ops->guest_register)
        trial_skip(trial, "the port has no guest");
    if (!trial->over)
        expect_errno(trial, trial->ops->guest_register(trial->vm, vcpu, encoding, is_write, &value),
                     0, "a guest's access");
    return value;
}

uint64_t guest_frame(struct trial *trial, enum irs_row row, bool is_write, uint64_t value)
{
    struct vgic5_mmio access = {.offset = irs_registers[row].offset,
                                .value = value,
                                .size = irs_registers[row].bytes,
                                .is_write = is_write};

    if (!trial->ops->guest_mmio)
        trial_skip(trial, "the port has no guest");
    if (!trial->over)
        expect_errno(trial, trial->ops->guest_mmio(trial->vm, &access), 0, "a guest's access");
    return access.value;
}

/* ---- Life ------------------------------------------------------------------------------------ */

static void be_given_vcpus(struct trial *trial)
{
    expect_errno(trial, trial->ops->add_vcpu(trial->vm, 3), 0, "vCPU 3");
    expect_errno(trial, trial->ops->add_vcpu(trial->vm, 17), 0, "vCPU 17");
}

static void be_given_address(struct trial *trial)
{
    expect_errno(trial, try_set_u64(trial, VGIC5_GRP_ADDR, VGIC5_ADDR_TYPE_IRS, MAP_IRS_BASE), 0,
                 "set GRP_ADDR");
}

void trial_initialise(struct trial *trial)
{
    uint32_t nr_spis = NR_SPIS;

    expect_errno(trial, try_set(trial, VGIC5_GRP_NR_IRQS, 0, &nr_spis), 0, "set GRP_NR_IRQS");
    expect_errno(trial, try_set(trial, VGIC5_GRP_CTRL, VGIC5_CTRL_INIT, NULL), 0, "CTRL_INIT");
}

static void run(struct trial *trial, bool stays)
{
    int ret = trial->ops->enter(trial->vm, 17, stays);

    if (ret == -EOPNOTSUPP)
        trial_skip(trial, "the port cannot keep a vCPU running");
    expect_errno(trial, ret, 0, "run of vCPU 17");
    if (!stays && ret == 0)
        trial->ops->leave(trial->vm, 17);
}

void trial_live_until(struct trial *trial, enum life life)
{
    if (life >= LIFE_VCPUS)
        be_given_vcpus(trial);
    if (life >= LIFE_INIT)
        trial_initialise(trial);
    if (life == LIFE_ADDRESS || life >= LIFE_READY)
        be_given_address(trial);
    if (life >= LIFE_RUNNING && !trial->over)
        run(trial, life == LIFE_RUNNING);
}

/* ---- GRP_IST --------------------------------------------------------------------------------- */

static struct vgic5_ist buffers_of(const uint32_t *spis, const uint32_t *lpis)
{
    return (struct vgic5_ist){(uintptr_t)spis, 4 * NR_SPIS, (uintptr_t)lpis,
                              lpis ? UINT64_C(4) << LPI_BITS : 0};
}

int try_ist_get(struct trial *trial, uint32_t *spis, uint32_t *lpis)
{
    struct vgic5_ist buffers = buffers_of(spis, lpis);

    return try_get(trial, VGIC5_GRP_IST, 0,
                   trial->ops->abi == VGIC5_ABI_7_4 ? (void *)&buffers : (void *)spis);
}

int try_ist_set(struct trial *trial, const uint32_t *spis, const uint32_t *lpis)
{
    struct vgic5_ist buffers = buffers_of(spis, lpis);

    return try_set(trial, VGIC5_GRP_IST, 0,
                   trial->ops->abi == VGIC5_ABI_7_4 ? (const void *)&buffers : (const void *)spis);
}

void ist_get(struct trial *trial, uint32_t *spis, uint32_t *lpis)
{
    if (!trial->over)
        expect_errno(trial, try_ist_get(trial, spis, lpis), 0, "get GRP_IST");
}

void ist_set(struct trial *trial, const uint32_t *spis, const uint32_t *lpis)
{
    if (!trial->over)
        expect_errno(trial, try_ist_set(trial, spis, lpis), 0, "set GRP_IST");
}

void name_ist(struct trial *trial)
{
    uint64_t idr2 = irs_get(trial, IRS_IDR2_ROW);

    if (!trial->ops->write_guest && trial->ops->abi == VGIC5_ABI_V1)
        trial_skip(trial, "the port has no guest memory for an LPI IST");
    if (FIELD_GET(IRS_IDR2_MIN_LPI_ID_BITS, idr2) > LPI_BITS ||
        FIELD_GET(IRS_IDR2_ID_BITS, idr2) < LPI_BITS || FIELD_GET(IRS_IDR2_ISTMD, idr2))
        trial_skip(trial, "IRS_IDR2 0x%llx allows no table of %u LPI id bits and 4-byte entries",
                   (unsigned long long)idr2, LPI_BITS);
    irs_set(trial, IRS_IST_CFGR_ROW, LPI_BITS);
    irs_set(trial, IRS_IST_BASER_ROW, trial->ops->ram_base | 1);
}

/* ---- A number for the whole state ------------------------------------------------------------ */

static uint64_t mix(uint64_t hash, uint64_t value)
{
    return (hash ^ value) * UINT64_C(0x100000001b3) ^ hash >> 29;
}

uint64_t trial_digest(struct trial *trial)
{
    uint64_t hash = UINT64_C(0xcbf29ce484222325);
    uint32_t spis[NR_SPIS] = {0}, lpis[1u << LPI_BITS] = {0};
    bool lpis_too = irs_get(trial, IRS_IST_BASER_ROW) & 1 && trial->ops->abi == VGIC5_ABI_7_4;
    int ret = trial->over ? 0 : try_ist_get(trial, spis, lpis_too ? lpis : NULL);

    for (unsigned row = 0; row < IRS_NR_ROWS; row++)
        hash = mix(hash, irs_get(trial, (enum irs_row)row));
    for (unsigned n = 0; n < NR_SYSREGS; n++) {
        hash = mix(hash, sysreg_get(trial, 3, cpu_register_carried(n)->encoding));
        hash = mix(hash, sysreg_get(trial, 17, cpu_register_carried(n)->encoding));
    }
    hash = mix(hash, (uint64_t)(int64_t)ret);
    for (unsigned n = 0; n < NR_SPIS; n++)
        hash = mix(hash, spis[n]);
    for (unsigned n = 0; n < 1u << LPI_BITS; n++)
        hash = mix(hash, lpis[n]);
    return hash;
}

/* ---- Where memory ends ----------------------------------------------------------------------- */

#define CLIFF_PAGES 2u

static size_t page_size(void)
{
    return (size_t)sysconf(_SC_PAGESIZE);
}

void *cliff_open(size_t size)
{
    size_t page = page_size();
    uint8_t *base =
        mmap(NULL, CLIFF_PAGES * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    if (base == MAP_FAILED)
        return NULL;
    if (size > page || mprotect(base + page, page, PROT_NONE)) {
        munmap(base, CLIFF_PAGES * page);
        return NULL;
    }
    return base + page - size;
}

void cliff_close(void *at)
{
    size_t page = page_size();

    if (at)
        munmap((void *)((uintptr_t)at & ~(page - 1)), CLIFF_PAGES * page);
}
