/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Any word may be executed, at EL1 and EL0, in the middle of a block: the process goes on, and what
 * the guest sees is the same with a save and a restore in front of the word.
 *
 *   test_words [WORDS [SAVED]]     of them, SAVED also with a save; more than the usual ones
 */
#include "bare.h"

#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "unicorn/unicorn_engine.h"

#define PAGE 0x40000u /* where the words are */
#define ASIDE 0xf0000u
#define DATA 0x100000u /* what X0 … X30 point to */
#define VECTORS 0x8000u
#define PER_STATE 64 /* words between two resets of the state */
#define PLACES 0x4000
#ifdef __SANITIZE_ADDRESS__ /* keeps what was freed for a while */
#define MOST_RSS_GROWTH (UINT64_C(1) << 30)
#else
#define MOST_RSS_GROWTH (UINT64_C(64) << 20)
#endif

static uint64_t nr_words = 200000, nr_saved = 500;

/* xorshift64*: a sequence that is the same everywhere. */
static uint64_t seed;

static uint32_t next_word(void)
{
    seed ^= seed >> 12;
    seed ^= seed << 25;
    seed ^= seed >> 27;
    return (uint32_t)(seed * UINT64_C(2685821657736338717) >> 32);
}

/* All encodings, and each third one a vector or floating-point one: most of what aborts is there.
 */
static uint32_t any_word(void)
{
    uint32_t word = next_word();

    switch (next_word() % 3) {
    case 0:
        return (word & 0xf1ffffff) | 0x0e000000;
    default:
        return word;
    }
}

static uint64_t resident(void)
{
    unsigned long long size = 0, pages = 0;
    FILE *file = fopen("/proc/self/statm", "r");

    assert_non_null(file);
    assert_int_equal(fscanf(file, "%llu %llu", &size, &pages), 2);
    fclose(file);
    return pages * (uint64_t)sysconf(_SC_PAGESIZE);
}

/* Every exception ends in a WFI. */
static void waiting_vectors(struct bare *bare)
{
    for (unsigned at = 0; at < 0x800; at += 0x80)
        BARE_CODE(bare, VECTORS + at, WFI);
}

static struct vcpu_value clean[2][256]; /* states at EL0 and EL1 */

static void make_states(struct bare *bare)
{
    struct vcpu_value *s = clean[1];

    assert_int_equal(vcpu_get_state(bare->vcpu, s), 0);
    for (unsigned n = 0; n < 31; n++)
        s[n].low = RAM + DATA + n * 0x1000;
    s[VCPU_ROW_SP_EL0].low = s[VCPU_ROW_SP_EL1].low = RAM + DATA + 0x80000;
    s[VCPU_ROW_VBAR_EL1].low = RAM + VECTORS;
    s[VCPU_ROW_CPACR_EL1].low = 3 << 20;
    memcpy(clean[0], clean[1], sizeof(clean[0]));
    clean[0][VCPU_ROW_PSTATE].low = 0x3c0;
}

/* What one word did: how it came out, and all registers. */
struct outcome {
    enum vcpu_exit exit;
    uint64_t instructions;
    struct vcpu_value values[256];
};

static void fresh_vcpu(struct bare *bare, unsigned el)
{
    vcpu_destroy(bare->vcpu);
    assert_int_equal(vcpu_create(bare->engine, &bare->host, &bare->vcpu, NULL), 0);
    assert_int_equal(vcpu_put_state(bare->vcpu, clean[el]), 0);
}

static enum vcpu_exit execute(struct bare *bare, uint64_t at, uint64_t instructions)
{
    bare->nr_accesses = 0;
    vcpu_set_pc(bare->vcpu, RAM + at);
    bare->clock.check_at = UINT64_MAX;
    bare->clock.stop_at = bare->clock.instructions + instructions;
    return vcpu_run(bare->vcpu);
}

#define NR_INSTRUCTIONS 8
#define BEFORE_THE_WORD 2

static void put_word(struct bare *bare, uint64_t at, uint32_t word)
{
    const uint32_t code[] = {NOP, NOP, word, NOP, NOP, WFI, WFI, WFI};

    assert_int_equal(memory_write(&bare->ram, RAM + at, code, sizeof(code)), 0);
}

static void note_outcome(struct bare *bare, uint64_t start, enum vcpu_exit exit,
                         struct outcome *outcome)
{
    outcome->exit = exit;
    outcome->instructions = bare->clock.instructions - start;
    assert_int_equal(vcpu_get_state(bare->vcpu, outcome->values), 0);
}

/* An engine that has never seen the word. */
static struct bare *another(void)
{
    void *state;

    bare_setup(&state);
    waiting_vectors(state);
    return state;
}

static void undisturbed(struct bare *bare, unsigned el, struct outcome *outcome)
{
    uint64_t start = bare->clock.instructions;

    fresh_vcpu(bare, el);
    note_outcome(bare, start, execute(bare, ASIDE, NR_INSTRUCTIONS), outcome);
}

static void with_a_save(struct bare *bare, unsigned el, struct outcome *outcome)
{
    static struct vcpu_value saved[256];
    uint64_t start = bare->clock.instructions;

    fresh_vcpu(bare, el);
    assert_int_equal(execute(bare, ASIDE, BEFORE_THE_WORD), VCPU_EXIT_STOP);
    assert_int_equal(vcpu_get_state(bare->vcpu, saved), 0);
    fresh_vcpu(bare, el);
    assert_int_equal(vcpu_put_state(bare->vcpu, saved), 0);
    bare->clock.stop_at = start + NR_INSTRUCTIONS;
    note_outcome(bare, start, vcpu_run(bare->vcpu), outcome);
}

static void expect_same(uint32_t word, unsigned el, const struct outcome *straight,
                        const struct outcome *saved)
{
    if (straight->exit != saved->exit || straight->instructions != saved->instructions)
        fail_msg(
            "0x%08" PRIx32 " at EL%u: exit %d after %" PRIu64 ", with a save %d after %" PRIu64,
            word, el, straight->exit, straight->instructions, saved->exit, saved->instructions);
    for (size_t i = 0; i < NR_VCPU_ROWS; i++)
        if (memcmp(&straight->values[i], &saved->values[i], sizeof(*saved->values)) != 0)
            fail_msg("0x%08" PRIx32 " at EL%u: row %zu differs with a save: 0x%" PRIx64
                     ", 0x%" PRIx64,
                     word, el, i, straight->values[i].low, saved->values[i].low);
}

/* What the word finds in memory is the same for both. */
static void compare_on(struct bare *first, struct bare *second, uint32_t word, unsigned el)
{
    static struct outcome straight, saved;
    static uint8_t data[0x100000];

    assert_int_equal(memory_read(&first->ram, RAM + DATA, data, sizeof(data)), 0);
    put_word(first, ASIDE, word);
    undisturbed(first, el, &straight);
    put_word(second, ASIDE, word);
    assert_int_equal(memory_write(&second->ram, RAM + DATA, data, sizeof(data)), 0);
    with_a_save(second, el, &saved);
    expect_same(word, el, &straight, &saved);
}

static void compare(struct bare *bare, uint32_t word, unsigned el, bool aborts)
{
    if (aborts) {
        void *first = another(), *second = another();

        compare_on(first, second, word, el);
        bare_teardown(&first);
        bare_teardown(&second);
    } else {
        compare_on(bare, bare, word, el);
        fresh_vcpu(bare, el);
    }
}

static void enter(struct bare *bare, uint64_t i, unsigned el)
{
    if (i % PLACES == 0) /* they are used again: by a vCPU that knows none of them */
        fresh_vcpu(bare, el);
    else if ((i % PER_STATE == 0 || vcpu_exception_level(bare->vcpu) != el) &&
             vcpu_put_state(bare->vcpu, clean[el]) != 0)
        fresh_vcpu(bare, el); /* what one word leaves behind may hinder that */
}

/* Of the words that abort all, and some others. */
static bool is_compared(uint64_t i, bool aborted)
{
    return aborted || i % (nr_words / nr_saved) == 0;
}

static void any_word_may_come(void **state)
{
    struct bare *bare = *state;
    uint64_t before = 0;

    seed = UINT64_C(0x9e3779b97f4a7c15);
    make_states(bare);
    waiting_vectors(bare);
    for (uint64_t i = 0; i < nr_words; i++) {
        unsigned el = i / PER_STATE % 2;
        uint64_t at = PAGE + i % PLACES * 32, aborts = unicorn_aborts(bare->engine);
        uint32_t word = any_word();
        enum vcpu_exit exit;
        bool aborted;

        enter(bare, i, el);
        put_word(bare, at, word);
        exit = execute(bare, at, NR_INSTRUCTIONS);
        if (exit == VCPU_EXIT_BROKEN && !getenv("VGIC5_EXPECT_BROKEN"))
            fail_msg("word 0x%08" PRIx32 " at EL%u ends the vCPU", word, el);
        if (exit == VCPU_EXIT_STUCK) /* a return to AArch32, say */
            fresh_vcpu(bare, el);
        aborted = unicorn_aborts(bare->engine) != aborts;
        if (is_compared(i, aborted))
            compare(bare, word, el, aborted);
        before = i == nr_words / 4 ? resident() : before;
    }
    print_message("%" PRIu64 " words, %" PRIu64 " aborts; resident: %" PRIu64 " MiB, then %" PRIu64
                  "\n",
                  nr_words, unicorn_aborts(bare->engine), before >> 20, resident() >> 20);
    if (nr_words >= 200000)
        assert_true(unicorn_aborts(bare->engine) > nr_words / 20000);
    assert_true(resident() < before + MOST_RSS_GROWTH);
}

static void a_word_that_aborts(struct bare *bare, uint64_t at)
{
    static const uint32_t code[] = {0x4e5e2d18, ISB};

    assert_int_equal(memory_write(&bare->ram, RAM + at, code, sizeof(code)), 0);
    vcpu_set_pc(bare->vcpu, RAM + at);
    assert_int_equal(bare_run(bare, at), VCPU_EXIT_WFI);
    assert_int_equal(bare_register(bare, "ESR_EL1"), 0x02000000);
    assert_int_equal(bare_register(bare, "ELR_EL1"), RAM + at);
}

/* The second time it costs what UDF costs. */
static void a_word_aborts_once(void **state)
{
    struct bare *bare = *state;
    uint64_t first;

    waiting_vectors(bare);
    bare_set_register(bare, "VBAR_EL1", RAM + VECTORS);
    bare_set_register(bare, "CPACR_EL1", 3 << 20);
    a_word_that_aborts(bare, PAGE);
    first = unicorn_aborts(bare->engine);
    assert_int_equal(first, 1);
    for (unsigned i = 1; i < 10000; i++)
        a_word_that_aborts(bare, PAGE + i % 100 * 8);
    assert_int_equal(unicorn_aborts(bare->engine), first);
}

/* Not while it translates: what it has done is not known. */
static void an_abort_elsewhere_breaks_the_vcpu(void **state)
{
    struct bare *bare = *state;
    struct vcpu_value values[256];
    char trouble[400];

    if (!getenv("VGIC5_EXPECT_BROKEN"))
        skip();
    BARE_CODE(bare, 0, NOP, 0x9ac24c20 /* crc32x w0, w1, x2 */, WFI);
    assert_int_equal(bare_run(bare, 0), VCPU_EXIT_BROKEN);
    vcpu_trouble(bare->vcpu, trouble, sizeof(trouble));
    assert_non_null(strstr(trouble, "aborted"));
    assert_int_equal(vcpu_get_state(bare->vcpu, values), -EIO);
    assert_int_equal(vcpu_run(bare->vcpu), VCPU_EXIT_BROKEN);
}

static uint64_t abort_in_callback(void *opaque, uint64_t address, unsigned size)
{
    (void)opaque, (void)address, (void)size;
    abort();
}

/* In a process of its own: it dies of it. */
static void an_abort_of_ours_stays_one(void **state)
{
    struct bare *bare = *state;
    pid_t child = fork();
    int status;

    assert_true(child >= 0);
    if (child == 0) {
        const struct rlimit none = {0, 0};

        setrlimit(RLIMIT_CORE, &none);
        bare->host.mmio_read = abort_in_callback;
        BARE_CODE(bare, 0, 0xf9400026 /* ldr x6, [x1] */, WFI);
        vcpu_set_x(bare->vcpu, 1, DEVICE);
        bare_run(bare, 0);
        _exit(0);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT);
}

int main(int argc, char **argv)
{
#define TEST(function) cmocka_unit_test_setup_teardown(function, bare_setup, bare_teardown)
    const struct CMUnitTest tests[] = {
        TEST(a_word_aborts_once),
        TEST(an_abort_of_ours_stays_one),
        TEST(an_abort_elsewhere_breaks_the_vcpu),
        TEST(any_word_may_come),
    };

    if (argc > 1)
        nr_words = strtoull(argv[1], NULL, 0);
    if (argc > 2)
        nr_saved = strtoull(argv[2], NULL, 0);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
