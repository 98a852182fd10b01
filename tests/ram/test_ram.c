/* SPDX-License-Identifier: BSD-3-Clause */
/* What a VMM sees of it: RAMs of several ranges, saved on top of each other and filled in lazily, a
 * source of dirty pages of its own, and faults that are somebody else's. */
#include "ram.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <vgic5/ram.h>

/* Three ranges: whole frames, ten frames without a round number, and a last frame that is short. */
#define NR_RANGES 3u
static const struct {
    uint64_t base, size;
} shape[NR_RANGES] = {{0, 0xa0000}, {0x100000, 0x300000}, {0x40000000, 0x21000}};

struct guest {
    struct vgic5_ram_range ranges[NR_RANGES];
    struct vgic5_ram *ram;
};

static char directory[] = "/tmp/test-ram-XXXXXX";
static char paths[4][64];

static void guest_begin(struct guest *guest, const struct vgic5_ram_options *options)
{
    for (unsigned n = 0; n < NR_RANGES; n++) {
        void *host =
            mmap(NULL, shape[n].size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

        assert_ptr_not_equal(host, MAP_FAILED);
        guest->ranges[n] = (struct vgic5_ram_range){shape[n].base, shape[n].size, host, NULL};
    }
    assert_int_equal(vgic5_ram_create(guest->ranges, NR_RANGES, options, &guest->ram, NULL), 0);
}

static void guest_end(struct guest *guest)
{
    vgic5_ram_destroy(guest->ram);
    for (unsigned n = 0; n < NR_RANGES; n++)
        munmap(guest->ranges[n].host, guest->ranges[n].size);
}

static uint8_t *at(const struct guest *guest, unsigned range, uint64_t page)
{
    return (uint8_t *)guest->ranges[range].host + page * RAM_PAGE;
}

static void store(const struct guest *guest, unsigned range, uint64_t page, uint8_t value)
{
    *(volatile uint8_t *)at(guest, range, page) = value;
}

static void write_noise(const struct guest *guest, uint64_t seed)
{
    for (unsigned n = 0; n < NR_RANGES; n++)
        for (uint64_t page = 0; page < shape[n].size / RAM_PAGE; page++)
            if (ram_noise(&seed) % 3 == 0)
                memset(at(guest, n, page) + 16, (int)ram_noise(&seed) | 1, 256);
}

/* What a save has shown of itself before it was there. */
struct proof {
    unsigned collected, proved;
    uint8_t *memory[NR_RANGES];
    int verdict;
};

static int collect(void *opaque, struct vgic5_snapshot_writer *writer, struct vgic5_error *error)
{
    struct proof *proof = opaque;
    struct vgic5_fields *fields = vgic5_fields_new();
    int ret;

    proof->collected++;
    vgic5_fields_put_u64(fields, "N", 0, 5);
    ret = vgic5_snapshot_put_fields(writer, "own", 7, 1, true, fields, error);
    vgic5_fields_free(fields);
    return ret;
}

/* In pieces that are no pages. */
static void read_all(struct vgic5_saver *saver, unsigned n, uint8_t *to)
{
    for (uint64_t at = 0, piece; at < shape[n].size; at += piece) {
        piece = shape[n].size - at < 5000 ? shape[n].size - at : 5000;
        assert_int_equal(vgic5_saver_read(saver, shape[n].base + at, to + at, piece), 0);
    }
}

static int prove(void *opaque, const struct vgic5_snapshot *state, struct vgic5_saver *saver,
                 struct vgic5_error *error)
{
    const struct vgic5_section *own = vgic5_snapshot_find(state, "own", 7);
    struct proof *proof = opaque;
    uint8_t byte;

    proof->proved++;
    assert_true(own && own->required && vgic5_fields_count(own->fields) == 1);
    assert_int_equal(vgic5_fields_at(own->fields, 0)->u64, 5);
    for (unsigned n = 0; n < NR_RANGES; n++) {
        proof->memory[n] = malloc(shape[n].size);
        read_all(saver, n, proof->memory[n]);
        assert_int_equal(vgic5_saver_read(saver, shape[n].base + shape[n].size, &byte, 1), -EFAULT);
    }
    if (proof->verdict != 0)
        snprintf(error->message, sizeof(error->message), "not provable");
    error->cause = proof->verdict != 0 ? VGIC5_CAUSE_UNFIT : VGIC5_CAUSE_NONE;
    return proof->verdict;
}

/* The memory that was shown is what has been saved. */
static void compare_with_file(const struct proof *proof, const char *path)
{
    struct vgic5_chain *chain;
    struct vgic5_pages *pages;

    assert_int_equal(vgic5_chain_open(path, NULL, &chain, NULL), 0);
    assert_int_equal(vgic5_pages_open(chain, &pages, NULL), 0);
    for (unsigned n = 0; n < NR_RANGES; n++) {
        uint8_t *saved = malloc(shape[n].size);

        assert_int_equal(vgic5_pages_read(pages, shape[n].base, saved, shape[n].size), 0);
        assert_memory_equal(saved, proof->memory[n], shape[n].size);
        free(saved);
    }
    vgic5_pages_close(pages);
    vgic5_chain_close(chain);
}

static void forget(struct proof *proof)
{
    for (unsigned n = 0; n < NR_RANGES; n++)
        free(proof->memory[n]);
}

static struct vgic5_save_result save(struct guest *guest, const char *path, const char *base,
                                     bool waits)
{
    struct proof proof = {0};
    bool is_whole = guest->ranges[1].host; /* or a guest of one range, which it cannot read */
    const struct vgic5_save_request request = {.size = sizeof(request),
                                               .path = path,
                                               .base = base,
                                               .producer = "test",
                                               .guest_waits = waits,
                                               .followed = true,
                                               .collect = collect,
                                               .opaque = &proof,
                                               .prove = is_whole ? prove : NULL};
    struct vgic5_save_result result = {.size = sizeof(result)};
    struct vgic5_error error = {0};
    struct vgic5_saver *saver;

    if (vgic5_saver_start(guest->ram, &request, &saver, &error) != 0)
        fail_msg("%s", error.message);
    assert_int_equal(proof.collected, 1);
    while (!vgic5_saver_is_done(saver, 50))
        ;
    if (vgic5_saver_finish(saver, &result, &error) != 0)
        fail_msg("%s", error.message);
    assert_int_equal(proof.proved, is_whole);
    if (is_whole)
        compare_with_file(&proof, path);
    forget(&proof);
    return result;
}

static void restore(struct guest *guest, const char *path, const struct vgic5_ram_options *options)
{
    struct vgic5_error error = {0};
    struct vgic5_chain *chain;

    guest_begin(guest, options);
    if (vgic5_chain_open(path, NULL, &chain, &error) != 0 ||
        vgic5_chain_verify(chain, &error) != 0 || vgic5_ram_restore(guest->ram, chain, &error) != 0)
        fail_msg("%s", error.message);
    vgic5_chain_close(chain); /* the RAM has its own share */
}

static void assert_same(const struct guest *a, const struct guest *b)
{
    for (unsigned n = 0; n < NR_RANGES; n++)
        assert_memory_equal(a->ranges[n].host, b->ranges[n].host, shape[n].size);
}

/* ---- Saving and filling ---------------------------------------------------------------------- */

static void test_a_chain_of_several_ranges(void **state)
{
    struct vgic5_save_result result;
    struct guest guest, target;
    struct vgic5_chain *chain;

    (void)state;
    guest_begin(&guest, NULL);
    write_noise(&guest, 1);
    save(&guest, paths[0], NULL, false);
    store(&guest, 0, 3, 99);
    store(&guest, 1, 0, 99);
    store(&guest, 2, 0x20, 99); /* the last page of all, in a frame of one page */
    result = save(&guest, paths[1], paths[0], false);
    assert_true(!result.compared && result.pages == 3);
    restore(&target, paths[1], NULL);
    assert_same(&guest, &target);
    assert_int_equal(vgic5_ram_fill(target.ram, 1000, NULL), 0);
    guest_end(&target);
    /* Flattened it is a full snapshot of the same memory. */
    assert_int_equal(vgic5_chain_open(paths[1], NULL, &chain, NULL), 0);
    assert_int_equal(vgic5_chain_nr_levels(chain), 2);
    assert_int_equal(vgic5_chain_nr_ranges(chain), NR_RANGES);
    assert_int_equal(vgic5_chain_flatten(chain, paths[2], NULL, NULL), 0);
    vgic5_chain_close(chain);
    restore(&target, paths[2], NULL);
    assert_same(&guest, &target);
    guest_end(&target);
    guest_end(&guest);
}

/* Of a restored guest that has touched little: the rest comes from the snapshot it was restored. */
static void test_a_save_of_what_is_absent(void **state)
{
    struct guest guest, target, again;

    (void)state;
    guest_begin(&guest, NULL);
    write_noise(&guest, 2);
    save(&guest, paths[0], NULL, true);
    restore(&target, paths[0], NULL);
    store(&target, 1, 77, 1);
    store(&guest, 1, 77, 1);
    save(&target, paths[1], NULL, false);
    assert_int_equal(vgic5_ram_fill(target.ram, 1, NULL), 1);
    restore(&again, paths[1], NULL);
    assert_same(&guest, &again);
    save(&target, paths[2], paths[0], true); /* the restore has made no mark: all is compared */
    guest_end(&again);
    restore(&again, paths[2], NULL);
    while (vgic5_ram_fill(again.ram, 7, NULL) > 0)
        ;
    assert_same(&guest, &again);
    guest_end(&again);
    guest_end(&target);
    guest_end(&guest);
}

/* A save that is cancelled takes nothing from the marks, and leaves no file. */
static void test_cancelled(void **state)
{
    struct guest guest;
    const struct vgic5_save_request request = {
        .size = sizeof(request), .path = paths[3], .producer = "test", .followed = true};
    struct vgic5_error error = {0};
    struct vgic5_saver *saver;

    (void)state;
    guest_begin(&guest, NULL);
    write_noise(&guest, 3);
    save(&guest, paths[0], NULL, false);
    store(&guest, 1, 5, 1);
    assert_int_equal(vgic5_saver_start(guest.ram, &request, &saver, NULL), 0);
    vgic5_saver_cancel(saver);
    assert_int_not_equal(vgic5_saver_finish(saver, NULL, &error), 0);
    assert_int_equal(error.cause, VGIC5_CAUSE_GIVEN_UP);
    assert_int_equal(access(paths[3], F_OK), -1);
    assert_int_equal(save(&guest, paths[1], paths[0], false).pages, 1);
    guest_end(&guest);
}

/* What is not proved is not saved; the old file stays, and the marks too. */
static void test_a_proof_that_fails(void **state)
{
    struct proof proof = {.verdict = -ENOTSUP};
    struct vgic5_save_request request = {.size = sizeof(request),
                                         .path = paths[0],
                                         .producer = "test",
                                         .followed = true,
                                         .collect = collect,
                                         .opaque = &proof,
                                         .prove = prove};
    struct vgic5_error error = {0};
    struct vgic5_saver *saver;
    struct guest guest, target;

    (void)state;
    guest_begin(&guest, NULL);
    write_noise(&guest, 9);
    save(&guest, paths[0], NULL, false);
    restore(&target, paths[0], NULL);
    for (unsigned n = 0; n < 2; n++) { /* a new file, and one that is there */
        request.path = n == 0 ? paths[3] : paths[0];
        assert_int_equal(vgic5_saver_start(guest.ram, &request, &saver, NULL), 0);
        assert_int_equal(vgic5_saver_finish(saver, NULL, &error), -ENOTSUP);
        assert_true(error.cause == VGIC5_CAUSE_UNFIT && strcmp(error.message, "not provable") == 0);
        forget(&proof);
    }
    assert_int_equal(access(paths[3], F_OK), -1);
    assert_same(&guest, &target);
    store(&guest, 1, 5, 1);
    assert_int_equal(save(&guest, paths[1], paths[0], false).pages, 1);
    /* A caller of the version before has nothing to prove. */
    request.size = offsetof(struct vgic5_save_request, prove);
    request.path = paths[2];
    assert_int_equal(vgic5_saver_start(guest.ram, &request, &saver, NULL), 0);
    assert_int_equal(vgic5_saver_finish(saver, NULL, &error), 0);
    guest_end(&target);
    guest_end(&guest);
}

/* The same through a second mapping, of memory that is shared. */
static void test_shared_memory_with_an_alias(void **state)
{
    struct vgic5_ram_range range = {.base = 0, .size = RAM_SIZE};
    int fd = memfd_create("ram", MFD_CLOEXEC);
    struct vgic5_chain *chain;
    struct vgic5_ram *ram;
    uint8_t *copy = malloc(RAM_SIZE);
    struct guest one = {.ram = NULL};

    (void)state;
    assert_int_equal(ftruncate(fd, RAM_SIZE), 0);
    range.host = mmap(NULL, RAM_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    range.alias = mmap(NULL, RAM_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    for (uint64_t page = 0; page < NR_PAGES; page += 3)
        memset((uint8_t *)range.host + page * RAM_PAGE, (int)page | 1, RAM_PAGE);
    memcpy(copy, range.host, RAM_SIZE);
    assert_int_equal(vgic5_ram_create(&range, 1, NULL, &one.ram, NULL), 0);
    save(&one, paths[0], NULL, false);
    vgic5_ram_destroy(one.ram);
    for (unsigned with_alias = 0; with_alias < 2; with_alias++) {
        struct vgic5_ram_range now = range;

        now.alias = with_alias ? range.alias : NULL; /* without: all is filled in at once */
        assert_int_equal(fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0, RAM_SIZE), 0);
        assert_int_equal(vgic5_ram_create(&now, 1, NULL, &ram, NULL), 0);
        assert_int_equal(vgic5_chain_open(paths[0], NULL, &chain, NULL), 0);
        assert_int_equal(vgic5_ram_restore(ram, chain, NULL), 0);
        vgic5_chain_close(chain);
        assert_int_equal(vgic5_ram_fill(ram, 1, NULL), with_alias);
        assert_memory_equal(range.host, copy, RAM_SIZE);
        vgic5_ram_destroy(ram);
    }
    munmap(range.host, RAM_SIZE);
    munmap(range.alias, RAM_SIZE);
    close(fd);
    free(copy);
}

/* ---- A source of dirty pages of the caller's ------------------------------------------------- */

struct bitmap {
    uint64_t pages[NR_RANGES][16];
    unsigned begun, ended;
    bool fails;
};

static int bitmap_begin(void *opaque)
{
    struct bitmap *bitmap = opaque;

    bitmap->begun++;
    return 0;
}

/* As KVM_GET_DIRTY_LOG: what it has told it forgets. */
static int bitmap_take(void *opaque, size_t range, uint64_t *pages)
{
    struct bitmap *bitmap = opaque;

    if (bitmap->fails)
        return -EIO;
    for (uint64_t n = 0; n < (shape[range].size / RAM_PAGE + 63) / 64; n++)
        pages[n] |= bitmap->pages[range][n];
    memset(bitmap->pages[range], 0, sizeof(bitmap->pages[range]));
    return 0;
}

static void bitmap_end(void *opaque)
{
    struct bitmap *bitmap = opaque;

    bitmap->ended++;
}

static void test_a_source_of_its_own(void **state)
{
    struct bitmap bitmap = {0};
    const struct vgic5_dirty_source source = {.size = sizeof(source),
                                              .begin = bitmap_begin,
                                              .take = bitmap_take,
                                              .end = bitmap_end,
                                              .opaque = &bitmap};
    const struct vgic5_ram_options options = {.size = sizeof(options), .source = &source};
    uint8_t root[VGIC5_SNAPSHOT_ROOT_SIZE] = {1};
    uint64_t pages[16];
    struct guest guest;

    (void)state;
    guest_begin(&guest, &options);
    assert_false(vgic5_ram_since(guest.ram, root, 1, pages));
    vgic5_ram_mark(guest.ram);
    vgic5_ram_keep(guest.ram, root);
    store(&guest, 1, 1, 1); /* nothing is protected */
    bitmap.pages[1][2] = 1u << 3;
    assert_true(vgic5_ram_since(guest.ram, root, 1, pages));
    assert_true(pages[0] == 0 && pages[2] == 1u << 3);
    bitmap.pages[1][0] = 1; /* since then */
    assert_true(vgic5_ram_since(guest.ram, root, 1, pages));
    assert_true(pages[0] == 1 && pages[2] == 1u << 3);
    bitmap.fails = true; /* then everything counts, and no page that is not there */
    assert_true(vgic5_ram_since(guest.ram, root, 2, pages));
    assert_int_equal(pages[0], (UINT64_C(1) << 33) - 1);
    assert_false(vgic5_ram_since(guest.ram, root, NR_RANGES, pages));
    guest_end(&guest);
    assert_true(bitmap.begun == 1 && bitmap.ended == 1);
}

/* ---- What is refused ------------------------------------------------------------------------- */

static void test_ranges_that_are_none(void **state)
{
    uint8_t *ram = ram_new();
    const struct vgic5_ram_range bad[][2] = {
        {{0, RAM_SIZE - 1, ram, NULL}, {0}},
        {{0, 0, ram, NULL}, {0}},
        {{1, RAM_PAGE, ram, NULL}, {0}},
        {{0, RAM_PAGE, ram + 1, NULL}, {0}},
        {{0, RAM_PAGE, NULL, NULL}, {0}},
        {{UINT64_MAX - RAM_PAGE + 1, 2 * RAM_PAGE, ram, NULL}, {0}},
        {{0, 2 * RAM_PAGE, ram, NULL}, {RAM_PAGE, RAM_PAGE, ram, NULL}},
        {{RAM_PAGE, RAM_PAGE, ram, NULL}, {0, RAM_PAGE, ram, NULL}},
    };
    struct vgic5_error error = {0};
    struct vgic5_ram *refused;

    (void)state;
    for (unsigned n = 0; n < sizeof(bad) / sizeof(*bad); n++) {
        assert_int_equal(
            vgic5_ram_create(bad[n], 1 + (bad[n][1].size != 0), NULL, &refused, &error), -EINVAL);
        assert_null(refused);
        assert_int_equal(error.cause, VGIC5_CAUSE_BUG);
    }
    assert_int_equal(vgic5_ram_create(NULL, 0, NULL, &refused, NULL), -EINVAL);
    ram_free(ram);
}

static void test_a_snapshot_of_other_memory(void **state)
{
    struct vgic5_ram_range range = {.size = RAM_SIZE, .host = ram_new()};
    struct vgic5_error error = {0};
    struct vgic5_chain *chain;
    struct guest guest;
    struct vgic5_ram *ram;

    (void)state;
    guest_begin(&guest, NULL);
    save(&guest, paths[0], NULL, true);
    guest_end(&guest);
    assert_int_equal(vgic5_ram_create(&range, 1, NULL, &ram, NULL), 0);
    assert_int_equal(vgic5_chain_open(paths[0], NULL, &chain, NULL), 0);
    assert_int_not_equal(vgic5_ram_restore(ram, chain, &error), 0);
    assert_int_equal(error.cause, VGIC5_CAUSE_UNFIT);
    vgic5_chain_close(chain);
    vgic5_ram_destroy(ram);
    ram_free(range.host);
}

/* ---- Faults of others ------------------------------------------------------------------------ */

static sigjmp_buf back;
static uint8_t *foreign;
static volatile unsigned calls;
static uint8_t alternative[65536];

static void of_the_vmm(int number, siginfo_t *info, void *context)
{
    /* A local variable may be elsewhere (AddressSanitizer's fake stack). */
    const uint8_t *here = __builtin_frame_address(0);
    sigset_t mask;

    (void)number;
    assert_non_null(context);
    assert_ptr_equal(info->si_addr, foreign);
    assert_true(here >= alternative && here < alternative + sizeof(alternative));
    pthread_sigmask(SIG_BLOCK, NULL, &mask);
    assert_true(sigismember(&mask, SIGUSR2) && sigismember(&mask, SIGSEGV));
    assert_false(sigismember(&mask, SIGUSR1));
    calls++;
    siglongjmp(back, 1);
}

static void plain(int number)
{
    assert_int_equal(number, SIGSEGV);
    calls++;
    mprotect(foreign, RAM_PAGE, PROT_READ | PROT_WRITE);
}

/* A VMM that has a handler with a mask, on a stack of its own, and one that mends and returns. */
static void test_a_handler_that_was_there_before(void **state)
{
    struct sigaction action = {.sa_sigaction = of_the_vmm, .sa_flags = SA_SIGINFO | SA_ONSTACK};
    const stack_t stack = {.ss_sp = alternative, .ss_size = sizeof(alternative)};
    struct sigaction before, now;
    struct guest guest;

    (void)state;
    foreign = mmap(NULL, RAM_PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    sigemptyset(&action.sa_mask);
    sigaddset(&action.sa_mask, SIGUSR2);
    sigaltstack(&stack, NULL);
    sigaction(SIGSEGV, &action, &before);
    guest_begin(&guest, NULL);
    vgic5_ram_mark(guest.ram);
    for (calls = 0; calls < 3;)
        if (sigsetjmp(back, 1) == 0)
            *(volatile uint8_t *)foreign = 1;
    store(&guest, 0, 1, 1); /* ours, in between */
    guest_end(&guest);
    sigaction(SIGSEGV, NULL, &now);
    assert_ptr_equal(now.sa_sigaction, of_the_vmm);

    action = (struct sigaction){.sa_handler = plain};
    sigaction(SIGSEGV, &action, NULL);
    guest_begin(&guest, NULL);
    vgic5_ram_mark(guest.ram);
    *(volatile uint8_t *)foreign = 1;
    assert_int_equal(calls, 4);
    guest_end(&guest);
    sigaction(SIGSEGV, &before, NULL);
    munmap(foreign, RAM_PAGE);
}

/* The frame is damaged behind its back: `lost` says so, and decides. */
static void be_lost(void *opaque, const struct vgic5_error *error)
{
    (void)opaque;
    _exit(error->cause == VGIC5_CAUSE_DAMAGED ? 77 : 78);
}

static void damage(const char *path)
{
    int fd = open(path, O_WRONLY);
    uint8_t zeros[4096] = {0};

    assert_int_equal(pwrite(fd, zeros, sizeof(zeros), 600), sizeof(zeros));
    close(fd);
}

static void lose(unsigned with_callback)
{
    const struct vgic5_ram_options options = {.size = sizeof(options),
                                              .lost = with_callback ? be_lost : NULL};
    struct guest target;

    signal(SIGSEGV, SIG_DFL);
    restore(&target, paths[0], &options);
    damage(paths[0]);
    for (uint64_t page = 0; page < shape[1].size / RAM_PAGE; page++)
        store(&target, 1, page, 1);
    _exit(1);
}

static void test_what_is_lost(void **state)
{
    (void)state;
    for (unsigned with_callback = 0; with_callback < 2; with_callback++) {
        struct guest guest;
        int status;
        pid_t child;

        guest_begin(&guest, NULL);
        write_noise(&guest, 4);
        save(&guest, paths[0], NULL, true);
        guest_end(&guest);
        child = fork();
        if (child == 0)
            lose(with_callback);
        assert_int_equal(waitpid(child, &status, 0), child);
        if (with_callback)
            assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 77);
        else
            assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGSEGV);
    }
}

/* ---- ----------------------------------------------------------------------------------------- */

static int make_directory(void **state)
{
    (void)state;
    if (!mkdtemp(directory))
        return -1;
    for (unsigned n = 0; n < 4; n++)
        snprintf(paths[n], sizeof(paths[n]), "%s/%u", directory, n);
    return 0;
}

static int remove_directory(void **state)
{
    (void)state;
    for (unsigned n = 0; n < 4; n++)
        unlink(paths[n]);
    return rmdir(directory);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_chain_of_several_ranges),
        cmocka_unit_test(test_a_save_of_what_is_absent),
        cmocka_unit_test(test_cancelled),
        cmocka_unit_test(test_a_proof_that_fails),
        cmocka_unit_test(test_shared_memory_with_an_alias),
        cmocka_unit_test(test_a_source_of_its_own),
        cmocka_unit_test(test_ranges_that_are_none),
        cmocka_unit_test(test_a_snapshot_of_other_memory),
        cmocka_unit_test(test_a_handler_that_was_there_before),
        cmocka_unit_test(test_what_is_lost),
    };

    return cmocka_run_group_tests(tests, make_directory, remove_directory);
}
