/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Whose turn it is: round robin. In real time a vCPU for which the host has an interrupt (its timer
 * has fired, input has come) goes first, once between two regular turns, so that it cannot keep
 * the others from theirs; the round goes on where it was.
 */
#include "machine/machine_parts.h"

bool machine_is_runnable(const struct cpu *cpu)
{
    return cpu->pe.vcpu && !(cpu->waiting && !cpu->pe.line);
}

bool machine_can_run(const struct machine *machine)
{
    for (uint32_t i = 0; i < machine->nr_cpus; i++)
        if (machine_is_runnable(&machine->cpus[i]))
            return true;
    return false;
}

/* The engine's exclusive stores compare values, and another vCPU may have stored the same one. */
static void give_turn(struct machine *machine, uint32_t index)
{
    if (index != machine->current)
        vcpu_clear_monitor(machine->cpus[index].pe.vcpu);
    machine->current = index;
    machine->slice_start = machine->clock.run.instructions;
    machine->turn_began = machine->clock.looked;
    machine->turn_is_over = false;
}

static void forget_served(struct machine *machine)
{
    for (uint32_t i = 0; machine->has_served && i < machine->nr_cpus; i++)
        machine->cpus[i].served = false;
    machine->has_served = false;
}

bool machine_take_turns(struct machine *machine)
{
    for (uint32_t i = 1; i <= machine->nr_cpus; i++) {
        uint32_t next = (machine->turn + i) % machine->nr_cpus;

        if (!machine_is_runnable(&machine->cpus[next]))
            continue;
        forget_served(machine);
        machine->turn = next;
        give_turn(machine, next);
        return true;
    }
    return false;
}

void machine_call(struct cpu *cpu)
{
    if (cpu->called || cpu->machine->clock.deterministic)
        return;
    cpu->called = true;
    cpu->machine->nr_called++;
}

/* Of those that were called, the next after the present one; which comes first. */
static bool take_called(struct machine *machine)
{
    for (uint32_t i = 0; machine->nr_called > 0 && i < machine->nr_cpus; i++) {
        uint32_t next = (machine->current + i) % machine->nr_cpus;
        struct cpu *cpu = &machine->cpus[next];

        if (!cpu->called || cpu->served)
            continue;
        cpu->called = false;
        machine->nr_called--;
        if (!cpu->pe.line || !machine_is_runnable(cpu))
            continue; /* it does not want the interrupt now */
        cpu->served = machine->has_served = true;
        if (i != 0 || machine->turn_is_over)
            give_turn(machine, next);
        return true;
    }
    return false;
}

bool machine_choose(struct machine *machine)
{
    if (take_called(machine))
        return true;
    if (!machine->turn_is_over && machine_is_runnable(&machine->cpus[machine->current]))
        return true;
    return machine_take_turns(machine);
}
