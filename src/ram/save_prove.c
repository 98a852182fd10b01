/* SPDX-License-Identifier: BSD-3-Clause */
/* What is being saved, as a snapshot without memory, and that memory, for whoever proves that it
 * can be restored. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "facts/error.h"
#include "ram/saver.h"
#include "snapshot/chain.h"
#include "snapshot/writer.h"

/* ---- Memory ---------------------------------------------------------------------------------- */

/* Of the snapshot that RAM is being filled from, or of the base. */
static int read_pages(struct vgic5_saver *saver, struct vgic5_pages *pages, uint64_t frame,
                      uint32_t offset, void *to, size_t size)
{
    const void *content;
    int ret = vgic5_pages_frame(pages, frame, &content);

    if (ret != 0)
        saver->error = *vgic5_pages_error(pages);
    else
        memcpy(to, (const uint8_t *)content + offset, size);
    return ret;
}

/* Within one page. */
static int read_page(struct vgic5_saver *saver, size_t range, uint64_t at, void *to, size_t size)
{
    const struct ram_image *image = &saver->images[range];
    uint64_t of_range = at / VGIC5_FRAME_SIZE;
    uint64_t frame = saver->ram->ranges[range].first + of_range;
    uint32_t offset = (uint32_t)(at % VGIC5_FRAME_SIZE);
    unsigned page = offset / RAM_PAGE;

    if (saver->is_absent && saver->is_absent[frame])
        return read_pages(saver, saver->pages, frame, offset, to, size);
    if (image->pages[of_range] >> page & 1)
        memcpy(to, image->ram + at, size);
    else if (saver->among[frame] >> page & 1)
        memset(to, 0, size);
    else
        return read_pages(saver, saver->pages_of_base, frame, offset, to, size);
    return 0;
}

static int read_range(struct vgic5_saver *saver, size_t range, uint64_t at, uint8_t *to,
                      size_t size)
{
    int ret = 0;

    for (size_t done = 0, piece; done < size && ret == 0; done += piece) {
        piece = RAM_PAGE - (at + done) % RAM_PAGE;
        if (piece > size - done)
            piece = size - done;
        ret = read_page(saver, range, at + done, to + done, piece);
    }
    return ret;
}

int vgic5_saver_read(void *opaque, uint64_t address, void *to, size_t size)
{
    struct vgic5_saver *saver = opaque;
    const struct vgic5_ram *ram = saver ? saver->ram : NULL;

    if (!saver || !to)
        return -EINVAL;
    for (size_t n = 0; n < ram->nr_ranges; n++) {
        uint64_t at = address - ram->ranges[n].base;

        if (address >= ram->ranges[n].base && at <= ram->ranges[n].size &&
            size <= ram->ranges[n].size - at)
            return read_range(saver, n, at, to, size);
    }
    return -EFAULT;
}

/* ---- The state ------------------------------------------------------------------------------- */

/* What was collected, and the trailer that belongs to it. */
struct proof_text {
    uint8_t *bytes;
    size_t size, at;
};

static int append(void *opaque, const void *bytes, size_t size)
{
    struct proof_text *text = opaque;
    uint8_t *grown = realloc(text->bytes, text->size + size);

    if (!grown)
        return -ENOMEM;
    memcpy(grown + text->size, bytes, size);
    text->bytes = grown;
    text->size += size;
    return 0;
}

static long read_text(void *opaque, void *to, size_t size)
{
    struct proof_text *text = opaque;

    if (size > text->size - text->at)
        size = text->size - text->at;
    memcpy(to, text->bytes + text->at, size);
    text->at += size;
    return (long)size;
}

static int seek_text(void *opaque, uint64_t offset)
{
    struct proof_text *text = opaque;

    if (offset > text->size)
        return -EINVAL;
    text->at = (size_t)offset;
    return 0;
}

static int prove_text(struct vgic5_saver *saver, struct proof_text *text)
{
    const struct vgic5_source source = {sizeof(source), read_text, seek_text, text->size, text};
    struct vgic5_error error = {0};
    struct vgic5_snapshot *state;
    int ret = vgic5_snapshot_open_source(&source, NULL, &state, &error);

    if (ret == 0) {
        ret = saver->prove(saver->opaque, state, saver, &error);
        vgic5_snapshot_close(state);
    }
    if (ret != 0 && saver->error.cause == VGIC5_CAUSE_NONE) /* else memory cannot be read */
        saver->error = error;
    return ret;
}

int saver_prove(struct vgic5_saver *saver)
{
    struct proof_text text = {0};
    const struct vgic5_sink sink = {sizeof(sink), append, &text};
    int ret;

    if (!saver->prove)
        return 0;
    ret = append(&text, saver->collected, saver->nr_collected);
    if (ret != 0)
        error_no_memory(&saver->error, "the proof that a save can be restored");
    if (ret == 0)
        ret = writer_end_here(saver->writer, &sink, &saver->error);
    if (ret == 0 && saver->base)
        ret = vgic5_pages_open(saver->base, &saver->pages_of_base, &saver->error);
    if (ret == 0)
        ret = prove_text(saver, &text);
    free(text.bytes);
    return ret;
}
