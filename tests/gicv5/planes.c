/* SPDX-License-Identifier: BSD-3-Clause */
/* Words to planes and back, 64 at a time, against one bit at a time. Built twice: as the library
 * has it on this processor, and in plain C. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "gicv5/planes.h"

#define ROUNDS 20000

static uint64_t random_state = 20261122;

static uint32_t random_word(void)
{
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return (uint32_t)(random_state >> 16);
}

static void assert_planes_say(const struct word_planes *planes, const uint32_t *words)
{
    for (uint32_t i = 0; i < BLOCK_SIZE; i++) {
        uint32_t priority = 0;
        for (uint32_t b = 0; b < PRIORITY_PLANES; b++)
            priority |= (uint32_t)(planes->config.priority[b] >> i & 1) << b;
        assert_int_equal(priority, words[i] >> 11 & 31);
        assert_int_equal(planes->config.enable >> i & 1, words[i] >> 3 & 1);
        assert_int_equal(planes->active >> i & 1, words[i] >> 1 & 1);
        assert_int_equal(planes->pending >> i & 1, words[i] & 1);
    }
}

static void test_words_to_planes(void **state)
{
    (void)state;
    for (int round = 0; round < ROUNDS; round++) {
        uint32_t words[BLOCK_SIZE], mask = random_word();
        struct word_planes planes;
        for (uint32_t i = 0; i < BLOCK_SIZE; i++)
            words[i] = round % 2 ? random_word() : random_word() & mask;
        planes_of_words(&planes, words);
        assert_planes_say(&planes, words);
    }
}

static void test_state_into_words(void **state)
{
    (void)state;
    for (int round = 0; round < ROUNDS; round++) {
        uint32_t words[BLOCK_SIZE];
        uint64_t pending = (uint64_t)random_word() << 32 | random_word();
        uint64_t active = (uint64_t)random_word() << 32 | random_word();
        if (round % 2) { /* few */
            pending &= pending << 7 & pending >> 5 & active;
            active &= active << 11 & active >> 3;
        }
        for (uint32_t i = 0; i < BLOCK_SIZE; i++)
            words[i] = 0xfffffffcu;
        planes_add_state(words, pending, active);
        for (uint32_t i = 0; i < BLOCK_SIZE; i++)
            assert_int_equal(words[i], 0xfffffffcu | (pending >> i & 1) | (active >> i & 1) << 1);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_words_to_planes),
        cmocka_unit_test(test_state_into_words),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
