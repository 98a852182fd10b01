/* SPDX-License-Identifier: BSD-3-Clause */
/* An error that says more than it did: facts/error.h. */
#include "facts/error.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static void test_adds_what_fits(void **state)
{
    struct vgic5_error error = {0};
    char whole[sizeof(error.message)];

    (void)state;
    memset(whole, 'x', sizeof(whole));
    whole[sizeof(whole) - 4] = '\0';
    error_set(&error, VGIC5_CAUSE_UNFIT, -1, "%s", whole);
    error_add(&error, "; %d", 12);
    assert_string_equal(error.message, whole);
    error_add(&error, "; %d", 1);
    assert_int_equal(strlen(error.message), sizeof(error.message) - 1);
    assert_string_equal(error.message + sizeof(error.message) - 4, "; 1");
    error_add(&error, ".");
    assert_string_equal(error.message + sizeof(error.message) - 4, "; 1");
    assert_int_equal(error.cause, VGIC5_CAUSE_UNFIT);
}

static void test_recast_keeps_the_words(void **state)
{
    struct vgic5_error error = {0};

    (void)state;
    error_set(&error, VGIC5_CAUSE_DAMAGED, -1, "as it was");
    error_recast(&error, VGIC5_CAUSE_GIVEN_UP);
    assert_int_equal(error.cause, VGIC5_CAUSE_GIVEN_UP);
    assert_string_equal(error.message, "as it was");
}

static void test_of_nobody(void **state)
{
    (void)state;
    assert_int_equal(error_set(NULL, VGIC5_CAUSE_BUG, -7, "nobody listens"), -7);
    error_add(NULL, "nobody listens");
    error_recast(NULL, VGIC5_CAUSE_BUG);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_adds_what_fits),
        cmocka_unit_test(test_recast_keeps_the_words),
        cmocka_unit_test(test_of_nobody),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
