/* SPDX-License-Identifier: BSD-3-Clause */
/* A machine becomes what a snapshot says of it. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "machine/state.h"

static void free_cpus(struct loaded_cpu *cpus, uint32_t n)
{
    for (uint32_t i = 0; cpus && i < n; i++)
        free(cpus[i].values);
    free(cpus);
}

static struct loaded_cpu *allocate_cpus(uint32_t n)
{
    struct loaded_cpu *cpus = calloc(n, sizeof(*cpus));
    size_t nr_registers;

    vcpu_registers(&nr_registers);
    for (uint32_t i = 0; cpus && i < n; i++) {
        cpus[i].values = calloc(nr_registers, sizeof(*cpus[i].values));
        if (!cpus[i].values) {
            free_cpus(cpus, n);
            return NULL;
        }
    }
    return cpus;
}

static void switch_off(struct machine *machine)
{
    for (uint32_t i = 0; i < machine->nr_cpus; i++) {
        vcpu_destroy(machine->cpus[i].pe.vcpu);
        machine->cpus[i].pe.vcpu = NULL;
    }
}

static int switch_on(struct machine *machine, const struct loaded_cpu *cpus,
                     struct vgic5_error *error)
{
    for (uint32_t i = 0; i < machine->nr_cpus; i++) {
        int ret = cpus[i].on ? machine_cpu_on(&machine->cpus[i], error) : 0;

        if (ret != 0) {
            switch_off(machine);
            return ret;
        }
    }
    return 0;
}

static void apply_clock(struct machine *machine, const struct loaded_clock *loaded)
{
    struct guest_clock *clock = &machine->clock;

    clock->run.instructions = loaded->instructions;
    clock->skew = loaded->skew;
    clock->stopped = loaded->counter;
    machine->current = loaded->current;
    machine->slice_start = loaded->instructions - loaded->slice_position;
    machine->slice_length = loaded->slice_length;
    machine->input_bytes = loaded->input_bytes;
    machine->ended = loaded->ended != 0;
    machine->end.why =
        loaded->ended != 0 ? (enum machine_stop)(loaded->ended - 1) : MACHINE_STOP_OFF;
    machine->end.exit_status = loaded->exit_status;
}

static int apply_cpus(struct machine *machine, const struct loaded_cpu *cpus,
                      struct vgic5_error *error)
{
    int ret = 0;

    for (uint32_t i = 0; ret == 0 && i < machine->nr_cpus; i++) {
        struct cpu *cpu = &machine->cpus[i];
        char where[32];

        snprintf(where, sizeof(where), "cpu %" PRIu32, cpu->pe.id);
        cpu->waiting = cpus[i].waiting;
        memcpy(cpu->pe.timers, cpus[i].timers, sizeof(cpu->pe.timers));
        if (cpu->pe.vcpu)
            ret = vcpu_put_state_checked(cpu->pe.vcpu, cpus[i].values, where, error);
    }
    return ret;
}

static int load_parts(struct machine *machine, const struct vgic5_fields *const *fields,
                      struct vgic5_error *error)
{
    int ret = 0;

    for (size_t i = 0; ret == 0 && i < NR_BOARD_PARTS; i++)
        if (board_parts[i].load)
            ret = board_parts[i].load(machine, fields[i], error);
    return ret;
}

static int load(struct machine *machine, const struct vgic5_snapshot *snapshot,
                struct loaded_machine *loaded, struct vgic5_error *error)
{
    int ret = state_read(machine, snapshot, loaded, error);

    if (ret == 0)
        ret = switch_on(machine, loaded->cpus, error);
    if (ret != 0)
        return ret;
    ret = load_parts(machine, loaded->parts, error);
    if (ret != 0) {
        switch_off(machine);
        return ret;
    }
    apply_clock(machine, &loaded->clock);
    return apply_cpus(machine, loaded->cpus, error);
}

static int prove(struct machine *machine, const struct vgic5_snapshot *snapshot,
                 struct loaded_machine *loaded, struct vgic5_error *error)
{
    int ret = state_read(machine, snapshot, loaded, error);

    for (uint32_t i = 0; ret == 0 && i < machine->nr_cpus; i++) {
        char where[32];

        snprintf(where, sizeof(where), "cpu %" PRIu32, machine->cpus[i].pe.id);
        if (loaded->cpus[i].on)
            ret = vcpu_prove_state(machine->engine, loaded->cpus[i].values, where, error);
    }
    return ret == 0 ? load_parts(machine, loaded->parts, error) : ret;
}

static int with_new_machine(struct machine *machine, const struct vgic5_snapshot *snapshot,
                            int (*what)(struct machine *, const struct vgic5_snapshot *,
                                        struct loaded_machine *, struct vgic5_error *),
                            struct vgic5_error *error)
{
    struct loaded_machine loaded;
    int ret;

    for (uint32_t i = 0; i < machine->nr_cpus; i++)
        if (machine->cpus[i].pe.vcpu)
            return error_set(error, VGIC5_CAUSE_BUG, -EINVAL,
                             "a snapshot is loaded into a new machine only");
    loaded.cpus = allocate_cpus(machine->nr_cpus);
    if (!loaded.cpus)
        return error_set(error, VGIC5_CAUSE_ENVIRONMENT, -ENOMEM,
                         "no memory for the state of the vCPUs");
    ret = what(machine, snapshot, &loaded, error);
    free_cpus(loaded.cpus, machine->nr_cpus);
    return ret;
}

int machine_load(struct machine *machine, const struct vgic5_snapshot *snapshot,
                 struct vgic5_error *error)
{
    return with_new_machine(machine, snapshot, load, error);
}

int machine_prove(struct machine *machine, const struct vgic5_snapshot *snapshot,
                  struct vgic5_error *error)
{
    return with_new_machine(machine, snapshot, prove, error);
}
