/* SPDX-License-Identifier: BSD-3-Clause */
#include "memory_file.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int append(void *opaque, const void *bytes, size_t size)
{
    struct memory_file *file = opaque;
    uint8_t *longer = realloc(file->bytes, file->size + size);

    if (!longer)
        return -ENOMEM;
    memcpy(longer + file->size, bytes, size);
    file->bytes = longer;
    file->size += size;
    return 0;
}

static struct memory_file written(put_sections *put, void *context)
{
    struct memory_file file = {0};
    struct vgic5_sink sink = {.size = sizeof(sink), .write = append, .opaque = &file};
    struct vgic5_snapshot_writer *writer;
    struct vgic5_error error = {0};

    assert_int_equal(vgic5_snapshot_begin(&sink, "contract test", &writer, &error), 0);
    put(writer, context);
    assert_int_equal(vgic5_snapshot_end(writer, &error), 0);
    return file;
}

static void put_state(struct vgic5_snapshot_writer *writer, void *context)
{
    struct vgic5_error error = {0};

    assert_int_equal(vgic5_state_to_snapshot(context, writer, &error), 0);
}

struct memory_file memory_file_of(const struct vgic5_state *state)
{
    return written(put_state, (void *)(uintptr_t)state);
}

void memory_file_free(struct memory_file *file)
{
    free(file->bytes);
    file->bytes = NULL;
}

/* The reader wants a file with a name. */
struct vgic5_snapshot *memory_snapshot(put_sections *put, void *context)
{
    char path[] = P_tmpdir "/vgic5-contract-XXXXXX";
    struct memory_file file = written(put, context);
    struct vgic5_snapshot *snapshot;
    struct vgic5_error error = {0};
    int fd = mkstemp(path);

    assert_true(fd >= 0);
    assert_int_equal(write(fd, file.bytes, file.size), file.size);
    close(fd);
    if (vgic5_snapshot_open_file(path, &snapshot, &error))
        fail_msg("%s", error.message);
    unlink(path);
    memory_file_free(&file);
    return snapshot;
}

struct vgic5_snapshot *memory_snapshot_of(const struct vgic5_state *state)
{
    return memory_snapshot(put_state, (void *)(uintptr_t)state);
}
