/* SPDX-License-Identifier: BSD-3-Clause */
#include "kvmd/registry.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

/* ---- Entries --------------------------------------------------------------------------------- */

static struct registry_entry **bucket_of(struct registry *registry, ino_t inode)
{
    return &registry->buckets[inode % REGISTRY_BUCKETS];
}

struct kvmd_object *registry_find(struct registry *registry, ino_t inode)
{
    struct kvmd_object *object = NULL;

    pthread_mutex_lock(&registry->lock);
    for (struct registry_entry *e = *bucket_of(registry, inode); e && !object; e = e->next) {
        if (e->inode == inode)
            object = e->object;
    }
    if (object)
        object_get(object);
    pthread_mutex_unlock(&registry->lock);
    return object;
}

size_t registry_count(struct registry *registry)
{
    size_t nr;

    pthread_mutex_lock(&registry->lock);
    nr = registry->nr;
    pthread_mutex_unlock(&registry->lock);
    return nr;
}

/* The watch is there before the VMM has the file, so that no close is missed. */
static int watch_file(const struct registry *registry, int fd)
{
    char path[32];
    int watch;

    snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
    watch = inotify_add_watch(registry->notify, path, IN_CLOSE);
    return watch < 0 ? -errno : watch;
}

int registry_add(struct registry *registry, struct kvmd_object *object)
{
    struct registry_entry *entry = calloc(1, sizeof(*entry));
    struct registry_entry **bucket;
    struct stat status;
    int fd;

    if (!entry || fstat(kvmd_file(object), &status) != 0) {
        free(entry);
        kvmd_close(object);
        return -ENOMEM;
    }
    *entry = (struct registry_entry){.object = object, .inode = status.st_ino};
    pthread_mutex_lock(&registry->lock);
    entry->watch = registry->nr < REGISTRY_MOST ? watch_file(registry, kvmd_file(object)) : -ENFILE;
    if (entry->watch < 0) {
        int ret = entry->watch;

        pthread_mutex_unlock(&registry->lock);
        free(entry);
        kvmd_close(object);
        return ret;
    }
    bucket = bucket_of(registry, entry->inode);
    entry->next = *bucket;
    *bucket = entry;
    registry->nr++;
    fd = kvmd_release_file(object);
    pthread_mutex_unlock(&registry->lock);
    return fd;
}

/* Takes out the entry with this watch, or any. */
static struct kvmd_object *take(struct registry *registry, int watch, bool any)
{
    struct kvmd_object *object = NULL;

    pthread_mutex_lock(&registry->lock);
    for (unsigned n = 0; n < REGISTRY_BUCKETS && !object; n++) {
        for (struct registry_entry **at = &registry->buckets[n]; *at; at = &(*at)->next) {
            struct registry_entry *entry = *at;

            if (!any && entry->watch != watch)
                continue;
            *at = entry->next;
            object = entry->object;
            inotify_rm_watch(registry->notify, entry->watch);
            registry->nr--;
            free(entry);
            break;
        }
    }
    pthread_mutex_unlock(&registry->lock);
    return object;
}

/* ---- The thread ------------------------------------------------------------------------------ */

static void hear(struct registry *registry)
{
    char buffer[4096] __attribute__((aligned(8)));
    ssize_t size = read(registry->notify, buffer, sizeof(buffer));

    for (const char *at = buffer; size > 0 && at < buffer + size;) {
        const struct inotify_event *event = (const void *)at;
        struct kvmd_object *object =
            event->mask & IN_CLOSE ? take(registry, event->wd, false) : NULL;

        if (object)
            kvmd_close(object);
        at += sizeof(*event) + event->len;
    }
}

static void *listen_for_closes(void *opaque)
{
    struct registry *registry = opaque;
    struct pollfd polls[2] = {{.fd = registry->notify, .events = POLLIN},
                              {.fd = registry->quit, .events = POLLIN}};

    for (;;) {
        if (poll(polls, 2, -1) < 0)
            continue;
        if (polls[1].revents)
            return NULL;
        if (polls[0].revents)
            hear(registry);
    }
}

int registry_open(struct registry *registry)
{
    int ret;

    registry->notify = inotify_init1(IN_CLOEXEC);
    registry->quit = eventfd(0, EFD_CLOEXEC);
    if (registry->notify < 0 || registry->quit < 0)
        return -errno;
    ret = pthread_mutex_init(&registry->lock, NULL);
    return -(ret ? ret : pthread_create(&registry->thread, NULL, listen_for_closes, registry));
}

void registry_close(struct registry *registry)
{
    const uint64_t one = 1;
    struct kvmd_object *object;

    if (write(registry->quit, &one, sizeof(one)) == sizeof(one))
        pthread_join(registry->thread, NULL);
    while ((object = take(registry, 0, true)) != NULL)
        kvmd_close(object);
    close(registry->notify);
    close(registry->quit);
    pthread_mutex_destroy(&registry->lock);
}
