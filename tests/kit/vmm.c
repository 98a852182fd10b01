/* SPDX-License-Identifier: BSD-3-Clause */
#include "kit/vmm.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define PAGE 4096u
/* Of several threads. */
#define COUNT(counter, by) __atomic_fetch_add(&(counter), (by), __ATOMIC_RELAXED)

/* ---- Allocations ----------------------------------------------------------------------------- */

/* In front of each block: its size, so that free can be checked. */
struct allocation {
    _Alignas(64) size_t size;
};

static bool alloc_fails(struct vmm *vmm)
{
    if (!vmm->alloc_fault_at || --vmm->alloc_fault_at > 0)
        return false;
    vmm->alloc_fault_at = vmm->alloc_faults_go_on;
    vmm->alloc_failures++;
    return true;
}

static void *op_alloc(void *opaque, size_t size)
{
    struct vmm *vmm = opaque;
    struct allocation *block;
    void *memory;

    if (alloc_fails(vmm) || posix_memalign(&memory, sizeof(*block), sizeof(*block) + size))
        return NULL;
    block = memset(memory, 0, sizeof(*block) + size);
    block->size = size;
    COUNT(vmm->outstanding, 1);
    COUNT(vmm->allocated, size);
    return block + 1;
}

static void op_free(void *opaque, void *memory, size_t size)
{
    struct vmm *vmm = opaque;
    struct allocation *block;

    if (!memory)
        return;
    block = (struct allocation *)memory - 1;
    if (block->size != size)
        COUNT(vmm->wrong_frees, 1);
    COUNT(vmm->outstanding, -1);
    COUNT(vmm->allocated, -block->size);
    free(block);
}

/* ---- Guest memory ---------------------------------------------------------------------------- */

static bool is_in_hole(const struct vmm *vmm, uint64_t ipa, size_t size, bool is_write)
{
    uint64_t hole_size = vmm->hole_size ? vmm->hole_size : PAGE;

    if (vmm->hole_for == (is_write ? VMM_NO_READS : VMM_NO_WRITES))
        return false;
    return ipa < vmm->hole + hole_size && ipa + size > vmm->hole;
}

/* 0, and where the bytes are; or why they cannot be reached. */
static int reach(struct vmm *vmm, uint64_t ipa, size_t size, bool is_write, uint8_t **at)
{
    *at = vmm->ram_is_gone ? NULL : vmm_ram_at(vmm, ipa, size);
    if (!*at)
        return -EFAULT;
    if (vmm->hole && is_in_hole(vmm, ipa, size, is_write))
        return vmm->hole_answer ? vmm->hole_answer : -EFAULT;
    return 0;
}

int vmm_read_guest(void *opaque, uint64_t ipa, void *to, size_t size)
{
    struct vmm *vmm = opaque;
    uint8_t *from;
    int ret = reach(vmm, ipa, size, false, &from);

    COUNT(vmm->guest_reads, 1);
    if (ret == 0)
        memcpy(to, from, size);
    return ret;
}

static bool sets_valid(const uint8_t *to, const void *from)
{
    uint64_t before, after;

    memcpy(&before, to, sizeof(before));
    memcpy(&after, from, sizeof(after));
    return !(before & 1) && after == (before | 1);
}

int vmm_write_guest(void *opaque, uint64_t ipa, const void *from, size_t size)
{
    struct vmm *vmm = opaque;
    uint8_t *to;
    int ret = reach(vmm, ipa, size, true, &to);

    COUNT(vmm->guest_writes, 1);
    if (ret)
        return ret;
    if (size == sizeof(uint64_t) && sets_valid(to, from))
        COUNT(vmm->valid_writes, 1);
    memcpy(to, from, size);
    return 0;
}

/* ---- The caller's memory --------------------------------------------------------------------- */

static bool caller_faults(struct vmm *vmm, uint64_t addr)
{
    return addr < VMM_NOWHERE_BELOW || (vmm->caller_fault_at && --vmm->caller_fault_at == 0);
}

static int op_read_caller(void *opaque, void *to, uint64_t addr, size_t size)
{
    if (caller_faults(opaque, addr))
        return -EFAULT;
    memcpy(to, (const void *)(uintptr_t)addr, size);
    return 0;
}

static int op_write_caller(void *opaque, uint64_t addr, const void *from, size_t size)
{
    if (caller_faults(opaque, addr))
        return -EFAULT;
    memcpy((void *)(uintptr_t)addr, from, size);
    return 0;
}

/* ---- The rest -------------------------------------------------------------------------------- */

static void op_line(void *opaque, uint32_t vcpu_id, enum vgic5_line line)
{
    struct vmm *vmm = opaque;

    COUNT(vmm->lines, 1);
    for (uint32_t n = 0; n < vmm->nr_vcpus; n++) {
        if (vmm->id[n] != vcpu_id)
            continue;
        if (vmm->told[n] == line)
            COUNT(vmm->useless_lines, 1);
        vmm->told[n] = line;
    }
}

static int op_quiesce(void *opaque)
{
    struct vmm *vmm = opaque;

    COUNT(vmm->quiesce_calls, 1);
    if (vmm->quiesce_times == 0)
        return 0;
    if (vmm->quiesce_times != UINT_MAX)
        vmm->quiesce_times--;
    return vmm->quiesce_answer;
}

static int op_claim(void *opaque, uint32_t nr_vcpus, uint32_t highest_id)
{
    struct vmm *vmm = opaque;
    int ret = vmm->claim_answer;

    vmm->bad_claims += nr_vcpus != vgic5_nr_vcpus(vmm->device);
    vmm->claims++;
    vmm->claimed = highest_id;
    vmm->claim_answer = 0;
    return ret;
}

static void op_spi_deactivated(void *opaque, uint32_t spi)
{
    struct vmm *vmm = opaque;

    COUNT(vmm->deactivations, 1);
    if (!vmm->lowers_deactivated)
        return;
    vmm->deactivated = spi;
    vgic5_irq_line(vmm->device, VGIC5_IRQ_SPI(spi), false);
}

static void op_log(void *opaque, const char *message)
{
    struct vmm *vmm = opaque;

    COUNT(vmm->logs, 1);
    if (!message || !*message || strchr(message, '\n'))
        COUNT(vmm->bad_logs, 1);
}

const struct vgic5_host vmm_host = {
    .size = sizeof(vmm_host),
    .alloc = op_alloc,
    .free = op_free,
    .read_guest = vmm_read_guest,
    .write_guest = vmm_write_guest,
    .read_caller = op_read_caller,
    .write_caller = op_write_caller,
    .line = op_line,
    .quiesce = op_quiesce,
    .log = op_log,
    .claim = op_claim,
    .spi_deactivated = op_spi_deactivated,
};

/* ---- Life ------------------------------------------------------------------------------------ */

bool vmm_prepare(struct vmm *vmm, uint64_t ram_base, size_t ram_size)
{
    memset(vmm, 0, sizeof(*vmm));
    vmm->ram_base = ram_base ? ram_base : VMM_RAM_BASE;
    vmm->ram_size = ram_size ? ram_size : VMM_RAM_SIZE;
    vmm->ram = calloc(1, vmm->ram_size);
    return vmm->ram;
}

int vmm_create_device(struct vmm *vmm, const struct vgic5_config *config,
                      const struct vgic5_host *host)
{
    vmm->nr_vcpus = 0;
    memset(vmm->told, 0, sizeof(vmm->told));
    return vgic5_create(config, host ? host : &vmm_host, vmm, &vmm->device);
}

int vmm_add_vcpu(struct vmm *vmm, uint32_t id)
{
    int ret = vgic5_add_vcpu(vmm->device, id);

    if (ret)
        return ret;
    vmm->id[vmm->nr_vcpus] = id;
    vmm->vcpu[vmm->nr_vcpus++] = vgic5_vcpu(vmm->device, id);
    return 0;
}

static int configure(struct vmm *vmm, const struct vmm_shape *shape)
{
    int ret = vmm_set_u64(vmm, VGIC5_GRP_ADDR, VGIC5_ADDR_TYPE_IRS, MAP_IRS_BASE);

    vmm->nr_spis = shape->nr_spis ? shape->nr_spis : VGIC5_NR_SPIS_DEFAULT;
    if (ret == 0 && shape->nr_spis)
        ret = vmm_set(vmm, VGIC5_GRP_NR_IRQS, 0, &vmm->nr_spis);
    if (ret == 0 && !shape->no_init)
        ret = vmm_set(vmm, VGIC5_GRP_CTRL, VGIC5_CTRL_INIT, NULL);
    return ret;
}

int vmm_build(struct vmm *vmm, const struct vmm_shape *shape)
{
    int ret = vmm_create_device(vmm, shape->config, shape->host);

    for (uint32_t n = 0; n < shape->nr_vcpus && ret == 0; n++)
        ret = vmm_add_vcpu(vmm, shape->ids ? shape->ids[n] : n);
    return ret ? ret : configure(vmm, shape);
}

bool vmm_drop_device(struct vmm *vmm)
{
    vgic5_destroy(vmm->device);
    vmm->device = NULL;
    return vmm->outstanding == 0 && vmm->wrong_frees == 0 && vmm->bad_logs == 0 &&
           vmm->bad_claims == 0;
}

void vmm_free_ram(struct vmm *vmm)
{
    free(vmm->ram);
    vmm->ram = NULL;
}

/* ---- The doors ------------------------------------------------------------------------------- */

int vmm_has(struct vmm *vmm, uint32_t group, uint64_t attr)
{
    return vgic5_has_attr(vmm->device, &(struct vgic5_attr){.group = group, .attr = attr});
}

int vmm_get(struct vmm *vmm, uint32_t group, uint64_t attr, void *payload)
{
    struct vgic5_attr access = {.group = group, .attr = attr, .addr = (uintptr_t)payload};

    return vgic5_get_attr(vmm->device, &access);
}

int vmm_set(struct vmm *vmm, uint32_t group, uint64_t attr, const void *payload)
{
    struct vgic5_attr access = {.group = group, .attr = attr, .addr = (uintptr_t)payload};

    return vgic5_set_attr(vmm->device, &access);
}

int vmm_set_u64(struct vmm *vmm, uint32_t group, uint64_t attr, uint64_t value)
{
    return vmm_set(vmm, group, attr, &value);
}
