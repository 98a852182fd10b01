/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The generic timer of a PE. The wires rise at check points, once the deadline is over, and
 * fall when the guest writes the timer; the counter itself is exact at every instruction.
 */
#include "vcpu/pe.h"

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
    {VGIC5_ENCODING(3, 3, 14, 2, 0), COUNTER_TIMER, PE_TIMER_PHYSICAL, TIMER_TVAL, EL0PTEN},
    {VGIC5_ENCODING(3, 3, 14, 2, 1), COUNTER_TIMER, PE_TIMER_PHYSICAL, TIMER_CTL, EL0PTEN},
    {VGIC5_ENCODING(3, 3, 14, 2, 2), COUNTER_TIMER, PE_TIMER_PHYSICAL, TIMER_CVAL, EL0PTEN},
    {VGIC5_ENCODING(3, 3, 14, 3, 0), COUNTER_TIMER, PE_TIMER_VIRTUAL, TIMER_TVAL, EL0VTEN},
    {VGIC5_ENCODING(3, 3, 14, 3, 1), COUNTER_TIMER, PE_TIMER_VIRTUAL, TIMER_CTL, EL0VTEN},
    {VGIC5_ENCODING(3, 3, 14, 3, 2), COUNTER_TIMER, PE_TIMER_VIRTUAL, TIMER_CVAL, EL0VTEN},
};

static const uint32_t ppi_of[NR_PE_TIMERS] = {VGIC5_PPI_CNTV, VGIC5_PPI_CNTP};

/* True: the wire has risen. */
static bool drive(struct pe *pe, enum pe_timer which, uint64_t counter)
{
    struct timer *timer = &pe->timers[which];
    bool level = timer_fires(timer, counter);

    if (level == timer->level)
        return false;
    timer->level = level;
    vgic5_ppi_line(pe->gic, ppi_of[which], level);
    return level;
}

uint64_t pe_deadline(const struct pe *pe)
{
    uint64_t first = COUNTER_NEVER;

    for (int which = 0; which < NR_PE_TIMERS; which++) {
        uint64_t deadline = timer_deadline(&pe->timers[which]);

        if (deadline < first)
            first = deadline;
    }
    return first;
}

bool pe_drive_timers(struct pe *pe, uint64_t counter)
{
    bool risen = false;

    for (int which = 0; which < NR_PE_TIMERS; which++)
        risen = drive(pe, (enum pe_timer)which, counter) || risen;
    return risen;
}

static void write_timer(struct pe *pe, const struct timer_row *row, uint64_t counter,
                        uint64_t value)
{
    timer_write(&pe->timers[row->timer], (enum timer_register)row->reg, counter, value);
    drive(pe, (enum pe_timer)row->timer, counter);
    pe->host->deadline_changed(pe->opaque);
}

static bool is_allowed(struct pe *pe, const struct timer_row *row, uint8_t el)
{
    return el == 1 || vcpu_native_register(pe->vcpu, CNTKCTL_EL1) & row->el0;
}

static enum vcpu_sysreg_result access_row(struct pe *pe, const struct timer_row *row,
                                          struct vcpu_sysreg *access)
{
    uint64_t counter;

    /* The engine's own timer traps in the same way; only EL3 writes CNTFRQ. */
    if (!is_allowed(pe, row, access->el) || (access->is_write && row->kind != COUNTER_TIMER))
        return VCPU_SYSREG_NATIVE;
    counter = pe->host->counter(pe->opaque, vcpu_instructions(pe->vcpu));
    if (access->is_write)
        write_timer(pe, row, counter, access->value);
    else if (row->kind == COUNTER_FREQUENCY_REGISTER)
        access->value = COUNTER_FREQUENCY;
    else if (row->kind == COUNTER_VALUE)
        access->value = counter;
    else
        access->value = timer_read(&pe->timers[row->timer], (enum timer_register)row->reg, counter);
    return VCPU_SYSREG_DONE;
}

enum vcpu_sysreg_result pe_timer_access(struct pe *pe, struct vcpu_sysreg *access)
{
    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
        if (rows[i].encoding == access->encoding)
            return access_row(pe, &rows[i], access);
    return VCPU_SYSREG_NATIVE;
}
