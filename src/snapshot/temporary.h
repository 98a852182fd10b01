/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A file before it has its name. Where the file system can, it has none at all (O_TMPFILE), and who
 * is killed leaves nothing behind. Elsewhere, and between its link and its rename, it is
 * DIR/.NAME.PID.N.tmp, with a lock (flock) that lasts as long as its process: what nobody holds any
 * longer is removed by the next save to the same NAME.
 */
#ifndef SNAPSHOT_TEMPORARY_H
#define SNAPSHOT_TEMPORARY_H

#include <stddef.h>

size_t temporary_size(const char *path); /* of the name, with its NUL */
void temporary_name(char *name, const char *path, unsigned int attempt);

/* 0 and a locked descriptor, mode 0600, for writing; or a negative errno. */
int temporary_open_unnamed(const char *path, int *fd); /* in the directory of `path` */
int temporary_open_named(const char *name, int *fd);   /* -EEXIST: it is somebody's */
/* A name for what has none. -EEXIST: it is somebody's. */
int temporary_link(int fd, const char *name);

/* Those of `path` whose process has gone. */
void temporary_remove_dead(const char *path);

#endif
