/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The LPI IST where guest memory holds it (v1): every entry against the configuration. A save has
 * written back what the IRS held and has cleared what does not count, so whatever else an entry has
 * is damage, or the work of somebody who edited it.
 */
#include <errno.h>
#include <inttypes.h>

#include "facts/sized.h"
#include "migration/internal.h"

#define PIECE 4096u /* bytes of a table that are read at a time */

/* The shape of a table, by IST_CFGR and IST_BASER (gicv5.md §2.2). */
struct table_shape {
    uint64_t base;
    unsigned id_bits, entry_shift, l2_bits;
    bool two_level;
};

struct table_walk {
    const struct vgic5_state *state;
    struct vgic5_guest_reader memory;
    struct vgic5_error *error;
    struct table_shape shape;
    uint32_t bits; /* of an ISTE, that may be set */
};

static struct table_shape shape_of(const struct vgic5_state *state)
{
    uint64_t cfgr = state->irs[IRS_IST_CFGR_ROW];
    unsigned istsz = (unsigned)FIELD_GET(IRS_IST_CFGR_ISTSZ, cfgr), bits;
    struct table_shape shape = {
        .id_bits = (unsigned)FIELD_GET(IRS_IST_CFGR_LPI_ID_BITS, cfgr),
        .entry_shift = 2 + istsz,
        .l2_bits = 10 - istsz + 2 * (unsigned)FIELD_GET(IRS_IST_CFGR_L2SZ, cfgr),
        .two_level = FIELD_GET(IRS_IST_CFGR_STRUCTURE, cfgr),
    };

    bits = shape.id_bits + shape.entry_shift;
    if (shape.two_level)
        bits = shape.id_bits > shape.l2_bits ? shape.id_bits - shape.l2_bits + 3 : 3;
    shape.base = state->irs[IRS_IST_BASER_ROW] & FIELD_MASK(IRS_IST_BASER_ADDR) &
                 ~((UINT64_C(1) << bits) - 1);
    return shape;
}

static int cannot_read(const struct table_walk *walk, int ret, const char *what, uint32_t lpi,
                       uint64_t ipa)
{
    if (ret == -EFAULT)
        return error_damaged(walk->error,
                             "lpi: the %s of LPI %" PRIu32 " is at 0x%" PRIx64
                             ", where the guest has no memory",
                             what, lpi, ipa);
    return error_set(walk->error, VGIC5_CAUSE_DAMAGED, ret,
                     "lpi: the %s of LPI %" PRIu32 " at 0x%" PRIx64 " cannot be read", what, lpi,
                     ipa);
}

static uint64_t little_endian(const uint8_t *bytes, unsigned size)
{
    uint64_t value = 0;

    for (unsigned n = 0; n < size; n++)
        value |= (uint64_t)bytes[n] << (8 * n);
    return value;
}

/* `count` entries from LPI `first` on, which lie at `ipa`. */
static int check_piece(const struct table_walk *walk, uint32_t first, uint32_t count, uint64_t ipa)
{
    uint8_t bytes[PIECE];
    int ret = walk->memory.read(walk->memory.opaque, ipa, bytes,
                                (size_t)count << walk->shape.entry_shift);

    if (ret)
        return cannot_read(walk, ret, "ISTE", first, ipa);
    for (uint32_t n = 0; n < count; n++) {
        size_t at = (size_t)n << walk->shape.entry_shift;
        uint32_t iste = (uint32_t)little_endian(bytes + at, 4);

        if (iste & ~walk->bits)
            return error_damaged(walk->error,
                                 "lpi: the ISTE of LPI %" PRIu32 " at 0x%" PRIx64 " is 0x%08" PRIx32
                                 ", bits 0x%08" PRIx32 " must be 0",
                                 first + n, ipa + at, iste, iste & ~walk->bits);
    }
    return 0;
}

static int check_table(const struct table_walk *walk, uint32_t first, uint32_t count, uint64_t ipa)
{
    uint32_t most = PIECE >> walk->shape.entry_shift;
    int ret = 0;

    for (uint32_t done = 0, piece; done < count && ret == 0; done += piece) {
        piece = count - done < most ? count - done : most;
        ret = check_piece(walk, first + done, piece,
                          ipa + ((uint64_t)done << walk->shape.entry_shift));
    }
    return ret;
}

static int check_two_levels(const struct table_walk *walk)
{
    const struct table_shape *shape = &walk->shape;
    uint32_t lpis = UINT32_C(1) << shape->id_bits;
    uint32_t step = shape->id_bits > shape->l2_bits ? UINT32_C(1) << shape->l2_bits : lpis;
    uint64_t table = (UINT64_C(1) << (shape->l2_bits + shape->entry_shift)) - 1;
    int ret = 0;

    for (uint32_t lpi = 0; lpi < lpis && ret == 0; lpi += step) {
        uint64_t ipa = shape->base + ((uint64_t)(lpi / step) << 3), entry;
        uint8_t bytes[8];

        ret = walk->memory.read(walk->memory.opaque, ipa, bytes, sizeof(bytes));
        if (ret)
            return cannot_read(walk, ret, "L1 ISTE", lpi, ipa);
        entry = little_endian(bytes, 8);
        if (FIELD_GET(L1_ISTE_VALID, entry))
            ret = check_table(walk, lpi, step, entry & FIELD_MASK(L1_ISTE_L2_ADDR) & ~table);
    }
    return ret;
}

int vgic5_state_check_memory(const struct vgic5_state *state,
                             const struct vgic5_guest_reader *memory, struct vgic5_error *error)
{
    struct table_walk walk = {.state = state, .error = error};
    int ret = vgic5_state_check(state, error); /* the shape is legal */

    if (!memory)
        return ret != 0 ? ret : error_misuse(error, "there is no guest memory to read");
    if (!sized_take(&walk.memory, sizeof(walk.memory), memory,
                    SIZE_WITH(struct vgic5_guest_reader, opaque)))
        return error_misuse(error, "the guest reader's size is %u", memory->size);
    if (ret || state->abi != VGIC5_ABI_V1 || state_ist_lpis(state) == 0)
        return ret;
    walk.shape = shape_of(state);
    walk.bits = state_iste_bits(state);
    if (walk.shape.two_level)
        return check_two_levels(&walk);
    return check_table(&walk, 0, (uint32_t)state_ist_lpis(state), walk.shape.base);
}
