/* SPDX-License-Identifier: BSD-3-Clause */
/* What a snapshot says of the machine, read and checked. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>

#include "machine/snapshot_fields.h"
#include "machine/state.h"

static int read_clock(const struct vgic5_fields *fields, struct loaded_clock *clock,
                      struct vgic5_error *error)
{
    const struct {
        const char *name;
        uint64_t *value;
    } values[] = {
        {"DETERMINISTIC", &clock->deterministic},
        {"INSTRUCTIONS", &clock->instructions},
        {"SKEW", &clock->skew},
        {"COUNTER", &clock->counter},
        {"CURRENT_VCPU", &clock->current_id},
        {"SLICE_POSITION", &clock->slice_position},
        {"SLICE_LENGTH", &clock->slice_length},
        {"INPUT_BYTES", &clock->input_bytes},
        {"ENDED", &clock->ended},
        {"EXIT_STATUS", &clock->exit_status},
    };

    for (size_t i = 0; i < sizeof(values) / sizeof(*values); i++) {
        int ret = vgic5_fields_get_u64(fields, "clock", values[i].name, values[i].value, error);

        if (ret != 0)
            return ret;
    }
    return fields_expect_count(fields, "clock", sizeof(values) / sizeof(*values), error);
}

static int damaged(struct vgic5_error *error, const char *where, const char *name, uint64_t value,
                   const char *expected)
{
    return error_set(error, VGIC5_CAUSE_DAMAGED, -EINVAL, "%s %s is %" PRIu64 ", expected %s",
                     where, name, value, expected);
}

static int check_clock(const struct machine *machine, struct loaded_clock *clock,
                       struct vgic5_error *error)
{
    if (clock->deterministic > 1)
        return damaged(error, "clock", "DETERMINISTIC", clock->deterministic, "0 or 1");
    if ((clock->deterministic == 1) != machine->clock.deterministic)
        return error_set(error, VGIC5_CAUSE_UNFIT, -EINVAL,
                         "clock DETERMINISTIC is %" PRIu64 ", this machine runs with %d",
                         clock->deterministic, machine->clock.deterministic);
    if (clock->slice_length == 0 || clock->slice_length > UINT32_MAX)
        return damaged(error, "clock", "SLICE_LENGTH", clock->slice_length, "1 to 4294967295");
    if (clock->slice_position > clock->instructions)
        return damaged(error, "clock", "SLICE_POSITION", clock->slice_position,
                       "at most INSTRUCTIONS");
    if (clock->instructions >= END_OF_TIME)
        return damaged(error, "clock", "INSTRUCTIONS", clock->instructions, "less than 2^63");
    if (clock->deterministic && clock->skew >= END_OF_TIME - clock->instructions)
        return damaged(error, "clock", "SKEW", clock->skew, "less than 2^63 - INSTRUCTIONS");
    if (clock->deterministic &&
        clock->counter != (clock->instructions + clock->skew) / INSTRUCTIONS_PER_TICK)
        return damaged(error, "clock", "COUNTER", clock->counter, "(INSTRUCTIONS + SKEW) / 16");
    if (clock->ended > MACHINE_STOP_EXIT + 1u)
        return damaged(error, "clock", "ENDED", clock->ended, "0 to 3");
    for (clock->current = 0; clock->current < machine->nr_cpus; clock->current++)
        if (machine->cpus[clock->current].pe.id == clock->current_id)
            return 0;
    return damaged(error, "clock", "CURRENT_VCPU", clock->current_id, "the id of a vCPU");
}

static int read_timer(const struct vgic5_fields *fields, const char *where,
                      const char *const names[3], struct timer *timer, struct vgic5_error *error)
{
    uint64_t control, level;
    int ret = vgic5_fields_get_u64(fields, where, names[0], &control, error);

    if (ret == 0)
        ret = vgic5_fields_get_u64(fields, where, names[1], &timer->compare, error);
    if (ret == 0)
        ret = vgic5_fields_get_u64(fields, where, names[2], &level, error);
    if (ret != 0)
        return ret;
    if (control > 3)
        return damaged(error, where, names[0], control, "ENABLE and IMASK only");
    if (level > 1)
        return damaged(error, where, names[2], level, "0 or 1");
    timer->control = (uint32_t)control;
    timer->level = level;
    return 0;
}

static int read_registers(const struct vgic5_fields *fields, const char *where,
                          struct vcpu_value *values, struct vgic5_error *error)
{
    size_t n;
    const struct vcpu_register *registers = vcpu_registers(&n);

    for (size_t i = 0; i < n; i++) {
        const struct vcpu_register *r = &registers[i];
        int ret = r->size == 8
                      ? vgic5_fields_get_u64(fields, where, r->name, &values[i].low, error)
                      : vgic5_fields_get_bytes(fields, where, r->name, &values[i], r->size, error);

        if (ret != 0)
            return ret;
    }
    return vcpu_check_state(values, where, error);
}

static int read_cpu(const struct vgic5_fields *fields, const char *where, struct loaded_cpu *cpu,
                    struct vgic5_error *error)
{
    size_t n;
    int ret = vgic5_fields_get_u64(fields, where, "ON", &cpu->on, error);

    if (ret != 0)
        return ret;
    if (cpu->on > 1)
        return damaged(error, where, "ON", cpu->on, "0 or 1");
    if (cpu->on == 0)
        return fields_expect_count(fields, where, 1, error);
    ret = vgic5_fields_get_u64(fields, where, "WFI", &cpu->waiting, error);
    if (ret == 0 && cpu->waiting > 1)
        return damaged(error, where, "WFI", cpu->waiting, "0 or 1");
    for (int t = 0; ret == 0 && t < NR_PE_TIMERS; t++)
        ret = read_timer(fields, where, state_timer_names[t], &cpu->timers[t], error);
    if (ret == 0)
        ret = read_registers(fields, where, cpu->values, error);
    vcpu_registers(&n);
    return ret != 0 ? ret : fields_expect_count(fields, where, 2 + 3 * NR_PE_TIMERS + n, error);
}

static int read_cpus(const struct machine *machine, const struct vgic5_snapshot *snapshot,
                     struct loaded_cpu *cpus, struct vgic5_error *error)
{
    for (uint32_t i = 0; i < machine->nr_cpus; i++) {
        const struct vgic5_fields *fields;
        char where[32];
        int ret;

        snprintf(where, sizeof(where), "cpu %" PRIu32, machine->cpus[i].pe.id);
        ret =
            section_fields(snapshot, "cpu", machine->cpus[i].pe.id, STATE_VERSION, &fields, error);
        if (ret == 0)
            ret = read_cpu(fields, where, &cpus[i], error);
        if (ret != 0)
            return ret;
    }
    return 0;
}

int state_read(const struct machine *machine, const struct vgic5_snapshot *snapshot,
               struct loaded_machine *loaded, struct vgic5_error *error)
{
    const struct vgic5_fields *clock;
    int ret = section_fields(snapshot, "clock", 0, STATE_VERSION, &clock, error);

    for (size_t i = 0; ret == 0 && i < NR_BOARD_PARTS; i++)
        if (board_parts[i].load)
            ret = section_fields(snapshot, board_parts[i].name, 0, STATE_VERSION, &loaded->parts[i],
                                 error);
    if (ret == 0)
        ret = read_clock(clock, &loaded->clock, error);
    if (ret == 0)
        ret = check_clock(machine, &loaded->clock, error);
    return ret == 0 ? read_cpus(machine, snapshot, loaded->cpus, error) : ret;
}
