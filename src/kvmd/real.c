/* SPDX-License-Identifier: BSD-3-Clause */
#include "kvmd/real.h"

#include <stdlib.h>
#include <string.h>

#include "kvmd/internal.h"

/* A descriptor of a process, as the ioctl that made it has said. */
struct descriptor {
    struct descriptor *next;
    uint64_t process, number;
    enum kvmd_kind kind;
    uint32_t vm;
    int64_t vcpu; /* its id; -1: of none */
};

struct kvmd_real {
    pthread_mutex_t lock;
    const struct kvmd_observer *observer;
    void *opaque;
    struct descriptor *descriptors;
    uint32_t nr_vms;
};

struct kvmd_real *kvmd_real_create(const struct kvmd_observer *observer, void *opaque)
{
    struct kvmd_real *real = calloc(1, sizeof(*real));

    if (!real)
        return NULL;
    pthread_mutex_init(&real->lock, NULL);
    real->observer = observer;
    real->opaque = opaque;
    return real;
}

void kvmd_real_destroy(struct kvmd_real *real)
{
    struct descriptor *next;

    for (struct descriptor *d = real ? real->descriptors : NULL; d; d = next) {
        next = d->next;
        free(d);
    }
    if (real)
        pthread_mutex_destroy(&real->lock);
    free(real);
}

static struct descriptor *find(struct kvmd_real *real, uint64_t process, uint64_t number)
{
    struct descriptor *d = real->descriptors;

    while (d && (d->process != process || d->number != number))
        d = d->next;
    return d;
}

/* Nobody says when one is closed: a number that has another kind's ioctl is another object by now;
 * and of one that was never seen, the ioctl says the kind. */
static struct descriptor identify(struct kvmd_real *real, const struct shim_message *message)
{
    struct descriptor unknown = {.vcpu = -1};
    const struct descriptor *d;

    pthread_mutex_lock(&real->lock);
    d = find(real, message->dev, message->ino);
    if (d && kvmd_ioctl_of(d->kind, (uint32_t)message->cmd))
        unknown = *d;
    else
        while (unknown.kind < KVMD_DEVICE && !kvmd_ioctl_of(unknown.kind, (uint32_t)message->cmd))
            unknown.kind++;
    pthread_mutex_unlock(&real->lock);
    return unknown;
}

void kvmd_real_seen(struct kvmd_real *real, const struct kvmd_client *client,
                    const struct shim_message *message)
{
    const struct descriptor d = identify(real, message);
    const struct kvmd_seen seen = {.object = kvmd_kind_name(d.kind),
                                   .vm = d.vm,
                                   .vcpu = d.vcpu,
                                   .name = kvmd_ioctl_of(d.kind, (uint32_t)message->cmd),
                                   .request = (uint32_t)message->cmd,
                                   .argument = message->arg,
                                   .client = client,
                                   .value = message->error ? message->error : message->value};

    if (real->observer && real->observer->after)
        real->observer->after(real->opaque, &seen);
}

static void add(struct kvmd_real *real, const struct descriptor *made)
{
    struct descriptor *d;

    pthread_mutex_lock(&real->lock);
    d = find(real, made->process, made->number);
    if (!d) {
        d = malloc(sizeof(*d));
        if (d) {
            d->next = real->descriptors;
            real->descriptors = d;
        }
    }
    if (d) {
        struct descriptor *next = d->next;

        *d = *made;
        d->next = next;
        if (d->kind == KVMD_VM)
            d->vm = ++real->nr_vms;
    }
    pthread_mutex_unlock(&real->lock);
}

void kvmd_real_made(struct kvmd_real *real, const struct kvmd_client *client,
                    const struct shim_message *message)
{
    const struct descriptor parent = identify(real, message);
    const char *name = kvmd_ioctl_of(parent.kind, (uint32_t)message->cmd);
    struct descriptor made = {
        .process = message->dev, .number = (uint64_t)message->value, .vm = parent.vm, .vcpu = -1};
    struct kvm_create_device device;

    if (message->error || !name)
        return;
    if (strcmp(name, "KVM_CREATE_VM") == 0) {
        made.kind = KVMD_VM;
    } else if (strcmp(name, "KVM_CREATE_VCPU") == 0) {
        made.kind = KVMD_VCPU;
        made.vcpu = (int64_t)message->arg;
    } else if (strcmp(name, "KVM_CREATE_DEVICE") == 0 &&
               client->read(client->opaque, message->arg, &device, sizeof(device)) == 0 &&
               !(device.flags & KVM_CREATE_DEVICE_TEST)) {
        made.kind = KVMD_DEVICE;
        made.number = device.fd;
    } else {
        return;
    }
    add(real, &made);
}
