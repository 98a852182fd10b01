/* SPDX-License-Identifier: BSD-3-Clause */
/* The machine around the vCPUs: how a run ends, time, and what a load refuses. */
#include "bare.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "machine/machine_parts.h"
#include "rebuild.h"
#include "started.h"

#define MOV_X0(value) MOVZ_X(0, value)

static struct machine_stopped run(struct machine *machine, const struct machine_until *until)
{
    const struct machine_until always = {.insn = UINT64_MAX};
    struct machine_stopped stopped;

    machine_run(machine, until != NULL ? until : &always, &stopped);
    return stopped;
}

/* ---- How a run ends ----------------------------------------------------------------------------
 */

static void psci_ends_the_guest(void **state)
{
    struct machine *machine = STARTED(true, 0x52800100 /* mov w0, #8 */,
                                      0x72b08000 /* movk w0, #0x8400, lsl 16 */, HVC_0, NOP);

    (void)state;
    assert_int_equal(run(machine, NULL).why, MACHINE_STOP_OFF);
    assert_int_equal(machine_instructions(machine), 3);
    assert_int_equal(run(machine, NULL).why, MACHINE_STOP_OFF);
    assert_int_equal(machine_instructions(machine), 3);
    machine_destroy(machine);
}

static void semihosting_tells_the_status(void **state)
{
    static const struct {
        uint64_t reason, status, expected;
    } rows[] = {{0x20026, 0, 0}, {0x20026, 42, 42}, {0x20023, 0, 1}};

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        struct machine *machine = STARTED(true, MOV_X0(0x18), 0xd2a80001 /* mov x1, #RAM */,
                                          0x91400421 /* add x1, x1, #0x1000 */, HLT_F000);
        struct machine_stopped stopped;

        memory_write(&machine->ram, RAM + 0x1000, &rows[i], 16);
        stopped = run(machine, NULL);
        assert_int_equal(stopped.why, MACHINE_STOP_EXIT);
        assert_int_equal(stopped.exit_status, rows[i].expected);
        machine_destroy(machine);
    }
}

static void nothing_can_wake_it(void **state)
{
    struct machine *machine = STARTED(true, NOP, WFI);
    struct machine_stopped stopped = run(machine, NULL);

    (void)state;
    assert_int_equal(stopped.why, MACHINE_STOP_STUCK);
    assert_non_null(strstr(stopped.message, "nothing can wake one"));
    assert_non_null(strstr(stopped.message, "vCPU 0: PC 0x40000008"));
    machine_destroy(machine);
}

static void without_vectors_it_is_stuck(void **state)
{
    struct machine *machine = STARTED(true, NOP, UNALLOCATED);
    struct machine_stopped stopped;

    (void)state;
    bare_code(&(struct bare){.ram = machine->ram}, 0x200, (const uint32_t[]){UNALLOCATED}, 1);
    vcpu_set_pc(machine->cpus[0].pe.vcpu, RAM);
    stopped = run(machine, NULL);
    assert_int_equal(stopped.why, MACHINE_STOP_STUCK);
    assert_non_null(strstr(stopped.message, "vCPU 0:"));
    assert_non_null(strstr(stopped.message, "ESR_EL1 0x2000000"));
    machine_destroy(machine);
}

static bool at_the_third_time(void *opaque)
{
    return ++*(int *)opaque == 3;
}

static void a_request_is_heard(void **state)
{
    struct machine *machine = STARTED(true, 0x91000400 /* add x0, x0, #1 */, BRANCH_BACK_BY_ONE);
    int asked = 0;
    const struct machine_until until = {
        .insn = UINT64_MAX,
        .interrupted = at_the_third_time,
        .opaque = &asked,
    };

    (void)state;
    assert_int_equal(run(machine, &until).why, MACHINE_STOP_REQUEST);
    assert_int_equal(machine_instructions(machine), 2 * SLICE_LENGTH);
    machine_destroy(machine);
}

#define STR_W0_X1 0xb9000020u

/* Whoever waits for a text may stop the machine in the middle of it, at every instruction. */
static void a_text_is_found_across_stops(void **state)
{
    struct machine *machine =
        STARTED(true, 0xd2a12001 /* mov x1, #0x9000000 */, MOV_X0('a'), STR_W0_X1, MOV_X0('b'),
                STR_W0_X1, MOV_X0('c'), STR_W0_X1, BRANCH_TO_ITSELF);
    struct machine_until until = {.text = "abc"};

    (void)state;
    for (until.insn = 1; until.insn < 7; until.insn++)
        assert_int_equal(run(machine, &until).why, MACHINE_STOP_INSN);
    until.insn = 100;
    assert_int_equal(run(machine, &until).why, MACHINE_STOP_TEXT);
    machine_destroy(machine);
}

/* ---- Time --------------------------------------------------------------------------------------
 */

#define MRS_X0_CNTVCT 0xd53be040u
#define MSR_CNTV_CVAL_X0 0xd51be340u
#define MSR_CNTV_CTL_X0 0xd51be320u
#define MRS_X1_CNTV_CTL 0xd53be321u

static void sixteen_instructions_are_a_tick(void **state)
{
    uint32_t code[64];
    struct machine *machine;

    (void)state;
    for (size_t i = 0; i < 63; i++)
        code[i] = NOP;
    code[31] = MRS_X0_CNTVCT;
    code[32] = 0xd53be041; /* mrs x1, cntvct_el0 */
    code[63] = WFI;
    machine = started(true, code, 64);
    run(machine, NULL);
    assert_int_equal(vcpu_get_x(machine->cpus[0].pe.vcpu, 0), 1);
    assert_int_equal(vcpu_get_x(machine->cpus[0].pe.vcpu, 1), 2);
    machine_destroy(machine);
}

/* WFI until a timer that nobody may see: idle time is skipped, not spent. */
static void idle_time_jumps(void **state)
{
    struct machine *machine =
        STARTED(true, 0xd2a00020 /* mov x0, #0x10000 */, MSR_CNTV_CVAL_X0, MOV_X0(1),
                MSR_CNTV_CTL_X0, MOV_X0(31), 0xd519c040 /* ICC_PCR */,
                0xd2a10000 /* mov x0, #1 << 27 */, 0xd518cac0 /* ICC_PPI_ENABLER0 */, MOV_X0(1),
                0xd519c020 /* ICC_CR0 */, WFI, MRS_X0_CNTVCT, MRS_X1_CNTV_CTL, UNALLOCATED);
    const struct machine_until until = {.insn = 13};

    (void)state;
    assert_int_equal(run(machine, &until).why, MACHINE_STOP_INSN);
    assert_int_equal(vcpu_get_x(machine->cpus[0].pe.vcpu, 0), 0x10000);
    assert_int_equal(vcpu_get_x(machine->cpus[0].pe.vcpu, 1), 5);
    assert_true(machine->cpus[0].pe.timers[PE_TIMER_VIRTUAL].level);
    machine_destroy(machine);
}

/* The host's time stands still while the machine is stopped. */
static void the_counter_does_not_jump(void **state)
{
    struct machine *machine = STARTED(false, MRS_X0_CNTVCT, MRS_X0_CNTVCT, NOP, NOP);
    const struct timespec pause = {.tv_nsec = 50000000};
    uint64_t before;

    (void)state;
    run(machine, &(struct machine_until){.insn = 1});
    before = vcpu_get_x(machine->cpus[0].pe.vcpu, 0);
    nanosleep(&pause, NULL);
    run(machine, &(struct machine_until){.insn = 2});
    assert_in_range(vcpu_get_x(machine->cpus[0].pe.vcpu, 0) - before, 0, COUNTER_FREQUENCY / 40);
    machine_destroy(machine);
}

static void timers_follow_their_registers(void **state)
{
    struct timer timer = {0};

    (void)state;
    timer_write(&timer, TIMER_TVAL, 100, (uint64_t)-30);
    assert_int_equal(timer_read(&timer, TIMER_CVAL, 0), 70);
    assert_int_equal(timer_read(&timer, TIMER_TVAL, 80), UINT32_MAX - 9);
    assert_false(timer_fires(&timer, 100));
    assert_int_equal(timer_deadline(&timer), COUNTER_NEVER);
    timer_write(&timer, TIMER_CTL, 100, 0xff01);
    assert_int_equal(timer_read(&timer, TIMER_CTL, 69), 1);
    assert_int_equal(timer_read(&timer, TIMER_CTL, 70), 5);
    assert_false(timer_fires(&timer, 69));
    assert_true(timer_fires(&timer, 70));
    assert_int_equal(timer_deadline(&timer), 70);
    timer_write(&timer, TIMER_CTL, 100, 3);
    assert_false(timer_fires(&timer, 100));
    assert_int_equal(timer_read(&timer, TIMER_CTL, 100), 7);
    assert_int_equal(timer_deadline(&timer), COUNTER_NEVER);
}

/* So far that a count of instructions could wrap, time does not go. */
static void time_ends_before_it_wraps(void **state)
{
    struct guest_clock clock = {.deterministic = true, .run.instructions = 100};

    (void)state;
    assert_false(clock_jump(&clock, END_OF_TIME / INSTRUCTIONS_PER_TICK));
    assert_false(clock_jump(&clock, UINT64_MAX));
    assert_int_equal(clock.skew, 0);
    assert_true(clock_jump(&clock, END_OF_TIME / INSTRUCTIONS_PER_TICK - 1));
    assert_int_equal(clock_counter(&clock, 100), END_OF_TIME / INSTRUCTIONS_PER_TICK - 1);
}

/* ---- What a load refuses -----------------------------------------------------------------------
 */

static const struct setup two_vcpus = {.nr_vcpus = 2, .ram_size = RAM_SIZE, .deterministic = true};

static struct machine *empty(bool deterministic)
{
    struct setup setup = two_vcpus;
    struct machine_config config;
    struct machine *machine;

    setup.deterministic = deterministic;
    config = setup_config(&setup);
    assert_int_equal(machine_create(&config, &machine, NULL), 0);
    return machine;
}

struct field_change {
    const char *type; /* of the section, instance 0 */
    const char *field;
    uint64_t value;
    enum vgic5_cause cause;
    bool drop;
};

/* The same fields, one of them with another value, or without it where the value is ours. */
static struct vgic5_fields *changed(const struct vgic5_fields *fields,
                                    const struct field_change *change)
{
    struct vgic5_fields *copy = vgic5_fields_new();

    for (size_t i = 0; i < vgic5_fields_count(fields); i++) {
        const struct vgic5_field *f = vgic5_fields_at(fields, i);
        bool hit = change != NULL && strcmp(f->name, change->field) == 0;

        if (hit && change->drop)
            continue;
        if (f->kind == VGIC5_FIELD_U64)
            vgic5_fields_put_u64(copy, f->name, f->id, hit ? change->value : f->u64);
        else
            vgic5_fields_put_bytes(copy, f->name, f->id, f->bytes, f->size);
    }
    assert_int_equal(vgic5_fields_error(copy), 0);
    return copy;
}

static struct image rewritten(const struct image *image, const struct field_change *change)
{
    struct image result = {0};
    struct vgic5_snapshot_writer *writer;
    struct reader reader;
    struct vgic5_snapshot *snapshot = opened(image, &reader);

    assert_int_equal(vgic5_snapshot_begin(sink_of(&result), "test", &writer, NULL), 0);
    for (size_t n = 0; n < vgic5_snapshot_nr_sections(snapshot); n++) {
        const struct vgic5_section *s = vgic5_snapshot_section(snapshot, n);
        bool hit = s->fields != NULL && strcmp(s->type, change->type) == 0 && s->instance == 0;
        struct vgic5_fields *fields;

        if (s->fields == NULL)
            continue;
        fields = changed(s->fields, hit ? change : NULL);
        assert_int_equal(vgic5_snapshot_put_fields(writer, s->type, s->instance, s->version,
                                                   s->required, fields, NULL),
                         0);
        vgic5_fields_free(fields);
    }
    assert_int_equal(vgic5_snapshot_end(writer, NULL), 0);
    vgic5_snapshot_close(snapshot);
    return result;
}

static struct image a_snapshot(void)
{
    struct machine *machine = STARTED(true, NOP, NOP, NOP, NOP);
    struct image image;

    run(machine, &(struct machine_until){.insn = 2});
    image = saved(machine, &two_vcpus);
    machine_destroy(machine);
    return image;
}

static void check_refused(const struct image *image, const struct field_change *change)
{
    struct image bad = rewritten(image, change);
    struct machine *machine = empty(true);
    struct vgic5_error error = {0};
    struct reader reader;
    struct vgic5_snapshot *snapshot = opened(&bad, &reader);
    char words[80];

    snprintf(words, sizeof(words), "%s is", change->field);
    if (machine_load(machine, snapshot, &error) == 0)
        fail_msg("%s %s = %llu was accepted", change->type, change->field,
                 (unsigned long long)change->value);
    if (error.cause != (change->drop ? VGIC5_CAUSE_DAMAGED : change->cause) ||
        strstr(error.message, words) == NULL)
        fail_msg("%s %s: cause %d, %s", change->type, change->field, error.cause, error.message);
    assert_null(machine->cpus[0].pe.vcpu);
    assert_int_equal(machine_instructions(machine), 0);
    assert_int_equal(machine->slice_length, SLICE_LENGTH);
    vgic5_snapshot_close(snapshot);
    machine_destroy(machine);
    image_free(&bad);
}

static void damaged_fields_are_refused(void **state)
{
    static const struct field_change changes[] = {
        {"clock", "DETERMINISTIC", 2, VGIC5_CAUSE_DAMAGED, false},
        {"clock", "DETERMINISTIC", 0, VGIC5_CAUSE_UNFIT, false},
        {"clock", "COUNTER", 99, VGIC5_CAUSE_DAMAGED, false},
        {"clock", "SKEW", UINT64_MAX, VGIC5_CAUSE_DAMAGED, false},
        {"clock", "SKEW", UINT64_C(1) << 63, VGIC5_CAUSE_DAMAGED, false},
        {"clock", "INSTRUCTIONS", UINT64_MAX - 100, VGIC5_CAUSE_DAMAGED, false},
        {"clock", "INSTRUCTIONS", UINT64_C(1) << 63, VGIC5_CAUSE_DAMAGED, false},
        {"clock", "SLICE_LENGTH", 0, VGIC5_CAUSE_DAMAGED, false},
        {"clock", "SLICE_POSITION", 3, VGIC5_CAUSE_DAMAGED, false},
        {"clock", "CURRENT_VCPU", 7, VGIC5_CAUSE_DAMAGED, false},
        {"clock", "ENDED", 9, VGIC5_CAUSE_DAMAGED, false},
        {"clock", "INSTRUCTIONS", 0, VGIC5_CAUSE_DAMAGED, true},
        {"cpu", "ON", 2, VGIC5_CAUSE_DAMAGED, false},
        {"cpu", "WFI", 2, VGIC5_CAUSE_DAMAGED, false},
        {"cpu", "CNTV_CTL_EL0", 4, VGIC5_CAUSE_DAMAGED, false},
        {"cpu", "CNTP_LEVEL", 2, VGIC5_CAUSE_DAMAGED, false},
        {"cpu", "PSTATE", 0x3cd, VGIC5_CAUSE_DAMAGED, false},
        {"cpu", "BLOCK_REST", 5000, VGIC5_CAUSE_DAMAGED, false},
        {"cpu", "X17", 0, VGIC5_CAUSE_DAMAGED, true},
        {"cpu", "Q31", 0, VGIC5_CAUSE_DAMAGED, true},
        {"cpu", "VBAR_EL1", 0, VGIC5_CAUSE_DAMAGED, true},
    };
    struct image image = a_snapshot();

    (void)state;
    for (size_t i = 0; i < sizeof(changes) / sizeof(*changes); i++)
        check_refused(&image, &changes[i]);
    image_free(&image);
}

static void ram_is_whole_blocks(void **state)
{
    static const uint64_t sizes[] = {0, 4096, RAM_SIZE + 4096};
    struct setup setup = two_vcpus;

    (void)state;
    for (size_t i = 0; i < sizeof(sizes) / sizeof(*sizes); i++) {
        struct machine_config config;
        struct vgic5_error error = {0};
        struct machine *machine = NULL;

        setup.ram_size = sizes[i];
        config = setup_config(&setup);
        assert_int_equal(machine_create(&config, &machine, &error), -EINVAL);
        assert_null(machine);
        assert_int_equal(error.cause, VGIC5_CAUSE_UNFIT);
        assert_non_null(strstr(error.message, "RAM"));
    }
}

static void the_configuration_survives(void **state)
{
    static const uint32_t ids[] = {17, 3, 300};
    const struct machine_config config = {
        .engine = &unicorn_engine,
        .nr_vcpus = 3,
        .vcpu_ids = ids,
        .ram_size = 64 << 20,
        .nr_spis = 96,
        .gic = {.size = sizeof(config.gic),
                .abi = VGIC5_ABI_7_4,
                .lpi_id_bits = 12,
                .ist_l2sz = 5,
                .priority_bits = 4},
        .deterministic = true,
    };
    struct machine_config loaded;
    struct machine *machine;
    struct image image = {0};
    struct vgic5_snapshot_writer *writer;
    struct vgic5_snapshot *snapshot;
    struct reader reader;

    (void)state;
    assert_int_equal(machine_create(&config, &machine, NULL), 0);
    assert_int_equal(vgic5_snapshot_begin(sink_of(&image), "test", &writer, NULL), 0);
    assert_int_equal(machine_config_save(machine, &config, writer, NULL), 0);
    assert_int_equal(vgic5_snapshot_end(writer, NULL), 0);
    snapshot = opened(&image, &reader);
    assert_int_equal(machine_config_load(snapshot, &unicorn_engine, &loaded, NULL), 0);
    assert_int_equal(loaded.nr_vcpus, 3);
    assert_memory_equal(loaded.vcpu_ids, ids, sizeof(ids));
    assert_int_equal(loaded.ram_size, config.ram_size);
    assert_int_equal(loaded.nr_spis, 96);
    assert_true(loaded.deterministic);
    assert_memory_equal(&loaded.gic, &config.gic, sizeof(config.gic));
    assert_int_equal(machine_check_cpu(machine, snapshot, NULL), 0);
    vgic5_snapshot_close(snapshot);
    machine_destroy(machine);
    image_free(&image);
}

static void sparse_ids_have_their_mpidr(void **state)
{
    static const uint32_t ids[] = {300, 3};
    const struct machine_config config = {.engine = &unicorn_engine,
                                          .nr_vcpus = 2,
                                          .vcpu_ids = ids,
                                          .ram_size = RAM_SIZE,
                                          .nr_spis = 64,
                                          .gic.size = sizeof(config.gic)};
    const uint32_t code[] = {0xd53800a0 /* mrs x0, mpidr_el1 */,
                             0xd538caa1 /* mrs x1, ICC_IAFFIDR */, WFI};
    struct machine *machine;

    (void)state;
    assert_int_equal(machine_create(&config, &machine, NULL), 0);
    assert_int_equal(machine_gic_configure(machine, NULL), 0);
    assert_int_equal(machine_cpu_on(&machine->cpus[0], NULL), 0);
    memory_write(&machine->ram, RAM, code, sizeof(code));
    vcpu_set_pc(machine->cpus[0].pe.vcpu, RAM);
    run(machine, NULL);
    assert_int_equal(vcpu_get_x(machine->cpus[0].pe.vcpu, 0), 0x8000120c);
    assert_int_equal(vcpu_get_x(machine->cpus[0].pe.vcpu, 1), 300);
    machine_destroy(machine);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(psci_ends_the_guest),
        cmocka_unit_test(semihosting_tells_the_status),
        cmocka_unit_test(nothing_can_wake_it),
        cmocka_unit_test(without_vectors_it_is_stuck),
        cmocka_unit_test(a_request_is_heard),
        cmocka_unit_test(a_text_is_found_across_stops),
        cmocka_unit_test(sixteen_instructions_are_a_tick),
        cmocka_unit_test(idle_time_jumps),
        cmocka_unit_test(the_counter_does_not_jump),
        cmocka_unit_test(timers_follow_their_registers),
        cmocka_unit_test(time_ends_before_it_wraps),
        cmocka_unit_test(damaged_fields_are_refused),
        cmocka_unit_test(ram_is_whole_blocks),
        cmocka_unit_test(the_configuration_survives),
        cmocka_unit_test(sparse_ids_have_their_mpidr),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
