/* SPDX-License-Identifier: BSD-3-Clause */
/* Guest memory out of a chain, of which a frame is read, checked and decompressed when it is first
 * needed. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "facts/error.h"
#include "snapshot/chain.h"

struct vgic5_pages {
    struct vgic5_chain *chain;
    uint8_t **hosts;          /* of each range, all of it: it costs what is touched */
    uint8_t *there;           /* a bit for each frame that has been read */
    struct vgic5_error error; /* of a read that failed */
};

static bool map_ranges(struct vgic5_pages *pages)
{
    for (size_t n = 0; n < pages->chain->nr_ranges; n++) {
        void *host = mmap(NULL, pages->chain->ranges[n].size, PROT_READ | PROT_WRITE,
                          MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

        if (host == MAP_FAILED)
            return false;
        pages->hosts[n] = host;
    }
    return true;
}

int vgic5_pages_open(struct vgic5_chain *chain, struct vgic5_pages **pages,
                     struct vgic5_error *error)
{
    struct vgic5_pages *fresh;

    if (!chain || !pages)
        return error_absent(error, !chain ? "chain" : "place for the pages");
    *pages = NULL;
    fresh = calloc(1, sizeof(*fresh));
    if (!fresh)
        return error_no_memory(error, "the guest's memory");
    fresh->chain = vgic5_chain_share(chain);
    fresh->hosts = calloc(chain->nr_ranges + 1, sizeof(*fresh->hosts));
    fresh->there = calloc(chain->nr_frames / 8 + 1, 1);
    if (!fresh->hosts || !fresh->there || !map_ranges(fresh)) {
        vgic5_pages_close(fresh);
        return error_no_memory(error, "the guest's memory");
    }
    *pages = fresh;
    return 0;
}

void vgic5_pages_close(struct vgic5_pages *pages)
{
    if (!pages)
        return;
    for (size_t n = 0; pages->hosts && n < pages->chain->nr_ranges; n++)
        if (pages->hosts[n])
            munmap(pages->hosts[n], pages->chain->ranges[n].size);
    vgic5_chain_close(pages->chain);
    free(pages->hosts);
    free(pages->there);
    free(pages);
}

const struct vgic5_error *vgic5_pages_error(const struct vgic5_pages *pages)
{
    return pages ? &pages->error : NULL;
}

int vgic5_pages_frame(struct vgic5_pages *pages, uint64_t number, const void **content)
{
    const struct vgic5_chain *chain = pages ? pages->chain : NULL;
    uint8_t *host;
    size_t range;

    if (!pages)
        return -EINVAL;
    if (number >= chain->nr_frames)
        return error_misuse(&pages->error, "there is no such frame");
    range = chain_range_of(chain, number);
    host = pages->hosts[range] + (number - chain->ranges[range].first) * VGIC5_FRAME_SIZE;
    if (!(pages->there[number / 8] >> number % 8 & 1)) {
        int ret = vgic5_chain_load_frame(pages->chain, number, host, &pages->error);

        if (ret != 0)
            return ret;
        pages->there[number / 8] |= (uint8_t)(1u << number % 8);
    }
    if (content)
        *content = host;
    return 0;
}

/* The host address of what follows `ipa` up to the end of its frame, and how much that is. */
static int reach(struct vgic5_pages *pages, uint64_t ipa, uint8_t **host, size_t *size)
{
    const struct vgic5_chain *chain = pages->chain;

    for (size_t n = 0; n < chain->nr_ranges; n++) {
        const struct chain_range *range = &chain->ranges[n];
        uint64_t offset = ipa - range->base, frame = range->first + offset / VGIC5_FRAME_SIZE;

        if (ipa < range->base || offset >= range->size)
            continue;
        *host = pages->hosts[n] + offset;
        *size = chain_frame_size(chain, frame) - offset % VGIC5_FRAME_SIZE;
        return vgic5_pages_frame(pages, frame, NULL) == 0 ? 0 : -EIO;
    }
    return -EFAULT;
}

int vgic5_pages_read(void *opaque, uint64_t ipa, void *to, size_t size)
{
    if (!opaque || !to)
        return -EINVAL;
    for (size_t done = 0, piece; done < size; done += piece) {
        uint8_t *host;
        int ret = reach(opaque, ipa + done, &host, &piece);

        if (ret != 0)
            return ret;
        piece = piece < size - done ? piece : size - done;
        memcpy((uint8_t *)to + done, host, piece);
    }
    return 0;
}

/* Checked, then applied: all of it is there before the first byte changes. */
static int reach_all(struct vgic5_pages *pages, uint64_t ipa, size_t size)
{
    int ret = 0;

    for (size_t done = 0, piece = 0; done < size && ret == 0; done += piece) {
        uint8_t *host;

        ret = reach(pages, ipa + done, &host, &piece);
    }
    return ret;
}

int vgic5_pages_write(void *opaque, uint64_t ipa, const void *from, size_t size)
{
    int ret = opaque && from ? reach_all(opaque, ipa, size) : -EINVAL;

    for (size_t done = 0, piece; done < size && ret == 0; done += piece) {
        uint8_t *host;

        reach(opaque, ipa + done, &host, &piece);
        piece = piece < size - done ? piece : size - done;
        memcpy(host, (const uint8_t *)from + done, piece);
    }
    return ret;
}
