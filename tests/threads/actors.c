/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <stddef.h>

#include "stress.h"

#define VALID VGIC5_CDIA_VALID

static uint32_t random_below(struct actor *a, uint32_t limit)
{
    a->random ^= a->random << 13;
    a->random ^= a->random >> 7;
    a->random ^= a->random << 17;
    return (uint32_t)(a->random >> 32) % limit;
}

static bool move_on(struct book *book, uint32_t interrupt, enum way from, enum way to)
{
    int expected = (int)from;
    return atomic_compare_exchange_strong(&book->way[interrupt], &expected, (int)to);
}

/* ---- Causing --------------------------------------------------------------------------------- */

static void cause_lpi(struct actor *a, struct vgic5_vcpu *vcpu)
{
    struct book *book = &a->stress->book;
    uint32_t lpi = random_below(a, NR_LPIS);
    if (!move_on(book, lpi, WAY_IDLE, WAY_CAUSED))
        return;
    atomic_fetch_add(&book->caused, 1);
    vmm_msr(vcpu, VGIC5_CDPEND, VALID | stress_intid(lpi)); /* bit 32: Pending */
}

/* Each SPI is driven by one thread: an edge up is an event, one down is none. */
static void cause_spi(struct actor *a, uint32_t spi)
{
    struct stress *s = a->stress;
    if (!move_on(&s->book, NR_LPIS + spi, WAY_IDLE, WAY_CAUSED))
        return;
    atomic_fetch_add(&s->book.caused, 1);
    vgic5_irq_line(s->vmm.device, VGIC5_IRQ_SPI(spi), true);
    vgic5_irq_line(s->vmm.device, VGIC5_IRQ_SPI(spi), false);
}

void *actor_wires(void *context)
{
    struct actor *a = context;
    for (unsigned long n = 0; n < a->stress->steps; n++)
        cause_spi(a, random_below(a, NR_SPIS / 2) * 2 + a->number % 2);
    return NULL;
}

/* ---- Taking ---------------------------------------------------------------------------------- */

static uint32_t interrupt_of(uint32_t intid)
{
    uint32_t id = VGIC5_INTID_ID(intid);
    if (VGIC5_INTID_TYPE(intid) == VGIC5_LPI && id < NR_LPIS)
        return id;
    if (VGIC5_INTID_TYPE(intid) == VGIC5_SPI && id < NR_SPIS)
        return NR_LPIS + id;
    return NR_INTERRUPTS;
}

static bool take_one(struct actor *a, struct vgic5_vcpu *vcpu)
{
    struct book *book = &a->stress->book;
    uint64_t acknowledged = vmm_mrs(vcpu, VGIC5_CDIA);
    if (!(acknowledged & VALID))
        return false;
    uint32_t intid = (uint32_t)acknowledged, interrupt = interrupt_of(intid);
    if (interrupt == NR_INTERRUPTS)
        atomic_fetch_add(&book->unknown, 1);
    else if (!move_on(book, interrupt, WAY_CAUSED, WAY_TAKEN))
        atomic_fetch_add(&book->duplicated, 1);
    atomic_fetch_add(&book->taken, 1);
    vmm_msr(vcpu, VGIC5_CDEOI, 0);
    vmm_msr(vcpu, VGIC5_CDDI, intid);
    if (interrupt != NR_INTERRUPTS)
        move_on(book, interrupt, WAY_TAKEN, WAY_IDLE);
    return true;
}

/* ---- Reconfiguring --------------------------------------------------------------------------- */

static void reconfigure(struct actor *a, struct vgic5_vcpu *vcpu)
{
    uint32_t intid = stress_intid(random_below(a, NR_INTERRUPTS));
    switch (random_below(a, 8)) {
    case 0:
    case 1:
    case 2: /* to a PE that is not there, and away from it again */
        vmm_msr(vcpu, VGIC5_CDAFF, (uint64_t)NR_ALL << 32 | intid);
        vmm_msr(vcpu, VGIC5_CDAFF, (uint64_t)random_below(a, NR_ALL) << 32 | intid);
        break;
    case 3:
    case 4:
        vmm_msr(vcpu, VGIC5_CDAFF, (uint64_t)random_below(a, NR_ALL) << 32 | intid);
        break;
    case 5:
        vmm_msr(vcpu, VGIC5_CDPRI, (uint64_t)random_below(a, 32) << 35 | intid);
        break;
    case 6:
        vmm_msr(vcpu, VGIC5_CDDIS, intid);
        vmm_msr(vcpu, VGIC5_CDEN, intid);
        break;
    default:
        vmm_msr(vcpu, VGIC5_CDRCFG, intid);
        vmm_mrs(vcpu, VGIC5_ICC_ICSR);
        vmm_mrs(vcpu, VGIC5_ICC_HPPIR);
    }
}

/* What the guest had left active is retired by one of the vCPUs. */
static void retire_the_old(struct actor *a, struct vgic5_vcpu *vcpu)
{
    struct book *book = &a->stress->book;
    for (uint32_t lpi = a->number; lpi < NR_LPIS; lpi += NR_VCPUS) {
        if (atomic_load(&book->way[lpi]) != WAY_TAKEN)
            continue;
        vmm_msr(vcpu, VGIC5_CDRCFG, stress_intid(lpi));
        if (lpi % ACTIVE_EVERY == 0) {
            vmm_msr(vcpu, VGIC5_CDDI, stress_intid(lpi));
            move_on(book, lpi, WAY_TAKEN, WAY_IDLE);
        }
    }
}

static void enter(struct stress *s, struct vgic5_vcpu *vcpu)
{
    pthread_rwlock_rdlock(&s->gate);
    vgic5_vcpu_enter(vcpu);
}

static void leave(struct stress *s, struct vgic5_vcpu *vcpu)
{
    vgic5_vcpu_leave(vcpu);
    pthread_rwlock_unlock(&s->gate);
}

void *actor_vcpu(void *context)
{
    struct actor *a = context;
    struct stress *s = a->stress;
    struct vgic5_vcpu *vcpu = s->vmm.vcpu[a->number];
    retire_the_old(a, vcpu);
    for (unsigned long n = 0; n < s->steps; n++) {
        enter(s, vcpu);
        cause_lpi(a, vcpu);
        if (random_below(a, 4) == 0)
            reconfigure(a, vcpu);
        while (random_below(a, 8) && take_one(a, vcpu))
            ;
        leave(s, vcpu);
    }
    atomic_fetch_sub(&s->causing, 1);
    while (!atomic_load(&s->over))
        take_one(a, vcpu);
    return NULL;
}

/* ---- Sleeping -------------------------------------------------------------------------------- */

/* As a VMM's WFI: nothing but the callback wakes it. A wake-up that is lost is an interrupt that is
 * lost. */
static void wait_for_interrupt(struct stress *s, struct told *told)
{
    pthread_mutex_lock(&told->mutex);
    while (told->line == VGIC5_LINE_NONE && !atomic_load(&s->over))
        pthread_cond_wait(&told->raised, &told->mutex);
    pthread_mutex_unlock(&told->mutex);
}

void *actor_sleeper(void *context)
{
    struct actor *a = context;
    struct stress *s = a->stress;
    uint32_t number = NR_VCPUS + a->number % NR_SLEEPERS;
    while (!atomic_load(&s->over)) {
        wait_for_interrupt(s, &s->told[number]);
        enter(s, s->vmm.vcpu[number]);
        while (take_one(a, s->vmm.vcpu[number]))
            ;
        leave(s, s->vmm.vcpu[number]);
    }
    return NULL;
}

/* ---- What needs all locks -------------------------------------------------------------------- */

void *actor_frame(void *context)
{
    struct actor *a = context;
    struct stress *s = a->stress;
    uint64_t value;
    for (unsigned long n = 0; n < s->steps / 16; n++) {
        vmm_mmio_write(&s->vmm, VGIC5_IRS_CR1, 4, n & 1);
        vmm_mmio_write(&s->vmm, VGIC5_IRS_SPI_SELR, 4, random_below(a, NR_SPIS));
        vmm_mmio_read(&s->vmm, VGIC5_IRS_SPI_STATUSR, 4, &value);
        vmm_mmio_write(&s->vmm, VGIC5_IRS_CR0, 4, 0);
        vmm_mmio_write(&s->vmm, VGIC5_IRS_CR0, 4, 1);
        vgic5_vcpu_line(s->vmm.vcpu[random_below(a, NR_ALL)]);
    }
    return NULL;
}

/* ---- The VMM's own questions ----------------------------------------------------------------- */

/* EBUSY as long as a vCPU is in, but never anything else. */
static void ask(struct actor *a)
{
    struct stress *s = a->stress;
    uint64_t values[NR_SPIS], mpidr = vgic5_mpidr_of_vcpu(random_below(a, NR_ALL));
    uint32_t words[NR_SPIS];
    const int answers[] = {
        vmm_get(&s->vmm, VGIC5_GRP_IST, 0, words),
        vmm_get(&s->vmm, VGIC5_GRP_IRS_REGS, VGIC5_IRS_CR1, values),
        vmm_get(&s->vmm, VGIC5_GRP_CPU_SYSREGS, VGIC5_SYSREG_ATTR(mpidr, VGIC5_ICC_PCR), values),
        vgic5_get_spi_wires(s->vmm.device, values, 1),
        vgic5_get_spi_modes(s->vmm.device, values, values + 1, 1),
    };
    for (size_t i = 0; i < sizeof(answers) / sizeof(answers[0]); i++)
        atomic_fetch_add(&s->refused, answers[i] != 0 && answers[i] != -EBUSY);
    vgic5_spi_enabled(s->vmm.device, random_below(a, NR_SPIS));
}

/* All vCPUs are out, and the wires go on. */
static void ask_alone(struct stress *s)
{
    uint32_t words[NR_SPIS];
    pthread_rwlock_wrlock(&s->gate);
    int ret = vmm_get(&s->vmm, VGIC5_GRP_IST, 0, words);
    pthread_rwlock_unlock(&s->gate);
    atomic_fetch_add(ret ? &s->refused : &s->seen, 1);
}

void *actor_vmm(void *context)
{
    struct actor *a = context;
    for (unsigned long n = 0; n < a->stress->steps / 16; n++) {
        ask(a);
        ask_alone(a->stress);
    }
    return NULL;
}
