/* SPDX-License-Identifier: BSD-3-Clause */
/* The one SPI with a wire: the UART's transmit interrupt, as level and as edge. */
#include "demo.h"

static const char *next_char;

/* Each character that is sent raises the wire. */
static void raise_by_sending(struct source *source)
{
    (void)source;
    uart_write(UARTDR, (uint8_t)*next_char++);
}

static void raise_by_resampling(struct source *source)
{
    irs_write(IRS_SPI_RESAMPLER, INTID_ID(source->intid));
}

static void raise_by_trigger_mode(struct source *source)
{
    gic_spi_trigger(source->intid, true);
}

static void lower_wire(void)
{
    uart_write(UARTICR, UART_TX);
    dsb();
}

static void handle_lower(struct source *source)
{
    (void)source;
    lower_wire();
}

/* A level that is still high when it is retired comes again: that counts as one more. */
static void handle_hold(struct source *source)
{
    store_release(&source->caused, source->caused + 1);
    source->handle = handle_lower;
}

static void once(struct source *uart, void (*raise)(struct source *source),
                 void (*handle)(struct source *source))
{
    uart->raise = raise;
    uart->handle = handle;
    must_cause(uart);
    wait_idle(uart);
}

/* Sent by interrupts that every vCPU takes in turn. */
static void as_level(struct source *uart)
{
    for (uint32_t i = 0; *next_char; i++) {
        source_set_target(uart, i % nr_cpus);
        once(uart, raise_by_sending, handle_lower);
    }
    source_set_target(uart, 0);
}

static void held(struct source *uart)
{
    once(uart, raise_by_sending, handle_hold);
}

/* The wire falls while PCR holds the interrupt back: CLEAR. */
static void taken_back(struct source *uart)
{
    set_pcr(0);
    uart->raise = raise_by_sending;
    must_cause(uart);
    lower_wire();
    withdraw(uart);
    set_pcr(31);
}

/* The wire stays high and no new edge comes; a resample makes one. Level again: SET_LEVEL (R_DMTFM,
 * R_KBPXL). */
static void as_edge(struct source *uart)
{
    gic_spi_trigger(uart->intid, false);
    once(uart, raise_by_sending, NULL);
    once(uart, raise_by_resampling, NULL);
    once(uart, raise_by_trigger_mode, handle_lower);
}

void phase_uart(void)
{
    struct source *uart = UART_SOURCE;

    barrier();
    if (me() != 0)
        return;
    lower_wire();
    uart_write(UARTIMSC, UART_TX);
    uart->level = false; /* the device ends it, not CDPEND */
    next_char = "demo: this line was sent by interrupts ";
    as_level(uart);
    next_char = "...";
    held(uart);
    taken_back(uart);
    as_edge(uart);
    next_char = "\n";
    once(uart, raise_by_sending, handle_lower);
    uart_write(UARTIMSC, 0);
    uart->level = true; /* as the last SET_LEVEL left it */
}
