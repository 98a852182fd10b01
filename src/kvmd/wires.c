/* SPDX-License-Identifier: BSD-3-Clause */
/* KVM_IRQ_LINE, GSI routing, and what an eventfd is. */
#include "kvmd/wires.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
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

int32_t wires_spi_of(const struct kvmd_wires *wires, uint32_t gsi)
{
    if (!wires->spi_of_gsi)
        return gsi < VGIC5_NR_SPIS_MAX ? (int32_t)gsi : -1;
    return gsi < wires->nr_gsis ? wires->spi_of_gsi[gsi] : -1;
}

#define NOWHERE (-1)
#define NOWHERE_BUT_TAKEN (-2) /* by an MSI: it needs an ITS, which a VGICv5 lacks */

static int take_route(const struct kvm_irq_routing_entry *entry, int32_t *spi_of_gsi)
{
    bool is_msi = entry->type == KVM_IRQ_ROUTING_MSI;

    if (entry->gsi >= KVMD_MAX_ROUTES || entry->flags & ~(is_msi ? KVM_MSI_VALID_DEVID : 0u))
        return -EINVAL;
    if (spi_of_gsi[entry->gsi] != NOWHERE) /* one GSI, one place */
        return -EINVAL;
    if (is_msi) {
        spi_of_gsi[entry->gsi] = NOWHERE_BUT_TAKEN;
        return 0;
    }
    if (entry->type != KVM_IRQ_ROUTING_IRQCHIP || entry->u.irqchip.irqchip ||
        entry->u.irqchip.pin >= VGIC5_NR_SPIS_MAX)
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
        spi_of_gsi[gsi] = NOWHERE;
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

/* ---- eventfds -------------------------------------------------------------------------------- */

/* The kernel's number of this eventfd, whoever else has it open; -1: it is none. */
static int64_t id_of(int fd)
{
    static const char field[] = "eventfd-id:";
    char path[40], line[80];
    int64_t id = -1;
    FILE *file;

    snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", fd);
    file = fopen(path, "re");
    while (file && id < 0 && fgets(line, sizeof(line), file)) {
        if (strncmp(line, field, strlen(field)) == 0)
            id = strtoll(line + strlen(field), NULL, 10);
    }
    if (file)
        fclose(file);
    return id;
}

int wires_open_eventfd(const struct kvmd_client *client, uint32_t number,
                       struct kvmd_eventfd *event)
{
    event->fd = client->descriptor(client->opaque, number);
    if (event->fd < 0)
        return event->fd;
    event->id = id_of(event->fd);
    if (event->id >= 0)
        return 0;
    close(event->fd);
    event->fd = -1;
    return -EINVAL;
}

/* As the kernel signals one: a full one stays full, and nobody waits. */
bool wires_signal(const struct kvmd_eventfd *event)
{
    struct pollfd room = {.fd = event->fd, .events = POLLOUT};
    const uint64_t one = 1;

    if (poll(&room, 1, 0) != 1 || !(room.revents & POLLOUT))
        return true;
    return write(event->fd, &one, sizeof(one)) == sizeof(one) || errno == EAGAIN;
}

void wires_destroy(struct kvmd_wires *wires)
{
    free(wires->spi_of_gsi);
}
