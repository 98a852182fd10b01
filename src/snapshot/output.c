/* SPDX-License-Identifier: BSD-3-Clause */
#include "snapshot/output.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "facts/error.h"
#include "snapshot/pipes.h"

static bool is_given_up(const struct output *output)
{
    return output->given_up && output->given_up(output->opaque);
}

static int put(void *opaque, const void *bytes, size_t size)
{
    struct output *output = opaque;
    const struct vgic5_sink *file;

    if (is_given_up(output))
        return -ECANCELED;
    output->bytes += size;
    if (output->pipe >= 0)
        return pipe_write(output->pipe, bytes, size, output->given_up, output->opaque);
    file = vgic5_atomic_file_sink(output->file);
    return file->write(file->opaque, bytes, size);
}

int output_open(const char *path, bool (*given_up)(void *opaque), void *opaque,
                struct output *output, struct vgic5_error *error)
{
    *output = (struct output){.pipe = -1, .path = path, .given_up = given_up, .opaque = opaque};
    return pipe_is(path) ? pipe_open(path, &output->pipe, error)
                         : vgic5_atomic_file_create(path, NULL, &output->file, error);
}

const struct vgic5_sink *output_sink(struct output *output)
{
    output->sink = (struct vgic5_sink){sizeof(output->sink), put, output};
    return &output->sink;
}

/* Who can give up waits for the reader. */
static int close_pipe(struct output *output, int ret, struct vgic5_error *error)
{
    int unread = 0;

    if (ret == 0 && output->given_up) {
        ret = pipe_drain(output->pipe, output->given_up, output->opaque, &unread);
        if (ret != 0)
            error_set(error, VGIC5_CAUSE_ENVIRONMENT, ret,
                      "%.400s: %s, with %d bytes in the pipe that were not read", output->path,
                      ret == -EPIPE ? "its reader has gone" : strerror(-ret), unread);
    }
    close(output->pipe);
    return ret;
}

int output_close(struct output *output, int ret, struct vgic5_error *error)
{
    if (output->pipe >= 0)
        return close_pipe(output, ret, error);
    if (ret == 0 && is_given_up(output))
        ret = -ECANCELED;
    if (ret == 0)
        return vgic5_atomic_file_commit(output->file, error);
    vgic5_atomic_file_abandon(output->file);
    return ret;
}
