/* SPDX-License-Identifier: BSD-3-Clause */
/* What eventfds do to a VM: irqfds make interrupts, ioeventfds hear stores; and the table of GSIs.
 */
#ifndef KVMD_WIRES_H
#define KVMD_WIRES_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct kvmd_irqfd {
    struct kvmd_irqfd *next;
    int fd;
    uint32_t gsi;
};

struct kvmd_ioeventfd {
    struct kvmd_ioeventfd *next;
    int fd;
    uint64_t address, value;
    uint32_t length; /* 0: any */
    bool matches;    /* only this value */
};

struct kvmd_wires {
    struct kvmd_irqfd *irqfds;
    struct kvmd_ioeventfd *ioeventfds;
    int epoll; /* of the irqfds; -1: none yet */
    int quit;  /* eventfd that ends the thread */
    bool has_thread;
    pthread_t thread;
    int32_t *spi_of_gsi; /* NULL: GSI n is SPI n; -1: no route */
    uint32_t nr_gsis;
};

struct kvmd_vm;

/* A store of the guest: has an ioeventfd taken it? */
bool wires_store(struct kvmd_wires *wires, uint64_t address, unsigned size, uint64_t value);
void wires_destroy(struct kvmd_vm *vm);

#endif
