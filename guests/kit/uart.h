/* SPDX-License-Identifier: BSD-3-Clause */
/* The PL011 (Arm DDI 0183): polled output, and its registers for those who want its interrupt. */
#ifndef KIT_UART_H
#define KIT_UART_H

#include <stdint.h>

#define UART_BASE 0x09000000ul
#define UART_SPI 1u

enum uart_offset {
    UARTDR = 0x00,
    UARTFR = 0x18,
    UARTLCR_H = 0x2c,
    UARTCR = 0x30,
    UARTIMSC = 0x38,
    UARTRIS = 0x3c,
    UARTMIS = 0x40,
    UARTICR = 0x44,
};

#define UART_TX (1u << 5) /* in IMSC, RIS, MIS, ICR */

static inline uint32_t uart_read(uint32_t offset)
{
    return *(volatile uint32_t *)(UART_BASE + offset);
}

static inline void uart_write(uint32_t offset, uint32_t value)
{
    *(volatile uint32_t *)(UART_BASE + offset) = value;
}

void uart_init(void);
void uart_putc(char c);

/* %s %u %x %c %%, and l before u and x. One call is one piece: a lock keeps vCPUs apart. */
void print(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
