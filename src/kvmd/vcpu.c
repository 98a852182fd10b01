/* SPDX-License-Identifier: BSD-3-Clause */
/* A vCPU at rest: how it begins, what it is, and what may be asked of it between two runs. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <unistd.h>

#include "kvmd/engine.h"
#include "kvmd/internal.h"
#include "kvmd/lost.h"

#define PSTATE_RESET 0x3c5u /* EL1h, interrupts masked */
#define SCTLR_RESET 0x30d00800u

/* By an open file of our own: the VMM's must be gone when the VMM has closed and unmapped it. */
static void *map_again(int fd, off_t from, size_t size)
{
    char path[32];
    void *at = MAP_FAILED;
    int own;

    snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
    own = open(path, O_RDWR | O_CLOEXEC);
    if (own >= 0) {
        at = lost_map(own, size, from);
        close(own);
    }
    return at == MAP_FAILED ? NULL : at;
}

int vcpu_make(struct kvmd_vm *vm, uint32_t id, int fd, struct kvmd_vcpu **vcpu)
{
    struct kvmd_vcpu *made = calloc(1, sizeof(*made));

    if (!made)
        return -ENOMEM;
    made->vm = vm;
    made->id = id;
    made->index = vm->nr_vcpus;
    made->pe = (struct pe){.id = id, .host = &vm->kvmd->pe_host, .opaque = made};
    made->host = guest_host(made);
    made->wake = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    made->run = map_again(fd, 0, KVMD_RUN_PAGES);
    if (vm->slots.ring_size) {
        made->ring.size = vm->slots.ring_size / (uint32_t)sizeof(struct kvm_dirty_gfn);
        made->ring.entries = map_again(fd, KVMD_RING_AT, vm->slots.ring_size);
    }
    if (made->wake < 0 || !made->run || (made->ring.size && !made->ring.entries)) {
        vcpu_free(made);
        return -ENOMEM;
    }
    identification_of_vcpu(made);
    vcpu_reset(made);
    *vcpu = made;
    return 0;
}

void vcpu_free(struct kvmd_vcpu *vcpu)
{
    engine_leave(vcpu);
    if (vcpu->run)
        lost_unmap(vcpu->run, KVMD_RUN_PAGES);
    if (vcpu->ring.entries)
        lost_unmap(vcpu->ring.entries, vcpu->ring.size * sizeof(*vcpu->ring.entries));
    if (vcpu->wake >= 0)
        close(vcpu->wake);
    free(vcpu);
}

void vcpu_wake(struct kvmd_vcpu *vcpu)
{
    const uint64_t one = 1;

    if (write(vcpu->wake, &one, sizeof(one)) != sizeof(one) && errno != EAGAIN)
        kvmd_log(vcpu->vm->kvmd, "vCPU %u cannot be woken", vcpu->id);
}

void vcpu_line_changed(void *opaque, uint32_t vcpu_id, enum vgic5_line line)
{
    struct kvmd_vm *vm = opaque;

    for (uint32_t n = 0; n < vm->nr_vcpus; n++) {
        struct kvmd_vcpu *vcpu = vm->vcpus[n];

        if (vcpu->id != vcpu_id)
            continue;
        pe_set_line(&vcpu->pe, line);
        if (vcpu->pe.line)
            vcpu_wake(vcpu);
    }
}

/* ---- KVM_ARM_VCPU_INIT ----------------------------------------------------------------------- */

/* As it was made; its CPU interface too. */
void vcpu_reset(struct kvmd_vcpu *vcpu)
{
    engine_leave(vcpu);
    memset(vcpu->values, 0, sizeof(vcpu->values));
    memset(vcpu->pe.timers, 0, sizeof(vcpu->pe.timers));
    memset(vcpu->spsr, 0, sizeof(vcpu->spsr));
    kept_reset(vcpu->kept);
    vcpu->values[VCPU_ROW_PSTATE].low = PSTATE_RESET;
    vcpu->values[VCPU_ROW_SCTLR_EL1].low = SCTLR_RESET;
    vcpu->values[VCPU_ROW_EXCLUSIVE_ADDRESS].low = UINT64_MAX;
    vcpu->mmio_pending = vcpu->waits = vcpu->suspended = false;
    vcpu->serror_pending = vcpu->abort_pending = false;
    vgic5_vcpu_reset(vcpu->pe.gic);
}

static int check_init(const struct kvmd_vcpu *vcpu, const struct kvmd_vcpu_init *init)
{
    const uint32_t known = KVMD_VCPU_POWER_OFF | KVMD_VCPU_PSCI_0_2;

    if (init->target != KVMD_TARGET_GENERIC_V8)
        return -EINVAL;
    for (size_t n = 1; n < sizeof(init->features) / sizeof(init->features[0]); n++) {
        if (init->features[n])
            return -ENOENT;
    }
    if (init->features[0] & ~known)
        return -EINVAL;
    /* A second time resets, and may not make another vCPU of it. */
    if (vcpu->initialised && (vcpu->features ^ init->features[0]) & ~KVMD_VCPU_POWER_OFF)
        return -EINVAL;
    return 0;
}

int64_t kvmd_vcpu_init(struct kvmd_call *call)
{
    struct kvmd_vcpu *vcpu = call->vcpu;
    struct kvmd_vcpu_init init;
    int ret = call_read(call, &init, sizeof(init));

    if (ret == 0)
        ret = check_init(vcpu, &init);
    if (ret)
        return ret;
    vcpu_reset(vcpu);
    vcpu->features = init.features[0];
    vcpu->powered_off = init.features[0] & KVMD_VCPU_POWER_OFF;
    vcpu->initialised = true;
    return 0;
}

/* SVE alone needs it. */
int64_t kvmd_vcpu_finalize(struct kvmd_call *call)
{
    (void)call;
    return -EINVAL;
}

/* ---- States ---------------------------------------------------------------------------------- */

int64_t kvmd_get_mp_state(struct kvmd_call *call)
{
    const struct kvmd_vcpu *vcpu = call->vcpu;
    const struct kvm_mp_state state = {vcpu->powered_off ? KVM_MP_STATE_STOPPED
                                       : vcpu->suspended ? KVMD_MP_STATE_SUSPENDED
                                                         : KVM_MP_STATE_RUNNABLE};

    return call_write(call, &state, sizeof(state));
}

int64_t kvmd_set_mp_state(struct kvmd_call *call)
{
    struct kvm_mp_state state;
    int ret = call_read(call, &state, sizeof(state));

    if (ret)
        return ret;
    if (state.mp_state != KVM_MP_STATE_RUNNABLE && state.mp_state != KVM_MP_STATE_STOPPED &&
        state.mp_state != KVMD_MP_STATE_SUSPENDED)
        return -EINVAL;
    call->vcpu->powered_off = state.mp_state == KVM_MP_STATE_STOPPED;
    call->vcpu->suspended = state.mp_state == KVMD_MP_STATE_SUSPENDED;
    return 0;
}
