/* SPDX-License-Identifier: BSD-3-Clause */
/* KVM_IRQ_LINE, GSI routing, irqfds and ioeventfds. */
#include "kvmd/wires.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "kvmd/internal.h"

/* ---- KVM_IRQ_LINE ---------------------------------------------------------------------------- */

/* Without an interrupt controller of the kernel's: the line of a vCPU itself, IRQ or FIQ. */
static int vcpu_line(struct kvmd_vm *vm, const struct kvm_irq_level *line)
{
    uint32_t index = (line->irq >> 16 & 0xff) | (line->irq >> 28 & 0xf) << 8;
    uint32_t number = line->irq & 0xffff;

    if ((line->irq >> 24 & 0xf) != VGIC5_IRQ_TYPE_CPU || index >= vm->nr_vcpus || number > 1)
        return -EINVAL;
    if (number == 0)
        vcpu_line_changed(vm, vm->vcpus[index]->id, line->level ? VGIC5_LINE_IRQ : VGIC5_LINE_NONE);
    return 0;
}

int64_t kvmd_irq_line(struct kvmd_call *call)
{
    struct kvm_irq_level line;
    int ret = call_read(call, &line, sizeof(line));

    if (ret)
        return ret;
    if (!call->vm->gic)
        return vcpu_line(call->vm, &line);
    return vgic5_irq_line(call->vm->gic, line.irq, line.level);
}

/* ---- KVM_SET_GSI_ROUTING --------------------------------------------------------------------- */

/* Where `gsi` goes; -1: nowhere. */
static int32_t spi_of(const struct kvmd_wires *wires, uint32_t gsi)
{
    if (!wires->spi_of_gsi)
        return gsi < VGIC5_NR_SPIS_MAX ? (int32_t)gsi : -1;
    return gsi < wires->nr_gsis ? wires->spi_of_gsi[gsi] : -1;
}

static int take_route(const struct kvm_irq_routing_entry *entry, int32_t *spi_of_gsi)
{
    if (entry->gsi >= KVMD_MAX_ROUTES || entry->flags)
        return -EINVAL;
    if (entry->type != KVM_IRQ_ROUTING_IRQCHIP) /* an MSI needs an ITS, which a VGICv5 lacks */
        return entry->type == KVM_IRQ_ROUTING_MSI ? 0 : -EINVAL;
    if (entry->u.irqchip.irqchip || entry->u.irqchip.pin >= VGIC5_NR_SPIS_MAX)
        return -EINVAL;
    spi_of_gsi[entry->gsi] = (int32_t)entry->u.irqchip.pin;
    return 0;
}

static int read_routes(struct kvmd_call *call, uint32_t number, int32_t *spi_of_gsi)
{
    const struct kvmd_client *client = call->client;
    uint64_t at = call->argument + offsetof(struct kvm_irq_routing, entries);
    int ret = 0;

    for (uint32_t gsi = 0; gsi < KVMD_MAX_ROUTES; gsi++)
        spi_of_gsi[gsi] = -1;
    for (uint32_t n = 0; n < number && ret == 0; n++) {
        struct kvm_irq_routing_entry entry;

        ret = client->read(client->opaque, at + n * sizeof(entry), &entry, sizeof(entry));
        if (ret == 0)
            ret = take_route(&entry, spi_of_gsi);
    }
    return ret;
}

int64_t kvmd_set_gsi_routing(struct kvmd_call *call)
{
    struct kvmd_wires *wires = &call->vm->wires;
    struct {
        uint32_t nr, flags;
    } routing;
    int32_t *spi_of_gsi;
    int ret = call_read(call, &routing, sizeof(routing));

    if (ret)
        return ret;
    if (!call->vm->gic || routing.nr > KVMD_MAX_ROUTES || routing.flags)
        return -EINVAL;
    spi_of_gsi = malloc(KVMD_MAX_ROUTES * sizeof(*spi_of_gsi));
    if (!spi_of_gsi)
        return -ENOMEM;
    ret = read_routes(call, routing.nr, spi_of_gsi);
    if (ret) {
        free(spi_of_gsi);
        return ret;
    }
    free(wires->spi_of_gsi);
    wires->spi_of_gsi = spi_of_gsi;
    wires->nr_gsis = KVMD_MAX_ROUTES;
    return 0;
}

/* ---- irqfds ---------------------------------------------------------------------------------- */

/* One write of an eventfd is one interrupt. */
static void ring(struct kvmd_vm *vm, const struct kvmd_irqfd *irqfd)
{
    int32_t spi = spi_of(&vm->wires, irqfd->gsi);

    if (spi < 0)
        return;
    vgic5_irq_line(vm->gic, VGIC5_IRQ_SPI(spi), true);
    vgic5_irq_line(vm->gic, VGIC5_IRQ_SPI(spi), false);
}

static struct kvmd_irqfd *irqfd_of(const struct kvmd_wires *wires, int fd)
{
    struct kvmd_irqfd *irqfd = wires->irqfds;

    while (irqfd && irqfd->fd != fd)
        irqfd = irqfd->next;
    return irqfd;
}

static void *listen(void *opaque)
{
    struct kvmd_vm *vm = opaque;
    struct epoll_event event;

    for (;;) {
        const struct kvmd_irqfd *irqfd;
        uint64_t count;
        int n = epoll_wait(vm->wires.epoll, &event, 1, -1);

        if (n < 0 && errno != EINTR)
            return NULL;
        if (n <= 0)
            continue;
        if (event.data.fd == vm->wires.quit)
            return NULL;
        turn_lock(&vm->lock);
        irqfd = irqfd_of(&vm->wires, event.data.fd);
        if (irqfd && read(irqfd->fd, &count, sizeof(count)) == sizeof(count))
            ring(vm, irqfd);
        turn_unlock(&vm->lock);
    }
}

static int start_thread(struct kvmd_vm *vm)
{
    struct kvmd_wires *wires = &vm->wires;
    struct epoll_event event = {.events = EPOLLIN};

    if (wires->has_thread)
        return 0;
    wires->epoll = epoll_create1(EPOLL_CLOEXEC);
    wires->quit = eventfd(0, EFD_CLOEXEC);
    event.data.fd = wires->quit;
    if (wires->epoll < 0 || wires->quit < 0 ||
        epoll_ctl(wires->epoll, EPOLL_CTL_ADD, wires->quit, &event) != 0)
        return -errno;
    wires->has_thread = pthread_create(&wires->thread, NULL, listen, vm) == 0;
    return wires->has_thread ? 0 : -EAGAIN;
}

static void irqfd_free(struct kvmd_irqfd *irqfd)
{
    close(irqfd->fd);
    free(irqfd);
}

/* The kernel compares eventfds; here they are duplicates, so the number of the GSI decides. */
static int irqfd_deassign(struct kvmd_wires *wires, uint32_t gsi)
{
    struct kvmd_irqfd **at = &wires->irqfds;

    while (*at) {
        struct kvmd_irqfd *irqfd = *at;

        if (irqfd->gsi != gsi) {
            at = &irqfd->next;
            continue;
        }
        *at = irqfd->next;
        epoll_ctl(wires->epoll, EPOLL_CTL_DEL, irqfd->fd, NULL);
        irqfd_free(irqfd);
    }
    return 0;
}

static int irqfd_open(struct kvmd_call *call, const struct kvm_irqfd *request,
                      struct kvmd_irqfd *irqfd)
{
    const struct kvmd_client *client = call->client;

    irqfd->gsi = request->gsi;
    irqfd->fd = client->descriptor(client->opaque, request->fd);
    return irqfd->fd < 0 ? irqfd->fd : 0;
}

static int irqfd_assign(struct kvmd_call *call, const struct kvm_irqfd *request)
{
    struct kvmd_wires *wires = &call->vm->wires;
    struct kvmd_irqfd *irqfd = calloc(1, sizeof(*irqfd));
    struct epoll_event event = {.events = EPOLLIN};
    int ret;

    if (!irqfd)
        return -ENOMEM;
    irqfd->fd = -1;
    ret = irqfd_open(call, request, irqfd);
    if (ret == 0)
        ret = start_thread(call->vm);
    event.data.fd = irqfd->fd;
    if (ret == 0 && epoll_ctl(wires->epoll, EPOLL_CTL_ADD, irqfd->fd, &event) != 0)
        ret = errno == EPERM ? -EINVAL : -errno; /* a regular file is no eventfd */
    if (ret) {
        if (irqfd->fd >= 0)
            close(irqfd->fd);
        free(irqfd);
        return ret;
    }
    irqfd->next = wires->irqfds;
    wires->irqfds = irqfd;
    return 0;
}

int64_t kvmd_irqfd(struct kvmd_call *call)
{
    struct kvm_irqfd request;
    int ret = call_read(call, &request, sizeof(request));

    if (ret)
        return ret;
    /* KVM_CAP_IRQFD_RESAMPLE is 0: a level that nobody lowers would stay for ever. */
    if (request.flags & ~(uint32_t)KVM_IRQFD_FLAG_DEASSIGN)
        return -EINVAL;
    if (request.flags & KVM_IRQFD_FLAG_DEASSIGN)
        return irqfd_deassign(&call->vm->wires, request.gsi);
    return call->vm->gic ? irqfd_assign(call, &request) : -EAGAIN;
}

/* ---- ioeventfds ------------------------------------------------------------------------------ */

bool wires_store(struct kvmd_wires *wires, uint64_t address, unsigned size, uint64_t value)
{
    const uint64_t one = 1;

    for (struct kvmd_ioeventfd *e = wires->ioeventfds; e; e = e->next) {
        if (e->address != address || (e->length && e->length != size) ||
            (e->matches && e->value != value))
            continue;
        return write(e->fd, &one, sizeof(one)) == sizeof(one) || errno == EAGAIN;
    }
    return false;
}

static bool same_place(const struct kvmd_ioeventfd *e, const struct kvm_ioeventfd *request)
{
    bool matches = request->flags & KVM_IOEVENTFD_FLAG_DATAMATCH;

    return e->address == request->addr && e->length == request->len && e->matches == matches &&
           (!matches || e->value == request->datamatch);
}

static int ioeventfd_deassign(struct kvmd_wires *wires, const struct kvm_ioeventfd *request)
{
    for (struct kvmd_ioeventfd **at = &wires->ioeventfds; *at; at = &(*at)->next) {
        struct kvmd_ioeventfd *e = *at;

        if (!same_place(e, request))
            continue;
        *at = e->next;
        close(e->fd);
        free(e);
        return 0;
    }
    return -ENOENT;
}

/* One without a length, or without a value, hears all that one with it would. */
static bool collides(const struct kvmd_ioeventfd *e, const struct kvm_ioeventfd *request)
{
    bool matches = request->flags & KVM_IOEVENTFD_FLAG_DATAMATCH;

    return e->address == request->addr &&
           (!e->length || !request->len || e->length == request->len) &&
           (!e->length || !request->len || !e->matches || !matches ||
            e->value == request->datamatch);
}

static int ioeventfd_assign(struct kvmd_call *call, const struct kvm_ioeventfd *request)
{
    struct kvmd_wires *wires = &call->vm->wires;
    struct kvmd_ioeventfd *made;
    int fd;

    for (const struct kvmd_ioeventfd *e = wires->ioeventfds; e; e = e->next) {
        if (collides(e, request))
            return -EEXIST;
    }
    fd = call->client->descriptor(call->client->opaque, (uint64_t)(uint32_t)request->fd);
    if (fd < 0)
        return fd;
    made = calloc(1, sizeof(*made));
    if (!made) {
        close(fd);
        return -ENOMEM;
    }
    *made = (struct kvmd_ioeventfd){.next = wires->ioeventfds,
                                    .fd = fd,
                                    .address = request->addr,
                                    .length = request->len,
                                    .matches = request->flags & KVM_IOEVENTFD_FLAG_DATAMATCH,
                                    .value = request->datamatch};
    wires->ioeventfds = made;
    return 0;
}

int64_t kvmd_ioeventfd(struct kvmd_call *call)
{
    const uint32_t known = KVM_IOEVENTFD_FLAG_DATAMATCH | KVM_IOEVENTFD_FLAG_DEASSIGN;
    struct kvm_ioeventfd request;
    int ret = call_read(call, &request, sizeof(request));

    if (ret)
        return ret;
    if (request.flags & ~known || request.len > 8 || (request.len & (request.len - 1)) ||
        request.addr + request.len < request.addr ||
        (!request.len && request.flags & KVM_IOEVENTFD_FLAG_DATAMATCH))
        return -EINVAL;
    if (request.flags & KVM_IOEVENTFD_FLAG_DEASSIGN)
        return ioeventfd_deassign(&call->vm->wires, &request);
    return ioeventfd_assign(call, &request);
}

/* ---- The end --------------------------------------------------------------------------------- */

void wires_destroy(struct kvmd_vm *vm)
{
    struct kvmd_wires *wires = &vm->wires;
    const uint64_t one = 1;

    if (wires->has_thread && write(wires->quit, &one, sizeof(one)) == sizeof(one))
        pthread_join(wires->thread, NULL);
    if (wires->epoll >= 0)
        close(wires->epoll);
    if (wires->quit >= 0)
        close(wires->quit);
    while (wires->irqfds) {
        struct kvmd_irqfd *irqfd = wires->irqfds;

        wires->irqfds = irqfd->next;
        irqfd_free(irqfd);
    }
    while (wires->ioeventfds) {
        struct kvmd_ioeventfd *e = wires->ioeventfds;

        wires->ioeventfds = e->next;
        close(e->fd);
        free(e);
    }
    free(wires->spi_of_gsi);
}
