/* SPDX-License-Identifier: BSD-3-Clause */
/* vCPUs that go on and off, and guests that end: PSCI and semihosting. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "machine/machine_parts.h"

#define SYS_EXIT 0x18u
#define ADP_STOPPED_APPLICATION_EXIT 0x20026u

void machine_end(struct machine *machine, enum machine_stop why)
{
    machine->ended = true;
    machine->end.why = why;
}

void machine_stuck(struct machine *machine, const char *format, ...)
{
    va_list list;

    va_start(list, format);
    vsnprintf(machine->end.message, sizeof(machine->end.message), format, list);
    va_end(list);
    machine_end(machine, MACHINE_STOP_STUCK);
}

int machine_cpu_on(struct cpu *cpu, struct vgic5_error *error)
{
    return pe_on(&cpu->pe, cpu->machine->engine, &cpu->host, error);
}

void machine_cpu_off(struct cpu *cpu)
{
    pe_off(&cpu->pe);
    cpu->waiting = false;
    machine_find_deadline(cpu->machine);
}

/* ---- PSCI --------------------------------------------------------------------------------------
 */

static int vcpu_of_mpidr(void *opaque, uint64_t mpidr)
{
    const struct machine *machine = opaque;

    for (uint32_t i = 0; i < machine->nr_cpus; i++)
        if (vgic5_mpidr_of_vcpu(machine->cpus[i].pe.id) == mpidr)
            return (int)i;
    return -1;
}

static bool is_on(void *opaque, int vcpu)
{
    const struct machine *machine = opaque;

    return machine->cpus[vcpu].pe.vcpu;
}

static bool is_ram(void *opaque, uint64_t address)
{
    const struct machine *machine = opaque;

    return memory_at(&machine->ram, address, 4);
}

static void start(struct cpu *cpu, uint64_t entry, uint64_t context)
{
    struct vgic5_error error = {0};

    if (machine_cpu_on(cpu, &error) != 0) {
        machine_stuck(cpu->machine, "vCPU %u cannot be started: %s", cpu->pe.id, error.message);
        return;
    }
    vcpu_set_x(cpu->pe.vcpu, 0, context);
    vcpu_set_pc(cpu->pe.vcpu, entry);
}

void machine_psci(struct cpu *cpu)
{
    struct machine *machine = cpu->machine;
    const struct psci_machine view = {
        .vcpu_of_mpidr = vcpu_of_mpidr, .is_on = is_on, .is_ram = is_ram, .opaque = machine};
    const struct psci_result result = pe_psci(&cpu->pe, &view);

    switch (result.action) {
    case PSCI_ACTION_CPU_ON:
        start(&machine->cpus[result.target], result.entry, result.context);
        break;
    case PSCI_ACTION_RETURN:
        break;
    case PSCI_ACTION_CPU_OFF:
        machine_cpu_off(cpu);
        break;
    case PSCI_ACTION_SYSTEM_OFF:
        machine_end(machine, MACHINE_STOP_OFF);
        break;
    case PSCI_ACTION_SYSTEM_RESET:
        machine_end(machine, MACHINE_STOP_RESET);
        break;
    }
}

/* ---- Semihosting -------------------------------------------------------------------------------
 */

/* SYS_EXIT, with the block { reason, status } at X1; everything else is no semihosting at all. */
void machine_semihosting(struct cpu *cpu)
{
    struct machine *machine = cpu->machine;
    uint64_t block[2];

    if ((uint32_t)vcpu_get_x(cpu->pe.vcpu, 0) != SYS_EXIT ||
        vcpu_read_memory(cpu->pe.vcpu, vcpu_get_x(cpu->pe.vcpu, 1), block, sizeof(block)) != 0) {
        vcpu_inject_undefined(cpu->pe.vcpu);
        return;
    }
    /* Any other reason is a failure, whatever the second word says. */
    machine->end.exit_status = block[0] == ADP_STOPPED_APPLICATION_EXIT ? block[1] : 1;
    machine_end(machine, MACHINE_STOP_EXIT);
}

/* ---- In the device tree ------------------------------------------------------------------------
 */

void machine_psci_node(struct tree *tree)
{
    tree_begin(tree, "psci");
    TREE_PUT_TEXTS(tree, "compatible", "arm,psci-1.0\0arm,psci-0.2");
    tree_put_text(tree, "method", "hvc");
    tree_end(tree);
}
