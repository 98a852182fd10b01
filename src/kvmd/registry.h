/* SPDX-License-Identifier: BSD-3-Clause */
/* The objects that VMMs have open, by the inode of their file; inotify says when one is closed for
 * good, by whichever process it was passed to. */
#ifndef KVMD_REGISTRY_H
#define KVMD_REGISTRY_H

#include <pthread.h>
#include <sys/types.h>

#include "kvmd/internal.h"

#define REGISTRY_BUCKETS 256u
/* Objects at most, of all VMMs: inotify queues 16384 events before it loses one, and each may leave
 * two. */
#define REGISTRY_MOST 4096u

struct registry_entry {
    struct registry_entry *next;
    struct kvmd_object *object;
    ino_t inode;
    int watch;
};

struct registry {
    pthread_mutex_t lock;
    struct registry_entry *buckets[REGISTRY_BUCKETS];
    size_t nr;
    int notify; /* inotify */
    int quit;   /* eventfd */
    pthread_t thread;
};

int registry_open(struct registry *registry);
void registry_close(struct registry *registry);
/* Adds the object, and hands its file over: the caller's to pass on and close. A negative errno:
 * the object has been closed. */
int registry_add(struct registry *registry, struct kvmd_object *object);
/* With a use of its own (object_put), or NULL. */
struct kvmd_object *registry_find(struct registry *registry, ino_t inode);
size_t registry_count(struct registry *registry);

#endif
