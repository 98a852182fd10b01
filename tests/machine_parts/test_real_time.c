/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Real time, with a clock that the test moves: whatever the vCPUs do, what the host has for them
 * comes at its time. No instruction is executed here: scripts stand for what vCPUs do and how long
 * it takes.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include <vgic5/arch.h>

#include "machine/machine_parts.h"
#include "stub_engine.h"

#define MS UINT64_C(1000000)
#define US UINT64_C(1000)
#define MOST_CPUS 8
#define MOST_WFIS 64        /* between two looks at what has no time of its own */
#define BELL VGIC5_PPI_CNTP /* by which vCPUs wake each other; its timer is never used */

#define CNTV_CTL VGIC5_ENCODING(3, 3, 14, 3, 1)
#define CNTV_CVAL VGIC5_ENCODING(3, 3, 14, 3, 2)

enum kind {
    PARKED,    /* WFI until its timer wakes it */
    PING_PONG, /* with its neighbour: wake the other, WFI, for ever */
    BUSY,      /* computes */
    SLOW,      /* accesses devices, each for 10 us: a slice of them takes 20 ms */
};

/* What comes from the host beside timers. */
enum event { NO_EVENT, RTC, INPUT, REQUEST };

static struct timer_world {
    struct machine *machine;
    enum event event;  /* that comes at `due` */
    const char *kinds; /* of the vCPUs: one of "-pbs" each */
    uint64_t now, alarm;
    uint64_t looks, wfis, turns[MOST_CPUS];

    uint32_t target;    /* whose timer is armed */
    uint64_t due;       /* when it fires */
    bool passed;        /* it is that late now, since … */
    uint64_t at, since; /* … so many instructions and WFIs */
    unsigned fired, deferred;
    bool storm;
    uint64_t nearest, distance; /* of deadlines: from `nearest` on, so many nanoseconds */
    uint64_t seed;

    uint64_t polled, asked; /* when input was last looked for, and who wants to stop was asked */
    uint64_t longest_poll, longest_ask;
    unsigned waits; /* of an idle machine, for the host */
    uint64_t end;
} w;

static void move(uint64_t nanoseconds)
{
    w.now += nanoseconds;
    if (w.passed || w.now < w.due)
        return;
    w.passed = true;
    w.at = machine_instructions(w.machine);
    w.since = 0;
}

static uint64_t noise(void)
{
    w.seed = w.seed * UINT64_C(6364136223846793005) + 1442695040888963407u;
    return w.seed >> 33;
}

/* ---- The host ----------------------------------------------------------------------------------
 */

static uint64_t host_now(void *opaque)
{
    (void)opaque;
    w.looks++;
    return w.now;
}

static void host_sleep(void *opaque, uint64_t nanoseconds)
{
    (void)opaque;
    move(nanoseconds);
}

static void host_set_alarm(void *opaque, uint64_t at)
{
    (void)opaque;
    w.alarm = at;
}

static bool host_has_rung(void *opaque)
{
    (void)opaque;
    return w.now >= w.alarm;
}

static void note_gap(uint64_t *last, uint64_t *longest)
{
    if (w.now - *last > *longest)
        *longest = w.now - *last;
    *last = w.now;
}

static void write_device(uint64_t address, uint64_t value)
{
    machine_mmio_write(&w.machine->cpus[0], address, 4, value);
}

static uint64_t counter_at(uint64_t time)
{
    return time / 16 + w.machine->clock.offset;
}

/* The real-time clock's match at its next second. */
static uint64_t plan_match(void)
{
    uint64_t seconds = counter_at(w.now) / COUNTER_FREQUENCY + 1;

    write_device(MAP_PL031_BASE + 0x1c, 1);    /* ICR */
    write_device(MAP_PL031_BASE + 4, seconds); /* MR */
    write_device(MAP_PL031_BASE + 0x10, 1);    /* IMSC */
    return (seconds * COUNTER_FREQUENCY - w.machine->clock.offset) * 16;
}

static void plan_event(void)
{
    w.passed = false;
    w.due = w.event == RTC ? plan_match() : w.now + 1 + noise() % (4 * MS);
}

/* Between it and the moment at which it is found. What has a time is found by the alarm; anything
 * else is looked for. */
static void check_in_time(uint64_t most_wfis)
{
    assert_in_range(w.since, 0, most_wfis);
    assert_in_range(machine_instructions(w.machine) - w.at, 0, SLICE_LENGTH);
    assert_in_range(w.now - w.due, 0, MS);
}

static bool event_has_come(enum event event)
{
    return w.event == event && w.passed;
}

static void note_event(uint64_t most_wfis)
{
    check_in_time(most_wfis);
    w.fired++;
    plan_event();
}

static bool has_matched(void)
{
    return pl031_deadline(w.machine->rtc) == COUNTER_NEVER;
}

static size_t input(void *opaque, uint8_t *bytes, size_t n)
{
    (void)opaque;
    note_gap(&w.polled, &w.longest_poll);
    if (!event_has_come(INPUT) || n == 0)
        return 0;
    bytes[0] = 'x';
    note_event(MOST_WFIS);
    return 1;
}

static bool at_the_end(void *opaque)
{
    (void)opaque;
    note_gap(&w.asked, &w.longest_ask);
    if (event_has_come(REQUEST))
        note_event(MOST_WFIS);
    if (event_has_come(RTC) && has_matched())
        note_event(1);
    if (w.event == INPUT) /* somebody reads what has come */
        machine_mmio_read(&w.machine->cpus[0], MAP_PL011_BASE, 4);
    return w.now >= w.end;
}

/* Whoever waits for the host wakes up by it. */
static void wait_for_host(void *opaque, uint64_t nanoseconds, bool for_input)
{
    bool wakes = (w.event == INPUT && for_input) || w.event == REQUEST;
    uint64_t event = wakes ? w.due : UINT64_MAX;

    (void)opaque;
    w.waits++;
    if (w.end < event)
        event = w.end;
    if (event - w.now < nanoseconds)
        nanoseconds = event - w.now;
    move(nanoseconds);
}

/* ---- The guest ---------------------------------------------------------------------------------
 */

static void write_register(uint32_t cpu, uint16_t encoding, uint64_t value)
{
    struct vcpu_sysreg access = {.encoding = encoding, .is_write = true, .el = 1, .value = value};

    assert_int_equal(pe_sysreg(&w.machine->cpus[cpu].pe, &access), VCPU_SYSREG_DONE);
}

/* Some vCPU arms its timer. */
static void arm(void)
{
    w.target = (uint32_t)(noise() % w.machine->nr_cpus);
    w.due = (w.now + w.nearest + noise() % w.distance + 15) / 16 * 16;
    w.passed = false;
    write_register(w.target, CNTV_CVAL, counter_at(w.due));
    write_register(w.target, CNTV_CTL, 1);
}

static bool has_fired(void)
{
    return w.machine->cpus[w.target].pe.timers[PE_TIMER_VIRTUAL].level;
}

/* A vCPU begins to run: if the timer has fired, it has to be the one, and in time. */
static void look_at_timer(unsigned n)
{
    if (!has_fired()) {
        if (w.passed && !w.storm)
            check_in_time(1);
        return;
    }
    assert_true(w.passed);
    if (w.storm && n != w.target) { /* it has just been called, and somebody else goes first */
        assert_true(++w.deferred <= 3);
        return;
    }
    assert_int_equal(n, w.target);
    if (!w.storm)
        check_in_time(1);
    w.fired++;
    w.deferred = 0;
    write_register(w.target, CNTV_CTL, 0);
    arm();
}

static enum vcpu_exit wait_for_interrupt(void)
{
    w.wfis++;
    w.since++;
    return VCPU_EXIT_WFI;
}

static void ring(unsigned n, bool level)
{
    if (n < w.machine->nr_cpus && w.kinds[n] == 'p')
        vgic5_ppi_line(w.machine->cpus[n].pe.gic, BELL, level);
}

static enum vcpu_exit compute(struct vcpu *vcpu, bool slowly)
{
    enum vcpu_exit exit;

    while (!stub_execute(vcpu, 0, &exit)) {
        move(slowly ? 10 * US : 4 * STUB_BLOCK);
        if (slowly)
            stub_host(vcpu)->mmio_read(stub_host(vcpu)->opaque, MAP_PL031_BASE, 4);
    }
    return exit;
}

static enum vcpu_exit live(struct vcpu *vcpu, unsigned n)
{
    enum vcpu_exit exit;

    w.turns[n]++;
    if (w.event == NO_EVENT)
        look_at_timer(n);
    else if (w.passed)
        check_in_time(w.event == RTC ? 1 : MOST_WFIS);
    if (w.kinds[n] == 'b' || w.kinds[n] == 's')
        return compute(vcpu, w.kinds[n] == 's');
    if (stub_execute(vcpu, 20, &exit))
        return exit;
    move(US);
    if (w.kinds[n] == 'p') {
        ring(n, false);
        ring(n ^ 1, true);
    }
    return wait_for_interrupt();
}

/* ---- A run ------------------------------------------------------------------------------------
 */

static void open_interface(const struct cpu *cpu)
{
    static const struct {
        uint16_t encoding;
        uint64_t value;
    } writes[] = {{VGIC5_ICC_PCR, 31},
                  {VGIC5_ICC_PPI_ENABLER(0), UINT64_C(1) << VGIC5_PPI_CNTV | UINT64_C(1) << BELL},
                  {VGIC5_ICC_CR0, 1}};

    for (size_t i = 0; i < sizeof(writes) / sizeof(*writes); i++) {
        uint64_t value = writes[i].value;

        assert_int_equal(vgic5_cpu_access(cpu->pe.gic, writes[i].encoding, true, &value),
                         VGIC5_HANDLED);
    }
}

static void begin(const char *kinds)
{
    const struct machine_config config = {
        .engine = &stub_engine,
        .nr_vcpus = (uint32_t)strlen(kinds),
        .ram_size = 4 << 20,
        .nr_spis = 64,
        .gic.size = sizeof(config.gic),
        .console.input = input,
        .time = {host_now, host_sleep, host_set_alarm, host_has_rung, NULL},
    };

    w = (struct timer_world){.kinds = kinds,
                             .now = 5000 * MS,
                             .alarm = UINT64_MAX,
                             .due = UINT64_MAX,
                             .nearest = 5 * MS / 2,
                             .distance = 3 * MS,
                             .seed = 7};
    w.polled = w.asked = w.now;
    stub_follow(live);
    assert_int_equal(machine_create(&config, &w.machine, NULL), 0);
    assert_int_equal(machine_gic_configure(w.machine, NULL), 0);
    for (uint32_t i = 0; i < config.nr_vcpus; i++) {
        assert_int_equal(machine_cpu_on(&w.machine->cpus[i], NULL), 0);
        open_interface(&w.machine->cpus[i]);
    }
    for (unsigned n = 0; n < config.nr_vcpus; n += 2)
        ring(n, true);
    for (unsigned i = 0; i < 8; i++) /* a guest that polls the UART listens to it */
        machine_mmio_read(&w.machine->cpus[0], MAP_PL011_BASE + 0x18, 4);
}

static struct machine_stopped run_with(void (*wait)(void *, uint64_t, bool), uint64_t nanoseconds)
{
    const struct machine_until until = {
        .insn = UINT64_MAX, .interrupted = at_the_end, .wait = wait};
    struct machine_stopped stopped = {0};

    w.end = w.now + nanoseconds;
    machine_run(w.machine, &until, &stopped);
    return stopped;
}

static struct machine_stopped run_for(uint64_t nanoseconds)
{
    return run_with(NULL, nanoseconds);
}

/* Every mix of what up to eight vCPUs may do. */
static const char *const mixes[] = {
    "pp",  "bb",   "ss",    "--",     "-b",       "-s",       "pp-",      "pp-b",     "pps",
    "ppb", "pppp", "pppp-", "bbbb",   "bbbbbbbb", "ssssssss", "pppppppp", "ppppppb-", "ppbs--ss",
    "b-",  "s--b", "ppb-s", "ppppbs", "-------b", "ppbbbbb",  "--------",
};

static void timers_fire_at_their_time(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(mixes) / sizeof(*mixes); i++) {
        begin(mixes[i]);
        run_for(0); /* the clock has a beginning */
        clock_start(&w.machine->clock);
        arm();
        assert_int_equal(run_for(1000 * MS).why, MACHINE_STOP_REQUEST);
        if (w.fired < 150)
            fail_msg("%s: %u timers fired in a second", mixes[i], w.fired);
        machine_destroy(w.machine);
    }
}

/* The same for the real-time clock, for input, and for those who want to stop the guest: commands,
 * and saves. */
static void events_are_found_in_time(void **state)
{
    static const struct {
        enum event event;
        uint64_t length;
        unsigned least;
    } rows[] = {{RTC, 2100 * MS, 2}, {INPUT, 500 * MS, 150}, {REQUEST, 500 * MS, 150}};

    (void)state;
    for (size_t i = 0; i < 3 * sizeof(mixes) / sizeof(*mixes); i++) {
        begin(mixes[i / 3]);
        run_for(0);
        clock_start(&w.machine->clock);
        w.event = rows[i % 3].event;
        plan_event();
        assert_int_equal(run_with(wait_for_host, rows[i % 3].length).why, MACHINE_STOP_REQUEST);
        if (w.fired < rows[i % 3].least)
            fail_msg("%s: %u events of kind %u", mixes[i / 3], w.fired, w.event);
        machine_destroy(w.machine);
    }
}

/* An idle machine whose host wakes it up sleeps until then. */
static void an_idle_machine_sleeps(void **state)
{
    (void)state;
    begin("--------");
    run_with(wait_for_host, 1000 * MS);
    assert_in_range(w.waits, 1, 2);
    w.event = INPUT;
    plan_event();
    w.waits = 0;
    run_with(wait_for_host, 1000 * MS);
    assert_in_range(w.waits, w.fired, w.fired + 2);
    assert_true(w.fired > 400);
    machine_destroy(w.machine);
}

/* The same where nobody wakes it. */
static void input_and_requests_are_looked_for(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(mixes) / sizeof(*mixes); i++) {
        bool sleeps = !strpbrk(mixes[i], "pbs"); /* then it is the host's to wake up */

        begin(mixes[i]);
        w.machine->deadline = COUNTER_NEVER;
        assert_int_equal(run_for(50 * MS).why, MACHINE_STOP_REQUEST);
        assert_in_range(w.longest_poll, 1, (sleeps ? 5 : 1) * MS + 200 * US);
        assert_in_range(w.longest_ask, 1, (sleeps ? 5 : 1) * MS + 200 * US);
        machine_destroy(w.machine);
    }
}

/* A thousand WFIs a millisecond: not a look at the clock for each. */
static void a_wfi_costs_no_look_at_the_clock(void **state)
{
    (void)state;
    begin("pppp");
    run_for(100 * MS);
    assert_true(w.wfis > 90000);
    assert_true(w.looks < w.wfis / 50);
    machine_destroy(w.machine);
}

/* Whoever arms its timer again and again is called, but takes the others' turns from nobody. */
static void a_storm_of_timers_starves_nobody(void **state)
{
    (void)state;
    begin("bbbsbbb");
    run_for(0);
    clock_start(&w.machine->clock);
    w.nearest = 1;
    w.distance = 100;
    w.storm = true;
    arm();
    assert_int_equal(run_for(2000 * MS).why, MACHINE_STOP_REQUEST);
    for (unsigned n = 0; n < w.machine->nr_cpus; n++)
        assert_in_range(w.turns[n], w.turns[0] / 3, w.turns[0] * 3);
    assert_true(w.fired > 500);
    machine_destroy(w.machine);
}

/* Whoever sets its timer to 0.7 us each time that it fires has it as often as it comes by, and what
 * else it does goes on. */
static void storm_of_one(const char *kinds, uint64_t *fired, uint64_t *instructions)
{
    begin(kinds);
    run_for(0);
    clock_start(&w.machine->clock);
    w.nearest = 720;
    w.distance = 1;
    w.storm = true;
    arm();
    *instructions = machine_instructions(w.machine);
    run_for(100 * MS);
    *instructions = machine_instructions(w.machine) - *instructions;
    *fired = w.fired;
    machine_destroy(w.machine);
}

static void a_timer_that_outruns_its_handler(void **state)
{
    uint64_t fired, instructions;

    (void)state;
    storm_of_one("b", &fired, &instructions); /* by each slice, of 80 us */
    assert_in_range(fired, 1200, 1300);
    assert_true(instructions > 20000000);     /* 4 ns each, if nothing else took time */
    storm_of_one("s", &fired, &instructions); /* by each access, of 10 us */
    assert_in_range(fired, 9000, 10100);
    assert_true(instructions > 90000);
}

/* The real-time clock's match, a second away. */
static void the_rtc_matches_at_its_time(void **state)
{
    uint64_t before;

    (void)state;
    begin("pp");
    run_for(1);
    machine_mmio_write(&w.machine->cpus[0], MAP_PL031_BASE + 4, 4, 1);    /* MR */
    machine_mmio_write(&w.machine->cpus[0], MAP_PL031_BASE + 0x10, 4, 1); /* IMSC */
    before = w.machine->clock.stopped;
    run_for((COUNTER_FREQUENCY - before) * 16 - 200 * US);
    assert_int_not_equal(pl031_deadline(w.machine->rtc), COUNTER_NEVER);
    run_for(250 * US);
    assert_int_equal(pl031_deadline(w.machine->rtc), COUNTER_NEVER);
    machine_destroy(w.machine);
}

/* ---- What is no time of the guest's ------------------------------------------------------------
 */

/* The host does something, for 9 ms, and then wants the guest to stand still. */
static bool after_work(void *opaque)
{
    (void)opaque;
    move(9 * MS);
    return true;
}

static void work_while_paused_is_no_guest_time(void **state)
{
    const struct machine_until until = {.insn = UINT64_MAX, .interrupted = after_work};
    struct machine_stopped stopped = {0};

    (void)state;
    begin("pp");
    run_for(3 * MS);
    assert_in_range(w.machine->clock.stopped, 3 * MS / 16, (3 * MS + 100 * US) / 16);
    for (unsigned i = 0; i < 3; i++) {
        uint64_t before = w.machine->clock.stopped;

        machine_run(w.machine, &until, &stopped);
        assert_int_equal(stopped.why, MACHINE_STOP_REQUEST);
        assert_int_equal(w.machine->clock.stopped, before);
    }
    machine_destroy(w.machine);
}

static bool works_at_the_end(void *opaque)
{
    (void)opaque;
    if (w.now < w.end)
        return false;
    move(9 * MS);
    return true;
}

static void work_that_ends_in_a_stop_is_no_guest_time(void **state)
{
    const struct machine_until until = {.insn = UINT64_MAX, .interrupted = works_at_the_end};
    struct machine_stopped stopped = {0};

    (void)state;
    begin("ppb");
    w.end = w.now + 5 * MS;
    machine_run(w.machine, &until, &stopped);
    assert_int_equal(stopped.why, MACHINE_STOP_REQUEST);
    assert_in_range(w.machine->clock.stopped, 5 * MS / 16, (6 * MS + 200 * US) / 16);
    machine_destroy(w.machine);
}

/* Behind a stop the deadlines are where they were, in the guest's time. */
static void a_deadline_survives_a_pause(void **state)
{
    (void)state;
    begin("pp-");
    run_for(0);
    clock_start(&w.machine->clock);
    w.distance = 8 * MS;
    arm();
    for (unsigned i = 0; i < 200; i++) {
        run_for(MS / 3);
        w.now += 20 * MS; /* nobody runs */
        w.due += 20 * MS;
        w.polled = w.asked = w.now;
        if (w.passed)
            w.due = w.now; /* at the moment of the stop: the next run brings it */
    }
    assert_true(w.fired > 5);
    machine_destroy(w.machine);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(timers_fire_at_their_time),
        cmocka_unit_test(events_are_found_in_time),
        cmocka_unit_test(an_idle_machine_sleeps),
        cmocka_unit_test(input_and_requests_are_looked_for),
        cmocka_unit_test(a_wfi_costs_no_look_at_the_clock),
        cmocka_unit_test(a_storm_of_timers_starves_nobody),
        cmocka_unit_test(a_timer_that_outruns_its_handler),
        cmocka_unit_test(the_rtc_matches_at_its_time),
        cmocka_unit_test(work_while_paused_is_no_guest_time),
        cmocka_unit_test(work_that_ends_in_a_stop_is_no_guest_time),
        cmocka_unit_test(a_deadline_survives_a_pause),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
