/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Real time. What the host has for the guest (the time for its timers and its clock, input, and
 * the wish to stop it) is looked at when an alarm has rung: at the time of the next deadline, and
 * at least once a millisecond. To ask whether it has rung costs little, so that is done after each
 * run of a vCPU, however short, and at each access of the guest to a device or a system register
 * that comes by: no guest can keep the moment from coming. Should the alarm itself be late, a
 * slice's instructions or so many turns are enough.
 */
#include "machine/machine_parts.h"

#define TURNS_PER_LOOK 64u
#define TIME_PER_LOOK UINT64_C(900000) /* nanoseconds, so that it is found within 1 ms */
/* A turn ends after a slice's instructions, or when they take longer than a millisecond. */
#define TICKS_PER_TURN (COUNTER_FREQUENCY / 1000)

bool machine_has_to_look(struct machine *machine)
{
    return machine_alarm_has_rung(machine) || ++machine->turns >= TURNS_PER_LOOK ||
           machine->clock.run.instructions - machine->looked_at >= machine->slice_length;
}

void machine_look(struct machine *machine)
{
    uint64_t next = clock_look(&machine->clock) + TIME_PER_LOOK;
    uint64_t deadline;

    machine->is_looking = true;
    machine->turns = 0;
    machine->looked_at = machine->clock.run.instructions;
    machine_tell_time(machine);
    if (machine_deadline_is_over(machine))
        machine_update_timers(machine);
    machine_flush_output(machine);
    machine_poll_input(machine);
    machine->is_looking = false;
    if (machine->clock.looked - machine->turn_began >= TICKS_PER_TURN)
        machine->turn_is_over = true;
    deadline = clock_time_at(&machine->clock, machine->deadline);
    if (deadline < next)
        next = deadline;
    if (machine_alarm_has_rung(machine) || next < machine->alarm)
        machine_set_alarm(machine, next);
}

void machine_look_soon(struct machine *machine)
{
    machine->turns = TURNS_PER_LOOK;
}
