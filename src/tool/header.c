/* SPDX-License-Identifier: BSD-3-Clause */
#include "tool/header.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tool/report.h"

static long read_fd(void *opaque, void *to, size_t size)
{
    ssize_t got = read(*(const int *)opaque, to, size);

    return got < 0 ? -errno : (long)got;
}

int header_of_file(const char *path, struct vgic5_snapshot_header *header,
                   struct vgic5_error *error)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK), status;
    struct stat file;
    const struct vgic5_source source = {.read = read_fd, .size = UINT64_MAX, .opaque = &fd};

    if (fd < 0)
        return error_set(error, VGIC5_CAUSE_ENVIRONMENT, -EINVAL, "cannot open %.400s: %s", path,
                         strerror(errno));
    /* What is read of a pipe is gone, and more than the header is wanted. */
    if (fstat(fd, &file) == 0 && !S_ISREG(file.st_mode))
        status = error_set(error, VGIC5_CAUSE_ENVIRONMENT, -EINVAL, "%.400s is not a regular file",
                           path);
    else
        status = vgic5_snapshot_read_header(source, header, error);
    close(fd);
    return status;
}
