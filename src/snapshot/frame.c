/* SPDX-License-Identifier: BSD-3-Clause */
#include "snapshot/frame.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <zstd.h>

/* Part of what makes the bytes of a file: changing it changes files, not the format. */
#define COMPRESSION_LEVEL 3

struct frame_encoder {
    ZSTD_CCtx *context;
    uint8_t pages[FRAME_BYTES];
    uint8_t out[RECORD_SIZE + ZSTD_COMPRESSBOUND(FRAME_BYTES)];
};

struct frame_decoder {
    ZSTD_DCtx *context;
    uint8_t pages[FRAME_BYTES];
};

/* ---- Encoding -------------------------------------------------------------------------------- */

struct frame_encoder *frame_encoder_new(void)
{
    struct frame_encoder *encoder = calloc(1, sizeof(*encoder));

    if (!encoder)
        return NULL;
    encoder->context = ZSTD_createCCtx();
    if (encoder->context &&
        !ZSTD_isError(
            ZSTD_CCtx_setParameter(encoder->context, ZSTD_c_compressionLevel, COMPRESSION_LEVEL)) &&
        !ZSTD_isError(ZSTD_CCtx_setParameter(encoder->context, ZSTD_c_contentSizeFlag, 1)) &&
        !ZSTD_isError(ZSTD_CCtx_setParameter(encoder->context, ZSTD_c_checksumFlag, 0)))
        return encoder;
    frame_encoder_free(encoder);
    return NULL;
}

void frame_encoder_free(struct frame_encoder *encoder)
{
    if (encoder)
        ZSTD_freeCCtx(encoder->context);
    free(encoder);
}

static bool page_is_zero(const uint8_t *page)
{
    for (size_t i = 0; i < PAGE_BYTES; i += 64) {
        uint64_t words[8];

        memcpy(words, page + i, sizeof(words));
        if (words[0] | words[1] | words[2] | words[3] | words[4] | words[5] | words[6] | words[7])
            return false;
    }
    return true;
}

static size_t gather(struct frame_encoder *encoder, const struct frame_pages *frame,
                     struct frame_record *record)
{
    size_t gathered = 0;

    for (size_t page = 0; page < frame->size / PAGE_BYTES; page++) {
        const uint8_t *from = frame->memory + page * PAGE_BYTES;

        if (!(frame->pages >> page & 1))
            continue;
        if (page_is_zero(from)) {
            record->zero |= (uint16_t)(frame->incremental << page);
            continue;
        }
        record->data |= (uint16_t)(1u << page);
        memcpy(encoder->pages + gathered, from, PAGE_BYTES);
        gathered += PAGE_BYTES;
    }
    return gathered;
}

static void seal(struct frame_record *record, uint8_t *out)
{
    const struct hash_part parts[] = {{out, RECORD_HASHED}, {out + RECORD_SIZE, record->stored}};

    frame_record_encode(record, out);
    hash_128(parts, 2, record->hash);
    frame_record_encode(record, out);
}

int frame_encode(struct frame_encoder *encoder, const struct frame_pages *frame, const uint8_t **to,
                 size_t *length)
{
    struct frame_record record = {.number = frame->number, .encoding = FRAME_ZSTD};
    uint8_t *stored = encoder->out + RECORD_SIZE;
    size_t gathered = gather(encoder, frame, &record);
    size_t result = 0;

    *to = encoder->out;
    *length = 0;
    if (record.data == 0 && record.zero == 0)
        return 0;
    if (gathered != 0)
        result = ZSTD_compress2(encoder->context, stored, sizeof(encoder->out) - RECORD_SIZE,
                                encoder->pages, gathered);
    if (ZSTD_isError(result))
        return -ENOMEM; /* the only way left to fail: the output always has room */
    if (result >= gathered) {
        record.encoding = FRAME_RAW;
        memcpy(stored, encoder->pages, gathered);
        result = gathered;
    }
    record.stored = (uint32_t)result;
    seal(&record, encoder->out);
    *length = RECORD_SIZE + result;
    return 0;
}

/* ---- Decoding -------------------------------------------------------------------------------- */

struct frame_decoder *frame_decoder_new(void)
{
    struct frame_decoder *decoder = calloc(1, sizeof(*decoder));

    if (!decoder)
        return NULL;
    decoder->context = ZSTD_createDCtx();
    if (decoder->context)
        return decoder;
    frame_decoder_free(decoder);
    return NULL;
}

void frame_decoder_free(struct frame_decoder *decoder)
{
    if (decoder)
        ZSTD_freeDCtx(decoder->context);
    free(decoder);
}

size_t frame_size(uint64_t memory_size, uint32_t number)
{
    uint64_t left = memory_size - (uint64_t)number * FRAME_BYTES;

    return left < FRAME_BYTES ? (size_t)left : FRAME_BYTES;
}

static size_t data_size(const struct frame_record *record)
{
    return (size_t)__builtin_popcount(record->data) * PAGE_BYTES;
}

const char *frame_record_fault(const struct frame_record *record, uint64_t memory_size,
                               bool incremental)
{
    uint32_t pages = record->data | record->zero;
    size_t size;

    if (record->number >= (memory_size + FRAME_BYTES - 1) / FRAME_BYTES)
        return "the frame lies behind the section's memory";
    size = data_size(record);
    if (pages >> (frame_size(memory_size, record->number) / PAGE_BYTES))
        return "a page lies behind the section's memory";
    if (!pages || (!incremental && record->zero))
        return "it has no page to store";
    if (record->data & record->zero)
        return "a page is both stored and zero";
    if (record->encoding > FRAME_ZSTD)
        return "its encoding is unknown";
    if (record->encoding == FRAME_RAW && record->stored != size)
        return "its length does not fit its pages";
    if (record->encoding == FRAME_ZSTD && (record->stored == 0 || record->stored >= size))
        return "its length does not fit its pages";
    return NULL;
}

bool frame_hash_is_right(const struct frame_record *record, const uint8_t *stored)
{
    uint8_t head[RECORD_SIZE], hash[SNAPSHOT_HASH_SIZE];
    const struct hash_part parts[] = {{head, RECORD_HASHED}, {stored, record->stored}};

    frame_record_encode(record, head);
    hash_128(parts, 2, hash);
    return memcmp(hash, record->hash, sizeof(hash)) == 0;
}

/* One zstd frame, of exactly that content size, and nothing behind it. */
static const char *decompress(struct frame_decoder *decoder, const struct frame_record *record,
                              const uint8_t *stored, uint8_t *to)
{
    size_t size = data_size(record);

    if (ZSTD_getFrameContentSize(stored, record->stored) != size ||
        ZSTD_findFrameCompressedSize(stored, record->stored) != record->stored ||
        ZSTD_decompressDCtx(decoder->context, to, size, stored, record->stored) != size)
        return "it does not decompress to its pages";
    return NULL;
}

const char *frame_decode(struct frame_decoder *decoder, const struct frame_record *record,
                         const uint8_t *stored, uint8_t *memory)
{
    const uint8_t *from = stored;

    for (size_t page = 0; page < PAGES_PER_FRAME; page++)
        if (record->zero >> page & 1)
            memset(memory + page * PAGE_BYTES, 0, PAGE_BYTES);
    if (record->encoding == FRAME_ZSTD) {
        bool whole = record->data == UINT16_MAX;
        const char *fault = decompress(decoder, record, stored, whole ? memory : decoder->pages);

        if (fault || whole)
            return fault;
        from = decoder->pages;
    }
    for (size_t page = 0; page < PAGES_PER_FRAME; page++) {
        if (!(record->data >> page & 1))
            continue;
        memcpy(memory + page * PAGE_BYTES, from, PAGE_BYTES);
        from += PAGE_BYTES;
    }
    return NULL;
}
