/* SPDX-License-Identifier: BSD-3-Clause */
/* gzip and zstd, into a buffer that grows with the output and never beyond the limit. */
#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>
#include <zstd.h>

#include "machine/boot/image_parts.h"

#define FIRST_ROOM ((uint64_t)4 << 20)
#define STEP_MAX ((size_t)1 << 30) /* zlib counts in unsigned int */

/* Make room for more output in `out`, of which `room` is the allocation. It may grow to one byte
 * beyond the limit, so that what is too large shows itself, and what fits exactly does not. */
static int make_room(const char *path, struct image_bytes *out, uint64_t *room, uint64_t limit,
                     struct vgic5_error *error)
{
    uint64_t more = *room ? *room * 2 : FIRST_ROOM;
    uint8_t *data;

    if (out->size < *room)
        return 0;
    if (*room > limit)
        return image_fail(error, -ENOSPC, path,
                          "decompresses to more than the 0x%" PRIx64 " bytes of RAM", limit);
    more = more > limit ? limit + 1 : more;
    data = realloc(out->data, more);
    if (!data)
        return image_fail(error, -ENOMEM, path, "no memory for 0x%" PRIx64 " bytes", more);
    out->data = data;
    *room = more;
    return 0;
}

static size_t step(uint64_t left)
{
    return left < STEP_MAX ? (size_t)left : STEP_MAX;
}

/* ---- gzip ------------------------------------------------------------------------------------ */

bool image_is_gzip(struct image_bytes file)
{
    return file.size >= 2 && file.data[0] == 0x1f && file.data[1] == 0x8b;
}

/* Feed and drain once. Z_OK, Z_STREAM_END, or what went wrong. */
static int inflate_step(z_stream *stream, struct image_bytes in, size_t *used,
                        struct image_bytes *out, uint64_t room)
{
    size_t give = step(in.size - *used), take = step(room - out->size);
    int z;

    stream->next_in = in.data + *used;
    stream->avail_in = (uInt)give;
    stream->next_out = out->data + out->size;
    stream->avail_out = (uInt)take;
    z = inflate(stream, Z_NO_FLUSH);
    *used += give - stream->avail_in;
    out->size += take - stream->avail_out;
    return z;
}

static bool all_zero(const uint8_t *p, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (p[i] != 0)
            return false;
    }
    return true;
}

/* Behind a member: another one (RFC 1952 §2.2), zero padding, or nothing. */
static int after_member(const char *path, z_stream *stream, struct image_bytes in, size_t used,
                        bool *end, struct vgic5_error *error)
{
    struct image_bytes rest = {.data = in.data + used, .size = in.size - used};

    *end = all_zero(rest.data, rest.size);
    if (*end)
        return 0;
    if (!image_is_gzip(rest) || inflateReset(stream) != Z_OK)
        return image_fail(error, -ENOEXEC, path, "gzip data end at 0x%zx, but more bytes follow",
                          used);
    return 0;
}

static int gunzip(const char *path, z_stream *stream, struct image_bytes in, uint64_t limit,
                  struct image_bytes *out, struct vgic5_error *error)
{
    uint64_t room = 0;
    size_t used = 0;
    bool end = false;

    while (!end) {
        int z, ret = make_room(path, out, &room, limit, error);

        if (ret)
            return ret;
        z = inflate_step(stream, in, &used, out, room);
        if (z == Z_STREAM_END)
            ret = after_member(path, stream, in, used, &end, error);
        else if (z != Z_OK && z != Z_BUF_ERROR)
            ret = image_fail(error, -ENOEXEC, path, "gzip data are damaged at 0x%zx: %s", used,
                             stream->msg ? stream->msg : zError(z));
        else if (used == in.size && out->size < room)
            ret =
                image_fail(error, -ENOEXEC, path, "gzip data are cut off after 0x%zx bytes", used);
        if (ret)
            return ret;
    }
    return 0;
}

int image_gunzip(const char *path, struct image_bytes in, uint64_t limit, struct image_bytes *out,
                 struct vgic5_error *error)
{
    z_stream stream = {0};
    int ret;

    /* 16: a gzip header, and its CRC is checked. */
    if (inflateInit2(&stream, MAX_WBITS + 16) != Z_OK)
        return image_fail(error, -ENOMEM, path, "no memory to decompress gzip");
    ret = gunzip(path, &stream, in, limit, out, error);
    inflateEnd(&stream);
    return ret;
}

/* ---- zstd ------------------------------------------------------------------------------------ */

static int unzstd(const char *path, ZSTD_DCtx *context, struct image_bytes in, uint64_t limit,
                  struct image_bytes *out, struct vgic5_error *error)
{
    ZSTD_inBuffer source = {in.data, in.size, 0};
    uint64_t room = 0;

    for (;;) {
        ZSTD_outBuffer target;
        size_t left;
        int ret = make_room(path, out, &room, limit, error);

        if (ret)
            return ret;
        target = (ZSTD_outBuffer){out->data, (size_t)room, out->size};
        left = ZSTD_decompressStream(context, &target, &source);
        out->size = target.pos;
        if (ZSTD_isError(left))
            return image_fail(error, -ENOEXEC, path, "zstd data are damaged at 0x%zx: %s",
                              source.pos, ZSTD_getErrorName(left));
        if (source.pos == source.size && left == 0)
            return 0;
        if (source.pos == source.size && out->size < room)
            return image_fail(error, -ENOEXEC, path, "zstd data are cut off after 0x%zx bytes",
                              source.pos);
    }
}

int image_unzstd(const char *path, struct image_bytes in, uint64_t limit, struct image_bytes *out,
                 struct vgic5_error *error)
{
    ZSTD_DCtx *context = ZSTD_createDCtx();
    int ret;

    if (!context)
        return image_fail(error, -ENOMEM, path, "no memory to decompress zstd");
    ret = unzstd(path, context, in, limit, out, error);
    ZSTD_freeDCtx(context);
    return ret;
}
