/* SPDX-License-Identifier: BSD-3-Clause */
#include "uart.h"

#include <string.h>

static void drive(void *opaque, uint32_t spi, int level)
{
    struct uart_bench *bench = opaque;

    assert_int_equal(spi, SPI_PL011);
    bench->level = level;
    bench->changes++;
}

static void send(void *opaque, uint8_t byte)
{
    struct uart_bench *bench = opaque;

    bench->sent[bench->nr_sent++ % sizeof(bench->sent)] = byte;
}

void bench_create(struct uart_bench *bench)
{
    memset(bench, 0, sizeof(*bench));
    bench->uart = pl011_create((struct bus_wire){drive, bench}, SPI_PL011, send, bench);
    assert_non_null(bench->uart);
    bench->device = pl011_device(bench->uart);
}

void bench_destroy(struct uart_bench *bench)
{
    pl011_destroy(bench->uart);
}

uint32_t get(struct uart_bench *bench, uint32_t offset)
{
    return (uint32_t)bench->device.read(bench->device.opaque, offset, 4);
}

void put(struct uart_bench *bench, uint32_t offset, uint32_t value)
{
    bench->device.write(bench->device.opaque, offset, 4, value);
}

void type(struct uart_bench *bench, uint8_t first, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        uint8_t byte = (uint8_t)(first + i);

        pl011_input(bench->uart, &byte, 1);
    }
}
