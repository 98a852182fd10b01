/* SPDX-License-Identifier: BSD-3-Clause */
/* A VMM in this process: descriptors are numbers of a table, and memory is plain memory. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/uio.h>
#include <unistd.h>

#include "kvmd/internal.h"

#define FIRST_FD 1000000 /* no real descriptor is that high */
#define MOST_OBJECTS 4096u

struct kvmd_process {
    struct kvmd *kvmd;
    pthread_mutex_t lock;
    struct kvmd_object *objects[MOST_OBJECTS];
};

/* ---- The client ------------------------------------------------------------------------------ */

/* By the kernel, which finds out what is not there. */
static int move(uint64_t at, void *local, size_t size, bool is_write)
{
    struct iovec here = {local, size}, there = {(void *)(uintptr_t)at, size};
    ssize_t moved = is_write ? process_vm_writev(getpid(), &here, 1, &there, 1, 0)
                             : process_vm_readv(getpid(), &here, 1, &there, 1, 0);

    return moved == (ssize_t)size ? 0 : -EFAULT;
}

static int read_own(void *opaque, uint64_t at, void *to, size_t size)
{
    (void)opaque;
    return move(at, to, size, false);
}

static int write_own(void *opaque, uint64_t at, const void *from, size_t size)
{
    (void)opaque;
    return move(at, (void *)(uintptr_t)from, size, true);
}

static int duplicate(void *opaque, uint64_t number)
{
    int fd = fcntl((int)number, F_DUPFD_CLOEXEC, 0);

    (void)opaque;
    return fd < 0 ? -EBADF : fd;
}

static int map_own(void *opaque, uint64_t at, uint64_t size, void **host)
{
    (void)opaque, (void)size;
    *host = (void *)(uintptr_t)at;
    return 0;
}

static bool never_kicked(void *opaque)
{
    (void)opaque;
    return false;
}

static int no_descriptor(void *opaque)
{
    (void)opaque;
    return -1;
}

static const struct kvmd_client own_process = {.read = read_own,
                                               .write = write_own,
                                               .descriptor = duplicate,
                                               .map = map_own,
                                               .kicked = never_kicked,
                                               .kick_descriptor = no_descriptor};

/* ---- Descriptors ----------------------------------------------------------------------------- */

static int number_of(struct kvmd_process *process, struct kvmd_object *object)
{
    int fd = -EMFILE;

    pthread_mutex_lock(&process->lock);
    for (unsigned n = 0; n < MOST_OBJECTS; n++) {
        if (process->objects[n])
            continue;
        process->objects[n] = object;
        fd = FIRST_FD + (int)n;
        break;
    }
    pthread_mutex_unlock(&process->lock);
    if (fd < 0)
        kvmd_close(object);
    return fd;
}

static struct kvmd_object *object_of(struct kvmd_process *process, int fd, bool take)
{
    struct kvmd_object *object = NULL;

    if (fd < FIRST_FD || fd >= FIRST_FD + (int)MOST_OBJECTS)
        return NULL;
    pthread_mutex_lock(&process->lock);
    object = process->objects[fd - FIRST_FD];
    if (take)
        process->objects[fd - FIRST_FD] = NULL;
    else if (object)
        object_get(object);
    pthread_mutex_unlock(&process->lock);
    return object;
}

static int failed(int ret)
{
    errno = -ret;
    return -1;
}

static int process_open(void *opaque, const char *path, int flags)
{
    struct kvmd_process *process = opaque;
    struct kvmd_object *object;
    int ret;

    if (strcmp(path, "/dev/kvm") != 0)
        return open(path, flags);
    ret = kvmd_open(process->kvmd, &object);
    if (ret == 0)
        ret = number_of(process, object);
    return ret < 0 ? failed(ret) : ret;
}

static int process_close(void *opaque, int fd)
{
    struct kvmd_object *object = object_of(opaque, fd, true);

    if (!object)
        return close(fd);
    kvmd_close(object);
    return 0;
}

/* The number of what was made, where it has to go. */
static int give_number(struct kvmd_process *process, const struct kvmd_reply *reply)
{
    int fd = number_of(process, reply->made);
    uint32_t number = (uint32_t)fd;

    if (fd < 0 || !reply->made_at)
        return fd;
    return write_own(NULL, reply->made_at, &number, sizeof(number));
}

static int process_ioctl(void *opaque, int fd, unsigned long request, uintptr_t argument)
{
    struct kvmd_object *object = object_of(opaque, fd, false);
    struct kvmd_reply reply;
    int ret;

    if (!object)
        return failed(-EBADF);
    kvmd_ioctl(object, &own_process, (uint32_t)request, argument, &reply);
    ret = reply.made ? give_number(opaque, &reply) : (int)reply.value;
    object_put(object);
    return ret < 0 ? failed(ret) : ret;
}

static void *process_map(void *opaque, int fd, size_t size)
{
    struct kvmd_object *object = object_of(opaque, fd, false);
    void *at;

    if (!object)
        return NULL;
    at = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, kvmd_file(object), 0);
    object_put(object);
    return at == MAP_FAILED ? NULL : at;
}

static void process_unmap(void *opaque, void *at, size_t size)
{
    (void)opaque;
    munmap(at, size);
}

static const char *arm64(void *opaque)
{
    (void)opaque;
    return "aarch64";
}

void kvmd_calls(struct kvmd_process *process, struct vgic5_kvm_calls *calls)
{
    *calls = (struct vgic5_kvm_calls){.size = sizeof(*calls),
                                      .opaque = process,
                                      .open = process_open,
                                      .close = process_close,
                                      .ioctl = process_ioctl,
                                      .map = process_map,
                                      .unmap = process_unmap,
                                      .machine = arm64};
}

int kvmd_process_create(struct kvmd *kvmd, struct kvmd_process **process)
{
    struct kvmd_process *made = calloc(1, sizeof(*made));

    if (!made || pthread_mutex_init(&made->lock, NULL)) {
        free(made);
        return -ENOMEM;
    }
    made->kvmd = kvmd;
    *process = made;
    return 0;
}

/* What the VMM has left open is closed, as at the end of a process. */
void kvmd_process_destroy(struct kvmd_process *process)
{
    if (!process)
        return;
    for (unsigned n = 0; n < MOST_OBJECTS; n++) {
        if (process->objects[n])
            kvmd_close(process->objects[n]);
    }
    pthread_mutex_destroy(&process->lock);
    free(process);
}
