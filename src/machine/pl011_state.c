/* SPDX-License-Identifier: BSD-3-Clause */
/* The PL011 in a snapshot: one field per register that has a value, named after it. */
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "facts/error.h"
#include "machine/pl011_parts.h"

int pl011_save(const struct pl011 *uart, struct vgic5_fields *fields)
{
    struct pl011_state state = uart->state;
    const struct pl011_register *reg;

    for (size_t n = 0; (reg = pl011_stored_register(n)); n++)
        vgic5_fields_put_u64(fields, reg->name, reg->offset, *pl011_slot(&state, reg));
    vgic5_fields_put_u64(fields, "OVERRUN", 0, state.overrun);
    vgic5_fields_put_u64(fields, "POLLS", 0, state.polls);
    vgic5_fields_put_bytes(fields, "RXFIFO", 0, state.rx, state.rx_count);
    return vgic5_fields_error(fields);
}

#define refuse(error, ...) error_set(error, VGIC5_CAUSE_DAMAGED, -EINVAL, __VA_ARGS__)

static int load_u64(const struct vgic5_fields *fields, const char *name, uint32_t mask,
                    uint32_t *to, struct vgic5_error *error)
{
    uint64_t value;
    int ret = vgic5_fields_get_u64(fields, "pl011", name, &value, error);

    if (ret)
        return ret;
    if (value & ~(uint64_t)mask)
        return refuse(error, "pl011: %s is 0x%" PRIx64 ", only the bits of 0x%" PRIx32 " exist",
                      name, value, mask);
    *to = (uint32_t)value;
    return 0;
}

static int load_polls(const struct vgic5_fields *fields, struct pl011_state *state,
                      struct vgic5_error *error)
{
    int ret = load_u64(fields, "POLLS", UINT32_MAX, &state->polls, error);

    if (!ret && state->polls > PL011_POLLS)
        return refuse(error, "pl011: POLLS is %" PRIu32 ", expected at most %u", state->polls,
                      PL011_POLLS);
    return ret;
}

/* Once LCR_H, which sets its depth, is in `state`. */
static int load_fifo(const struct vgic5_fields *fields, struct pl011_state *state,
                     struct vgic5_error *error)
{
    const struct vgic5_field *field = vgic5_fields_find(fields, "RXFIFO");

    if (!field)
        return refuse(error, "pl011: field RXFIFO is missing");
    if (field->kind != VGIC5_FIELD_BYTES)
        return refuse(error, "pl011: field RXFIFO has kind %d, expected bytes", (int)field->kind);
    if (field->size > pl011_fifo_depth(state))
        return refuse(error, "pl011: RXFIFO holds %zu bytes, LCR_H 0x%" PRIx32 " allows %" PRIu32,
                      field->size, state->lcr_h, pl011_fifo_depth(state));
    state->rx_count = (uint32_t)field->size;
    if (field->size != 0)
        memcpy(state->rx, field->bytes, field->size);
    return 0;
}

/* The receive interrupts never outlive their data: a guest could not get out of such a state. */
static int check_interrupts(const struct pl011_state *state, struct vgic5_error *error)
{
    uint32_t impossible = 0;

    if (state->rx_count < pl011_rx_trigger(state))
        impossible |= PL011_INT_RX;
    if (state->rx_count == 0)
        impossible |= PL011_INT_RT;
    if (state->ris & impossible)
        return refuse(error,
                      "pl011: RIS is 0x%" PRIx32 " with %" PRIu32 " bytes in RXFIFO, which excludes"
                      " the bits of 0x%" PRIx32,
                      state->ris, state->rx_count, impossible);
    return 0;
}

/* Sound, but not for this program: an unknown field is state that would be lost. */
static int check_count(const struct vgic5_fields *fields, size_t expected,
                       struct vgic5_error *error)
{
    size_t found = vgic5_fields_count(fields);

    if (found == expected)
        return 0;
    return error_unfit(error, "pl011: %zu fields, expected %zu", found, expected);
}

int pl011_load(struct pl011 *uart, const struct vgic5_fields *fields, struct vgic5_error *error)
{
    struct pl011_state state = {0};
    const struct pl011_register *reg;
    size_t n;
    int ret;

    for (n = 0; (reg = pl011_stored_register(n)); n++) {
        ret = load_u64(fields, reg->name, reg->mask, pl011_slot(&state, reg), error);
        if (ret)
            return ret;
    }
    if ((ret = load_u64(fields, "OVERRUN", 1, &state.overrun, error)) ||
        (ret = load_polls(fields, &state, error)) || (ret = load_fifo(fields, &state, error)) ||
        (ret = check_interrupts(&state, error)) || (ret = check_count(fields, n + 3, error)))
        return ret;

    uart->state = state;
    uart->level = (state.ris & state.imsc) != 0;
    uart->wire.set(uart->wire.opaque, uart->spi, uart->level);
    return 0;
}
