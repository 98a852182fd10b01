/* SPDX-License-Identifier: BSD-3-Clause */
/* Lists of named fields: the list itself, and its one encoding. */
#include "support.h"

#include <errno.h>

#include "snapshot/fields.h"
#include "snapshot/layout.h"

static void *encode(const struct vgic5_fields *fields, size_t *size)
{
    uint8_t *bytes;

    *size = fields_encoded_size(fields);
    bytes = malloc(*size + 1);
    assert_non_null(bytes);
    fields_encode(fields, bytes);
    return bytes;
}

static void test_order_kinds_and_values_are_kept(void **state)
{
    static const uint64_t values[] = {0,      1,   0x7f,       0x80,           0x3fff,
                                      0x4000, ~0u, 1ull << 63, UINT64_MAX - 1, UINT64_MAX};
    struct vgic5_fields *fields = vgic5_fields_new(), *again;
    struct vgic5_error error = {0};
    char name[32];
    size_t size;
    void *bytes;

    (void)state;
    for (size_t i = 0; i < 10; i++) {
        snprintf(name, sizeof(name), "n%zu", 9 - i);
        assert_int_equal(vgic5_fields_put_u64(fields, name, values[9 - i], values[i]), 0);
    }
    assert_int_equal(vgic5_fields_put_bytes(fields, "empty", 0, NULL, 0), 0);
    assert_int_equal(vgic5_fields_put_bytes(fields, "b", 1, "\0\xff", 2), 0);
    assert_int_equal(vgic5_fields_put_text(fields, "t", 2, "k\xc3\xa4se\n"), 0);
    bytes = encode(fields, &size);
    assert_int_equal(fields_decode(bytes, size, "here", 0, &again, &error), 0);
    assert_int_equal(vgic5_fields_count(again), 13);
    for (size_t i = 0; i < 10; i++) {
        const struct vgic5_field *field = vgic5_fields_at(again, i);

        snprintf(name, sizeof(name), "n%zu", 9 - i);
        assert_string_equal(field->name, name);
        assert_int_equal(field->kind, VGIC5_FIELD_U64);
        assert_true(field->id == values[9 - i] && field->u64 == values[i]);
        assert_ptr_equal(vgic5_fields_find(again, name), field);
    }
    assert_int_equal(vgic5_fields_at(again, 10)->size, 0);
    assert_memory_equal(vgic5_fields_at(again, 11)->bytes, "\0\xff", 2);
    assert_string_equal(vgic5_fields_at(again, 12)->bytes, "k\xc3\xa4se\n");
    assert_null(vgic5_fields_at(again, 13));
    assert_null(vgic5_fields_find(again, "n10"));
    free(bytes);
    vgic5_fields_free(again);
    vgic5_fields_free(fields);
}

static void test_bad_puts_are_refused_and_remembered(void **state)
{
    char name[66];
    static const char *const bad[] = {"", "a b", "tab\t", "\x7f", "\xc3\xa4"};

    (void)state;
    memset(name, 'x', sizeof(name));
    name[64] = '\0';
    for (size_t i = 0; i <= sizeof(bad) / sizeof(bad[0]); i++) {
        struct vgic5_fields *fields = vgic5_fields_new();

        assert_int_equal(vgic5_fields_put_u64(fields, i < 5 ? bad[i] : name, 0, 1), -EINVAL);
        assert_int_equal(vgic5_fields_error(fields), -EINVAL);
        assert_int_equal(vgic5_fields_put_u64(fields, "good", 0, 1), -EINVAL);
        assert_int_equal(vgic5_fields_count(fields), 0);
        vgic5_fields_free(fields);
    }
    name[63] = '\0';
    struct vgic5_fields *fields = vgic5_fields_new();
    assert_int_equal(vgic5_fields_put_u64(fields, name, 0, 1), 0);
    assert_int_equal(vgic5_fields_put_text(fields, name, 0, ""), -EEXIST);
    vgic5_fields_free(fields);
}

static void test_text_is_utf8(void **state)
{
    static const char *const good[] = {"",
                                       "a",
                                       "\xc2\x80",
                                       "\xe0\xa0\x80",
                                       "\xed\x9f\xbf",
                                       "\xee\x80\x80",
                                       "\xf0\x90\x80\x80",
                                       "\xf4\x8f\xbf\xbf"};
    static const char *const bad[] = {"\x80",
                                      "\xc0\x80",
                                      "\xc1\xbf",
                                      "\xc3",
                                      "\xe0\x9f\xbf",
                                      "\xed\xa0\x80",
                                      "\xe2\x82",
                                      "\xff",
                                      "\xf0\x8f\xbf\xbf",
                                      "\xf4\x90\x80\x80",
                                      "\xf8\x88\x80\x80\x80"};

    (void)state;
    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
        assert_true(field_text_is_valid(good[i], strlen(good[i])));
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        assert_false(field_text_is_valid(bad[i], strlen(bad[i])));
    assert_false(field_text_is_valid("a\0b", 3));
}

/* Bytes that are no list, each with the words of the refusal. */
static void test_malformed_bytes_are_refused(void **state)
{
    static const struct {
        const char *bytes;
        size_t size;
        const char *words;
    } cases[] = {
        {"\1", 1, "cut off"},
        {"\0\1a\0\0", 5, "kind is unknown"},
        {"\4\1a\0\0", 5, "kind is unknown"},
        {"\1\0\0\0", 4, "name is not"},
        {"\1\1 \0\0", 5, "name is not"},
        {"\1\2a\0\0", 5, "name is not"},
        {"\1\5a\0\0", 5, "name is not"},
        {"\1\1a\0", 4, "number in it is malformed"},
        {"\1\1a\x80", 4, "number in it is malformed"},
        {"\1\1a\x80\0\0", 6, "number in it is malformed"},
        {"\1\1a\0\x81\0", 6, "number in it is malformed"},
        {"\1\1a\0\xff\xff\xff\xff\xff\xff\xff\xff\xff\2", 14, "number in it is malformed"},
        {"\1\1a\0\xff\xff\xff\xff\xff\xff\xff\xff\xff\x81\0", 15, "number in it is malformed"},
        {"\2\1a\0\1", 5, "longer than the section"},
        {"\2\1a\0\xff\xff\xff\xff\xff\xff\xff\xff\xff\1", 14, "longer than the section"},
        {"\3\1a\0\1\0", 6, "not UTF-8"},
        {"\3\1a\0\1\xff", 6, "not UTF-8"},
        {"\1\1a\0\0\1\1a\0\0", 10, "name is taken"},
        {"\1\1a\0\0\2", 6, "cut off"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct vgic5_error error = {0};
        struct vgic5_fields *fields = NULL;
        uint8_t *exact = malloc(cases[i].size);

        memcpy(exact, cases[i].bytes, cases[i].size);
        assert_true(fields_decode(exact, cases[i].size, "section x[1]", 0x100, &fields, &error) <
                    0);
        assert_null(fields);
        assert_int_equal(error.cause, VGIC5_CAUSE_DAMAGED);
        assert_non_null(strstr(error.message, cases[i].words));
        assert_non_null(strstr(error.message, "section x[1]: field"));
        free(exact);
    }
}

/* What decodes at all encodes to the same bytes again. */
static void test_one_encoding_for_one_list(void **state)
{
    struct random random = {.state = 5};
    size_t accepted = 0;

    (void)state;
    for (unsigned int i = 0; i < 200000; i++) {
        /* Mostly plausible bytes, so that a good part of them is a list. */
        uint8_t bytes[24];
        size_t size = random_below(&random, sizeof(bytes)), at = 0, again_size;
        struct vgic5_fields *fields;
        void *again;

        while (at < size)
            bytes[at++] = (uint8_t)(random_below(&random, 8) ? random_below(&random, 4)
                                                             : random_next(&random));
        for (at = 2; at < size; at += 5)
            bytes[at] = (uint8_t)('a' + at);
        if (fields_decode(bytes, size, "x", 0, &fields, NULL) != 0)
            continue;
        accepted += size > 0;
        again = encode(fields, &again_size);
        assert_int_equal(again_size, size);
        assert_memory_equal(again, bytes, size);
        free(again);
        vgic5_fields_free(fields);
    }
    assert_true(accepted > 100);
}

static void test_getters_say_what_is_wrong(void **state)
{
    struct vgic5_fields *fields = vgic5_fields_new();
    struct vgic5_error error = {0};
    const char *text;
    uint64_t value = 0;
    char bytes[4];

    (void)state;
    vgic5_fields_put_u64(fields, "n", 0, 7);
    vgic5_fields_put_bytes(fields, "b", 0, "1234", 4);
    vgic5_fields_put_text(fields, "t", 0, "text");
    assert_int_equal(vgic5_fields_get_u64(fields, "vcpu[0]", "n", &value, &error), 0);
    assert_int_equal(value, 7);
    assert_int_equal(vgic5_fields_get_bytes(fields, "vcpu[0]", "b", bytes, 4, &error), 0);
    assert_memory_equal(bytes, "1234", 4);
    assert_int_equal(vgic5_fields_get_text(fields, "vcpu[0]", "t", &text, &error), 0);
    assert_string_equal(text, "text");

    assert_int_equal(vgic5_fields_get_u64(fields, "vcpu[0]", "m", &value, &error), -ENOENT);
    assert_string_equal(error.message, "vcpu[0]: field m is missing");
    assert_int_equal(error.cause, VGIC5_CAUSE_DAMAGED);
    assert_int_equal(vgic5_fields_get_u64(fields, "vcpu[0]", "b", &value, &error), -EINVAL);
    assert_string_equal(error.message, "vcpu[0]: field b is bytes, a number expected");
    assert_int_equal(vgic5_fields_get_bytes(fields, "vcpu[0]", "b", bytes, 3, &error), -EINVAL);
    assert_string_equal(error.message, "vcpu[0]: field b has 4 bytes, 3 expected");
    assert_int_equal(vgic5_fields_get_text(fields, "vcpu[0]", "n", &text, NULL), -EINVAL);
    vgic5_fields_free(fields);
}

static void test_limits(void **state)
{
    struct vgic5_fields *fields = vgic5_fields_new(), *again = NULL;
    struct vgic5_error error = {0};
    char name[32];
    uint8_t *bytes, *longer;
    size_t size;

    (void)state;
    for (size_t i = 0; i < MAX_FIELDS; i++) {
        snprintf(name, sizeof(name), "%zu", i);
        assert_int_equal(vgic5_fields_put_u64(fields, name, 0, i), 0);
    }
    bytes = encode(fields, &size);
    assert_int_equal(vgic5_fields_put_u64(fields, "one_more", 0, 1), -E2BIG);
    longer = malloc(size + 5);
    memcpy(longer, bytes, size);
    memcpy(longer + size, "\1\1z\0\0", 5);
    assert_int_equal(fields_decode(longer, size + 5, "x", 0, &again, &error), -EBADMSG);
    assert_non_null(strstr(error.message, "too many fields"));
    assert_int_equal(fields_decode(longer, size, "x", 0, &again, &error), 0);
    assert_int_equal(vgic5_fields_find(again, "65535")->u64, 65535);
    vgic5_fields_free(again);
    vgic5_fields_free(fields);
    free(longer);
    free(bytes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_order_kinds_and_values_are_kept),
        cmocka_unit_test(test_bad_puts_are_refused_and_remembered),
        cmocka_unit_test(test_text_is_utf8),
        cmocka_unit_test(test_malformed_bytes_are_refused),
        cmocka_unit_test(test_one_encoding_for_one_list),
        cmocka_unit_test(test_getters_say_what_is_wrong),
        cmocka_unit_test(test_limits),
    };

    return cmocka_run_group_tests_name("snapshot fields", tests, NULL, NULL);
}
