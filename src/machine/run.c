/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The run loop: one host thread, one vCPU at a time, round robin. What happens next depends on the
 * machine's state alone, and each turn of the loop begins with the question whether to stop; so a
 * machine that is stopped after n instructions, saved and restored does what the original does.
 */
#include <stdio.h>
#include <string.h>

#include "machine/machine_parts.h"

#define LONGEST_SLEEP UINT64_C(5000000) /* nanoseconds, where nobody waits for the host */

static bool stop_at(struct machine *machine, enum machine_stop why)
{
    machine->end.why = why;
    return true;
}

/* `asks`: is it time to ask whoever may want it to stop? */
static bool has_to_stop(struct machine *machine, const struct machine_until *until, bool asks)
{
    if (machine->ended)
        return true;
    if (machine->clock.run.instructions >= until->insn)
        return stop_at(machine, MACHINE_STOP_INSN);
    if (machine->printer.found)
        return stop_at(machine, MACHINE_STOP_TEXT);
    if (asks && until->interrupted && until->interrupted(until->opaque))
        return stop_at(machine, MACHINE_STOP_REQUEST);
    return false;
}

static bool take_turns(struct machine *machine)
{
    machine_tell_time(machine);
    return machine_take_turns(machine);
}

static void nothing_can_happen(struct machine *machine)
{
    const char *what = "every vCPU waits for an interrupt or is off, and nothing can wake one";
    struct cpu *cpu = &machine->cpus[machine->current];
    char trouble[400];

    if (!cpu->pe.vcpu) {
        machine_stuck(machine, "%s; the last one, vCPU %u, is off", what, cpu->pe.id);
        return;
    }
    vcpu_trouble(cpu->pe.vcpu, trouble, sizeof(trouble));
    machine_stuck(machine, "%s; the last one, vCPU %u: %s", what, cpu->pe.id, trouble);
}

/* All vCPUs wait, or are off: only a timer or the console can go on. */
static void idle(struct machine *machine)
{
    struct guest_clock *clock = &machine->clock;

    machine_flush_output(machine);
    machine_update_timers(machine);
    if (machine_poll_input(machine) || take_turns(machine))
        return;
    if (machine->deadline == COUNTER_NEVER || !clock_jump(clock, machine->deadline))
        nothing_can_happen(machine);
}

static void sleep_until(struct machine *machine, const struct machine_until *until, bool input)
{
    const struct machine_time *time = &machine->clock.time;
    uint64_t length = clock_time_until(&machine->clock, machine->deadline);

    if (until->wait)
        until->wait(until->opaque, length, input);
    else
        time->sleep(time->opaque, length < LONGEST_SLEEP ? length : LONGEST_SLEEP);
}

static void idle_in_real_time(struct machine *machine, const struct machine_until *until)
{
    bool input;

    machine_look(machine);
    if (machine_can_run(machine))
        return;
    machine_look_soon(machine);
    input = machine_awaits_input(machine);
    if (machine->deadline != COUNTER_NEVER || input)
        sleep_until(machine, until, input);
    else
        nothing_can_happen(machine);
}

/* The next check point: at the end of the slice, or when it is time for a look at the time. */
static void limit(struct machine *machine, const struct machine_until *until)
{
    uint64_t slice_end = machine->slice_start + machine->slice_length;
    uint64_t look = machine->clock.deterministic
                        ? clock_instructions_at(&machine->clock, machine->deadline)
                        : machine->looked_at + machine->slice_length;

    machine->clock.run.stop_at = until->insn;
    machine->clock.run.check_at = look < slice_end ? look : slice_end;
}

static void give_up(struct cpu *cpu, const char *why)
{
    char trouble[400];

    vcpu_trouble(cpu->pe.vcpu, trouble, sizeof(trouble));
    machine_stuck(cpu->machine, "vCPU %u: %s%s", cpu->pe.id, why, trouble);
}

/* Is this the busy loop at the end of a panic? */
static bool has_panicked(struct machine *machine)
{
    const struct cpu *cpu = &machine->cpus[machine->current];

    if (machine->panic.vcpu == 0)
        return false;
    if (vcpu_exception_level(cpu->pe.vcpu) == 0)
        panic_program_runs(&machine->panic);
    return panic_is_certain(&machine->panic, cpu->pe.id, machine->clock.run.instructions);
}

/* Can an interrupt still wake it, if neither timers nor input nor another vCPU make one? */
static bool rests(const struct cpu *cpu, bool nothing_comes)
{
    bool unheard = nothing_comes && !cpu->pe.line;

    if (!cpu->pe.vcpu || (cpu->waiting && unheard))
        return true;
    return vcpu_is_in_empty_loop(cpu->pe.vcpu) && (unheard || vcpu_masks_interrupts(cpu->pe.vcpu));
}

/* Nothing but an interrupt ends a loop that does nothing: it is masked, or none can come. */
static bool loops_for_ever(struct machine *machine)
{
    bool nothing_comes;

    if (!vcpu_is_in_empty_loop(machine->cpus[machine->current].pe.vcpu))
        return false;
    nothing_comes = machine->deadline == COUNTER_NEVER && !machine_awaits_input(machine);
    for (uint32_t i = 0; i < machine->nr_cpus; i++)
        if (!rests(&machine->cpus[i], nothing_comes))
            return false;
    return true;
}

static void at_check_point(struct machine *machine)
{
    if (machine->clock.deterministic && machine_deadline_is_over(machine))
        machine_update_timers(machine);
    if (has_panicked(machine)) {
        give_up(&machine->cpus[machine->current],
                "the guest's kernel has panicked and does not restart, ");
        return;
    }
    if (machine->clock.run.instructions - machine->slice_start < machine->slice_length)
        return;
    if (loops_for_ever(machine)) {
        give_up(&machine->cpus[machine->current],
                "a loop that does nothing, and no interrupt can end it, ");
        return;
    }
    if (!machine->clock.deterministic) {
        machine->turn_is_over = true;
        return;
    }
    machine_poll_input(machine);
    take_turns(machine);
}

static void run_current(struct machine *machine, const struct machine_until *until)
{
    struct cpu *cpu = &machine->cpus[machine->current];

    cpu->waiting = false;
    limit(machine, until);
    switch (vcpu_run(cpu->pe.vcpu)) {
    case VCPU_EXIT_STOP:
        break;
    case VCPU_EXIT_CHECK:
        at_check_point(machine);
        break;
    case VCPU_EXIT_WFI:
        cpu->waiting = true;
        panic_vcpu_waits(&machine->panic, cpu->pe.id);
        break;
    case VCPU_EXIT_HVC:
        machine_psci(cpu);
        break;
    case VCPU_EXIT_SEMIHOSTING:
        machine_semihosting(cpu);
        break;
    case VCPU_EXIT_MMIO: /* every access is carried out where it is made, */
    case VCPU_EXIT_BREAK:
    case VCPU_EXIT_SERROR: /* and nobody makes one pending */
    case VCPU_EXIT_STUCK:
        give_up(cpu, "");
        break;
    case VCPU_EXIT_BROKEN:
        give_up(cpu, "");
        machine_end(machine, MACHINE_STOP_BROKEN);
        break;
    }
}

static bool enter(struct machine *machine, uint32_t *entered)
{
    for (*entered = 0; *entered < machine->nr_cpus; ++*entered) {
        int ret = vgic5_vcpu_enter(machine->cpus[*entered].pe.gic);

        if (ret != 0) {
            machine_stuck(machine, "the VGICv5 does not let vCPU %u run: %s",
                          machine->cpus[*entered].pe.id, strerror(-ret));
            return false;
        }
    }
    return true;
}

static void turn(struct machine *machine, const struct machine_until *until)
{
    if (machine_is_runnable(&machine->cpus[machine->current]))
        run_current(machine, until);
    else if (!take_turns(machine))
        idle(machine);
}

/* True: the host has been looked at. */
static bool turn_in_real_time(struct machine *machine, const struct machine_until *until)
{
    if (machine_choose(machine))
        run_current(machine, until);
    else
        idle_in_real_time(machine, until);
    if (!machine_has_to_look(machine))
        return false;
    machine_look(machine);
    return true;
}

static void start(struct machine *machine)
{
    clock_start(&machine->clock);
    machine_gic_refresh_lines(machine);
    machine_find_deadline(machine);
    machine->turn = machine->current;
    if (machine->clock.deterministic)
        return;
    machine->alarm = UINT64_MAX; /* that of another run */
    machine_look(machine);
}

static void stop(struct machine *machine)
{
    if (!machine->clock.deterministic && machine->end.why == MACHINE_STOP_REQUEST)
        clock_stop_at_look(&machine->clock);
    else
        clock_stop(&machine->clock);
}

static void loop(struct machine *machine, const struct machine_until *until)
{
    bool asks = true;

    if (has_to_stop(machine, until, asks))
        return; /* and no time has passed */
    start(machine);
    do {
        if (machine->clock.deterministic)
            turn(machine, until);
        else
            asks = turn_in_real_time(machine, until);
    } while (!has_to_stop(machine, until, asks));
    stop(machine);
}

void machine_run(struct machine *machine, const struct machine_until *until,
                 struct machine_stopped *stopped)
{
    uint32_t entered;

    if (machine->printer.text != until->text || machine->printer.found)
        machine->printer.matched = 0; /* else it goes on where a request stopped it */
    machine->printer.text = until->text;
    machine->printer.found = false;
    if (!machine->ended && enter(machine, &entered))
        loop(machine, until);
    else if (machine->ended)
        entered = 0;
    while (entered > 0)
        vgic5_vcpu_leave(machine->cpus[--entered].pe.gic);
    machine_flush_output(machine);
    *stopped = machine->end;
}
