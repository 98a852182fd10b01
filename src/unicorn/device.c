/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Accesses to what is not RAM, in the width that the guest used. Unicorn hands them over in pieces:
 * 64 bits as two halves, low half first; a misaligned load as the two aligned ones around it; a
 * misaligned store as bytes. So the instruction that makes the access is decoded; at the first
 * piece of a load, and at the last of a store, the access is carried out as a whole.
 */
#include "unicorn/engine.h"

#define PAGE_SIZE 4096u
#define IN_PAGE(address) ((unsigned)(address) & (PAGE_SIZE - 1))

static uint64_t take(struct unicorn_pieces *pieces, unsigned size)
{
    uint64_t at = pieces->next - pieces->first, value = 0;

    for (unsigned i = 0; i < size; i++)
        value |= (uint64_t)pieces->bytes[at + i] << 8 * i;
    pieces->next += size;
    pieces->left -= size;
    return value;
}

static void give(struct unicorn_pieces *pieces, unsigned size, uint64_t value)
{
    uint64_t at = pieces->next - pieces->first;

    for (unsigned i = 0; i < size; i++)
        pieces->bytes[at + i] = (uint8_t)(value >> 8 * i);
    pieces->next += size;
    pieces->left -= size;
}

static bool continues(const struct unicorn_pieces *pieces, bool is_write, uint64_t address,
                      unsigned size)
{
    return pieces->left >= size && pieces->is_write == is_write && pieces->next == address;
}

/* Of the instruction that makes this access; false: none does, or nothing is known. */
static bool find_transfer(struct vcpu *vcpu, uint64_t address, bool is_write, uint64_t value,
                          struct unicorn_transfer *transfer)
{
    uint64_t pc;
    uint32_t insn;

    if (vcpu->engine->place.offset == 0)
        return unicorn_search(vcpu, address, is_write, (uint32_t)value, transfer);
    return unicorn_place(vcpu, &pc) && unicorn_fetch(vcpu, pc, &insn) &&
           unicorn_decode_transfer(vcpu, pc, insn, transfer);
}

static void read_bytes(struct vcpu *vcpu, struct unicorn_pieces *pieces, unsigned from, unsigned n,
                       unsigned size)
{
    for (unsigned i = from; i < from + n; i += size) {
        uint64_t value = vcpu->host->mmio_read(vcpu->host->opaque, pieces->first + i, size);

        for (unsigned j = 0; j < size; j++)
            pieces->bytes[i + j] = (uint8_t)(value >> 8 * j);
    }
}

/* A load that goes on in another page, which may be anything: byte by byte, as far as it is here.
 */
static void read_part(struct vcpu *vcpu, const struct unicorn_transfer *t, unsigned skip)
{
    struct unicorn_pieces *pieces = &vcpu->pieces;

    if (pieces->crosses)
        read_bytes(vcpu, pieces, 0, skip, 1);
    else
        read_bytes(vcpu, pieces, skip, t->unit - skip, 1);
    pieces->crosses = !pieces->crosses;
}

static uint64_t begin_read(struct vcpu *vcpu, const struct unicorn_transfer *t, uint64_t address,
                           unsigned size)
{
    struct unicorn_pieces *pieces = &vcpu->pieces;
    unsigned skip = (unsigned)t->address & (t->unit - 1);
    bool rest = pieces->crosses && skip != 0 && IN_PAGE(address) == 0;

    *pieces = (struct unicorn_pieces){.left = t->unit, .next = address, .first = address};
    pieces->crosses = rest;
    if (rest || (skip != 0 && IN_PAGE(address) + t->unit == PAGE_SIZE)) {
        read_part(vcpu, t, skip);
    } else {
        read_bytes(vcpu, pieces, skip, t->unit, t->bytes);
        pieces->left = skip == 0 ? t->unit : 2 * t->unit;
    }
    return take(pieces, size);
}

static bool leaves(const struct vcpu *vcpu, uint64_t address)
{
    return vcpu->host->leaves && vcpu->host->leaves(vcpu->host->opaque, address);
}

static uint64_t read_piece(struct vcpu *vcpu, uint64_t address, unsigned size)
{
    struct unicorn_pieces *pieces = &vcpu->pieces;
    struct unicorn_transfer transfer;

    if (vcpu->engine->place.searching)
        unicorn_place_probe(vcpu);
    if (vcpu->translating || !vcpu->host)
        return 0;
    if (leaves(vcpu, address) && !unicorn_leave(vcpu, address, false))
        return 0;
    if (continues(pieces, false, address, size))
        return take(pieces, size);
    pieces->left = 0;
    if (find_transfer(vcpu, address, false, 0, &transfer) && size <= transfer.unit)
        return begin_read(vcpu, &transfer, address, size);
    return vcpu->host->mmio_read(vcpu->host->opaque, address, size);
}

static void finish_write(struct vcpu *vcpu)
{
    const struct unicorn_pieces *pieces = &vcpu->pieces;

    for (unsigned i = 0; i < pieces->unit; i += pieces->size) {
        uint64_t value = 0;

        for (unsigned j = 0; j < pieces->size; j++)
            value |= (uint64_t)pieces->bytes[i + j] << 8 * j;
        vcpu->host->mmio_write(vcpu->host->opaque, pieces->first + i, pieces->size, value);
    }
}

/* Does all of the unit come, from its beginning? Not if it crosses a page. */
static bool begins(const struct unicorn_transfer *t, uint64_t address)
{
    return ((t->address ^ address) & (t->unit - 1)) == 0 && IN_PAGE(address) + t->unit <= PAGE_SIZE;
}

static void write_piece(struct vcpu *vcpu, uint64_t address, unsigned size, uint64_t value)
{
    struct unicorn_pieces *pieces = &vcpu->pieces;
    struct unicorn_transfer t;

    if (vcpu->engine->place.searching)
        unicorn_place_probe(vcpu);
    if (vcpu->translating || !vcpu->host)
        return;
    if (leaves(vcpu, address) && !unicorn_leave(vcpu, address, true))
        return;
    if (!continues(pieces, true, address, size)) {
        pieces->left = 0;
        if (!find_transfer(vcpu, address, true, value, &t) || size > t.unit ||
            !begins(&t, address)) {
            vcpu->host->mmio_write(vcpu->host->opaque, address, size, value);
            return;
        }
        *pieces = (struct unicorn_pieces){.left = t.unit,
                                          .is_write = true,
                                          .next = address,
                                          .first = address,
                                          .unit = t.unit,
                                          .size = t.bytes};
    }
    give(pieces, size, value);
    if (pieces->left == 0)
        finish_write(vcpu);
}

uint64_t unicorn_device_read(struct vcpu *vcpu, uint64_t address, unsigned size)
{
    uint64_t value;

    vcpu->guard = unicorn_outside();
    value = read_piece(vcpu, address, size);
    unicorn_back(vcpu->guard);
    return value;
}

void unicorn_device_write(struct vcpu *vcpu, uint64_t address, unsigned size, uint64_t value)
{
    vcpu->guard = unicorn_outside();
    write_piece(vcpu, address, size, value);
    unicorn_back(vcpu->guard);
}
