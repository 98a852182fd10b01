/* SPDX-License-Identifier: BSD-3-Clause */
/* Guest memory out of a snapshot, of which a frame is read, checked and decompressed when it is
 * first needed. */
#ifndef SNAPSHOT_PAGES_H
#define SNAPSHOT_PAGES_H

#include "snapshot/chain.h"

struct pager {
    struct chain *chain;
    uint8_t *host; /* all of the memory */
    uint64_t base, size;
    uint8_t *there;           /* a bit for each frame that has been read */
    uint64_t nr_frames, next; /* for lazy_ram_fill */
    bool owned;               /* the pager has mapped `host` itself */
    struct vgic5_error error; /* of a read that failed */
};

/* `host` is zeroed memory of the section's size; NULL: memory of its own. */
int pager_open(struct chain *chain, void *host, struct pager *pager, struct vgic5_error *error);
void pager_close(struct pager *pager);

/* One frame, unless it is there already. 0 or a negative errno, with `error` filled. */
int pager_need(struct pager *pager, uint64_t frame);
/* For struct vgic5_host and vgic5_guest_reader; opaque is a struct pager. -EFAULT: no memory there;
 * -EIO: a frame is damaged. What is written stays in this process. */
int pager_read(void *opaque, uint64_t ipa, void *to, size_t size);
int pager_write(void *opaque, uint64_t ipa, const void *from, size_t size);

#endif
