/* SPDX-License-Identifier: BSD-3-Clause */
/* A vCPU goes into the guest and comes out; the first of all is asked what the contract asks. */
#include <errno.h>

#include "device/contract.h"

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

/* As it mostly is: some vCPU has been inside, and not this one. False: nothing is done. */
static bool enter_at_once(struct vgic5_vcpu *vcpu)
{
    gicv5_pe_lock(vcpu->pe);
    if (!vcpu->device->moving || vcpu->running) {
        gicv5_pe_unlock(vcpu->pe);
        return false;
    }
    __atomic_store_n(&vcpu->running, true, __ATOMIC_RELAXED);
    gicv5_pe_unlock(vcpu->pe);
    return true;
}

/* Not inlined: what is rare would cost the rest its registers. */
static __attribute__((noinline)) int enter_otherwise(struct vgic5_vcpu *vcpu)
{
    int ret;

    if (!vcpu->pe)
        return enter_first(vcpu->device); /* refused */
    while ((ret = enter(vcpu)) == -EAGAIN) {
        ret = set_moving(vcpu->device);
        if (ret)
            return ret;
    }
    return ret;
}

int vgic5_vcpu_enter(struct vgic5_vcpu *vcpu)
{
    if (!vcpu)
        return -EINVAL;
    if (vcpu->pe && enter_at_once(vcpu))
        return 0;
    return enter_otherwise(vcpu);
}

void vgic5_vcpu_leave(struct vgic5_vcpu *vcpu)
{
    if (!vcpu || !vcpu->pe)
        return;
    gicv5_pe_lock(vcpu->pe);
    __atomic_store_n(&vcpu->running, false, __ATOMIC_RELAXED);
    gicv5_pe_unlock(vcpu->pe);
}
