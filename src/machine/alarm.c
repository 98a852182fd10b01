/* SPDX-License-Identifier: BSD-3-Clause */
/* Real time: the alarm that says when to look at the host again (look.c). */
#include "machine/machine_parts.h"

bool machine_alarm_has_rung(const struct machine *machine)
{
    const struct machine_time *time = &machine->clock.time;

    return !machine->clock.deterministic && time->has_rung(time->opaque);
}

void machine_set_alarm(struct machine *machine, uint64_t at)
{
    const struct machine_time *time = &machine->clock.time;

    machine->alarm = at;
    time->set_alarm(time->opaque, at);
}

/* A nearer deadline needs a nearer alarm. One that has moved away is not worth the call: the alarm
 * rings, and nothing is found. */
void machine_alarm_for_deadline(struct machine *machine)
{
    uint64_t at = clock_time_at(&machine->clock, machine->deadline);

    if (at < machine->alarm)
        machine_set_alarm(machine, at);
}

/* The running vCPU has come by: it is to leave at its next check point. */
void machine_hurry(struct cpu *cpu)
{
    if (!machine_alarm_has_rung(cpu->machine))
        return;
    cpu->machine->clock.run.check_at = 0;
    vcpu_attention(cpu->pe.vcpu);
}
