/* SPDX-License-Identifier: BSD-3-Clause */
/* Memory sections: frames are compressed by several threads, a batch at a time, and written in
 * order by the caller's. */
#include <errno.h>
#include <inttypes.h>
#include <pthread.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "facts/error.h"
#include "snapshot/frame.h"
#include "snapshot/writer.h"

#define MAX_THREADS 64u
#define SLOTS_PER_THREAD 32u
#define SLOT_BYTES (RECORD_SIZE + FRAME_BYTES)

/* ---- The index ------------------------------------------------------------------------------- */

/* The records of the frames written so far: what becomes the index. */
struct index {
    uint8_t *records;
    uint32_t count;
    size_t capacity;
};

static int index_add(struct index *index, const uint8_t record[RECORD_SIZE],
                     struct vgic5_error *error)
{
    if (index->count == index->capacity) {
        size_t capacity = index->capacity ? 2 * index->capacity : 256;
        uint8_t *records = reallocarray(index->records, capacity, RECORD_SIZE);

        if (!records)
            return error_no_memory(error, "the index of memory frames");
        index->records = records;
        index->capacity = capacity;
    }
    memcpy(index->records + (size_t)index->count++ * RECORD_SIZE, record, RECORD_SIZE);
    return 0;
}

static int emit_index(struct vgic5_snapshot_writer *writer, const struct index *index,
                      struct vgic5_error *error)
{
    uint8_t raw[RECORD_SIZE];
    int ret;

    index_record_encode(index->records, index->count, raw);
    ret = writer_emit(writer, raw, sizeof(raw), error);
    if (ret == 0)
        ret = writer_emit(writer, index->records, (size_t)index->count * RECORD_SIZE, error);
    return ret;
}

/* ---- A batch of frames ----------------------------------------------------------------------- */

struct frame_slot {
    struct frame_pages frame;
    uint8_t *out; /* SLOT_BYTES */
    size_t length;
};

struct worker {
    struct frame_encoder *encoder;
    pthread_t thread;
    struct batch *batch;
    unsigned number;
    int result;
};

struct batch {
    struct frame_slot *slots;
    uint8_t *bytes; /* of all slots */
    unsigned capacity, used;
    struct worker *workers;
    unsigned nr_workers;
};

static void batch_free(struct batch *batch)
{
    for (unsigned n = 0; batch->workers && n < batch->nr_workers; n++)
        frame_encoder_free(batch->workers[n].encoder);
    free(batch->workers);
    free(batch->slots);
    free(batch->bytes);
}

static int batch_new(struct batch *batch, unsigned threads)
{
    unsigned workers = threads == 0 ? 1 : threads < MAX_THREADS ? threads : MAX_THREADS;

    *batch = (struct batch){.nr_workers = workers,
                            .capacity = threads > 1 ? workers * SLOTS_PER_THREAD : 1};
    batch->workers = calloc(workers, sizeof(*batch->workers));
    batch->slots = calloc(batch->capacity, sizeof(*batch->slots));
    batch->bytes = malloc((size_t)batch->capacity * SLOT_BYTES);
    for (unsigned n = 0; batch->workers && n < workers; n++) {
        batch->workers[n] = (struct worker){frame_encoder_new(), 0, batch, n, 0};
        if (!batch->workers[n].encoder)
            return -ENOMEM;
    }
    for (unsigned n = 0; batch->slots && batch->bytes && n < batch->capacity; n++)
        batch->slots[n].out = batch->bytes + (size_t)n * SLOT_BYTES;
    return batch->workers && batch->slots && batch->bytes ? 0 : -ENOMEM;
}

/* Every n-th slot is this worker's. What is stored is never longer than the pages are. */
static void *work(void *opaque)
{
    struct worker *worker = opaque;
    struct batch *batch = worker->batch;

    worker->result = 0;
    for (unsigned n = worker->number; n < batch->used; n += batch->nr_workers) {
        const uint8_t *encoded;

        if (frame_encode(worker->encoder, &batch->slots[n].frame, &encoded,
                         &batch->slots[n].length) != 0)
            worker->result = -ENOMEM;
        else
            memcpy(batch->slots[n].out, encoded, batch->slots[n].length);
    }
    return NULL;
}

/* A thread that cannot be had leaves its share to the caller's. */
static int encode_batch(struct batch *batch)
{
    int ret = 0;

    for (unsigned n = 1; n < batch->nr_workers; n++) {
        struct worker *worker = &batch->workers[n];

        if (n >= batch->used || pthread_create(&worker->thread, NULL, work, worker) != 0) {
            work(worker);
            worker->thread = 0;
        }
    }
    work(&batch->workers[0]);
    for (unsigned n = 0; n < batch->nr_workers; n++) {
        if (n > 0 && batch->workers[n].thread)
            pthread_join(batch->workers[n].thread, NULL);
        if (batch->workers[n].result != 0)
            ret = batch->workers[n].result;
    }
    return ret;
}

static int flush_batch(struct vgic5_snapshot_writer *writer, struct batch *batch,
                       struct index *index, struct vgic5_error *error)
{
    int ret = encode_batch(batch);

    if (ret != 0)
        return error_no_memory(error, "compression");
    for (unsigned n = 0; n < batch->used && ret == 0; n++) {
        const struct frame_slot *slot = &batch->slots[n];

        if (slot->length == 0)
            continue;
        ret = index_add(index, slot->out, error);
        if (ret == 0)
            ret = writer_emit(writer, slot->out, slot->length, error);
    }
    batch->used = 0;
    return ret;
}

/* ---- A section ------------------------------------------------------------------------------- */

static int get_frame(const struct vgic5_memory_from *from, uint64_t offset,
                     struct frame_pages *frame, struct vgic5_error *error)
{
    const void *memory = NULL;
    int ret;

    frame->pages = 0;
    ret = from->frame(from->opaque, offset, (uint32_t)frame->size, &memory, &frame->pages);
    frame->memory = memory;
    if (ret != 0 && (!error || error->cause == VGIC5_CAUSE_NONE))
        return error_set(error, VGIC5_CAUSE_ENVIRONMENT, ret,
                         "the memory at offset 0x%" PRIx64 " cannot be had: %s", offset,
                         strerror(-ret));
    return ret;
}

static int emit_frames(struct vgic5_snapshot_writer *writer, uint64_t size,
                       const struct vgic5_memory_from *from, struct batch *batch,
                       struct index *index, struct vgic5_error *error)
{
    int ret = 0;

    for (uint64_t done = 0; done < size && ret == 0; done += FRAME_BYTES) {
        uint32_t number = (uint32_t)(done / FRAME_BYTES);
        struct frame_pages frame = {
            .number = number, .size = frame_size(size, number), .incremental = writer->incremental};

        ret = get_frame(from, done, &frame, error);
        if (ret != 0 || frame.pages == 0)
            continue;
        batch->slots[batch->used++].frame = frame;
        if (batch->used == batch->capacity)
            ret = flush_batch(writer, batch, index, error);
    }
    return ret == 0 && batch->used ? flush_batch(writer, batch, index, error) : ret;
}

static int put_frames(struct vgic5_snapshot_writer *writer, const struct section_head *head,
                      const struct vgic5_memory_from *from, struct vgic5_error *error)
{
    uint64_t start = writer->offset;
    struct index index = {0};
    struct batch batch;
    struct hash_part part;
    int ret = batch_new(&batch, from->threads);

    if (ret != 0)
        ret = error_no_memory(error, "the snapshot writer");
    if (ret == 0)
        ret = writer_emit_head(writer, head, error);
    if (ret == 0)
        ret = emit_frames(writer, head->size, from, &batch, &index, error);
    if (ret == 0)
        ret = emit_index(writer, &index, error);
    part = (struct hash_part){index.records, (size_t)index.count * RECORD_SIZE};
    if (ret == 0)
        ret = writer_finish_section(writer, head, start, &part, index.count, error);
    if (ret != 0 && writer->offset != start)
        writer->failed = ret; /* half a section: nothing may follow it */
    free(index.records);
    batch_free(&batch);
    return ret;
}

int vgic5_snapshot_put_memory_from(struct vgic5_snapshot_writer *writer, uint64_t base,
                                   uint64_t size, const struct vgic5_memory_from *from,
                                   struct vgic5_error *error)
{
    const struct section_head head = {.type = "memory",
                                      .instance = base,
                                      .version = 1,
                                      .kind = SECTION_MEMORY,
                                      .required = true,
                                      .length = LENGTH_FRAMED,
                                      .base = base,
                                      .size = size};
    int ret;

    if (!writer || !from)
        return error_absent(error, !writer ? "writer" : "struct vgic5_memory_from");
    ret = writer_check_section(writer, &head, error);
    if (ret == 0 && (from->size < sizeof(*from) || !from->frame))
        ret = error_misuse(error, "struct vgic5_memory_from has %" PRIu32 " bytes, or no frame",
                           from->size);
    if (ret != 0)
        return ret;
    ret = put_frames(writer, &head, from, error);
    if (ret == 0) {
        writer->memory += size;
        writer->nr_memory++;
    }
    return ret;
}

/* ---- All of a piece of memory ---------------------------------------------------------------- */

static int whole_frame(void *opaque, uint64_t offset, uint32_t size, const void **memory,
                       uint16_t *pages)
{
    *memory = (const uint8_t *)opaque + offset;
    *pages = (uint16_t)((1u << size / PAGE_BYTES) - 1);
    return 0;
}

int vgic5_snapshot_put_memory(struct vgic5_snapshot_writer *writer, uint64_t base,
                              const void *memory, uint64_t size, struct vgic5_error *error)
{
    const struct vgic5_memory_from from = {
        .size = sizeof(from), .frame = whole_frame, .opaque = (void *)(uintptr_t)memory};

    if (!memory)
        return error_absent(error, "memory");
    return vgic5_snapshot_put_memory_from(writer, base, size, &from, error);
}
