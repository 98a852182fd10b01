/* SPDX-License-Identifier: BSD-3-Clause */
#include "started.h"

#include "bare.h"
#include "machine/machine_parts.h"

struct machine *started(bool deterministic, const uint32_t *code, size_t n)
{
    const struct machine_config config = {
        .engine = &unicorn_engine,
        .nr_vcpus = 2,
        .ram_size = RAM_SIZE,
        .nr_spis = 64,
        .gic.size = sizeof(config.gic),
        .deterministic = deterministic,
    };
    struct machine *machine;

    assert_int_equal(machine_create(&config, &machine, NULL), 0);
    assert_int_equal(machine_gic_configure(machine, NULL), 0);
    assert_int_equal(machine_cpu_on(&machine->cpus[0], NULL), 0);
    memory_write(&machine->ram, RAM, code, n * sizeof(*code));
    vcpu_set_pc(machine->cpus[0].pe.vcpu, RAM);
    return machine;
}
