/* SPDX-License-Identifier: BSD-3-Clause */
/* Snapshots through pipes: written as they come, and read where random access is wanted. */
#ifndef SNAPSHOT_PIPES_H
#define SNAPSHOT_PIPES_H

#include <stdbool.h>
#include <stddef.h>

#include <vgic5/snapshot.h>

/* A pipe or a FIFO, which cannot appear whole or not at all. */
bool pipe_is(const char *path);
/* For writing; somebody must have it open for reading. */
int pipe_open(const char *path, int *fd, struct vgic5_error *error);
/* All of it, unless nobody reads any more (-EPIPE) or `given_up` (may be NULL) says so
 * (-ECANCELED). */
int pipe_write(int fd, const void *bytes, size_t size, bool (*given_up)(void *opaque),
               void *opaque);
/* Wait until all has been read. -EPIPE: the reader has gone before that, with so many bytes unread;
 * -ECANCELED. */
int pipe_drain(int fd, bool (*given_up)(void *opaque), void *opaque, int *unread);

/* What a verb reads more than once comes from a pipe: its content, at most 1 GiB, as a file that
 * has no other name than the new `*path`. A file stays what it is. */
struct spooled {
    char path[32];
};
int pipe_spool(const char **path, struct spooled *spooled, struct vgic5_error *error);

#endif
