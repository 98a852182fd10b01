/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * KVM_RUN: a vCPU runs on its caller's thread, under the lock of its VM, in slices after which the
 * lock is handed over; it comes back to the VMM for what is the VMM's.
 */
#include <errno.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

#include "kvmd/engine.h"
#include "kvmd/psci.h"

#define SLICE 20000u
#define SLICES_PER_LOOK 8u /* at what has come from outside */
#define INTERNAL_ERROR_EMULATION 1u

/* KVM_SYSTEM_EVENT_WAKEUP */
static const struct psci_event woken = {.type = 4, .goes_on = true};

/* What becomes of the run. */
enum outcome { GO_ON, TO_VMM, INTERRUPTED, NOT_POSSIBLE };

/* ---- Coming back ----------------------------------------------------------------------------- */

static bool returns_at_once(const struct kvmd_vcpu *vcpu)
{
    return __atomic_load_n(&vcpu->run->immediate_exit, __ATOMIC_RELAXED);
}

static bool has_to_return(const struct kvmd_call *call)
{
    return returns_at_once(call->vcpu) || call->client->kicked(call->client->opaque);
}

/* A signal is looked for after the first slices: the way of an exit and back is short without. */
static bool has_to_return_before(const struct kvmd_call *call, unsigned slice)
{
    if (slice == 0)
        return returns_at_once(call->vcpu);
    return slice % SLICES_PER_LOOK == 0 && has_to_return(call);
}

/* A signal says so in exit_reason; immediate_exit leaves it, and the last access, as they are. A
 * WFI is over with either: what the VMM sets then, PC say, is where the guest goes on. */
static int64_t interrupted(struct kvmd_vcpu *vcpu)
{
    vcpu->waits = false;
    if (!returns_at_once(vcpu))
        vcpu->run->exit_reason = KVM_EXIT_INTR;
    return -EINTR;
}

static enum outcome system_event(struct kvmd_vcpu *vcpu, const struct psci_event *event)
{
    struct kvm_run *run = vcpu->run;
    struct kvmd_vm *vm = vcpu->vm;

    for (uint32_t n = 0; n < vm->nr_vcpus && !event->goes_on; n++)
        vm->vcpus[n]->powered_off = true;
    memset(&run->system_event, 0, sizeof(run->system_event));
    run->exit_reason = KVM_EXIT_SYSTEM_EVENT;
    run->system_event.type = event->type;
    run->system_event.ndata = event->goes_on ? 0 : 1;
    run->system_event.data[0] = event->flags;
    return TO_VMM;
}

static enum outcome internal_error(struct kvmd_vcpu *vcpu, const char *words)
{
    kvmd_log(vcpu->vm->kvmd, "vCPU %u: %s", vcpu->id, words);
    vcpu->run->exit_reason = KVM_EXIT_INTERNAL_ERROR;
    vcpu->run->internal.suberror = INTERNAL_ERROR_EMULATION;
    vcpu->run->internal.ndata = 0;
    return TO_VMM;
}

/* ---- Waiting --------------------------------------------------------------------------------- */

/* Milliseconds until the timer, rounded up; -1: there is none. */
static int until_deadline(const struct kvmd_vcpu *vcpu)
{
    uint64_t deadline = pe_deadline(&vcpu->pe), now = vm_counter(vcpu->vm), left;

    if (deadline == COUNTER_NEVER || vcpu->powered_off)
        return -1;
    left = deadline > now ? (deadline - now) / (COUNTER_FREQUENCY / 1000) + 1 : 0;
    return left < 1000 ? (int)left : 1000;
}

/* Without the lock, until an interrupt, a timer, a start, or a word of the client's. */
static void wait_outside(struct kvmd_call *call)
{
    struct kvmd_vcpu *vcpu = call->vcpu;
    struct pollfd polls[2] = {
        {.fd = vcpu->wake, .events = POLLIN},
        {.fd = call->client->kick_descriptor(call->client->opaque), .events = POLLIN}};
    int timeout = until_deadline(vcpu);
    uint64_t count;

    turn_unlock(&call->vm->lock);
    if (poll(polls, 2, timeout) > 0 && polls[0].revents &&
        read(vcpu->wake, &count, sizeof(count)) < 0 && errno != EAGAIN)
        kvmd_log(call->vm->kvmd, "vCPU %u: its wake-up cannot be read", vcpu->id);
    turn_lock(&call->vm->lock);
    pe_drive_timers(&vcpu->pe, vm_counter(vcpu->vm));
}

static bool is_called(const struct kvmd_vcpu *vcpu)
{
    return vcpu->pe.line || vcpu->serror_pending;
}

/* KVM_MP_STATE_SUSPENDED: an interrupt ends it, and the VMM decides whether it does. */
static bool rests(const struct kvmd_vcpu *vcpu)
{
    return vcpu->powered_off ||
           ((vcpu->waits || vcpu->suspended) && !is_called(vcpu) && !user_irq_changed(vcpu));
}

static enum outcome sleep_until_runnable(struct kvmd_call *call)
{
    struct kvmd_vcpu *vcpu = call->vcpu;

    while (rests(vcpu)) {
        if (has_to_return(call))
            return INTERRUPTED;
        wait_outside(call);
    }
    if (vcpu->suspended && !is_called(vcpu))
        return INTERRUPTED; /* a timer is no wake-up, before the VMM has made a line of it */
    vcpu->waits = false;
    return vcpu->suspended ? system_event(vcpu, &woken) : GO_ON;
}

/* ---- PSCI ------------------------------------------------------------------------------------ */

#define MPIDR_AFFINITY UINT64_C(0xff00ffffff)

static int vcpu_of_mpidr(void *opaque, uint64_t mpidr)
{
    const struct kvmd_vm *vm = opaque;

    for (uint32_t n = 0; n < vm->nr_vcpus; n++) {
        if ((vm->vcpus[n]->mpidr & MPIDR_AFFINITY) == mpidr)
            return (int)n;
    }
    return -1;
}

static bool is_on(void *opaque, int vcpu)
{
    const struct kvmd_vm *vm = opaque;

    return !vm->vcpus[vcpu]->powered_off;
}

static void start(struct kvmd_vcpu *vcpu, uint64_t entry, uint64_t context)
{
    vcpu_reset(vcpu);
    vcpu->values[VCPU_ROW_PC].low = entry;
    vcpu->values[VCPU_ROW_X0].low = context;
    vcpu->powered_off = false;
    vcpu_wake(vcpu);
}

static enum outcome vcpu_decides(struct kvmd_vcpu *vcpu)
{
    struct kvmd_vm *vm = vcpu->vm;
    const struct psci_machine machine = {
        .vcpu_of_mpidr = vcpu_of_mpidr, .is_on = is_on, .starts_anywhere = true, .opaque = vm};
    struct psci_result result = pe_psci(&vcpu->pe, &machine);

    switch (result.action) {
    case PSCI_ACTION_RETURN:
        return GO_ON;
    case PSCI_ACTION_CPU_ON:
        start(vm->vcpus[result.target], result.entry, result.context);
        return GO_ON;
    case PSCI_ACTION_CPU_OFF:
        vcpu->powered_off = true;
        return GO_ON;
    case PSCI_ACTION_SYSTEM_OFF:
    case PSCI_ACTION_SYSTEM_RESET:
        break;
    }
    return internal_error(vcpu, "PSCI has no such action");
}

static enum outcome hypercall(struct kvmd_vcpu *vcpu)
{
    struct psci_event event;

    switch (kvmd_psci(vcpu, &event)) {
    case PSCI_NOT_OURS:
        return vcpu_decides(vcpu);
    case PSCI_LEAVES:
        return system_event(vcpu, &event);
    case PSCI_WAITS:
        vcpu->waits = true;
        break;
    case PSCI_ANSWERED:
        break;
    }
    return GO_ON;
}

/* ---- Device accesses ------------------------------------------------------------------------- */

/* The access leaves to the VMM; at the next KVM_RUN its answer is in the same place. */
static enum outcome mmio_exit(struct kvmd_vcpu *vcpu)
{
    struct kvm_run *run = vcpu->run;

    run->exit_reason = KVM_EXIT_MMIO;
    memset(&run->mmio, 0, sizeof(run->mmio));
    run->mmio.phys_addr = vcpu->mmio.address;
    run->mmio.len = vcpu->mmio.size;
    run->mmio.is_write = vcpu->mmio.is_write;
    memcpy(run->mmio.data, &vcpu->mmio.value, vcpu->mmio.size);
    vcpu->mmio_pending = true;
    return TO_VMM;
}

#define ISS_WRITE (1u << 6)
#define FSC_TRANSLATION_L3 0x07u
#define FSC_PERMISSION_L3 0x0fu

/* A pair, a vector register, an atomic: no syndrome says what it does. It is the VMM's to step over
 * it, or else it comes again. */
static enum outcome without_syndrome(struct kvmd_vcpu *vcpu)
{
    struct kvm_run *run = vcpu->run;
    bool read_only;
    bool is_memory = slots_at(&vcpu->vm->slots, vcpu->mmio.address, 1, &read_only);

    if (!vcpu->vm->nisv_to_user)
        return NOT_POSSIBLE;
    run->exit_reason = KVM_EXIT_ARM_NISV;
    run->arm_nisv.esr_iss = (vcpu->mmio.is_write ? ISS_WRITE : 0) |
                            (is_memory ? FSC_PERMISSION_L3 : FSC_TRANSLATION_L3);
    run->arm_nisv.fault_ipa = vcpu->mmio.address;
    return TO_VMM;
}

/* A store of which the VMM hears without an exit. */
static bool is_taken(struct kvmd_vcpu *vcpu)
{
    const struct vcpu_mmio *mmio = &vcpu->mmio;

    return ioeventfds_take(&vcpu->vm->wires, mmio->address, mmio->size, mmio->value) ||
           coalesced_take(vcpu, mmio->address, mmio->size, mmio->value);
}

static enum outcome device_access(struct kvmd_vcpu *vcpu)
{
    vcpu_mmio(vcpu->pe.vcpu, &vcpu->mmio);
    if (vcpu->mmio.size == 0)
        return without_syndrome(vcpu);
    if (!vcpu->mmio.is_write || !is_taken(vcpu))
        return mmio_exit(vcpu);
    vcpu_complete(vcpu->pe.vcpu, 0);
    vcpu->stepped = true;
    return GO_ON;
}

/* The instruction that left is over, or takes an abort. */
static void complete(struct kvmd_vcpu *vcpu)
{
    uint64_t value = 0;

    if (vcpu->abort_pending)
        events_take_abort(vcpu);
    if (!vcpu->mmio_pending)
        return;
    vcpu->mmio_pending = false;
    memcpy(&value, vcpu->run->mmio.data, vcpu->mmio.size);
    vcpu_complete(vcpu->pe.vcpu, value);
    vcpu->stepped = true;
}

/* ---- The loop -------------------------------------------------------------------------------- */

static void hand_over(struct kvmd_vm *vm)
{
    if (!turn_is_wanted(&vm->lock))
        return;
    turn_unlock(&vm->lock);
    turn_lock(&vm->lock);
}

static enum outcome after(struct kvmd_vcpu *vcpu, enum vcpu_exit exit)
{
    char words[200];

    switch (exit) {
    case VCPU_EXIT_STOP:
        vcpu->stepped = true;
        return GO_ON;
    case VCPU_EXIT_CHECK:
        return GO_ON;
    case VCPU_EXIT_WFI:
        vcpu->waits = vcpu->stepped = true;
        return GO_ON;
    case VCPU_EXIT_HVC:
        vcpu->stepped = true;
        return hypercall(vcpu);
    case VCPU_EXIT_BREAK:
        debug_at_break(vcpu);
        return TO_VMM;
    case VCPU_EXIT_SEMIHOSTING:
        vcpu_inject_undefined(vcpu->pe.vcpu);
        return GO_ON;
    case VCPU_EXIT_MMIO:
        return device_access(vcpu);
    case VCPU_EXIT_SERROR:
        events_take_serror(vcpu);
        return GO_ON;
    case VCPU_EXIT_STUCK:
    case VCPU_EXIT_BROKEN:
        break;
    }
    vcpu_trouble(vcpu->pe.vcpu, words, sizeof(words));
    return internal_error(vcpu, words);
}

/* What another vCPU has stored cannot be told from its value: its turn ends an exclusive. */
static void take_turn(struct kvmd_vcpu *vcpu)
{
    if (vcpu->vm->ran_last != vcpu)
        vcpu_clear_monitor(vcpu->pe.vcpu);
    vcpu->vm->ran_last = vcpu;
}

static enum outcome slice(struct kvmd_vcpu *vcpu)
{
    struct vcpu_clock *clock = &vcpu->vm->clock;

    take_turn(vcpu);
    vcpu_set_serror(vcpu->pe.vcpu, vcpu->serror_pending);
    clock->stop_at = debug_steps(vcpu) ? clock->instructions + 1 : UINT64_MAX;
    clock->check_at = clock->instructions + SLICE;
    return after(vcpu, vcpu_run(vcpu->pe.vcpu));
}

/* Before a slice: is there something to come back for? */
static enum outcome look_around(struct kvmd_vcpu *vcpu)
{
    if (vcpu->stepped && debug_steps(vcpu)) {
        debug_after_step(vcpu);
        return TO_VMM;
    }
    vcpu->stepped = false;
    pe_drive_timers(&vcpu->pe, vm_counter(vcpu->vm));
    return user_irq_changed(vcpu) ? INTERRUPTED : GO_ON;
}

static enum outcome ring_full(struct kvmd_vcpu *vcpu)
{
    vcpu->run->exit_reason = KVM_EXIT_DIRTY_RING_FULL;
    return TO_VMM;
}

static enum outcome run_on(struct kvmd_call *call)
{
    struct kvmd_vcpu *vcpu = call->vcpu;
    enum outcome outcome = GO_ON;

    for (unsigned n = 0; outcome == GO_ON; n++) {
        if (has_to_return_before(call, n))
            return INTERRUPTED;
        if (ring_is_full(&vcpu->ring))
            return ring_full(vcpu);
        outcome = sleep_until_runnable(call);
        if (outcome != GO_ON)
            return outcome;
        outcome = look_around(vcpu);
        if (outcome != GO_ON)
            return outcome;
        if (engine_enter(vcpu) != 0)
            return internal_error(vcpu, "the engine does not take its state");
        outcome = slice(vcpu);
        hand_over(call->vm);
    }
    return outcome;
}

static int64_t run_inside(struct kvmd_call *call)
{
    struct kvmd_vcpu *vcpu = call->vcpu;

    if ((vcpu->mmio_pending || vcpu->abort_pending) && engine_enter(vcpu) != 0)
        return -EIO;
    complete(vcpu);
    switch (run_on(call)) {
    case INTERRUPTED:
        return interrupted(call->vcpu);
    case NOT_POSSIBLE:
        return -ENOSYS;
    case GO_ON:
    case TO_VMM:
        break;
    }
    return 0;
}

/* The first run of a VM takes the VGICv5's resources, and fails where it cannot. */
int64_t kvmd_run(struct kvmd_call *call)
{
    struct kvmd_vcpu *vcpu = call->vcpu;
    int64_t ret;

    if (vcpu->inside)
        return -EINTR;
    ret = vcpu->pe.gic ? vgic5_vcpu_enter(vcpu->pe.gic) : 0;
    if (ret)
        return ret;
    identification_freeze(call->vm);
    vcpu->inside = true;
    ring_enter(vcpu);
    ret = run_inside(call);
    user_irq_say(vcpu);
    vcpu->inside = false;
    if (vcpu->pe.gic)
        vgic5_vcpu_leave(vcpu->pe.gic);
    ring_leave();
    return ret;
}
