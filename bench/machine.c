/* SPDX-License-Identifier: BSD-3-Clause */
#include "machine.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "report.h"

#define IRS_ADDRESS 0x08010000ull
#define L2_BYTES 4096u
#define L2_BITS 10u /* entries of 4 bytes */

static unsigned char *at(struct machine *m, uint64_t ipa, size_t size)
{
    if (ipa < MACHINE_RAM || size > m->ram_size || ipa - MACHINE_RAM > m->ram_size - size)
        return NULL;
    return m->ram + (ipa - MACHINE_RAM);
}

static void *allocate(void *opaque, size_t size)
{
    struct machine *m = opaque;
    void *memory = NULL;
    if (posix_memalign(&memory, 64, size))
        return NULL;
    __atomic_fetch_add(&m->allocated, size, __ATOMIC_RELAXED);
    return memset(memory, 0, size);
}

static void release(void *opaque, void *memory, size_t size)
{
    struct machine *m = opaque;
    if (memory)
        __atomic_fetch_sub(&m->allocated, size, __ATOMIC_RELAXED);
    free(memory);
}

static int read_guest(void *opaque, uint64_t ipa, void *to, size_t size)
{
    const unsigned char *from = at(opaque, ipa, size);
    if (!from)
        return -EFAULT;
    memcpy(to, from, size);
    return 0;
}

static int write_guest(void *opaque, uint64_t ipa, const void *from, size_t size)
{
    unsigned char *to = at(opaque, ipa, size);
    if (!to)
        return -EFAULT;
    memcpy(to, from, size);
    return 0;
}

int attr_set(struct machine *m, uint32_t group, uint64_t attr, const void *payload)
{
    struct vgic5_attr a = {.group = group, .attr = attr, .addr = (uintptr_t)payload};
    return vgic5_set_attr(m->device, &a);
}

int attr_get(struct machine *m, uint32_t group, uint64_t attr, void *payload)
{
    struct vgic5_attr a = {.group = group, .attr = attr, .addr = (uintptr_t)payload};
    return vgic5_get_attr(m->device, &a);
}

static int create(struct machine *m, const struct machine_shape *shape)
{
    const struct vgic5_config config = {.size = sizeof(config),
                                        .abi = shape->abi,
                                        .lpi_id_bits = shape->lpi_id_bits,
                                        .threads = shape->threads,
                                        .ist_l2sz = shape->two_level ? 1 : 0};
    const struct vgic5_host host = {.size = sizeof(host),
                                    .alloc = allocate,
                                    .free = release,
                                    .read_guest = read_guest,
                                    .write_guest = write_guest};
    const uint64_t irs = IRS_ADDRESS;
    int ret = vgic5_create(&config, &host, m, &m->device);
    for (uint32_t i = 0; i < shape->nr_pes && !ret; i++) {
        ret = vgic5_add_vcpu(m->device, i);
        m->pe[i] = ret ? NULL : vgic5_vcpu(m->device, i);
    }
    if (!ret)
        ret = attr_set(m, VGIC5_GRP_ADDR, VGIC5_ADDR_TYPE_IRS, &irs);
    return ret ? ret : attr_set(m, VGIC5_GRP_CTRL, VGIC5_CTRL_INIT, NULL);
}

struct machine *machine_new(const struct machine_shape *shape)
{
    struct machine *m = calloc(1, sizeof(*m));
    if (!m) {
        report_failure("no memory");
        return NULL;
    }
    m->nr_pes = shape->nr_pes;
    m->ram_size = shape->ram_size;
    void *ram = mmap(NULL, m->ram_size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    m->ram = ram == MAP_FAILED ? NULL : ram;
    int ret = m->ram ? create(m, shape) : -ENOMEM;
    if (!ret)
        return m;
    report_failure("no device: %s", strerror(-ret));
    machine_drop(m);
    return NULL;
}

void machine_drop(struct machine *m)
{
    if (!m)
        return;
    vgic5_destroy(m->device);
    if (m->ram)
        munmap(m->ram, m->ram_size);
    free(m);
}

void mmio_write(struct machine *m, uint64_t offset, uint8_t size, uint64_t value)
{
    struct vgic5_mmio access = {.offset = offset, .size = size, .value = value, .is_write = true};
    vgic5_mmio(m->device, &access);
}

uint64_t mmio_read(struct machine *m, uint64_t offset, uint8_t size)
{
    struct vgic5_mmio access = {.offset = offset, .size = size};
    vgic5_mmio(m->device, &access);
    return access.value;
}

void machine_enable(struct machine *m)
{
    mmio_write(m, VGIC5_IRS_CR0, 4, 1);
    for (uint32_t i = 0; i < m->nr_pes; i++) {
        msr(m->pe[i], VGIC5_ICC_PCR, 31);
        msr(m->pe[i], VGIC5_ICC_CR0, 1);
    }
}

void machine_linear_table(struct machine *m, uint32_t id_bits)
{
    mmio_write(m, VGIC5_IRS_IST_CFGR, 4, id_bits);
    mmio_write(m, VGIC5_IRS_IST_BASER, 8, MACHINE_RAM | 1);
}

void machine_two_level_table(struct machine *m, uint32_t id_bits)
{
    mmio_write(m, VGIC5_IRS_IST_CFGR, 4, id_bits | 1u << 16);
    mmio_write(m, VGIC5_IRS_IST_BASER, 8, MACHINE_RAM | 1);
}

/* The L2 tables follow the room for level 1 in the order of their ids, used or not. */
void machine_map_l2(struct machine *m, uint32_t id)
{
    uint32_t table = id >> L2_BITS;
    uint64_t first = MACHINE_RAM + (8ull << (24 - L2_BITS));
    uint64_t *entry = (uint64_t *)(void *)(m->ram + 8ull * table);
    if (*entry & 1)
        return;
    *entry = first + (uint64_t)table * L2_BYTES;
    mmio_write(m, VGIC5_IRS_MAP_L2_ISTR, 4, id);
}

uint32_t *machine_words(struct machine *m)
{
    return (uint32_t *)(void *)m->ram;
}

void machine_fill_table(struct machine *m, uint32_t nr, uint32_t word)
{
    for (uint32_t i = 0; i < nr; i++)
        machine_words(m)[i] = word;
}
