/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Barriers and atomics between vCPUs in threads of their own, and towards a native thread: no
 * update is lost, and no outcome is seen that the architecture forbids. Rounds: the first argument.
 */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "unicorn/unicorn_engine.h"
#include "vcpu/registers.h"
#include "vcpu/vcpu.h"

#define RAM UINT64_C(0x40000000)
#define COUNTER 0x100000u
#define WFI 0xd503207fu

static uint64_t rounds = 100000;
#define COUNTS (10 * rounds) /* long enough for the two to meet */
static pthread_barrier_t start;

struct side {
    struct vcpu_clock clock;
    struct vcpu_engine *engine;
    struct vcpu *vcpu;
    pthread_t thread;
};

struct parallel_pair {
    struct memory ram;
    struct memory_map map;
    struct side sides[2];
};

static uint64_t no_read(void *opaque, uint64_t address, unsigned size)
{
    (void)opaque, (void)address, (void)size;
    return 0;
}

static void no_write(void *opaque, uint64_t address, unsigned size, uint64_t value)
{
    (void)opaque, (void)address, (void)size, (void)value;
}

static enum vcpu_sysreg_result native(void *opaque, struct vcpu_sysreg *access)
{
    (void)opaque, (void)access;
    return VCPU_SYSREG_NATIVE;
}

static const struct vcpu_host host = {
    .mmio_read = no_read, .mmio_write = no_write, .sysreg = native};

static void open_side(struct parallel_pair *pair, struct side *side)
{
    side->clock.stop_at = side->clock.check_at = UINT64_MAX;
    assert_int_equal(
        vcpu_engine_create(&unicorn_engine, &pair->map, &side->clock, &side->engine, NULL), 0);
    if (vcpu_engine_share_memory(side->engine) != 0)
        skip();
    assert_int_equal(vcpu_create(side->engine, &host, &side->vcpu, NULL), 0);
}

static void open_pair(struct parallel_pair *pair)
{
    memset(pair, 0, sizeof(*pair));
    assert_int_equal(memory_create(&pair->ram, RAM, MEMORY_BLOCK), 0);
    pair->map = (struct memory_map){.ranges = &pair->ram, .nr = 1};
    open_side(pair, &pair->sides[0]);
    open_side(pair, &pair->sides[1]);
}

static void close_pair(struct parallel_pair *pair)
{
    for (int n = 0; n < 2; n++) {
        vcpu_destroy(pair->sides[n].vcpu);
        vcpu_engine_destroy(pair->sides[n].engine);
    }
    memory_destroy(&pair->ram);
}

static void *run(void *opaque)
{
    struct side *side = opaque;

    pthread_barrier_wait(&start);
    return (void *)(uintptr_t)vcpu_run(side->vcpu);
}

/* Both run this code, X0 rounds of it on the counter at X5. */
static void run_both(struct parallel_pair *pair, const uint32_t *code, size_t size)
{
    memcpy(pair->ram.host, code, size);
    pthread_barrier_init(&start, NULL, 2);
    for (int n = 0; n < 2; n++) {
        vcpu_set_x(pair->sides[n].vcpu, 0, COUNTS);
        vcpu_set_x(pair->sides[n].vcpu, 5, RAM + COUNTER);
        vcpu_set_pc(pair->sides[n].vcpu, RAM);
        assert_int_equal(pthread_create(&pair->sides[n].thread, NULL, run, &pair->sides[n]), 0);
    }
    for (int n = 0; n < 2; n++) {
        void *exit;

        pthread_join(pair->sides[n].thread, &exit);
        assert_int_equal((uintptr_t)exit, VCPU_EXIT_WFI);
    }
}

static const uint32_t ldxr_stxr[] = {0xc85f7ca2 /* ldxr x2, [x5] */,
                                     0x91000442 /* add x2, x2, #1 */,
                                     0xc8037ca2 /* stxr w3, x2, [x5] */,
                                     0x35ffffa3,
                                     0xd1000400,
                                     0xb5ffff60,
                                     WFI};
static const uint32_t ldadd[] = {0xd2800021, 0xf82100a2 /* ldadd x1, x2, [x5] */, 0xd1000400,
                                 0xb5ffffc0, WFI};
static const uint32_t cas[] = {
    0xf94000a2, 0xaa0203e4, 0x91000443, 0xc8a27ca3 /* cas x2, x3, [x5] */, 0xeb04005f, 0x54ffff61,
    0xd1000400, 0xb5ffff20, WFI};

static void counts(const uint32_t *code, size_t size)
{
    struct parallel_pair pair;
    uint64_t counted;

    open_pair(&pair);
    run_both(&pair, code, size);
    memcpy(&counted, pair.ram.host + COUNTER, sizeof(counted));
    assert_int_equal(counted, 2 * COUNTS);
    close_pair(&pair);
}

static void no_ldxr_stxr_is_lost(void **state)
{
    (void)state;
    counts(ldxr_stxr, sizeof(ldxr_stxr));
}

static void no_ldadd_is_lost(void **state)
{
    (void)state;
    counts(ldadd, sizeof(ldadd));
}

static void no_cas_is_lost(void **state)
{
    (void)state;
    counts(cas, sizeof(cas));
}

/* ---- Litmus tests: a guest against a native thread ------------------------------------------- */

/*
 * Each round has cells of its own: x at X5, y at X6, 128 bytes apart. Store buffering: the guest
 * stores x, DMB, loads y into the array at X7; the native thread stores y, a fence, loads x. That
 * both read 0 is forbidden. Message passing: the guest reads the flag y, DMB, reads the data x.
 */
#define CELLS 0x20000u
#define RESULTS 0x10000u
#define LITMUS_ROUNDS 256u

static const uint32_t store_buffering[] = {0xd2800021 /* mov x1, #1 */,
                                           0xf90000a1 /* str x1, [x5] */,
                                           0xd5033bbf /* dmb ish */,
                                           0xf94000c2 /* ldr x2, [x6] */,
                                           0xf80084e2 /* str x2, [x7], #8 */,
                                           0x910400a5,
                                           0x910400c6,
                                           0xd1000400,
                                           0xb5ffff20,
                                           WFI};
static const uint32_t message_passing[] = {0xf94000c2 /* ldr x2, [x6] */,
                                           0xd5033bbf /* dmb ish */,
                                           0xf94000a1 /* ldr x1, [x5] */,
                                           0xd37ff842 /* lsl x2, x2, #1 */,
                                           0x8b010042 /* add x2, x2, x1 */,
                                           0xf80084e2 /* str x2, [x7], #8 */,
                                           0x910400a5,
                                           0x910400c6,
                                           0xd1000400,
                                           0xb5fffee0,
                                           WFI};

struct litmus {
    struct parallel_pair *pair;
    bool passes_messages;
    uint64_t seen[LITMUS_ROUNDS];
    int go;
};

static uint64_t *cell(const struct parallel_pair *pair, unsigned round, unsigned which)
{
    return (uint64_t *)(void *)(pair->ram.host + CELLS + round * 256 + which * 128);
}

static void *native_side(void *opaque)
{
    struct litmus *litmus = opaque;

    __atomic_store_n(&litmus->go, 1, __ATOMIC_SEQ_CST);
    for (unsigned n = 0; n < LITMUS_ROUNDS; n++) {
        uint64_t *x = cell(litmus->pair, n, 0), *y = cell(litmus->pair, n, 1);

        if (litmus->passes_messages) {
            __atomic_store_n(x, 1, __ATOMIC_RELAXED);
            __atomic_store_n(y, 1, __ATOMIC_RELEASE);
        } else {
            __atomic_store_n(y, 1, __ATOMIC_RELAXED);
            __atomic_thread_fence(__ATOMIC_SEQ_CST);
            litmus->seen[n] = __atomic_load_n(x, __ATOMIC_RELAXED);
        }
    }
    return NULL;
}

/* How many forbidden outcomes there were in one pass. */
static unsigned pass(struct parallel_pair *pair, struct litmus *litmus)
{
    struct vcpu *vcpu = pair->sides[0].vcpu;
    const uint64_t *results = (const uint64_t *)(void *)(pair->ram.host + RESULTS);
    unsigned forbidden = 0;
    pthread_t thread;

    memset(pair->ram.host + CELLS, 0, LITMUS_ROUNDS * 256);
    litmus->go = 0;
    vcpu_set_x(vcpu, 0, LITMUS_ROUNDS);
    vcpu_set_x(vcpu, 5, RAM + CELLS);
    vcpu_set_x(vcpu, 6, RAM + CELLS + 128);
    vcpu_set_x(vcpu, 7, RAM + RESULTS);
    vcpu_set_pc(vcpu, RAM);
    assert_int_equal(pthread_create(&thread, NULL, native_side, litmus), 0);
    while (!__atomic_load_n(&litmus->go, __ATOMIC_SEQ_CST))
        ;
    assert_int_equal(vcpu_run(vcpu), VCPU_EXIT_WFI);
    pthread_join(thread, NULL);
    for (unsigned n = 0; n < LITMUS_ROUNDS; n++)
        forbidden +=
            litmus->passes_messages ? results[n] == 2 : results[n] == 0 && litmus->seen[n] == 0;
    return forbidden;
}

static void litmus(bool passes_messages, const uint32_t *code, size_t size)
{
    struct parallel_pair pair;
    struct litmus litmus = {.pair = &pair, .passes_messages = passes_messages};
    unsigned forbidden = 0;

    open_pair(&pair);
    memcpy(pair.ram.host, code, size);
    for (uint64_t n = 0; n < rounds; n += LITMUS_ROUNDS)
        forbidden += pass(&pair, &litmus);
    assert_int_equal(forbidden, 0);
    close_pair(&pair);
}

static void store_buffers_are_ordered(void **state)
{
    (void)state;
    litmus(false, store_buffering, sizeof(store_buffering));
}

static void messages_are_ordered(void **state)
{
    (void)state;
    litmus(true, message_passing, sizeof(message_passing));
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_ldxr_stxr_is_lost), cmocka_unit_test(no_ldadd_is_lost),
        cmocka_unit_test(no_cas_is_lost),       cmocka_unit_test(store_buffers_are_ordered),
        cmocka_unit_test(messages_are_ordered),
    };

    if (argc > 1)
        rounds = strtoull(argv[1], NULL, 10);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
