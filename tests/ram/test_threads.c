/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Eight threads in one RAM: they read what has not been filled in, write what is clean, fill, and
 * take the log, all at once, while another RAM comes and goes. No read may see a frame that is not
 * whole, and no write may be lost to the log.
 *
 * ThreadSanitizer calls a handler of SIGSEGV at once, so that it needs no tricks here; words of RAM
 * are atomic for it, since threads share them without further ado.
 */
#include "ram.h"

#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "ram/ram.h"

#define NR_GUESTS 6u /* threads that read and write; a page is written by one of them */
#define WORDS (RAM_PAGE / sizeof(uint64_t))

struct ram_crowd {
    struct vgic5_ram *ram;
    uint8_t *host;
    uint64_t rounds;
    atomic_uint running; /* of the guests */
    atomic_uint faults;  /* what was seen and must not be */
    atomic_uint marks, comings;
};

struct toucher {
    struct ram_crowd *world;
    unsigned number;
    pthread_t thread;
};

static char path[] = "/tmp/test-ram-threads-XXXXXX";

/* No word of the snapshot is zero; a written one has the highest bit. */
static uint64_t saved_word(uint64_t page, uint64_t word)
{
    return (page << 16 | word) + 1;
}

static _Atomic uint64_t *word_at(const struct ram_crowd *world, uint64_t page, uint64_t word)
{
    return (_Atomic uint64_t *)(void *)(world->host + page * RAM_PAGE) + word;
}

/* ---- Those who touch it ---------------------------------------------------------------------- */

static void look(struct ram_crowd *world, uint64_t page, uint64_t word)
{
    uint64_t seen = atomic_load_explicit(word_at(world, page, word), memory_order_relaxed);

    if (seen != saved_word(page, word) && !(seen >> 63))
        atomic_fetch_add(&world->faults, 1);
}

static void *guest(void *opaque)
{
    struct toucher *actor = opaque;
    struct ram_crowd *world = actor->world;
    uint64_t seed = actor->number + 1;

    for (uint64_t n = 0; n < world->rounds; n++) {
        uint64_t page = ram_noise(&seed) % NR_PAGES, word = ram_noise(&seed) % WORDS;

        if (page % NR_GUESTS == actor->number && ram_noise(&seed) % 2)
            atomic_store_explicit(word_at(world, page, word), UINT64_C(1) << 63 | n,
                                  memory_order_relaxed);
        else
            look(world, page, word);
        if (n % 64 == 0)
            usleep(100); /* so that what the others do comes in between */
    }
    atomic_fetch_sub(&world->running, 1);
    return NULL;
}

/* Fills, and begins the log anew under the feet of those who write. */
static void *keeper(void *opaque)
{
    struct toucher *actor = opaque;
    struct ram_crowd *world = actor->world;
    uint8_t root[VGIC5_SNAPSHOT_ROOT_SIZE] = {0};

    while (atomic_load(&world->running) > 0) {
        if (vgic5_ram_fill(world->ram, 1, NULL) < 0)
            atomic_fetch_add(&world->faults, 1);
        vgic5_ram_mark(world->ram);
        root[0] = (uint8_t)(1 + atomic_fetch_add(&world->marks, 1) % 3);
        vgic5_ram_keep(world->ram, root);
        memset(root, 0, sizeof(root));
        vgic5_ram_since(world->ram, root, 0, NULL); /* used: it is not forgotten */
        usleep(300);
    }
    return NULL;
}

/* Another RAM comes, has faults of its own, and goes. */
static void *neighbour(void *opaque)
{
    struct toucher *actor = opaque;
    struct ram_crowd *world = actor->world;
    uint8_t *host = ram_new();
    const struct vgic5_ram_range range = {.size = RAM_SIZE, .host = host};

    while (atomic_load(&world->running) > 0) {
        struct vgic5_ram *ram;

        if (vgic5_ram_create(&range, 1, NULL, &ram, NULL) != 0)
            abort();
        vgic5_ram_mark(ram);
        for (uint64_t page = 0; page < NR_PAGES; page += 100)
            ram_store(host, page, 1);
        vgic5_ram_destroy(ram);
        atomic_fetch_add(&world->comings, 1);
    }
    ram_free(host);
    return NULL;
}

/* ---- All of them at the same frame ----------------------------------------------------------- */

struct crowd {
    struct ram_crowd world;
    pthread_barrier_t together;
};

/* Who comes second waits for the first, and finds it whole. */
static void *one_of_the_crowd(void *opaque)
{
    struct crowd *crowd = opaque;

    for (uint64_t frame = 0; frame < NR_FRAMES; frame++) {
        pthread_barrier_wait(&crowd->together);
        for (uint64_t page = RAM_PAGES_PER_FRAME; page-- > 0;)
            for (uint64_t word = 0; word < WORDS; word += WORDS / 4)
                look(&crowd->world, frame * RAM_PAGES_PER_FRAME + page, word);
    }
    return NULL;
}

/* ---- The world ------------------------------------------------------------------------------- */

static void make_snapshot(void)
{
    uint8_t *host = ram_new();
    const struct vgic5_ram_range range = {.size = RAM_SIZE, .host = host};
    const struct vgic5_save_request request = {
        .size = sizeof(request), .path = path, .producer = "test", .guest_waits = true};
    struct vgic5_saver *saver;
    struct vgic5_ram *ram;

    for (uint64_t page = 0; page < NR_PAGES; page++)
        for (uint64_t word = 0; word < WORDS; word++)
            ((uint64_t *)(void *)(host + page * RAM_PAGE))[word] = saved_word(page, word);
    assert_int_equal(vgic5_ram_create(&range, 1, NULL, &ram, NULL), 0);
    assert_int_equal(vgic5_saver_start(ram, &request, &saver, NULL), 0);
    assert_int_equal(vgic5_saver_finish(saver, NULL, NULL), 0);
    vgic5_ram_destroy(ram);
    ram_free(host);
}

static void begin(struct ram_crowd *world, const struct vgic5_ram_range *range, uint64_t most_edges)
{
    const uint8_t root[VGIC5_SNAPSHOT_ROOT_SIZE] = {0};
    struct vgic5_chain *chain;

    world->host = range->host;
    assert_int_equal(vgic5_ram_create(range, 1, NULL, &world->ram, NULL), 0);
    assert_int_equal(vgic5_chain_open(path, NULL, &chain, NULL), 0);
    assert_int_equal(vgic5_ram_restore(world->ram, chain, NULL), 0);
    vgic5_chain_close(chain);
    world->ram->watch.most_edges = most_edges;
    vgic5_ram_mark(world->ram);
    vgic5_ram_keep(world->ram, root);
}

static void run(struct ram_crowd *world)
{
    static void *(*const roles[])(void *) = {guest, guest, guest,  guest,
                                             guest, guest, keeper, neighbour};
    struct toucher actors[sizeof(roles) / sizeof(*roles)];

    atomic_store(&world->running, NR_GUESTS);
    for (unsigned n = 0; n < sizeof(roles) / sizeof(*roles); n++) {
        actors[n] = (struct toucher){.world = world, .number = n};
        assert_int_equal(pthread_create(&actors[n].thread, NULL, roles[n], &actors[n]), 0);
    }
    for (unsigned n = 0; n < sizeof(roles) / sizeof(*roles); n++)
        pthread_join(actors[n].thread, NULL);
}

/* Whatever was written since the first mark is in it, and all else is the snapshot's. */
static uint64_t check(struct ram_crowd *world)
{
    const uint8_t root[VGIC5_SNAPSHOT_ROOT_SIZE] = {0};
    uint64_t pages[NR_PAGES / 64], written = 0;

    assert_true(vgic5_ram_since(world->ram, root, 0, pages));
    for (uint64_t page = 0; page < NR_PAGES; page++) {
        bool differs = false;

        for (uint64_t word = 0; word < WORDS; word++) {
            uint64_t seen = atomic_load(word_at(world, page, word));

            differs |= seen != saved_word(page, word);
            assert_true(seen == saved_word(page, word) || seen >> 63);
        }
        assert_true(!differs || pages[page / 64] >> page % 64 & 1);
        written += differs;
    }
    return written;
}

static void play(const struct vgic5_ram_range *range, uint64_t most_edges, uint64_t rounds)
{
    struct ram_crowd world = {.rounds = rounds};

    begin(&world, range, most_edges);
    run(&world);
    assert_int_equal(atomic_load(&world.faults), 0);
    assert_true(check(&world) > 100); /* of 1024 */
    assert_true(atomic_load(&world.marks) > 3);
    assert_true(atomic_load(&world.comings) > 1);
    vgic5_ram_destroy(world.ram);
}

static void test_private_memory(void **state)
{
    (void)state;
    for (unsigned n = 0; n < 3; n++) {
        struct vgic5_ram_range range = {.size = RAM_SIZE, .host = ram_new()};

        play(&range, 4 * NR_PAGES, 4000);
        ram_free(range.host);
    }
}

static void test_all_at_the_same_frame(void **state)
{
    (void)state;
    for (unsigned n = 0; n < 10; n++) {
        struct vgic5_ram_range range = {.size = RAM_SIZE, .host = ram_new()};
        struct crowd crowd = {.world = {.rounds = 0}};
        pthread_t threads[8];

        begin(&crowd.world, &range, 4 * NR_PAGES);
        pthread_barrier_init(&crowd.together, NULL, 8);
        for (unsigned i = 0; i < 8; i++)
            assert_int_equal(pthread_create(&threads[i], NULL, one_of_the_crowd, &crowd), 0);
        for (unsigned i = 0; i < 8; i++)
            pthread_join(threads[i], NULL);
        pthread_barrier_destroy(&crowd.together);
        assert_int_equal(atomic_load(&crowd.world.faults), 0);
        assert_int_equal(check(&crowd.world), 0);
        vgic5_ram_destroy(crowd.world.ram);
        ram_free(range.host);
    }
}

/* The host has no more mappings: all is filled in and opened while they run. */
static void test_mappings_run_out(void **state)
{
    (void)state;
    for (unsigned n = 0; n < 3; n++) {
        struct vgic5_ram_range range = {.size = RAM_SIZE, .host = ram_new()};

        play(&range, 6 + 10 * n, 4000);
        ram_free(range.host);
    }
}

static void test_shared_memory(void **state)
{
    int fd = memfd_create("ram", MFD_CLOEXEC);
    struct vgic5_ram_range range = {.size = RAM_SIZE};

    (void)state;
    assert_int_equal(ftruncate(fd, RAM_SIZE), 0);
    range.host = mmap(NULL, RAM_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    range.alias = mmap(NULL, RAM_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    play(&range, 4 * NR_PAGES, 4000);
    munmap(range.host, RAM_SIZE);
    munmap(range.alias, RAM_SIZE);
    close(fd);
}

static int begin_file(void **state)
{
    int fd = mkstemp(path);

    (void)state;
    if (fd >= 0)
        close(fd);
    make_snapshot();
    return fd < 0;
}

static int end_file(void **state)
{
    (void)state;
    return unlink(path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_private_memory),
        cmocka_unit_test(test_all_at_the_same_frame),
        cmocka_unit_test(test_mappings_run_out),
        cmocka_unit_test(test_shared_memory),
    };

    return cmocka_run_group_tests(tests, begin_file, end_file);
}
