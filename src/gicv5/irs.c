/* SPDX-License-Identifier: BSD-3-Clause */
/* The doors to the registers of IRS_CONFIG_FRAME. */
#include "gicv5/irs_access.h"
#include "gicv5/ppi.h"
#include "gicv5/select.h"

#define WORD_MASK UINT64_C(0xffffffff)

uint64_t gicv5_irs_read(struct gicv5 *gic, enum irs_row row)
{
    return irs_access_of[row]->read(gic, row);
}

void gicv5_irs_write(struct gicv5 *gic, enum irs_row row, uint64_t value)
{
    irs_access_of[row]->write(gic, row, value, UINT64_MAX);
}

void gicv5_irs_put(struct gicv5 *gic, enum irs_row row, uint64_t value)
{
    if (irs_access_of[row]->put)
        irs_access_of[row]->put(gic, row, value);
}

bool gicv5_irs_write_reaches_pes(enum irs_row row)
{
    return irs_access_of[row]->write_reaches_pes;
}

bool gicv5_irs_put_reaches_pes(enum irs_row row)
{
    return irs_access_of[row]->put_reaches_pes;
}

/* A register takes an aligned access of its size; a 64-bit one takes 32-bit halves too. */
static bool is_acceptable(const struct irs_register *reg, const struct vgic5_mmio *access)
{
    if (access->size != 4 && access->size != 8)
        return false;
    return access->size <= reg->bytes && access->offset % access->size == 0;
}

/* The lock of `nowhere` stands for the registers of the frame: who needs all locks has it too, and
 * no PE waits. */
static void lock_frame(struct gicv5 *gic, bool reaches_pes)
{
    if (reaches_pes)
        gicv5_lock(gic);
    else
        lock_take(&gic->nowhere->lock);
}

static void unlock_frame(struct gicv5 *gic, bool reaches_pes)
{
    if (reaches_pes)
        gicv5_unlock(gic);
    else
        lock_drop(&gic->nowhere->lock);
}

/* Everything else, and what no register covers (the SETLPI frame too), is RAZ/WI. */
void gicv5_mmio(struct gicv5 *gic, struct vgic5_mmio *access)
{
    const struct irs_register *reg = irs_register_at(access->offset);
    bool acceptable = reg && is_acceptable(reg, access);
    if (!access->is_write)
        access->value = 0;
    if (!acceptable)
        return;
    enum irs_row row = (enum irs_row)(reg - irs_registers);
    bool reaches_pes = access->is_write && irs_access_of[row]->write_reaches_pes;
    if (gic->config.threads)
        lock_frame(gic, reaches_pes);
    uint32_t shift = (uint32_t)(access->offset - reg->offset) * 8;
    uint64_t mask = access->size == 8 ? UINT64_MAX : WORD_MASK;
    if (access->is_write)
        irs_access_of[row]->write(gic, row, (access->value & mask) << shift, mask << shift);
    else
        access->value = gicv5_irs_read(gic, row) >> shift & mask;
    if (gic->config.threads)
        unlock_frame(gic, reaches_pes);
}

void gicv5_settle_pe(struct gicv5_pe *pe)
{
    ppi_select(pe);
    select_update_line(pe);
}

void gicv5_settle(struct gicv5 *gic)
{
    for (uint32_t i = 0; i < gic->nr_pes; i++)
        gicv5_settle_pe(gic->pes[i]);
}
