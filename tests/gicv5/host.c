/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "host.h"

#define IRS_ADDRESS 0x08010000ull

/* In front of each block: its size, so that free can be checked. */
struct block {
    _Alignas(64) size_t size;
};

static bool alloc_must_fail(struct machine *m)
{
    if (!m->alloc_faults || m->allocs_before_fault-- > 0)
        return false;
    m->allocs_before_fault = 0;
    m->alloc_faults = m->alloc_faults_go_on;
    m->alloc_failures++;
    return true;
}

static void *host_alloc(void *opaque, size_t size)
{
    struct machine *m = opaque;
    void *memory;
    if (alloc_must_fail(m) || posix_memalign(&memory, 64, sizeof(struct block) + size))
        return NULL;
    memset(memory, 0, sizeof(struct block) + size);
    ((struct block *)memory)->size = size;
    m->live_blocks++;
    return (struct block *)memory + 1;
}

static void host_free(void *opaque, void *memory, size_t size)
{
    struct machine *m = opaque;
    if (!memory)
        return;
    struct block *block = (struct block *)memory - 1;
    if (block->size != size)
        m->wrong_frees++;
    m->live_blocks--;
    free(block);
}

static bool faults(const struct machine *m, uint64_t ipa, size_t size)
{
    return ipa < m->fault_base + m->fault_size && ipa + size > m->fault_base;
}

static uint8_t *ram_at(struct machine *m, uint64_t ipa, size_t size)
{
    if (ipa < m->ram_base || size > m->ram_size || ipa - m->ram_base > m->ram_size - size)
        return NULL;
    return m->ram + (ipa - m->ram_base);
}

static int host_read_guest(void *opaque, uint64_t ipa, void *to, size_t size)
{
    struct machine *m = opaque;
    const uint8_t *from = ram_at(m, ipa, size);
    m->guest_reads++;
    if (!from || (m->fault_reads && faults(m, ipa, size)))
        return -EFAULT;
    memcpy(to, from, size);
    return 0;
}

static int host_write_guest(void *opaque, uint64_t ipa, const void *from, size_t size)
{
    struct machine *m = opaque;
    uint8_t *to = ram_at(m, ipa, size);
    m->guest_writes++;
    if (!to || (m->fault_writes && faults(m, ipa, size)))
        return -EFAULT;
    memcpy(to, from, size);
    return 0;
}

static void host_line(void *opaque, uint32_t vcpu_id, enum vgic5_line line)
{
    struct machine *m = opaque;
    m->line_calls++;
    for (uint32_t i = 0; i < m->nr_vcpus; i++) {
        if (m->id[i] != vcpu_id)
            continue;
        if (m->told[i] == line)
            m->useless_line_calls++;
        m->told[i] = line;
    }
}

static int host_quiesce(void *opaque)
{
    struct machine *m = opaque;
    return m->quiesce_answer;
}

static void host_log(void *opaque, const char *message)
{
    struct machine *m = opaque;
    m->log_lines++;
    m->bad_log_lines += !*message || strchr(message, '\n');
}

void machine_prepare(struct machine *m, const struct machine_options *options)
{
    *m = (struct machine){.ram_base = options->ram_base ? options->ram_base : HOST_RAM_BASE,
                          .ram_size = options->ram_size ? options->ram_size : HOST_RAM_SIZE};
    m->ram = calloc(1, m->ram_size);
    if (!m->ram)
        abort();
}

static int configure(struct machine *m, const struct machine_options *options)
{
    uint64_t address = IRS_ADDRESS;
    uint32_t nr_spis = options->nr_spis;
    m->nr_spis = nr_spis ? nr_spis : VGIC5_NR_SPIS_DEFAULT;
    int err = attr_set(m, VGIC5_GRP_ADDR, VGIC5_ADDR_TYPE_IRS, &address);
    if (!err && nr_spis)
        err = attr_set(m, VGIC5_GRP_NR_IRQS, 0, &nr_spis);
    if (!err && !options->no_init)
        err = attr_set(m, VGIC5_GRP_CTRL, VGIC5_CTRL_INIT, NULL);
    return err;
}

int machine_build(struct machine *m, const struct machine_options *options)
{
    const struct vgic5_host host = {
        .size = sizeof(host),
        .alloc = options->plain_alloc ? NULL : host_alloc,
        .free = options->plain_alloc ? NULL : host_free,
        .read_guest = host_read_guest,
        .write_guest = host_write_guest,
        .line = host_line,
        .quiesce = host_quiesce,
        .log = host_log,
    };
    m->nr_vcpus = options->nr_vcpus;
    memset(m->told, 0, sizeof(m->told));
    int err = vgic5_create(options->config, &host, m, &m->device);
    for (uint32_t i = 0; !err && i < m->nr_vcpus; i++) {
        m->id[i] = options->ids ? options->ids[i] : i;
        err = vgic5_add_vcpu(m->device, m->id[i]);
        m->vcpu[i] = err ? NULL : vgic5_vcpu(m->device, m->id[i]);
    }
    return err ? err : configure(m, options);
}

bool machine_drop_device(struct machine *m)
{
    vgic5_destroy(m->device);
    m->device = NULL;
    return m->live_blocks == 0 && m->wrong_frees == 0 && m->bad_log_lines == 0;
}

void machine_free_ram(struct machine *m)
{
    free(m->ram);
    m->ram = NULL;
}

int machine_enter(struct machine *m)
{
    int err = 0;
    for (uint32_t i = 0; !err && i < m->nr_vcpus; i++)
        err = vgic5_vcpu_enter(m->vcpu[i]);
    return err;
}

void machine_leave(struct machine *m)
{
    for (uint32_t i = 0; i < m->nr_vcpus; i++)
        vgic5_vcpu_leave(m->vcpu[i]);
}

int attr_get(struct machine *m, uint32_t group, uint64_t attr, void *value)
{
    const struct vgic5_attr a = {0, group, attr, (uint64_t)(uintptr_t)value};
    return vgic5_get_attr(m->device, &a);
}

int attr_set(struct machine *m, uint32_t group, uint64_t attr, const void *value)
{
    const struct vgic5_attr a = {0, group, attr, (uint64_t)(uintptr_t)value};
    return vgic5_set_attr(m->device, &a);
}

static uint64_t sysreg_attr(const struct machine *m, uint32_t vcpu, uint16_t encoding)
{
    return VGIC5_SYSREG_ATTR(vgic5_mpidr_of_vcpu(m->id[vcpu]), encoding);
}

int sysreg_get(struct machine *m, uint32_t vcpu, uint16_t encoding, uint64_t *value)
{
    return attr_get(m, VGIC5_GRP_CPU_SYSREGS, sysreg_attr(m, vcpu, encoding), value);
}

int sysreg_set(struct machine *m, uint32_t vcpu, uint16_t encoding, uint64_t value)
{
    return attr_set(m, VGIC5_GRP_CPU_SYSREGS, sysreg_attr(m, vcpu, encoding), &value);
}

int irs_get(struct machine *m, uint32_t offset, uint64_t *value)
{
    return attr_get(m, VGIC5_GRP_IRS_REGS, offset, value);
}

int irs_set(struct machine *m, uint32_t offset, uint64_t value)
{
    return attr_set(m, VGIC5_GRP_IRS_REGS, offset, &value);
}
