/* SPDX-License-Identifier: BSD-3-Clause */
/* Both ways to find out which pages have been touched, against what has been. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

#include "shim/touched.h"

#define PAGES 20000u /* more than the entries of some reads */

static struct touched touched;

static uint8_t *reserve(size_t size)
{
    uint8_t *at = mmap(NULL, size, PROT_READ | PROT_WRITE,
                       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

    assert_ptr_not_equal(at, MAP_FAILED);
    madvise(at, size, MADV_NOHUGEPAGE);
    return at;
}

static void begin(enum touched_way way)
{
    if (!touched_begin(&touched, way)) {
        assert_int_equal(way, TOUCHED_BY_SCAN); /* the other one is as old as Linux 2.6.25 */
        print_message("# skipped: this kernel does not scan\n");
        skip();
    }
}

/* Alone, in runs, and at both ends of the entries that are read at a time. */
static bool is_touched(unsigned n)
{
    return n == 0 || n == PAGES - 1 || n % 4096 == 4095 || n % 4096 == 0 || n % 97 < n / 1000;
}

static void test_runs(void **state)
{
    uint64_t page = (uint64_t)sysconf(_SC_PAGESIZE), at, end, start, stop;
    uint8_t *memory = reserve(PAGES * page);
    static uint8_t found[PAGES];
    int ret;

    for (unsigned n = 0; n < PAGES; n++) {
        if (is_touched(n))
            memory[n * page] = 1;
    }
    begin(*(enum touched_way *)*state);
    memset(found, 0, sizeof(found));
    at = (uintptr_t)memory;
    end = at + PAGES * page;
    while ((ret = touched_next(&touched, at, end, &start, &stop)) > 0) {
        assert_true(start >= at && start < stop && stop <= end);
        for (at = start; at < stop; at += page)
            found[(at - (uintptr_t)memory) / page] = 1;
    }
    assert_int_equal(ret, 0);
    for (unsigned n = 0; n < PAGES; n++)
        assert_int_equal(found[n], is_touched(n));
    touched_end(&touched);
    munmap(memory, PAGES * page);
}

/* One page in the middle of much: one run, one page of it. */
static void test_one_page(void **state)
{
    uint64_t page = (uint64_t)sysconf(_SC_PAGESIZE), size = UINT64_C(1) << 34, start, stop;
    uint8_t *memory = reserve(size);
    uint64_t at = (uintptr_t)memory;

    memory[size / 2] = 1;
    begin(*(enum touched_way *)*state);
    assert_int_equal(touched_next(&touched, at, at + size, &start, &stop), 1);
    assert_int_equal(start, at + size / 2);
    assert_int_equal(stop, start + page);
    assert_int_equal(touched_next(&touched, stop, at + size, &start, &stop), 0);
    touched_end(&touched);
    munmap(memory, size);
}

/* What cannot be read is an error, not memory without a touch. */
static void test_unreadable(void **state)
{
    uint64_t at, start, stop;

    begin(*(enum touched_way *)*state);
    touched_end(&touched);
    touched.pagemap = -1;
    at = (uintptr_t)&touched;
    assert_true(touched_next(&touched, at, at + 1, &start, &stop) < 0);
}

int main(void)
{
    static enum touched_way ways[] = {TOUCHED_BY_SCAN, TOUCHED_BY_ENTRIES};
    const struct CMUnitTest tests[] = {
        {"runs, by a scan", test_runs, NULL, NULL, &ways[0]},
        {"runs, by entries", test_runs, NULL, NULL, &ways[1]},
        {"one page, by a scan", test_one_page, NULL, NULL, &ways[0]},
        {"one page, by entries", test_one_page, NULL, NULL, &ways[1]},
        {"no pagemap, by a scan", test_unreadable, NULL, NULL, &ways[0]},
        {"no pagemap, by entries", test_unreadable, NULL, NULL, &ways[1]},
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
