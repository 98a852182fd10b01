/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Random attribute calls, guest accesses, instructions and lines against one device. The input is a
 * program for a small machine: a byte says what to do, the bytes after it with what. A set that is
 * refused must leave the device as it was (some trials look after each). At the end the device is
 * saved and restored, and the second device must be as the first.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <vgic5/migration.h>

#include "fuzz.h"
#include "input.h"
#include "kit/vmm.h"

#define RAM_SIZE 0x40000u

/* ---- The host -------------------------------------------------------------------------------- */

/* One input's device and its VMM. */
struct attempt {
    struct vmm vmm;
    struct vgic5_config config;
    bool any_caller; /* the caller's memory is all there, for those who only look */
    bool careful;    /* look at the device before and after every set */
};

/* What the random calls have of the caller's memory: all else is EFAULT. As large as any payload.
 */
static struct {
    uint64_t payload[VGIC5_NR_SPIS_MAX / 2];
    uint64_t buffers[4];
    uint32_t spis[VGIC5_NR_SPIS_MAX];
    uint32_t lpis[1 << 14];
} arena;

static bool is_there(const struct attempt *trial, uint64_t addr, size_t size)
{
    uint64_t at = addr - (uintptr_t)&arena;

    return trial->any_caller ||
           (addr >= (uintptr_t)&arena && size <= sizeof(arena) && at <= sizeof(arena) - size);
}

static int read_caller(void *opaque, void *to, uint64_t addr, size_t size)
{
    return is_there(opaque, addr, size) ? vmm_host.read_caller(opaque, to, addr, size) : -EFAULT;
}

static int write_caller(void *opaque, uint64_t addr, const void *from, size_t size)
{
    return is_there(opaque, addr, size) ? vmm_host.write_caller(opaque, addr, from, size) : -EFAULT;
}

static int create_device(struct attempt *trial)
{
    struct vgic5_host host = vmm_host;

    host.read_caller = read_caller;
    host.write_caller = write_caller;
    return vmm_create_device(&trial->vmm, &trial->config, &host);
}

/* ---- Values ---------------------------------------------------------------------------------- */

static void complain(const char *what)
{
    fprintf(stderr, "fuzz: %s\n", what);
    fuzz_failed();
}

static const uint16_t encodings[] = {
    VGIC5_CDDIS,
    VGIC5_CDEN,
    VGIC5_CDPRI,
    VGIC5_CDAFF,
    VGIC5_CDPEND,
    VGIC5_CDRCFG,
    VGIC5_CDEOI,
    VGIC5_CDDI,
    VGIC5_CDHM,
    VGIC5_CDIA,
    VGIC5_CDNMIA,
    VGIC5_ICC_HPPIR,
    VGIC5_ICC_ICSR,
    VGIC5_ICC_PPI_ENABLER(0),
    VGIC5_ICC_PPI_CACTIVER(0),
    VGIC5_ICC_PPI_SACTIVER(0),
    VGIC5_ICC_PPI_CPENDR(0),
    VGIC5_ICC_PPI_SPENDR(0),
    VGIC5_ICC_PPI_PRIORITYR(0),
    VGIC5_ICC_APR,
    VGIC5_ICC_CR0,
    VGIC5_ICC_PCR,
};
#define NR_ENCODINGS (sizeof(encodings) / sizeof(encodings[0]))

static const uint16_t offsets[] = {
    VGIC5_IRS_IDR0,          VGIC5_IRS_IDR1,          VGIC5_IRS_IDR2,        VGIC5_IRS_IDR5,
    VGIC5_IRS_CR0,           VGIC5_IRS_CR1,           VGIC5_IRS_SYNCR,       VGIC5_IRS_SPI_SELR,
    VGIC5_IRS_SPI_DOMAINR,   VGIC5_IRS_SPI_RESAMPLER, VGIC5_IRS_SPI_CFGR,    VGIC5_IRS_SPI_STATUSR,
    VGIC5_IRS_PE_SELR,       VGIC5_IRS_PE_STATUSR,    VGIC5_IRS_PE_CR0,      VGIC5_IRS_IST_BASER,
    VGIC5_IRS_IST_BASER + 4, VGIC5_IRS_IST_CFGR,      VGIC5_IRS_IST_STATUSR, VGIC5_IRS_MAP_L2_ISTR,
    VGIC5_IRS_VMT_BASER,     VGIC5_IRS_VPE_SELR,      VGIC5_IRS_DEVARCH};
#define NR_OFFSETS (sizeof(offsets) / sizeof(offsets[0]))

/* Any encoding or offset now and then, a meaningful one mostly. */
static uint16_t some_encoding(struct fuzz_input *input)
{
    uint8_t which = (uint8_t)fuzz_take(input, 1);

    return which < 0xf8 ? encodings[which % NR_ENCODINGS] : (uint16_t)fuzz_take(input, 2);
}

static uint64_t some_offset(struct fuzz_input *input)
{
    uint8_t which = (uint8_t)fuzz_take(input, 1);

    return which < 0xf8 ? offsets[which % NR_OFFSETS] : fuzz_take(input, 3);
}

/* An INTID of a low number, or a table's address, or anything. */
static uint64_t some_value(struct fuzz_input *input)
{
    switch (fuzz_take(input, 1) % 4) {
    case 0:
        return fuzz_take(input, 1) << 32 |
               VGIC5_INTID(1 + fuzz_take(input, 1) % 3, fuzz_take(input, 1));
    case 1:
        return VMM_RAM_BASE | (fuzz_take(input, 1) & 0x3f) << 12 | (fuzz_take(input, 1) & 1);
    case 2:
        return fuzz_take(input, 2);
    default:
        return fuzz_take(input, 8);
    }
}

static struct vgic5_vcpu *some_vcpu(struct attempt *trial, struct fuzz_input *input)
{
    uint8_t which = (uint8_t)fuzz_take(input, 1);

    return trial->vmm.nr_vcpus ? trial->vmm.vcpu[which % trial->vmm.nr_vcpus] : NULL;
}

/* ---- The whole device as a number ------------------------------------------------------------ */

static uint64_t mix(uint64_t hash, const void *bytes, size_t size)
{
    for (size_t n = 0; n < size; n++)
        hash = (hash ^ ((const uint8_t *)bytes)[n]) * UINT64_C(0x100000001b3);
    return hash;
}

/* An attribute's answer and value. */
static uint64_t mix_attr(struct attempt *trial, uint64_t hash, uint32_t group, uint64_t attr)
{
    uint64_t value[2] = {0};
    int ret = vmm_get(&trial->vmm, group, attr, value);

    hash = mix(hash, &ret, sizeof(ret));
    return mix(hash, value, sizeof(value));
}

/* Bytes of the LPI image that the registers ask for; 0: none, or too many for these buffers. */
static uint64_t lpi_image(struct attempt *trial)
{
    uint64_t baser = 0, cfgr = 0;

    vmm_get(&trial->vmm, VGIC5_GRP_IRS_REGS, VGIC5_IRS_IST_BASER, &baser);
    vmm_get(&trial->vmm, VGIC5_GRP_IRS_REGS, VGIC5_IRS_IST_CFGR, &cfgr);
    return baser & 1 && (cfgr & 31) <= 14 ? UINT64_C(4) << (cfgr & 31) : 0;
}

static uint64_t mix_ist(struct attempt *trial, uint64_t hash)
{
    static uint32_t spis[VGIC5_NR_SPIS_MAX], lpis[1 << 14];
    uint32_t nr_spis = 0;
    uint64_t buffers[4] = {(uintptr_t)spis, 0, (uintptr_t)lpis, lpi_image(trial)};
    bool with_buffers = trial->config.abi == VGIC5_ABI_7_4;
    int ret;

    vmm_get(&trial->vmm, VGIC5_GRP_NR_IRQS, 0, &nr_spis);
    buffers[1] = 4 * nr_spis;
    if (buffers[3] == 0)
        buffers[2] = 0;
    memset(spis, 0, sizeof(spis));
    memset(lpis, 0, sizeof(lpis));
    ret = vmm_get(&trial->vmm, VGIC5_GRP_IST, 0, with_buffers ? (void *)buffers : spis);
    hash = mix(hash, &ret, sizeof(ret));
    hash = mix(hash, spis, sizeof(spis));
    return mix(hash, lpis, buffers[3]);
}

static uint64_t digest(struct attempt *trial)
{
    unsigned alloc_fault_at = trial->vmm.alloc_fault_at;
    unsigned caller_fault_at = trial->vmm.caller_fault_at;
    uint64_t hash = UINT64_C(0xcbf29ce484222325), wires[VGIC5_NR_SPIS_MAX / 64] = {0};

    trial->any_caller = true;
    trial->vmm.alloc_fault_at = 0;
    trial->vmm.caller_fault_at = 0;
    hash = mix_attr(trial, hash, VGIC5_GRP_ADDR, VGIC5_ADDR_TYPE_IRS);
    hash = mix_attr(trial, hash, VGIC5_GRP_NR_IRQS, 0);
    for (unsigned n = 0; n < NR_OFFSETS; n++)
        hash = mix_attr(trial, hash, VGIC5_GRP_IRS_REGS, offsets[n]);
    for (unsigned id = 0; id < trial->vmm.nr_vcpus; id++) {
        enum vgic5_line line = vgic5_vcpu_line(trial->vmm.vcpu[id]);

        hash = mix(hash, &line, sizeof(line));
        for (unsigned n = 0; n < NR_ENCODINGS; n++)
            hash =
                mix_attr(trial, hash, VGIC5_GRP_CPU_SYSREGS,
                         VGIC5_SYSREG_ATTR(vgic5_mpidr_of_vcpu(trial->vmm.id[id]), encodings[n]));
    }
    vgic5_get_spi_wires(trial->vmm.device, wires, sizeof(wires) / sizeof(wires[0]));
    hash = mix_ist(trial, mix(hash, wires, sizeof(wires)));
    trial->any_caller = false;
    trial->vmm.alloc_fault_at = alloc_fault_at;
    trial->vmm.caller_fault_at = caller_fault_at;
    return hash;
}

static void set_attr(struct attempt *trial, const struct vgic5_attr *attr)
{
    uint64_t before = trial->careful ? digest(trial) : 0;

    if (vgic5_set_attr(trial->vmm.device, attr) && trial->careful && digest(trial) != before)
        complain("a set that was refused has changed the device");
}

/* ---- What it can do -------------------------------------------------------------------------- */

static void do_attr(struct attempt *trial, struct fuzz_input *input)
{
    static const uint32_t groups[] = {0, 3, 4, 6, 10, 11, 5};
    uint8_t what = (uint8_t)fuzz_take(input, 1);
    struct vgic5_attr attr = {.group = groups[what / 3 % 7], .addr = (uintptr_t)arena.payload};

    attr.attr = fuzz_take(input, 1) % 8;
    if (attr.group == VGIC5_GRP_IRS_REGS)
        attr.attr = some_offset(input);
    if (attr.group == VGIC5_GRP_CPU_SYSREGS)
        attr.attr = VGIC5_SYSREG_ATTR(vgic5_mpidr_of_vcpu((uint32_t)fuzz_take(input, 1) % 32),
                                      some_encoding(input));
    arena.payload[0] = some_value(input);
    if (what >= 252)
        attr.addr += fuzz_take(input, 3); /* it may end in the middle, or be nowhere */
    if (what % 3 == 0)
        vgic5_has_attr(trial->vmm.device, &attr);
    else if (what % 3 == 1)
        vgic5_get_attr(trial->vmm.device, &attr);
    else
        set_attr(trial, &attr);
}

/* GRP_IST with buffers of some size, mostly good ones. */
static void do_ist(struct attempt *trial, struct fuzz_input *input)
{
    struct vgic5_attr attr = {.group = VGIC5_GRP_IST, .addr = (uintptr_t)arena.spis};
    unsigned bits = (unsigned)fuzz_take(input, 1) % 16;
    uint8_t what = (uint8_t)fuzz_take(input, 1);
    uint32_t nr_spis = 0;
    struct vgic5_attr ask = {.group = VGIC5_GRP_NR_IRQS, .addr = (uintptr_t)arena.payload};

    if (vgic5_get_attr(trial->vmm.device, &ask) == 0)
        memcpy(&nr_spis, arena.payload, sizeof(nr_spis));
    memset(arena.buffers, 0, sizeof(arena.buffers));
    arena.buffers[0] = (uintptr_t)arena.spis;
    arena.buffers[1] = 4 * nr_spis;
    if (bits <= 14)
        arena.buffers[3] = UINT64_C(4) << bits;
    if (what & 0x40) { /* what the registers ask for */
        trial->any_caller = true;
        arena.buffers[3] = lpi_image(trial);
        trial->any_caller = false;
    }
    if (arena.buffers[3])
        arena.buffers[2] = (uintptr_t)arena.lpis;
    if (what & 0x80)
        arena.buffers[fuzz_take(input, 1) % 4] += some_value(input);
    if (trial->config.abi == VGIC5_ABI_7_4)
        attr.addr = (uintptr_t)arena.buffers;
    for (unsigned n = 0; n < 8; n++) {
        arena.spis[fuzz_take(input, 1) % VGIC5_NR_SPIS_MAX] = (uint32_t)fuzz_take(input, 4);
        arena.lpis[fuzz_take(input, 2) % (1 << 14)] = (uint32_t)fuzz_take(input, 4);
    }
    if (what & 2)
        trial->vmm.caller_fault_at = 1 + what / 4 % 8;
    if (what & 1)
        set_attr(trial, &attr);
    else
        vgic5_get_attr(trial->vmm.device, &attr);
    trial->vmm.caller_fault_at = 0;
}

static void do_mmio(struct attempt *trial, struct fuzz_input *input)
{
    struct vgic5_mmio access = {.offset = some_offset(input),
                                .size = (uint8_t)(1u << fuzz_take(input, 1) % 4),
                                .is_write = fuzz_take(input, 1) & 1,
                                .value = some_value(input)};

    vgic5_mmio(trial->vmm.device, &access);
}

static void do_register(struct attempt *trial, struct fuzz_input *input)
{
    struct vgic5_vcpu *vcpu = some_vcpu(trial, input);
    uint16_t encoding = some_encoding(input);
    bool is_write = fuzz_take(input, 1) & 1;
    uint64_t value = some_value(input);

    if (vcpu)
        vgic5_cpu_access(vcpu, encoding, is_write, &value);
}

static void do_line(struct attempt *trial, struct fuzz_input *input)
{
    struct vgic5_vcpu *vcpu = some_vcpu(trial, input);
    uint8_t what = (uint8_t)fuzz_take(input, 1);

    vgic5_irq_line(trial->vmm.device, (uint32_t)(what & 3) << 24 | (uint32_t)fuzz_take(input, 1),
                   what & 4);
    if (vcpu)
        vgic5_ppi_line(vcpu, (uint32_t)fuzz_take(input, 1) % 64, what & 8);
}

static void do_run(struct attempt *trial, struct fuzz_input *input)
{
    struct vgic5_vcpu *vcpu = some_vcpu(trial, input);

    if (!vcpu)
        return;
    vgic5_vcpu_set_nmi(vcpu, fuzz_take(input, 1) & 1);
    if (fuzz_take(input, 1) & 1)
        vgic5_vcpu_enter(vcpu);
    else
        vgic5_vcpu_leave(vcpu);
}

static void do_memory(struct attempt *trial, struct fuzz_input *input)
{
    uint64_t at = fuzz_take(input, 2) * 8 % RAM_SIZE, value = some_value(input);

    memcpy(trial->vmm.ram + at, &value, sizeof(value));
}

static void do_add_vcpu(struct attempt *trial, struct fuzz_input *input)
{
    uint32_t id = (uint32_t)fuzz_take(input, 1) % 32;

    if (trial->vmm.nr_vcpus < 4)
        vmm_add_vcpu(&trial->vmm, id);
}

/* All vCPUs leave: what follows need not be EBUSY. */
static void do_leave(struct attempt *trial, struct fuzz_input *input)
{
    (void)input;
    for (unsigned n = 0; n < trial->vmm.nr_vcpus; n++)
        vgic5_vcpu_leave(trial->vmm.vcpu[n]);
}

static void do_alloc_fault(struct attempt *trial, struct fuzz_input *input)
{
    trial->vmm.alloc_fault_at = (unsigned)fuzz_take(input, 1) % 8;
}

static void (*const actions[])(struct attempt *trial, struct fuzz_input *input) = {
    do_attr,     do_attr, do_ist, do_mmio,   do_mmio,     do_register,    do_register,
    do_register, do_line, do_run, do_memory, do_add_vcpu, do_alloc_fault, do_leave,
};

/* A device that is ready half of the time, some with an LPI IST that a restore has named, so that
 * what follows reaches deep. */
static void start(struct attempt *trial, struct fuzz_input *input)
{
    uint8_t how = (uint8_t)fuzz_take(input, 1);
    const uint32_t nr_spis = 64;
    struct vmm *vmm = &trial->vmm;

    trial->careful = how & 2;
    if (how & 1)
        return;
    trial->any_caller = true;
    vmm_add_vcpu(vmm, 3);
    vmm_add_vcpu(vmm, 17);
    vmm_set_u64(vmm, VGIC5_GRP_ADDR, VGIC5_ADDR_TYPE_IRS, MAP_IRS_BASE);
    vmm_set(vmm, VGIC5_GRP_NR_IRQS, 0, &nr_spis);
    vmm_set(vmm, VGIC5_GRP_CTRL, VGIC5_CTRL_INIT, NULL);
    if (how & 4) { /* 16 LPIs */
        vmm_set_u64(vmm, VGIC5_GRP_IRS_REGS, VGIC5_IRS_IST_CFGR, 4);
        vmm_set_u64(vmm, VGIC5_GRP_IRS_REGS, VGIC5_IRS_IST_BASER, VMM_RAM_BASE | 1);
    }
    trial->any_caller = false;
}

static bool open_trial(struct attempt *trial, struct fuzz_input *input)
{
    uint8_t how = (uint8_t)fuzz_take(input, 1);

    memset(&arena, 0, sizeof(arena));
    *trial = (struct attempt){.config = {.size = sizeof(trial->config),
                                         .abi = 1 + (how & 1),
                                         .lpi_id_bits = 4 + (how >> 1 & 7),
                                         .ist_l2sz = how >> 4 & 1,
                                         .istmd = how >> 5 & 1,
                                         .priority_bits = how >> 6 & 1 ? 4 : 5}};
    return vmm_prepare(&trial->vmm, 0, RAM_SIZE) && create_device(trial) == 0;
}

/* ---- The end --------------------------------------------------------------------------------- */

static void compare(const struct vgic5_state *a, const struct vgic5_state *b)
{
    bool level[2], wire[2];
    size_t words[2];
    const uint32_t *lpis[2] = {vgic5_state_lpis(a, &words[0]), vgic5_state_lpis(b, &words[1])};

    for (uint32_t id = 0; id < vgic5_state_nr_spis(a); id++) {
        if (vgic5_state_spi(a, id, &level[0], &wire[0]) !=
                vgic5_state_spi(b, id, &level[1], &wire[1]) ||
            level[0] != level[1] || wire[0] != wire[1])
            complain("an SPI has not come back");
    }
    if (words[0] != words[1] || (words[0] && memcmp(lpis[0], lpis[1], 4 * words[0])))
        complain("an LPI has not come back");
}

/* What was saved can be restored, and is the same when it is saved again. */
static void restore(struct attempt *target, const struct vgic5_state *first)
{
    struct vgic5_state *second;
    struct vgic5_port port;
    struct vgic5_error error = {0};

    if (create_device(target))
        return;
    vgic5_port_model(target->vmm.device, &port);
    if (vgic5_restore(&port, first, NULL, &error))
        complain(error.message);
    else if (vgic5_save(&port, NULL, &second, &error))
        complain(error.message);
    else {
        compare(first, second);
        vgic5_state_free(second);
    }
}

static void save_and_restore(struct attempt *trial)
{
    struct attempt target = {.config = trial->config, .any_caller = true};
    struct vgic5_state *state;
    struct vgic5_port port;

    vgic5_port_model(trial->vmm.device, &port);
    if (vgic5_save(&port, NULL, &state, NULL))
        return; /* it runs, was never initialised, or its table is not in memory */
    target.vmm.ram = trial->vmm.ram;
    target.vmm.ram_base = trial->vmm.ram_base;
    target.vmm.ram_size = trial->vmm.ram_size;
    restore(&target, state);
    if (!vmm_drop_device(&target.vmm))
        complain("the second device has kept memory");
    vgic5_state_free(state);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fuzz_input input = {data, size};
    struct attempt trial;

    if (open_trial(&trial, &input)) {
        start(&trial, &input);
        while (input.left)
            actions[fuzz_take(&input, 1) % (sizeof(actions) / sizeof(actions[0]))](&trial, &input);
        trial.vmm.alloc_fault_at = 0;
        trial.any_caller = true;
        do_leave(&trial, NULL);
        save_and_restore(&trial);
        if (!vmm_drop_device(&trial.vmm))
            complain("the device has kept memory");
    }
    vmm_free_ram(&trial.vmm);
    return 0;
}
