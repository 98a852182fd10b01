/* SPDX-License-Identifier: BSD-3-Clause */
#include "snapshot/pipes.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "facts/error.h"

#define PIECE 65536u
#define MOST (UINT64_C(1) << 30)
#define WAIT 100 /* milliseconds between two looks at whether it is given up */

bool pipe_is(const char *path)
{
    struct stat status;

    return stat(path, &status) == 0 && S_ISFIFO(status.st_mode);
}

/* ---- Writing --------------------------------------------------------------------------------- */

int pipe_open(const char *path, int *fd, struct vgic5_error *error)
{
    *fd = open(path, O_WRONLY | O_NONBLOCK | O_CLOEXEC);
    if (*fd >= 0)
        return 0;
    return error_set(error, VGIC5_CAUSE_ENVIRONMENT, -EINVAL, "cannot open %.400s: %s", path,
                     errno == ENXIO ? "nobody reads from it" : strerror(errno));
}

int pipe_write(int fd, const void *bytes, size_t size, bool (*given_up)(void *opaque), void *opaque)
{
    for (size_t done = 0; done < size;) {
        struct pollfd ready = {fd, POLLOUT, 0};
        ssize_t ret = write(fd, (const char *)bytes + done, size - done);

        if (ret > 0)
            done += (size_t)ret;
        else if (ret < 0 && errno != EAGAIN && errno != EINTR)
            return -errno;
        else
            poll(&ready, 1, WAIT);
        if (given_up && given_up(opaque))
            return -ECANCELED;
    }
    return 0;
}

/* That a pipe has room, or a last write went in, says nothing of who reads: what lies in it goes
 * with its reader. */
int pipe_drain(int fd, bool (*given_up)(void *opaque), void *opaque, int *unread)
{
    int wait = 1; /* milliseconds */

    for (;; wait = wait < WAIT ? 2 * wait : WAIT) {
        struct pollfd reader = {fd, 0, 0};

        if (ioctl(fd, FIONREAD, unread) < 0)
            return -errno;
        if (*unread == 0)
            return 0;
        if (poll(&reader, 1, wait) > 0 && reader.revents & POLLERR)
            return ioctl(fd, FIONREAD, unread) < 0 ? -errno : *unread == 0 ? 0 : -EPIPE;
        if (given_up && given_up(opaque))
            return -ECANCELED;
    }
}

/* ---- Reading --------------------------------------------------------------------------------- */

static int copy(int from, int to, void *piece)
{
    ssize_t got;
    uint64_t all = 0;

    while ((got = read(from, piece, PIECE)) != 0) {
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return -errno;
        all += (uint64_t)got;
        if (all > MOST)
            return -EFBIG;
        for (ssize_t done = 0, put; done < got; done += put) {
            put = write(to, (char *)piece + done, (size_t)(got - done));
            if (put <= 0)
                return put < 0 ? -errno : -EIO;
        }
    }
    return 0;
}

static int spool(const char *path, int *to)
{
    int from = open(path, O_RDONLY | O_CLOEXEC), ret = from < 0 ? -errno : 0;
    void *piece = malloc(PIECE);

    *to = memfd_create("snapshot", MFD_CLOEXEC);
    if (ret == 0 && *to < 0)
        ret = -errno;
    if (ret == 0)
        ret = piece ? copy(from, *to, piece) : -ENOMEM;
    if (ret != 0 && *to >= 0)
        close(*to);
    if (from >= 0)
        close(from);
    free(piece);
    return ret;
}

int pipe_spool(const char **path, struct spooled *spooled, struct vgic5_error *error)
{
    struct stat status;
    int to, ret;

    if (stat(*path, &status) != 0 ||
        (!S_ISFIFO(status.st_mode) && !S_ISCHR(status.st_mode) && !S_ISSOCK(status.st_mode)))
        return 0;
    ret = spool(*path, &to);
    if (ret != 0)
        return error_set(error, VGIC5_CAUSE_ENVIRONMENT, -EINVAL, "cannot read %.400s: %s", *path,
                         ret == -EFBIG ? "more than 1 GiB comes through this pipe"
                                       : strerror(-ret));
    snprintf(spooled->path, sizeof(spooled->path), "/proc/self/fd/%d", to);
    *path = spooled->path;
    return 0;
}
