/* SPDX-License-Identifier: BSD-3-Clause */
#include "snapshot/input.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "facts/error.h"

#define FIRST_PIECE 65536u
#define MOST_INTERRUPTIONS 1000u

static int input_failed(const struct input *input, int ret, struct vgic5_error *error)
{
    return error_set(error, VGIC5_CAUSE_ENVIRONMENT, ret,
                     "cannot read the snapshot at offset 0x%" PRIx64 ": %s", input->offset,
                     strerror(-ret));
}

/* One read, of at least one byte unless at the end. */
static long read_some(struct input *input, void *to, size_t size)
{
    long ret = -EINTR;

    for (unsigned int i = 0; i < MOST_INTERRUPTIONS && ret == -EINTR; i++)
        ret = input->source.read(input->source.opaque, to, size);
    if (ret > 0 && (unsigned long)ret > size)
        return -EIO; /* more than asked for: not a source to trust */
    return ret;
}

int input_read(struct input *input, void *to, size_t size, const char *what,
               struct vgic5_error *error)
{
    uint64_t start = input->offset;

    for (size_t done = 0; done < size;) {
        long ret = read_some(input, (uint8_t *)to + done, size - done);

        if (ret < 0)
            return input_failed(input, (int)ret, error);
        if (ret == 0)
            return error_damaged(error,
                                 "%s is cut off: the file ends at offset 0x%" PRIx64
                                 ", 0x%zx bytes of it were expected from offset "
                                 "0x%" PRIx64,
                                 what, input->offset, size, start);
        done += (size_t)ret;
        input->offset += (uint64_t)ret;
    }
    return 0;
}

int input_seek(struct input *input, uint64_t offset, struct vgic5_error *error)
{
    int ret;

    if (offset == input->offset)
        return 0;
    ret = input->source.seek(input->source.opaque, offset);
    if (ret != 0)
        return input_failed(input, ret, error);
    input->offset = offset;
    return 0;
}

static int read_growing(struct input *input, uint8_t **to, size_t size, size_t piece,
                        const char *what, struct vgic5_error *error)
{
    size_t done = 0;

    while (done < size) {
        size_t next = size - done < piece ? size - done : piece;
        uint8_t *grown = realloc(*to, done + next);
        int ret;

        if (!grown)
            return error_no_memory(error, what);
        *to = grown;
        ret = input_read(input, grown + done, next, what, error);
        if (ret != 0)
            return ret;
        done += next;
        piece = done;
    }
    return 0;
}

int input_read_new(struct input *input, uint8_t **to, uint64_t size, const char *what,
                   struct vgic5_error *error)
{
    bool known = input->source.length != UINT64_MAX;
    int ret;

    *to = NULL;
    if (known &&
        (input->offset > input->source.length || size > input->source.length - input->offset))
        return error_damaged(error,
                             "%s is cut off: the file ends at offset 0x%" PRIx64 ", 0x%" PRIx64
                             " bytes of it were expected from offset "
                             "0x%" PRIx64,
                             what, input->source.length, size, input->offset);
    *to = malloc(known ? (size_t)size + 1 : 1);
    if (!*to)
        return error_no_memory(error, what);
    ret = known ? input_read(input, *to, size, what, error)
                : read_growing(input, to, size, FIRST_PIECE, what, error);
    if (ret != 0) {
        free(*to);
        *to = NULL;
    }
    return ret;
}

int input_check_end(struct input *input, struct vgic5_error *error)
{
    uint8_t byte;
    long ret = read_some(input, &byte, 1);

    if (ret < 0)
        return input_failed(input, (int)ret, error);
    if (ret > 0)
        return error_damaged(error,
                             "there are bytes behind the end of the snapshot at offset "
                             "0x%" PRIx64,
                             input->offset);
    return 0;
}

/* ---- A file ---------------------------------------------------------------------------------- */

static long file_read(void *opaque, void *to, size_t size)
{
    ssize_t ret = read(*(const int *)opaque, to, size);

    return ret < 0 ? -errno : (long)ret;
}

static int file_seek(void *opaque, uint64_t offset)
{
    return lseek(*(const int *)opaque, (off_t)offset, SEEK_SET) < 0 ? -errno : 0;
}

struct vgic5_source file_source(int *fd)
{
    struct vgic5_source source = {
        .size = sizeof(source), .read = file_read, .length = UINT64_MAX, .opaque = fd};
    struct stat status;

    if (fstat(*fd, &status) == 0 && S_ISREG(status.st_mode)) {
        source.seek = file_seek;
        source.length = (uint64_t)status.st_size;
    }
    return source;
}
