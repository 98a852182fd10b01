/* SPDX-License-Identifier: BSD-3-Clause */
/* Pages that are absent, clean or open, and the faults between these states. */
#include "ram.h"

#include <errno.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static uint64_t nr_written(const struct ram_watch *watch)
{
    const uint16_t *written = ram_written(watch);
    uint64_t n = 0;

    for (uint64_t page = 0; page < NR_PAGES; page++)
        n += has_page(written, page);
    return n;
}

struct watch_source {
    uint8_t *ram;
    struct ram_range range;
    unsigned filled[NR_FRAMES];
};

/* Frame n holds n + 1, its last page nothing. */
static int fill(void *opaque, uint64_t frame, void *content, struct vgic5_error *error)
{
    struct watch_source *source = opaque;

    (void)error;
    source->filled[frame]++;
    memset(content, (int)frame + 1, RAM_FRAME - RAM_PAGE);
    return 0;
}

static void begin(struct ram_watch *watch, struct watch_source *source)
{
    *watch = (struct ram_watch){0};
    *source = (struct watch_source){.ram = ram_new()};
    source->range = ram_whole(source->ram);
    assert_int_equal(ram_watch_begin(watch, &source->range, 1, NULL, NULL), 0);
}

static void end(struct ram_watch *watch, struct watch_source *source)
{
    ram_watch_end(watch);
    ram_free(source->ram);
}

static void test_a_write_is_seen_a_read_is_not(void **state)
{
    struct ram_watch watch;
    struct watch_source source;

    (void)state;
    begin(&watch, &source);
    ram_store(source.ram, 7, 1);
    assert_int_equal(ram_watch_take(&watch, 0, NULL), 0);
    assert_int_equal(nr_written(&watch), 0);
    assert_int_equal(source.ram[7 * RAM_PAGE + 7], 1);
    assert_int_equal(nr_written(&watch), 0);
    ram_store(source.ram, 7, 2);
    ram_store(source.ram, 7, 3);
    ram_store(source.ram, NR_PAGES - 1, 3);
    memset(source.ram + 20 * RAM_PAGE - 1, 9, 2); /* across two pages */
    assert_int_equal(nr_written(&watch), 4);
    for (uint64_t page = 0; page < NR_PAGES; page++)
        assert_int_equal(has_page(ram_written(&watch), page),
                         page == 7 || page == 19 || page == 20 || page == NR_PAGES - 1);
    assert_int_equal(source.ram[7 * RAM_PAGE + 7], 3);
    assert_int_equal(ram_watch_take(&watch, 0, NULL), 0);
    assert_int_equal(nr_written(&watch), 0);
    assert_int_equal(ram_mappings(source.ram), 1);
    end(&watch, &source);
    ram_store(ram_new(), 0, 1); /* nobody is watching any more */
}

static void hear(void *opaque, const struct ram_range *range, uint64_t page)
{
    unsigned *opened = opaque;

    (void)range;
    opened[page]++;
}

/* Each page once, until it is clean again; a clean that is of one page leaves the others. */
static void test_who_listens_hears_of_each_page(void **state)
{
    static unsigned opened[NR_PAGES];
    struct ram_watch watch;
    struct watch_source source;

    (void)state;
    begin(&watch, &source);
    assert_int_equal(ram_watch_take(&watch, 0, NULL), 0);
    ram_watch_hear(&watch, hear, opened);
    for (unsigned n = 0; n < 2; n++) {
        ram_store(source.ram, 7, 1);
        ram_store(source.ram, 8, 1);
    }
    assert_int_equal(ram_watch_clean(&watch, 0, 7, 8), 0);
    assert_int_equal(ram_watch_clean(&watch, 0, 9, 10), 0);
    assert_true(nr_written(&watch) == 1 && has_page(ram_written(&watch), 8));
    ram_store(source.ram, 7, 1);
    ram_store(source.ram, 8, 1);
    for (unsigned n = 0; n < NR_PAGES; n++)
        assert_int_equal(opened[n], n == 7 ? 2 : n == 8);
    watch.edges = watch.most_edges; /* no room: all is clean, and heard of again */
    assert_int_equal(ram_watch_clean(&watch, 0, 7, 8), 0);
    assert_int_equal(nr_written(&watch), 0);
    watch.edges = 0;
    ram_store(source.ram, 8, 1);
    assert_int_equal(opened[8], 2);
    end(&watch, &source);
}

static void test_absent_frames_come_when_touched(void **state)
{
    struct ram_watch watch;
    struct watch_source source;

    (void)state;
    begin(&watch, &source);
    assert_int_equal(ram_watch_empty(&watch, fill, &source), 0);
    assert_int_equal(source.ram[5 * RAM_FRAME], 6);
    ram_store(source.ram, 9 * RAM_PAGES_PER_FRAME, 77);
    assert_int_equal(source.ram[9 * RAM_FRAME + 1], 10);
    assert_int_equal(ram_watch_fill(&watch, 11, NULL), 0);
    assert_int_equal(ram_watch_fill(&watch, 11, NULL), 0);
    assert_int_equal(watch.nr_absent, NR_FRAMES - 3);
    for (unsigned n = 0; n < NR_FRAMES; n++)
        assert_int_equal(source.filled[n], n == 5 || n == 9 || n == 11);
    end(&watch, &source);
}

static void test_frames_of_nothing(void **state)
{
    for (unsigned tracks = 0; tracks < 2; tracks++) {
        struct ram_watch watch;
        struct watch_source source;

        (void)state;
        begin(&watch, &source);
        assert_int_equal(ram_watch_empty(&watch, fill, &source), 0);
        assert_int_equal(tracks ? ram_watch_take(&watch, 0, NULL) : 0, 0);
        assert_int_equal(ram_watch_fill_zero(&watch, 3, 7, NULL), 0);
        assert_int_equal(ram_watch_fill_zero(&watch, 7, 8, NULL), 0);
        assert_int_equal(watch.nr_absent, NR_FRAMES - 5);
        assert_int_equal(ram_mappings(source.ram), 3);
        assert_int_equal(watch.edges, 2);
        for (unsigned n = 3; n < 8; n++)
            assert_int_equal(source.ram[n * RAM_FRAME], 0);
        ram_store(source.ram, 5 * RAM_PAGES_PER_FRAME, 1);
        assert_int_equal(source.ram[8 * RAM_FRAME], 9);
        assert_int_equal(nr_written(&watch), tracks ? 1 : 6 * RAM_PAGES_PER_FRAME);
        end(&watch, &source);
    }
}

/* What is filled in is as in the snapshot: clean, whoever touched it first and however. */
static void test_filled_while_tracking(void **state)
{
    struct ram_watch watch;
    struct watch_source source;

    (void)state;
    begin(&watch, &source);
    assert_int_equal(ram_watch_empty(&watch, fill, &source), 0);
    assert_int_equal(source.ram[3 * RAM_FRAME], 4); /* before it: open, and then clean */
    assert_int_equal(ram_watch_take(&watch, 0, NULL), 0);
    assert_int_equal(source.ram[5 * RAM_FRAME], 6);
    assert_int_equal(ram_watch_fill(&watch, 6, NULL), 0);
    assert_int_equal(nr_written(&watch), 0);
    ram_store(source.ram, 3 * RAM_PAGES_PER_FRAME, 1);
    ram_store(source.ram, 5 * RAM_PAGES_PER_FRAME + 4, 1);
    ram_store(source.ram, 8 * RAM_PAGES_PER_FRAME + 15, 1); /* absent until now */
    assert_int_equal(source.filled[8], 1);
    assert_int_equal(nr_written(&watch), 3);
    assert_int_equal(ram_mappings(source.ram), watch.edges + 1);
    assert_true(has_page(ram_written(&watch), 8 * RAM_PAGES_PER_FRAME + 15));
    assert_int_equal(watch.nr_absent, NR_FRAMES - 4);
    /* Cleaning leaves the absent ones absent. */
    assert_int_equal(ram_watch_take(&watch, 0, NULL), 0);
    assert_int_equal(ram_mappings(source.ram), watch.edges + 1);
    assert_int_equal(source.ram[20 * RAM_FRAME], 21);
    assert_int_equal(ram_mappings(source.ram), watch.edges + 1);
    assert_int_equal(nr_written(&watch), 0);
    end(&watch, &source);
}

/* What counts is that nothing written is missed and nothing breaks; `most` pages may be said to be
 * written that are not. */
static void scatter(uint64_t most_edges, uint64_t most)
{
    struct ram_watch watch;
    struct watch_source source;
    uint64_t n;

    begin(&watch, &source);
    assert_int_equal(ram_watch_take(&watch, 0, NULL), 0);
    watch.most_edges = most_edges;
    for (uint64_t page = 0; page < NR_PAGES; page += 2) {
        ram_store(source.ram, page, 1);
        assert_true(ram_mappings(source.ram) <= most_edges + 1);
        assert_int_equal(ram_mappings(source.ram), watch.edges + 1);
    }
    for (uint64_t page = 0; page < NR_PAGES; page += 2)
        assert_true(has_page(ram_written(&watch), page));
    n = nr_written(&watch);
    assert_in_range(n, NR_PAGES / 2, most);
    assert_int_equal(ram_watch_take(&watch, 0, NULL), 0);
    ram_store(source.ram, 100, 2); /* as if nothing had been */
    assert_int_equal(nr_written(&watch), most_edges < 2 ? NR_PAGES : 1);
    end(&watch, &source);
}

static void test_mappings_are_few(void **state)
{
    (void)state;
    scatter(2 * NR_PAGES, NR_PAGES / 2);
    scatter(NR_PAGES / 2, NR_PAGES);
    scatter(8, NR_PAGES);
    scatter(2, NR_PAGES);
    scatter(0, NR_PAGES);
}

/* Every second frame is written: opening wider does not help, then. */
static void test_mappings_run_out(void **state)
{
    struct ram_watch watch;
    struct watch_source source;

    (void)state;
    begin(&watch, &source);
    assert_int_equal(ram_watch_empty(&watch, fill, &source), 0);
    assert_int_equal(ram_watch_take(&watch, 0, NULL), 0);
    watch.most_edges = 20;
    for (unsigned n = 0; n < NR_FRAMES; n += 2)
        ram_store(source.ram, n * RAM_PAGES_PER_FRAME, 1);
    for (unsigned n = 0; n < NR_FRAMES; n++) {
        assert_true(has_page(ram_written(&watch), n * RAM_PAGES_PER_FRAME) || n % 2);
        assert_int_equal(source.ram[n * RAM_FRAME + 100], n + 1);
        assert_int_equal(source.filled[n], 1);
    }
    assert_int_equal(ram_mappings(source.ram), 1);
    end(&watch, &source);
}

/* A system call that would write there is told so: it does not slip through. */
static void test_the_kernel_does_not_write_behind_our_back(void **state)
{
    struct ram_watch watch;
    struct watch_source source;
    int ends[2];

    (void)state;
    begin(&watch, &source);
    assert_int_equal(ram_watch_take(&watch, 0, NULL), 0);
    assert_int_equal(pipe(ends), 0);
    assert_int_equal(write(ends[1], "x", 1), 1);
    assert_int_equal(read(ends[0], source.ram, 1), -1);
    assert_int_equal(errno, EFAULT);
    close(ends[0]);
    close(ends[1]);
    end(&watch, &source);
}

/* errno belongs to the program that was interrupted. */
static void test_errno_is_kept(void **state)
{
    struct ram_watch watch;
    struct watch_source source;

    (void)state;
    begin(&watch, &source);
    assert_int_equal(ram_watch_empty(&watch, fill, &source), 0);
    errno = EXDEV;
    ram_store(source.ram, 3, 1);
    assert_int_equal(errno, EXDEV);
    end(&watch, &source);
}

/* Elsewhere a fault is a fault. */
static void test_the_faults_of_others(void **state)
{
    int status;
    pid_t child;

    (void)state;
    child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        struct ram_watch watch;
        struct watch_source source;

        signal(SIGSEGV, SIG_DFL);
        begin(&watch, &source);
        ram_watch_take(&watch, 0, NULL);
        ram_store(NULL, 1, 1);
        _exit(0);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGSEGV);
}

/* Twice is once too often; another one is welcome, with what it has written kept apart. */
static void test_two_at_once(void **state)
{
    struct ram_watch watch, other;
    struct watch_source source, second;

    (void)state;
    begin(&watch, &source);
    begin(&other, &second);
    assert_int_equal(ram_watch_begin(&other, &source.range, 1, NULL, NULL), -EINVAL);
    assert_int_equal(ram_watch_empty(&other, fill, &second), 0);
    assert_int_equal(ram_watch_take(&watch, 0, NULL), 0);
    assert_int_equal(ram_watch_take(&other, 0, NULL), 0);
    ram_store(source.ram, 1, 1);
    ram_store(second.ram, 2, 1);
    assert_true(nr_written(&watch) == 1 && has_page(ram_written(&watch), 1));
    assert_true(nr_written(&other) == 1 && has_page(ram_written(&other), 2));
    assert_int_equal(second.ram[RAM_FRAME], 2);
    end(&watch, &source);
    ram_store(second.ram, 3, 1);
    assert_int_equal(nr_written(&other), 2);
    end(&other, &second);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_write_is_seen_a_read_is_not),
        cmocka_unit_test(test_who_listens_hears_of_each_page),
        cmocka_unit_test(test_absent_frames_come_when_touched),
        cmocka_unit_test(test_frames_of_nothing),
        cmocka_unit_test(test_filled_while_tracking),
        cmocka_unit_test(test_mappings_are_few),
        cmocka_unit_test(test_mappings_run_out),
        cmocka_unit_test(test_the_kernel_does_not_write_behind_our_back),
        cmocka_unit_test(test_errno_is_kept),
        cmocka_unit_test(test_the_faults_of_others),
        cmocka_unit_test(test_two_at_once),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
