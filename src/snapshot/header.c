/* SPDX-License-Identifier: BSD-3-Clause */
/* The header of a file, which can be read of damaged and of future ones too. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "facts/error.h"
#include "snapshot/input.h"

int vgic5_snapshot_read_header_file_sized(const char *path, struct vgic5_snapshot_header *header,
                                          size_t size, struct vgic5_error *error)
{
    struct vgic5_source source;
    struct stat file;
    int fd, ret;

    if (!path || !header)
        return error_absent(error, !path ? "path" : "place for the header");
    fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0)
        return error_set(error, VGIC5_CAUSE_ENVIRONMENT, -errno, "cannot open %.400s: %s", path,
                         strerror(errno));
    source = file_source(&fd);
    /* What is read of a pipe is gone, and more than the header is wanted. */
    if (fstat(fd, &file) == 0 && !S_ISREG(file.st_mode))
        ret = error_set(error, VGIC5_CAUSE_ENVIRONMENT, -EINVAL, "%.400s is not a regular file",
                        path);
    else
        ret = vgic5_snapshot_read_header_sized(&source, header, size, error);
    close(fd);
    return ret;
}
