/* SPDX-License-Identifier: BSD-3-Clause */
#include "lazy_ram.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "report.h"

static struct pager *volatile lazy;

/* The guest cannot go on without this memory, and there is no way to give it. */
static void give_up(const struct vgic5_error *error)
{
    fprintf(stderr, "vgic5: the guest's memory cannot be read any more: %s\n", error->message);
    _exit(error->exit_code != 0 ? error->exit_code : EXIT_BUG);
}

static bool open_up(struct pager *pager, uint64_t frame)
{
    uint64_t offset = frame * VGIC5_FRAME_SIZE, left = pager->size - offset;

    return mprotect(pager->host + offset, left < VGIC5_FRAME_SIZE ? left : VGIC5_FRAME_SIZE,
                    PROT_READ | PROT_WRITE) == 0;
}

/* The kernel keeps a limited number of mappings: then all at once. */
static void open_all(struct pager *pager)
{
    struct vgic5_error error = { EXIT_ENVIRONMENT, "no memory for mappings" };

    lazy = NULL;
    if (mprotect(pager->host, pager->size, PROT_READ | PROT_WRITE) != 0)
        give_up(&error);
    for (uint64_t frame = 0; frame < pager->nr_frames; frame++)
        if (pager_need(pager, frame) != 0)
            give_up(&pager->error);
}

static void fill(struct pager *pager, uint64_t frame)
{
    if (!open_up(pager, frame))
        open_all(pager);
    else if (pager_need(pager, frame) != 0)
        give_up(&pager->error);
}

/* Runs in the thread that touched the memory, which is no more inside the C library than the guest
 * itself, or a memcpy, is: so the handler may call what it likes. */
static void on_fault(int number, siginfo_t *info, void *context)
{
    struct pager *pager = lazy;
    uint64_t offset = pager != NULL ? (uint64_t)((uint8_t *)info->si_addr - pager->host)
                                    : UINT64_MAX;
    int saved = errno;

    (void)context;
    if (pager == NULL || offset >= pager->size || pager_has(pager, offset / VGIC5_FRAME_SIZE)) {
        signal(number, SIG_DFL); /* not ours: it happens again, without us */
        return;
    }
    fill(pager, offset / VGIC5_FRAME_SIZE);
    errno = saved;
}

/* Where nothing is stored memory is zero already. */
static bool all_frames_are_zero(const struct chain *chain)
{
    for (size_t level = 0; level < chain->nr_levels; level++)
        if (vgic5_snapshot_nr_frames(chain->levels[level].memory) != 0)
            return false;
    return true;
}

int lazy_ram_begin(struct pager *pager, struct vgic5_error *error)
{
    struct sigaction action = { .sa_sigaction = on_fault, .sa_flags = SA_SIGINFO | SA_NODEFER };

    if (all_frames_are_zero(pager->chain))
        return 0;
    if (sigaction(SIGSEGV, &action, NULL) != 0 ||
        mprotect(pager->host, pager->size, PROT_NONE) != 0)
        return error_fill(error, EXIT_ENVIRONMENT, "RAM cannot be protected: %s", strerror(errno));
    lazy = pager;
    return 0;
}

bool lazy_ram_fill(uint64_t most)
{
    struct pager *pager = lazy;

    if (pager == NULL)
        return false;
    for (; pager->next < pager->nr_frames && most > 0 && lazy != NULL; pager->next++) {
        if (pager_has(pager, pager->next))
            continue;
        most -= chain_has_frame(pager->chain, pager->next);
        fill(pager, pager->next);
    }
    if (pager->next == pager->nr_frames)
        lazy = NULL;
    return lazy != NULL;
}

void lazy_ram_end(void)
{
    if (lazy != NULL)
        signal(SIGSEGV, SIG_DFL);
    lazy = NULL;
}
