/* SPDX-License-Identifier: BSD-3-Clause */
#include "ram/image.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <vgic5/snapshot.h>

#include "ram/shared.h"

#define PAGE VGIC5_PAGE_SIZE
#define PAGES_PER_FRAME (VGIC5_FRAME_SIZE / PAGE)
#define PAGEMAP_THERE (UINT64_C(3) << 62) /* present, or swapped out */
#define FRAMES_AT_ONCE 32u                /* 2 MiB: a huge page, where the host has them */
#define HUGE ((uint64_t)FRAMES_AT_ONCE * VGIC5_FRAME_SIZE)
#define NR_THREADS 2u
/* Pages: a thread that is waited for may be kept from its processor. */
#define WORTH_THREADS 2048u

/* A share of the frames. */
struct share {
    struct ram_image *image;
    const uint8_t *from;
    uint8_t *to; /* NULL: no copy */
    const uint16_t *among;
    uint64_t first, end;
    int pagemap; /* or -1: every page may have content */
    enum ram_sharing sharing;
    uint64_t taken;
};

static bool is_zero(const uint8_t *page)
{
    for (size_t n = 0; n < PAGE; n += 64) {
        uint64_t words[8];

        memcpy(words, page + n, sizeof(words));
        if (words[0] | words[1] | words[2] | words[3] | words[4] | words[5] | words[6] | words[7])
            return false;
    }
    return true;
}

static void take_page(struct share *share, uint64_t frame, uint32_t page)
{
    uint64_t offset = frame * VGIC5_FRAME_SIZE + (uint64_t)page * PAGE;

    if (is_zero(share->from + offset))
        return;
    share->image->pages[frame] |= (uint16_t)(1u << page);
    share->taken++;
    if (share->to)
        memcpy(share->to + offset, share->from + offset, PAGE);
}

static void leave_out(uint16_t *pages, unsigned n)
{
    pages[n / PAGES_PER_FRAME] &= (uint16_t) ~(1u << n % PAGES_PER_FRAME);
}

/* Of memory that is shared: what is not in the page cache was never written. */
static void leave_out_by_cache(const struct share *share, uint64_t first, uint16_t *pages)
{
    uint8_t *at = (uint8_t *)(uintptr_t)(share->from + first * VGIC5_FRAME_SIZE);
    unsigned char there[FRAMES_AT_ONCE * PAGES_PER_FRAME];

    if (mincore(at, sizeof(there) * PAGE, there) != 0)
        return;
    for (unsigned n = 0; n < sizeof(there); n++) {
        if (!(there[n] & 1))
            leave_out(pages, n);
    }
}

/* What the host has never given to the guest is not even looked at: looking would make it there. */
static void leave_out_untouched(const struct share *share, uint64_t first, uint16_t *pages)
{
    uint64_t entries[FRAMES_AT_ONCE * PAGES_PER_FRAME];
    uint64_t at = (uint64_t)(uintptr_t)(share->from + first * VGIC5_FRAME_SIZE) / PAGE;

    if (share->pagemap < 0 || sysconf(_SC_PAGESIZE) != (long)PAGE ||
        pread(share->pagemap, entries, sizeof(entries), (off_t)(at * sizeof(*entries))) !=
            (ssize_t)sizeof(entries))
        return;
    for (unsigned n = 0; n < FRAMES_AT_ONCE * PAGES_PER_FRAME; n++)
        if (!(entries[n] & PAGEMAP_THERE))
            leave_out(pages, n);
}

static uint64_t count(const uint16_t *pages, uint64_t nr_frames)
{
    uint64_t n = 0;

    for (uint64_t frame = 0; frame < nr_frames; frame++)
        n += (unsigned)__builtin_popcount(pages[frame]);
    return n;
}

/* Which pages of 2 MiB to look at; how many these are. To ask the host takes longer than to copy a
 * few pages. */
static uint64_t choose(const struct share *share, uint64_t first, uint16_t *pages)
{
    uint64_t left = share->image->nr_frames - first;

    memset(pages, 0, FRAMES_AT_ONCE * sizeof(*pages));
    memcpy(pages, share->among + first,
           (left < FRAMES_AT_ONCE ? left : FRAMES_AT_ONCE) * sizeof(*pages));
    if (left <= FRAMES_AT_ONCE && share->image->size % VGIC5_FRAME_SIZE != 0)
        pages[left - 1] &= (uint16_t)((1u << share->image->size % VGIC5_FRAME_SIZE / PAGE) - 1);
    if (count(pages, FRAMES_AT_ONCE) <= HUGE / PAGE / 4)
        return count(pages, FRAMES_AT_ONCE);
    if (share->sharing == RAM_PRIVATE)
        leave_out_untouched(share, first, pages);
    else if (share->sharing == RAM_SHARED)
        leave_out_by_cache(share, first, pages);
    return count(pages, FRAMES_AT_ONCE);
}

static void take_frames(struct share *share, uint64_t first)
{
    uint16_t pages[FRAMES_AT_ONCE];
    uint64_t n = choose(share, first, pages);

    /* Where most of 2 MiB will be copied one fault does instead of hundreds; elsewhere a huge page
     * would cost memory that nobody needs. The host may refuse. */
    if (share->to && n > HUGE / PAGE * 3 / 4)
        madvise(share->to + first * VGIC5_FRAME_SIZE, HUGE, MADV_HUGEPAGE);
    for (unsigned frame = 0; frame < FRAMES_AT_ONCE && n > 0; frame++)
        for (unsigned left = pages[frame]; left != 0; left &= left - 1)
            take_page(share, first + frame, (uint32_t)__builtin_ctz(left));
}

static void *take_share(void *opaque)
{
    struct share *share = opaque;

    for (uint64_t frame = share->first; frame < share->end; frame += FRAMES_AT_ONCE)
        take_frames(share, frame);
    return NULL;
}

/* In whole huge pages. */
static uint64_t share_begin(uint64_t nr_frames, unsigned n, unsigned nr_shares)
{
    return n == nr_shares ? nr_frames : nr_frames * n / nr_shares / FRAMES_AT_ONCE * FRAMES_AT_ONCE;
}

static void take_all(struct ram_image *image, const uint8_t *ram, uint8_t *copy,
                     const uint16_t *among)
{
    uint64_t nr_frames = image->nr_frames;
    int pagemap = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);
    enum ram_sharing sharing = ram_sharing(ram, image->size);
    struct share shares[NR_THREADS];
    pthread_t threads[NR_THREADS];
    bool started[NR_THREADS] = {false};
    unsigned nr_shares = count(among, nr_frames) < WORTH_THREADS ? 1 : NR_THREADS;

    for (unsigned n = 0; n < nr_shares; n++)
        shares[n] = (struct share){image,
                                   ram,
                                   copy,
                                   among,
                                   share_begin(nr_frames, n, nr_shares),
                                   share_begin(nr_frames, n + 1, nr_shares),
                                   pagemap,
                                   sharing,
                                   0};
    for (unsigned n = 1; n < nr_shares; n++)
        started[n] = pthread_create(&threads[n], NULL, take_share, &shares[n]) == 0;
    for (unsigned n = 0; n < nr_shares; n++)
        if (!started[n])
            take_share(&shares[n]);
    for (unsigned n = 0; n < nr_shares; n++) {
        if (started[n])
            pthread_join(threads[n], NULL);
        image->nr_pages += shares[n].taken;
    }
    if (pagemap >= 0)
        close(pagemap);
}

int ram_image_take(const struct ram_range *range, bool copy, const uint16_t *among,
                   struct ram_image *image)
{
    uint8_t *to = NULL;

    *image = (struct ram_image){.ram = range->host,
                                .base = range->base,
                                .size = range->size,
                                .nr_frames = range->nr_frames};
    image->pages = calloc(image->nr_frames, sizeof(*image->pages));
    if (!image->pages)
        return -ENOMEM;
    if (copy) {
        image->mapped = (range->size + HUGE - 1) / HUGE * HUGE + HUGE;
        image->mapping = mmap(NULL, image->mapped, PROT_READ | PROT_WRITE,
                              MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
        if (image->mapping == MAP_FAILED) {
            image->mapping = NULL;
            ram_image_free(image);
            return -ENOMEM;
        }
        to = (uint8_t *)(((uintptr_t)image->mapping + HUGE - 1) / HUGE * HUGE);
        image->ram = to;
    }
    take_all(image, range->host, to, among);
    return 0;
}

void ram_image_free(struct ram_image *image)
{
    if (image->mapping)
        munmap(image->mapping, image->mapped);
    free(image->pages);
    *image = (struct ram_image){0};
}
