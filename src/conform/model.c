/* SPDX-License-Identifier: BSD-3-Clause */
/* The ops of the device in this process, with faults around it. */
#include <stdlib.h>
#include <sys/uio.h>
#include <unistd.h>

#include "conform/trial.h"

#define RAM_BASE ((uint64_t)MAP_RAM_BASE)
#define RAM_SIZE UINT64_C(0x100000)

#define NR_FAULTS (VGIC5_FAULT_INIT_TIMEOUT + 1)

struct model {
    struct vgic5 *device;
    uint8_t *ram;
    unsigned faults[NR_FAULTS]; /* still to come */
};

static bool strikes(struct model *model, enum vgic5_conform_fault fault)
{
    if (model->faults[fault] == 0)
        return false;
    model->faults[fault]--;
    return true;
}

/* ---- The host -------------------------------------------------------------------------------- */

static void *model_alloc(void *opaque, size_t size)
{
    struct model *model = opaque;
    void *memory;

    if (strikes(model, VGIC5_FAULT_NO_MEMORY) || posix_memalign(&memory, 64, size))
        return NULL;
    return memset(memory, 0, size);
}

static void model_free(void *opaque, void *memory, size_t size)
{
    (void)opaque, (void)size;
    free(memory);
}

static int model_read_ram(void *opaque, uint64_t ipa, void *to, size_t size)
{
    struct model *model = opaque;

    if (model->faults[VGIC5_FAULT_GUEST] || ipa < RAM_BASE || size > RAM_SIZE ||
        ipa - RAM_BASE > RAM_SIZE - size)
        return -EFAULT;
    memcpy(to, model->ram + (ipa - RAM_BASE), size);
    return 0;
}

static int model_write_ram(void *opaque, uint64_t ipa, const void *from, size_t size)
{
    struct model *model = opaque;

    if (model->faults[VGIC5_FAULT_GUEST] || ipa < RAM_BASE || size > RAM_SIZE ||
        ipa - RAM_BASE > RAM_SIZE - size)
        return -EFAULT;
    memcpy(model->ram + (ipa - RAM_BASE), from, size);
    return 0;
}

/* The kernel says whether an address of this process can be used, as it would for KVM. */
static int model_read_caller(void *opaque, void *to, uint64_t addr, size_t size)
{
    struct iovec local = {to, size}, remote = {(void *)(uintptr_t)addr, size};

    (void)opaque;
    return process_vm_readv(getpid(), &local, 1, &remote, 1, 0) == (ssize_t)size ? 0 : -EFAULT;
}

static int model_write_caller(void *opaque, uint64_t addr, const void *from, size_t size)
{
    struct iovec local = {(void *)(uintptr_t)from, size}, remote = {(void *)(uintptr_t)addr, size};

    (void)opaque;
    return process_vm_writev(getpid(), &local, 1, &remote, 1, 0) == (ssize_t)size ? 0 : -EFAULT;
}

static int model_quiesce(void *opaque)
{
    if (strikes(opaque, VGIC5_FAULT_WOKEN))
        return -EBUSY;
    return strikes(opaque, VGIC5_FAULT_TIMEOUT) ? -ETIMEDOUT : 0;
}

static int model_claim(void *opaque, uint32_t nr_vcpus, uint32_t highest_id)
{
    (void)nr_vcpus, (void)highest_id;
    if (strikes(opaque, VGIC5_FAULT_NO_VM_ID))
        return -ENOSPC;
    if (strikes(opaque, VGIC5_FAULT_NO_ROOM))
        return -E2BIG;
    return strikes(opaque, VGIC5_FAULT_INIT_TIMEOUT) ? -ETIMEDOUT : 0;
}

static const struct vgic5_host host = {
    .size = sizeof(host),
    .alloc = model_alloc,
    .free = model_free,
    .read_guest = model_read_ram,
    .write_guest = model_write_ram,
    .read_caller = model_read_caller,
    .write_caller = model_write_caller,
    .quiesce = model_quiesce,
    .claim = model_claim,
};

/* ---- The ops --------------------------------------------------------------------------------- */

static void model_destroy(void *vm)
{
    struct model *model = vm;

    vgic5_destroy(model->device);
    free(model->ram);
    free(model);
}

static int model_create(void *opaque, void **vm)
{
    const struct vgic5_config *config = opaque;
    struct model *model = calloc(1, sizeof(*model));
    int ret = -ENOMEM;

    if (!model)
        return ret;
    model->ram = calloc(1, RAM_SIZE);
    if (model->ram)
        ret = vgic5_create(config, &host, model, &model->device);
    if (ret)
        model_destroy(model);
    else
        *vm = model;
    return ret;
}

static int model_add_vcpu(void *vm, uint32_t id)
{
    return vgic5_add_vcpu(((struct model *)vm)->device, id);
}

static int model_has(void *vm, const struct vgic5_attr *attr)
{
    return vgic5_has_attr(((struct model *)vm)->device, attr);
}

static int model_get(void *vm, const struct vgic5_attr *attr)
{
    return vgic5_get_attr(((struct model *)vm)->device, attr);
}

static int model_set(void *vm, const struct vgic5_attr *attr)
{
    return vgic5_set_attr(((struct model *)vm)->device, attr);
}

static int model_enter(void *vm, uint32_t vcpu_id, bool stays)
{
    struct vgic5_vcpu *vcpu = vgic5_vcpu(((struct model *)vm)->device, vcpu_id);

    (void)stays;
    return vcpu ? vgic5_vcpu_enter(vcpu) : -EINVAL;
}

static void model_leave(void *vm, uint32_t vcpu_id)
{
    vgic5_vcpu_leave(vgic5_vcpu(((struct model *)vm)->device, vcpu_id));
}

static int model_irq_line(void *vm, uint32_t irq, bool level)
{
    return vgic5_irq_line(((struct model *)vm)->device, irq, level);
}

static int model_mmio(void *vm, struct vgic5_mmio *access)
{
    return vgic5_mmio(((struct model *)vm)->device, access) == VGIC5_HANDLED ? 0 : -ENXIO;
}

static int model_register(void *vm, uint32_t vcpu_id, uint16_t encoding, bool is_write,
                          uint64_t *value)
{
    struct vgic5_vcpu *vcpu = vgic5_vcpu(((struct model *)vm)->device, vcpu_id);

    return vgic5_cpu_access(vcpu, encoding, is_write, value) == VGIC5_HANDLED ? 0 : -ENXIO;
}

static int model_fault(void *vm, enum vgic5_conform_fault fault, unsigned times)
{
    struct model *model = vm;

    if ((unsigned)fault >= NR_FAULTS)
        return -EOPNOTSUPP;
    model->faults[fault] = times;
    return 0;
}

/* The VM has the one that `create` made. */
static int model_create_device(void *vm, uint32_t type)
{
    (void)vm;
    return type == VGIC5_DEV_TYPE ? -EEXIST : -ENODEV;
}

void vgic5_conform_model_sized(const struct vgic5_config *config, struct vgic5_conform_ops *ops,
                               uint32_t size)
{
    uint32_t abi = config && config->abi ? config->abi : VGIC5_ABI_V1;

    const struct vgic5_conform_ops filled = {
        .size = size < sizeof(filled) ? size : sizeof(filled),
        .abi = abi,
        .opaque = (void *)(uintptr_t)config,
        .create = model_create,
        .destroy = model_destroy,
        .add_vcpu = model_add_vcpu,
        .has_attr = model_has,
        .get_attr = model_get,
        .set_attr = model_set,
        .enter = model_enter,
        .leave = model_leave,
        .irq_line = model_irq_line,
        .ipa_bits = config && config->ipa_bits ? config->ipa_bits : 48,
        .guest_mmio = model_mmio,
        .guest_register = model_register,
        .read_guest = model_read_ram,
        .write_guest = model_write_ram,
        .ram_base = RAM_BASE,
        .ram_size = RAM_SIZE,
        .fault = model_fault,
        .create_device = model_create_device,
    };

    if (!ops)
        return;
    memset(ops, 0, size);
    memcpy(ops, &filled, filled.size);
}
