/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <string.h>

#include "stress.h"

#define PRIORITY 16u

static int at(uint64_t ipa, size_t size, size_t *offset)
{
    if (ipa < RAM_BASE || size > RAM_SIZE || ipa - RAM_BASE > RAM_SIZE - size)
        return -EFAULT;
    *offset = ipa - RAM_BASE;
    return 0;
}

static int read_guest(void *opaque, uint64_t ipa, void *to, size_t size)
{
    const struct stress *s = opaque;
    size_t offset;
    if (at(ipa, size, &offset))
        return -EFAULT;
    memcpy(to, s->ram + offset, size);
    return 0;
}

static int write_guest(void *opaque, uint64_t ipa, const void *from, size_t size)
{
    struct stress *s = opaque;
    size_t offset;
    if (at(ipa, size, &offset))
        return -EFAULT;
    memcpy(s->ram + offset, from, size);
    return 0;
}

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

static int set(struct stress *s, uint32_t group, uint64_t attr, const void *payload)
{
    struct vgic5_attr a = {.group = group, .attr = attr, .addr = (uintptr_t)payload};
    return vgic5_set_attr(s->device, &a);
}

static int initialise(struct stress *s)
{
    const uint32_t nr_spis = NR_SPIS;
    const uint64_t irs = 0x08010000;
    int ret = 0;
    for (uint32_t i = 0; i < NR_ALL && !ret; i++)
        ret = vgic5_add_vcpu(s->device, i);
    if (!ret)
        ret = set(s, VGIC5_GRP_NR_IRQS, 0, &nr_spis);
    if (!ret)
        ret = set(s, VGIC5_GRP_ADDR, VGIC5_ADDR_TYPE_IRS, &irs);
    return ret ? ret : set(s, VGIC5_GRP_CTRL, VGIC5_CTRL_INIT, NULL);
}

static void write_frame(struct stress *s, uint64_t offset, uint8_t size, uint64_t value)
{
    struct vgic5_mmio access = {.offset = offset, .size = size, .value = value, .is_write = true};
    vgic5_mmio(s->device, &access);
}

/* In memory only: the blocks are loaded when the threads touch them. */
static void fill_table(struct stress *s)
{
    for (uint32_t id = 0; id < NR_LPIS; id++) {
        bool active = id % ACTIVE_EVERY == 0;
        uint32_t word = VGIC5_ISTE_ENABLE | PRIORITY << 11 | id % NR_ALL << 16;
        word |= active ? VGIC5_ISTE_ACTIVE : 0;
        memcpy(s->ram + 4 * id, &word, sizeof(word));
        atomic_store(&s->book.way[id], active ? WAY_TAKEN : WAY_IDLE);
    }
}

static void enable(struct stress *s)
{
    fill_table(s);
    write_frame(s, VGIC5_IRS_IST_CFGR, 4, ID_BITS);
    write_frame(s, VGIC5_IRS_IST_BASER, 8, RAM_BASE | 1);
    write_frame(s, VGIC5_IRS_CR0, 4, 1);
    for (uint32_t i = 0; i < NR_ALL; i++) {
        s->vcpu[i] = vgic5_vcpu(s->device, i);
        msr(s->vcpu[i], VGIC5_ICC_PCR, 31);
        msr(s->vcpu[i], VGIC5_ICC_CR0, 1);
    }
    for (uint32_t i = 0; i < NR_SPIS; i++) {
        uint32_t intid = VGIC5_INTID(VGIC5_SPI, i);
        msr(s->vcpu[0], VGIC5_CDAFF, (uint64_t)(i % NR_ALL) << 32 | intid);
        msr(s->vcpu[0], VGIC5_CDPRI, (uint64_t)PRIORITY << 35 | intid);
        msr(s->vcpu[0], VGIC5_CDEN, intid);
    }
}

int stress_create(struct stress *s)
{
    const struct vgic5_config config = {.size = sizeof(config), .threads = 1};
    const struct vgic5_host host = {
        .size = sizeof(host), .read_guest = read_guest, .write_guest = write_guest, .line = line};
    pthread_rwlockattr_t fair;
    pthread_rwlockattr_init(&fair);
    pthread_rwlockattr_setkind_np(&fair, PTHREAD_RWLOCK_PREFER_WRITER_NONRECURSIVE_NP);
    pthread_rwlock_init(&s->gate, &fair);
    pthread_rwlockattr_destroy(&fair);
    for (uint32_t i = 0; i < NR_ALL; i++) {
        pthread_mutex_init(&s->told[i].mutex, NULL);
        pthread_cond_init(&s->told[i].raised, NULL);
    }
    int ret = vgic5_create(&config, &host, s, &s->device);
    if (!ret)
        ret = initialise(s);
    if (!ret)
        enable(s);
    return ret;
}
