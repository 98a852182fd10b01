/* SPDX-License-Identifier: BSD-3-Clause */
#include "snapshot/pages.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "facts/error.h"

int pager_open(struct chain *chain, void *host, struct pager *pager, struct vgic5_error *error)
{
    const struct vgic5_section *memory = chain_memory(chain);
    uint64_t nr_frames = (memory->memory_size + VGIC5_FRAME_SIZE - 1) / VGIC5_FRAME_SIZE;

    *pager = (struct pager){.chain = chain,
                            .host = host,
                            .base = memory->memory_base,
                            .size = memory->memory_size,
                            .nr_frames = nr_frames,
                            .owned = !host};
    pager->there = calloc(nr_frames / 8 + 1, 1);
    if (pager->owned) /* costs what is touched */
        host = mmap(NULL, pager->size, PROT_READ | PROT_WRITE,
                    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (pager->there && host != MAP_FAILED) {
        pager->host = host;
        return 0;
    }
    pager_close(pager);
    return error_set(error, VGIC5_CAUSE_ENVIRONMENT, -EINVAL, "no memory for the guest's memory");
}

void pager_close(struct pager *pager)
{
    if (pager->owned && pager->host)
        munmap(pager->host, pager->size);
    free(pager->there);
    *pager = (struct pager){0};
}

static bool pager_has(const struct pager *pager, uint64_t frame)
{
    return pager->there[frame / 8] >> frame % 8 & 1;
}

int pager_need(struct pager *pager, uint64_t frame)
{
    int ret;

    if (pager_has(pager, frame))
        return 0;
    ret = chain_load_frame(pager->chain, frame, pager->host, &pager->error);
    if (ret == 0)
        pager->there[frame / 8] |= (uint8_t)(1u << frame % 8);
    return ret;
}

/* The host address of a range whose frames are there now. */
static int reach(struct pager *pager, uint64_t ipa, size_t size, uint8_t **host)
{
    uint64_t offset = ipa - pager->base;

    if (ipa < pager->base || offset > pager->size || size > pager->size - offset)
        return -EFAULT;
    *host = pager->host + offset;
    for (uint64_t frame = offset / VGIC5_FRAME_SIZE;
         size != 0 && frame <= (offset + size - 1) / VGIC5_FRAME_SIZE; frame++)
        if (pager_need(pager, frame) != 0)
            return -EIO;
    return 0;
}

int pager_read(void *opaque, uint64_t ipa, void *to, size_t size)
{
    uint8_t *host;
    int ret = reach(opaque, ipa, size, &host);

    if (ret == 0)
        memcpy(to, host, size);
    return ret;
}

int pager_write(void *opaque, uint64_t ipa, const void *from, size_t size)
{
    uint8_t *host;
    int ret = reach(opaque, ipa, size, &host);

    if (ret == 0)
        memcpy(host, from, size);
    return ret;
}
