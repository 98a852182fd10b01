/* SPDX-License-Identifier: BSD-3-Clause */
/* What has to happen at a time: the timers of all vCPUs and the real-time clock. */
#include "machine/machine_parts.h"

void machine_find_deadline(struct machine *machine)
{
    machine->deadline = pl031_deadline(machine->rtc);
    for (uint32_t i = 0; i < machine->nr_cpus; i++) {
        uint64_t deadline = pe_deadline(&machine->cpus[i].pe);

        if (deadline < machine->deadline)
            machine->deadline = deadline;
    }
}

/* In real time as of the last look: what is late by a look is found by the next. */
static uint64_t counter_now(const struct machine *machine)
{
    const struct guest_clock *clock = &machine->clock;

    return clock->deterministic ? clock_counter(clock, clock->run.instructions) : clock->looked;
}

void machine_tell_time(struct machine *machine)
{
    pl031_advance(machine->rtc, counter_now(machine));
}

void machine_update_timers(struct machine *machine)
{
    uint64_t counter = counter_now(machine);

    for (uint32_t i = 0; i < machine->nr_cpus; i++) {
        struct cpu *cpu = &machine->cpus[i];

        if (pe_drive_timers(&cpu->pe, counter))
            machine_call(cpu);
    }
    pl031_advance(machine->rtc, counter);
    machine_find_deadline(machine);
}

void machine_deadline_changed(struct machine *machine)
{
    struct vcpu *running = machine->cpus[machine->current].pe.vcpu;
    uint64_t check_at;

    machine_find_deadline(machine);
    if (!machine->clock.deterministic) {
        machine_alarm_for_deadline(machine);
        return;
    }
    check_at = clock_instructions_at(&machine->clock, machine->deadline);
    if (check_at >= machine->clock.run.check_at || !running)
        return;
    machine->clock.run.check_at = check_at;
    vcpu_attention(running);
}

bool machine_deadline_is_over(const struct machine *machine)
{
    return machine->deadline != COUNTER_NEVER && counter_now(machine) >= machine->deadline;
}

/* ---- In the device tree ------------------------------------------------------------------------
 */

/* PPIs in the binding's order: secure, physical, virtual, hypervisor, virtual hypervisor. */
void machine_timer_node(struct tree *tree)
{
    tree_begin(tree, "timer");
    tree_put_text(tree, "compatible", "arm,armv8-timer");
    TREE_PUT_CELLS(tree, "interrupts", VGIC5_PPI, 29, LEVEL_HIGH, VGIC5_PPI, VGIC5_PPI_CNTP,
                   LEVEL_HIGH, VGIC5_PPI, VGIC5_PPI_CNTV, LEVEL_HIGH, VGIC5_PPI, 26, LEVEL_HIGH,
                   VGIC5_PPI, 28, LEVEL_HIGH);
    tree_put(tree, "always-on", NULL, 0);
    tree_end(tree);
}
