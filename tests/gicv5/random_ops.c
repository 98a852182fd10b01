/* SPDX-License-Identifier: BSD-3-Clause */
/* What to do next: weighted so that interrupts come, are taken, nested and retired. */
#include "random.h"

void enqueue(struct world *w, struct op op)
{
    if (w->queue_tail - w->queue_head < QUEUE)
        w->queue[w->queue_tail++ % QUEUE] = op;
}

struct op op_mmio_write(uint32_t offset, uint64_t value)
{
    return (struct op){OP_MMIO, 0, offset, 4, true, value};
}

static struct op op_mmio_read(uint32_t offset)
{
    return (struct op){OP_MMIO, 0, offset, 4, false, 0};
}

struct op op_cpu(uint32_t pe, uint16_t encoding, bool is_write, uint64_t value)
{
    return (struct op){OP_CPU, pe, encoding, 8, is_write, value};
}

static uint32_t any_pe(struct world *w)
{
    return random_below(w, w->ref_config.nr_pes);
}

static uint32_t any_spi(struct world *w)
{
    return w->spi[random_below(w, IN_PLAY)];
}

static uint32_t any_ppi(struct world *w)
{
    static const uint8_t usual[] = {3, 3, 23, 27, 27, 30};
    return random_percent(w, 95) ? usual[random_below(w, 6)] : random_below(w, 70);
}

static uint32_t any_intid(struct world *w)
{
    uint32_t which = random_below(w, 100);
    if (which < 48)
        return REF_INTID(3, any_spi(w));
    if (which < 96)
        return REF_INTID(2, w->lpi[random_below(w, IN_PLAY)]);
    if (which < 98)
        return REF_INTID(1, any_ppi(w));
    uint32_t mask = random_percent(w, 50) ? 0xff00000fu : ~0u;
    return (uint32_t)random_word(w) & mask;
}

static uint64_t operand(struct world *w, uint16_t insn, uint32_t intid)
{
    const struct ref_config *c = &w->ref_config;
    uint64_t priority = w->priority[random_below(w, 4)];
    uint64_t target = random_percent(w, 96) ? c->pe_id[any_pe(w)] : random_below(w, 65536);
    uint64_t irm = random_percent(w, 5);
    switch (insn) {
    case VGIC5_CDPRI:
        return priority << 35 | intid;
    case VGIC5_CDAFF:
        return target << 32 | irm << 28 | intid;
    case VGIC5_CDPEND:
        return (uint64_t)random_percent(w, 80) << 32 | intid;
    case VGIC5_CDHM:
        return (uint64_t)random_percent(w, 30) << 32 | intid;
    default:
        return intid;
    }
}

/* A driver's way: priority, target, enable. */
void enqueue_route(struct world *w, uint32_t intid)
{
    uint32_t pe = any_pe(w);
    enqueue(w, op_cpu(pe, VGIC5_CDPRI, true, operand(w, VGIC5_CDPRI, intid)));
    enqueue(w, op_cpu(pe, VGIC5_CDAFF, true, operand(w, VGIC5_CDAFF, intid)));
    enqueue(w, op_cpu(pe, VGIC5_CDEN, true, intid));
}

static struct op gic_configuration(struct world *w)
{
    if (random_percent(w, 10))
        enqueue_route(w, any_intid(w));
    static const uint16_t insns[] = {VGIC5_CDEN,  VGIC5_CDEN,   VGIC5_CDEN,   VGIC5_CDEN,
                                     VGIC5_CDDIS, VGIC5_CDPRI,  VGIC5_CDPRI,  VGIC5_CDAFF,
                                     VGIC5_CDAFF, VGIC5_CDPEND, VGIC5_CDPEND, VGIC5_CDPEND,
                                     VGIC5_CDHM,  VGIC5_CDRCFG};
    uint16_t insn = insns[random_below(w, sizeof(insns) / sizeof(insns[0]))];
    uint32_t pe = any_pe(w);
    uint64_t x = operand(w, insn, any_intid(w));
    if (random_percent(w, 5))
        x |= random_word(w) & 0xffff07fe1f000000 & ~(1ull << 32); /* reserved bits */
    if (insn == VGIC5_CDRCFG)
        enqueue(w, op_cpu(pe, VGIC5_ICC_ICSR, false, 0));
    return op_cpu(pe, insn, true, x);
}

/* Mostly a PE that has something to take, or an active priority. */
static uint32_t busy_pe(struct world *w, bool with_line)
{
    uint32_t pe = any_pe(w);
    for (uint32_t tries = 0; tries < w->ref_config.nr_pes && random_percent(w, 90); tries++) {
        if (with_line ? ref_line(w->ref, pe) != 0 : w->ref->pe[pe].apr != 0)
            break;
        pe = (pe + 1) % w->ref_config.nr_pes;
    }
    return pe;
}

static struct op take(struct world *w)
{
    uint32_t pe = busy_pe(w, true);
    bool nmi = w->ref->pe[pe].nmi && ref_line(w->ref, pe) == 3;
    if (random_percent(w, 5))
        nmi = !nmi;
    return op_cpu(pe, nmi ? VGIC5_CDNMIA : VGIC5_CDIA, false, random_word(w));
}

static bool is_active(const struct world *w, uint32_t n)
{
    uint32_t id = w->recent[n] & 0xffffff;
    switch (w->recent[n] >> 29) {
    case 1:
        return w->ref->pe[w->recent_pe[n]].ppi[id].active;
    case 2:
        return w->ref->lpi[id].active;
    case 3:
        return w->ref->spi[id].active;
    default:
        return false;
    }
}

static struct op take_or_retire(struct world *w)
{
    uint32_t which = random_below(w, 100);
    if (which < 44)
        return take(w);
    if (which < 72)
        return op_cpu(busy_pe(w, false), VGIC5_CDEOI, true, (uint64_t)which << 32);
    uint64_t odd = random_percent(w, 30) ? random_word(w) & 0xffffffff1f000000 : 0;
    uint32_t n = random_below(w, RECENT);
    for (uint32_t tries = 0; tries < RECENT && !is_active(w, n); tries++)
        n = (n + 1) % RECENT;
    bool known = w->recent[n] && random_percent(w, 90);
    uint32_t intid = known ? w->recent[n] : any_intid(w);
    uint32_t pe = known && random_percent(w, 90) ? w->recent_pe[n] : any_pe(w);
    return op_cpu(pe, VGIC5_CDDI, true, odd | intid);
}

static struct op wire(struct world *w)
{
    bool level = random_percent(w, 50);
    uint32_t pe = any_pe(w), which = random_below(w, 100);
    if (which < 65)
        return (struct op){OP_SPI_LINE, 0, any_spi(w), 0, level, 0};
    if (which < 67)
        return (struct op){OP_SPI_LINE, 0, random_below(w, 1100), 0, level, 0};
    if (which < 85)
        return (struct op){OP_PPI_LINE, pe, any_ppi(w), 0, level, 0};
    uint32_t number = random_percent(w, 90) ? 3 : any_ppi(w);
    return (struct op){OP_SW_PPI_LINE, pe, number, 0, level, 0};
}

/* The guest's driver: select, look, set. */
static struct op irs_selection(struct world *w)
{
    uint64_t high = random_percent(w, 10) ? random_word(w) & 0xff000000 : 0;
    uint32_t which = random_below(w, 10);
    if (which < 5) {
        enqueue(w, op_mmio_read(VGIC5_IRS_SPI_STATUSR));
        enqueue(w, op_mmio_write(VGIC5_IRS_SPI_CFGR, random_word(w)));
        enqueue(w, op_mmio_read(VGIC5_IRS_SPI_CFGR));
        return op_mmio_write(VGIC5_IRS_SPI_SELR, high | any_spi(w));
    }
    if (which < 7)
        return op_mmio_write(VGIC5_IRS_SPI_RESAMPLER, high | any_spi(w));
    enqueue(w, op_mmio_read(VGIC5_IRS_PE_STATUSR));
    enqueue(w, op_mmio_write(VGIC5_IRS_PE_CR0, random_below(w, 2)));
    enqueue(w, op_mmio_read(VGIC5_IRS_PE_CR0));
    uint32_t pe = random_percent(w, 80) ? w->ref_config.pe_id[any_pe(w)] : random_below(w, 65536);
    return op_mmio_write(VGIC5_IRS_PE_SELR, pe);
}

static uint64_t register_value(struct world *w, uint16_t encoding)
{
    uint64_t x = random_word(w);
    switch (encoding) {
    case VGIC5_ICC_CR0:
        return random_percent(w, 92) ? x | 1 : x & ~1ull;
    case VGIC5_ICC_PCR:
        return random_percent(w, 80) ? x | 0x1f : x;
    case VGIC5_ICC_APR:
        return random_percent(w, 70) ? 0 : x & random_word(w) & random_word(w);
    case VGIC5_ICC_PPI_ENABLER(0):
        return x | random_word(w) | 0x48000008;
    case VGIC5_ICC_PPI_SACTIVER(0):
        return x & random_word(w) & random_word(w);
    default:
        return x;
    }
}

static struct op cpu_register(struct world *w)
{
    static const uint16_t plain[] = {
        VGIC5_ICC_PPI_HMR(0),
        VGIC5_ICC_PPI_HMR(1),
        VGIC5_ICC_IDR0,
        VGIC5_ICC_HPPIR,
        VGIC5_ICC_HPPIR,
        VGIC5_ICC_HPPIR,
        VGIC5_ICC_ICSR,
        VGIC5_ICC_IAFFIDR,
        VGIC5_ICC_PPI_ENABLER(0),
        VGIC5_ICC_PPI_ENABLER(1),
        VGIC5_ICC_PPI_CACTIVER(0),
        VGIC5_ICC_PPI_CACTIVER(1),
        VGIC5_ICC_PPI_SACTIVER(0),
        VGIC5_ICC_PPI_SACTIVER(1),
        VGIC5_ICC_PPI_CPENDR(0),
        VGIC5_ICC_PPI_CPENDR(1),
        VGIC5_ICC_PPI_SPENDR(0),
        VGIC5_ICC_PPI_SPENDR(0),
        VGIC5_ICC_PPI_SPENDR(1),
        VGIC5_ICC_APR,
        VGIC5_ICC_APR,
        VGIC5_ICC_CR0,
        VGIC5_ICC_PCR,
        VGIC5_ICC_PCR,
    };
    uint32_t which = random_below(w, sizeof(plain) / sizeof(plain[0]) + 6);
    uint16_t encoding = which < sizeof(plain) / sizeof(plain[0])
                            ? plain[which]
                            : (uint16_t)(VGIC5_ICC_PPI_PRIORITYR(random_below(w, 16)));
    bool read_only = encoding <= VGIC5_ICC_HPPIR || encoding == VGIC5_ICC_IAFFIDR;
    bool is_write = random_percent(w, read_only ? 5 : 45);
    uint64_t x = is_write ? register_value(w, encoding) : 0;
    return op_cpu(any_pe(w), encoding, is_write, x);
}

/* Any register, any size, any alignment, any value: but table registers only through the guest's
 * way of using them, or the memory would hold no table any more. */
static struct op odd_mmio(struct world *w)
{
    static const uint16_t known[] = {VGIC5_IRS_IDR0,
                                     VGIC5_IRS_IDR1,
                                     VGIC5_IRS_IDR2,
                                     VGIC5_IRS_IDR3,
                                     VGIC5_IRS_IDR4,
                                     VGIC5_IRS_IDR5,
                                     VGIC5_IRS_IDR6,
                                     VGIC5_IRS_IDR7,
                                     VGIC5_IRS_IIDR,
                                     VGIC5_IRS_AIDR,
                                     VGIC5_IRS_CR0,
                                     VGIC5_IRS_CR1,
                                     VGIC5_IRS_SYNCR,
                                     VGIC5_IRS_SYNC_STATUSR,
                                     VGIC5_IRS_SPI_VMR,
                                     VGIC5_IRS_SPI_SELR,
                                     VGIC5_IRS_SPI_DOMAINR,
                                     VGIC5_IRS_SPI_RESAMPLER,
                                     VGIC5_IRS_SPI_CFGR,
                                     VGIC5_IRS_SPI_STATUSR,
                                     VGIC5_IRS_PE_SELR,
                                     VGIC5_IRS_PE_STATUSR,
                                     VGIC5_IRS_PE_CR0,
                                     VGIC5_IRS_IST_BASER,
                                     VGIC5_IRS_IST_BASER + 4,
                                     VGIC5_IRS_IST_CFGR,
                                     VGIC5_IRS_IST_STATUSR,
                                     VGIC5_IRS_MAP_L2_ISTR,
                                     VGIC5_IRS_VMT_BASER,
                                     VGIC5_IRS_VPE_SELR,
                                     VGIC5_IRS_VMAP_L2_VISTR,
                                     VGIC5_IRS_SAVE_VM_STATUSR,
                                     VGIC5_IRS_MEC_IDR,
                                     VGIC5_IRS_SWERR_STATUSR,
                                     VGIC5_IRS_SWERR_SYNDROMER1,
                                     VGIC5_IRS_DEVARCH,
                                     VGIC5_IRS_PIDR4,
                                     VGIC5_IRS_PIDR5,
                                     VGIC5_IRS_PIDR0,
                                     VGIC5_IRS_PIDR1,
                                     VGIC5_IRS_PIDR2,
                                     VGIC5_IRS_PIDR3,
                                     VGIC5_IRS_CIDR0,
                                     VGIC5_IRS_CIDR3};
    uint32_t offset = known[random_below(w, sizeof(known) / sizeof(known[0]))];
    if (random_percent(w, 15))
        offset = random_below(w, VGIC5_IRS_REGION_SIZE);
    if (random_percent(w, 40))
        offset &= ~3u;
    if (random_percent(w, 15))
        offset ^= random_below(w, 8);
    uint32_t size = random_percent(w, 60) ? 4 : 1u << random_below(w, 4);
    bool table = offset >= 0x178 && offset < 0x1c8;
    bool is_write = random_percent(w, 50) && !(table && size >= 4 && offset % 4 == 0);
    return (struct op){OP_MMIO, 0, offset, size, is_write, random_word(w)};
}

static struct op odd_access(struct world *w)
{
    uint32_t pe = any_pe(w), which = random_below(w, 10);
    bool rarely = random_percent(w, 20);
    uint64_t x = random_word(w);
    if (which < 6)
        return odd_mmio(w);
    if (which < 7) /* a GIC instruction in either direction */
        return op_cpu(pe, (uint16_t)(0x4600 + random_below(w, 32)), x & 1, x);
    if (which < 8) /* the block of registers around ICC_APR */
        return op_cpu(pe, (uint16_t)(0xce00 + random_below(w, 4)), rarely, x);
    return (struct op){OP_NMI, pe, 0, 0, random_percent(w, 50), 0};
}

static struct op send_ipi(struct world *w)
{
    uint32_t pe = any_pe(w), lpi = w->lpi[random_below(w, IN_PLAY)];
    return op_cpu(pe, VGIC5_CDPEND, true, VGIC5_CDPEND_PENDING | REF_INTID(2, lpi));
}

static struct op table_operation(struct world *w)
{
    uint32_t which = random_below(w, 100);
    uint32_t rare = w->ref_config.id_bits > 11 ? 2 : 12;
    if (which < rare)
        enqueue_new_table(w);
    else if (which < 70)
        enqueue_map_l2(w);
    else if (which < 76) /* ignored while a table is valid */
        enqueue(w, op_mmio_write(w->ref->ist_baser & 1 ? VGIC5_IRS_IST_CFGR : VGIC5_IRS_CR1,
                                 random_word(w)));
    else if (which < 80)
        enqueue(w, op_mmio_write(VGIC5_IRS_CR0, random_percent(w, 70)));
    else
        enqueue(w, op_mmio_write(VGIC5_IRS_CR0, 1));
    return op_mmio_read(which % 2 ? VGIC5_IRS_IST_BASER : VGIC5_IRS_IST_STATUSR);
}

struct op next_operation(struct world *w)
{
    if (w->queue_head != w->queue_tail)
        return w->queue[w->queue_head++ % QUEUE];
    uint32_t which = random_below(w, 100);
    if (which < 34)
        return gic_configuration(w);
    if (which < 58)
        return take_or_retire(w);
    if (which < 66)
        return send_ipi(w);
    if (which < 80)
        return wire(w);
    if (which < 86)
        return irs_selection(w);
    if (which < 93)
        return cpu_register(w);
    if (which < 97)
        return odd_access(w);
    return table_operation(w);
}
