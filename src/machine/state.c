/* SPDX-License-Identifier: BSD-3-Clause */
/* The machine's own state as sections of named fields: "clock" 0, "pl011" 0, "pl031" 0, "panic" 0,
 * "cpu" <vCPU id>. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "machine/machine_parts.h"
#include "machine/parts.h"
#include "machine/snapshot_fields.h"

#define SECTION_VERSION 1u

/* ---- Save --------------------------------------------------------------------------------------
 */

/* 0: it goes on. A guest that got stuck will get stuck again. */
static uint64_t ended_as_number(const struct machine *machine)
{
    return machine->ended && machine->end.why < MACHINE_STOP_STUCK ? (uint64_t)machine->end.why + 1
                                                                   : 0;
}

static void save_clock(const struct machine *machine, struct vgic5_fields *fields)
{
    const struct guest_clock *clock = &machine->clock;
    uint64_t now = clock->run.instructions;

    const struct {
        const char *name;
        uint64_t value;
    } values[] = {
        {"DETERMINISTIC", clock->deterministic},
        {"INSTRUCTIONS", now},
        {"SKEW", clock->skew},
        {"COUNTER", clock->deterministic ? clock_counter(clock, now) : clock->stopped},
        {"CURRENT_VCPU", machine->cpus[machine->current].pe.id},
        {"SLICE_POSITION", now - machine->slice_start},
        {"SLICE_LENGTH", machine->slice_length},
        {"INPUT_BYTES", machine->input_bytes},
        {"ENDED", ended_as_number(machine)},
        {"EXIT_STATUS", machine->end.exit_status},
    };

    for (size_t i = 0; i < sizeof(values) / sizeof(*values); i++)
        vgic5_fields_put_u64(fields, values[i].name, 0, values[i].value);
}

/* Names of the fields of each timer, in the order of enum pe_timer. */
static const char *const timer_names[NR_PE_TIMERS][3] = {
    {"CNTV_CTL_EL0", "CNTV_CVAL_EL0", "CNTV_LEVEL"},
    {"CNTP_CTL_EL0", "CNTP_CVAL_EL0", "CNTP_LEVEL"},
};

/* CRm of its registers: 2 the physical one, 3 the virtual one. */
static uint16_t timer_encoding(int timer, uint8_t op2)
{
    return VGIC5_ENCODING(3, 3, 14, timer == PE_TIMER_VIRTUAL ? 3 : 2, op2);
}

static int save_registers(const struct cpu *cpu, struct vgic5_fields *fields)
{
    size_t n;
    const struct vcpu_register *registers = vcpu_registers(&n);
    struct vcpu_value *values = calloc(n, sizeof(*values));
    int ret = !values ? -ENOMEM : vcpu_get_state(cpu->pe.vcpu, values);

    for (size_t i = 0; ret == 0 && i < n; i++) {
        const struct vcpu_register *r = &registers[i];

        if (r->size == 8)
            vgic5_fields_put_u64(fields, r->name, r->encoding, values[i].low);
        else
            vgic5_fields_put_bytes(fields, r->name, r->encoding, &values[i], r->size);
    }
    free(values);
    return ret;
}

/* A vCPU that is off is nothing but off. */
static int save_cpu(const struct cpu *cpu, struct vgic5_fields *fields)
{
    vgic5_fields_put_u64(fields, "ON", 0, !!cpu->pe.vcpu);
    if (!cpu->pe.vcpu)
        return 0;
    vgic5_fields_put_u64(fields, "WFI", 0, cpu->waiting);
    for (int t = 0; t < NR_PE_TIMERS; t++) {
        vgic5_fields_put_u64(fields, timer_names[t][0], timer_encoding(t, 1),
                             cpu->pe.timers[t].control);
        vgic5_fields_put_u64(fields, timer_names[t][1], timer_encoding(t, 2),
                             cpu->pe.timers[t].compare);
        vgic5_fields_put_u64(fields, timer_names[t][2], 0, cpu->pe.timers[t].level);
    }
    return save_registers(cpu, fields);
}

/* Puts the section if filling it went well, and frees the fields. */
static int put_section(struct vgic5_snapshot_writer *writer, const char *type, uint64_t instance,
                       int filled, struct vgic5_fields *fields, struct vgic5_error *error)
{
    int ret = !fields ? -ENOMEM : filled;

    if (ret == 0)
        ret = vgic5_fields_error(fields);
    if (ret != 0)
        error_set(error, VGIC5_CAUSE_ENVIRONMENT, ret,
                  "section %s %" PRIu64 " cannot be filled: %s", type, instance, strerror(-ret));
    else
        ret =
            vgic5_snapshot_put_fields(writer, type, instance, SECTION_VERSION, true, fields, error);
    vgic5_fields_free(fields);
    return ret;
}

int machine_save(struct machine *machine, struct vgic5_snapshot_writer *writer,
                 struct vgic5_error *error)
{
    struct vgic5_fields *fields = vgic5_fields_new();
    int ret;

    if (fields)
        save_clock(machine, fields);
    ret = put_section(writer, "clock", 0, 0, fields, error);
    for (size_t i = 0; ret == 0 && i < NR_BOARD_PARTS; i++) {
        if (!board_parts[i].save)
            continue;
        fields = vgic5_fields_new();
        ret = fields ? board_parts[i].save(machine, fields) : 0;
        ret = put_section(writer, board_parts[i].name, 0, ret, fields, error);
    }
    for (uint32_t i = 0; ret == 0 && i < machine->nr_cpus; i++) {
        fields = vgic5_fields_new();
        ret = fields ? save_cpu(&machine->cpus[i], fields) : 0;
        ret = put_section(writer, "cpu", machine->cpus[i].pe.id, ret, fields, error);
    }
    return ret;
}

/* ---- Load: what was read, before any of it is believed -----------------------------------------
 */

struct loaded_clock {
    uint64_t deterministic, instructions, skew, counter, current_id, slice_position, slice_length;
    uint64_t input_bytes, ended, exit_status;
    uint32_t current; /* index of current_id */
};

struct loaded_cpu {
    uint64_t on, waiting;
    struct timer timers[NR_PE_TIMERS];
    struct vcpu_value *values;
};

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
        ret = read_timer(fields, where, timer_names[t], &cpu->timers[t], error);
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
        ret = section_fields(snapshot, "cpu", machine->cpus[i].pe.id, SECTION_VERSION, &fields,
                             error);
        if (ret == 0)
            ret = read_cpu(fields, where, &cpus[i], error);
        if (ret != 0)
            return ret;
    }
    return 0;
}

/* ---- Load: believing it ------------------------------------------------------------------------
 */

static void free_cpus(struct loaded_cpu *cpus, uint32_t n)
{
    for (uint32_t i = 0; cpus && i < n; i++)
        free(cpus[i].values);
    free(cpus);
}

static struct loaded_cpu *allocate_cpus(uint32_t n)
{
    struct loaded_cpu *cpus = calloc(n, sizeof(*cpus));
    size_t nr_registers;

    vcpu_registers(&nr_registers);
    for (uint32_t i = 0; cpus && i < n; i++) {
        cpus[i].values = calloc(nr_registers, sizeof(*cpus[i].values));
        if (!cpus[i].values) {
            free_cpus(cpus, n);
            return NULL;
        }
    }
    return cpus;
}

static void switch_off(struct machine *machine)
{
    for (uint32_t i = 0; i < machine->nr_cpus; i++) {
        vcpu_destroy(machine->cpus[i].pe.vcpu);
        machine->cpus[i].pe.vcpu = NULL;
    }
}

static int switch_on(struct machine *machine, const struct loaded_cpu *cpus,
                     struct vgic5_error *error)
{
    for (uint32_t i = 0; i < machine->nr_cpus; i++) {
        int ret = cpus[i].on ? machine_cpu_on(&machine->cpus[i], error) : 0;

        if (ret != 0) {
            switch_off(machine);
            return ret;
        }
    }
    return 0;
}

static void apply_clock(struct machine *machine, const struct loaded_clock *loaded)
{
    struct guest_clock *clock = &machine->clock;

    clock->run.instructions = loaded->instructions;
    clock->skew = loaded->skew;
    clock->stopped = loaded->counter;
    machine->current = loaded->current;
    machine->slice_start = loaded->instructions - loaded->slice_position;
    machine->slice_length = loaded->slice_length;
    machine->input_bytes = loaded->input_bytes;
    machine->ended = loaded->ended != 0;
    machine->end.why =
        loaded->ended != 0 ? (enum machine_stop)(loaded->ended - 1) : MACHINE_STOP_OFF;
    machine->end.exit_status = loaded->exit_status;
}

static int apply_cpus(struct machine *machine, const struct loaded_cpu *cpus,
                      struct vgic5_error *error)
{
    int ret = 0;

    for (uint32_t i = 0; ret == 0 && i < machine->nr_cpus; i++) {
        struct cpu *cpu = &machine->cpus[i];
        char where[32];

        snprintf(where, sizeof(where), "cpu %" PRIu32, cpu->pe.id);
        cpu->waiting = cpus[i].waiting;
        memcpy(cpu->pe.timers, cpus[i].timers, sizeof(cpu->pe.timers));
        if (cpu->pe.vcpu)
            ret = vcpu_put_state_checked(cpu->pe.vcpu, cpus[i].values, where, error);
    }
    return ret;
}

static int load_parts(struct machine *machine, const struct vgic5_fields *const *fields,
                      struct vgic5_error *error)
{
    int ret = 0;

    for (size_t i = 0; ret == 0 && i < NR_BOARD_PARTS; i++)
        if (board_parts[i].load)
            ret = board_parts[i].load(machine, fields[i], error);
    return ret;
}

/* What a snapshot says, read and checked. */
struct loaded_machine {
    struct loaded_clock clock;
    struct loaded_cpu *cpus;
    const struct vgic5_fields *parts[NR_BOARD_PARTS];
};

static int read_machine(const struct machine *machine, const struct vgic5_snapshot *snapshot,
                        struct loaded_machine *loaded, struct vgic5_error *error)
{
    const struct vgic5_fields *clock;
    int ret = section_fields(snapshot, "clock", 0, SECTION_VERSION, &clock, error);

    for (size_t i = 0; ret == 0 && i < NR_BOARD_PARTS; i++)
        if (board_parts[i].load)
            ret = section_fields(snapshot, board_parts[i].name, 0, SECTION_VERSION,
                                 &loaded->parts[i], error);
    if (ret == 0)
        ret = read_clock(clock, &loaded->clock, error);
    if (ret == 0)
        ret = check_clock(machine, &loaded->clock, error);
    return ret == 0 ? read_cpus(machine, snapshot, loaded->cpus, error) : ret;
}

static int load(struct machine *machine, const struct vgic5_snapshot *snapshot,
                struct loaded_machine *loaded, struct vgic5_error *error)
{
    int ret = read_machine(machine, snapshot, loaded, error);

    if (ret == 0)
        ret = switch_on(machine, loaded->cpus, error);
    if (ret != 0)
        return ret;
    ret = load_parts(machine, loaded->parts, error);
    if (ret != 0) {
        switch_off(machine);
        return ret;
    }
    apply_clock(machine, &loaded->clock);
    return apply_cpus(machine, loaded->cpus, error);
}

static int prove(struct machine *machine, const struct vgic5_snapshot *snapshot,
                 struct loaded_machine *loaded, struct vgic5_error *error)
{
    int ret = read_machine(machine, snapshot, loaded, error);

    for (uint32_t i = 0; ret == 0 && i < machine->nr_cpus; i++) {
        char where[32];

        snprintf(where, sizeof(where), "cpu %" PRIu32, machine->cpus[i].pe.id);
        if (loaded->cpus[i].on)
            ret = vcpu_prove_state(machine->engine, loaded->cpus[i].values, where, error);
    }
    return ret == 0 ? load_parts(machine, loaded->parts, error) : ret;
}

static int with_new_machine(struct machine *machine, const struct vgic5_snapshot *snapshot,
                            int (*what)(struct machine *, const struct vgic5_snapshot *,
                                        struct loaded_machine *, struct vgic5_error *),
                            struct vgic5_error *error)
{
    struct loaded_machine loaded;
    int ret;

    for (uint32_t i = 0; i < machine->nr_cpus; i++)
        if (machine->cpus[i].pe.vcpu)
            return error_set(error, VGIC5_CAUSE_BUG, -EINVAL,
                             "a snapshot is loaded into a new machine only");
    loaded.cpus = allocate_cpus(machine->nr_cpus);
    if (!loaded.cpus)
        return error_set(error, VGIC5_CAUSE_ENVIRONMENT, -ENOMEM,
                         "no memory for the state of the vCPUs");
    ret = what(machine, snapshot, &loaded, error);
    free_cpus(loaded.cpus, machine->nr_cpus);
    return ret;
}

int machine_load(struct machine *machine, const struct vgic5_snapshot *snapshot,
                 struct vgic5_error *error)
{
    return with_new_machine(machine, snapshot, load, error);
}

int machine_prove(struct machine *machine, const struct vgic5_snapshot *snapshot,
                  struct vgic5_error *error)
{
    return with_new_machine(machine, snapshot, prove, error);
}
