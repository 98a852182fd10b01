/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The generic timer of every vCPU. The wires rise at check points, once the deadline is over, and
 * fall when the guest writes the timer; the counter itself is exact at every instruction.
 */
#include "machine/machine_parts.h"

#define CNTKCTL_EL1 VGIC5_ENCODING(3, 0, 14, 1, 0)
#define EL0PCTEN (1u << 0)
#define EL0VCTEN (1u << 1)
#define EL0VTEN (1u << 8)
#define EL0PTEN (1u << 9)

enum counter_register { COUNTER_FREQUENCY_REGISTER, COUNTER_VALUE, COUNTER_TIMER };

/* `el0`: the bits of CNTKCTL_EL1 of which one opens the register to EL0. */
static const struct timer_row {
    uint16_t encoding;
    uint8_t kind; /* enum counter_register */
    uint8_t timer;
    uint8_t reg;
    uint16_t el0;
} rows[] = {
    {VGIC5_ENCODING(3, 3, 14, 0, 0), COUNTER_FREQUENCY_REGISTER, 0, 0, EL0PCTEN | EL0VCTEN},
    {VGIC5_ENCODING(3, 3, 14, 0, 1), COUNTER_VALUE, 0, 0, EL0PCTEN},
    {VGIC5_ENCODING(3, 3, 14, 0, 2), COUNTER_VALUE, 0, 0, EL0VCTEN},
    {VGIC5_ENCODING(3, 3, 14, 2, 0), COUNTER_TIMER, CPU_TIMER_PHYSICAL, TIMER_TVAL, EL0PTEN},
    {VGIC5_ENCODING(3, 3, 14, 2, 1), COUNTER_TIMER, CPU_TIMER_PHYSICAL, TIMER_CTL, EL0PTEN},
    {VGIC5_ENCODING(3, 3, 14, 2, 2), COUNTER_TIMER, CPU_TIMER_PHYSICAL, TIMER_CVAL, EL0PTEN},
    {VGIC5_ENCODING(3, 3, 14, 3, 0), COUNTER_TIMER, CPU_TIMER_VIRTUAL, TIMER_TVAL, EL0VTEN},
    {VGIC5_ENCODING(3, 3, 14, 3, 1), COUNTER_TIMER, CPU_TIMER_VIRTUAL, TIMER_CTL, EL0VTEN},
    {VGIC5_ENCODING(3, 3, 14, 3, 2), COUNTER_TIMER, CPU_TIMER_VIRTUAL, TIMER_CVAL, EL0VTEN},
};

static const uint32_t ppi_of[NR_CPU_TIMERS] = {VGIC5_PPI_CNTV, VGIC5_PPI_CNTP};

static void drive(struct cpu *cpu, enum cpu_timer which, uint64_t counter)
{
    struct timer *timer = &cpu->timers[which];
    bool level = timer_fires(timer, counter);

    if (level == timer->level)
        return;
    timer->level = level;
    vgic5_ppi_line(cpu->gic, ppi_of[which], level);
}

void machine_find_deadline(struct machine *machine)
{
    machine->deadline = pl031_deadline(machine->rtc);
    for (uint32_t i = 0; i < machine->nr_cpus; i++) {
        for (int which = 0; which < NR_CPU_TIMERS; which++) {
            uint64_t deadline = timer_deadline(&machine->cpus[i].timers[which]);

            if (deadline < machine->deadline)
                machine->deadline = deadline;
        }
    }
}

static uint64_t counter_now(const struct machine *machine)
{
    return clock_counter(&machine->clock, machine->clock.run.instructions);
}

void machine_tell_time(struct machine *machine)
{
    pl031_advance(machine->rtc, counter_now(machine));
}

void machine_update_timers(struct machine *machine)
{
    uint64_t counter = counter_now(machine);

    for (uint32_t i = 0; i < machine->nr_cpus; i++)
        for (int which = 0; which < NR_CPU_TIMERS; which++)
            drive(&machine->cpus[i], (enum cpu_timer)which, counter);
    pl031_advance(machine->rtc, counter);
    machine_find_deadline(machine);
}

void machine_deadline_changed(struct machine *machine)
{
    struct vcpu *running = machine->cpus[machine->current].vcpu;
    uint64_t check_at;

    machine_find_deadline(machine);
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

static void write_timer(struct cpu *cpu, const struct timer_row *row, uint64_t counter,
                        uint64_t value)
{
    struct machine *machine = cpu->machine;

    timer_write(&cpu->timers[row->timer], (enum timer_register)row->reg, counter, value);
    drive(cpu, (enum cpu_timer)row->timer, counter);
    machine_deadline_changed(machine);
}

static bool is_allowed(struct cpu *cpu, const struct timer_row *row, uint8_t el)
{
    return el == 1 || vcpu_native_register(cpu->vcpu, CNTKCTL_EL1) & row->el0;
}

static enum vcpu_sysreg_result access_row(struct cpu *cpu, const struct timer_row *row,
                                          struct vcpu_sysreg *access)
{
    const struct guest_clock *clock = &cpu->machine->clock;
    uint64_t counter;

    /* The engine's own timer traps in the same way; only EL3 writes CNTFRQ. */
    if (!is_allowed(cpu, row, access->el) || (access->is_write && row->kind != COUNTER_TIMER))
        return VCPU_SYSREG_NATIVE;
    counter = clock_counter(clock, vcpu_instructions(cpu->vcpu));
    if (access->is_write)
        write_timer(cpu, row, counter, access->value);
    else if (row->kind == COUNTER_FREQUENCY_REGISTER)
        access->value = COUNTER_FREQUENCY;
    else if (row->kind == COUNTER_VALUE)
        access->value = counter;
    else
        access->value =
            timer_read(&cpu->timers[row->timer], (enum timer_register)row->reg, counter);
    return VCPU_SYSREG_DONE;
}

enum vcpu_sysreg_result machine_timer_access(struct cpu *cpu, struct vcpu_sysreg *access)
{
    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
        if (rows[i].encoding == access->encoding)
            return access_row(cpu, &rows[i], access);
    return VCPU_SYSREG_NATIVE;
}
