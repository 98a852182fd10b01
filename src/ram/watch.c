/* SPDX-License-Identifier: BSD-3-Clause */
#include "ram/watch.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "facts/error.h"

#define READ_WRITE (PROT_READ | PROT_WRITE)
#define ALL_OF_FRAME 0xffffu
/* Protecting all of RAM anew takes about a microsecond for each. */
#define MOST_EDGES 16384u

static struct ram_watch *volatile watched;

/* ---- The state of a page, which is also its protection --------------------------------------- */

static int state(const struct ram_watch *watch, uint64_t page)
{
    uint64_t frame = page / RAM_PAGES_PER_FRAME;

    if (watch->absent[frame])
        return PROT_NONE;
    return watch->open[frame] >> page % RAM_PAGES_PER_FRAME & 1 ? READ_WRITE : PROT_READ;
}

static void set_state(struct ram_watch *watch, uint64_t page, int to)
{
    uint64_t frame = page / RAM_PAGES_PER_FRAME;
    uint16_t bit = (uint16_t)(1u << page % RAM_PAGES_PER_FRAME);

    watch->absent[frame] = to == PROT_NONE;
    if (to == READ_WRITE)
        watch->open[frame] |= bit;
    else
        watch->open[frame] &= (uint16_t)~bit;
}

/* Between the pages of a range and to those beside it. */
static uint64_t count_edges(const struct ram_watch *watch, uint64_t first, uint64_t end)
{
    uint64_t nr_pages = watch->size / RAM_PAGE, n = 0;

    for (uint64_t page = first > 0 ? first : 1; page <= end && page < nr_pages; page++)
        n += state(watch, page - 1) != state(watch, page);
    return n;
}

/* PROT_NONE is for whole frames. */
static bool protect(struct ram_watch *watch, uint64_t first, uint64_t end, int to)
{
    watch->edges -= count_edges(watch, first, end);
    for (uint64_t page = first; page < end; page++)
        set_state(watch, page, to);
    watch->edges += count_edges(watch, first, end);
    return mprotect(watch->host + first * RAM_PAGE, (end - first) * RAM_PAGE, to) == 0;
}

static bool protect_frame(struct ram_watch *watch, uint64_t frame, int to)
{
    uint64_t first = frame * RAM_PAGES_PER_FRAME;

    return protect(watch, first, first + RAM_PAGES_PER_FRAME, to);
}

/* ---- When the host has no more mappings ------------------------------------------------------ */

/* The last resort: one mapping. It counts as written, all of it. */
static void open_all(struct ram_watch *watch)
{
    if (mprotect(watch->host, watch->size, READ_WRITE) != 0) {
        fprintf(stderr, "vgic5: the guest's memory cannot be reached: %s\n", strerror(errno));
        _exit(3);
    }
    watch->edges = 0;
    for (uint64_t frame = 0; frame < watch->nr_frames; frame++) {
        bool absent = watch->absent[frame];

        watch->open[frame] = ALL_OF_FRAME;
        watch->absent[frame] = false;
        if (absent)
            watch->fill(watch->opaque, frame);
    }
    watch->nr_absent = 0;
}

static bool has_room(const struct ram_watch *watch)
{
    return watch->edges + 2 <= watch->most_edges;
}

/* From now on whole frames are opened, and those that were opened in part are so too. */
static void open_wider(struct ram_watch *watch)
{
    if (watch->unit == RAM_PAGES_PER_FRAME) {
        open_all(watch);
        return;
    }
    watch->unit = RAM_PAGES_PER_FRAME;
    for (uint64_t frame = 0; frame < watch->nr_frames; frame++) {
        if (watch->open[frame] != 0 && watch->open[frame] != ALL_OF_FRAME &&
            !protect_frame(watch, frame, READ_WRITE)) {
            open_all(watch);
            return;
        }
    }
}

/* ---- Faults ---------------------------------------------------------------------------------- */

static void open_page(struct ram_watch *watch, uint64_t page)
{
    uint64_t first;

    while (!has_room(watch) && state(watch, page) != READ_WRITE)
        open_wider(watch);
    first = page / watch->unit * watch->unit;
    if (state(watch, page) != READ_WRITE && !protect(watch, first, first + watch->unit, READ_WRITE))
        open_all(watch);
}

void ram_watch_fill(struct ram_watch *watch, uint64_t frame)
{
    if (!watch->absent[frame])
        return;
    if (!has_room(watch)) {
        open_all(watch);
        return;
    }
    watch->nr_absent--;
    if (!protect_frame(watch, frame, READ_WRITE)) {
        watch->absent[frame] = true;
        open_all(watch);
        return;
    }
    watch->fill(watch->opaque, frame);
    if (watch->tracks && !protect_frame(watch, frame, PROT_READ))
        open_all(watch);
}

void ram_watch_fill_zero(struct ram_watch *watch, uint64_t first, uint64_t end)
{
    if (!has_room(watch)) {
        open_all(watch);
        return;
    }
    watch->nr_absent -= end - first;
    if (!protect(watch, first * RAM_PAGES_PER_FRAME, end * RAM_PAGES_PER_FRAME,
                 watch->tracks ? PROT_READ : READ_WRITE))
        open_all(watch);
}

/* Runs in the thread that touched the memory, which is no more inside the C library than the guest
 * itself, or a memcpy, is: so the handler may call what it likes. */
static void on_fault(int number, siginfo_t *info, void *context)
{
    struct ram_watch *watch = watched;
    uint64_t offset = watch ? (uint64_t)((uint8_t *)info->si_addr - watch->host) : 0;
    int saved = errno;

    (void)context;
    if (!watch || offset >= watch->size || state(watch, offset / RAM_PAGE) == READ_WRITE) {
        signal(number, SIG_DFL); /* not ours: it happens again, without us */
        if (watch)
            sigaction(number, &watch->before, NULL);
        return;
    }
    if (watch->absent[offset / RAM_FRAME])
        ram_watch_fill(watch, offset / RAM_FRAME);
    else
        open_page(watch, offset / RAM_PAGE);
    errno = saved;
}

/* ---- Life ------------------------------------------------------------------------------------ */

/* Half of them are for others: the guest's code, threads, the allocator. */
static uint64_t mappings_of_host(void)
{
    FILE *file = fopen("/proc/sys/vm/max_map_count", "r");
    unsigned long long n = 65530;

    if (!file)
        return n / 2;
    if (fscanf(file, "%llu", &n) != 1)
        n = 65530;
    fclose(file);
    return n / 2;
}

static unsigned least_unit(void)
{
    long page = sysconf(_SC_PAGESIZE);

    return page <= (long)RAM_PAGE ? 1 : (unsigned)page / RAM_PAGE;
}

/* Linux joins neighbouring mappings again only if they belonged together when the first page of
 * each was written: so one is, before there are several. */
static void write_one_page(uint8_t *host)
{
    *(volatile uint8_t *)host = *(volatile uint8_t *)host;
}

int ram_watch_begin(struct ram_watch *watch, void *host, uint64_t size)
{
    struct sigaction action = {.sa_sigaction = on_fault, .sa_flags = SA_SIGINFO | SA_NODEFER};
    uint64_t nr_frames = size / RAM_FRAME, mappings = mappings_of_host();

    if (watched || size % RAM_FRAME != 0 || least_unit() > RAM_PAGES_PER_FRAME)
        return -EINVAL;
    *watch = (struct ram_watch){.size = size, .nr_frames = nr_frames, .unit = least_unit()};
    watch->most_edges = mappings < MOST_EDGES ? mappings : MOST_EDGES;
    watch->open = malloc(nr_frames * sizeof(*watch->open));
    watch->absent = calloc(nr_frames, sizeof(*watch->absent));
    if (!watch->open || !watch->absent || sigaction(SIGSEGV, &action, &watch->before) != 0) {
        free(watch->open);
        free(watch->absent);
        *watch = (struct ram_watch){0};
        return -ENOMEM;
    }
    memset(watch->open, 0xff, nr_frames * sizeof(*watch->open));
    write_one_page(host);
    watch->host = host;
    watched = watch;
    return 0;
}

int ram_watch_empty(struct ram_watch *watch, void (*fill)(void *opaque, uint64_t frame),
                    void *opaque)
{
    if (mprotect(watch->host, watch->size, PROT_NONE) != 0)
        return -errno;
    for (uint64_t frame = 0; frame < watch->nr_frames; frame++) {
        watch->absent[frame] = true;
        watch->open[frame] = 0;
    }
    watch->nr_absent = watch->nr_frames;
    watch->fill = fill;
    watch->opaque = opaque;
    return 0;
}

/* Where nothing is absent that is one call. */
int ram_watch_clean(struct ram_watch *watch)
{
    uint64_t frame = 0, first;
    bool good = true;

    watch->edges = 0;
    while (frame < watch->nr_frames && good) {
        while (frame < watch->nr_frames && watch->absent[frame])
            frame++;
        for (first = frame; frame < watch->nr_frames && !watch->absent[frame]; frame++)
            watch->open[frame] = 0;
        watch->edges += first < frame ? (first > 0) + (frame < watch->nr_frames) : 0;
        good = first == frame || mprotect(watch->host + first * RAM_FRAME,
                                          (frame - first) * RAM_FRAME, PROT_READ) == 0;
    }
    watch->tracks = true;
    watch->unit = least_unit();
    if (good)
        return 0;
    open_all(watch);
    return -ENOMEM;
}

const uint16_t *ram_watch_written(const struct ram_watch *watch)
{
    atomic_signal_fence(memory_order_seq_cst); /* the handler may just have been there */
    return watch->open;
}

void ram_watch_end(struct ram_watch *watch)
{
    if (!watch->host)
        return;
    sigaction(SIGSEGV, &watch->before, NULL);
    watched = NULL;
    mprotect(watch->host, watch->size, READ_WRITE);
    free(watch->open);
    free(watch->absent);
    *watch = (struct ram_watch){0};
}
