/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * One frame of guest memory to bytes and back: functions of their arguments alone, the struct only
 * lends them space, so that several threads can each encode with one of their own.
 */
#ifndef SNAPSHOT_FRAME_H
#define SNAPSHOT_FRAME_H

#include "snapshot/layout.h"

struct frame_encoder;
struct frame_encoder *frame_encoder_new(void); /* NULL: no memory */
void frame_encoder_free(struct frame_encoder *encoder);

/* A frame to encode: only `pages` of it are looked at (bit 0 first). In a full snapshot the others
 * are zero, in an incremental one they are as in its base. */
struct frame_pages {
    uint32_t number;
    const uint8_t *memory;
    size_t size;
    uint16_t pages;
    bool incremental;
};

/* The result, record and stored bytes, is at `*to`; `*length` is 0 when there is nothing to store.
 * 0 or -ENOMEM. */
int frame_encode(struct frame_encoder *encoder, const struct frame_pages *frame, const uint8_t **to,
                 size_t *length);

struct frame_decoder;
struct frame_decoder *frame_decoder_new(void);
void frame_decoder_free(struct frame_decoder *decoder);

/* Guest bytes that frame `number` of a section of `memory_size` bytes describes. */
size_t frame_size(uint64_t memory_size, uint32_t number);
/* NULL, or what is wrong with a record of a section of that size. Do this before the rest. */
const char *frame_record_fault(const struct frame_record *record, uint64_t memory_size,
                               bool incremental);
/* Whether record and stored bytes belong to each other. */
bool frame_hash_is_right(const struct frame_record *record, const uint8_t *stored);
/* Put the pages that it holds where they belong in the frame at `memory`, and clear those that
 * became zero. Both checks above must have passed. NULL, or what is wrong. */
const char *frame_decode(struct frame_decoder *decoder, const struct frame_record *record,
                         const uint8_t *stored, uint8_t *memory);

#endif
