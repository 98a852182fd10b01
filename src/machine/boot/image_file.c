/* SPDX-License-Identifier: BSD-3-Clause */
/* Files into host memory, and the words for what is wrong with them. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "facts/error.h"
#include "machine/boot/image_parts.h"

#define FIRST_ROOM ((uint64_t)1 << 20)

int image_fail(struct vgic5_error *error, int ret, const char *path, const char *format, ...)
{
    char reason[256];
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(reason, sizeof(reason), format, arguments);
    va_end(arguments);
    return error_set(error, VGIC5_CAUSE_ENVIRONMENT, ret, "%s: %s", path, reason);
}

static int grow(const char *path, struct image_bytes *bytes, uint64_t room,
                struct vgic5_error *error)
{
    uint8_t *data = realloc(bytes->data, room);

    if (!data)
        return image_fail(error, -ENOMEM, path, "no memory for 0x%" PRIx64 " bytes", room);
    bytes->data = data;
    return 0;
}

/* One byte more than the limit is asked for, so that a file that is too large shows itself. */
static int read_all(int fd, const char *path, uint64_t limit, struct image_bytes *bytes,
                    struct vgic5_error *error)
{
    uint64_t room = 0;

    for (;;) {
        ssize_t n;

        if (bytes->size == room) {
            int ret;

            room = room ? room * 2 : FIRST_ROOM;
            room = room > limit ? limit + 1 : room;
            ret = grow(path, bytes, room, error);
            if (ret)
                return ret;
        }
        n = read(fd, bytes->data + bytes->size, room - bytes->size);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0) {
            int code = -errno;

            return image_fail(error, code, path, "cannot read: %s", strerror(-code));
        }
        if (n == 0)
            return 0;
        bytes->size += (size_t)n;
        if (bytes->size > limit)
            return image_fail(error, -EFBIG, path,
                              "has more than the 0x%" PRIx64 " bytes that could fit", limit);
    }
}

int image_read_file(const char *path, uint64_t limit, struct image_bytes *bytes,
                    struct vgic5_error *error)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    int ret;

    if (fd < 0) {
        int code = -errno;

        return image_fail(error, code, path, "cannot open: %s", strerror(-code));
    }
    ret = read_all(fd, path, limit, bytes, error);
    close(fd);
    return ret;
}
