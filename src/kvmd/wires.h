/* SPDX-License-Identifier: BSD-3-Clause */
/* What eventfds do to a VM: irqfds make interrupts, ioeventfds hear stores; and the table of GSIs.
 */
#ifndef KVMD_WIRES_H
#define KVMD_WIRES_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct kvmd_client;
struct kvmd_vm;

/* Our own descriptor of an eventfd, and the kernel's number of it, which all of its have. */
struct kvmd_eventfd {
    int fd; /* -1: none */
    int64_t id;
};

/*
 * A write of `event` is one interrupt. With `resample` it makes the line high until the guest
 * deactivates the SPI; then the line is low, and whoever drives it hears and may write again.
 */
struct kvmd_irqfd {
    struct kvmd_irqfd *next;
    struct kvmd_eventfd event, resample;
    uint32_t gsi;
};

struct kvmd_ioeventfd {
    struct kvmd_ioeventfd *next;
    struct kvmd_eventfd event;
    uint64_t address, value;
    uint32_t length; /* 0: any */
    uint32_t bus;    /* its flags say which; 0: memory, the others nobody ever stores to here */
    bool matches;    /* only this value */
};

struct kvmd_wires {
    struct kvmd_irqfd *irqfds;
    struct kvmd_ioeventfd *ioeventfds;
    int epoll; /* of the irqfds; -1: none yet */
    int quit;  /* eventfd that ends the thread */
    bool has_thread;
    pthread_t thread;
    int32_t *spi_of_gsi; /* NULL: GSI n is SPI n; negative: no route */
    uint32_t nr_gsis;
};

/* Where `gsi` goes; negative: nowhere. */
int32_t wires_spi_of(const struct kvmd_wires *wires, uint32_t gsi);
/* -EBADF: it is nothing; -EINVAL: it is no eventfd. */
int wires_open_eventfd(const struct kvmd_client *client, uint32_t number,
                       struct kvmd_eventfd *event);
/* False: it cannot be written. */
bool wires_signal(const struct kvmd_eventfd *event);
void wires_destroy(struct kvmd_wires *wires); /* when there are no eventfds any more */

/* ---- irqfd.c ---- */
/* vgic5_host.spi_deactivated. */
void irqfds_deactivated(struct kvmd_vm *vm, uint32_t spi);
void irqfds_destroy(struct kvmd_wires *wires);

/* ---- ioeventfd.c ---- */
/* A store of the guest: has an ioeventfd taken it? */
bool ioeventfds_take(const struct kvmd_wires *wires, uint64_t address, unsigned size,
                     uint64_t value);
void ioeventfds_destroy(struct kvmd_wires *wires);

#endif
