/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * chaos [steps [seed [vcpus [threads]]]]
 *
 * Many threads do at random what one device can be asked for: instructions, registers, wires,
 * tables that come and go, attributes, while the host has no memory now and then. Nothing is
 * counted. When all have come to rest the lines must be what the state says and what the host was
 * told, and a new device to which the state is restored must be the same in every interrupt.
 */
#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <vgic5/migration.h>

#include "kit/vmm.h"

#define STEPS 6000u
#define SEED 20261126u
#define NR_VCPUS 5u
#define NR_THREADS 5u /* that are vCPUs */
#define NR_SPIS 64u
#define FAVOURITES 2u
#define ID_BITS 12u
#define NR_LPIS (1u << ID_BITS)
#define L2_BITS 10u
#define RAM_SIZE 0x8000u /* level 1 in the first page, then the L2 tables */
#define PAGE 0x1000u

#define CD(crm, op2) VGIC5_ENCODING(1, 0, 12, crm, op2)

#define FRAME_REGISTERS 0x240u

struct chaos {
    struct vmm vmm;
    uint32_t nr_threads;
    atomic_uint allocations;
    atomic_bool scarce; /* every few allocations fail */
    unsigned long steps;
};

struct chaos_actor {
    struct chaos *chaos;
    uint32_t number;
    uint64_t random;
    pthread_t thread;
};

static int failures;

static void check(bool good, const char *what, unsigned long value)
{
    static int number;
    printf("%s %d - %s (%lu)\n", good ? "ok" : "not ok", ++number, what, value);
    failures += !good;
}

static uint32_t below(struct chaos_actor *a, uint32_t limit)
{
    a->random ^= a->random << 13;
    a->random ^= a->random >> 7;
    a->random ^= a->random << 17;
    return (uint32_t)(a->random >> 32) % limit;
}

/* ---- The host -------------------------------------------------------------------------------- */

static void *allocate(void *opaque, size_t size)
{
    struct chaos *c = opaque;

    if (atomic_load(&c->scarce) && atomic_fetch_add(&c->allocations, 1) % 5 == 0)
        return NULL;
    return vmm_host.alloc(opaque, size);
}

/* ---- In few letters -------------------------------------------------------------------------- */

static void put(struct chaos *c, uint64_t offset, uint64_t value)
{
    vmm_mmio_write(&c->vmm, offset, 4, value);
}

static void get(struct chaos *c, uint64_t offset, unsigned size)
{
    uint64_t value;

    vmm_mmio_read(&c->vmm, offset, size, &value);
}

/* ---- vCPUs ----------------------------------------------------------------------------------- */

/* A few are everybody's favourites, so that threads meet. */
static uint32_t any_of(struct chaos_actor *a, uint32_t nr)
{
    return below(a, below(a, 2) ? nr : FAVOURITES);
}

static uint32_t any_intid(struct chaos_actor *a)
{
    return below(a, 4) ? VGIC5_INTID(VGIC5_LPI, any_of(a, NR_LPIS))
                       : VGIC5_INTID(VGIC5_SPI, any_of(a, NR_SPIS));
}

static void take_one(struct chaos_actor *a, struct vgic5_vcpu *vcpu)
{
    uint64_t taken = vmm_mrs(vcpu, below(a, 8) ? VGIC5_CDIA : VGIC5_CDNMIA);
    if (!(taken >> 32))
        return;
    if (below(a, 16))
        vmm_msr(vcpu, VGIC5_CDEOI, 0);
    if (below(a, 16))
        vmm_msr(vcpu, VGIC5_CDDI, (uint32_t)taken);
}

/* CDDIS, CDEN, CDPRI, CDAFF, CDPEND, CDRCFG and CDHM, with random operands. */
static void instruct(struct chaos_actor *a, struct vgic5_vcpu *vcpu)
{
    static const uint16_t encodings[] = {CD(1, 0), CD(1, 1), CD(1, 1), CD(1, 2),
                                         CD(1, 3), CD(1, 3), CD(1, 4), CD(1, 4),
                                         CD(1, 4), CD(1, 5), CD(2, 0), CD(2, 1)};
    uint16_t encoding = encodings[below(a, sizeof(encodings) / sizeof(encodings[0]))];
    uint64_t operand =
        encoding == CD(1, 2) ? below(a, 32) << 3 : below(a, a->chaos->vmm.nr_vcpus + 1);
    vmm_msr(vcpu, encoding, operand << 32 | any_intid(a));
}

static void access_register(struct chaos_actor *a, struct vgic5_vcpu *vcpu)
{
    static const uint16_t encodings[] = {VGIC5_ICC_HPPIR,
                                         VGIC5_ICC_ICSR,
                                         VGIC5_ICC_PPI_ENABLER(0),
                                         VGIC5_ICC_PPI_PRIORITYR(0),
                                         VGIC5_ICC_PPI_SPENDR(0),
                                         VGIC5_ICC_APR,
                                         VGIC5_ICC_CR0,
                                         VGIC5_ICC_PCR,
                                         VGIC5_ICC_PCR};
    uint16_t encoding = encodings[below(a, sizeof(encodings) / sizeof(encodings[0]))];
    uint64_t value = encoding == VGIC5_ICC_CR0   ? below(a, 4) != 0
                     : encoding == VGIC5_ICC_PCR ? 31 - below(a, 4) * 8
                     : encoding == VGIC5_ICC_APR ? 0
                                                 : below(a, UINT32_MAX);
    if (below(a, 2))
        vmm_msr(vcpu, encoding, value);
    else
        vmm_mrs(vcpu, encoding);
    vgic5_vcpu_set_nmi(vcpu, below(a, 2));
    vgic5_vcpu_line(a->chaos->vmm.vcpu[below(a, a->chaos->vmm.nr_vcpus)]);
}

static void *be_a_vcpu(void *context)
{
    struct chaos_actor *a = context;
    struct chaos *c = a->chaos;
    uint32_t number = a->number;
    for (unsigned long n = 0; n < c->steps; n++) {
        struct vgic5_vcpu *vcpu = c->vmm.vcpu[number];
        number = number + c->nr_threads < c->vmm.nr_vcpus ? number + c->nr_threads : a->number;
        bool in = below(a, 4) && vgic5_vcpu_enter(vcpu) == 0;
        for (uint32_t i = 0; i < 4; i++)
            instruct(a, vcpu);
        take_one(a, vcpu);
        if (below(a, 4) == 0)
            access_register(a, vcpu);
        if (in)
            vgic5_vcpu_leave(vcpu);
    }
    return NULL;
}

/* ---- Everybody else -------------------------------------------------------------------------- */

static void *be_the_wires(void *context)
{
    struct chaos_actor *a = context;
    struct chaos *c = a->chaos;
    for (unsigned long n = 0; n < c->steps * 2; n++) {
        uint32_t vcpu = below(a, a->chaos->vmm.nr_vcpus);
        vgic5_irq_line(c->vmm.device, VGIC5_IRQ_SPI(any_of(a, NR_SPIS)), below(a, 2));
        vgic5_irq_line(c->vmm.device, VGIC5_IRQ_PPI(vcpu, VGIC5_PPI_SW), below(a, 2));
        vgic5_ppi_line(c->vmm.vcpu[vcpu], VGIC5_PPI_CNTV, below(a, 2));
        vgic5_spi_enabled(c->vmm.device, below(a, NR_SPIS));
    }
    return NULL;
}

static void *be_the_frame(void *context)
{
    struct chaos_actor *a = context;
    struct chaos *c = a->chaos;
    for (unsigned long n = 0; n < c->steps / 4; n++) {
        put(c, VGIC5_IRS_CR0, below(a, 4) != 0);
        put(c, VGIC5_IRS_SPI_SELR, below(a, NR_SPIS + 1));
        put(c, VGIC5_IRS_SPI_CFGR, below(a, 2));
        put(c, VGIC5_IRS_SPI_RESAMPLER, below(a, NR_SPIS + 1));
        put(c, VGIC5_IRS_PE_SELR, below(a, a->chaos->vmm.nr_vcpus + 1));
        get(c, below(a, FRAME_REGISTERS / 4) * 4, 4);
    }
    return NULL;
}

/* A table of two levels, or a linear one behind level 1; some of its entries Active or Pending. */
static void make_table(struct chaos_actor *a, bool two_level)
{
    struct chaos *c = a->chaos;
    uint32_t words[NR_LPIS];
    for (uint32_t id = 0; id < NR_LPIS; id++)
        words[id] = below(a, a->chaos->vmm.nr_vcpus + 1) << 16 | below(a, 32) << 11 | 8u |
                    (below(a, 64) ? 0 : below(a, 4));
    memset(c->vmm.ram, 0, PAGE);
    memcpy(c->vmm.ram + PAGE * 4, words, sizeof(words));
    for (uint64_t table = 0; two_level && table < NR_LPIS >> L2_BITS; table++) {
        uint64_t entry = (VMM_RAM_BASE + PAGE * (4 + table)) | below(a, 2);
        memcpy(c->vmm.ram + 8 * table, &entry, sizeof(entry));
    }
    put(c, VGIC5_IRS_IST_CFGR, ID_BITS | (two_level ? 1u << 16 : 0));
    vmm_mmio_write(&c->vmm, VGIC5_IRS_IST_BASER, 8,
                   (two_level ? VMM_RAM_BASE : VMM_RAM_BASE + PAGE * 4) | 1);
}

static void *be_the_tables(void *context)
{
    struct chaos_actor *a = context;
    struct chaos *c = a->chaos;
    for (unsigned long n = 0; n < c->steps / 64; n++) {
        make_table(a, below(a, 2));
        for (uint32_t i = 0; i < 8; i++) {
            put(c, VGIC5_IRS_MAP_L2_ISTR, below(a, NR_LPIS));
            get(c, VGIC5_IRS_IST_BASER, 8);
            sched_yield();
        }
        if (n + 1 < c->steps / 64)
            vmm_mmio_write(&c->vmm, VGIC5_IRS_IST_BASER, 8, 0);
    }
    return NULL;
}

static void ask(struct chaos_actor *a, uint32_t group, uint64_t number, void *payload)
{
    struct vgic5_attr attr = {.group = group, .attr = number, .addr = (uintptr_t)payload};
    if (below(a, 4) == 0)
        vgic5_has_attr(a->chaos->vmm.device, &attr);
    if (vgic5_get_attr(a->chaos->vmm.device, &attr) == 0 && below(a, 4) == 0)
        vgic5_set_attr(a->chaos->vmm.device, &attr);
}

/* What has been got may be set again (EBUSY when a vCPU is in, or has been); GRP_IST is refused. */
static void *be_the_vmm(void *context)
{
    struct chaos_actor *a = context;
    struct chaos *c = a->chaos;
    uint64_t value[2], trigger, handling;
    uint32_t words[NR_SPIS];
    for (unsigned long n = 0; n < c->steps / 4; n++) {
        uint64_t mpidr = vgic5_mpidr_of_vcpu(below(a, a->chaos->vmm.nr_vcpus));
        ask(a, VGIC5_GRP_ADDR, VGIC5_ADDR_TYPE_IRS, value);
        ask(a, VGIC5_GRP_CPU_SYSREGS, VGIC5_SYSREG_ATTR(mpidr, VGIC5_ICC_PCR), value);
        ask(a, VGIC5_GRP_CPU_SYSREGS, VGIC5_SYSREG_ATTR(mpidr, VGIC5_ICC_HPPIR), value);
        ask(a, VGIC5_GRP_IRS_REGS, below(a, FRAME_REGISTERS), value);
        ask(a, VGIC5_GRP_IST, 0, words);
        vgic5_get_spi_wires(c->vmm.device, value, 1);
        vgic5_get_spi_modes(c->vmm.device, &trigger, &handling, 1);
    }
    return NULL;
}

static const struct chaos_cast {
    void *(*body)(void *actor);
    uint32_t nr;
} casts[] = {
    {be_the_wires, 2},
    {be_the_frame, 2},
    {be_the_tables, 1},
    {be_the_vmm, 2},
};
#define NR_CASTS (sizeof(casts) / sizeof(casts[0]))
#define MAX_THREADS 64u
#define MAX_ACTORS (MAX_THREADS + 7u)

/* ---- The device ------------------------------------------------------------------------------ */

/* Without vCPUs: what a restore begins with. */
static struct chaos *create(uint32_t abi, uint32_t nr_vcpus)
{
    const struct vgic5_config config = {
        .size = sizeof(config), .abi = abi, .threads = 1, .ist_l2sz = 1};
    struct vgic5_host host = vmm_host;
    const struct vmm_shape shape = {
        .config = &config, .host = &host, .nr_vcpus = nr_vcpus, .nr_spis = NR_SPIS};
    struct chaos *c = calloc(1, sizeof(*c));
    int ret = -ENOMEM;

    host.alloc = allocate;
    if (c && vmm_prepare(&c->vmm, 0, RAM_SIZE))
        ret = nr_vcpus ? vmm_build(&c->vmm, &shape) : vmm_create_device(&c->vmm, &config, &host);
    if (ret) {
        fprintf(stderr, "chaos: no device: %d\n", ret);
        exit(2);
    }
    return c;
}

/* Those that a restore has made. */
static void find_vcpus(struct chaos *c, uint32_t nr_vcpus)
{
    for (uint32_t i = 0; i < nr_vcpus; i++)
        c->vmm.vcpu[i] = vgic5_vcpu(c->vmm.device, i);
}

static void destroy(struct chaos *c)
{
    check(vmm_drop_device(&c->vmm), "the device has left nothing", 0);
    vmm_free_ram(&c->vmm);
    free(c);
}

/* ---- The end --------------------------------------------------------------------------------- */

static uint64_t config_of(struct chaos *c, uint32_t intid)
{
    vmm_msr(c->vmm.vcpu[0], VGIC5_CDRCFG, intid);
    return vmm_mrs(c->vmm.vcpu[0], VGIC5_ICC_ICSR);
}

/* ICC_HPPIR shows what the line is about. */
static void check_lines(struct chaos *c)
{
    unsigned long wrong = 0, untold = 0;
    for (uint32_t i = 0; i < c->vmm.nr_vcpus; i++) {
        bool signalled = vmm_mrs(c->vmm.vcpu[i], VGIC5_ICC_HPPIR);
        enum vgic5_line now = vgic5_vcpu_line(c->vmm.vcpu[i]);
        wrong += signalled != (now != VGIC5_LINE_NONE);
        untold += now != c->vmm.told[i];
    }
    check(wrong == 0, "lines that the state does not explain", wrong);
    check(untold == 0, "lines of which the host was told wrong", untold);
}

/* Under 7.4 an SPI's handling mode is not carried. */
static void compare(struct chaos *a, struct chaos *b, uint64_t spi_bits)
{
    unsigned long different = 0, in_flight = 0;
    for (uint32_t id = 0; id < NR_LPIS + NR_SPIS; id++) {
        uint32_t intid =
            id < NR_LPIS ? VGIC5_INTID(VGIC5_LPI, id) : VGIC5_INTID(VGIC5_SPI, id - NR_LPIS);
        uint64_t config = config_of(a, intid), bits = id < NR_LPIS ? UINT64_MAX : spi_bits;
        different += (config & bits) != (config_of(b, intid) & bits);
        in_flight += (config & 0x15) > 1; /* not unreachable; Pending or Active */
    }
    for (uint32_t i = 0; i < a->vmm.nr_vcpus; i++) {
        different +=
            vmm_mrs(a->vmm.vcpu[i], VGIC5_ICC_HPPIR) != vmm_mrs(b->vmm.vcpu[i], VGIC5_ICC_HPPIR);
        different += vgic5_vcpu_line(a->vmm.vcpu[i]) != vgic5_vcpu_line(b->vmm.vcpu[i]);
    }
    check(in_flight > 0, "interrupts pending or active at the end", in_flight);
    check(different == 0, "differences from a new device with this state", different);
}

static void check_restored(struct chaos *c, uint32_t abi)
{
    struct chaos *fresh = create(abi, 0);
    struct vgic5_error error = {0};
    struct vgic5_state *state = NULL;
    struct vgic5_port port;
    vgic5_port_model(c->vmm.device, &port);
    if (vgic5_save(&port, NULL, &state, &error) == 0) {
        memcpy(fresh->vmm.ram, c->vmm.ram, RAM_SIZE);
        vgic5_port_model(fresh->vmm.device, &port);
        if (vgic5_restore(&port, state, NULL, &error) == 0) {
            find_vcpus(fresh, c->vmm.nr_vcpus);
            compare(c, fresh, abi == VGIC5_ABI_7_4 ? ~VGIC5_ICC_ICSR_HM : UINT64_MAX);
        }
    }
    check(error.message[0] == '\0', error.message[0] ? error.message : "saved and restored", abi);
    vgic5_state_free(state);
    destroy(fresh);
}

static void start(struct chaos_actor *actor, void *(*body)(void *actor))
{
    if (pthread_create(&actor->thread, NULL, body, actor)) {
        perror("pthread_create");
        exit(2);
    }
}

static void run(struct chaos *c, uint64_t seed)
{
    struct chaos_actor actors[MAX_ACTORS];
    uint32_t nr = 0;
    for (uint32_t i = 0; i < MAX_ACTORS; i++)
        actors[i] = (struct chaos_actor){.chaos = c, .number = i, .random = seed + 77 * i + 1};
    for (; nr < c->nr_threads; nr++)
        start(&actors[nr], be_a_vcpu);
    for (size_t i = 0; i < NR_CASTS; i++)
        for (uint32_t n = 0; n < casts[i].nr; n++, nr++)
            start(&actors[nr], casts[i].body);
    while (nr-- > 0)
        pthread_join(actors[nr].thread, NULL);
}

static unsigned long argument(int argc, char **argv, int n, unsigned long otherwise)
{
    return argc > n ? strtoul(argv[n], NULL, 0) : otherwise;
}

static uint32_t at_most(unsigned long value, uint32_t limit)
{
    return value < limit ? (uint32_t)value : limit;
}

int main(int argc, char **argv)
{
    unsigned long steps = argument(argc, argv, 1, STEPS), seed = argument(argc, argv, 2, SEED);
    uint32_t nr_vcpus = at_most(argument(argc, argv, 3, NR_VCPUS), VGIC5_MAX_VCPUS);
    uint32_t nr_threads = at_most(argument(argc, argv, 4, NR_THREADS), MAX_THREADS);
    printf("# seed %lu, %lu steps, %u vCPUs, %u threads for them\n", seed, steps, nr_vcpus,
           nr_threads);
    for (uint32_t abi = VGIC5_ABI_V1; abi <= VGIC5_ABI_7_4; abi++) {
        struct chaos *c = create(abi, nr_vcpus);
        c->steps = steps;
        c->nr_threads = nr_threads;
        atomic_store(&c->scarce, true);
        run(c, seed);
        atomic_store(&c->scarce, false);
        check_lines(c);
        check_restored(c, abi);
        destroy(c);
    }
    return failures != 0;
}
