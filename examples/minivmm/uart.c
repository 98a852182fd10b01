/* SPDX-License-Identifier: BSD-3-Clause */
/* As much of an 8250 as Linux's driver needs that polls it: it is always ready to send. */
#include <poll.h>
#include <stdio.h>
#include <unistd.h>

#include "minivmm.h"

enum { DATA = 0, LINE_CONTROL = 3, LINE_STATUS = 5 };
#define DATA_READY 0x01
#define TRANSMITTER_EMPTY 0x60
#define DIVISOR_LATCH 0x80 /* in LINE_CONTROL: DATA is the speed's */

/* The next byte of input, if there is one; the end of the input is no input. */
static bool peek(struct vmm *vmm)
{
    struct pollfd input = {.fd = STDIN_FILENO, .events = POLLIN};

    if (vmm->has_byte || vmm->input_ended)
        return vmm->has_byte;
    if (poll(&input, 1, 0) != 1 || !(input.revents & (POLLIN | POLLHUP)))
        return false;
    vmm->has_byte = read(STDIN_FILENO, &vmm->byte, 1) == 1;
    vmm->input_ended = !vmm->has_byte;
    return vmm->has_byte;
}

static void print(struct vmm *vmm, uint8_t byte)
{
    putchar(byte);
    fflush(stdout);
    if (!vmm->text || vmm->text_seen)
        return;
    vmm->matched = byte == (uint8_t)vmm->text[vmm->matched] ? vmm->matched + 1
                   : byte == (uint8_t)vmm->text[0]          ? 1
                                                            : 0;
    if (vmm->text[vmm->matched])
        return;
    vmm->text_seen = true;
    pthread_cond_broadcast(&vmm->changed);
}

static uint8_t take(struct vmm *vmm)
{
    uint8_t byte = peek(vmm) ? vmm->byte : 0;

    vmm->has_byte = false;
    return byte;
}

static void write_register(struct vmm *vmm, uint64_t offset, uint8_t value)
{
    if (offset == DATA && !(vmm->line_control & DIVISOR_LATCH))
        print(vmm, value);
    else if (offset == LINE_CONTROL)
        vmm->line_control = value;
}

static uint8_t read_register(struct vmm *vmm, uint64_t offset)
{
    if (offset == LINE_STATUS)
        return TRANSMITTER_EMPTY | (peek(vmm) ? DATA_READY : 0);
    if (offset == LINE_CONTROL)
        return vmm->line_control;
    return offset == DATA && !(vmm->line_control & DIVISOR_LATCH) ? take(vmm) : 0;
}

void uart_access(struct vmm *vmm, uint64_t offset, bool is_write, uint8_t *value)
{
    pthread_mutex_lock(&vmm->lock);
    if (is_write)
        write_register(vmm, offset, *value);
    else
        *value = read_register(vmm, offset);
    pthread_mutex_unlock(&vmm->lock);
}
