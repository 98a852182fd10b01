/* SPDX-License-Identifier: BSD-3-Clause */
/* A file that appears whole or not at all. */
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "facts/error.h"
#include "facts/sized.h"
#include "snapshot/temporary.h"

#include <vgic5/snapshot.h>

#define MOST_TEMPORARIES 100u    /* names taken by others before giving up */
#define MOST_INTERRUPTIONS 1000u /* in a row, without progress */

struct vgic5_atomic_file {
    struct vgic5_fs fs;
    struct vgic5_sink sink; /* into it */
    char *path, *temporary;
    int fd;
    int lock;       /* keeps the temporary name ours when fd is closed; -1: there is none */
    bool is_named;  /* the temporary name is there */
    bool is_system; /* the file was opened by the system's calls */
    int failed;     /* first failed write, sticky */
};

/* ---- The system's calls ---------------------------------------------------------------------- */

static int system_open_temporary(void *opaque, const char *path, int *fd)
{
    (void)opaque;
    return temporary_open_named(path, fd);
}

static long system_write(void *opaque, int fd, const void *bytes, size_t size)
{
    ssize_t ret = write(fd, bytes, size);

    (void)opaque;
    return ret < 0 ? -errno : (long)ret;
}

static int system_fsync(void *opaque, int fd)
{
    (void)opaque;
    return fsync(fd) < 0 ? -errno : 0;
}

static int system_close(void *opaque, int fd)
{
    (void)opaque;
    return close(fd) < 0 ? -errno : 0;
}

static int system_rename(void *opaque, const char *from, const char *to)
{
    (void)opaque;
    return rename(from, to) < 0 ? -errno : 0;
}

static int system_fsync_directory(void *opaque, const char *path_of_file_in_it)
{
    char *copy = strdup(path_of_file_in_it);
    int fd, ret;

    (void)opaque;
    if (!copy)
        return -ENOMEM;
    fd = open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    ret = fd < 0 || fsync(fd) < 0 ? -errno : 0;
    if (fd >= 0)
        close(fd);
    free(copy);
    return ret;
}

static int system_unlink(void *opaque, const char *path)
{
    (void)opaque;
    return unlink(path) < 0 ? -errno : 0;
}

#define USE_SYSTEM(fs, member)              \
    do {                                    \
        if (!(fs)->member)                  \
            (fs)->member = system_##member; \
    } while (0)

static void use_system_calls(struct vgic5_fs *fs)
{
    USE_SYSTEM(fs, open_temporary);
    USE_SYSTEM(fs, write);
    USE_SYSTEM(fs, fsync);
    USE_SYSTEM(fs, close);
    USE_SYSTEM(fs, rename);
    USE_SYSTEM(fs, fsync_directory);
    USE_SYSTEM(fs, unlink);
}

/* ---- Life ------------------------------------------------------------------------------------ */

static void file_free(struct vgic5_atomic_file *file)
{
    if (!file)
        return;
    if (file->lock >= 0)
        close(file->lock);
    free(file->path);
    free(file->temporary);
    free(file);
}

/* Under a free name. */
static int take_name(struct vgic5_atomic_file *file, int (*take)(struct vgic5_atomic_file *file))
{
    int ret = -EEXIST;

    for (unsigned int i = 0; i < MOST_TEMPORARIES && ret == -EEXIST; i++) {
        temporary_name(file->temporary, file->path, i);
        ret = take(file);
    }
    file->is_named = ret == 0;
    return ret;
}

static int open_here(struct vgic5_atomic_file *file)
{
    int ret = -EINTR;

    for (unsigned int i = 0; i < MOST_INTERRUPTIONS && ret == -EINTR; i++)
        ret = file->fs.open_temporary(file->fs.opaque, file->temporary, &file->fd);
    return ret;
}

static int link_here(struct vgic5_atomic_file *file)
{
    return temporary_link(file->fd, file->temporary);
}

/* Keeps its lock until the rename, behind the close that says whether all of it was written. */
static int keep_lock(struct vgic5_atomic_file *file)
{
    int ret;

    file->lock = fcntl(file->fd, F_DUPFD_CLOEXEC, 0);
    if (file->lock >= 0)
        return 0;
    ret = -errno;
    file->fs.close(file->fs.opaque, file->fd);
    if (file->is_named)
        file->fs.unlink(file->fs.opaque, file->temporary);
    return ret;
}

/* What others have left goes first: the disk may be full of it. */
static int open_temporary(struct vgic5_atomic_file *file)
{
    int ret = -EOPNOTSUPP;

    if (file->is_system) {
        temporary_remove_dead(file->path);
        ret = temporary_open_unnamed(file->path, &file->fd);
    }
    if (ret != 0)
        ret = take_name(file, open_here);
    return ret == 0 && file->is_system ? keep_lock(file) : ret;
}

static struct vgic5_atomic_file *file_new(const char *path, const struct vgic5_fs *fs)
{
    struct vgic5_atomic_file *file = calloc(1, sizeof(*file));

    if (!file)
        return NULL;
    file->lock = -1;
    file->path = strdup(path);
    file->temporary = malloc(temporary_size(path));
    if (!file->path || !file->temporary) {
        file_free(file);
        return NULL;
    }
    if (fs)
        sized_take(&file->fs, sizeof(file->fs), fs, SIZE_WITH(struct vgic5_fs, opaque));
    file->is_system = !file->fs.open_temporary;
    use_system_calls(&file->fs);
    return file;
}

/* A rename would replace it for good: /dev/null, for one, or the link that /dev/stdout is. A
 * directory refuses by itself. */
static bool is_in_the_way(const char *path)
{
    struct stat there;

    return stat(path, &there) == 0 && !S_ISREG(there.st_mode) && !S_ISDIR(there.st_mode);
}

int vgic5_atomic_file_create(const char *path, const struct vgic5_fs *fs,
                             struct vgic5_atomic_file **file, struct vgic5_error *error)
{
    size_t length = path ? strlen(path) : 0;
    struct vgic5_atomic_file *fresh;
    int ret;

    if (!path || !file)
        return error_absent(error, path ? "place for the file" : "path");
    *file = NULL;
    if (fs && fs->size < SIZE_WITH(struct vgic5_fs, opaque))
        return error_misuse(error, "the file system calls' size is %u", fs->size);
    if (length == 0 || length >= PATH_MAX || path[length - 1] == '/')
        return error_set(error, VGIC5_CAUSE_ENVIRONMENT, -EINVAL,
                         "\"%.400s\" is not the name of a file", path);
    if (!fs && is_in_the_way(path))
        return error_set(error, VGIC5_CAUSE_ENVIRONMENT, -ENOTSUP,
                         "%.400s is a device, a pipe or a socket, expected a file or nothing",
                         path);
    fresh = file_new(path, fs);
    if (!fresh)
        return error_no_memory(error, "a file");
    ret = open_temporary(fresh);
    if (ret != 0) {
        error_set(error, VGIC5_CAUSE_ENVIRONMENT, ret, "cannot create %.400s: %s", fresh->path,
                  strerror(-ret));
        file_free(fresh);
        return ret;
    }
    *file = fresh;
    return 0;
}

/* ---- Writing --------------------------------------------------------------------------------- */

static int file_write(void *opaque, const void *bytes, size_t size)
{
    struct vgic5_atomic_file *file = opaque;
    unsigned int interruptions = 0;

    for (size_t done = 0; done < size && !file->failed;) {
        long result =
            file->fs.write(file->fs.opaque, file->fd, (const char *)bytes + done, size - done);

        if (result > 0 && (unsigned long)result <= size - done) {
            done += (size_t)result;
            interruptions = 0;
        } else if (result != -EINTR || ++interruptions == MOST_INTERRUPTIONS) {
            file->failed = result < 0 ? (int)result : -EIO; /* 0 bytes: a device without progress */
        }
    }
    return file->failed;
}

const struct vgic5_sink *vgic5_atomic_file_sink(struct vgic5_atomic_file *file)
{
    if (!file)
        return NULL;
    file->sink =
        (struct vgic5_sink){.size = sizeof(file->sink), .write = file_write, .opaque = file};
    return &file->sink;
}

/* ---- The end --------------------------------------------------------------------------------- */

static int sync_file(struct vgic5_atomic_file *file)
{
    int ret = -EINTR;

    for (unsigned int i = 0; i < MOST_INTERRUPTIONS && ret == -EINTR; i++)
        ret = file->fs.fsync(file->fs.opaque, file->fd);
    return ret;
}

static int sync_directory(struct vgic5_atomic_file *file)
{
    int ret = -EINTR;

    for (unsigned int i = 0; i < MOST_INTERRUPTIONS && ret == -EINTR; i++)
        ret = file->fs.fsync_directory(file->fs.opaque, file->path);
    return ret;
}

/* The descriptor is gone whatever close says. EINTR after a good fsync has lost nothing. */
static int close_file(struct vgic5_atomic_file *file)
{
    int ret = file->fs.close(file->fs.opaque, file->fd);

    file->fd = -1;
    return ret == -EINTR ? 0 : ret;
}

/* Up to and with the rename: a failure before it has left the old file as it was. */
static int make_visible(struct vgic5_atomic_file *file, const char **step)
{
    int ret = file->failed;

    *step = "write";
    if (ret == 0) {
        *step = "fsync";
        ret = sync_file(file);
    }
    if (ret == 0 && !file->is_named) {
        *step = "link";
        ret = take_name(file, link_here);
    }
    if (ret == 0) {
        *step = "close";
        ret = close_file(file);
    }
    if (ret == 0) {
        *step = "rename";
        ret = file->fs.rename(file->fs.opaque, file->temporary, file->path);
    }
    return ret;
}

int vgic5_atomic_file_commit(struct vgic5_atomic_file *file, struct vgic5_error *error)
{
    const char *step;
    int ret;

    if (!file)
        return error_absent(error, "file");
    ret = make_visible(file, &step);
    if (ret != 0) {
        error_set(error, VGIC5_CAUSE_ENVIRONMENT, ret, "cannot save %.400s: %s: %s", file->path,
                  step, strerror(-ret));
        vgic5_atomic_file_abandon(file);
        return ret;
    }
    ret = sync_directory(file);
    if (ret != 0)
        error_set(error, VGIC5_CAUSE_ENVIRONMENT, ret,
                  "%.300s is in place, but may not survive a power cut: fsync of its "
                  "directory: %s",
                  file->path, strerror(-ret));
    file_free(file);
    return ret;
}

void vgic5_atomic_file_abandon(struct vgic5_atomic_file *file)
{
    if (!file)
        return;
    if (file->fd >= 0)
        close_file(file);
    if (file->is_named)
        file->fs.unlink(file->fs.opaque, file->temporary);
    file_free(file);
}
