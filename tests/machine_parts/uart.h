/* SPDX-License-Identifier: BSD-3-Clause */
/* A PL011 with what is around it: the wire, and what it sent. */
#ifndef TESTS_MACHINE_PARTS_UART_H
#define TESTS_MACHINE_PARTS_UART_H

#include "check.h"

#include "machine/pl011.h"

#define DR 0x000u
#define RSR 0x004u
#define FR 0x018u
#define ILPR 0x020u
#define IBRD 0x024u
#define FBRD 0x028u
#define LCR_H 0x02cu
#define CR 0x030u
#define IFLS 0x034u
#define IMSC 0x038u
#define RIS 0x03cu
#define MIS 0x040u
#define ICR 0x044u
#define DMACR 0x048u

#define FEN 0x10u
#define RX 0x010u
#define TX 0x020u
#define RT 0x040u
#define OE 0x400u

struct uart_bench {
    struct pl011 *uart;
    struct bus_device device;
    int level;        /* on the wire */
    unsigned changes; /* times the wire was driven */
    uint8_t sent[64];
    size_t nr_sent;
};

void bench_create(struct uart_bench *bench);
void bench_destroy(struct uart_bench *bench);
uint32_t get(struct uart_bench *bench, uint32_t offset);
void put(struct uart_bench *bench, uint32_t offset, uint32_t value);
/* From the far end, `n` bytes that count up from `first`. */
void type(struct uart_bench *bench, uint8_t first, size_t n);

#endif
