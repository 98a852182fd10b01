/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "machine/state.h"

const char *const state_timer_names[NR_PE_TIMERS][3] = {
    {"CNTV_CTL_EL0", "CNTV_CVAL_EL0", "CNTV_LEVEL"},
    {"CNTP_CTL_EL0", "CNTP_CVAL_EL0", "CNTP_LEVEL"},
};

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
        vgic5_fields_put_u64(fields, state_timer_names[t][0], timer_encoding(t, 1),
                             cpu->pe.timers[t].control);
        vgic5_fields_put_u64(fields, state_timer_names[t][1], timer_encoding(t, 2),
                             cpu->pe.timers[t].compare);
        vgic5_fields_put_u64(fields, state_timer_names[t][2], 0, cpu->pe.timers[t].level);
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
        ret = vgic5_snapshot_put_fields(writer, type, instance, STATE_VERSION, true, fields, error);
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
