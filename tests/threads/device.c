/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <string.h>

#include "stress.h"

#define PRIORITY 16u

static void line(void *opaque, uint32_t vcpu_id, enum vgic5_line value)
{
    struct told *told = &((struct stress *)opaque)->told[vcpu_id];

    pthread_mutex_lock(&told->mutex);
    told->line = value;
    pthread_cond_signal(&told->raised);
    pthread_mutex_unlock(&told->mutex);
}

uint32_t stress_intid(uint32_t interrupt)
{
    return interrupt < NR_LPIS ? VGIC5_INTID(VGIC5_LPI, interrupt)
                               : VGIC5_INTID(VGIC5_SPI, interrupt - NR_LPIS);
}

/* In memory only: the blocks are loaded when the threads touch them. */
static void fill_table(struct stress *s)
{
    for (uint32_t id = 0; id < NR_LPIS; id++) {
        bool active = id % ACTIVE_EVERY == 0;
        uint32_t word = VGIC5_ISTE_ENABLE | PRIORITY << 11 | id % NR_ALL << 16;

        word |= active ? VGIC5_ISTE_ACTIVE : 0;
        memcpy(s->vmm.ram + 4 * id, &word, sizeof(word));
        atomic_store(&s->book.way[id], active ? WAY_TAKEN : WAY_IDLE);
    }
}

static void enable(struct stress *s)
{
    struct vmm *vmm = &s->vmm;

    fill_table(s);
    vmm_mmio_write(vmm, VGIC5_IRS_IST_CFGR, 4, ID_BITS);
    vmm_mmio_write(vmm, VGIC5_IRS_IST_BASER, 8, VMM_RAM_BASE | 1);
    vmm_mmio_write(vmm, VGIC5_IRS_CR0, 4, 1);
    for (uint32_t n = 0; n < NR_ALL; n++) {
        vmm_msr(vmm->vcpu[n], VGIC5_ICC_PCR, 31);
        vmm_msr(vmm->vcpu[n], VGIC5_ICC_CR0, 1);
    }
    for (uint32_t n = 0; n < NR_SPIS; n++) {
        uint32_t intid = VGIC5_INTID(VGIC5_SPI, n);

        vmm_msr(vmm->vcpu[0], VGIC5_CDAFF, (uint64_t)(n % NR_ALL) << 32 | intid);
        vmm_msr(vmm->vcpu[0], VGIC5_CDPRI, (uint64_t)PRIORITY << 35 | intid);
        vmm_msr(vmm->vcpu[0], VGIC5_CDEN, intid);
    }
}

static int build(struct vmm *vmm)
{
    const struct vgic5_config config = {.size = sizeof(config), .threads = 1};
    struct vgic5_host host = vmm_host;

    host.line = line;
    if (!vmm_prepare(vmm, 0, RAM_SIZE))
        return -ENOMEM;
    return vmm_build(vmm,
                     &(struct vmm_shape){
                         .config = &config, .host = &host, .nr_vcpus = NR_ALL, .nr_spis = NR_SPIS});
}

int stress_create(struct stress *s)
{
    pthread_rwlockattr_t fair;
    int ret;

    pthread_rwlockattr_init(&fair);
    pthread_rwlockattr_setkind_np(&fair, PTHREAD_RWLOCK_PREFER_WRITER_NONRECURSIVE_NP);
    pthread_rwlock_init(&s->gate, &fair);
    pthread_rwlockattr_destroy(&fair);
    for (uint32_t n = 0; n < NR_ALL; n++) {
        pthread_mutex_init(&s->told[n].mutex, NULL);
        pthread_cond_init(&s->told[n].raised, NULL);
    }
    ret = build(&s->vmm);
    if (ret == 0)
        enable(s);
    return ret;
}

bool stress_destroy(struct stress *s)
{
    bool good = vmm_drop_device(&s->vmm);

    vmm_free_ram(&s->vmm);
    return good;
}
