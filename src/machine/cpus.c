/* SPDX-License-Identifier: BSD-3-Clause */
/* The vCPUs of the machine, and what their PEs ask of it. */
#include <errno.h>
#include <stdlib.h>

#include "machine/machine_parts.h"

uint32_t machine_vcpu_id(const struct machine_config *config, uint32_t index)
{
    return config->vcpu_ids ? config->vcpu_ids[index] : index;
}

static uint64_t counter(void *opaque, uint64_t instructions)
{
    const struct cpu *cpu = opaque;

    return clock_counter(&cpu->machine->clock, instructions);
}

static void deadline_changed(void *opaque)
{
    const struct cpu *cpu = opaque;

    machine_deadline_changed(cpu->machine);
}

static void gic_access(void *opaque, uint64_t instructions, const struct vcpu_sysreg *access)
{
    const struct cpu *cpu = opaque;
    const struct machine_trace *to = &cpu->machine->trace;

    if (to->access)
        to->access(to->opaque, instructions, cpu->pe.id, access->encoding, access->is_write,
                   access->value);
}

static enum vcpu_sysreg_result sysreg(void *opaque, struct vcpu_sysreg *access)
{
    struct cpu *cpu = opaque;

    machine_hurry(cpu);
    return pe_sysreg(&cpu->pe, access);
}

static struct pe_host pe_host(const struct machine *machine)
{
    struct pe_host host = {
        .counter = counter,
        .deadline_changed = deadline_changed,
        .gic_access = machine->trace.access ? gic_access : NULL,
    };

    host.ids = pe_ids_gicv5(&host.nr_ids);
    return host;
}

static void connect(struct machine *machine, uint32_t index, uint32_t id)
{
    struct cpu *cpu = &machine->cpus[index];

    cpu->machine = machine;
    cpu->pe = (struct pe){.id = id, .host = &machine->pe_host, .opaque = cpu};
    cpu->host = (struct vcpu_host){.mmio_read = machine_mmio_read,
                                   .mmio_write = machine_mmio_write,
                                   .sysreg = sysreg,
                                   .answers = pe_answers,
                                   .opaque = cpu};
    machine->cpu_of_id[id] = (uint16_t)index;
}

int machine_create_cpus(struct machine *machine, const struct machine_config *config)
{
    machine->pe_host = pe_host(machine);
    machine->nr_cpus = config->nr_vcpus;
    for (uint32_t i = 0; i < config->nr_vcpus; i++)
        if (machine_vcpu_id(config, i) >= machine->nr_ids)
            machine->nr_ids = machine_vcpu_id(config, i) + 1;
    machine->cpus = calloc(machine->nr_cpus, sizeof(*machine->cpus));
    machine->cpu_of_id = calloc(machine->nr_ids, sizeof(*machine->cpu_of_id));
    if (!machine->cpus || !machine->cpu_of_id)
        return -ENOMEM;
    for (uint32_t i = 0; i < machine->nr_cpus; i++)
        connect(machine, i, machine_vcpu_id(config, i));
    return 0;
}
