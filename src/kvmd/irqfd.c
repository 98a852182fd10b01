/* SPDX-License-Identifier: BSD-3-Clause */
/* KVM_IRQFD. */
#include <errno.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/uio.h>
#include <unistd.h>

#include "kvmd/internal.h"

/* ---- Lines ----------------------------------------------------------------------------------- */

static bool resamples(const struct kvmd_irqfd *irqfd)
{
    return irqfd->resample.fd >= 0;
}

static void drive(struct kvmd_vm *vm, uint32_t gsi, bool level)
{
    int32_t spi = wires_spi_of(&vm->wires, gsi);

    if (spi >= 0)
        vgic5_irq_line(vm->gic, VGIC5_IRQ_SPI(spi), level);
}

static void ring(struct kvmd_vm *vm, const struct kvmd_irqfd *irqfd)
{
    drive(vm, irqfd->gsi, true);
    if (!resamples(irqfd))
        drive(vm, irqfd->gsi, false);
}

/* The lines are low before anybody hears: who writes at once makes them high again. */
void irqfds_deactivated(struct kvmd_vm *vm, uint32_t spi)
{
    const struct kvmd_wires *wires = &vm->wires;

    for (const struct kvmd_irqfd *i = wires->irqfds; i; i = i->next) {
        if (resamples(i) && wires_spi_of(wires, i->gsi) == (int32_t)spi)
            drive(vm, i->gsi, false);
    }
    for (const struct kvmd_irqfd *i = wires->irqfds; i; i = i->next) {
        if (resamples(i) && wires_spi_of(wires, i->gsi) == (int32_t)spi)
            wires_signal(&i->resample);
    }
}

/* ---- The thread that reads them -------------------------------------------------------------- */

static struct kvmd_irqfd *irqfd_of(const struct kvmd_wires *wires, int fd)
{
    struct kvmd_irqfd *irqfd = wires->irqfds;

    while (irqfd && irqfd->event.fd != fd)
        irqfd = irqfd->next;
    return irqfd;
}

/* The VMM may have read it meanwhile, and it may be one that blocks. */
static bool take_count(const struct kvmd_irqfd *irqfd)
{
    uint64_t count;
    const struct iovec all = {&count, sizeof(count)};

    return preadv2(irqfd->event.fd, &all, 1, -1, RWF_NOWAIT) == sizeof(count);
}

static void *listen(void *opaque)
{
    struct kvmd_vm *vm = opaque;
    struct epoll_event event;

    for (;;) {
        const struct kvmd_irqfd *irqfd;
        int n = epoll_wait(vm->wires.epoll, &event, 1, -1);

        if (n < 0 && errno != EINTR)
            return NULL;
        if (n <= 0)
            continue;
        if (event.data.fd == vm->wires.quit)
            return NULL;
        turn_lock(&vm->lock);
        irqfd = irqfd_of(&vm->wires, event.data.fd);
        if (irqfd && take_count(irqfd))
            ring(vm, irqfd);
        turn_unlock(&vm->lock);
    }
}

static int watch(const struct kvmd_wires *wires, int fd)
{
    struct epoll_event event = {.events = EPOLLIN, .data.fd = fd};

    return epoll_ctl(wires->epoll, EPOLL_CTL_ADD, fd, &event) == 0 ? 0 : -errno;
}

static int start_thread(struct kvmd_vm *vm)
{
    struct kvmd_wires *wires = &vm->wires;
    int ret;

    if (wires->has_thread)
        return 0;
    if (wires->epoll < 0)
        wires->epoll = epoll_create1(EPOLL_CLOEXEC);
    if (wires->quit < 0)
        wires->quit = eventfd(0, EFD_CLOEXEC);
    if (wires->epoll < 0 || wires->quit < 0)
        return -errno;
    ret = watch(wires, wires->quit);
    if (ret && ret != -EEXIST)
        return ret;
    wires->has_thread = pthread_create(&wires->thread, NULL, listen, vm) == 0;
    return wires->has_thread ? 0 : -EAGAIN;
}

/* ---- KVM_IRQFD ------------------------------------------------------------------------------- */

static void irqfd_free(struct kvmd_irqfd *irqfd)
{
    if (irqfd->event.fd >= 0)
        close(irqfd->event.fd);
    if (irqfd->resample.fd >= 0)
        close(irqfd->resample.fd);
    free(irqfd);
}

static bool is_resampled(const struct kvmd_wires *wires, uint32_t gsi)
{
    for (const struct kvmd_irqfd *i = wires->irqfds; i; i = i->next) {
        if (resamples(i) && i->gsi == gsi)
            return true;
    }
    return false;
}

static void irqfd_end(struct kvmd_vm *vm, struct kvmd_irqfd **at)
{
    struct kvmd_irqfd *irqfd = *at;

    *at = irqfd->next;
    epoll_ctl(vm->wires.epoll, EPOLL_CTL_DEL, irqfd->event.fd, NULL);
    /* Nobody is left who would lower it. */
    if (resamples(irqfd) && !is_resampled(&vm->wires, irqfd->gsi))
        drive(vm, irqfd->gsi, false);
    irqfd_free(irqfd);
}

/* The eventfd and the GSI decide; whether there was one, nobody is answered. */
static int irqfd_deassign(struct kvmd_call *call, const struct kvm_irqfd *request)
{
    struct kvmd_irqfd **at = &call->vm->wires.irqfds;
    struct kvmd_eventfd event;
    int ret = wires_open_eventfd(call->client, request->fd, &event);

    if (ret)
        return ret;
    while (*at) {
        if ((*at)->event.id == event.id && (*at)->gsi == request->gsi)
            irqfd_end(call->vm, at);
        else
            at = &(*at)->next;
    }
    close(event.fd);
    return 0;
}

static bool is_assigned(const struct kvmd_wires *wires, const struct kvmd_eventfd *event)
{
    for (const struct kvmd_irqfd *i = wires->irqfds; i; i = i->next) {
        if (i->event.id == event->id)
            return true;
    }
    return false;
}

static int irqfd_add(struct kvmd_call *call, const struct kvm_irqfd *request,
                     struct kvmd_irqfd *irqfd)
{
    struct kvmd_wires *wires = &call->vm->wires;
    int ret = wires_open_eventfd(call->client, request->fd, &irqfd->event);

    if (ret == 0 && request->flags & KVM_IRQFD_FLAG_RESAMPLE)
        ret = wires_open_eventfd(call->client, request->resamplefd, &irqfd->resample);
    if (ret == 0 && is_assigned(wires, &irqfd->event))
        ret = -EBUSY;
    if (ret == 0)
        ret = start_thread(call->vm);
    if (ret == 0)
        ret = watch(wires, irqfd->event.fd);
    if (ret)
        return ret;
    irqfd->next = wires->irqfds;
    wires->irqfds = irqfd;
    return 0;
}

static int irqfd_assign(struct kvmd_call *call, const struct kvm_irqfd *request)
{
    struct kvmd_irqfd *irqfd;
    uint64_t wires;
    int ret;

    /* A VGICv5 that has had its CTRL_INIT. */
    if (!call->vm->gic || vgic5_get_spi_wires(call->vm->gic, &wires, 1) == -EBUSY)
        return -EAGAIN;
    irqfd = calloc(1, sizeof(*irqfd));
    if (!irqfd)
        return -ENOMEM;
    irqfd->event.fd = irqfd->resample.fd = -1;
    irqfd->gsi = request->gsi;
    ret = irqfd_add(call, request, irqfd);
    if (ret)
        irqfd_free(irqfd);
    return ret;
}

int64_t kvmd_irqfd(struct kvmd_call *call)
{
    struct kvm_irqfd request;
    int ret = call_read(call, &request, sizeof(request));

    if (ret)
        return ret;
    if (request.flags & ~(uint32_t)(KVM_IRQFD_FLAG_DEASSIGN | KVM_IRQFD_FLAG_RESAMPLE))
        return -EINVAL;
    if (request.flags & KVM_IRQFD_FLAG_DEASSIGN)
        return irqfd_deassign(call, &request);
    return irqfd_assign(call, &request);
}

void irqfds_destroy(struct kvmd_wires *wires)
{
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
}
