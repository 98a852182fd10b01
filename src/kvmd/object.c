/* SPDX-License-Identifier: BSD-3-Clause */
/* Objects: an unlinked file each, so that dup, fork, mmap and close are the real kernel's business.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "kvmd/internal.h"

/* Not a memfd where it can be helped: inotify says when a file in /dev/shm is closed for good. */
static int new_file(size_t size)
{
    int fd = open("/dev/shm", O_RDWR | O_TMPFILE | O_CLOEXEC, 0600);

    if (fd < 0)
        fd = memfd_create("kvm", MFD_CLOEXEC);
    if (fd < 0)
        return -errno;
    if (ftruncate(fd, (off_t)size) != 0) {
        int ret = -errno;

        close(fd);
        return ret;
    }
    return fd;
}

struct kvmd_object *object_create(enum kvmd_kind kind, struct kvmd *kvmd, size_t size, int *ret)
{
    struct kvmd_object *object = calloc(1, sizeof(*object));

    if (!object) {
        *ret = -ENOMEM;
        return NULL;
    }
    object->kind = kind;
    object->kvmd = kvmd;
    object->users = 1;
    object->fd = new_file(size);
    if (object->fd < 0) {
        *ret = object->fd;
        free(object);
        return NULL;
    }
    return object;
}

int kvmd_open(struct kvmd *kvmd, struct kvmd_object **object)
{
    int ret = 0;
    struct kvmd_object *made = object_create(KVMD_SYSTEM, kvmd, 0, &ret);

    if (made)
        *object = made;
    return ret;
}

int kvmd_file(const struct kvmd_object *object)
{
    return object->fd;
}

int kvmd_release_file(struct kvmd_object *object)
{
    int fd = object->fd;

    object->fd = -1;
    return fd;
}

void object_get(struct kvmd_object *object)
{
    __atomic_add_fetch(&object->users, 1, __ATOMIC_RELAXED);
}

void object_put(struct kvmd_object *object)
{
    struct kvmd_vm *vm = object->vm;

    if (__atomic_sub_fetch(&object->users, 1, __ATOMIC_ACQ_REL) != 0)
        return;
    if (object->fd >= 0)
        close(object->fd);
    free(object);
    if (vm && __atomic_sub_fetch(&vm->objects, 1, __ATOMIC_ACQ_REL) == 0)
        vm->end(vm);
}

void kvmd_close(struct kvmd_object *object)
{
    object_put(object);
}

const char *kvmd_kind_name(enum kvmd_kind kind)
{
    static const char *const names[] = {
        [KVMD_SYSTEM] = "kvm", [KVMD_VM] = "vm", [KVMD_VCPU] = "vcpu", [KVMD_DEVICE] = "device"};

    return names[kind];
}

const char *kvmd_object_name(const struct kvmd_object *object)
{
    return kvmd_kind_name(object->kind);
}

static int make_engine(struct kvmd *kvmd, struct vgic5_error *error)
{
    int ret = vcpu_engine_create(kvmd->config.engine, &kvmd->no_memory, &kvmd->clock, &kvmd->engine,
                                 error);

    if (ret || vcpu_engine_lets_leave(kvmd->engine))
        return ret;
    ret = error_set(error, VGIC5_CAUSE_ENVIRONMENT, -ENOTSUP,
                    "the emulated /dev/kvm needs an engine that lets accesses to devices leave at "
                    "their instruction: %s, as it is linked here, does not",
                    vcpu_engine_name(kvmd->engine));
    vcpu_engine_destroy(kvmd->engine);
    return ret;
}

int kvmd_create(const struct kvmd_config *config, struct kvmd **kvmd, struct vgic5_error *error)
{
    struct kvmd *made = calloc(1, sizeof(*made));
    int ret;

    if (!made)
        return error_no_memory(error, "the emulated KVM");
    made->config = *config;
    made->pe_host = clock_pe_host();
    ret = make_engine(made, error);
    if (ret) {
        free(made);
        return ret;
    }
    *kvmd = made;
    return 0;
}

void kvmd_destroy(struct kvmd *kvmd)
{
    if (kvmd)
        vcpu_engine_destroy(kvmd->engine);
    free(kvmd);
}
