/* SPDX-License-Identifier: BSD-3-Clause */
/* The GIC instructions (gic_instructions.def). All effects are complete when they return. */
#include "gicv5/gicv5.h"
#include "facts/fields.h"
#include "gicv5/interrupt.h"
#include "gicv5/ppi.h"
#include "gicv5/select.h"

/* ---- Configuration and state of SPIs and LPIs. Unreachable INTIDs and PPIs: no effect. ------- */

/* The interrupt with its target locked, or nothing. */
static inline bool reach(struct gicv5_pe *pe, uint64_t xt, struct interrupt *interrupt)
{
    return interrupt_lock(pe, (uint32_t)xt, interrupt);
}

static inline void finish(const struct interrupt *interrupt)
{
    select_update_line(interrupt->owner);
    interrupt_unlock(interrupt);
}

static void set_enable(struct gicv5_pe *pe, uint64_t xt, bool enable)
{
    struct interrupt interrupt;
    if (!reach(pe, xt, &interrupt))
        return;
    interrupt_set_enable(&interrupt, enable);
    finish(&interrupt);
}

static void execute_CDDIS(struct gicv5_pe *pe, uint64_t *xt)
{
    set_enable(pe, *xt, false);
}

static void execute_CDEN(struct gicv5_pe *pe, uint64_t *xt)
{
    set_enable(pe, *xt, true);
}

static void execute_CDPRI(struct gicv5_pe *pe, uint64_t *xt)
{
    struct interrupt interrupt;
    if (!reach(pe, *xt, &interrupt))
        return;
    interrupt_set_priority(&interrupt, FIELD_GET(CDPRI_PRIORITY, *xt));
    finish(&interrupt);
}

/* IRM is RES0 without 1ofN: whatever it says, the interrupt is targeted. */
static void execute_CDAFF(struct gicv5_pe *pe, uint64_t *xt)
{
    struct interrupt interrupt;
    uint32_t iaffid = FIELD_GET(CDAFF_IAFFID, *xt);
    struct gicv5_pe *to = owner_of(pe->gic, iaffid);
    if (!interrupt_lock_both(pe, (uint32_t)*xt, &interrupt, to))
        return;
    struct gicv5_pe *from = interrupt.owner;
    interrupt_set_iaffid(&interrupt, iaffid);
    select_update_line(from);
    select_update_line(to);
    lock_drop(&from->lock);
    if (to != from)
        lock_drop(&to->lock);
}

/* Whatever the handling mode and the wire. */
static void execute_CDPEND(struct gicv5_pe *pe, uint64_t *xt)
{
    struct interrupt interrupt;
    if (!reach(pe, *xt, &interrupt))
        return;
    interrupt_set_pending(&interrupt, FIELD_GET(CDPEND_PENDING, *xt));
    finish(&interrupt);
}

static void execute_CDHM(struct gicv5_pe *pe, uint64_t *xt)
{
    struct interrupt interrupt;
    if (!reach(pe, *xt, &interrupt))
        return;
    interrupt_set_hm(&interrupt, FIELD_GET(CDHM_HM, *xt));
    interrupt_unlock(&interrupt);
}

static uint64_t icsr_of(const struct interrupt *interrupt)
{
    uint32_t iste = interrupt_get_iste(interrupt);
    return FIELD_PREP(ICC_ICSR_ENABLED, FIELD_GET(ISTE_ENABLE, iste)) |
           FIELD_PREP(ICC_ICSR_PENDING, FIELD_GET(ISTE_PENDING, iste)) |
           FIELD_PREP(ICC_ICSR_ACTIVE, FIELD_GET(ISTE_ACTIVE, iste)) |
           FIELD_PREP(ICC_ICSR_HM, FIELD_GET(ISTE_HM, iste)) |
           FIELD_PREP(ICC_ICSR_PRIORITY, FIELD_GET(ISTE_PRIORITY, iste)) |
           FIELD_PREP(ICC_ICSR_IAFFID, FIELD_GET(ISTE_IAFFID, iste));
}

static void execute_CDRCFG(struct gicv5_pe *pe, uint64_t *xt)
{
    struct interrupt interrupt;
    uint64_t icsr = FIELD_MASK(ICC_ICSR_F);
    if (reach(pe, *xt, &interrupt)) {
        icsr = icsr_of(&interrupt);
        interrupt_unlock(&interrupt);
    }
    lock_take(&pe->lock);
    pe->icsr = icsr;
    lock_drop(&pe->lock);
}

/* ---- Acknowledge, drop, deactivate ----------------------------------------------------------- */

static void acknowledge(struct gicv5_pe *pe, const struct hppi *hppi)
{
    pe->apr |= 1u << hppi->priority;
    select_update_threshold(pe);
    if (hppi->type == VGIC5_PPI)
        ppi_acknowledge(pe, hppi->id);
    else
        tree_acknowledge(hppi->type == VGIC5_SPI ? &pe->spis : &pe->lpis, hppi->leaf,
                         hppi->id % BLOCK_SIZE);
    select_update_line(pe);
}

/* CDNMIA takes the HPPI if it is an NMI, CDIA if it is not (R_CSBDX). */
static uint64_t take(struct gicv5_pe *pe, bool nmi)
{
    struct hppi hppi;
    if (!select_signalled(pe, &hppi) || nmi != (hppi.priority == 0 && pe->nmi))
        return 0;
    acknowledge(pe, &hppi);
    return FIELD_MASK(CDIA_VALID) | VGIC5_INTID(hppi.type, hppi.id);
}

static void execute_CDIA(struct gicv5_pe *pe, uint64_t *xt)
{
    lock_take(&pe->lock);
    *xt = take(pe, false);
    lock_drop(&pe->lock);
}

static void execute_CDNMIA(struct gicv5_pe *pe, uint64_t *xt)
{
    lock_take(&pe->lock);
    *xt = take(pe, true);
    lock_drop(&pe->lock);
}

static void execute_CDEOI(struct gicv5_pe *pe, uint64_t *xt)
{
    (void)xt;
    lock_take(&pe->lock);
    pe->apr &= pe->apr - 1;
    select_update_threshold(pe);
    select_update_line(pe);
    lock_drop(&pe->lock);
}

static void deactivate_ppi(struct gicv5_pe *pe, uint32_t id)
{
    lock_take(&pe->lock);
    ppi_deactivate(pe, id);
    select_update_line(pe);
    lock_drop(&pe->lock);
}

static inline void deactivate(const struct interrupt *interrupt)
{
    interrupt_deactivate(interrupt);
    finish(interrupt);
}

/* A level SPI ends: who hears of it may drive the wire anew, so no lock is held then. */
static __attribute__((noinline)) void deactivate_heard(const struct interrupt *interrupt,
                                                       uint32_t id)
{
    const struct gicv5 *gic = interrupt->owner->gic;
    bool ends = gicv5_spi_tm(gic, id) && FIELD_GET(ISTE_ACTIVE, interrupt_get_state(interrupt));
    deactivate(interrupt);
    if (ends)
        gic->services.host->spi_deactivated(gic->services.opaque, id);
}

static void execute_CDDI(struct gicv5_pe *pe, uint64_t *xt)
{
    struct interrupt interrupt;
    if (VGIC5_INTID_TYPE(*xt) == VGIC5_PPI) {
        deactivate_ppi(pe, VGIC5_INTID_ID(*xt));
    } else if (!reach(pe, *xt, &interrupt)) {
        return;
    } else if (interrupt.type == VGIC5_SPI && pe->gic->services.host->spi_deactivated) {
        deactivate_heard(&interrupt, VGIC5_INTID_ID(*xt));
    } else {
        deactivate(&interrupt);
    }
}

/* ---- Barriers: nothing is ever under way ----------------------------------------------------- */

static void execute_GSB_SYS(struct gicv5_pe *pe, uint64_t *xt)
{
    (void)pe, (void)xt;
}

static void execute_GSB_ACK(struct gicv5_pe *pe, uint64_t *xt)
{
    (void)pe, (void)xt;
}

/* ---- Dispatch -------------------------------------------------------------------------------- */

/* Xt is in for a SYS and out for a SYSL. */
struct instruction {
    void (*execute)(struct gicv5_pe *pe, uint64_t *xt);
    bool is_write;
};

#define DIRECTION_W true
#define DIRECTION_R false
#define NR_SLOTS 128u

/* By CRm and Op2. */
static const struct instruction instructions[NR_SLOTS] = {
#define GIC_INSTRUCTION(name, crm, op2, direction, fields) \
    [(crm) << 3 | (op2)] = {execute_##name, DIRECTION_##direction},
#include "facts/gic_instructions.def"
#undef GIC_INSTRUCTION
};

/* The forms of EL2 and EL3 (Op1 = 4 and 6) are UNDEFINED too. */
enum vgic5_access_result instructions_execute(struct gicv5_pe *pe, uint16_t encoding, bool is_write,
                                              uint64_t *value)
{
    const struct instruction *instruction = &instructions[encoding % NR_SLOTS];
    if (encoding / NR_SLOTS != VGIC5_ENCODING(1, 0, 12, 0, 0) / NR_SLOTS || !instruction->execute ||
        instruction->is_write != is_write)
        return VGIC5_UNDEFINED;
    instruction->execute(pe, value);
    return VGIC5_HANDLED;
}
