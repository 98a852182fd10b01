/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Random attribute calls, guest accesses, instructions and lines against one device. The input is a
 * program for a small machine: a byte says what to do, the bytes after it with what. A set that is
 * refused must leave the device as it was (some machines look after each). At the end the device is
 * saved and restored, and the second device must be as the first.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <vgic5/device.h>
#include <vgic5/migration.h>

#include "fuzz.h"

#define RAM_BASE UINT64_C(0x40000000)
#define RAM_SIZE 0x40000u
#define IRS_BASE UINT64_C(0x08010000)

struct input {
    const uint8_t *bytes;
    size_t left;
};

static uint64_t take(struct input *input, unsigned bytes)
{
    uint64_t value = 0;

    while (bytes-- && input->left) {
        value = value << 8 | *input->bytes++;
        input->left--;
    }
    return value;
}

/* ---- The host -------------------------------------------------------------------------------- */

struct host {
    uint8_t *ram;
    unsigned alloc_fault_in;  /* 0: never */
    unsigned caller_fault_in; /* 0: never */
    bool any_caller;          /* the caller's memory is all there, for those who only look */
    long outstanding;
};

/* What the random calls have of the caller's memory: all else is EFAULT. As large as any payload.
 */
static struct {
    uint64_t payload[VGIC5_NR_SPIS_MAX / 2];
    uint64_t buffers[4];
    uint32_t spis[VGIC5_NR_SPIS_MAX];
    uint32_t lpis[1 << 14];
} arena;

static void *host_alloc(void *opaque, size_t size)
{
    struct host *host = opaque;
    void *memory;

    if (host->alloc_fault_in && --host->alloc_fault_in == 0)
        return NULL;
    if (posix_memalign(&memory, 64, size))
        return NULL;
    host->outstanding++;
    return memset(memory, 0, size);
}

static void host_free(void *opaque, void *memory, size_t size)
{
    struct host *host = opaque;

    (void)size;
    host->outstanding -= !!memory;
    free(memory);
}

static bool is_ram(uint64_t ipa, size_t size)
{
    return ipa >= RAM_BASE && size <= RAM_SIZE && ipa - RAM_BASE <= RAM_SIZE - size;
}

static int host_read(void *opaque, uint64_t ipa, void *to, size_t size)
{
    struct host *host = opaque;

    if (!is_ram(ipa, size))
        return -EFAULT;
    memcpy(to, host->ram + (ipa - RAM_BASE), size);
    return 0;
}

static int host_write(void *opaque, uint64_t ipa, const void *from, size_t size)
{
    struct host *host = opaque;

    if (!is_ram(ipa, size))
        return -EFAULT;
    memcpy(host->ram + (ipa - RAM_BASE), from, size);
    return 0;
}

static bool caller_faults(struct host *host, uint64_t addr, size_t size)
{
    uint64_t at = addr - (uintptr_t)&arena;

    if (host->any_caller)
        return false;
    if (host->caller_fault_in && --host->caller_fault_in == 0)
        return true;
    return addr < (uintptr_t)&arena || size > sizeof(arena) || at > sizeof(arena) - size;
}

static int host_read_caller(void *opaque, void *to, uint64_t addr, size_t size)
{
    if (caller_faults(opaque, addr, size))
        return -EFAULT;
    memcpy(to, (const void *)(uintptr_t)addr, size);
    return 0;
}

static int host_write_caller(void *opaque, uint64_t addr, const void *from, size_t size)
{
    if (caller_faults(opaque, addr, size))
        return -EFAULT;
    memcpy((void *)(uintptr_t)addr, from, size);
    return 0;
}

static const struct vgic5_host ops = {.size = sizeof(ops),
                                      .alloc = host_alloc,
                                      .free = host_free,
                                      .read_guest = host_read,
                                      .write_guest = host_write,
                                      .read_caller = host_read_caller,
                                      .write_caller = host_write_caller};

/* ---- The machine ----------------------------------------------------------------------------- */

struct machine {
    struct host host;
    struct vgic5_config config;
    struct vgic5 *device;
    uint32_t ids[4];
    unsigned nr_ids;
    bool careful; /* look at the device before and after every set */
};

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
static uint16_t some_encoding(struct input *input)
{
    uint8_t which = (uint8_t)take(input, 1);

    return which < 0xf8 ? encodings[which % NR_ENCODINGS] : (uint16_t)take(input, 2);
}

static uint64_t some_offset(struct input *input)
{
    uint8_t which = (uint8_t)take(input, 1);

    return which < 0xf8 ? offsets[which % NR_OFFSETS] : take(input, 3);
}

/* An INTID of a low number, or a table's address, or anything. */
static uint64_t some_value(struct input *input)
{
    switch (take(input, 1) % 4) {
    case 0:
        return take(input, 1) << 32 | VGIC5_INTID(1 + take(input, 1) % 3, take(input, 1));
    case 1:
        return RAM_BASE | (take(input, 1) & 0x3f) << 12 | (take(input, 1) & 1);
    case 2:
        return take(input, 2);
    default:
        return take(input, 8);
    }
}

static struct vgic5_vcpu *some_vcpu(struct machine *machine, struct input *input)
{
    uint8_t which = (uint8_t)take(input, 1);

    return machine->nr_ids ? vgic5_vcpu(machine->device, machine->ids[which % machine->nr_ids])
                           : NULL;
}

/* ---- The whole device as a number ------------------------------------------------------------ */

static uint64_t mix(uint64_t hash, const void *bytes, size_t size)
{
    for (size_t n = 0; n < size; n++)
        hash = (hash ^ ((const uint8_t *)bytes)[n]) * UINT64_C(0x100000001b3);
    return hash;
}

/* An attribute's answer and value. */
static uint64_t mix_attr(const struct machine *machine, uint64_t hash, uint32_t group,
                         uint64_t attr)
{
    uint64_t value[2] = {0};
    struct vgic5_attr access = {.group = group, .attr = attr, .addr = (uintptr_t)value};
    int ret = vgic5_get_attr(machine->device, &access);

    hash = mix(hash, &ret, sizeof(ret));
    return mix(hash, value, sizeof(value));
}

/* Bytes of the LPI image that the registers ask for; 0: none, or too many for these buffers. */
static uint64_t lpi_image(const struct machine *machine)
{
    uint64_t baser = 0, cfgr = 0;
    struct vgic5_attr asks[] = {
        {.group = VGIC5_GRP_IRS_REGS, .attr = VGIC5_IRS_IST_BASER, .addr = (uintptr_t)&baser},
        {.group = VGIC5_GRP_IRS_REGS, .attr = VGIC5_IRS_IST_CFGR, .addr = (uintptr_t)&cfgr},
    };

    vgic5_get_attr(machine->device, &asks[0]);
    vgic5_get_attr(machine->device, &asks[1]);
    return baser & 1 && (cfgr & 31) <= 14 ? UINT64_C(4) << (cfgr & 31) : 0;
}

static uint64_t mix_ist(const struct machine *machine, uint64_t hash)
{
    static uint32_t spis[VGIC5_NR_SPIS_MAX], lpis[1 << 14];
    uint32_t nr_spis = 0;
    uint64_t buffers[4] = {(uintptr_t)spis, 0, (uintptr_t)lpis, lpi_image(machine)};
    struct vgic5_attr ask = {.group = VGIC5_GRP_NR_IRQS, .addr = (uintptr_t)&nr_spis};
    struct vgic5_attr ist = {.group = VGIC5_GRP_IST, .addr = (uintptr_t)spis};
    int ret;

    vgic5_get_attr(machine->device, &ask);
    buffers[1] = 4 * nr_spis;
    if (buffers[3] == 0)
        buffers[2] = 0;
    if (machine->config.abi == VGIC5_ABI_7_4)
        ist.addr = (uintptr_t)buffers;
    memset(spis, 0, sizeof(spis));
    memset(lpis, 0, sizeof(lpis));
    ret = vgic5_get_attr(machine->device, &ist);
    hash = mix(hash, &ret, sizeof(ret));
    hash = mix(hash, spis, sizeof(spis));
    return mix(hash, lpis, buffers[3]);
}

static uint64_t digest(struct machine *machine)
{
    struct host kept = machine->host;
    uint64_t hash = UINT64_C(0xcbf29ce484222325), wires[VGIC5_NR_SPIS_MAX / 64] = {0};

    machine->host.any_caller = true;
    machine->host.alloc_fault_in = 0;
    hash = mix_attr(machine, hash, VGIC5_GRP_ADDR, VGIC5_ADDR_TYPE_IRS);
    hash = mix_attr(machine, hash, VGIC5_GRP_NR_IRQS, 0);
    for (unsigned n = 0; n < NR_OFFSETS; n++)
        hash = mix_attr(machine, hash, VGIC5_GRP_IRS_REGS, offsets[n]);
    for (unsigned id = 0; id < machine->nr_ids; id++) {
        enum vgic5_line line = vgic5_vcpu_line(vgic5_vcpu(machine->device, machine->ids[id]));

        hash = mix(hash, &line, sizeof(line));
        for (unsigned n = 0; n < NR_ENCODINGS; n++)
            hash = mix_attr(machine, hash, VGIC5_GRP_CPU_SYSREGS,
                            VGIC5_SYSREG_ATTR(vgic5_mpidr_of_vcpu(machine->ids[id]), encodings[n]));
    }
    vgic5_get_spi_wires(machine->device, wires, sizeof(wires) / sizeof(wires[0]));
    hash = mix_ist(machine, mix(hash, wires, sizeof(wires)));
    kept.outstanding = machine->host.outstanding;
    machine->host = kept;
    return hash;
}

static void set_attr(struct machine *machine, const struct vgic5_attr *attr)
{
    uint64_t before = machine->careful ? digest(machine) : 0;

    if (vgic5_set_attr(machine->device, attr) && machine->careful && digest(machine) != before)
        complain("a set that was refused has changed the device");
}

/* ---- What it can do -------------------------------------------------------------------------- */

static void do_attr(struct machine *machine, struct input *input)
{
    static const uint32_t groups[] = {0, 3, 4, 6, 10, 11, 5};
    uint8_t what = (uint8_t)take(input, 1);
    struct vgic5_attr attr = {.group = groups[what / 3 % 7], .addr = (uintptr_t)arena.payload};

    attr.attr = take(input, 1) % 8;
    if (attr.group == VGIC5_GRP_IRS_REGS)
        attr.attr = some_offset(input);
    if (attr.group == VGIC5_GRP_CPU_SYSREGS)
        attr.attr = VGIC5_SYSREG_ATTR(vgic5_mpidr_of_vcpu((uint32_t)take(input, 1) % 32),
                                      some_encoding(input));
    arena.payload[0] = some_value(input);
    if (what >= 252)
        attr.addr += take(input, 3); /* it may end in the middle, or be nowhere */
    if (what % 3 == 0)
        vgic5_has_attr(machine->device, &attr);
    else if (what % 3 == 1)
        vgic5_get_attr(machine->device, &attr);
    else
        set_attr(machine, &attr);
}

/* GRP_IST with buffers of some size, mostly good ones. */
static void do_ist(struct machine *machine, struct input *input)
{
    struct vgic5_attr attr = {.group = VGIC5_GRP_IST, .addr = (uintptr_t)arena.spis};
    unsigned bits = (unsigned)take(input, 1) % 16;
    uint8_t what = (uint8_t)take(input, 1);
    uint32_t nr_spis = 0;
    struct vgic5_attr ask = {.group = VGIC5_GRP_NR_IRQS, .addr = (uintptr_t)arena.payload};

    if (vgic5_get_attr(machine->device, &ask) == 0)
        memcpy(&nr_spis, arena.payload, sizeof(nr_spis));
    memset(arena.buffers, 0, sizeof(arena.buffers));
    arena.buffers[0] = (uintptr_t)arena.spis;
    arena.buffers[1] = 4 * nr_spis;
    if (bits <= 14)
        arena.buffers[3] = UINT64_C(4) << bits;
    if (what & 0x40) { /* what the registers ask for */
        machine->host.any_caller = true;
        arena.buffers[3] = lpi_image(machine);
        machine->host.any_caller = false;
    }
    if (arena.buffers[3])
        arena.buffers[2] = (uintptr_t)arena.lpis;
    if (what & 0x80)
        arena.buffers[take(input, 1) % 4] += some_value(input);
    if (machine->config.abi == VGIC5_ABI_7_4)
        attr.addr = (uintptr_t)arena.buffers;
    for (unsigned n = 0; n < 8; n++) {
        arena.spis[take(input, 1) % VGIC5_NR_SPIS_MAX] = (uint32_t)take(input, 4);
        arena.lpis[take(input, 2) % (1 << 14)] = (uint32_t)take(input, 4);
    }
    if (what & 2)
        machine->host.caller_fault_in = 1 + what / 4 % 8;
    if (what & 1)
        set_attr(machine, &attr);
    else
        vgic5_get_attr(machine->device, &attr);
    machine->host.caller_fault_in = 0;
}

static void do_mmio(struct machine *machine, struct input *input)
{
    struct vgic5_mmio access = {.offset = some_offset(input),
                                .size = (uint8_t)(1u << take(input, 1) % 4),
                                .is_write = take(input, 1) & 1,
                                .value = some_value(input)};

    vgic5_mmio(machine->device, &access);
}

static void do_register(struct machine *machine, struct input *input)
{
    struct vgic5_vcpu *vcpu = some_vcpu(machine, input);
    uint16_t encoding = some_encoding(input);
    bool is_write = take(input, 1) & 1;
    uint64_t value = some_value(input);

    if (vcpu)
        vgic5_cpu_access(vcpu, encoding, is_write, &value);
}

static void do_line(struct machine *machine, struct input *input)
{
    struct vgic5_vcpu *vcpu = some_vcpu(machine, input);
    uint8_t what = (uint8_t)take(input, 1);

    vgic5_irq_line(machine->device, (uint32_t)(what & 3) << 24 | (uint32_t)take(input, 1),
                   what & 4);
    if (vcpu)
        vgic5_ppi_line(vcpu, (uint32_t)take(input, 1) % 64, what & 8);
}

static void do_run(struct machine *machine, struct input *input)
{
    struct vgic5_vcpu *vcpu = some_vcpu(machine, input);

    if (!vcpu)
        return;
    vgic5_vcpu_set_nmi(vcpu, take(input, 1) & 1);
    if (take(input, 1) & 1)
        vgic5_vcpu_enter(vcpu);
    else
        vgic5_vcpu_leave(vcpu);
}

static void do_memory(struct machine *machine, struct input *input)
{
    uint64_t at = take(input, 2) * 8 % RAM_SIZE, value = some_value(input);

    memcpy(machine->host.ram + at, &value, sizeof(value));
}

static void do_add_vcpu(struct machine *machine, struct input *input)
{
    uint32_t id = (uint32_t)take(input, 1) % 32;

    if (machine->nr_ids < 4 && vgic5_add_vcpu(machine->device, id) == 0)
        machine->ids[machine->nr_ids++] = id;
}

/* All vCPUs leave: what follows need not be EBUSY. */
static void do_leave(struct machine *machine, struct input *input)
{
    (void)input;
    for (unsigned n = 0; n < machine->nr_ids; n++)
        vgic5_vcpu_leave(vgic5_vcpu(machine->device, machine->ids[n]));
}

static void do_alloc_fault(struct machine *machine, struct input *input)
{
    machine->host.alloc_fault_in = (unsigned)take(input, 1) % 8;
}

static void (*const actions[])(struct machine *machine, struct input *input) = {
    do_attr,     do_attr, do_ist, do_mmio,   do_mmio,     do_register,    do_register,
    do_register, do_line, do_run, do_memory, do_add_vcpu, do_alloc_fault, do_leave,
};

/* A machine that is ready half of the time, some with an LPI IST that a restore has named, so that
 * what follows reaches deep. */
static void start(struct machine *machine, struct input *input)
{
    uint8_t how = (uint8_t)take(input, 1);
    struct vgic5_attr attrs[] = {
        {.group = VGIC5_GRP_ADDR, .attr = VGIC5_ADDR_TYPE_IRS, .addr = (uintptr_t)arena.payload},
        {.group = VGIC5_GRP_NR_IRQS, .addr = (uintptr_t)arena.buffers},
        {.group = VGIC5_GRP_CTRL},
    };
    struct vgic5_attr named[] = {
        {.group = VGIC5_GRP_IRS_REGS,
         .attr = VGIC5_IRS_IST_CFGR,
         .addr = (uintptr_t)&arena.payload[1]},
        {.group = VGIC5_GRP_IRS_REGS,
         .attr = VGIC5_IRS_IST_BASER,
         .addr = (uintptr_t)&arena.payload[2]},
    };
    uint32_t nr_spis = 64;

    machine->careful = how & 2;
    arena.payload[0] = IRS_BASE;
    arena.payload[1] = 4; /* IST_CFGR: 16 LPIs */
    arena.payload[2] = RAM_BASE | 1;
    memcpy(arena.buffers, &nr_spis, sizeof(nr_spis));
    if (how & 1)
        return;
    machine->ids[0] = 3;
    machine->ids[1] = 17;
    for (; machine->nr_ids < 2; machine->nr_ids++)
        vgic5_add_vcpu(machine->device, machine->ids[machine->nr_ids]);
    for (unsigned n = 0; n < 3; n++)
        vgic5_set_attr(machine->device, &attrs[n]);
    for (unsigned n = 0; n < 2 && how & 4; n++)
        vgic5_set_attr(machine->device, &named[n]);
}

static bool open_machine(struct machine *machine, struct input *input)
{
    uint8_t how = (uint8_t)take(input, 1);

    memset(&arena, 0, sizeof(arena));
    memset(machine, 0, sizeof(*machine));
    machine->host.ram = calloc(1, RAM_SIZE);
    machine->config = (struct vgic5_config){.size = sizeof(machine->config),
                                            .abi = 1 + (how & 1),
                                            .lpi_id_bits = 4 + (how >> 1 & 7),
                                            .ist_l2sz = how >> 4 & 1,
                                            .istmd = how >> 5 & 1,
                                            .priority_bits = how >> 6 & 1 ? 4 : 5};
    return machine->host.ram &&
           vgic5_create(&machine->config, &ops, &machine->host, &machine->device) == 0;
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
static void save_and_restore(struct machine *machine)
{
    struct host host = {.ram = machine->host.ram, .any_caller = true};
    struct vgic5_state *first, *second;
    struct vgic5 *target;
    struct vgic5_port port;
    struct vgic5_error error = {0};

    vgic5_port_model(machine->device, &port);
    if (vgic5_save(&port, NULL, &first, &error))
        return; /* it runs, was never initialised, or its table is not in memory */
    if (vgic5_create(&machine->config, &ops, &host, &target) == 0) {
        vgic5_port_model(target, &port);
        if (vgic5_restore(&port, first, NULL, &error))
            complain(error.message);
        else if (vgic5_save(&port, NULL, &second, &error))
            complain(error.message);
        else {
            compare(first, second);
            vgic5_state_free(second);
        }
        vgic5_destroy(target);
    }
    vgic5_state_free(first);
    if (host.outstanding)
        complain("the second device has kept memory");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct input input = {data, size};
    struct machine machine;

    if (open_machine(&machine, &input)) {
        start(&machine, &input);
        while (input.left)
            actions[take(&input, 1) % (sizeof(actions) / sizeof(actions[0]))](&machine, &input);
        machine.host.alloc_fault_in = 0;
        machine.host.any_caller = true;
        do_leave(&machine, NULL);
        save_and_restore(&machine);
        vgic5_destroy(machine.device);
        if (machine.host.outstanding)
            complain("the device has kept memory");
    }
    free(machine.host.ram);
    return 0;
}
