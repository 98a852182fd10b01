/* SPDX-License-Identifier: BSD-3-Clause */
/* KVM_IOEVENTFD. */
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "kvmd/internal.h"

/* Other architectures' busses: they may be named, and no store here goes there. */
#define OTHER_BUSSES (KVM_IOEVENTFD_FLAG_PIO | KVM_IOEVENTFD_FLAG_VIRTIO_CCW_NOTIFY)

bool ioeventfds_take(const struct kvmd_wires *wires, uint64_t address, unsigned size,
                     uint64_t value)
{
    for (const struct kvmd_ioeventfd *e = wires->ioeventfds; e; e = e->next) {
        if (!e->bus && e->address == address && (!e->length || e->length == size) &&
            (!e->matches || e->value == value))
            return wires_signal(&e->event);
    }
    return false;
}

static bool is_same(const struct kvmd_ioeventfd *e, const struct kvmd_ioeventfd *other)
{
    return e->event.id == other->event.id && e->bus == other->bus && e->address == other->address &&
           e->length == other->length && e->matches == other->matches &&
           (!e->matches || e->value == other->value);
}

static int ioeventfd_deassign(struct kvmd_wires *wires, const struct kvmd_ioeventfd *like)
{
    for (struct kvmd_ioeventfd **at = &wires->ioeventfds; *at; at = &(*at)->next) {
        struct kvmd_ioeventfd *e = *at;

        if (!is_same(e, like))
            continue;
        *at = e->next;
        close(e->event.fd);
        free(e);
        return 0;
    }
    return -ENOENT;
}

/* One without a length, or without a value, hears all that one with it would. */
static bool collides(const struct kvmd_ioeventfd *e, const struct kvmd_ioeventfd *other)
{
    if (e->bus != other->bus || e->address != other->address)
        return false;
    if (!e->length || !other->length)
        return true;
    return e->length == other->length &&
           (!e->matches || !other->matches || e->value == other->value);
}

static int ioeventfd_assign(struct kvmd_wires *wires, const struct kvmd_ioeventfd *like)
{
    struct kvmd_ioeventfd *made;

    for (const struct kvmd_ioeventfd *e = wires->ioeventfds; e; e = e->next) {
        if (collides(e, like))
            return -EEXIST;
    }
    made = malloc(sizeof(*made));
    if (!made)
        return -ENOMEM;
    *made = *like;
    made->next = wires->ioeventfds;
    wires->ioeventfds = made;
    return 0;
}

static bool is_possible(const struct kvm_ioeventfd *request)
{
    const uint32_t known =
        KVM_IOEVENTFD_FLAG_DATAMATCH | KVM_IOEVENTFD_FLAG_DEASSIGN | OTHER_BUSSES;
    bool is_power = request->len <= 8 && (request->len & (request->len - 1)) == 0;

    return is_power && request->addr + request->len >= request->addr &&
           !(request->flags & ~known) &&
           (request->len || !(request->flags & KVM_IOEVENTFD_FLAG_DATAMATCH));
}

int64_t kvmd_ioeventfd(struct kvmd_call *call)
{
    struct kvmd_wires *wires = &call->vm->wires;
    struct kvm_ioeventfd request;
    struct kvmd_ioeventfd like;
    bool ends;
    int ret = call_read(call, &request, sizeof(request));

    if (ret)
        return ret;
    ends = request.flags & KVM_IOEVENTFD_FLAG_DEASSIGN;
    if (!ends && !is_possible(&request))
        return -EINVAL;
    like = (struct kvmd_ioeventfd){.address = request.addr,
                                   .length = request.len,
                                   .bus = request.flags & OTHER_BUSSES,
                                   .matches = request.flags & KVM_IOEVENTFD_FLAG_DATAMATCH,
                                   .value = request.datamatch};
    ret = wires_open_eventfd(call->client, (uint32_t)request.fd, &like.event);
    if (ret)
        return ret;
    ret = ends ? ioeventfd_deassign(wires, &like) : ioeventfd_assign(wires, &like);
    if (ret || ends)
        close(like.event.fd);
    return ret;
}

void ioeventfds_destroy(struct kvmd_wires *wires)
{
    while (wires->ioeventfds) {
        struct kvmd_ioeventfd *e = wires->ioeventfds;

        wires->ioeventfds = e->next;
        close(e->event.fd);
        free(e);
    }
}
