/* SPDX-License-Identifier: BSD-3-Clause */
#include "vmm.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

const uint32_t vmm_vcpu_ids[2] = {3, 17};

/* ---- The ops --------------------------------------------------------------------------------- */

static void *op_alloc(void *opaque, size_t size)
{
    struct vmm *vmm = opaque;
    void *memory;

    if (vmm->alloc_fault_at && --vmm->alloc_fault_at == 0)
        return NULL;
    if (posix_memalign(&memory, 64, size))
        return NULL;
    vmm->outstanding++;
    return memset(memory, 0, size);
}

static void op_free(void *opaque, void *memory, size_t size)
{
    struct vmm *vmm = opaque;

    (void)size;
    if (memory)
        vmm->outstanding--;
    free(memory);
}

static uint8_t *ram_at(struct vmm *vmm, uint64_t ipa, size_t size)
{
    if (vmm->ram_is_gone || ipa < RAM_BASE || ipa + size > RAM_BASE + vmm->ram_size)
        return NULL;
    if (vmm->hole && ipa < vmm->hole + 4096 && ipa + size > vmm->hole)
        return NULL;
    return vmm->ram + (ipa - RAM_BASE);
}

static int op_read_guest(void *opaque, uint64_t ipa, void *to, size_t size)
{
    const uint8_t *from = ram_at(opaque, ipa, size);

    if (!from)
        return -EFAULT;
    memcpy(to, from, size);
    return 0;
}

static void count_write(struct vmm *vmm, const uint8_t *to, const void *from, size_t size)
{
    uint64_t before = 0, after = 0;

    memcpy(&before, to, size < 8 ? size : 8);
    memcpy(&after, from, size < 8 ? size : 8);
    if (size == 8 && !(before & 1) && after == (before | 1))
        vmm->valid_writes++;
    else
        vmm->other_writes++;
}

static int op_write_guest(void *opaque, uint64_t ipa, const void *from, size_t size)
{
    uint8_t *to = ram_at(opaque, ipa, size);

    if (!to)
        return -EFAULT;
    count_write(opaque, to, from, size);
    memcpy(to, from, size);
    return 0;
}

static bool caller_faults(struct vmm *vmm, uint64_t addr)
{
    return addr < NOWHERE_BELOW || (vmm->caller_fault_at && --vmm->caller_fault_at == 0);
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

static void op_line(void *opaque, uint32_t vcpu_id, enum vgic5_line line)
{
    struct vmm *vmm = opaque;

    (void)vcpu_id, (void)line;
    vmm->lines++;
}

static int op_quiesce(void *opaque)
{
    struct vmm *vmm = opaque;

    vmm->quiesce_calls++;
    if (vmm->quiesce_times == 0)
        return 0;
    if (vmm->quiesce_times != UINT_MAX)
        vmm->quiesce_times--;
    return vmm->quiesce_answer;
}

static int op_claim(void *opaque, uint32_t nr_vcpus, uint32_t highest_id)
{
    struct vmm *vmm = opaque;
    int answer = vmm->claim_answer;

    assert_int_equal(nr_vcpus, vgic5_nr_vcpus(vmm->device));
    vmm->claims++;
    vmm->claimed = highest_id;
    vmm->claim_answer = 0;
    return answer;
}

static void op_log(void *opaque, const char *message)
{
    struct vmm *vmm = opaque;

    assert_non_null(message);
    vmm->logs++;
}

static const struct vgic5_host host = {
    .size = sizeof(host),
    .alloc = op_alloc,
    .free = op_free,
    .read_guest = op_read_guest,
    .write_guest = op_write_guest,
    .read_caller = op_read_caller,
    .write_caller = op_write_caller,
    .line = op_line,
    .quiesce = op_quiesce,
    .log = op_log,
    .claim = op_claim,
};

/* ---- Life ------------------------------------------------------------------------------------ */

void vmm_create(struct vmm *vmm, const struct vgic5_config *config)
{
    vmm_create_with(vmm, config, RAM_SIZE);
}

void vmm_create_with(struct vmm *vmm, const struct vgic5_config *config, uint64_t ram_size)
{
    memset(vmm, 0, sizeof(*vmm));
    vmm->ram_size = ram_size;
    vmm->ram = calloc(1, ram_size);
    assert_non_null(vmm->ram);
    assert_int_equal(vgic5_create(config, &host, vmm, &vmm->device), 0);
}

static void be_given_vcpus(struct vmm *vmm)
{
    for (unsigned n = 0; n < 2; n++)
        assert_int_equal(vgic5_add_vcpu(vmm->device, vmm_vcpu_ids[n]), 0);
}

static void be_given_address(struct vmm *vmm)
{
    assert_int_equal(vmm_set_u64(vmm, VGIC5_GRP_ADDR, VGIC5_ADDR_TYPE_IRS, IRS_BASE), 0);
}

void vmm_live_until(struct vmm *vmm, enum life life)
{
    uint32_t nr_spis = NR_SPIS;

    if (life >= LIFE_VCPUS)
        be_given_vcpus(vmm);
    if (life == LIFE_ADDRESS)
        be_given_address(vmm);
    if (life >= LIFE_INIT) {
        assert_int_equal(vmm_set(vmm, VGIC5_GRP_NR_IRQS, 0, &nr_spis), 0);
        assert_int_equal(vmm_set(vmm, VGIC5_GRP_CTRL, VGIC5_CTRL_INIT, NULL), 0);
    }
    if (life >= LIFE_READY)
        be_given_address(vmm);
    if (life >= LIFE_RUNNING)
        assert_int_equal(vgic5_vcpu_enter(vgic5_vcpu(vmm->device, 17)), 0);
    if (life >= LIFE_HAS_RUN)
        vgic5_vcpu_leave(vgic5_vcpu(vmm->device, 17));
}

void vmm_open(struct vmm *vmm, uint32_t abi, enum life life)
{
    struct vgic5_config config = {.size = sizeof(config), .abi = abi};

    vmm_create(vmm, &config);
    vmm_live_until(vmm, life);
}

void vmm_destroy(struct vmm *vmm)
{
    vgic5_destroy(vmm->device);
    assert_int_equal(vmm->outstanding, 0);
    free(vmm->ram);
}

/* ---- The VMM's door -------------------------------------------------------------------------- */

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

uint64_t vmm_get_u64(struct vmm *vmm, uint32_t group, uint64_t attr)
{
    uint64_t value = UINT64_C(0x5555555555555555); /* all 64 bits must be written */

    assert_int_equal(vmm_get(vmm, group, attr, &value), 0);
    return value;
}

/* ---- The guest's door ------------------------------------------------------------------------ */

void guest_write(struct vmm *vmm, uint64_t offset, unsigned size, uint64_t value)
{
    struct vgic5_mmio access = {
        .offset = offset, .value = value, .size = (uint8_t)size, .is_write = true};

    assert_int_equal(vgic5_mmio(vmm->device, &access), VGIC5_HANDLED);
}

uint64_t guest_read(struct vmm *vmm, uint64_t offset, unsigned size)
{
    struct vgic5_mmio access = {.offset = offset, .size = (uint8_t)size};

    assert_int_equal(vgic5_mmio(vmm->device, &access), VGIC5_HANDLED);
    return access.value;
}

void guest_msr(struct vmm *vmm, uint32_t vcpu_id, uint16_t encoding, uint64_t value)
{
    struct vgic5_vcpu *vcpu = vgic5_vcpu(vmm->device, vcpu_id);

    assert_int_equal(vgic5_cpu_access(vcpu, encoding, true, &value), VGIC5_HANDLED);
}

uint64_t guest_mrs(struct vmm *vmm, uint32_t vcpu_id, uint16_t encoding)
{
    struct vgic5_vcpu *vcpu = vgic5_vcpu(vmm->device, vcpu_id);
    uint64_t value = 0;

    assert_int_equal(vgic5_cpu_access(vcpu, encoding, false, &value), VGIC5_HANDLED);
    return value;
}
