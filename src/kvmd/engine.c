/* SPDX-License-Identifier: BSD-3-Clause */
#include "kvmd/engine.h"

#include <errno.h>
#include <stdlib.h>

/* ---- Memory ---------------------------------------------------------------------------------- */

/* The engine's map of the slots, made anew when these have changed. */
static int refresh_map(struct kvmd_vm *vm)
{
    const struct kvmd_slots *slots = &vm->slots;
    struct memory *ranges;

    if (vm->engine && vm->map_generation == slots->generation)
        return 0;
    ranges = calloc(slots->nr + 1, sizeof(*ranges));
    if (!ranges)
        return -ENOMEM;
    for (size_t n = 0; n < slots->nr; n++) {
        const struct kvmd_slot *slot = &slots->all[n];

        ranges[n] = (struct memory){.host = slot->host,
                                    .base = slot->gpa,
                                    .size = slot->size,
                                    .read_only = slot->flags & KVM_MEM_READONLY};
    }
    free(vm->ranges);
    vm->ranges = ranges;
    vm->map = (struct memory_map){.ranges = ranges, .nr = slots->nr};
    vm->map_generation = slots->generation;
    if (vm->engine)
        vcpu_engine_remap(vm->engine);
    return 0;
}

static int make_engine(struct kvmd_vm *vm)
{
    struct vgic5_error error = {0};
    int ret = refresh_map(vm);

    if (ret || vm->engine)
        return ret;
    ret = vcpu_engine_clone(vm->kvmd->engine, &vm->map, &vm->clock, &vm->engine, &error);
    if (ret)
        kvmd_log(vm->kvmd, "%s", error.message);
    else if (vcpu_engine_share_memory(vm->engine) != 0)
        kvmd_log(vm->kvmd,
                 "%s: the guest's barriers and atomics do not hold towards the VMM's "
                 "threads",
                 vcpu_engine_name(vm->engine));
    return ret;
}

void engine_destroy(struct kvmd_vm *vm)
{
    vcpu_engine_destroy(vm->engine);
    free(vm->ranges);
}

/* ---- A vCPU ---------------------------------------------------------------------------------- */

int engine_enter(struct kvmd_vcpu *vcpu)
{
    struct vgic5_error error = {0};
    int ret = make_engine(vcpu->vm);

    vcpu->fetched = false;
    if (ret || vcpu->live)
        return ret;
    if (!vcpu->pe.vcpu)
        ret = pe_on(&vcpu->pe, vcpu->vm->engine, &vcpu->host, &error);
    if (ret == 0)
        ret = vcpu_put_state(vcpu->pe.vcpu, vcpu->values);
    if (ret && error.message[0])
        kvmd_log(vcpu->vm->kvmd, "%s", error.message);
    vcpu->live = ret == 0;
    return ret;
}

int engine_fetch(struct kvmd_vcpu *vcpu)
{
    int ret = 0;

    if (vcpu->live && !vcpu->fetched)
        ret = vcpu_get_state(vcpu->pe.vcpu, vcpu->values);
    vcpu->fetched = ret == 0;
    return ret;
}

int engine_change(struct kvmd_vcpu *vcpu)
{
    int ret = engine_fetch(vcpu);

    if (ret == 0)
        vcpu->live = false;
    return ret;
}

void engine_leave(struct kvmd_vcpu *vcpu)
{
    vcpu_destroy(vcpu->pe.vcpu);
    vcpu->pe.vcpu = NULL;
    vcpu->live = false;
}
