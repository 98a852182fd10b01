/* SPDX-License-Identifier: BSD-3-Clause */
/* created → configured → initialised → running. */
#include <errno.h>

#include "device/contract.h"

int vgic5_create(const struct vgic5_config *config, const struct vgic5_host *host, void *opaque,
                 struct vgic5 **device)
{
    struct vgic5_config full_config;
    struct vgic5_host full_host;
    struct vgic5 *made;
    int ret;

    if (!device)
        return -EINVAL;
    ret = device_config_fill(&full_config, config);
    if (ret)
        return ret;
    ret = device_host_fill(&full_host, host);
    if (ret)
        return ret;
    made = full_host.alloc(opaque, sizeof(*made));
    if (!made)
        return -ENOMEM;
    made->profile = device_profile_of(full_config.abi);
    made->config = full_config;
    made->host = full_host;
    made->opaque = opaque;
    made->addr = ADDR_UNSET;
    *device = made;
    return 0;
}

void vgic5_destroy(struct vgic5 *device)
{
    struct vgic5_host host;
    void *opaque;

    if (!device)
        return;
    host = device->host;
    opaque = device->opaque;
    if (device->gic)
        gicv5_destroy(device->gic);
    for (uint32_t n = 0; n < device->nr_vcpus; n++)
        host.free(opaque, device->vcpus[n], sizeof(*device->vcpus[n]));
    host.free(opaque, device, sizeof(*device));
}

int vgic5_get_config(const struct vgic5 *device, struct vgic5_config *config)
{
    if (!device || !config)
        return -EINVAL;
    return device_config_give(config, &device->config);
}

/* IAFFID is 16 bits wide (R for IRS_PE_SELR), and a vCPU id is an IAFFID. */
#define VCPU_ID_MAX 0xffffu

int vgic5_add_vcpu(struct vgic5 *device, uint32_t vcpu_id)
{
    struct vgic5_vcpu *vcpu;

    if (!device)
        return -EINVAL;
    if (device->gic)
        return -EBUSY;
    if (vcpu_id > VCPU_ID_MAX || device->nr_vcpus == VGIC5_MAX_VCPUS)
        return -E2BIG;
    if (vgic5_vcpu(device, vcpu_id))
        return -EEXIST;
    vcpu = device->host.alloc(device->opaque, sizeof(*vcpu));
    if (!vcpu)
        return -ENOMEM;
    vcpu->device = device;
    vcpu->id = vcpu_id;
    device->vcpus[device->nr_vcpus++] = vcpu;
    return 0;
}

/* Mostly the ids are 0, 1, 2, … in this order; else the IRS knows, once there is one. */
struct vgic5_vcpu *vgic5_vcpu(struct vgic5 *device, uint32_t vcpu_id)
{
    if (!device)
        return NULL;
    if (device->gic) {
        int index = gicv5_pe_index(device->gic, vcpu_id);

        return index < 0 ? NULL : device->vcpus[index];
    }
    if (vcpu_id < device->nr_vcpus && device->vcpus[vcpu_id]->id == vcpu_id)
        return device->vcpus[vcpu_id];
    for (uint32_t n = 0; n < device->nr_vcpus; n++) {
        if (device->vcpus[n]->id == vcpu_id)
            return device->vcpus[n];
    }
    return NULL;
}

uint32_t vgic5_nr_vcpus(const struct vgic5 *device)
{
    if (!device)
        return 0;
    return device->nr_vcpus;
}

uint32_t vgic5_vcpu_id(const struct vgic5 *device, uint32_t n)
{
    return device && n < device->nr_vcpus ? device->vcpus[n]->id : UINT32_MAX;
}

/* Every refusal but that of CTRL_INIT comes from mapping the VGIC's resources, and "makes the VM
 * unusable" (kvm-abi §2). */
static int refuse_run(struct vgic5 *device, const struct refusal *refusal)
{
    device_log(device, "first run: %s", refusal->words);
    device->unusable = refusal->errno_value != EBUSY;
    return -refusal->errno_value;
}

/* The first of all vCPUs is asked what the contract asks. */
static int enter_first(struct vgic5 *device)
{
    const struct refusal *refusal;
    struct access access;

    access_open(&access, device, CONTRACT_RUN, CONTRACT_DO, 0, 0);
    refusal = contract_refusal(&access);
    if (refusal)
        return refuse_run(device, refusal);
    __atomic_store_n(&device->has_run, true, __ATOMIC_RELAXED);
    return 0;
}

/* After a time in which no vCPU was inside. */
static int set_moving(struct vgic5 *device)
{
    int ret;

    device_lock(device);
    ret = device->has_run ? 0 : enter_first(device);
    if (ret == 0)
        __atomic_store_n(&device->moving, true, __ATOMIC_RELAXED);
    device_unlock(device);
    return ret;
}

/* The row run_twice: seen and changed under one lock. -EAGAIN: nobody has been inside. */
static int enter(struct vgic5_vcpu *vcpu)
{
    int ret = 0;

    gicv5_pe_lock(vcpu->pe);
    if (!vcpu->device->moving)
        ret = -EAGAIN;
    else if (vcpu->running)
        ret = -EBUSY;
    else
        __atomic_store_n(&vcpu->running, true, __ATOMIC_RELAXED);
    gicv5_pe_unlock(vcpu->pe);
    return ret;
}

int vgic5_vcpu_enter(struct vgic5_vcpu *vcpu)
{
    int ret;

    if (!vcpu)
        return -EINVAL;
    if (!vcpu->pe)
        return enter_first(vcpu->device); /* refused */
    while ((ret = enter(vcpu)) == -EAGAIN) {
        ret = set_moving(vcpu->device);
        if (ret)
            return ret;
    }
    return ret;
}

void vgic5_vcpu_leave(struct vgic5_vcpu *vcpu)
{
    if (!vcpu || !vcpu->pe)
        return;
    gicv5_pe_lock(vcpu->pe);
    __atomic_store_n(&vcpu->running, false, __ATOMIC_RELAXED);
    gicv5_pe_unlock(vcpu->pe);
}

bool device_is_running(const struct vgic5 *device)
{
    if (!__atomic_load_n(&device->moving, __ATOMIC_RELAXED))
        return false;
    for (uint32_t n = 0; n < device->nr_vcpus; n++) {
        if (__atomic_load_n(&device->vcpus[n]->running, __ATOMIC_RELAXED))
            return true;
    }
    return false;
}

void device_note_stillness(struct vgic5 *device)
{
    if (!device_is_running(device))
        __atomic_store_n(&device->moving, false, __ATOMIC_RELAXED);
}

void device_lock(struct vgic5 *device)
{
    gicv5_lock(device->gic);
}

void device_unlock(struct vgic5 *device)
{
    gicv5_unlock(device->gic);
}
