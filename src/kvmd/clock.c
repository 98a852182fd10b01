/* SPDX-License-Identifier: BSD-3-Clause */
/* A VM's counter: the host's time, moved by what the VMM has asked for. */
#include <time.h>

#include "kvmd/internal.h"

#define NS_PER_TICK (1000000000u / COUNTER_FREQUENCY)

static uint64_t host_ticks(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return ((uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec) / NS_PER_TICK;
}

uint64_t vm_counter(const struct kvmd_vm *vm)
{
    return host_ticks() + vm->counter_offset;
}

void vm_set_counter(struct kvmd_vm *vm, uint64_t value)
{
    vm->counter_offset = value - host_ticks();
}

static uint64_t counter(void *opaque, uint64_t instructions)
{
    const struct kvmd_vcpu *vcpu = opaque;

    (void)instructions;
    return vm_counter(vcpu->vm);
}

/* A slice is shorter than any deadline matters. */
static void deadline_changed(void *opaque)
{
    (void)opaque;
}

struct pe_host clock_pe_host(void)
{
    struct pe_host host = {.counter = counter, .deadline_changed = deadline_changed};

    host.ids = pe_ids_gicv5(&host.nr_ids);
    return host;
}
