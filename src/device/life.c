/* SPDX-License-Identifier: BSD-3-Clause */
/* A device and its vCPUs, and whether any of them is inside. */
#include <errno.h>

#include "device/internal.h"

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
